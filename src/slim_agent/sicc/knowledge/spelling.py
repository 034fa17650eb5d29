"""Finds the known word a misspelt one was meant to be."""

import re
from collections.abc import Iterable
from itertools import combinations

from slim_agent.sicc.knowledge.words import sound

MIN_LETTERS = 4
TWO_MISTAKES_FROM = 8
"""Sounds a word needs for one mistake, and for two, to be forgiven."""

# Folding made ç a c; whoever writes "enderesso" heard the ç.
_CEDILLA = re.compile(r"(?<=[a-z])c(?=[aou])")


class Spelling:
    """The words a company and the language use, found again by what is left when letters are taken out."""

    def __init__(self, words: Iterable[str]) -> None:
        self._by_sound: dict[str, list[str]] = {}
        self._by_remainder: dict[str, list[str]] = {}
        for word in sorted(set(words)):
            for heard in dict.fromkeys((sound(word), sound(_CEDILLA.sub("ss", word)))):
                self._by_sound.setdefault(heard, []).append(word)
        for heard in self._by_sound:
            for remainder in remainders(heard):
                self._by_remainder.setdefault(remainder, []).append(heard)

    def heard(self, word: str) -> list[str]:
        """Return the known words that sound like a folded one."""
        return self._by_sound.get(sound(word), [])

    def nearest(self, word: str, limit: int) -> list[tuple[str, float]]:
        """Return known words like a folded one, best first, with their likeness in 0..1; nothing when none is near."""
        heard = sound(word)
        candidates = {near for left in remainders(heard) for near in self._by_remainder.get(left, ())}
        ranked = sorted((-likeness(heard, near), near) for near in candidates)
        alike = [(known, -negative) for negative, near in ranked if negative < 0 for known in self._by_sound[near]]
        return alike[:limit]


def remainders(heard: str) -> set[str]:
    """Return what is left of a sound when as many signs as mistakes are forgiven are taken out."""
    length = len(heard)
    if length < MIN_LETTERS:
        return {heard}
    left = {heard} | {heard[:i] + heard[i + 1 :] for i in range(length)}
    if length >= TWO_MISTAKES_FROM:
        left |= {heard[:i] + heard[i + 1 : j] + heard[j + 1 :] for i, j in combinations(range(length), 2)}
    return left


def likeness(one: str, other: str) -> float:
    """Return 1 for equal sounds, less for each mistake in proportion to their length, 0 for too many mistakes."""
    shorter = min(len(one), len(other))
    allowed = 0 if shorter < MIN_LETTERS else 1 if shorter < TWO_MISTAKES_FROM else 2
    mistakes = distance(one, other)
    if mistakes > allowed:
        return 0.0
    strange_start = bool(mistakes) and one[0] != other[0] and sorted(one[:2]) != sorted(other[:2])
    return max(0.0, 1.0 - (mistakes + strange_start) / max(len(one), len(other)))


def distance(one: str, other: str) -> int:
    """Return how many insertions, omissions, replacements and swaps of neighbours lead from one word to the other."""
    before: list[int] = []
    above = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            cost = min(above[j] + 1, row[-1] + 1, above[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, above = above, row
    return above[-1]
