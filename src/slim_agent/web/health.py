"""/health: everything, for the deploy gate and the monitor. /livez, /readyz: this process, for the container engine."""

import time
from collections.abc import Mapping

import orjson
from fastapi import APIRouter
from starlette.responses import Response

from slim_agent.observability.probes import Prober, Status
from slim_agent.vocabulary.clock import Clock, system_clock
from slim_agent.web.liveness import Liveness
from slim_agent.web.schemas import HealthResponse, ProcessResponse

OK, UNAVAILABLE = 200, 503


def health_routes(version: str, prober: Prober, liveness: Liveness, clock: Clock = system_clock) -> APIRouter:
    """Return the three routes; none of them ever waits for a dependency."""
    started = time.monotonic()

    async def health() -> Response:
        """Everything this service depends on: for the deploy gate and the monitor."""
        services = prober.services()
        down = any(service.status is Status.DOWN for service in services.values())
        document = {
            "status": "unhealthy" if down else "healthy",
            "timestamp": clock(),
            "version": version,
            "services": services,
            "uptime": int(time.monotonic() - started),
        }
        return _answer(document, UNAVAILABLE if down else OK)

    async def livez() -> Response:
        """Whether the process works: for the container engine."""
        return _about_process(liveness.problem())

    async def readyz() -> Response:
        """Whether a message could be accepted and kept now: for the proxy."""
        return _about_process(None if liveness.is_ready() else "cannot accept and keep a message now")

    router = APIRouter(tags=["health"])
    for endpoint, model in ((health, HealthResponse), (livez, ProcessResponse), (readyz, ProcessResponse)):
        path = f"/{endpoint.__name__}"
        router.add_api_route(path, endpoint, response_model=model, responses={UNAVAILABLE: {"model": model}})
        router.add_api_route(path, endpoint, methods=["HEAD"], include_in_schema=False)
    return router


def _about_process(reason: str | None) -> Response:
    document = {"status": "unavailable" if reason else "ok", "reason": reason}
    return _answer(document, UNAVAILABLE if reason else OK)


def _answer(document: Mapping[str, object], status: int) -> Response:
    return Response(orjson.dumps(document, option=orjson.OPT_UTC_Z), status, media_type="application/json")
