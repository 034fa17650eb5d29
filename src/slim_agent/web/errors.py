"""Errors as problem documents (RFC 9457): what went wrong and the request's id, never how the inside looks."""

from collections.abc import Mapping
from http import HTTPStatus

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from slim_agent.observability.logs import REQUEST_ID

MEDIA_TYPE = "application/problem+json"


def problem(
    status: int, detail: str | None = None, *, headers: Mapping[str, str] | None = None, **members: object
) -> Response:
    """Return a problem document; `detail` and `members` are shown to the caller."""
    title = HTTPStatus(status).phrase
    document = {"type": "about:blank", "title": title, "status": status}
    if detail and detail != title:
        document["detail"] = detail
    return Response(orjson.dumps(document | members), status, dict(headers or {}), MEDIA_TYPE)


def answer_with_problems(app: FastAPI) -> None:
    """Make every refusal of the framework a problem document."""
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _broken)


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    return problem(error.status_code, error.detail, headers=error.headers)


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    problems = [{"where": [str(part) for part in each["loc"]], "problem": each["msg"]} for each in error.errors()]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The request is not valid.", problems=problems)


async def _broken(_request: Request, _error: Exception) -> Response:
    # The framework raises it again afterwards, and the edge logs it.
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, request_id=REQUEST_ID.get())
