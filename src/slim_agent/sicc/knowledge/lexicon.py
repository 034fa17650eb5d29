"""What is known of the language whatever the company: abbreviations, words that say little, groups of meaning."""

import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from itertools import chain

from slim_agent.sicc.knowledge.words import fold, root, split


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """`groups` leads from the roots of a word or phrase to its groups of meaning; `words` are spelled well."""

    abbreviations: dict[str, list[str]]
    courtesies: list[list[str]]
    silent: frozenset[str]
    faint: frozenset[str]
    asking: frozenset[str]
    groups: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)

    def content(self, text: str) -> list[str]:
        """Return the folded words of a text, abbreviations spelled out, courtesies and silent words left out."""
        kept: list[str] = []
        for word in chain.from_iterable(self.abbreviations.get(word, (word,)) for word in split(fold(text))):
            kept.append(word)
            for courtesy in self.courtesies:
                if kept[-len(courtesy) :] == courtesy:
                    del kept[-len(courtesy) :]
                    break
        return [word for word in kept if word not in self.silent]

    def group(self, name: str, members: str) -> None:
        """Add a group of meaning; `members` are words and phrases separated by commas."""
        for member in members.split(","):
            content = self.content(member)
            worn_down = len(content) == 1 < len(member.split()) and content[0] in self.faint
            if content and not worn_down:
                phrase = tuple(map(root, content))
                self.groups[phrase] = self.groups.get(phrase, frozenset()) | {name}
                self.words.update(content)


@lru_cache(maxsize=1)
def portuguese() -> Lexicon:
    """Return the Brazilian Portuguese lexicon of this package, read once."""
    data = tomllib.loads(files(__package__).joinpath("portuguese.toml").read_text(encoding="utf-8"))
    weights = {level: frozenset(split(fold(words))) for level, words in data["weights"].items()}
    lexicon = Lexicon(
        abbreviations={short: split(fold(long)) for short, long in data["abbreviations"].items()},
        courtesies=[split(fold(phrase)) for phrase in data["courtesy"]["phrases"].split(",")],
        silent=weights["silent"],
        faint=weights["faint"],
        asking=weights["asking"],
    )
    lexicon.words.update(chain.from_iterable(lexicon.abbreviations.values()), lexicon.faint, lexicon.asking)
    for name, members in data["groups"].items():
        lexicon.group(name, members)
    return lexicon
