"""The doorbell on BullMQ: one pending wake-up a chat, however often it rings."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog
from bullmq import Queue
from bullmq import Worker as Listener
from redis.asyncio import Redis

from slim_agent.observability import metrics

QUEUE = "chats"
PREFIX = "slim_agent"
MAX_PENDING = 20_000
MAX_BULK = 500
RING_TIMEOUT_SECONDS = 3.0
LOCK_MS = 10_000
STALLED_CHECK_MS = 5_000
RECONNECT_MS = 1_000
SURELY_STILL_TO_COME = 0.8

log = structlog.get_logger()


class BullDoorbell:
    """`Doorbell` on a Redis queue. Rings made while others are on their way share the next round trip."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._queue = Queue(QUEUE, {"connection": client, "prefix": PREFIX})
        self._pending: dict[int, float] = {}
        self._rung: dict[int, float] = {}
        self._ringing: asyncio.Task[None] | None = None
        self._listener: Listener | None = None

    def ring(self, chat_ids: Sequence[int], delay: float) -> None:
        """See `Doorbell.ring`."""
        now = time.monotonic()
        if len(self._rung) > MAX_PENDING:
            self._rung.clear()
        for chat_id in chat_ids:
            # Whoever answers a ring that is still to come will see this message too.
            if self._rung.get(chat_id, 0.0) < now and len(self._pending) < MAX_PENDING:
                self._pending[chat_id] = delay
                self._rung[chat_id] = now + delay * SURELY_STILL_TO_COME
        if self._ringing is None and self._pending:
            self._ringing = asyncio.create_task(self._ring_pending())

    def listen(self, attend: Callable[[int], Awaitable[None]], *, concurrency: int) -> None:
        """Call `attend` for each chat that rings, until `close`."""

        async def heard(job: object, _token: str) -> None:
            await attend(int(job.data["chat"]))  # type: ignore[attr-defined]

        options = {
            "connection": self._client,
            "prefix": PREFIX,
            "concurrency": concurrency,
            "lockDuration": LOCK_MS,
            "stalledInterval": STALLED_CHECK_MS,
            "maxStalledCount": 3,
            "runRetryDelay": RECONNECT_MS,
        }
        self._listener = Listener(QUEUE, heard, options)
        # Without this an idle listener rounds every delay up to whole seconds.
        self._listener.backend.capabilities["canDoubleTimeout"] = True
        self._listener.on("error", lambda error, *_: log.warning("doorbell_error", error=type(error).__name__))

    async def hush(self) -> None:
        """Stop listening; rings still go out."""
        if self._listener is not None:
            await self._listener.pause(do_not_wait_active=True)

    async def close(self) -> None:
        """Stop listening and ringing."""
        if self._ringing is not None:
            await asyncio.wait([self._ringing], timeout=RING_TIMEOUT_SECONDS)
        if self._listener is not None:
            await self._listener.close(force=True)
        await self._queue.close()

    async def _ring_pending(self) -> None:
        try:
            while self._pending:
                some = list(self._pending.items())[:MAX_BULK]
                for chat_id, _ in some:
                    del self._pending[chat_id]
                heard = await self._add(some)
                metrics.doorbell("rung" if heard else "lost").inc(len(some))
        finally:
            self._ringing = None

    async def _add(self, rings: Sequence[tuple[int, float]]) -> bool:
        jobs = [
            {
                "name": "look",
                "data": {"chat": chat_id},
                "opts": {
                    "delay": round(delay * 1000),
                    "removeOnComplete": True,
                    "removeOnFail": True,
                    "deduplication": {"id": str(chat_id), "keepLastIfActive": True},
                },
            }
            for chat_id, delay in rings
        ]
        try:
            async with asyncio.timeout(RING_TIMEOUT_SECONDS):
                await self._queue.addBulk(jobs)
        except Exception as error:  # noqa: BLE001 - nobody may fail because a bell does not ring; the sweep comes anyway
            log.warning("rings_lost", count=len(jobs), error=type(error).__name__)
            return False
        return True
