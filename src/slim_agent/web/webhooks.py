"""The way in: read, verify, understand, keep, and only then say 200.

Plain ASGI, in front of the framework: its layers would cost a third of the throughput.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus

import orjson
import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from slim_agent.inbox.arrivals import Arrival, Disposition
from slim_agent.inbox.intake import Intake
from slim_agent.inbox.normalise import read, read_event
from slim_agent.inbox.ports import Stored
from slim_agent.inbox.signatures import Verifier
from slim_agent.observability import metrics
from slim_agent.observability.crashpoints import CrashPoint, crashpoint
from slim_agent.vocabulary.failures import Unavailable

EVOLUTION = "/webhook/evolution"
EVENTS = "/webhook/events"
UNSIGNED = "none"

log = structlog.get_logger()

Headers = dict[str, str]


class Webhooks:
    """Takes the webhooks of Evolution and of the company's own systems; every other request goes to `app`.

    Answers are 200, 401, 413 and 503, because Evolution gives up on every other refusal. `instances` are ours; with
    none any is.
    """

    def __init__(
        self, app: ASGIApp, verifier: Verifier, intake: Intake, *, max_bytes: int, instances: Sequence[str]
    ) -> None:
        self._app = app
        self._verifier = verifier
        self._intake = intake
        self._max_bytes = max_bytes
        self._instances = instances

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a webhook, or pass the request on."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"].rstrip("/")
        if path == EVENTS:
            await self._take(scope, receive, send, self._verifier.verify_event, lambda body: [read_event(body)])
        elif path == EVOLUTION or path.startswith(EVOLUTION + "/"):
            event = path[len(EVOLUTION) + 1 :] or None
            await self._take(scope, receive, send, self._verifier.verify, lambda body: self._understand(body, event))
        else:
            await self._app(scope, receive, send)

    def _understand(self, body: bytes, event: str | None) -> Sequence[Arrival]:
        return read(body, now=datetime.now(UTC), own_instances=self._instances, event=event)

    async def _take(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        verify: Callable[[Headers, bytes, float], str | None],
        understand: Callable[[bytes], Sequence[Arrival]],
    ) -> None:
        started = time.perf_counter()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body = await self._read(headers, receive)
        if body is None:
            await _refuse(send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"larger than {self._max_bytes} bytes")
            return
        crashpoint(CrashPoint.BODY_READ)
        form = verify(headers, body, time.time())
        if form is None:
            log.warning("webhook_refused", path=scope["path"][:100])
            await _refuse(send, HTTPStatus.UNAUTHORIZED, "no valid signature")
            return
        crashpoint(CrashPoint.VERIFIED)
        arrivals = understand(body)
        del body
        try:
            stored = await self._intake.take(arrivals)
        except Unavailable as error:
            log.warning("webhook_not_stored", error=str(error))
            await _refuse(send, HTTPStatus.SERVICE_UNAVAILABLE, "cannot be stored now, try again", form)
            return
        for arrival in arrivals:
            metrics.arrivals(arrival.disposition.value).inc()
        metrics.webhooks("200", form).inc()
        metrics.WEBHOOK_SECONDS.observe(time.perf_counter() - started)
        await _answer(send, HTTPStatus.OK, "success", _summary(arrivals, stored))

    async def _read(self, headers: Headers, receive: Receive) -> bytes | None:
        """Return the body, None as soon as it is known to be over the cap."""
        declared = headers.get("content-length", "0")
        if not declared.isdigit() or int(declared[:20]) > self._max_bytes:
            return None
        body = b""
        chunks = []
        size = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            body = message.get("body", b"")
            more = message.get("more_body", False)
            size += len(body)
            if size > self._max_bytes:
                return None
            chunks.append(body)
        return body if len(chunks) == 1 else b"".join(chunks)


def _summary(arrivals: Sequence[Arrival], stored: Sequence[Stored]) -> str:
    if len(arrivals) == 1:
        return _fate(arrivals[0], stored[0])
    fates = Counter(_fate(arrival, kept) for arrival, kept in zip(arrivals, stored, strict=True))
    return ", ".join(fate if count == 1 else f"{fate} ({count})" for fate, count in fates.items())


def _fate(arrival: Arrival, kept: Stored) -> str:
    if kept.duplicate:
        return "duplicate"
    if arrival.disposition in (Disposition.IGNORED, Disposition.QUARANTINED):
        return f"{arrival.disposition.value}: {arrival.reason}"
    return "stored"


async def _refuse(send: Send, status: HTTPStatus, message: str, form: str = UNSIGNED) -> None:
    metrics.webhooks(str(status.value), form).inc()
    await _answer(send, status, "error", message)


async def _answer(send: Send, status: HTTPStatus, word: str, message: str) -> None:
    body = orjson.dumps({"status": word, "message": message, "processed_at": datetime.now(UTC)})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status.value, "headers": headers})
    await send({"type": "http.response.body", "body": body})
