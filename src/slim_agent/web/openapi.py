"""The OpenAPI document, with the webhooks that bypass FastAPI for speed."""

from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from slim_agent.web.schemas import WebhookPayload, WebhookResponse

ENVELOPE = {"type": "object", "description": "Evolution's envelope."}
ANSWERS: dict[int | str, dict[str, Any]] = {
    401: {"model": WebhookResponse, "description": "No signature, or a bad or too old one; nothing was stored."},
    413: {"model": WebhookResponse, "description": "The body is over the cap."},
    503: {"model": WebhookResponse, "description": "Nothing can be stored now; try again."},
}
SIGNATURES = (
    "Signed by `X-Webhook-Signature: sha256=<hex HMAC-SHA256 of the body>`, by the Standard Webhooks headers, or by "
    "`Authorization: Bearer <JWT HS256>`."
)


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


ONLY_DESCRIBED = "described here, served by Webhooks"

# Never served: `Webhooks` stands before the framework. These exist to be described.
described = APIRouter(tags=["webhooks"], responses=ANSWERS)


@described.post("/webhook/evolution", description=SIGNATURES, openapi_extra=_body(ENVELOPE))
async def evolution() -> WebhookResponse:
    """Take an event of Evolution API."""
    raise AssertionError(ONLY_DESCRIBED)


@described.post("/webhook/events", description=SIGNATURES, openapi_extra=_body(WebhookPayload.model_json_schema()))
async def events() -> WebhookResponse:
    """Take an event of the company's own systems."""
    raise AssertionError(ONLY_DESCRIBED)


def describe(app: FastAPI) -> None:
    """Make the app's OpenAPI document complete."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            routes = [*app.routes, *described.routes]
            app.openapi_schema = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=routes)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
