"""Alembic's entry: one connection, our schema, and a lock so that two starting processes do not migrate at once."""

import psycopg
from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

SCHEMA = "slim_agent"
LOCK = 7_230_465_112_051_187

database_url: str = context.config.attributes["database_url"]
engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(database_url), poolclass=NullPool)

with engine.connect() as connection:
    context.configure(
        connection=connection,
        version_table="schema_version",
        version_table_schema=SCHEMA,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
        context.run_migrations()
