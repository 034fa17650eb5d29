"""How stored payloads would have been taken, for trying the intake on one's own captures."""

from datetime import datetime, timedelta
from typing import TypedDict

from slim_agent.inbox.arrivals import Arrival, Disposition
from slim_agent.inbox.envelope import fields
from slim_agent.inbox.normalise import read
from slim_agent.inbox.payloads import parse
from slim_agent.inbox.scalars import moment

CAPTURE_AFTER = timedelta(days=1)
"""A message older than this is a capture, judged as at its capture; a younger one is judged as if it came now."""

WALL_CLOCK_OFFSET = timedelta(hours=14)
"""Evolution writes its local time as if it were UTC; no time zone is further ahead than this."""


class Classification(TypedDict):
    """What one payload turned out to be; the last four are None where it holds no message."""

    disposition: str
    reason: str
    chat: str | None
    text: str | None
    kind: str | None
    from_me: bool | None


def classify(line: bytes, now: datetime) -> Classification:
    """Return how an Evolution envelope is taken; of several messages the first turn, else the first. Never raises."""
    arrivals = read(line, now=now)
    if any(_is_capture(arrival, now) for arrival in arrivals) and (captured_at := _captured_at(line)):
        arrivals = read(line, now=captured_at)
    arrival = next((one for one in arrivals if one.disposition is Disposition.TURN), arrivals[0])
    message, contact = arrival.message, arrival.contact
    return Classification(
        disposition=arrival.disposition.value,
        reason=arrival.reason,
        chat=message.jid if message else contact.jid if contact else None,
        text=message.text if message else None,
        kind=message.kind.value if message else None,
        from_me=message.from_me if message else None,
    )


def _is_capture(arrival: Arrival, now: datetime) -> bool:
    sent_at = arrival.message.sent_at if arrival.message else None
    return arrival.reason == "stale" and sent_at is not None and now - sent_at > CAPTURE_AFTER


def _captured_at(line: bytes) -> datetime | None:
    """Return the earliest moment at which the payload can have been written."""
    root = fields(parse(line))
    if wall_clock := moment(root.get("date_time")):
        return wall_clock - WALL_CLOCK_OFFSET
    return moment(root.get("timestamp"))
