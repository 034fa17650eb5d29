"""Topics that only a person may deal with, found in what the customer wrote, whatever a model would make of it."""

from slim_agent.conversation.profile import Topic
from slim_agent.sicc.knowledge.spelling import distance
from slim_agent.sicc.knowledge.words import fold, sound, split

LETTERS_PER_MISTAKE = 8
MAX_MISTAKES = 3


class Topics:
    """The profile's hand-over topics; spaces, hyphens, accents and a few typing errors do not hide one."""

    def __init__(self, topics: tuple[Topic, ...]) -> None:
        self._phrases = [(split(fold(phrase)), topic) for topic in topics for phrase in topic.phrases]

    def find(self, text: str) -> Topic | None:
        """Return the first topic that a text names."""
        words = split(fold(text))
        return next((topic for phrase, topic in self._phrases if phrase and _names(words, phrase)), None)


def _names(words: list[str], phrase: list[str]) -> bool:
    wanted = "".join(phrase)
    allowed = min(len(wanted) // LETTERS_PER_MISTAKE, MAX_MISTAKES)
    # "marca passo" and "marcapasso" are one phrase, so a window may hold a word more or less than the phrase.
    for size in {max(len(phrase) - 1, 1), len(phrase), len(phrase) + 1}:
        for start in range(len(words) - size + 1):
            written = "".join(words[start : start + size])
            if written[:1] != wanted[:1] or abs(len(written) - len(wanted)) > MAX_MISTAKES:
                continue
            if sound(written) == sound(wanted) or distance(written, wanted) <= allowed:
                return True
    return False
