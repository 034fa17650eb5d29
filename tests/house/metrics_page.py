"""Writes docs/metrics.md from the metrics themselves. Run: make docs."""

from collections.abc import Iterator

from prometheus_client import Metric
from tests.house.tree import ROOT

from slim_agent.observability.metrics import PREFIX, REGISTRY

PAGE = ROOT / "docs" / "metrics.md"
OF_THE_RUNTIME = (PREFIX + "process_", PREFIX + "python_")
HEAD = """# Metrics

What `GET /metrics` says, written by `make docs`. No label holds a number, a name or a text of a person.
`slim_agent_process_*` and `slim_agent_python_*` (memory, CPU, file descriptors, garbage collection) come from
the client library.

| metric | type | labels | meaning |
|---|---|---|---|
"""


def families() -> list[Metric]:
    """Return every metric, measured now."""
    return list(REGISTRY.collect())


def page() -> str:
    """Return the document."""
    return HEAD + "".join(sorted(_rows()))


def _rows() -> Iterator[str]:
    labels = {name: collector for collector, names in REGISTRY._collector_to_names.items() for name in names}
    for family in families():
        if family.name.startswith(OF_THE_RUNTIME):
            continue
        named = family.name + ("_total" if family.type == "counter" else "")
        by = ", ".join(getattr(labels[family.name], "_labelnames", ()))
        yield f"| `{named}` | {family.type} | {by} | {family.documentation} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
