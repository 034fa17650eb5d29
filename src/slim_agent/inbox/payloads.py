"""Bytes in and bytes kept: lenient JSON, without keys, media and anything a database cannot store."""

import json
import math
import re

import orjson

MAX_TEXT_CHARS = 20_000
MAX_EXACT_INTEGER_CHARS = 19
"""Longer integers stay text: they fit no 64-bit column."""

REMOVED = b"[removed]"

_DROPPED = frozenset(
    {
        *("apikey", "api_key", "api-key"),
        *("base64", "jpegthumbnail", "pngthumbnail", "thumbnail", "waveform", "scanssidecar", "streamingsidecar"),
        *("messagecontextinfo", "messagesecret", "appstatesynckeyshare"),
        *("senderkeydistributionmessage", "fastratchetkeysenderkeydistributionmessage"),
    },
)
_KEY_NAME = re.compile(r"api[^a-z0-9]{0,3}key", re.IGNORECASE)


def _spelt(letter: str) -> str:
    codes = f"{ord(letter):x}|{ord(letter.upper()):x}"
    return rf"(?:{letter}|\\{{1,8}}+u00(?:{codes})|%(?:{codes}))\x00*+"


_QUOTE = r"""(?:\\{0,8}+["']|\\{1,8}+u002[27]|%5c|%2[27]|&quot;)"""
_SECRET = re.compile(
    (
        "".join(map(_spelt, "api"))
        + r"(?:[_ -]|%5f|\\{1,8}+u005f)?+\x00*+"
        + "".join(map(_spelt, "key"))
        + rf"[^\s:=,{{}}]{{0,12}}?(?:{_QUOTE}|[\s\x00])*+(?:[:=]|%3[ad]|\\{{1,8}}+u003[ad])(?:[\s\x00]|%20)*+"
        r"""(?:"(?:[^"\\]|\\.)*+"?+|'[^']*+'?+|\\{1,8}+["'][^"']*+["']?+"""
        r"""|%22(?:(?!%22).)*+(?:%22)?+|[{\[][^}\]]*+[}\]]?+|[^,}\]&\s"']++)?+"""
    ).encode(),
    re.IGNORECASE | re.DOTALL,
)


def parse(body: bytes) -> object:
    """Return the JSON value in `body`, without NUL characters and lone surrogates, which Postgres cannot store.

    What strict JSON refuses is read leniently: bad UTF-8, UTF-16, raw control characters, NaN, endless integers.

    Raises:
        ValueError: the bytes hold no JSON at all.
        RecursionError: they nest deeper than anybody's message.
    """
    try:
        value: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        text = body.decode(json.detect_encoding(body), "replace")
        lenient = json.JSONDecoder(strict=False, parse_int=_integer, parse_float=_finite, parse_constant=lambda _: None)
        return _storable(lenient.decode(text))
    return _storable(value) if b"\\u0000" in body else value


def keep(value: object) -> bytes:
    """Return `value` as the JSON that may be stored: no `apikey`, media bytes or session keys, texts capped."""
    kept = orjson.dumps(_pruned(value))
    if b"api" not in kept.lower():
        return kept
    # Something may still spell a key: inside a text that is JSON itself, or in a name nobody has seen.
    return orjson.dumps(_without_secrets(_pruned(value)))


def keep_raw(body: bytes) -> bytes:
    """Return unreadable bytes with the value of every `apikey` removed, however its name is escaped."""
    return _SECRET.sub(REMOVED, body)


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_EXACT_INTEGER_CHARS else digits


def _finite(digits: str) -> float | None:
    figure = float(digits)
    return figure if math.isfinite(figure) else None


def _storable(value: object) -> object:
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_storable(name): _storable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_storable(inner) for inner in value]
    return value


def _pruned(value: object) -> object:
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT_CHARS else value[:MAX_TEXT_CHARS]
    if isinstance(value, dict):
        return {name: _pruned(inner) for name, inner in value.items() if name.lower() not in _DROPPED}
    if isinstance(value, list):
        return [_pruned(inner) for inner in value]
    return value


def _without_secrets(value: object) -> object:
    if isinstance(value, str):
        return keep_raw(value.encode()).decode("utf-8", "replace")
    if isinstance(value, dict):
        return {name: _without_secrets(inner) for name, inner in value.items() if not _KEY_NAME.search(name)}
    if isinstance(value, list):
        return [_without_secrets(inner) for inner in value]
    return value
