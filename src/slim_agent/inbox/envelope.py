"""What surrounds a payload's data, and the arrivals made from it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from slim_agent.inbox.arrivals import Arrival, Contact, Disposition
from slim_agent.inbox.payloads import keep
from slim_agent.vocabulary.message import Message

STALE_AFTER = timedelta(minutes=15)
"""A message older than this is backlog: it is recorded, not answered."""

MAX_ID_CHARS = 128
"""WhatsApp's ids have up to some 60 characters."""

Fields = dict[str, object]

_KEPT_BESIDE_DATA = ("event", "instance", "sender", "date_time")


def fields(value: object) -> Fields:
    """Return `value` when it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class Envelope:
    """One webhook call: its event, our instance, the whole object, and the moment it is judged at."""

    event: str
    instance: str
    root: Fields
    now: datetime

    def turn(self, message: Message, data: object) -> Arrival:
        """Return the arrival of a message that the agent should answer."""
        return Arrival(Disposition.TURN, "", self.event, self.instance, message, payload=self._payload(data))

    def update(
        self,
        reason: str,
        data: object,
        *,
        message: Message | None = None,
        contact: Contact | None = None,
        about: str | None = None,
        status: str | None = None,
    ) -> Arrival:
        """Return the arrival of news about something known: a status, an edit, a contact, the connection."""
        payload = self._payload(data)
        return Arrival(
            Disposition.UPDATE,
            reason,
            self.event,
            self.instance,
            message,
            contact,
            about and about[:MAX_ID_CHARS],
            status,
            payload,
        )

    def ignored(self, reason: str, message: Message | None = None, contact: Contact | None = None) -> Arrival:
        """Return the arrival of something that is recorded at most."""
        return Arrival(Disposition.IGNORED, reason, self.event, self.instance, message, contact)

    def quarantined(self, reason: str, data: object) -> Arrival:
        """Return the arrival of something authentic that we cannot read; its words are kept for a person."""
        payload = self._payload(data)
        return Arrival(Disposition.QUARANTINED, reason, self.event, self.instance, payload=payload)

    def is_stale(self, message: Message) -> bool:
        """Tell whether a message is too old to be answered; one without a time is not."""
        return message.sent_at is not None and self.now - message.sent_at > STALE_AFTER

    def _payload(self, data: object) -> bytes:
        kept = {name: self.root[name] for name in _KEPT_BESIDE_DATA if name in self.root}
        kept["data"] = data
        return keep(kept)
