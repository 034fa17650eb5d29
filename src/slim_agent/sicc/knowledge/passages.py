"""The passages of an FAQ, findable by units of meaning and by letters."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import NamedTuple

from slim_agent.sicc.knowledge.entry import Entry
from slim_agent.sicc.knowledge.lexicon import portuguese
from slim_agent.sicc.knowledge.meaning import Reader, Unit
from slim_agent.sicc.knowledge.tuning import Tuning
from slim_agent.sicc.knowledge.words import sound

MAX_WORDS = 60
"""Words with meaning of a customer's text that are searched for; the rest of a longer one is ignored."""

VERBATIM = 0.999
"""Likeness of letters from which a text is the passage itself."""


@dataclass(frozen=True, slots=True)
class Match:
    """How one entry matches a text: each part in 0..1, `score` their weighted sum."""

    entry: int
    score: float
    said: float
    asked: float
    spelled: float


class Posting(NamedTuple):
    """A unit of a passage that has a feature: `strength` of the feature, `weight` of the unit."""

    passage: int
    unit: int
    strength: float
    weight: float


class Passages:
    """Questions and variants are passages of their own; an answer only supports those of its entry.

    How rare a word is, is counted over questions and answers alone: a learned variant lowers no other entry's score,
    unless it teaches a word that a misspelt one was taken for another before.
    """

    def __init__(self, entries: Sequence[Entry], tuning: Tuning) -> None:
        self._tuning = tuning
        asked = [(number, text) for number, entry in enumerate(entries) for text in (entry.question, *entry.variants)]
        self._reader = Reader(
            (*(text for _, text in asked), *(entry.answer for entry in entries)), portuguese(), tuning
        )
        self._owner = [number for number, _ in asked]
        self._place: list[int] = []
        self._learned = [text is not entries[number].question for number, text in asked]
        self._mass: list[float] = []
        self._postings: defaultdict[str, list[Posting]] = defaultdict(list)
        self._answers: defaultdict[str, dict[int, float]] = defaultdict(dict)
        self._letters: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        self._count(entries)
        for passage, (_, text) in enumerate(asked):
            self._add(passage, self._reader.content(text))
        for number, entry in enumerate(entries):
            for unit in self._reader.units(self._reader.content(entry.answer)):
                for feature, strength in unit.features.items():
                    held = self._answers[feature]
                    held[number] = max(held.get(number, 0.0), strength * tuning.answer)

    def matches(self, text: str) -> tuple[list[Match], float]:
        """Return the entries that share anything with a text, best first, and how much the text says (its mass)."""
        words = self._reader.content(text)[:MAX_WORDS]
        units = self._reader.units(words)
        mass = sum(map(self._weigh, units))
        said, asked = self._coverage(units)
        spelled = self._likeness(words)
        best: dict[int, Match] = {}
        for passage in sorted({*said, *spelled}):
            share = said.get(passage, 0.0) / mass if mass else 0.0
            told = asked.get(passage, 0.0) / self._mass[passage] if self._mass[passage] else 0.0
            match = self._match(passage, min(1.0, share), min(1.0, told), min(1.0, spelled.get(passage, 0.0)))
            if match.entry not in best or match.score > best[match.entry].score:
                best[match.entry] = match
        return sorted(best.values(), key=lambda match: (-match.score, match.entry)), mass

    def _match(self, passage: int, said: float, asked: float, spelled: float) -> Match:
        if spelled > VERBATIM:
            return Match(self._owner[passage], 1.0, 1.0, 1.0, 1.0)
        if self._learned[passage]:
            # Variants are often two words long: all of it is soon said, whatever else the customer says.
            said, asked, spelled = (self._tuning.learned * part for part in (said, asked * said, spelled))
        score = self._tuning.said * said + self._tuning.asked * asked + self._tuning.spelled * spelled
        return Match(self._owner[passage], min(1.0, score), said, asked, spelled)

    def _count(self, entries: Sequence[Entry]) -> None:
        features: Counter[str] = Counter()
        letters: Counter[str] = Counter()
        for entry in entries:
            contents = [self._reader.content(text) for text in (entry.question, entry.answer)]
            features.update(
                {name for words in contents for unit in self._reader.units(words) for name in unit.features}
            )
            letters.update({gram for words in contents for gram in grams(words)})
        top = log(1 + 2 * len(entries)) or 1.0
        rarities = [
            float((log(1 + len(entries) / (n + 0.5)) / top) ** self._tuning.rarity_power)
            for n in range(len(entries) + 1)
        ]
        self._rarity = {name: rarities[n] for name, n in features.items()}
        self._unknown = self._tuning.unknown * rarities[min(1, len(entries))]
        self._letter_rarity = {gram: log(1 + len(entries) / (n + 0.5)) / top for gram, n in letters.items()}

    def _weigh(self, unit: Unit) -> float:
        known = [self._rarity[name] for name in unit.features if name in self._rarity]
        return unit.weight * (min(known) if known else self._unknown)

    def _add(self, passage: int, words: list[str]) -> None:
        mass = 0.0
        for unit in self._reader.units(words):
            weight = self._weigh(unit)
            mass += weight
            for feature, strength in unit.features.items():
                vague = self._learned[passage] and feature.startswith("#")
                held = strength * (self._tuning.learned_group if vague else 1.0)
                self._postings[feature].append(Posting(passage, len(self._place), held, weight))
            self._place.append(passage)
        self._mass.append(mass)
        for gram, share in self._vector(words).items():
            self._letters[gram].append((passage, share))

    def _coverage(self, units: list[Unit]) -> tuple[dict[int, float], dict[int, float]]:
        said: defaultdict[int, float] = defaultdict(float)
        covered: dict[int, float] = {}
        for unit in units:
            weight = self._weigh(unit)
            best = self._cover(unit, covered)
            support = self._support(unit)
            for passage, owner in enumerate(self._owner) if support else ():
                if support.get(owner, 0.0) > best.get(passage, 0.0):
                    best[passage] = support[owner]
            for passage, strength in best.items():
                said[passage] += weight * strength
        asked: defaultdict[int, float] = defaultdict(float)
        for unit_number, weight in covered.items():
            asked[self._place[unit_number]] += weight
        return said, asked

    def _cover(self, unit: Unit, covered: dict[int, float]) -> dict[int, float]:
        """Return how well each passage matches a unit, and note in `covered` how much of its units that tells."""
        best: dict[int, float] = {}
        for feature, strength in unit.features.items():
            for passage, place, held, weight in self._postings.get(feature, ()):
                match = min(strength, held)
                if match > best.get(passage, 0.0):
                    best[passage] = match
                if match * weight > covered.get(place, 0.0):
                    covered[place] = match * weight
        return best

    def _support(self, unit: Unit) -> dict[int, float]:
        support: dict[int, float] = {}
        for feature, strength in unit.features.items():
            for entry, held in self._answers.get(feature, {}).items():
                support[entry] = max(support.get(entry, 0.0), min(strength, held))
        return support

    def _likeness(self, words: list[str]) -> dict[int, float]:
        like: defaultdict[int, float] = defaultdict(float)
        for gram, share in self._vector(words).items():
            for passage, held in self._letters.get(gram, ()):
                like[passage] += share * held
        return like

    def _vector(self, words: list[str]) -> dict[str, float]:
        weighed = {gram: count * self._letter_rarity.get(gram, 1.0) for gram, count in Counter(grams(words)).items()}
        length = sqrt(sum(weight * weight for weight in weighed.values())) or 1.0
        return {gram: weight / length for gram, weight in weighed.items()}


def grams(words: list[str]) -> list[str]:
    """Return the runs of three signs in the sound of words, with the spaces around them."""
    if not words:
        return []
    heard = f" {' '.join(map(sound, words))} "
    return [heard[at : at + 3] for at in range(len(heard) - 2)]
