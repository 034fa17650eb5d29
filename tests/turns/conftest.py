"""A shop in a test: real Postgres, a scripted Evolution over HTTP, and whatever the agent is told to say."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count

import pytest
from tests.peers.evolution import Evolution

from slim_agent.gateways.breaker import Breaker
from slim_agent.gateways.evolution.client import EvolutionClient
from slim_agent.gateways.evolution.messenger import EvolutionMessenger
from slim_agent.gateways.postgres.database import Database
from slim_agent.gateways.postgres.inbox_store import PostgresInboxStore
from slim_agent.gateways.postgres.outbox_store import PostgresOutboxStore
from slim_agent.gateways.postgres.turn_store import PostgresTurnStore
from slim_agent.inbox.arrivals import Arrival, Disposition
from slim_agent.outbox.delivery import Delivery
from slim_agent.turns.attendant import Attendant, Pace
from slim_agent.vocabulary.message import Kind, Message
from slim_agent.vocabulary.turn import Reply, Turn

INSTANCE = "Slim Quality"
ANA = "5511988887777@s.whatsapp.net"
PACE = Pace(
    debounce=0, debounce_max=8, lease=30, turn_timeout=5, max_attempts=3, history=20, pacing=False, first_retry=0.01
)


async def echo(turn: Turn) -> Reply:
    return Reply("answered", tuple(f"eco: {line.text}" for line in turn.unread))


@dataclass
class Shop:
    """One number of one company, and what its agent says (`respond`)."""

    database: Database
    evolution: Evolution
    messenger: EvolutionMessenger
    store: PostgresTurnStore
    respond: Callable[[Turn], Awaitable[Reply]] = echo
    seen: list[Turn] = field(default_factory=list)
    ids: "count[int]" = field(default_factory=lambda: count(1))

    def attendant(self, owner: str = "worker", **changes: object) -> Attendant:
        async def respond(turn: Turn) -> Reply:
            self.seen.append(turn)
            return await self.respond(turn)

        pace = replace(PACE, **changes)  # type: ignore[arg-type]
        delivery = Delivery(PostgresOutboxStore(self.database), self.messenger, pacing=False)
        return Attendant(owner, self.store, respond, delivery, self.messenger, pace)

    async def hear(self, *texts: str, jid: str = ANA, from_me: bool = False, aliases: tuple[str, ...] = ()) -> int:
        """Receive messages; return the chat's id."""
        disposition, reason = (Disposition.UPDATE, "own_message") if from_me else (Disposition.TURN, "")
        arrivals = []
        for text in texts:
            message = Message(
                INSTANCE, jid, f"ID{next(self.ids)}", from_me, Kind.TEXT, text, datetime.now(UTC), aliases, "Ana"
            )
            arrivals.append(Arrival(disposition, reason, "messages.upsert", INSTANCE, message, payload=b"{}"))
        stored = await PostgresInboxStore(self.database).insert(arrivals)
        chat_id = stored[0].chat_id
        assert chat_id is not None
        return chat_id

    async def rows(self, query: str) -> list[tuple[object, ...]]:
        async with self.database.connection() as connection:
            cursor = await connection.execute(query.encode())
            return [tuple(row) for row in await cursor.fetchall()] if cursor.description else []


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    database = Database(database_url, connections=6)
    await database.open()
    async with Evolution(INSTANCE) as evolution:
        client = EvolutionClient(evolution.url, evolution.api_key, Breaker(3, 60, dependency="evolution"), timeout=1)
        messenger = EvolutionMessenger(client)
        yield Shop(database, evolution, messenger, PostgresTurnStore(database))
        await messenger.close()
        await client.close()
    await database.close()
