"""One message of a chat, from Evolution's shape to ours, and what becomes of it."""

import hashlib
import re

import orjson

from slim_agent.inbox.addresses import address, aliases, phone_address, place
from slim_agent.inbox.arrivals import Arrival, Contact
from slim_agent.inbox.content import EDIT, REACTION, Content, describe, describe_vote
from slim_agent.inbox.envelope import MAX_ID_CHARS, Envelope, Fields, fields
from slim_agent.inbox.payloads import MAX_TEXT_CHARS
from slim_agent.inbox.scalars import moment, number
from slim_agent.vocabulary.message import Kind, Message

MAX_NAME_CHARS = 100
MAX_QUOTE_CHARS = 1_000

# Besides controls: line and paragraph separators, and the marks that turn the direction of writing.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


def upserted(envelope: Envelope, data: Fields) -> Arrival:
    """Return the arrival of one `messages.upsert`."""
    key = fields(data.get("key"))
    jid = address(key.get("remoteJid"))
    if jid is None:
        return envelope.quarantined("missing_address", data)
    content = _content(data)
    from_me = truth(key.get("fromMe"))
    if content.reason not in ("", EDIT, REACTION):
        # No message: a later delivery of the same id may bring the words, and must not look like a duplicate.
        return envelope.ignored(place(jid) or content.reason, contact=contact(key, jid, from_me=from_me))
    message = Message(
        instance=envelope.instance,
        jid=jid,
        id=identity(key.get("id"), data),
        from_me=from_me,
        kind=content.kind,
        text=content.text,
        sent_at=moment(data.get("messageTimestamp")),
        aliases=() if from_me else aliases(key, jid),
        sender_name=None if from_me else name(data.get("pushName")),
        quoted=_quoted(data, content),
    )
    return _judged(envelope, data, message, content)


def sent(envelope: Envelope, data: Fields) -> Arrival:
    """Return the arrival of a `send.message`: Evolution's confirmation of what was sent through it."""
    key = fields(data.get("key"))
    jid = address(key.get("remoteJid"))
    if jid is None:
        return envelope.quarantined("missing_address", data)
    content = _content(data)
    sent_at = moment(data.get("messageTimestamp"))
    identifier = identity(key.get("id"), data)
    message = Message(envelope.instance, jid, identifier, True, content.kind, content.text, sent_at)
    if reason := place(jid):
        return envelope.ignored(reason, message)
    status = data.get("status")
    word = status if isinstance(status, str) else None
    return envelope.update("sent", data, message=message, about=identifier, status=word)


def received(envelope: Envelope, data: Fields) -> Arrival:
    """Return the arrival of a plain `message.received`: a text and the number it came from."""
    jid, text = phone_address(data.get("from")), data.get("message")
    if jid is None or not isinstance(text, str) or not text.strip():
        return envelope.quarantined("missing_address" if jid is None else "missing_text", data)
    message = Message(
        instance=envelope.instance,
        jid=jid,
        id=identity(data.get("id"), envelope.root),
        from_me=False,
        kind=Kind.TEXT,
        text=text[:MAX_TEXT_CHARS],
        sent_at=moment(data.get("timestamp")) or moment(envelope.root.get("timestamp")),
        sender_name=name(data.get("name")),
    )
    return _judged(envelope, data, message, Content(Kind.TEXT, text))


def contact(key: Fields, jid: str, *, from_me: bool = False, known_as: object = None) -> Contact:
    """Return the other side of a chat, with every address that `key` names for her."""
    return Contact(jid, () if from_me else aliases(key, jid), None if from_me else name(known_as))


def identity(value: object, data: object) -> str:
    """Return a message's id, or a hash of `data` when it has none: the same payload again is the same message."""
    if isinstance(value, str) and 0 < len(value.strip()) <= MAX_ID_CHARS:
        return value.strip()
    return hashlib.sha256(orjson.dumps([value, data])).hexdigest()


def name(value: object) -> str | None:
    """Return a person's display name on one line without control characters, or None."""
    return (_UNPRINTABLE.sub(" ", value).strip()[:MAX_NAME_CHARS] or None) if isinstance(value, str) else None


def truth(value: object) -> bool:
    """Return a flag however it is written: true, 1, "true"."""
    return value.lower() in ("true", "1") if isinstance(value, str) else value is True or number(value) == 1


def _judged(envelope: Envelope, data: Fields, message: Message, content: Content) -> Arrival:
    if elsewhere := place(message.jid):
        return envelope.ignored(elsewhere, message)
    if content.reason:
        return envelope.update(content.reason, data, message=message, about=content.about)
    if message.from_me:
        return envelope.update("own_message", data, message=message)
    return envelope.ignored("stale", message) if envelope.is_stale(message) else envelope.turn(message, data)


def _content(data: Fields) -> Content:
    message = data.get("message")
    votes = data.get("pollUpdates")
    if votes and "pollUpdateMessage" in fields(message):
        return describe_vote(votes)
    return describe(message)


def _quoted(data: Fields, content: Content) -> str | None:
    """Return the words that the message replies to; the sender's own phone claims them, so they prove nothing."""
    quote = fields(data.get("contextInfo")).get("quotedMessage") or content.context.get("quotedMessage")
    if not quote:
        return None
    quoted = describe(quote)
    return None if quoted.reason else quoted.text[:MAX_QUOTE_CHARS]
