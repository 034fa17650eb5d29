"""What turns need from outside."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from slim_agent.vocabulary.turn import Lease, Reply, Turn


@dataclass(frozen=True, slots=True)
class Glance:
    """What waits in a chat. Times are seconds; None where nothing waits.

    `newest_unread` and `oldest_unread` are ages; `open_turn` and `owed_reply` say how long to leave them alone.
    """

    newest_unread: float | None
    oldest_unread: float | None
    open_turn: float | None
    owed_reply: float | None


class TurnStore(Protocol):
    """Chats, leases and turns. Every method may raise `Unavailable`; those with a lease may raise `LeaseLost`."""

    async def glance(self, chat_id: int) -> Glance:
        """Look at what waits in a chat, without owning it."""
        ...

    async def claim(self, chat_id: int, owner: str, seconds: float) -> Lease | None:
        """Own a chat for a while; None while another worker does."""
        ...

    async def renew(self, lease: Lease, seconds: float) -> None:
        """Own it for longer."""
        ...

    async def release(self, lease: Lease) -> None:
        """Let others own the chat; a lease already lost is fine."""
        ...

    async def begin(self, lease: Lease, history: int) -> Turn | None:
        """Open the chat's turn (or take up the one left open), count the attempt, attach all unread messages.

        None when there is nothing to answer.
        """
        ...

    async def close(self, lease: Lease, turn: Turn, reply: Reply) -> None:
        """End the turn in one transaction: finished, replies owed, effects applied."""
        ...

    async def postpone(self, lease: Lease, turn: Turn, *, seconds: float, error: str) -> None:
        """Leave the turn open for another attempt."""
        ...

    async def hand_back(self, lease: Lease, turn: Turn) -> None:
        """Leave the turn open for another worker; the attempt does not count."""
        ...

    async def bury(self, lease: Lease, turn: Turn, reason: str) -> None:
        """End the turn as a dead letter, with what it should have answered."""
        ...

    async def overdue(
        self, *, debounce: float, debounce_max: float, grace: float, limit: int
    ) -> Sequence[tuple[int, float]]:
        """Return chats that wait although nobody came, and for how many seconds, the longest waiting first."""
        ...


class Doorbell(Protocol):
    """Wakes a worker for a chat. It may forget; the sweep does not."""

    def ring(self, chat_ids: Sequence[int], delay: float) -> None:
        """Ask for a look at these chats after `delay` seconds; never waits, never fails."""
        ...


Respond = Callable[[Turn], Awaitable[Reply]]
