"""What values must be beyond their type; the first rule that a variable breaks is the one that is told."""

import re
from collections.abc import Iterator, Mapping
from itertools import chain

from slim_agent.settings.address import wrong_addresses
from slim_agent.settings.hints import meant_by
from slim_agent.settings.model import (
    DEVELOPMENT_SECRET,
    LONG_SECRETS,
    MIN_SECRET_CHARS,
    REQUIRED_IN_PRODUCTION,
    SECRET_LISTS,
    parts,
)

HEADER_KEYS = ("CLAUDE_API_KEY", "EVOLUTION_API_KEY", "METRICS_TOKEN", "SUPABASE_ANON_KEY", "SUPABASE_SERVICE_KEY")

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HEADER_VALUE = re.compile(r"[!-~]+")
_UNFILLED = re.compile(r"<[^<>]+>|\$\{\w+\}|\{\{.+\}\}|\[YOUR[-_ ]PASSWORD\]", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"x{3,31}|\.{3,}|…|changeme|replaceme|placeholder|todo|tbd|fixme|none|null|undefined"
    r"|your\w*(?:key|secret|token|password|here)"
)

Problems = Iterator[tuple[str, str]]


def problems_of(
    environ: Mapping[str, str], given: Mapping[str, str], malformed: Mapping[str, str], *, production: bool
) -> dict[str, str]:
    """Return what is wrong with each variable, one sentence without its value.

    `given` holds the variables of `environ` that have a value; `malformed` what their types say about them.
    """
    found = chain(
        _missing(environ, given, production=production),
        _unfilled(given) if production else (),
        _miswritten(given),
        malformed.items(),
        wrong_addresses(given, production=production),
        _weak(given) if production else (),
    )
    problems: dict[str, str] = {}
    for name, sentence in found:
        problems.setdefault(name, sentence)
    return problems


def _missing(environ: Mapping[str, str], given: Mapping[str, str], *, production: bool) -> Problems:
    for name in REQUIRED_IN_PRODUCTION if production else ():
        if name not in given:
            written = next((other for other, meant in meant_by(environ).items() if meant == name), None)
            hint = f"; {written} is set: did you mean {name}?" if written else ""
            yield name, f"required in production, and missing or empty{hint}"
    if "WEBHOOK_SECRET" in environ and not parts("WEBHOOK_SECRET", environ):
        yield "WEBHOOK_SECRET", "empty; an empty secret would let everybody in"


def _miswritten(given: Mapping[str, str]) -> Problems:
    for name, value in given.items():
        if value[0] in "\"'" and value[-1] == value[0]:
            yield name, "stands in quotes, which would be part of it; take them away"
        elif _CONTROL.search(value):
            yield name, "holds a line break or another control character"
        elif name in HEADER_KEYS and not _HEADER_VALUE.fullmatch(value):
            yield name, "holds a space or a character that no key has; copy it again"


def _unfilled(given: Mapping[str, str]) -> Problems:
    for name in {*REQUIRED_IN_PRODUCTION, *HEADER_KEYS, *SECRET_LISTS}.intersection(given):
        if any(_UNFILLED.search(part) or _PLACEHOLDER.fullmatch(_letters(part)) for part in parts(name, given)):
            yield name, "is still a placeholder; put the real value there"


def _weak(given: Mapping[str, str]) -> Problems:
    for name in LONG_SECRETS:
        secrets = parts(name, given)
        if DEVELOPMENT_SECRET in secrets:
            yield name, "is the development secret; make your own (openssl rand -hex 32)"
        if any(len(secret) < MIN_SECRET_CHARS for secret in secrets):
            yield name, f"each secret needs at least {MIN_SECRET_CHARS} characters in production"


def _letters(value: str) -> str:
    return re.sub(r"[-_ ]", "", value).lower()
