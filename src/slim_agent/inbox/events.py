"""Every event that Evolution can send, and what becomes of it."""

from collections.abc import Callable

from slim_agent.inbox.addresses import address, place
from slim_agent.inbox.arrivals import Arrival
from slim_agent.inbox.content import EDIT, Content, describe, describe_protocol
from slim_agent.inbox.envelope import Envelope, Fields, fields
from slim_agent.inbox.messages import contact, identity, received, sent, truth, upserted
from slim_agent.vocabulary.message import Message

MAX_STATUS_CHARS = 32

Reader = Callable[[Envelope, Fields], Arrival]


def _edited(envelope: Envelope, data: Fields) -> Arrival:
    # These are raw protocol messages of any kind: only an edit may be kept, others can hold session keys.
    content = describe_protocol(data)
    if content.reason != EDIT:
        return envelope.ignored(content.reason)
    return _edit(envelope, data, fields(data.get("key")), content, content.about)


def _updated(envelope: Envelope, data: Fields) -> Arrival:
    key = fields(data.get("key")) or data
    about = data.get("keyId") or key.get("id")
    message = fields(data.get("message"))
    edited = describe(message)
    if edited.reason == EDIT or ("editedMessage" in message and not edited.reason):
        # Evolution gives an edit a made-up status, so the words decide and the status is not passed on.
        return _edit(envelope, data, key, edited, about)
    if data.get("pollUpdates"):
        return _about(envelope, data, key, "poll_vote", about)
    status = data.get("status")
    if not isinstance(status, str):
        return envelope.quarantined("missing_status", data)
    return _about(envelope, data, key, "delivery_status", about, status[:MAX_STATUS_CHARS])


def _deleted(envelope: Envelope, data: Fields) -> Arrival:
    key = fields(data.get("key")) or data
    return _about(envelope, data, key, "deleted", key.get("id"))


def _connection(envelope: Envelope, data: Fields) -> Arrival:
    state = data.get("state") or data.get("status") or "close"
    return envelope.update("connection", data, status="close" if state == "closed" else str(state)[:MAX_STATUS_CHARS])


def _contact(envelope: Envelope, data: Fields) -> Arrival:
    jid = address(data.get("remoteJid") or data.get("id"))
    if jid is None:
        return envelope.quarantined("missing_address", data)
    if elsewhere := place(jid):
        return envelope.ignored(elsewhere)
    known_as = data.get("pushName") or data.get("name") or data.get("notify")
    return envelope.update("contact", data, contact=contact(data, jid, known_as=known_as))


def _edit(envelope: Envelope, data: Fields, key: Fields, content: Content, about: object) -> Arrival:
    jid = address(key.get("remoteJid"))
    if jid is None or not isinstance(about, str):
        return envelope.quarantined("missing_address" if jid is None else "missing_id", data)
    if elsewhere := place(jid):
        return envelope.ignored(elsewhere)
    # An edit has no id of its own here: its hash makes a redelivery the same edit, and a second edit another one.
    from_me, words = truth(key.get("fromMe")), content.text
    message = Message(envelope.instance, jid, identity(None, data), from_me, content.kind, words, None)
    return envelope.update(EDIT, data, message=message, about=str(about))


def _about(
    envelope: Envelope, data: Fields, key: Fields, reason: str, about: object, status: str | None = None
) -> Arrival:
    if not isinstance(about, str) or not about:
        return envelope.quarantined("missing_id", data)
    jid = address(key.get("remoteJid"))
    if jid and (elsewhere := place(jid)):
        return envelope.ignored(elsewhere)
    chat = contact(key, jid, from_me=truth(key.get("fromMe"))) if jid else None
    return envelope.update(reason, data, contact=chat, about=about, status=status)


EVENTS: dict[str, Reader | str] = {
    "messages.upsert": upserted,
    "message.received": received,
    "send.message": sent,
    "messages.update": _updated,
    "messages.edited": _edited,
    "send.message.update": _edited,
    "messages.delete": _deleted,
    "contacts.upsert": _contact,
    "contacts.update": _contact,
    "connection.update": _connection,
    "status.instance": _connection,
    "logout.instance": _connection,
    "remove.instance": _connection,
    "messages.set": "history_sync",
    "contacts.set": "history_sync",
    "chats.set": "history_sync",
    "chats.upsert": "chat_list",
    "chats.update": "chat_list",
    "chats.delete": "chat_list",
    "groups.upsert": "group",
    "groups.update": "group",
    "group.update": "group",
    "group-participants.update": "group",
    "presence.update": "presence",
    "qrcode.updated": "pairing_code",
    "labels.edit": "label",
    "labels.association": "label",
    "call": "call",
    "typebot.start": "built_in_bot",
    "typebot.change-status": "built_in_bot",
    "instance.create": "instance_created",
    "instance.delete": "instance_deleted",
    "application.startup": "evolution_started",
    "error": "evolution_error",
}
"""How an event is read, or the reason why it is ignored."""


def _squashed(event: str) -> str:
    return event.strip().lower().replace("-", "_").replace(".", "_")


_WIRE_NAMES = {_squashed(event): event for event in EVENTS}


def wire_name(event: str) -> str:
    """Return the name in the table for any spelling (``MESSAGES_UPSERT``, ``messages-upsert``); else as it came."""
    return event if event in EVENTS else _WIRE_NAMES.get(_squashed(event), event)
