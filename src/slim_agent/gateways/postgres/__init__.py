"""Postgres: the truth. Plain SQL in named query files, one schema, migrations by alembic without an ORM."""
