"""Nothing secret and nobody's number leaves through a log line or an error text."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from urllib.parse import quote, unquote, urlsplit

REDACTED = "[redacted]"
MIN_SECRET_CHARS = 6
MAX_TEXT_CHARS = 16_384
MAX_ITEMS = 64
MAX_DEPTH = 6
NUMBER_OF_A_PERSON = 10**9  # smaller integers are counts, sizes and row ids
MARGIN_CHARS = 2_048  # longest secret that a cut may fall into

_CREDENTIAL = (
    r"(?:(?:api|secret|private|service|anon|access|signing)[_-]?key|token|passw(?:or)?d|passphrase|pwd|senha"
    r"|secret|authorization|cookie|credentials?|signature|jwt)"
)
_SECRET_FIELD = re.compile(rf"(?:^|[^a-z]){_CREDENTIAL}(?:s|_?(?:hash|value|header|digest))?$")
_WORDS_FIELDS = frozenset(
    {"text", "texts", "caption", "body", "payload", "content", "prompt", "quoted"}
    | {"push_name", "sender_name", "customer_name"}
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_WHATSAPP = r"(?:s\.whatsapp\.net|c\.us|g\.us|lid|newsletter|broadcast)(?!\.?\w)"
_GAP = r"[\s.\u2010-\u2015-]"  # WhatsApp writes numbers with unbreakable spaces and hyphens

Replacement = str | Callable[[re.Match[str]], str]


def _last_four(match: re.Match[str]) -> str:
    return "***" + "".join(character for character in match[0] if character.isdigit())[-4:]


def _jid(match: re.Match[str]) -> str:
    return f"***{match[1].partition(':')[0][-4:]}@{match[2]}"


# Cheap enough to ask of every string; only what passes is looked at closely.
_WORTH_A_LOOK = re.compile(rf"[@:=]|\d(?:[\d()]|{_GAP}){{7}}|eyJ|sk-|whsec_|(?i:bearer)|['\"],")

_PATTERNS: tuple[tuple[re.Pattern[str], Replacement], ...] = (
    (re.compile(r"\b(?:sk-|whsec_)[\w+/=-]{8,}"), REDACTED),
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)*"), REDACTED),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/-]{8,}=*"), rf"\1 {REDACTED}"),
    (re.compile(r"://([^\s:/@]{0,256}):\S{1,512}@"), rf"://\1:{REDACTED}@"),
    (
        re.compile(
            rf"(?i)({_CREDENTIAL}(?:[\\\"']{{0,3}}\s*[:=]\s*|[\"']\s*,\s*b?(?=[\"'])))"
            r"(?!\[redacted\])(?:(?:bearer|basic)\s+)?(\"[^\"]*\"|'[^']*'|[\\\"']{0,3}[^\s\"'\\,;&})\]]+)"
        ),
        rf"\1{REDACTED}",
    ),
    (re.compile(rf"(?<!\d)(\d[\d:-]{{4,40}})@({_WHATSAPP})"), _jid),
    (re.compile(rf"(?<![\w.+-])[\w.+-]+@(?!{_WHATSAPP})[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
    (re.compile(r"(?<!\d)(?:\d{3}\.\d{3}\.\d{3}-\d{2}|\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2})(?!\d)"), "[cpf]"),
    (re.compile(r"(?<!\d)(?:\d{4}[ -]){3}\d{4}(?!\d)"), _last_four),
    (re.compile(rf"(?<!\w)\+\d(?:[\d()]|{_GAP}){{7,17}}\d"), _last_four),
    (re.compile(r"(?<!\d)55\d{10,11}(?!\d)"), _last_four),
    (
        re.compile(
            rf"(?<![0-9A-Za-z])(?:\+?55{_GAP}?)?(?:\(\d{{2}}\)|\d{{2}}){_GAP}{{0,2}}"
            rf"(?:9{_GAP}?)?\d{{4}}{_GAP}?\d{{4}}(?![0-9A-Za-z])"
        ),
        _last_four,
    ),
    (re.compile(rf"(?<!\d)9{_GAP}?\d{{4}}[\u2010-\u2015-]\d{{4}}(?!\d)"), _last_four),
    (re.compile(r"(?<!\d\.)(?<![0-9A-Za-z])\d{10,19}(?![0-9A-Za-z])"), _last_four),
)


class Redactor:
    """Takes secrets and personal numbers out of text and of log fields.

    `secrets` are values that must never be seen; of an address with a password, the password counts by itself too.
    Values shorter than `MIN_SECRET_CHARS` are ignored: they would blank out ordinary words. Phone numbers and
    WhatsApp addresses keep their last four digits.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {spelling for secret in secrets for spelling in _spellings(secret)}
        longest_first = sorted(known, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if known else None

    def text(self, text: str) -> str:
        """Return `text` without secrets and personal numbers, at most about `MAX_TEXT_CHARS` characters of it."""
        surplus = len(text) - MAX_TEXT_CHARS
        if surplus > 0:
            # Cut first, for time; then drop the edge, where half a secret may stand that no pattern knows.
            kept = self._clean(text[: MAX_TEXT_CHARS + MARGIN_CHARS])[:-MARGIN_CHARS]
            return f"{kept}… ({surplus} more characters)"
        return self._clean(text)

    def fields(self, fields: Mapping[str, object]) -> dict[str, object]:
        """Return log fields as plain JSON values: by name, by pattern and by known value, at every depth."""
        return {str(name): self._field(str(name), value, 0) for name, value in fields.items()}

    def _clean(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(REDACTED, text)
        if _WORTH_A_LOOK.search(text):
            for pattern, replacement in _PATTERNS:
                text = pattern.sub(replacement, text)
        return text

    def _field(self, name: str, value: object, depth: int) -> object:
        counts = isinstance(value, bool) or (isinstance(value, int | float) and _may_count(name))
        if value and not counts and _is_private(name):
            return REDACTED
        return self._value(value, depth)

    def _value(self, value: object, depth: int) -> object:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, int | float):
            return value if abs(value) < NUMBER_OF_A_PERSON else self.text(f"{value:.0f}")
        if isinstance(value, Mapping) and depth < MAX_DEPTH:
            items = islice(value.items(), MAX_ITEMS)
            return {self.text(str(name)): self._field(str(name), item, depth + 1) for name, item in items}
        if isinstance(value, list | tuple | set | frozenset) and depth < MAX_DEPTH:
            return [self._value(item, depth + 1) for item in islice(value, MAX_ITEMS)]
        if isinstance(value, bytes | bytearray):
            return self.text(value.decode("utf-8", "replace"))
        return None if value is None else self._unknown(value)

    def _unknown(self, value: object) -> str:
        try:
            return self.text(str(value))
        except Exception:  # noqa: BLE001 - a log line must not fail because what it speaks of cannot be printed
            return f"<{type(value).__name__}>"


@lru_cache(maxsize=1024)
def _is_private(name: str) -> bool:
    snake = _CAMEL.sub("_", name).lower().replace("-", "_")
    return snake in _WORDS_FIELDS or _SECRET_FIELD.search(snake) is not None


def _may_count(name: str) -> bool:
    return name.lower().endswith("tokens") or name.lower() in _WORDS_FIELDS


def _spellings(secret: str) -> Iterator[str]:
    parts = [secret, secret.removeprefix("whsec_")]
    if "://" in secret:
        try:
            password = urlsplit(secret).password or ""
        except ValueError:
            password = ""
        parts += [password, unquote(password)]
    for part in parts:
        if len(part) >= MIN_SECRET_CHARS:
            yield from (part, quote(part, safe=""), quote(part), repr(part)[1:-1])
