"""Connections and named queries."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from importlib.resources import files
from typing import Any, LiteralString, cast
from urllib.parse import urlsplit

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from slim_agent.vocabulary.failures import Unavailable

CONNECT_TIMEOUT_SECONDS = 4
POOL_TIMEOUT_SECONDS = 5.0
STATEMENT_TIMEOUT_MS = 15_000
IDLE_IN_TRANSACTION_MS = 10_000
TRANSACTION_POOLER_PORT = 6543
# A peer that vanished without a word is noticed within half a minute.
DEAD_PEER = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}
Connection = AsyncConnection[TupleRow]
_NAME = re.compile(r"^-- name: (\w+).*$", re.MULTILINE)


@cache
def queries(file: str) -> Mapping[str, LiteralString]:
    """Return the statements of ``queries/<file>.sql`` by the names in their ``-- name:`` lines."""
    text = files(__package__).joinpath("queries", f"{file}.sql").read_text(encoding="utf-8")
    parts = _NAME.split(text)[1:]
    return dict(zip(parts[::2], (cast("LiteralString", body.strip()) for body in parts[1::2]), strict=True))


class Database:
    """A pool of connections; every failure to reach Postgres becomes `Unavailable`."""

    def __init__(self, url: str, *, connections: int) -> None:
        # Supabase's transaction pooler hands each transaction to another server connection.
        pooled = urlsplit(url).port == TRANSACTION_POOLER_PORT
        options: dict[str, Any] = {
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            "application_name": "slim-agent",
            "autocommit": True,
            "prepare_threshold": None if pooled else 2,
            **DEAD_PEER,
        }
        if not pooled:
            limits = {
                "statement_timeout": STATEMENT_TIMEOUT_MS,
                # A frozen process must not keep the others waiting for its locks.
                "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_MS,
            }
            options["options"] = " ".join(f"-c {name}={limit}" for name, limit in limits.items())
        self._pool = AsyncConnectionPool(
            url,
            kwargs=options,
            min_size=1,
            max_size=connections,
            timeout=POOL_TIMEOUT_SECONDS,
            reconnect_timeout=10,
            open=False,
        )

    async def open(self) -> None:
        """Start the pool and prove that Postgres answers.

        Raises:
            Unavailable: it does not.
        """
        await self._pool.open()
        await self.ping()

    async def close(self) -> None:
        """Give all connections back."""
        await self._pool.close(timeout=5)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection in autocommit mode: one statement is one transaction unless a block is opened."""
        try:
            async with self._pool.connection() as connection:
                try:
                    yield connection
                except psycopg.OperationalError:
                    if connection.broken:
                        # Postgres went away: the idle connections are as dead as this one.
                        await self._pool.drain()
                    raise
        except (psycopg.OperationalError, psycopg.InternalError, psycopg.InterfaceError, PoolTimeout) as error:
            raise Unavailable("postgres", type(error).__name__) from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lend a connection with an open transaction that commits at the end of the block."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def ping(self) -> None:
        """Ask Postgres whether it would keep something.

        Raises:
            Unavailable: it does not answer, or takes no writes.
        """
        async with self.connection() as connection:
            cursor = await connection.execute("SHOW transaction_read_only")
            row = await cursor.fetchone()
        if row != ("off",):
            raise Unavailable("postgres", "takes no writes: it is read-only")
