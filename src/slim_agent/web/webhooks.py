"""The way in: read, verify, understand, keep, and only then say 200."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus

import orjson
import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from slim_agent.inbox.arrivals import Arrival, Disposition
from slim_agent.inbox.intake import Intake
from slim_agent.inbox.normalise import read, read_event
from slim_agent.inbox.ports import Stored
from slim_agent.inbox.signatures import Verifier
from slim_agent.observability import metrics
from slim_agent.observability.crashpoints import CrashPoint, crashpoint
from slim_agent.vocabulary.failures import Unavailable

log = structlog.get_logger()

Understand = Callable[[Request, bytes], Sequence[Arrival]]
Verify = Callable[[Request, bytes], str | None]


class Webhooks:
    """Both webhook routes. Answers are 200, 401, 413 and 503, because Evolution gives up on every other refusal."""

    def __init__(self, verifier: Verifier, intake: Intake, *, max_bytes: int, instances: Sequence[str]) -> None:
        self._verifier = verifier
        self._intake = intake
        self._max_bytes = max_bytes
        self._instances = instances

    def mount(self, app: FastAPI) -> None:
        """Add the routes, as plain Starlette ones: FastAPI's machinery would cost half the throughput."""
        app.add_route("/webhook/evolution", self.evolution, methods=["POST"], include_in_schema=False)
        app.add_route("/webhook/evolution/{event}", self.evolution, methods=["POST"], include_in_schema=False)
        app.add_route("/webhook/events", self.events, methods=["POST"], include_in_schema=False)

    async def evolution(self, request: Request) -> Response:
        """Take an event of Evolution API."""

        def understand(request: Request, body: bytes) -> Sequence[Arrival]:
            event = request.path_params.get("event")
            return read(body, now=datetime.now(UTC), own_instances=self._instances, event=event)

        return await self._take(request, self._verified, understand)

    async def events(self, request: Request) -> Response:
        """Take an event of the company's own systems."""
        return await self._take(request, self._verified_event, lambda _request, body: [read_event(body)])

    def _verified(self, request: Request, body: bytes) -> str | None:
        return self._verifier.verify(request.headers, body, time.time())

    def _verified_event(self, request: Request, body: bytes) -> str | None:
        return self._verifier.verify_event(request.headers, body, time.time())

    async def _take(self, request: Request, verify: Verify, understand: Understand) -> Response:
        started = time.perf_counter()
        body = await self._read(request)
        if body is None:
            return _refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"larger than {self._max_bytes} bytes")
        crashpoint(CrashPoint.BODY_READ)
        form = verify(request, body)
        if form is None:
            log.warning("webhook_refused", path=request.url.path)
            return _refuse(HTTPStatus.UNAUTHORIZED, "no valid signature")
        crashpoint(CrashPoint.VERIFIED)
        arrivals = understand(request, body)
        try:
            stored = await self._intake.take(arrivals)
        except Unavailable as error:
            log.error("webhook_not_stored", error=str(error))
            return _refuse(HTTPStatus.SERVICE_UNAVAILABLE, "cannot be stored now, try again", form)
        for arrival in arrivals:
            metrics.arrivals(arrival.disposition.value).inc()
        metrics.webhooks("200", form).inc()
        metrics.WEBHOOK_SECONDS.observe(time.perf_counter() - started)
        return _answer(HTTPStatus.OK, "success", _summary(arrivals, stored))

    async def _read(self, request: Request) -> bytes | None:
        """Return the body, None as soon as it is known to be over the cap."""
        declared = request.headers.get("content-length", "0")
        if not declared.isdigit() or int(declared[:20]) > self._max_bytes:
            return None
        chunks = []
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > self._max_bytes:
                return None
            chunks.append(chunk)
        return b"".join(chunks)


def _summary(arrivals: Sequence[Arrival], stored: Sequence[Stored]) -> str:
    fates = Counter(_fate(arrival, kept) for arrival, kept in zip(arrivals, stored, strict=True))
    return ", ".join(fate if count == 1 else f"{fate} ({count})" for fate, count in fates.items())


def _fate(arrival: Arrival, kept: Stored) -> str:
    if kept.duplicate:
        return "duplicate"
    if arrival.disposition in (Disposition.IGNORED, Disposition.QUARANTINED):
        return f"{arrival.disposition.value}: {arrival.reason}"
    return "stored"


def _refuse(status: HTTPStatus, message: str, form: str = "none") -> Response:
    metrics.webhooks(str(status.value), form).inc()
    return _answer(status, "error", message)


def _answer(status: HTTPStatus, word: str, message: str) -> Response:
    body = {"status": word, "message": message, "processed_at": datetime.now(UTC)}
    return Response(orjson.dumps(body), status, media_type="application/json")
