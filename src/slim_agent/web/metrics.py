"""/metrics: figures for Prometheus, and for nobody on the public side."""

import hmac
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from starlette.exceptions import HTTPException
from starlette.responses import Response

from slim_agent.web.errors import MEDIA_TYPE
from slim_agent.web.schemas import Problem

_PROBLEM = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {}}},
    401: {"description": "No token, or a wrong one.", "content": _PROBLEM},
    403: {"description": "The caller is not on a private network.", "content": _PROBLEM},
}
FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")


def metrics_routes(registry: CollectorRegistry, token: str, *, open_to_all: bool) -> APIRouter:
    """Return the route: with a `token` for its bearer; else for private callers, or for everybody if `open_to_all`."""
    refuse = _refuse_without(token) if token else _refuse_public
    router = APIRouter(tags=["metrics"])

    @router.get("/metrics", response_class=Response, responses=ANSWERS)
    async def metrics(request: Request) -> Response:
        """Figures in Prometheus' text format."""
        if token or not open_to_all:
            refuse(request)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return router


def _refuse_without(token: str) -> Callable[[Request], None]:
    expected = f"Bearer {token}".encode()

    def refuse(request: Request) -> None:
        sent = request.headers.get("authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(sent, expected):
            raise HTTPException(401, "A bearer token is needed.", {"WWW-Authenticate": "Bearer"})

    return refuse


def _refuse_public(request: Request) -> None:
    # A reverse proxy calls from a private address on behalf of anybody; it says so in a header.
    proxied = any(name in request.headers for name in FORWARDED)
    if proxied or not (request.client is None or is_private(request.client.host)):
        raise HTTPException(403, "Only callers on a private network are served.")


def is_private(host: str) -> bool:
    """Whether an address is loopback or private; also when IPv6 wraps an IPv4 one."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    # Older Pythons call every wrapped address private, whatever it wraps.
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback or address.is_private
