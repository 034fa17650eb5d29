import asyncio

import pytest

from slim_agent.turns import ending
from slim_agent.turns.ending import end


async def test_a_task_that_swallows_its_cancellation_is_cancelled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "PATIENCE_SECONDS", 0.01)
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while swallowed < 3:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await end([task])
    assert task.done()
    assert swallowed == 3


async def test_what_a_task_raises_while_it_ends_is_dropped() -> None:
    async def angry() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError("too late")

    task = asyncio.create_task(angry())
    await asyncio.sleep(0)
    await end([task])
    assert isinstance(task.exception(), ValueError)
