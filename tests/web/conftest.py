from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from types import MappingProxyType

import httpx
import pytest
from tests.observability.patience import DEADLINE_SECONDS
from tests.web.serving import Serve, beside, on_a_socket

from slim_agent.observability.probes import Probe, Prober
from slim_agent.web.app import Mount, WebParts, create_app
from slim_agent.web.liveness import Liveness

PROBE_EVERY_SECONDS = 0.02
PROBE_TIMEOUT_SECONDS = 0.5


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:

        async def started(
            *,
            probes: Mapping[str, Probe] = MappingProxyType({}),
            ready: Callable[[], bool] = lambda: True,
            environment: str = "production",
            metrics_token: str = "",
            mounts: Sequence[Mount] = (),
        ) -> httpx.AsyncClient:
            prober = Prober(probes, PROBE_EVERY_SECONDS, PROBE_TIMEOUT_SECONDS)
            liveness = Liveness(ready)
            parts = WebParts("1.2.3", environment, prober, liveness, metrics_token, mounts=mounts)
            await stack.enter_async_context(beside(prober.run()))
            await stack.enter_async_context(beside(liveness.run()))
            address = await stack.enter_async_context(on_a_socket(create_app(parts)))
            return await stack.enter_async_context(httpx.AsyncClient(base_url=address, timeout=DEADLINE_SECONDS))

        yield started
