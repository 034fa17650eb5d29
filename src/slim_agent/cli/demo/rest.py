"""Evolution's REST calls, as far as slim-agent uses them, carried out on the simulated phones."""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from slim_agent.cli.demo import payloads
from slim_agent.cli.demo.payloads import JSON, Fields, error
from slim_agent.cli.demo.phones import Phones, as_message

Act = Callable[[Phones, Fields], Awaitable[tuple[int, JSON]]]


class Refused(Exception):
    """A request that Evolution answers with its error body."""

    def __init__(self, status: int, reason: str, message: JSON) -> None:
        self.status = status
        self.body = error(status, reason, message)
        super().__init__(reason)


def _required(body: Fields, name: str) -> JSON:
    if name not in body:
        raise Refused(400, "Bad Request", [[f'instance requires property "{name}"']])
    return body[name]


def _text(body: Fields, name: str) -> str:
    value = _required(body, name)
    if not isinstance(value, str) or not value:
        raise Refused(400, "Bad Request", [["Invalid format"]])
    return value


def _number(body: Fields, name: str, fallback: int) -> int:
    value = body.get(name, fallback)
    return int(value) if isinstance(value, int | float) and value >= 0 else fallback


def _group(body: Mapping[str, JSON], name: str) -> Mapping[str, JSON]:
    value = body.get(name)
    return value if isinstance(value, Mapping) else {}


async def send_text(phones: Phones, body: Fields) -> tuple[int, JSON]:
    """Send a text to a customer."""
    number, text = _text(body, "number"), _text(body, "text")
    return 201, await phones.send(number, text, _number(body, "delay", 0) / 1000)


async def send_presence(phones: Phones, body: Fields) -> tuple[int, JSON]:
    """Show that the company is typing, for ``delay`` milliseconds."""
    number, presence = _text(body, "number"), _text(body, "presence")
    _required(body, "delay")
    await phones.compose(number, presence, _number(body, "delay", 0) / 1000)
    return 201, {"presence": presence}


async def mark_read(phones: Phones, body: Fields) -> tuple[int, JSON]:
    """Mark customers' messages as read; like Evolution, skips LID chats and says success."""
    keys = _required(body, "readMessages")
    for key in keys if isinstance(keys, list) else []:
        if isinstance(key, Mapping) and not str(key.get("remoteJid")).endswith("@lid"):
            phones.mark_read(str(key.get("id")))
    return 201, {"message": "Read messages", "read": "success"}


async def find_messages(phones: Phones, body: Fields) -> tuple[int, JSON]:
    """Look messages up by id, chat, side and time."""
    where = _group(body, "where")
    key, span = _group(where, "key"), _group(where, "messageTimestamp")
    rows = []
    for bubble in reversed(phones.chats.messages()):
        facts = {"id": bubble.id, "remoteJid": bubble.jid, "fromMe": bubble.from_me}
        if all(facts.get(name) == wanted for name, wanted in key.items()) and _within(bubble.at, span):
            statuses = [bubble.status] if bubble.from_me else []
            rows.append(payloads.stored(as_message(bubble, _name(phones, bubble.jid)), statuses))
    return 200, payloads.found(rows, max(1, _number(body, "page", 1)), max(1, _number(body, "offset", 50)))


def _within(at: int, span: Mapping[str, JSON]) -> bool:
    # Evolution ignores a time filter that lacks either end.
    if not {"gte", "lte"} <= span.keys():
        return True
    first, last = (datetime.fromisoformat(str(span[end])) for end in ("gte", "lte"))
    return first <= datetime.fromtimestamp(at, UTC) <= last


def _name(phones: Phones, jid: str) -> str | None:
    customer = phones.chats.customer(jid)
    return customer.name if customer else None


async def find_chats(phones: Phones, _: Fields) -> tuple[int, JSON]:
    """List the chats with their newest message."""
    newest = {bubble.jid: bubble for bubble in phones.chats.messages()}
    rows: list[JSON] = []
    for jid, bubble in newest.items():
        message = payloads.stored(as_message(bubble, _name(phones, jid)))
        updated = datetime.fromtimestamp(bubble.at, UTC).isoformat()
        rows.append({"remoteJid": jid, "pushName": _name(phones, jid), "updatedAt": updated, "lastMessage": message})
    return 200, rows


async def whatsapp_numbers(_: Phones, body: Fields) -> tuple[int, JSON]:
    """Say which numbers are on WhatsApp: here all are."""
    numbers = _required(body, "numbers")
    known = [str(number) for number in numbers] if isinstance(numbers, list) else []
    return 200, [{"jid": payloads.address(number), "exists": True, "number": number} for number in known]


async def connection_state(phones: Phones, _: Fields) -> tuple[int, JSON]:
    """Say that WhatsApp is connected."""
    return 200, {"instance": {"instanceName": phones.instance, "state": "open"}}


async def set_webhook(phones: Phones, body: Fields) -> tuple[int, JSON]:
    """Take the address, the headers and the events of our webhook."""
    wanted = _required(body, "webhook")
    if not isinstance(wanted, Mapping) or not isinstance(wanted.get("url"), str):
        raise Refused(400, "Bad Request", [['instance requires property "url"']])
    if not isinstance(wanted.get("events"), list):
        raise Refused(500, "Internal Server Error", "Cannot read properties of undefined (reading 'length')")
    now = datetime.now(UTC).isoformat()
    row = {"id": "cstandin", "url": wanted["url"], "headers": wanted.get("headers") or {}, "events": wanted["events"]}
    row |= {"enabled": bool(wanted.get("enabled", True)), "instanceId": payloads.INSTANCE_ID, "updatedAt": now}
    row |= {"webhookByEvents": bool(wanted.get("byEvents")), "webhookBase64": bool(wanted.get("base64"))}
    phones.chats.set_webhook(phones.instance, json.dumps(row))
    return 201, row


async def find_webhook(phones: Phones, _: Fields) -> tuple[int, JSON]:
    """Return the webhook as it is set, or null."""
    return 200, json.loads(phones.chats.webhook(phones.instance) or "null")


ROUTES: dict[str, tuple[str, Act]] = {
    "/message/sendText": ("POST", send_text),
    "/chat/sendPresence": ("POST", send_presence),
    "/chat/markMessageAsRead": ("POST", mark_read),
    "/chat/findMessages": ("POST", find_messages),
    "/chat/findChats": ("POST", find_chats),
    "/chat/whatsappNumbers": ("POST", whatsapp_numbers),
    "/instance/connectionState": ("GET", connection_state),
    "/webhook/set": ("POST", set_webhook),
    "/webhook/find": ("GET", find_webhook),
}
