"""Floors under the measured quality, a little below the figures of the day they were set."""

import json

import pytest
from tests.sicc.measure import auroc, report

FLOORS = {
    ("development", False): {
        "top1": 0.88,
        "top3": 0.95,
        "auroc": 0.95,
        "answered": 0.57,
        "right_of_answered_asks": 0.96,
    },
    ("development", True): {"top1": 0.81, "top3": 0.92, "auroc": 0.9, "answered": 0.36, "right_of_answered_asks": 0.95},
    ("held-out", False): {"top1": 0.85, "top3": 0.95, "auroc": 0.94, "answered": 0.48, "right_of_answered_asks": 0.95},
    ("held-out", True): {"top1": 0.81, "top3": 0.92, "auroc": 0.9, "answered": 0.31, "right_of_answered_asks": 0.95},
}
MOST_OUTSIDE_ANSWERED = 0.02


@pytest.mark.parametrize(("split", "noisy"), FLOORS)
def test_the_search_is_as_good_as_when_it_was_measured(split: str, noisy: bool) -> None:
    measured = json.loads(json.dumps(report(split, noisy=noisy)))
    figures = {name: value["share"] if isinstance(value, dict) else value for name, value in measured.items()}
    too_low = {name: figures[name] for name, floor in FLOORS[split, noisy].items() if figures[name] < floor}
    assert not too_low
    assert figures["outside_answered"] <= MOST_OUTSIDE_ANSWERED


def test_auroc_counts_pairs_in_order_and_ties_half() -> None:
    assert auroc([0.9, 0.8], [0.1, 0.2]) == 1
    assert auroc([0.1], [0.9]) == 0
    assert auroc([0.5, 0.5], [0.5]) == 0.5
    assert auroc([0.9, 0.3], [0.3, 0.1]) == 0.875
