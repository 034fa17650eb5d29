import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Protocol

import httpx
import uvicorn
from starlette.types import ASGIApp
from tests.observability.patience import until

from slim_agent.observability.probes import Probe
from slim_agent.web.app import Mount


class Serve(Protocol):
    """Starts the service from parts that a test chooses; gives a client of it."""

    async def __call__(
        self,
        *,
        probes: Mapping[str, Probe] = ...,
        ready: Callable[[], bool] = ...,
        environment: str = ...,
        metrics_token: str = ...,
        mounts: Sequence[Mount] = ...,
    ) -> httpx.AsyncClient: ...


@asynccontextmanager
async def beside(work: Awaitable[None]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def on_a_socket(app: ASGIApp) -> AsyncIterator[str]:
    """Serve an app as production does; yield its address."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, proxy_headers=False, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve([listener]))
        await until(lambda: server.started)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving
