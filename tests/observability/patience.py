import asyncio
from collections.abc import Callable

DEADLINE_SECONDS = 15


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, and fail when it does not come."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + DEADLINE_SECONDS
    while not condition():
        assert loop.time() < deadline, "what was waited for did not happen"
        await asyncio.sleep(0.002)
