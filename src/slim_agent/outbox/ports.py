"""What the outbox needs from outside."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from slim_agent.vocabulary.turn import Lease


@dataclass(frozen=True, slots=True)
class Owed:
    """A reply whose fate is not settled: ``queued``, or ``sending``/``unknown`` since `sending_at`.

    `attempts` counts failed sends while it is queued, and vain look-ups while it is unknown. `wait_seconds` is how
    long to leave it alone (never negative), `age_seconds` how long ago the turn wrote it.
    """

    id: int
    instance: str
    jid: str
    part: int
    text: str
    status: str
    attempts: int
    age_seconds: float
    wait_seconds: float
    sending_at: datetime


class OutboxStore(Protocol):
    """Keeps replies; every change is guarded by the lease's fence.

    Raises:
        LeaseLost: another worker owns the chat; nothing was changed.
        Unavailable: nobody knows whether it was changed.
    """

    async def first_owed(self, lease: Lease) -> Owed | None:
        """Return the oldest reply of the chat that is not settled."""
        ...

    async def mark_sending(self, lease: Lease, reply: Owed) -> None:
        """Record, before anything leaves, that it is about to."""
        ...

    async def settle(
        self, lease: Lease, reply: Owed, status: str, *, wa_id: str | None = None, error: str = ""
    ) -> None:
        """Record a final fate: ``sent`` with WhatsApp's id, ``failed``, or ``parked`` for a person."""
        ...

    async def postpone(self, lease: Lease, reply: Owed, status: str, *, seconds: float, error: str) -> None:
        """Look at the reply again after a while, as ``queued`` (not sent) or ``unknown`` (perhaps sent)."""
        ...

    async def echo(self, lease: Lease, reply: Owed) -> str | None:
        """Return WhatsApp's id of the reply if Evolution's own event told us that it left."""
        ...

    async def known_ids(self, lease: Lease) -> frozenset[str]:
        """Return WhatsApp's ids of the chat's settled replies."""
        ...


class Messenger(Protocol):
    """WhatsApp, as far as replies need it."""

    async def send(self, instance: str, jid: str, text: str) -> str:
        """Send one message and return WhatsApp's id.

        Raises:
            SendRefused: it can never be sent.
            SendDelayed: it was certainly not sent.
            SendUnknown: it may have been sent.
        """
        ...

    async def find(self, instance: str, jid: str, text: str, since: datetime, known: frozenset[str]) -> str | None:
        """Return the id of our own message with this text, sent since then and not `known`; None when there is none.

        Raises:
            Unavailable: nobody could tell.
        """
        ...

    def compose(self, instance: str, jid: str, seconds: float) -> None:
        """Show the customer that somebody is typing; never waits, never fails."""
        ...
