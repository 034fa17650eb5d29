"""The ceiling that the service is compared with: verifies nothing, understands nothing, one insert a request."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from psycopg_pool import AsyncConnectionPool

pool = AsyncConnectionPool(os.environ["DATABASE_URL"], kwargs={"autocommit": True}, min_size=8, max_size=8, open=False)


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Make the table."""
    await pool.open()
    async with pool.connection() as connection:
        await connection.execute("CREATE TABLE IF NOT EXISTS bare (id bigserial PRIMARY KEY, payload jsonb NOT NULL)")
    yield
    await pool.close()


app = FastAPI(lifespan=lifespan)


@app.post("/webhook/evolution")
async def take(request: Request) -> dict[str, str]:
    """Keep the body and say so."""
    body = await request.body()
    async with pool.connection() as connection:
        await connection.execute("INSERT INTO bare (payload) VALUES (%s)", (body.decode(),))
    return {"status": "success"}
