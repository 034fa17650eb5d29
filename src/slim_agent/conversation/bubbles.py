"""From the model's Markdown to what WhatsApp shows: a few bubbles in its own markup."""

import re

MAX_BUBBLES = 3
MAX_BUBBLE_CHARS = 8_000
MAX_ANSWER_CHARS = 12_000
"""What is read of an answer; the longest that can be shown is shorter."""

_RULES = tuple(
    (re.compile(pattern, re.MULTILINE), replacement)
    for pattern, replacement in (
        (r"!?\[([^\]\n]*)\]\(\s*<?([^)\s>]+)>?[^)\n]*\)", r"\1: \2"),
        (r"^[ \t]*#{1,6}[ \t]+(.+?)[ \t#]*$", r"**\1**"),
        (r"^([ \t]*)[*+][ \t]+", r"\1- "),
        (r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", r"*\2*"),
        (r"\*{2,}([^*\n]+)\*{2,}", r"*\1*"),
        (r"~~(?=\S)(.+?)(?<=\S)~~", r"~\1~"),
        (r"^[ \t]*(?:-{3,}|\*{3,}|_{3,})[ \t]*$", ""),
        (r"^(https?://\S+): \1$", r"\1"),
    )
)
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


def bubbles(text: str) -> tuple[str, ...]:
    """Return at most `MAX_BUBBLES` texts, split at blank lines, the rest in the last; none for a blank text."""
    plain = storable(text[:MAX_ANSWER_CHARS]).replace("\r\n", "\n").strip()
    for pattern, replacement in _RULES:
        plain = pattern.sub(replacement, plain)
    parts = [part.strip() for part in _BLANK_LINES.split(plain) if part.strip()]
    return whole(parts)


def storable(text: str) -> str:
    """Return a text without what Postgres and JSON cannot hold: NUL and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def whole(parts: list[str]) -> tuple[str, ...]:
    """Return texts as bubbles: the ones too many joined into the last, each cut to `MAX_BUBBLE_CHARS`."""
    kept = parts[: MAX_BUBBLES - 1]
    rest = "\n\n".join(parts[MAX_BUBBLES - 1 :])
    return tuple(_cut(part) for part in [*kept, rest] if part)


def _cut(text: str) -> str:
    if len(text) <= MAX_BUBBLE_CHARS:
        return text
    kept = text[: MAX_BUBBLE_CHARS - 1]
    return (kept.rsplit(maxsplit=1)[0] if " " in kept else kept) + "…"
