"""How far the first hit can be trusted: a probability from a few signs of the search."""

from math import exp

from slim_agent.sicc.knowledge.passages import Match

DEFAULT_THRESHOLD = 0.7
"""Where some 95 % of the answers on the development companies are right when every second text is nobody's business."""

# Fitted by `bench/fit_knowledge.py` on the development companies, as written and misspelt.
BIAS = -5.45
WEIGHTS = (3.75, 2.22, 4.37, 2.85, 0.83)


def evidence(match: Match, mass: float) -> tuple[float, ...]:
    """Return the signs: the three parts of the score, whether the first two agree, and whether the text says much."""
    return (match.said, match.asked, match.spelled, match.said * match.asked, min(mass, 1.0))


def confidence(match: Match, mass: float) -> float:
    """Return the probability, 0..1, that the first match is the right answer to a text of this mass."""
    signs = evidence(match, mass)
    return 1 / (1 + exp(-BIAS - sum(weight * sign for weight, sign in zip(WEIGHTS, signs, strict=True))))
