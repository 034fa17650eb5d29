"""Attending a chat: own it, answer what is unread, send what is owed, let go."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog

from slim_agent.observability import metrics
from slim_agent.observability.crashpoints import CrashPoint, crashpoint
from slim_agent.outbox.delivery import Delivery
from slim_agent.outbox.ports import Messenger
from slim_agent.turns.ending import end
from slim_agent.turns.ports import Glance, Respond, TurnStore
from slim_agent.vocabulary.failures import LeaseLost, Unavailable
from slim_agent.vocabulary.turn import Lease, Reply, Turn, agent_may_answer

BUSY_SECONDS = 1.0
LONGEST_BACK_OFF_SECONDS = 60.0
COMPOSING_SECONDS = 15.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things may take, in seconds, and how often they are tried."""

    debounce: float
    debounce_max: float
    lease: float
    turn_timeout: float
    max_attempts: int
    history: int
    pacing: bool
    first_retry: float = 2.0


class Attendant:
    """Runs the turns of one chat at a time; several chats side by side are the worker's affair."""

    def __init__(
        self,
        owner: str,
        store: TurnStore,
        respond: Respond,
        delivery: Delivery,
        messenger: Messenger,
        pace: Pace,
    ) -> None:
        self._owner = owner
        self._store = store
        self._respond = respond
        self._delivery = delivery
        self._messenger = messenger
        self._pace = pace

    async def attend(self, chat_id: int) -> float | None:
        """Do what waits in a chat.

        Returns the seconds after which somebody should look again, None when nothing waits.

        Raises:
            Unavailable: Postgres does not answer; the sweep will come back.
        """
        glance = await self._store.glance(chat_id)
        pause = self._pause(glance)
        if pause is None or pause > 0:
            return pause
        lease = await self._store.claim(chat_id, self._owner, self._pace.lease)
        if lease is None:
            return BUSY_SECONDS
        try:
            async with self._renewing(lease):
                return await self._work(lease)
        except LeaseLost as error:
            log.warning("lease_lost", chat=chat_id, error=str(error))
            return BUSY_SECONDS
        finally:
            await self._let_go(lease)

    def _pause(self, glance: Glance) -> float | None:
        """Return how long everything in the chat can wait: 0 for now, None for nothing there."""
        waits = [wait for wait in (glance.owed_reply, glance.open_turn) if wait is not None]
        if glance.newest_unread is not None and glance.oldest_unread is not None:
            quiet = self._pace.debounce - glance.newest_unread
            longest = self._pace.debounce_max - glance.oldest_unread
            held_back = glance.open_turn if glance.open_turn is not None else 0.0
            waits.append(max(min(quiet, longest), held_back, 0.0))
        return min(waits, default=None)

    async def _work(self, lease: Lease) -> float | None:
        while True:
            held_back = await self._delivery.deliver(lease)
            glance = await self._store.glance(lease.chat_id)
            pause = self._pause(Glance(glance.newest_unread, glance.oldest_unread, glance.open_turn, None))
            if pause is None or pause > 0:
                return min((wait for wait in (held_back, pause) if wait is not None), default=None)
            turn = await self._store.begin(lease, self._pace.history)
            crashpoint(CrashPoint.CLAIMED)
            if turn is None:
                return held_back
            await self._run(lease, turn)

    async def _run(self, lease: Lease, turn: Turn) -> None:
        clock = asyncio.get_running_loop().time
        started = clock()
        if turn.attempt > self._pace.max_attempts:
            # The attempts were counted before they ran: this turn has killed its workers.
            await self._bury(lease, turn, "every attempt ended the worker")
            return
        try:
            async with asyncio.timeout(self._pace.turn_timeout):
                reply = await self._think(turn)
        except asyncio.CancelledError:
            with suppress(LeaseLost, Unavailable):
                await asyncio.shield(self._store.hand_back(lease, turn))
            raise
        except (LeaseLost, Unavailable) as error:
            await self._fail(lease, turn, str(error))
        except TimeoutError:
            await self._fail(lease, turn, f"took longer than {self._pace.turn_timeout:g} s")
        except Exception as error:  # a message that breaks its turn must not break the worker
            log.exception("turn_failed", turn=turn.id, chat=turn.chat.id, attempt=turn.attempt)
            await self._fail(lease, turn, type(error).__name__)
        else:
            crashpoint(CrashPoint.THOUGHT)
            await self._store.close(lease, turn, reply)
            crashpoint(CrashPoint.CLOSED)
            metrics.turns(reply.outcome).inc()
            _measure(clock() - started, reply)
            log.info(
                "turn_finished",
                turn=turn.id,
                chat=turn.chat.id,
                attempt=turn.attempt,
                outcome=reply.outcome,
                unread=len(turn.unread),
                replies=len(reply.texts),
                seconds=round(clock() - started, 3),
                **reply.detail,
            )

    async def _think(self, turn: Turn) -> Reply:
        if not agent_may_answer(turn.chat.ball, turn.chat.ball_reason):
            return Reply(outcome="left_to_person")
        if self._pace.pacing:
            self._messenger.compose(turn.chat.instance, turn.chat.jid, COMPOSING_SECONDS)
        return await self._respond(turn)

    async def _fail(self, lease: Lease, turn: Turn, error: str) -> None:
        if turn.attempt >= self._pace.max_attempts:
            await self._bury(lease, turn, error)
            return
        back_off = min(self._pace.first_retry * 2.0 ** (turn.attempt - 1), LONGEST_BACK_OFF_SECONDS)
        await self._store.postpone(lease, turn, seconds=back_off, error=error)
        metrics.turns("retried").inc()
        log.warning("turn_retried", turn=turn.id, chat=turn.chat.id, attempt=turn.attempt, error=error)

    async def _bury(self, lease: Lease, turn: Turn, reason: str) -> None:
        await self._store.bury(lease, turn, reason)
        metrics.turns("dead_letter").inc()
        log.error("turn_dead", turn=turn.id, chat=turn.chat.id, attempt=turn.attempt, reason=reason)

    @asynccontextmanager
    async def _renewing(self, lease: Lease) -> AsyncIterator[None]:
        """Keep the lease alive while the block runs; the block ends with LeaseLost when it cannot be kept."""
        owner = asyncio.current_task()
        lost = False

        async def renew() -> None:
            nonlocal lost
            while True:
                await asyncio.sleep(self._pace.lease / 3)
                try:
                    await self._store.renew(lease, self._pace.lease)
                except LeaseLost:
                    lost = True
                    if owner is not None:
                        owner.cancel()
                    return
                except Unavailable:
                    continue

        renewer = asyncio.create_task(renew())
        try:
            yield
        except asyncio.CancelledError:
            if lost and owner is not None and owner.uncancel() == 0:
                raise LeaseLost(f"chat {lease.chat_id}: the lease expired") from None
            raise
        finally:
            await end([renewer])

    async def _let_go(self, lease: Lease) -> None:
        try:
            await asyncio.shield(self._store.release(lease))
        except Unavailable:
            log.warning("lease_left_to_expire", chat=lease.chat_id)


def _measure(seconds: float, reply: Reply) -> None:
    waited = reply.detail.get("model_seconds", 0.0)
    model = waited if isinstance(waited, float) else 0.0
    metrics.turn_seconds("model").observe(model)
    metrics.turn_seconds("own").observe(seconds - model)
