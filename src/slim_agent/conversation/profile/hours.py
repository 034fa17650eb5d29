"""When people work: weekly opening hours, and how to tell a customer about them."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, model_validator

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DIAS = ("segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo")
MONTHS = "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro".split()
LOOK_AHEAD_DAYS = 8
MINUTES_A_DAY = 1440
CLOSED = (None, False, "", "closed", "fechado")
SPAN = re.compile(r"(\d{1,2})(?:[:h](\d{2}))?h?\s*(?:-|–|às|to)\s*(\d{1,2})(?:[:h](\d{2}))?h?")
ALLOWED = 'must map days to times, such as monday-friday: "09:00-18:00" or saturday: ["09:00-12:00", "13:00-17:00"]'

Span = tuple[int, int]


class Hours(BaseModel):
    """Weekly opening hours in the company's own time; `spans` are (weekday, opens, closes) with minutes of the day.

    A span that closes at or before it opens ends on the next day. Without spans nobody is ever known to be there.
    """

    model_config = ConfigDict(frozen=True)
    spans: tuple[tuple[int, int, int], ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: object) -> object:
        if not isinstance(value, dict):
            raise ValueError(ALLOWED)  # noqa: TRY004 - Pydantic collects value errors only
        if set(value) == {"spans"}:
            return value
        return {"spans": sorted((day, *span) for days, times in value.items() for day, span in _week(days, times))}

    def spans_between(self, first: date, last: date, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
        """Yield (opens, closes) in UTC, in order, for spans that begin on these days."""
        day = first
        while day <= last:
            for weekday, opens, closes in self.spans:
                if weekday == day.weekday():
                    yield _utc(day, opens, zone), _utc(day, closes, zone)
            day += timedelta(days=1)

    def open_at(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Whether somebody is there at an aware moment."""
        today = moment.astimezone(zone).date()
        at = moment.astimezone(UTC)
        spans = self.spans_between(today - timedelta(days=1), today, zone)
        return any(opens <= at < closes for opens, closes in spans)

    def next_opening(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """Return the next moment somebody comes, in local time; None when there are no hours."""
        today = moment.astimezone(zone).date()
        at = moment.astimezone(UTC)
        spans = self.spans_between(today, today + timedelta(days=LOOK_AHEAD_DAYS), zone)
        return next((opens.astimezone(zone) for opens, _ in spans if opens > at), None)


def _utc(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    # Wall time is added before the conversion, so that 9:00 stays 9:00 when the clocks change.
    return (datetime.combine(day, time.min, zone) + timedelta(minutes=minutes)).astimezone(UTC)


def in_words(moment: datetime) -> str:
    """Return a local moment as ``domingo, 22 de novembro de 2026, 13:15``."""
    day = f"{DIAS[moment.weekday()]}, {moment.day} de {MONTHS[moment.month - 1]} de {moment.year}"
    return f"{day}, {moment:%H:%M}"


def opening_in_words(opening: datetime, now: datetime) -> str:
    """Return when somebody comes, as seen from `now`: ``amanhã às 9h``, ``na segunda-feira (23/11) às 9h30``."""
    minutes = f"{opening.minute:02d}" if opening.minute else ""
    hour = f"às {opening.hour}h{minutes}"
    ahead = (opening.date() - now.astimezone(opening.tzinfo).date()).days
    if ahead <= 1:
        return f"{'amanhã' if ahead else 'hoje'} {hour}"
    preposition = "no" if opening.weekday() >= DAYS.index("saturday") else "na"
    return f"{preposition} {DIAS[opening.weekday()]} ({opening:%d/%m}) {hour}"


def _week(days: object, times: object) -> Iterator[tuple[int, Span]]:
    ends = [_weekday(name) for name in re.split(r"\s*[-–]\s*(?!feira)", str(days).lower().replace("-feira", ""))]
    if len(ends) > 2 or None in ends:  # noqa: PLR2004 - a range has two ends
        raise ValueError(f"{days!r} is not a day or a range of days; {ALLOWED}")
    first, last = ends[0] or 0, ends[-1] or 0
    for offset in range((last - first) % 7 + 1):
        for text in times if isinstance(times, list) else [] if times in CLOSED else [times]:
            yield (first + offset) % 7, _span(text)


def _weekday(name: str) -> int | None:
    found = [i for i, names in enumerate(zip(DAYS, DIAS, strict=True)) if any(_names(name, day) for day in names)]
    return found[0] if len(found) == 1 else None


def _names(name: str, day: str) -> bool:
    return len(name) >= 3 and day.startswith(name)  # noqa: PLR2004 - as in mon, seg


def _span(text: object) -> Span:
    match = SPAN.fullmatch(str(text).strip())
    if match is None:
        raise ValueError(f"{text!r} is not a span of hours; {ALLOWED}")
    from_hour, from_minute, to_hour, to_minute = (int(part or 0) for part in match.groups())
    opens, closes = from_hour * 60 + from_minute, to_hour * 60 + to_minute
    if max(opens, closes) > MINUTES_A_DAY or max(from_minute, to_minute) >= 60:  # noqa: PLR2004 - minutes of an hour
        raise ValueError(f"{text!r} is not a time of day; {ALLOWED}")
    return opens, closes if closes > opens else closes + MINUTES_A_DAY
