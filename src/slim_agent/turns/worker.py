"""The worker: attends chats that ring, sweeps up those nobody rang for, and stops without losing any."""

import asyncio
import random

import structlog

from slim_agent.observability import metrics
from slim_agent.turns.attendant import Attendant, Pace
from slim_agent.turns.ending import end
from slim_agent.turns.ports import Doorbell, TurnStore
from slim_agent.vocabulary.failures import Unavailable

SWEEP_LIMIT = 200
SWEEP_GRACE_SECONDS = 2.0

log = structlog.get_logger()


class Worker:
    """Attends up to `concurrency` chats at the same time."""

    def __init__(
        self,
        attendant: Attendant,
        store: TurnStore,
        doorbell: Doorbell,
        pace: Pace,
        *,
        concurrency: int,
        sweep_seconds: float,
    ) -> None:
        self._attendant = attendant
        self._store = store
        self._doorbell = doorbell
        self._pace = pace
        self._places = asyncio.Semaphore(concurrency)
        self._sweep_seconds = sweep_seconds
        self._running: dict[int, asyncio.Task[None]] = {}
        self._again: set[int] = set()
        self._stopping = False

    def wake(self, chat_id: int) -> "asyncio.Task[None] | None":
        """Attend a chat soon. A chat being attended is attended once more afterwards."""
        if self._stopping:
            return None
        if chat_id in self._running:
            self._again.add(chat_id)
            return self._running[chat_id]
        task = asyncio.create_task(self._attend(chat_id))
        self._running[chat_id] = task
        return task

    async def sweep(self) -> None:
        """Look every few seconds for chats that wait although nobody rang, until cancelled."""
        while True:
            try:
                await self.sweep_once()
            except Unavailable as error:
                log.warning("sweep_failed", error=str(error))
            except Exception:  # the chats of this process must not wait for what one statement ran into
                log.exception("sweep_broken")
            # Several workers must not look in step.
            await asyncio.sleep(self._sweep_seconds * random.uniform(0.8, 1.2))  # noqa: S311 - jitter

    async def sweep_once(self) -> int:
        """Wake every chat that is overdue; return how many there were."""
        overdue = await self._store.overdue(
            debounce=self._pace.debounce,
            debounce_max=self._pace.debounce_max,
            grace=SWEEP_GRACE_SECONDS,
            limit=SWEEP_LIMIT,
        )
        metrics.QUEUE_AGE.set(overdue[0][1] if overdue else 0)
        found = [chat for chat, _ in overdue if chat not in self._running]
        for chat in found:
            self.wake(chat)
        if found:
            metrics.sweep("chat").inc(len(found))
        return len(found)

    async def stop(self, grace_seconds: float) -> None:
        """Take no new work, let running turns end; what does not end in time is handed back by letting its lease go."""
        self._stopping = True
        running = list(self._running.values())
        if not running:
            return
        _, late = await asyncio.wait(running, timeout=grace_seconds)
        await end(late)

    async def _attend(self, chat_id: int) -> None:
        try:
            async with self._places:
                if self._stopping:
                    return
                self._again.discard(chat_id)
                with structlog.contextvars.bound_contextvars(chat=chat_id):
                    pause = await self._attendant.attend(chat_id)
            # A longer pause is the sweep's: a pending wake-up would swallow the rings of new messages.
            if pause is not None and pause < self._sweep_seconds:
                self._doorbell.ring([chat_id], pause)
        except Unavailable as error:
            log.warning("chat_left_to_sweep", chat=chat_id, error=str(error))
        except Exception:  # one chat's trouble must not end the worker
            log.exception("chat_failed", chat=chat_id)
        finally:
            del self._running[chat_id]
            if chat_id in self._again:
                self._again.discard(chat_id)
                self.wake(chat_id)
