import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slim_agent.gateways.breaker import Breaker
from slim_agent.vocabulary.failures import BreakerOpen


class Time:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def breaker(time: Time) -> Breaker:
    return Breaker(3, 60, time, dependency="claude")


def opened(breaker: Breaker) -> Breaker:
    for _ in range(3):
        breaker.check()
        breaker.failed()
    return breaker


def admitted(breaker: Breaker) -> bool:
    try:
        breaker.check()
    except BreakerOpen:
        return False
    return True


def test_failures_in_a_row_open_it_and_a_success_starts_the_row_again(breaker: Breaker) -> None:
    breaker.failed()
    breaker.failed()
    breaker.succeeded()
    breaker.failed()
    breaker.failed()
    assert admitted(breaker)
    breaker.failed()
    assert breaker.state == "open"
    with pytest.raises(BreakerOpen, match="claude"):
        breaker.check()


def test_after_the_pause_exactly_one_of_many_callers_is_admitted(breaker: Breaker, time: Time) -> None:
    opened(breaker)
    time.now += 60
    assert breaker.state == "half_open"
    assert [admitted(breaker) for _ in range(10)].count(True) == 1


def test_a_probe_that_succeeds_closes_it(breaker: Breaker, time: Time) -> None:
    opened(breaker)
    time.now += 60
    breaker.check()
    breaker.succeeded()
    assert breaker.state == "closed"
    assert all(admitted(breaker) for _ in range(10))


def test_a_probe_that_fails_starts_the_pause_again(breaker: Breaker, time: Time) -> None:
    opened(breaker)
    time.now += 60
    breaker.check()
    time.now += 10
    breaker.failed()
    time.now += 59
    assert not admitted(breaker)
    time.now += 1
    assert admitted(breaker)


def test_a_probe_that_never_ends_costs_one_more_pause_and_no_more(breaker: Breaker, time: Time) -> None:
    opened(breaker)
    time.now += 60
    breaker.check()
    time.now += 59
    assert not admitted(breaker)
    time.now += 1
    assert [admitted(breaker) for _ in range(5)].count(True) == 1


async def test_of_concurrent_tasks_one_probes_also_when_it_is_cancelled(breaker: Breaker, time: Time) -> None:
    opened(breaker)
    probing: list[int] = []

    async def call(number: int) -> None:
        breaker.check()
        probing.append(number)
        await asyncio.Event().wait()

    for pause in (1, 2):
        time.now += 60
        tasks = [asyncio.create_task(call(number)) for number in range(8)]
        done, hanging = await asyncio.wait(tasks, timeout=5, return_when=asyncio.FIRST_COMPLETED)
        while len(done) < 7:
            more, hanging = await asyncio.wait(hanging, timeout=5, return_when=asyncio.FIRST_COMPLETED)
            done |= more
        assert all(isinstance(task.exception(), BreakerOpen) for task in done)
        assert len(probing) == pause
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)


@given(st.lists(st.sampled_from(["ask", "fail", "succeed", "wait"]), max_size=60))
def test_while_broken_at_most_one_caller_a_pause_gets_through(steps: list[str]) -> None:
    time = Time()
    breaker = Breaker(2, 10, time)
    let_through: list[float] = []
    for step in steps:
        broken = breaker.state != "closed"
        if step == "ask" and admitted(breaker) and broken:
            let_through.append(time.now)
        elif step == "fail":
            breaker.failed()
        elif step == "succeed":
            breaker.succeeded()
            let_through.clear()
        elif step == "wait":
            time.now += 4
    assert all(later - earlier >= 10 for earlier, later in pairwise(let_through))
