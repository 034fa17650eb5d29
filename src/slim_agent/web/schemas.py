"""What goes over the wire, for the answers and for the documentation."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from slim_agent.observability.probes import ServiceHealth


class HealthResponse(BaseModel):
    """The state of the service and of everything it depends on."""

    status: Literal["healthy", "unhealthy"]
    timestamp: datetime
    version: str
    services: dict[str, ServiceHealth]
    uptime: int = Field(description="Seconds since the process started.")


class ProcessResponse(BaseModel):
    """Whether the process works (livez) or can take a message (readyz)."""

    status: Literal["ok", "unavailable"]
    reason: str | None = None


class WebhookResponse(BaseModel):
    """What became of a webhook."""

    status: Literal["success", "error"]
    message: str = Field(description="stored, duplicate, ignored or quarantined and why, or what is wrong.")
    processed_at: datetime


class WebhookPayload(BaseModel):
    """An event of the company's own systems."""

    event: str = Field(examples=["order_completed"])
    timestamp: datetime = Field(description="At most 5 minutes off.")
    data: dict[str, object]
    signature: str = Field(
        description="Hex HMAC-SHA256 over the RFC 8785 canonical JSON of the other three fields; "
        "not needed with a signature header.",
    )


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str | None = None
    request_id: str | None = None
