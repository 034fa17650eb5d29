"""Arrivals are stored in batches: whatever arrives while a statement is in flight shares the next one."""

import asyncio
import time
from collections.abc import Callable, Sequence

from slim_agent.inbox.arrivals import Arrival, Disposition
from slim_agent.inbox.ports import InboxStore, Stored
from slim_agent.observability import metrics
from slim_agent.observability.crashpoints import CrashPoint, crashpoint
from slim_agent.vocabulary.failures import Unavailable

MAX_BATCH = 256
MAX_WAITING = 4096
STORE_TIMEOUT_SECONDS = 8.0

_Waiting = tuple[Sequence[Arrival], "asyncio.Future[list[Stored]]"]


class Intake:
    """Takes arrivals in and answers only when they are safe.

    `ring` is called with the chats that have something new to read. It must not fail and must not wait.
    """

    def __init__(self, store: InboxStore, ring: Callable[[Sequence[int]], None]) -> None:
        self._store = store
        self._ring = ring
        self._waiting: list[_Waiting] = []
        self._flushing: asyncio.Task[None] | None = None

    async def take(self, arrivals: Sequence[Arrival]) -> list[Stored]:
        """Return what became of each arrival, after the commit.

        Raises:
            Unavailable: nothing was stored, or nobody knows; the sender must try again.
        """
        if len(self._waiting) >= MAX_WAITING:
            raise Unavailable("inbox", f"more than {MAX_WAITING} requests are waiting to be stored")
        done: asyncio.Future[list[Stored]] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrivals, done))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        return await done

    async def close(self) -> None:
        """Wait until everything taken in is stored or refused."""
        while self._flushing is not None:
            await asyncio.wait([self._flushing])

    async def _flush(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
                await self._store_batch(batch)
        finally:
            self._flushing = None

    async def _store_batch(self, batch: list[_Waiting]) -> None:
        arrivals = [arrival for some, _ in batch for arrival in some]
        started = time.perf_counter()
        try:
            async with asyncio.timeout(STORE_TIMEOUT_SECONDS):
                stored = await self._store.insert(arrivals)
        except Exception as failure:  # noqa: BLE001 - whatever went wrong, every sender must hear that nothing is safe
            cause = failure if isinstance(failure, Unavailable) else Unavailable("inbox", type(failure).__name__)
            for _, done in batch:
                if not done.done():
                    done.set_exception(cause)
            return
        crashpoint(CrashPoint.COMMITTED)
        metrics.INTAKE_BATCH.observe(len(arrivals))
        metrics.INTAKE_SECONDS.observe(time.perf_counter() - started)
        start = 0
        for some, done in batch:
            if not done.done():
                done.set_result(stored[start : start + len(some)])
            start += len(some)
        crashpoint(CrashPoint.ACKNOWLEDGED)
        self._ring_for(arrivals, stored)

    def _ring_for(self, arrivals: Sequence[Arrival], stored: Sequence[Stored]) -> None:
        chats = {
            kept.chat_id: None
            for arrival, kept in zip(arrivals, stored, strict=True)
            if kept.chat_id is not None and not kept.duplicate and arrival.disposition is Disposition.TURN
        }
        if chats:
            self._ring(list(chats))
