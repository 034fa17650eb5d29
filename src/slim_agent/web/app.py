"""The HTTP service, put together from its parts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp, Lifespan

from slim_agent.observability.metrics import REGISTRY, build
from slim_agent.observability.probes import Prober
from slim_agent.web.docs import add_docs
from slim_agent.web.edge import Edge
from slim_agent.web.errors import answer_with_problems
from slim_agent.web.health import health_routes
from slim_agent.web.liveness import Liveness
from slim_agent.web.metrics import metrics_routes
from slim_agent.web.openapi import describe

Mount = Callable[[FastAPI], None]
"""Adds routes of its own to the app."""


@dataclass(frozen=True, slots=True)
class WebParts:
    """What the service is made of.

    `mounts` add routes, `shortcuts` stand before the framework; `metrics_token` is empty when there is none.
    The caller runs `prober.run()` and `liveness.run()`.
    """

    version: str
    environment: str
    prober: Prober
    liveness: Liveness
    metrics_token: str = field(default="", repr=False)
    registry: CollectorRegistry = REGISTRY
    mounts: Sequence[Mount] = ()
    shortcuts: Sequence[Callable[[ASGIApp], ASGIApp]] = ()
    lifespan: Lifespan[FastAPI] | None = None


def create_app(parts: WebParts) -> ASGIApp:
    """Return the app behind its shortcuts and its edge.

    Run it with uvicorn's access log, proxy headers and server header off.
    """
    app = FastAPI(
        title="slim-agent",
        summary="Answers a company's WhatsApp with an AI agent.",
        version=parts.version,
        docs_url=None,
        redoc_url=None,
        lifespan=parts.lifespan,
    )
    build(parts.version).set(1)
    for mount in parts.mounts:
        mount(app)
    app.include_router(health_routes(parts.version, parts.prober, parts.liveness))
    tried_out = parts.environment in {"development", "test"}
    app.include_router(metrics_routes(parts.registry, parts.metrics_token, open_to_all=tried_out))
    add_docs(app)
    answer_with_problems(app)
    describe(app)
    outer: ASGIApp = app
    for shortcut in parts.shortcuts:
        outer = shortcut(outer)
    return Edge(outer, production=not tried_out)
