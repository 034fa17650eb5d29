import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import pytest
from tests.observability.captured import Configure
from tests.observability.patience import DEADLINE_SECONDS, until

from slim_agent.observability.metrics import REGISTRY
from slim_agent.observability.probes import (
    MAX_AGE_SECONDS,
    MAX_ERROR_CHARS,
    Probe,
    ProbeOutcome,
    Prober,
    ServiceHealth,
    Status,
)
from slim_agent.vocabulary.failures import BreakerOpen, Unavailable


async def well() -> None:
    """A dependency that works."""


async def hang() -> None:
    await asyncio.Event().wait()


def failing(error: BaseException) -> Probe:
    async def probe() -> None:
        raise error

    return probe


@asynccontextmanager
async def running(
    probes: Mapping[str, Probe], every: float = 0.01, limit: float = 0.05, **more: Callable[[], float]
) -> AsyncIterator[Prober]:
    prober = Prober(probes, every, limit, **more)  # type: ignore[arg-type]
    task = asyncio.create_task(prober.run())
    try:
        yield prober
    finally:
        task.cancel()
        await asyncio.wait([task])


async def health_once(prober: Prober, name: str, wanted: Callable[[ServiceHealth], bool]) -> ServiceHealth:
    await until(lambda: wanted(prober.services()[name]))
    return prober.services()[name]


async def test_a_dependency_that_answers_is_up() -> None:
    async with running({"redis": well}) as prober:
        health = await health_once(prober, "redis", lambda health: health.status is Status.UP)
        assert health.error is None
        assert health.response_time >= 0
        assert health.last_check.utcoffset() is not None
        assert prober.is_up("redis")
    assert REGISTRY.get_sample_value("slim_agent_dependency_up", {"dependency": "redis"}) == 1


def test_before_the_first_answer_nothing_counts_as_up() -> None:
    prober = Prober({"redis": well}, 1, 1)
    assert prober.services()["redis"].error == "not asked yet"
    assert not prober.is_up("redis")


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (Unavailable("evolution", "HTTP 500"), "HTTP 500"),
        (BreakerOpen("claude", "left alone for 60 s"), "circuit breaker open"),
        (ConnectionRefusedError("10.0.0.7:5432 with password=hunter2"), "ConnectionRefusedError"),
        (TimeoutError(), "TimeoutError"),
        (asyncio.CancelledError(), "cancelled"),
        (Unavailable("evolution", "https://user:hunter2@host refused"), "https://user:[redacted]@host refused"),
        (Unavailable("evolution", "first line\nsecond line"), "first line"),
        (Unavailable("evolution", "x " * 5000), ("x " * 5000)[:MAX_ERROR_CHARS]),
    ],
)
async def test_a_dependency_that_fails_is_down_and_says_why_in_few_words(error: BaseException, shown: str) -> None:
    async with running({"x": failing(error)}) as prober:
        health = await health_once(prober, "x", lambda health: health.error != "not asked yet")
    assert (health.status, health.error) == (Status.DOWN, shown)


async def test_a_hanging_probe_is_cut_and_the_others_do_not_wait_for_it() -> None:
    async with running({"evolution": hang, "redis": well}) as prober:
        await health_once(prober, "redis", lambda health: health.status is Status.UP)
        health = await health_once(prober, "evolution", lambda health: health.error != "not asked yet")
        assert (health.status, health.error) == (Status.DOWN, "no answer within 0.05 s")
        assert prober.is_up("redis")


async def test_a_probe_that_cannot_even_be_cut_counts_as_down_when_its_answer_is_too_old() -> None:
    now = 100.0
    asked = 0

    async def stubborn() -> None:
        nonlocal asked
        asked += 1
        while asked > 1:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if released:
                    raise

    released = False
    async with running({"claude": stubborn}, monotonic=lambda: now) as prober:
        await health_once(prober, "claude", lambda health: health.status is Status.UP)
        now += MAX_AGE_SECONDS
        assert prober.is_up("claude")
        now += 0.1
        health = prober.services()["claude"]
        assert (health.status, health.error) == (Status.DOWN, "no answer")
        assert not prober.is_up("claude")
        released = True


async def test_it_comes_back_as_soon_as_the_dependency_does() -> None:
    broken = True

    async def probe() -> None:
        if broken:
            raise Unavailable("redis", "refused")

    async with running({"redis": probe}) as prober:
        await health_once(prober, "redis", lambda health: health.error == "refused")
        broken = False
        await health_once(prober, "redis", lambda health: health.status is Status.UP)


async def test_a_degraded_dependency_says_so_and_can_still_be_used() -> None:
    async def probe() -> ProbeOutcome:
        return ProbeOutcome(Status.DEGRADED, "answers offline")

    async with running({"claude": probe}) as prober:
        health = await health_once(prober, "claude", lambda health: health.status is Status.DEGRADED)
        assert health.error == "answers offline"
        assert prober.is_up("claude")


async def test_a_probe_never_runs_beside_itself() -> None:
    inside = most = rounds = 0

    async def probe() -> None:
        nonlocal inside, most, rounds
        inside, rounds = inside + 1, rounds + 1
        most = max(most, inside)
        try:
            await asyncio.sleep(0.02)
        finally:
            inside -= 1

    async with running({"redis": probe}, every=0.001, limit=0.01):
        await until(lambda: rounds >= 5)
    assert most == 1


async def test_a_probe_may_ask_to_be_left_alone_and_its_answer_stands_that_long() -> None:
    now = 0.0
    asked = 0

    async def probe() -> ProbeOutcome:
        nonlocal asked
        asked += 1
        return ProbeOutcome(Status.DOWN, "quota used up", pause_seconds=60)

    async with running({"claude": probe, "redis": well}, monotonic=lambda: now) as prober:
        await health_once(prober, "claude", lambda health: health.error == "quota used up")
        now = 59.0
        assert prober.services()["claude"].error == "quota used up"
        assert asked == 1


@pytest.mark.parametrize(("every", "limit"), [(4, 3), (3, 2), (60, 3), (4, 60), (0.5, 0.5)])
def test_an_answer_is_replaced_before_it_is_too_old_whatever_is_configured(every: float, limit: float) -> None:
    prober = Prober({}, every, limit)
    assert 0 < prober._every + prober._timeout <= MAX_AGE_SECONDS
    assert prober._every <= every
    assert prober._timeout <= limit


async def test_only_changes_are_logged(configure: Configure) -> None:
    captured = configure()
    rounds = 0

    async def probe() -> None:
        nonlocal rounds
        rounds += 1
        if rounds > 3:
            raise Unavailable("redis", "refused")

    async with running({"redis": probe}):
        await until(lambda: rounds >= 6)
    assert [(line["status"], line["reason"]) for line in captured.lines] == [("up", None), ("down", "refused")]


async def test_a_library_that_swallows_its_cancellation_does_not_keep_it_alive() -> None:
    asking = asyncio.Event()

    async def probe() -> None:
        asking.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

    running = asyncio.create_task(Prober({"redis": probe}, 0.01, 4).run())
    await asking.wait()
    running.cancel()
    ended, _ = await asyncio.wait([running], timeout=DEADLINE_SECONDS)
    assert ended
