"""Bring the database's schema to what this version expects."""

from pathlib import Path

import psycopg

MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = "0001"


def upgrade(database_url: str) -> None:
    """Apply all missing migrations, one process at a time, in one transaction each.

    A database that a newer version has already migrated is left alone: schemas only grow between neighbouring
    versions, so this version can run on it.
    """
    if not needs_upgrade(database_url):
        return
    # Alembic and SQLAlchemy cost 35 MiB that a running service never uses again.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["database_url"] = database_url
    command.upgrade(config, "head")


def needs_upgrade(database_url: str) -> bool:
    """Whether the schema is older than this version expects."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        exists = connection.execute("SELECT to_regclass('slim_agent.schema_version') IS NOT NULL").fetchone()
        if not exists or not exists[0]:
            return True
        row = connection.execute("SELECT version_num FROM slim_agent.schema_version").fetchone()
    return row is None or row[0] < HEAD
