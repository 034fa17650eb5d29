"""The way in: bytes to arrivals, whatever the bytes are."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from slim_agent.inbox.arrivals import Arrival, Disposition
from slim_agent.inbox.envelope import Envelope, fields
from slim_agent.inbox.events import EVENTS, wire_name
from slim_agent.inbox.payloads import keep, keep_raw, parse

MAX_EVENT_CHARS = 100
MAX_INSTANCE_CHARS = 255


def read(body: bytes, *, now: datetime, own_instances: Sequence[str] = (), event: str | None = None) -> list[Arrival]:
    """Return what an authentic Evolution payload holds: one arrival, or one for each of its messages.

    Never raises: what cannot be read is quarantined. With `own_instances`, payloads of others are ignored, and a
    payload that names none counts for the first. `event` is the name in the path, for bodies without one.
    """
    try:
        root = parse(body)
    except (ValueError, RecursionError):
        return [_unreadable(body, "unreadable")]
    try:
        return _arrivals(root, now, own_instances, event)
    except Exception:  # noqa: BLE001 - a shape nobody thought of must not lose a customer's words
        return [_unreadable(body, "unexpected_shape")]


def read_event(body: bytes) -> Arrival:
    """Return the arrival of an event from the company's own systems (`WebhookPayload`). Never raises."""
    try:
        root = fields(parse(body))
        event = root.get("event")
        if not isinstance(event, str) or not event.strip():
            return _unreadable(body, "missing_event")
        kept = keep({name: value for name, value in root.items() if name != "signature"})
    except (ValueError, TypeError, RecursionError):
        return _unreadable(body, "unreadable")
    identity = sha256(kept).hexdigest()
    return Arrival(
        Disposition.UPDATE, "business_event", event.strip()[:MAX_EVENT_CHARS], "", payload=kept, identity=identity
    )


def _arrivals(root: object, now: datetime, own_instances: Sequence[str], path_event: str | None) -> list[Arrival]:
    whole = fields(root)
    named = whole.get("event") or path_event
    event = wire_name(named)[:MAX_EVENT_CHARS] if isinstance(named, str) else ""
    given = whole.get("instance")
    default = own_instances[0] if own_instances else ""
    instance = given[:MAX_INSTANCE_CHARS] if isinstance(given, str) and given else default
    envelope = Envelope(event, instance, whole, now)
    if own_instances and instance not in own_instances:
        return [envelope.ignored("unknown_instance")]
    reader = EVENTS.get(event)
    if reader is None:
        return [envelope.quarantined("unknown_event" if event else "missing_event", root)]
    if isinstance(reader, str):
        return [envelope.ignored(reader)]
    data = whole.get("data")
    items = data if isinstance(data, list) else [{} if data is None else data]
    if not items:
        return [envelope.ignored("empty_content")]
    return [
        reader(envelope, item) if isinstance(item, dict) else envelope.quarantined("unexpected_shape", item)
        for item in items
    ]


def _unreadable(body: bytes, reason: str) -> Arrival:
    return Arrival(Disposition.QUARANTINED, reason, "", "", payload=keep_raw(body))
