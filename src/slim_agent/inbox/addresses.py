"""WhatsApp addresses: as received, all addresses of one person, and the key under which they meet."""

import re
from collections.abc import Mapping

MAX_ADDRESS_CHARS = 128
PHONE_SERVER = "s.whatsapp.net"

_ADDRESS = re.compile(r"([^\s@:\x00-\x1f]+)(?::\d+)?(@[\w.-]+)?")
_BRAZILIAN_MOBILE_WITHOUT_NINE = re.compile(r"55[1-9][1-9][6-9]\d{7}")
_ALIAS_FIELDS = ("remoteJidAlt", "senderPn", "senderLid", "previousRemoteJid")
_PERSON_SERVERS = frozenset({PHONE_SERVER, "lid", "c.us", "hosted", "hosted.lid"})
_PLACES = {"g.us": "group", "broadcast": "broadcast", "newsletter": "newsletter", "bot": "bot"}


def address(value: object) -> str | None:
    """Return an address as received but without its device suffix (``:12@``), or None when it is not one."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 64:
        value = str(value)
    if not isinstance(value, str) or len(value) > MAX_ADDRESS_CHARS:
        return None
    parts = _ADDRESS.fullmatch(value.strip())
    return parts[1] + (parts[2] or "") if parts else None


def phone_address(value: object) -> str | None:
    """Return the address of a phone number written in any way (``+55 11 …``); an address is returned as it is."""
    if isinstance(value, str) and "@" in value:
        return address(value)
    local = address("".join(re.findall("[0-9]", value)) if isinstance(value, str) else value)
    return f"{local}@{PHONE_SERVER}" if local else None


def place(jid: str) -> str | None:
    """Return where an address is when it is no person (``group``, ``newsletter``, …), None for a person."""
    if jid == "status@broadcast":
        return "status_broadcast"
    return _PLACES.get(jid.rpartition("@")[2].lower()) if "@" in jid else None


def aliases(key: Mapping[str, object], jid: str) -> tuple[str, ...]:
    """Return the other addresses of the person behind `jid` that a message key names; not for our own messages."""
    if place(jid):
        return ()  # in a group they are the author's
    found = dict.fromkeys(known for field in _ALIAS_FIELDS if (known := address(key.get(field))))
    return tuple(other for other in found if other != jid and other.partition("@")[2] in _PERSON_SERVERS)


def canonical_address(jid: str) -> str:
    """Return the key under which all addresses of one kind of the same person meet.

    A phone becomes its digits, a Brazilian mobile always with the ninth digit; a LID stays ``<digits>@lid``; any
    other address stays itself. A phone and a LID of one person have two keys: only a learnt pair joins them.
    """
    local, _, server = jid.partition("@")
    local, server = local.partition(":")[0], server.lower()
    if server in ("lid", "hosted.lid"):
        return f"{local}@lid"
    if server not in ("", PHONE_SERVER, "c.us", "hosted"):
        return jid
    digits = local.lstrip("+")
    return f"{digits[:4]}9{digits[4:]}" if _BRAZILIAN_MOBILE_WITHOUT_NINE.fullmatch(digits) else digits
