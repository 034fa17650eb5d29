"""`slim-agent migrate`."""

import os

import psycopg

from slim_agent.gateways.postgres.migrate import upgrade
from slim_agent.settings import load
from slim_agent.vocabulary.failures import SlimAgentError


class MigrationError(SlimAgentError):
    """The database refused a step, and is as it was before."""


def migrate() -> None:
    """Bring the database to what this version expects; running it again changes nothing.

    Example: DATABASE_URL=postgresql://… slim-agent migrate
    """
    # The help of all commands need not wait for it.
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415

    try:
        upgrade(load(os.environ).database_url.get_secret_value())
    except (psycopg.Error, DBAPIError) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise MigrationError(f"The migration failed, and nothing was changed: {str(reason).strip()}") from None
