"""Replies as rows; each change is guarded by the fence of the chat's lease."""

from slim_agent.gateways.postgres.database import Database, queries
from slim_agent.outbox.ports import Owed
from slim_agent.vocabulary.failures import LeaseLost
from slim_agent.vocabulary.turn import Lease


class PostgresOutboxStore:
    """`OutboxStore` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("outbox")

    async def first_owed(self, lease: Lease) -> Owed | None:
        """See `OutboxStore.first_owed`."""
        async with self._database.connection() as connection:
            cursor = await connection.execute(self._sql["first_owed"], {"chat": lease.chat_id})
            row = await cursor.fetchone()
        return None if row is None else Owed(*row)

    async def mark_sending(self, lease: Lease, reply: Owed) -> None:
        """See `OutboxStore.mark_sending`."""
        await self._change("mark_sending", lease, reply, {})

    async def settle(
        self, lease: Lease, reply: Owed, status: str, *, wa_id: str | None = None, error: str = ""
    ) -> None:
        """See `OutboxStore.settle`."""
        await self._change("settle", lease, reply, {"status": status, "wa_id": wa_id, "error": error})

    async def postpone(self, lease: Lease, reply: Owed, status: str, *, seconds: float, error: str) -> None:
        """See `OutboxStore.postpone`."""
        await self._change("postpone", lease, reply, {"status": status, "seconds": seconds, "error": error})

    async def echo(self, lease: Lease, reply: Owed) -> str | None:
        """See `OutboxStore.echo`."""
        async with self._database.connection() as connection:
            cursor = await connection.execute(self._sql["echo"], {"chat": lease.chat_id, "id": reply.id})
            row = await cursor.fetchone()
        return None if row is None else row[0]

    async def known_ids(self, lease: Lease) -> frozenset[str]:
        """See `OutboxStore.known_ids`."""
        async with self._database.connection() as connection:
            cursor = await connection.execute(self._sql["known_ids"], {"chat": lease.chat_id})
            return frozenset(row[0] for row in await cursor.fetchall())

    async def _change(self, query: str, lease: Lease, reply: Owed, values: dict[str, object]) -> None:
        parameters = {"id": reply.id, "fence": lease.fence, **values}
        async with self._database.connection() as connection:
            cursor = await connection.execute(self._sql[query], parameters)
        if cursor.rowcount != 1:
            raise LeaseLost(f"chat {lease.chat_id}: {query} refused")
