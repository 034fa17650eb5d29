"""The tables of a message's life."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the schema from the SQL file beside this one."""
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    # The driver's own call takes several statements and leaves percent signs alone.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - a migration always runs on a connection
    driver.execute(script)
