"""Asks every dependency in the background how it is, so that /health never has to wait for one."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog

from slim_agent.observability.metrics import dependency_up, probe_seconds
from slim_agent.observability.redaction import Redactor
from slim_agent.vocabulary.clock import Clock, system_clock
from slim_agent.vocabulary.failures import BreakerOpen, Unavailable

MAX_AGE_SECONDS = 5.0
MAX_TIMEOUT_SECONDS = 4.0
MAX_ERROR_CHARS = 200

log = structlog.get_logger()


class Status(StrEnum):
    """How a dependency is."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"


GAUGE = {Status.UP: 1.0, Status.DEGRADED: 0.5, Status.DOWN: 0.0}


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """The latest answer of one dependency: `response_time` in milliseconds, `last_check` when it was given."""

    status: Status
    response_time: float
    last_check: datetime
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ProbeOutcome:
    """What a probe found. With `pause_seconds` the answer stands that long, and nobody asks again before."""

    status: Status = Status.UP
    reason: str | None = None
    pause_seconds: float = 0


Probe = Callable[[], Awaitable[ProbeOutcome | None]]
"""Returns None (up) or an outcome; raises when the dependency is down."""


@dataclass(frozen=True, slots=True)
class _Answer:
    health: ServiceHealth
    asked_at: float
    stands_until: float


class Prober:
    """Keeps the latest health of each dependency, never older than `MAX_AGE_SECONDS`.

    A probe is asked every `every_seconds` (start to start), or more often where an answer could get too old while the
    next one hangs; it is cut after `timeout_seconds`; it never runs beside itself. `redact` cleans error texts.
    """

    def __init__(
        self,
        probes: Mapping[str, Probe],
        every_seconds: float,
        timeout_seconds: float,
        *,
        redact: Callable[[str], str] | None = None,
        clock: Clock = system_clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._probes = dict(probes)
        self._timeout = min(timeout_seconds, MAX_TIMEOUT_SECONDS)
        self._every = min(every_seconds, MAX_AGE_SECONDS - self._timeout)
        self._redact = redact or Redactor().text
        self._clock = clock
        self._monotonic = monotonic
        unasked = ServiceHealth(Status.DOWN, 0, clock(), "not asked yet")
        now = monotonic()
        self._answers = {name: _Answer(unasked, now, now + MAX_AGE_SECONDS) for name in probes}

    async def run(self) -> None:
        """Probe until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for name, probe in self._probes.items():
                tasks.create_task(self._watch(name, probe), name=f"probe {name}")

    def services(self) -> dict[str, ServiceHealth]:
        """Return the latest answer of every dependency; one that owes us a newer one is down."""
        now = self._monotonic()
        return {name: self._current(answer, now) for name, answer in self._answers.items()}

    def is_up(self, name: str) -> bool:
        """Whether a dependency can be used, be it slowly."""
        return self._current(self._answers[name], self._monotonic()).status is not Status.DOWN

    def _current(self, answer: _Answer, now: float) -> ServiceHealth:
        if now <= answer.stands_until:
            return answer.health
        waited = round((now - answer.asked_at) * 1000, 1)
        return ServiceHealth(Status.DOWN, waited, self._clock(), "no answer")

    async def _watch(self, name: str, probe: Probe) -> None:
        watcher = asyncio.current_task()
        # A client library may swallow the cancellation that meets its answer; it is remembered here.
        while watcher is None or not watcher.cancelling():
            asked_at = self._monotonic()
            outcome = await self._ask(probe)
            answered_at = self._monotonic()
            self._keep(name, outcome, asked_at, answered_at)
            next_at = max(asked_at + self._every, answered_at + outcome.pause_seconds)
            await asyncio.sleep(max(next_at - answered_at, 0))

    async def _ask(self, probe: Probe) -> ProbeOutcome:
        try:
            async with asyncio.timeout(self._timeout) as limit:
                return await probe() or ProbeOutcome()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            return ProbeOutcome(Status.DOWN, "cancelled")  # by the probe's own library: not a reason to stop asking
        except BreakerOpen:
            return ProbeOutcome(Status.DOWN, "circuit breaker open")
        except Unavailable as error:
            return ProbeOutcome(Status.DOWN, error.detail)
        except Exception as error:
            if isinstance(error, TimeoutError) and limit.expired():
                return ProbeOutcome(Status.DOWN, f"no answer within {self._timeout:g} s")
            log.debug("probe raised", exc_info=error)
            # Driver messages carry addresses of the inner network, and /health is open to everybody.
            return ProbeOutcome(Status.DOWN, type(error).__name__)

    def _keep(self, name: str, outcome: ProbeOutcome, asked_at: float, answered_at: float) -> None:
        seconds = answered_at - asked_at
        reason = outcome.reason and self._redact(outcome.reason.partition("\n")[0])[:MAX_ERROR_CHARS]
        health = ServiceHealth(outcome.status, round(seconds * 1000, 1), self._clock(), reason)
        before = self._answers[name].health
        stands_until = answered_at + outcome.pause_seconds + MAX_AGE_SECONDS
        self._answers[name] = _Answer(health, asked_at, stands_until)
        probe_seconds(name).observe(seconds)
        dependency_up(name).set(GAUGE[health.status])
        if (before.status, before.error) != (health.status, health.error):
            level = "info" if health.status is Status.UP else "warning"
            getattr(log, level)("dependency", dependency=name, status=health.status, reason=reason)
