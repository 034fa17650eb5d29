"""One name for one request, taken over from the caller when it is sane."""

import re
import secrets
from collections.abc import Iterable

HEADER = b"x-request-id"
MAX_REQUEST_ID_CHARS = 128
_SANE = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:/+=-]{0,%d}" % (MAX_REQUEST_ID_CHARS - 1))


def request_id_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the request id sent in (lower-case, raw) `headers`, or a new one."""
    for name, value in headers:
        if name == HEADER and _SANE.fullmatch(value):
            return value.decode("ascii")
    return f"r{secrets.token_hex(8)}"
