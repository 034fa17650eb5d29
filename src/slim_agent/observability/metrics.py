"""Everything we count, in base units. Labels are words of ours: never a number, a name or a text of a person.

A metric with labels is a function of their values that remembers its children: ``turns("answered").inc()``.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Metric,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.registry import Collector

PREFIX = "slim_agent_"
QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
SLOW = (0.05, 0.1, 0.3, 0.5, 1, 2, 4, 8, 15, 30, 60)
BATCH = (1, 2, 4, 8, 16, 32, 64, 128, 256)

disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = CollectorRegistry()


class _Prefixed(Collector):
    """Runtime metrics of the client library under our name."""

    def __init__(self, *theirs: Collector) -> None:
        self._theirs = theirs

    def collect(self) -> Iterator[Metric]:
        families: Iterable[Metric] = chain.from_iterable(collector.collect() for collector in self._theirs)
        for family in families:
            ours = Metric(PREFIX + family.name, family.documentation, family.type)
            ours.samples = [sample._replace(name=PREFIX + sample.name) for sample in family.samples]
            yield ours


_apart = CollectorRegistry()
REGISTRY.register(_Prefixed(ProcessCollector(registry=_apart), PlatformCollector(registry=_apart), GCCollector(_apart)))


def _counter(name: str, meaning: str, *labels: str) -> Counter:
    return Counter(PREFIX + name, meaning, labels, registry=REGISTRY)


def _gauge(name: str, meaning: str, *labels: str) -> Gauge:
    return Gauge(PREFIX + name, meaning, labels, registry=REGISTRY)


def _histogram(name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
    return Histogram(PREFIX + name, meaning, labels, buckets=buckets, registry=REGISTRY)


build = cache(_gauge("build_info", "1, with the version that runs.", "version").labels)
LOG_LINES_DROPPED = _counter("log_lines_dropped", "Log lines that could not be written.")
EVENT_LOOP_LAG = _gauge("event_loop_lag_seconds", "How late the latest heartbeat of the event loop was.")

webhooks = cache(_counter("webhooks", "Webhook requests by answer and form of signature.", "status", "form").labels)
WEBHOOK_SECONDS = _histogram("webhook_seconds", "From the body's arrival to the acknowledgement.", QUICK)
arrivals = cache(_counter("arrivals", "Payloads by what became of them.", "disposition").labels)
INTAKE_BATCH = _histogram("intake_batch_messages", "Messages that shared one insert.", BATCH)
INTAKE_SECONDS = _histogram("intake_seconds", "Time of one insert statement with its commit.", QUICK)

doorbell = cache(_counter("doorbell_rings", "Wake-ups of a chat by result.", "result").labels)
sweep = cache(_counter("sweep_finds", "What the sweep found that nobody rang for.", "kind").labels)
QUEUE_AGE = _gauge("queue_age_seconds", "How long the chat has waited that the sweep found waiting longest.")
turns = cache(_counter("turns", "Turns by outcome.", "outcome").labels)
turn_seconds = cache(
    _histogram("turn_seconds", "Time of a turn by share: own (ours) or model (waiting for it).", SLOW, "share").labels
)
replies = cache(_counter("replies", "Replies by delivery status.", "status").labels)

model_calls = cache(_counter("model_calls", "Calls of the language model by outcome.", "outcome").labels)
model_tokens = cache(
    _counter("model_tokens", "Tokens by kind: input, output, cache_read, cache_creation.", "kind").labels
)
MODEL_SECONDS = _histogram("model_seconds", "Time of one model call.", SLOW)

dependency_up = cache(_gauge("dependency_up", "1 up, 0.5 degraded, 0 down.", "dependency").labels)
probe_seconds = cache(_histogram("probe_seconds", "Time of one background probe.", QUICK, "dependency").labels)
breaker_open = cache(_gauge("breaker_open", "1 open, 0.5 half-open, 0 closed.", "dependency").labels)
