"""One chat's replies leave in order, each at most once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from slim_agent.observability import metrics
from slim_agent.observability.crashpoints import CrashPoint, crashpoint
from slim_agent.outbox.ports import Messenger, OutboxStore, Owed
from slim_agent.vocabulary.failures import SendDelayed, SendRefused, SendUnknown, Unavailable
from slim_agent.vocabulary.turn import Lease

LOOK_UP_AFTER_SECONDS = (0.5, 2.0, 5.0, 10.0)
ASK_AGAIN_SECONDS = 10.0
FIRST_RETRY_SECONDS = 2.0
LONGEST_RETRY_SECONDS = 60.0
KEEP_TRYING_SECONDS = 6 * 3600.0
TYPING_SECONDS_PER_CHARACTER = 0.03
SHORTEST_TYPING_SECONDS = 0.8
LONGEST_TYPING_SECONDS = 4.0
CLOCK_TOLERANCE = timedelta(seconds=60)

log = structlog.get_logger()


class Delivery:
    """Sends what a chat is owed."""

    def __init__(
        self,
        store: OutboxStore,
        messenger: Messenger,
        *,
        pacing: bool,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._messenger = messenger
        self._pacing = pacing
        self._sleep = sleep

    async def deliver(self, lease: Lease) -> float | None:
        """Send until nothing is owed (None), or until the next reply has to wait (seconds).

        A reply that waits holds back the later ones: a chat's answers keep their order.

        Raises:
            LeaseLost: another worker owns the chat.
            Unavailable: Postgres does not answer; what was being sent will be looked up.
        """
        while (reply := await self._store.first_owed(lease)) is not None:
            if reply.wait_seconds > 0:
                return reply.wait_seconds
            if reply.status == "queued":
                await self._send(lease, reply)
            else:
                await self._look_up(lease, reply)
        return None

    async def _send(self, lease: Lease, reply: Owed) -> None:
        await self._type(reply)
        await self._store.mark_sending(lease, reply)
        crashpoint(CrashPoint.BEFORE_SEND)
        try:
            wa_id = await self._messenger.send(reply.instance, reply.jid, reply.text)
            crashpoint(CrashPoint.ACCEPTED)
        except SendRefused as error:
            await self._settle(lease, reply, "failed", error=str(error))
        except SendDelayed as error:
            await self._delay(lease, reply, str(error))
        except SendUnknown as error:
            metrics.replies("unknown").inc()
            log.warning("reply_unknown", reply=reply.id, error=str(error))
            await self._store.postpone(lease, reply, "unknown", seconds=LOOK_UP_AFTER_SECONDS[0], error=str(error))
        else:
            await self._settle(lease, reply, "sent", wa_id=wa_id)
            crashpoint(CrashPoint.RECORDED)

    async def _type(self, reply: Owed) -> None:
        if self._pacing and reply.part > 0:
            seconds = len(reply.text) * TYPING_SECONDS_PER_CHARACTER
            seconds = min(max(seconds, SHORTEST_TYPING_SECONDS), LONGEST_TYPING_SECONDS)
            self._messenger.compose(reply.instance, reply.jid, seconds)
            await self._sleep(seconds)

    async def _delay(self, lease: Lease, reply: Owed, error: str) -> None:
        metrics.replies("delayed").inc()
        seconds = min(FIRST_RETRY_SECONDS * 2.0 ** min(reply.attempts, 10), LONGEST_RETRY_SECONDS)
        if reply.age_seconds >= KEEP_TRYING_SECONDS:
            await self._settle(lease, reply, "parked", error=error)
        else:
            await self._store.postpone(lease, reply, "queued", seconds=seconds, error=error)

    async def _look_up(self, lease: Lease, reply: Owed) -> None:
        """Find out whether a reply of unknown fate left; it is never sent again on a guess."""
        if (wa_id := await self._store.echo(lease, reply)) is not None:
            await self._settle(lease, reply, "sent", wa_id=wa_id)
            return
        looks = reply.attempts if reply.status == "unknown" else 0
        since = reply.sending_at - CLOCK_TOLERANCE
        known = await self._store.known_ids(lease)
        try:
            wa_id = await self._messenger.find(reply.instance, reply.jid, reply.text, since, known)
        except Unavailable as error:
            if reply.age_seconds >= KEEP_TRYING_SECONDS:
                await self._settle(lease, reply, "parked", error=str(error))
            else:
                await self._store.postpone(lease, reply, reply.status, seconds=ASK_AGAIN_SECONDS, error=str(error))
            return
        if wa_id is not None:
            await self._settle(lease, reply, "sent", wa_id=wa_id)
        elif looks < len(LOOK_UP_AFTER_SECONDS):
            pause = LOOK_UP_AFTER_SECONDS[looks]
            await self._store.postpone(lease, reply, "unknown", seconds=pause, error="not found yet")
        else:
            await self._settle(lease, reply, "parked", error="fate unknown: not found at Evolution")

    async def _settle(
        self, lease: Lease, reply: Owed, status: str, *, wa_id: str | None = None, error: str = ""
    ) -> None:
        await self._store.settle(lease, reply, status, wa_id=wa_id, error=error)
        metrics.replies(status).inc()
        log.info("reply_settled", reply=reply.id, chat=lease.chat_id, status=status, error=error or None)
