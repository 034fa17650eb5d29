"""A WhatsApp message, whoever wrote it and whatever shape it arrived in."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What a message is made of."""

    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT = "contact"
    CHOICE = "choice"
    POLL = "poll"
    REACTION = "reaction"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat.

    `jid` is the chat's address exactly as received: a reply goes to this string. `aliases` are other
    addresses of the same person (phone and LID). `text` is what the agent reads: the words, a caption, or a
    bracketed description such as ``[áudio]`` for content without words. `sent_at` is WhatsApp's own time
    (one second resolution), None when the payload has none. `quoted` are the words that the message replies to, as
    the sender's phone claims them: they may be forged.
    """

    instance: str
    jid: str
    id: str
    from_me: bool
    kind: Kind
    text: str
    sent_at: datetime | None
    aliases: tuple[str, ...] = ()
    sender_name: str | None = None
    quoted: str | None = None
