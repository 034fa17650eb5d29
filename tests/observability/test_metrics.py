import re

import prometheus_client

from slim_agent.observability import metrics
from slim_agent.observability.metrics import PREFIX, REGISTRY

TELLING = {"phone", "jid", "chat", "contact", "name", "text", "message", "number", "customer"}


def test_every_name_is_ours_and_in_base_units() -> None:
    for family in REGISTRY.collect():
        assert family.name.startswith(PREFIX)
        assert not re.search(r"_(ms|milliseconds|minutes|kb|mb|percent)(_|$)", family.name)
        assert family.documentation


def test_no_label_could_tell_who_somebody_is() -> None:
    for family in REGISTRY.collect():
        for sample in family.samples:
            assert not TELLING & sample.labels.keys()


def test_a_labelled_metric_remembers_its_children() -> None:
    assert metrics.turns("answered") is metrics.turns("answered")
    metrics.turns("answered").inc()
    assert (REGISTRY.get_sample_value("slim_agent_turns_total", {"outcome": "answered"}) or 0) >= 1


def test_the_text_is_what_prometheus_reads_and_says_how_the_process_is() -> None:
    text = prometheus_client.generate_latest(REGISTRY).decode()
    for name in ("process_resident_memory_bytes", "process_cpu_seconds_total", "python_info", "python_gc_collections"):
        assert f"\n{PREFIX}{name}" in text
    assert "_created" not in text
