"""Ending tasks for sure."""

import asyncio
from collections.abc import Iterable

PATIENCE_SECONDS = 1.0


async def end(tasks: Iterable["asyncio.Task[None]"]) -> None:
    """Cancel tasks, and again, until all have ended; what they raise is dropped.

    On Python 3.11 `asyncio.wait_for`, which drivers use, swallows a cancellation that meets its result.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        ended, pending = await asyncio.wait(pending, timeout=PATIENCE_SECONDS)
        for task in ended:
            if not task.cancelled():
                task.exception()
