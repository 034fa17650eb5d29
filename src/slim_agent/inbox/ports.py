"""What the inbox needs from outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from slim_agent.inbox.arrivals import Arrival


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of one arrival: new or already there, and the chat it belongs to (None for groups, events …)."""

    duplicate: bool
    chat_id: int | None = None


class InboxStore(Protocol):
    """Keeps arrivals for good."""

    async def insert(self, arrivals: Sequence[Arrival]) -> list[Stored]:
        """Store all arrivals in one transaction and commit; answers stand in the order of the arrivals.

        Raises:
            Unavailable: nothing was stored; the same arrivals may be offered again.
        """
        ...
