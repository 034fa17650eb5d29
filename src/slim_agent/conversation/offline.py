"""Answers without a model: only what the profile surely says, else a person."""

import re

from slim_agent.conversation.bubbles import whole
from slim_agent.conversation.dialogue import unread_text
from slim_agent.conversation.handbook import Answer, Handbook
from slim_agent.conversation.handover import Cause, HandOvers
from slim_agent.conversation.profile import Profile
from slim_agent.sicc.knowledge.lexicon import portuguese
from slim_agent.sicc.knowledge.words import fold, split
from slim_agent.vocabulary.turn import Ball, Reply, Turn

MAX_QUESTIONS = 20
GREETINGS = frozenset("oi oie ola opa alo hello hi hey bom boa dia tarde noite".split())
THANKS = ("obrig", "brigad", "valeu", "vlw", "grat", "agrade", "thank")
QUESTION_END = re.compile(r"\n|(?<=[?!;])\s+|(?<=[^\d\W]\.)\s+")


class Offline:
    """Answers from the handbook."""

    def __init__(self, profile: Profile, handbook: Handbook, hand_overs: HandOvers) -> None:
        self._profile = profile
        self._handbook = handbook
        self._hand_overs = hand_overs

    def reply(self, turn: Turn, cause: Cause) -> Reply:
        """Return answers to whatever can be answered, a courtesy for a courtesy, or one line and a hand-over.

        A chat that waits for a person already is told nothing twice.
        """
        text = unread_text(turn)
        answers = self._answers(text)
        if answers:
            confidence = min(answer.confidence for answer in answers)
            texts = whole(list(dict.fromkeys(answer.text for answer in answers)))
            return Reply("answered_offline", texts, detail={"confidence": round(confidence, 3)})
        if turn.chat.ball is Ball.PERSON:
            return Reply("left_to_person")
        courtesy = self._courtesy(text)
        if courtesy is None:
            return Reply("nothing_to_answer")
        if courtesy:
            return Reply("answered_offline", (courtesy,), detail={"confidence": 1.0})
        return self._hand_overs.unanswered(cause, turn)

    def _answers(self, text: str) -> list[Answer]:
        questions = [part for part in QUESTION_END.split(text) if part.strip()][:MAX_QUESTIONS]
        found = [answer for part in questions if (answer := self._handbook.answer(part))]
        if not found and len(questions) > 1:
            together = self._handbook.answer(text)
            found = [together] if together else []
        return found

    def _courtesy(self, text: str) -> str | None:
        """Return a greeting for a greeting, a kind word for thanks, None for a nod, "" for anything else."""
        words = split(fold(text))
        names = split(fold(f"{self._profile.company.agent.name} {self._profile.company.name}"))
        said = [word for word in portuguese().content(text) if word not in GREETINGS and word not in names]
        if not words:
            return "" if "?" in text else None
        if said:
            return ""
        lines = self._profile.company.lines
        if not GREETINGS.intersection(words):
            return lines.thanks if any(word.startswith(THANKS) for word in words) else None
        company = self._profile.company
        return lines.greeting.replace("{agent}", company.agent.name).replace("{company}", company.name)
