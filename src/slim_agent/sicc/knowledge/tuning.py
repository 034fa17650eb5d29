"""The numbers of the search, found by trying on the development companies of the tests (`bench/fit_knowledge.py`)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tuning:
    """How much each sign counts: shares and strengths in 0..1, but for three.

    A score is `said` (how much of the customer's words the entry covers) + `asked` (how much of the entry's question
    she said) + `spelled` (likeness of letters); the three weights sum to 1. `answer`, `learned` and `learned_group` say
    what an answer, a variant, and a group of meaning in a variant count beside the question. `rarity_power` is an
    exponent; `phrase` and `unknown` say how much more a known phrase, and a word nobody knows, weigh than a word that
    one entry has.
    """

    said: float = 0.46
    asked: float = 0.26
    spelled: float = 0.28
    answer: float = 0.45
    group: float = 0.85
    learned: float = 0.9
    learned_group: float = 0.6
    part: float = 0.35
    phrase: float = 1.15
    unknown: float = 1.2
    rarity_power: float = 2.0
    number: float = 0.35
    letter: float = 0.1
    faint: float = 0.02
    asking: float = 0.2


DEFAULT = Tuning()
