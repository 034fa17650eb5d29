"""Measures the search on the example companies, and fits the weights of its confidence."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, sqrt

from tests.sicc.companies import Company, companies, misspell, outside, strangers

from slim_agent.sicc.knowledge import KnowledgeIndex
from slim_agent.sicc.knowledge.confidence import evidence

SEED = 7
STRANGERS = 80
FIT_ROUNDS = 30
RIDGE = 1.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One text searched: whether the company has an answer, the rank of the right entry (0 none), and what was said."""

    inside: bool
    rank: int
    confidence: float
    answerable: bool
    signs: tuple[float, ...]


def outcomes(split: str, *, noisy: bool = False) -> Iterator[Outcome]:
    """Yield an outcome for every ask, every outside text and some strangers' asks at every company of a split."""
    rng = random.Random(SEED)
    for company in companies(split):
        index = KnowledgeIndex(company.entries)
        foreign = list(strangers(company, companies(split)))
        asks = [(entry, misspell(text, rng) if noisy else text) for entry, text in company.asks]
        nowhere = [*outside(split), *rng.sample(foreign, min(STRANGERS, len(foreign)))]
        for wanted, text in [*asks, *(("", text) for text in nowhere)]:
            yield _outcome(index, company, wanted, text)


def _outcome(index: KnowledgeIndex, company: Company, wanted: str, text: str) -> Outcome:
    found = index.search(text, top_k=len(company.entries))
    ids = [hit.entry_id for hit in found.hits]
    matches, mass = index._passages.matches(text)
    signs = evidence(matches[0], mass) if matches and mass else ()
    return Outcome(
        bool(wanted), ids.index(wanted) + 1 if wanted in ids else 0, found.confidence, found.answerable, signs
    )


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Return the probability that a positive ranks above a negative; a tie counts half."""
    ordered = sorted([(value, 1) for value in positive] + [(value, 0) for value in negative])
    total, below, at = 0.0, 0, 0
    while at < len(ordered):
        tied = [kind for value, kind in ordered[at:] if value == ordered[at][0]]
        ups = sum(tied)
        downs = len(tied) - ups
        total += ups * (below + downs / 2)
        below += downs
        at += len(tied)
    return total / (len(positive) * len(negative))


def share(good: int, n: int) -> dict[str, float | list[float]]:
    """Return a share with its 95 % interval (Wilson)."""
    z, p = 1.96, good / n
    centre, width = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    ends = [round((centre + side * width) / (1 + z * z / n), 3) for side in (-1, 1)]
    return {"share": round(p, 3), "n": n, "ci95": ends}


def report(split: str, *, noisy: bool = False) -> dict[str, object]:
    """Return accuracy, AUROC, and how often an answer given offline is right."""
    found = list(outcomes(split, noisy=noisy))
    inside = [outcome for outcome in found if outcome.inside]
    nowhere = [outcome for outcome in found if not outcome.inside]
    answered = [outcome for outcome in found if outcome.answerable]
    kept = [outcome for outcome in inside if outcome.answerable]
    return {
        "split": split,
        "noisy": noisy,
        "top1": share(sum(outcome.rank == 1 for outcome in inside), len(inside)),
        "top3": share(sum(1 <= outcome.rank <= 3 for outcome in inside), len(inside)),
        "auroc": round(auroc([o.confidence for o in inside], [o.confidence for o in nowhere]), 3),
        "answered": share(len(kept), len(inside)),
        "right_of_answered_asks": share(sum(outcome.rank == 1 for outcome in kept), len(kept)),
        "right_of_all_answered": share(sum(outcome.rank == 1 for outcome in answered), len(answered)),
        "outside_answered": share(sum(outcome.answerable for outcome in nowhere), len(nowhere)),
    }


def fit(samples: Sequence[tuple[tuple[float, ...], bool]]) -> list[float]:
    """Return bias and weights of a ridge logistic regression (Newton's method)."""
    size = len(samples[0][0]) + 1
    weights = [0.0] * size
    for _ in range(FIT_ROUNDS):
        slope = [RIDGE * weight * (at > 0) for at, weight in enumerate(weights)]
        bend = [[RIDGE * (row == column) for column in range(size)] for row in range(size)]
        for signs, right in samples:
            x = (1.0, *signs)
            p = 1 / (1 + exp(-sum(w * v for w, v in zip(weights, x, strict=True))))
            for row in range(size):
                slope[row] += (p - right) * x[row]
                for column in range(size):
                    bend[row][column] += p * (1 - p) * x[row] * x[column]
        weights = [weight - step for weight, step in zip(weights, _solve(bend, slope), strict=True)]
    return weights


def _solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for at, pivot in enumerate(rows):
        for other in rows:
            if other is not pivot:
                factor = other[at] / pivot[at]
                other[:] = [a - factor * b for a, b in zip(other, pivot, strict=True)]
    return [row[-1] / row[at] for at, row in enumerate(rows)]
