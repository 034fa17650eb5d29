"""Fixtures that several rooms use. The developer's own environment never reaches a test."""

import os
from collections.abc import Iterator

import pytest
from tests.peers.servers import Databases, running_stores

from slim_agent.cli.demo.servers import Stores
from slim_agent.settings import Settings

FOREIGN_PREFIXES = ("ANTHROPIC_", "LANGCHAIN_", "LANGSMITH_", "LANGGRAPH_", "PG", "SLIM_AGENT_", "SIMULATOR_")

for name in list(os.environ):
    if name.lower() in Settings.model_fields or name.startswith(FOREIGN_PREFIXES) or name.lower().endswith("_proxy"):
        del os.environ[name]


@pytest.fixture(scope="session")
def stores() -> Iterator[Stores]:
    """One Postgres and one Valkey for the session: shared, never to be stopped by a test."""
    with running_stores() as running:
        yield running


@pytest.fixture
def own_stores() -> Iterator[Stores]:
    """A durable Postgres and Valkey of the test's own, which it may stop, kill and start."""
    with running_stores(durable=True) as running:
        yield running


@pytest.fixture(scope="session")
def databases(stores: Stores) -> Databases:
    """Where databases of a session come from."""
    return Databases(stores)


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A new database with our schema."""
    with databases.migrated() as url:
        yield url


@pytest.fixture
def empty_database_url(databases: Databases) -> Iterator[str]:
    """A new database without our schema."""
    with databases.empty() as url:
        yield url


@pytest.fixture
def redis_url(databases: Databases) -> str:
    """An empty Redis."""
    return databases.redis()
