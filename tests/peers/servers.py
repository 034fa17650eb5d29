"""Real Postgres and Valkey for tests: one pair a session, a fresh database and an empty Redis for each test."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, cycle
from pathlib import Path

import psycopg
import redis
from psycopg import sql

from slim_agent.cli.demo.servers import Stores
from slim_agent.gateways.postgres.migrate import upgrade

TEMPLATE = "migrated"


@contextmanager
def running_stores(*, durable: bool = False) -> Iterator[Stores]:
    """Run both servers in a temporary folder, which goes away with everything in it."""
    folder = Path(tempfile.mkdtemp(prefix="slim-agent-tests-"))
    folder.chmod(0o711)
    stores = Stores(folder, durable=durable)
    try:
        with stores:
            yield stores
    finally:
        for place in (stores.postgres.home.path, folder):
            shutil.rmtree(place, ignore_errors=True)


class Databases:
    """Makes databases from a migrated template, in a few dozen milliseconds each."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._numbers = count(1)
        self._logical = cycle(range(1, 64))
        self._migrated = False

    @contextmanager
    def migrated(self) -> Iterator[str]:
        """Yield the address of a new database with our schema."""
        if not self._migrated:
            self._run("CREATE DATABASE {}", TEMPLATE)
            upgrade(self._stores.postgres.database(TEMPLATE))
            self._migrated = True
        with self._fresh("CREATE DATABASE {} TEMPLATE " + TEMPLATE) as url:
            yield url

    @contextmanager
    def empty(self) -> Iterator[str]:
        """Yield the address of a new database without our schema."""
        with self._fresh("CREATE DATABASE {}") as url:
            yield url

    def redis(self) -> str:
        """Return the address of an empty logical database."""
        url = self._stores.valkey.database(next(self._logical))
        with redis.Redis.from_url(url) as client:
            client.flushdb()
        return url

    @contextmanager
    def _fresh(self, statement: str) -> Iterator[str]:
        name = f"test_{next(self._numbers)}"
        self._run(statement, name)
        try:
            yield self._stores.postgres.database(name)
        finally:
            self._run("DROP DATABASE {} WITH (FORCE)", name)

    def _run(self, statement: str, name: str) -> None:
        with psycopg.connect(self._stores.postgres.url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
