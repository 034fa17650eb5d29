"""Numbers and moments in every encoding that senders use."""

from datetime import UTC, datetime

MILLISECONDS_FROM = 1e11
"""Epoch figures from here on are milliseconds: as seconds they would lie in the year 5138."""
MAX_FIGURE = 2.0**64
MAX_FIGURE_CHARS = 32


def number(value: object) -> float | None:
    """Return the finite number in an int, float, numeric string or ``{low, high, unsigned}``, else None."""
    if isinstance(value, dict):
        low, high = value.get("low"), value.get("high")
        value = high * 2**32 + (low & 0xFFFFFFFF) if isinstance(low, int) and isinstance(high, int) else None
    elif isinstance(value, str) and len(value) <= MAX_FIGURE_CHARS and value.isascii():
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < MAX_FIGURE else None


def moment(value: object) -> datetime | None:
    """Return the aware UTC moment in an epoch figure (seconds or milliseconds) or an ISO 8601 text, else None.

    A text without an offset is taken as UTC. Zero and negative figures mean "not set".
    """
    figure = number(value)
    try:
        if figure is not None:
            seconds = figure / 1000 if figure >= MILLISECONDS_FROM else figure
            return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
        if isinstance(value, str) and len(value) <= MAX_FIGURE_CHARS + 8:
            parsed = datetime.fromisoformat(value.strip())
            return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None
