"""Turns a text into units of meaning: a word or a phrase, what it may stand for, and how much it says."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from slim_agent.sicc.knowledge.lexicon import Lexicon
from slim_agent.sicc.knowledge.spelling import Spelling
from slim_agent.sicc.knowledge.tuning import Tuning
from slim_agent.sicc.knowledge.words import root

MAX_PHRASE = 4
READINGS = 3
CACHED_WORDS = 4_096

Reading = tuple[str, float]


@dataclass(frozen=True, slots=True)
class Unit:
    """`features` are the roots and groups ("#preco") it may match, each with a strength in 0..1."""

    weight: float
    features: dict[str, float]


@lru_cache(maxsize=2)
def language(lexicon: Lexicon) -> Spelling:
    """Return the spelling of the words every company shares, made once."""
    return Spelling(lexicon.words)


class Reader:
    """Reads texts with the vocabulary of one company and of the language."""

    def __init__(self, texts: Iterable[str], lexicon: Lexicon, tuning: Tuning) -> None:
        self._lexicon = lexicon
        self._tuning = tuning
        words = {word for text in texts for word in lexicon.content(text)}
        self._words = words | lexicon.words
        self._roots = {root(word) for word in self._words}
        self._spelling = Spelling(words)
        self._readings = lru_cache(maxsize=CACHED_WORDS)(self._correct)

    def content(self, text: str) -> list[str]:
        """Return the folded words of a text that carry meaning."""
        return self._lexicon.content(text)

    def units(self, words: list[str]) -> list[Unit]:
        """Return the units of content words: the longest known phrases first, then single words."""
        readings = [self._readings(word) for word in words]
        roots = [root(best) for ((best, _), *_) in readings]
        found = []
        at = 0
        while at < len(words):
            length = self._phrase_length(roots, at)
            found.append(self._phrase(readings[at : at + length]) if length > 1 else self._word(readings[at]))
            at += length
        return found

    def _correct(self, word: str) -> tuple[Reading, ...]:
        heard = [(meant, 1.0) for meant in self._spelling.heard(word)]
        if word in self._words or word.isdigit():
            return ((word, 1.0), *heard[:READINGS])
        heard += [(meant, 1.0) for meant in language(self._lexicon).heard(word)]
        if heard or root(word) in self._roots:
            return tuple(heard[:READINGS]) or ((word, 1.0),)
        near = self._spelling.nearest(word, READINGS) + language(self._lexicon).nearest(word, READINGS)
        return tuple(sorted(near, key=lambda reading: -reading[1])[:READINGS]) or ((word, 1.0),)

    def _phrase_length(self, roots: list[str], at: int) -> int:
        for length in range(min(MAX_PHRASE, len(roots) - at), 1, -1):
            if tuple(roots[at : at + length]) in self._lexicon.groups:
                return length
        return 1

    def _phrase(self, readings: list[tuple[Reading, ...]]) -> Unit:
        words = [reading[0][0] for reading in readings]
        features = {f"#{name}": self._tuning.group for name in self._lexicon.groups[tuple(map(root, words))]}
        for word in words:
            if self._weight(word) == 1.0:
                for feature, strength in self._features(word).items():
                    features.setdefault(feature, strength * self._tuning.part)
        return Unit(self._tuning.phrase, features)

    def _word(self, readings: tuple[Reading, ...]) -> Unit:
        features: dict[str, float] = {}
        for meant, like in readings:
            for feature, strength in self._features(meant).items():
                features[feature] = max(features.get(feature, 0.0), strength * like)
        return Unit(self._weight(readings[0][0]), features)

    def _features(self, word: str) -> dict[str, float]:
        key = root(word)
        return {key: 1.0} | {f"#{name}": self._tuning.group for name in self._lexicon.groups.get((key,), ())}

    def _weight(self, word: str) -> float:
        if word.isdigit():
            return self._tuning.number
        if len(word) == 1:
            return self._tuning.letter
        if word in self._lexicon.faint:
            return self._tuning.faint
        return self._tuning.asking if word in self._lexicon.asking else 1.0
