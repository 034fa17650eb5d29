import io
from collections.abc import AsyncIterator, Iterator

import orjson
import pytest
import structlog
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from structlog.testing import capture_logs
from tests.web.serving import Serve

from slim_agent.observability.logs import name_request
from slim_agent.web.request_id import HEADER, MAX_REQUEST_ID_CHARS, request_id_of

CANARY = "planted-secret-in-an-exception"
SECURITY = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "strict-transport-security": "max-age=31536000",
}


def mount(app: FastAPI) -> None:
    async def boom(_request: Request) -> Response:
        raise RuntimeError(CANARY)

    async def left(_request: Request) -> Response:
        raise ClientDisconnect

    async def half(_request: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"half"
            raise RuntimeError(CANARY)

        return StreamingResponse(parts())

    async def own(_request: Request) -> Response:
        log.info("inside")
        return PlainTextResponse("", headers={"Content-Security-Policy": "script-src 'self'"})

    async def typed(number: int) -> int:
        return number

    log = structlog.get_logger()
    for path, route in (("/boom", boom), ("/left", left), ("/half", half), ("/own", own), ("/webhook/x", own)):
        app.add_route(path, route, methods=["GET", "POST"])
    app.add_api_route("/typed/{number}", typed)


@pytest.fixture(autouse=True)
def fresh_logging() -> Iterator[None]:
    structlog.reset_defaults()
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(io.StringIO()))
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "path", ["/health", "/livez", "/docs", "/openapi.json", "/nowhere", "/boom", "/metrics", "/own"]
)
async def test_every_answer_carries_a_request_id_and_the_security_headers(serve: Serve, path: str) -> None:
    client = await serve(mounts=(mount,))
    response = await client.get(path)
    assert len(response.headers.get_list("x-request-id")) == 1
    for name, value in SECURITY.items():
        assert len(response.headers.get_list(name)) == 1
        if path not in {"/docs", "/own"}:
            assert response.headers[name] == value
    assert "server" not in response.headers


async def test_browsers_are_not_bound_to_https_in_development(serve: Serve) -> None:
    client = await serve(environment="development")
    assert "strict-transport-security" not in (await client.get("/health")).headers


async def test_a_request_id_that_was_sent_is_taken_over(serve: Serve) -> None:
    client = await serve(mounts=(mount,))
    for path in ("/health", "/nowhere", "/boom"):
        response = await client.get(path, headers={"X-Request-ID": "deploy-17.3"})
        assert response.headers["x-request-id"] == "deploy-17.3"


@pytest.mark.parametrize(
    "sent", [b"", b"a b", b"a\tb", b"<script>", b'"', b"x" * (MAX_REQUEST_ID_CHARS + 1), b"\xff", b"a\r\nset-cookie: x"]
)
def test_a_request_id_that_is_not_sane_is_replaced(sent: bytes) -> None:
    made = request_id_of([(HEADER, sent)])
    assert made.encode() != sent
    assert made.isalnum()


@given(st.binary(max_size=200))
def test_a_request_id_is_always_short_and_safe(sent: bytes) -> None:
    made = request_id_of([(b"host", b"x"), (HEADER, sent)])
    assert 0 < len(made) <= MAX_REQUEST_ID_CHARS
    assert made.isascii()
    assert made.isprintable()
    assert not set(made) & set(" <>\"'\\;,")


def test_request_ids_do_not_repeat() -> None:
    assert len({request_id_of([]) for _ in range(1000)}) == 1000


async def test_an_uncaught_exception_is_a_500_problem_without_its_inside_and_is_logged_once(serve: Serve) -> None:
    client = await serve(mounts=(mount,))
    with capture_logs(processors=[name_request]) as lines:
        response = await client.get("/boom")
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    request_id = response.headers["x-request-id"]
    assert response.json() == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "request_id": request_id,
    }
    failures = [line for line in lines if line.get("exc_info")]
    assert [(line["event"], line["request_id"]) for line in failures] == [("request failed", request_id)]


async def test_refusals_are_problem_documents(serve: Serve) -> None:
    client = await serve(mounts=(mount,))
    missing = await client.get("/nowhere")
    assert missing.json() == {"type": "about:blank", "title": "Not Found", "status": 404}
    refused = await client.delete("/health")
    assert (refused.status_code, refused.json()["status"]) == (405, 405)
    assert refused.headers["allow"]
    invalid = await client.get("/typed/words")
    assert invalid.status_code == 422
    assert invalid.json()["problems"][0]["where"] == ["path", "number"]
    for response in (missing, refused, invalid):
        assert response.headers["content-type"] == "application/problem+json"
    assert "words" not in invalid.text


async def test_an_answer_that_breaks_off_midway_is_logged_once_and_not_completed(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    client = await serve(mounts=(mount,))
    with capture_logs() as lines, pytest.raises(Exception, match=r"incomplete|peer closed"):
        await client.get("/half")
    assert [line["event"] for line in lines if line.get("exc_info")] == ["request failed"]
    assert not [record for record in caplog.records if record.exc_info]


async def test_a_client_that_left_is_nobodys_failure(serve: Serve) -> None:
    client = await serve(mounts=(mount,))
    with capture_logs() as lines:
        response = await client.get("/left")
    assert response.status_code == 500
    assert not [line for line in lines if line["log_level"] == "error"]


async def test_a_request_is_one_line_but_probes_and_webhooks_are_quiet(serve: Serve) -> None:
    client = await serve(mounts=(mount,))
    with capture_logs(processors=[name_request]) as lines:
        for path in ("/health", "/livez", "/readyz", "/metrics"):
            await client.get(path)
        await client.post("/webhook/x")
        response = await client.get("/own", headers={"X-Request-ID": "r-own"})
    assert response.status_code == 200
    requests = [line for line in lines if line["event"] == "request"]
    assert [(line["path"], line["status"], line["request_id"]) for line in requests] == [("/own", 200, "r-own")]
    inside = [line for line in lines if line["event"] == "inside"]
    assert inside[-1]["request_id"] == "r-own"
    assert inside[0]["request_id"] != "r-own"


async def test_the_openapi_document_is_json_of_ours(serve: Serve) -> None:
    client = await serve()
    assert orjson.loads((await client.get("/openapi.json")).content)["info"]["version"] == "1.2.3"
