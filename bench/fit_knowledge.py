"""Reports the quality of the FAQ search, one JSON line a set of companies. Run: python -m bench.fit_knowledge.

`--fit` also prints bias and weights of the confidence, fitted anew on the development companies; `--held-out` adds the
held-out companies, on which nothing may be tuned.
"""

import json
import sys

from tests.sicc.measure import fit, outcomes, report


def main() -> None:
    """Measure and print."""
    if "--fit" in sys.argv:
        seen = [*outcomes("development"), *outcomes("development", noisy=True)]
        samples = [(outcome.signs, outcome.rank == 1) for outcome in seen if outcome.signs]
        print(json.dumps([round(weight, 2) for weight in fit(samples)]))
    splits = ("development", "held-out") if "--held-out" in sys.argv else ("development",)
    for split in splits:
        for noisy in (False, True):
            print(json.dumps(report(split, noisy=noisy)))


if __name__ == "__main__":
    main()
