"""What Evolution API 2.3.7 puts into webhooks and answers, as plain JSON values."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

JSON: TypeAlias = "Mapping[str, JSON] | Sequence[JSON] | str | int | float | bool | None"
Fields: TypeAlias = dict[str, "JSON"]

INSTANCE = "Slim Quality"
INSTANCE_ID = "5f0c3c1e-7f0a-4b53-9c83-0b7f6a4b1d20"
OWNER = "5511900000001@s.whatsapp.net"
CUSTOMER = "5511988887777@s.whatsapp.net"
# The official image runs in São Paulo and marks its local time with a false Z.
WALL_CLOCK_LAG = timedelta(hours=3)


def customer_message_id() -> str:
    """Return an id as iPhones make them: 20 characters."""
    return "3A" + secrets.token_hex(9).upper()


def own_message_id() -> str:
    """Return an id as linked devices make them: 22 characters."""
    return "3EB0" + secrets.token_hex(9).upper()


def envelope(
    event: str, data: JSON, *, instance: str = INSTANCE, destination: str = "", server_url: str = ""
) -> Fields:
    """Wrap `data` as the body of a webhook request."""
    wall_clock = datetime.now(UTC) - WALL_CLOCK_LAG
    return {
        "event": event,
        "instance": instance,
        "data": data,
        "destination": destination,
        "date_time": wall_clock.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z",
        "sender": OWNER,
        "server_url": server_url,
        "apikey": None,
    }


def upsert(  # noqa: PLR0913 - all but the text have a default that fits
    text: str,
    *,
    jid: str = CUSTOMER,
    id: str | None = None,  # noqa: A002 - the word of the protocol
    from_me: bool = False,
    at: datetime | None = None,
    name: str | None = "Ana Souza",
    alternative: str | None = None,
    instance: str = INSTANCE,
) -> Fields:
    """Return a ``messages.upsert``: a text of a customer, or with `from_me` one typed on the company's own phone.

    `at` is WhatsApp's time (now when None), `alternative` the chat's other address (LID or phone).
    """
    key: Fields = {"remoteJid": jid, "fromMe": from_me, "id": id or customer_message_id(), "participant": ""}
    key["addressingMode"] = "lid" if jid.endswith("@lid") else "pn"
    if alternative:
        key["remoteJidAlt"] = alternative
    data: Fields = {
        "key": key,
        "pushName": "Você" if from_me else name,
        "status": "SERVER_ACK" if from_me else "DELIVERY_ACK",
        "message": {"conversation": text},
        "messageType": "conversation",
        "messageTimestamp": int((at or datetime.now(UTC)).timestamp()),
        "instanceId": INSTANCE_ID,
        "source": "ios",
    }
    return envelope("messages.upsert", data, instance=instance)


def sent(text: str, jid: str, *, id: str | None = None, at: datetime | None = None) -> Fields:  # noqa: A002
    """Return what ``sendText`` answers, and what ``send.message`` carries."""
    return {
        "key": {"remoteJid": jid, "fromMe": True, "id": id or own_message_id()},
        "pushName": "Você",
        "status": "PENDING",
        "message": {"conversation": text},
        "contextInfo": {"mentionedJid": [], "groupMentions": []},
        "messageType": "conversation",
        "messageTimestamp": int((at or datetime.now(UTC)).timestamp()),
        "instanceId": INSTANCE_ID,
        "source": "web",
    }


def send_message(message: Fields, *, instance: str = INSTANCE) -> Fields:
    """Return the ``send.message`` of a sent message."""
    return envelope("send.message", message, instance=instance)


def update(id: str, status: str, *, jid: str = CUSTOMER, from_me: bool = True, instance: str = INSTANCE) -> Fields:  # noqa: A002
    """Return a ``messages.update``: DELIVERY_ACK, READ, PLAYED, SERVER_ACK or ERROR."""
    data: Fields = {"keyId": id, "remoteJid": jid, "fromMe": from_me, "status": status}
    data |= {"instanceId": INSTANCE_ID, "messageId": "c" + secrets.token_hex(12)}
    return envelope("messages.update", data, instance=instance)


def error(status: int, reason: str, message: JSON) -> Fields:
    """Return the body of Evolution's errors."""
    return {"status": status, "error": reason, "response": {"message": message}}


def no_instance(name: str) -> Fields:
    """Return the body of the 404 for an instance nobody made."""
    return error(404, "Not Found", [f'The "{name}" instance does not exist'])


def address(number: str) -> str:
    """Return the chat of a number as Evolution understands it: a JID stays, digits get WhatsApp's domain."""
    return number if "@" in number else "".join(c for c in number if c.isdigit()) + "@s.whatsapp.net"


def stored(message: Fields, statuses: Sequence[str] = ()) -> Fields:
    """Return a sent or received message as ``findMessages`` lists it."""
    names = ("key", "pushName", "messageType", "message", "messageTimestamp", "instanceId", "source")
    row: Fields = {name: message[name] for name in names}
    key = row["key"]
    row["id"] = "c" + str(key["id"] if isinstance(key, Mapping) else "").lower()
    row["contextInfo"] = None
    row["MessageUpdate"] = [{"status": status} for status in statuses]
    return row


def found(rows: Sequence[Fields], page: int = 1, size: int = 50) -> Fields:
    """Return one page of ``findMessages``; `rows` are newest first."""
    records = rows[(page - 1) * size : page * size]
    pages = -(-len(rows) // size)
    return {"messages": {"total": len(rows), "pages": pages, "currentPage": page, "records": records}}
