"""The outermost layer of every request: its id, its headers, its log line, and the last catch."""

import time
from collections.abc import Sequence

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from slim_agent.observability.logs import REQUEST_ID
from slim_agent.web.errors import problem
from slim_agent.web.request_id import HEADER, request_id_of

QUIET = ("/webhook/", "/health", "/livez", "/readyz", "/metrics", "/docs/assets/")
INTERNAL_ERROR = 500

Header = tuple[bytes, bytes]

HEADERS: Sequence[Header] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
ENCRYPTED_ONLY: Sequence[Header] = ((b"strict-transport-security", b"max-age=31536000"),)

log = structlog.get_logger()


class Edge:
    """Pure ASGI, because the webhook passes here too.

    Every answer gets `X-Request-ID` and the security headers that it does not set itself. An exception that nobody
    caught is logged once and answered with 500 and nothing of its inside.
    """

    def __init__(self, app: ASGIApp, *, production: bool) -> None:
        self._app = app
        self._headers = tuple(HEADERS) + (tuple(ENCRYPTED_ONLY) if production else ())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(scope["headers"])
        REQUEST_ID.set(request_id)
        started = time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                sent = list(message.get("headers", ()))
                names = {name for name, _ in sent}
                sent += [header for header in self._headers if header[0] not in names]
                sent.append((HEADER, request_id.encode()))
                message["headers"] = sent
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except ClientDisconnect:
            log.debug("client left")
        except Exception:
            log.exception("request failed", request_id=request_id, method=scope["method"], path=scope["path"])
            if not status:
                await problem(INTERNAL_ERROR, request_id=request_id)(scope, receive, send_with_headers)
        if not scope["path"].startswith(QUIET):
            seconds = round(time.perf_counter() - started, 6)
            log.info(
                "request",
                request_id=request_id,
                method=scope["method"],
                path=scope["path"],
                status=status,
                seconds=seconds,
            )
