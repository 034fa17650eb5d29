"""What a company knows, and what a search finds in it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer of a company's FAQ; `variants` are other ways to ask the same question."""

    id: str
    question: str
    answer: str
    variants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that may answer, with a score in 0..1."""

    entry_id: str
    score: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits by descending score.

    `confidence` (0..1) estimates the probability that the first hit is the right answer; `answerable` says whether it
    reaches the index's threshold, so that the answer may be sent without a person or a model.
    """

    hits: tuple[Hit, ...]
    confidence: float
    answerable: bool
