"""What a payload turns out to be: every one gets exactly one disposition."""

from dataclasses import dataclass
from enum import StrEnum

from slim_agent.vocabulary.message import Message


class Disposition(StrEnum):
    """What becomes of a payload."""

    TURN = "turn"
    UPDATE = "update"
    IGNORED = "ignored"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Contact:
    """The other side of a chat, where a payload speaks of one without holding a message.

    `jid` is the address as received, `aliases` other addresses of the same person, `name` what she calls herself.
    """

    jid: str
    aliases: tuple[str, ...] = ()
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """One payload (or one message of a payload that holds several), understood.

    `reason` says why, in one snake_case word, for every disposition but ``turn``, where it is empty. `message` is
    there when the payload carries a WhatsApp message, also one that is only recorded (a group's, our own); an edit's
    message has the new words and an id of its own. `contact` is there when a payload without a message names the
    chat it speaks of. `about` is the id of the earlier message that an update speaks of, `status` its new delivery
    status, or the connection's state (WhatsApp's word). `identity` makes a replay of what is no message a duplicate.
    `payload` is JSON without `apikey`, media and session keys; None where nothing of it may be or need be kept. For a
    quarantined payload that is no JSON it is the raw body without `apikey`, whatever it was.
    """

    disposition: Disposition
    reason: str
    event: str
    instance: str
    message: Message | None = None
    contact: Contact | None = None
    about: str | None = None
    status: str | None = None
    payload: bytes | None = None
    identity: str | None = None
