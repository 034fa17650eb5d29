from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from slim_agent.conversation.profile.hours import Hours, in_words, opening_in_words

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
NEW_YORK = ZoneInfo("America/New_York")
WEEK = Hours.model_validate({"monday-friday": "09:00-18:00", "saturday": ["09:00-12:00", "13:00-14:30"]})


def at(text: str, zone: ZoneInfo = SAO_PAULO) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("moment", "there"),
    [
        ("2026-11-23T08:59:59", False),
        ("2026-11-23T09:00:00", True),
        ("2026-11-23T17:59:59", True),
        ("2026-11-23T18:00:00", False),
        ("2026-11-28T12:30:00", False),
        ("2026-11-28T14:00:00", True),
        ("2026-11-29T10:00:00", False),
    ],
)
def test_somebody_is_there_from_opening_until_closing(moment: str, there: bool) -> None:
    assert WEEK.open_at(at(moment), SAO_PAULO) is there
    assert WEEK.open_at(at(moment).astimezone(UTC), SAO_PAULO) is there


@pytest.mark.parametrize(
    ("moment", "opening", "words"),
    [
        ("2026-11-23T07:00:00", "2026-11-23T09:00:00", "hoje às 9h"),
        ("2026-11-23T18:00:00", "2026-11-24T09:00:00", "amanhã às 9h"),
        ("2026-11-28T12:30:00", "2026-11-28T13:00:00", "hoje às 13h"),
        ("2026-11-28T15:00:00", "2026-11-30T09:00:00", "na segunda-feira (30/11) às 9h"),
        ("2026-12-31T23:59:59", "2027-01-01T09:00:00", "amanhã às 9h"),
    ],
)
def test_the_next_opening_is_found_and_said(moment: str, opening: str, words: str) -> None:
    found = WEEK.next_opening(at(moment), SAO_PAULO)
    assert found == at(opening)
    assert opening_in_words(found, at(moment)) == words


def test_a_weekend_opening_is_masculine_and_minutes_are_said() -> None:
    saturday = Hours.model_validate({"sábado": "9h30-12h"})
    found = saturday.next_opening(at("2026-11-23T10:00:00"), SAO_PAULO)
    assert found is not None
    assert opening_in_words(found, at("2026-11-23T10:00:00")) == "no sábado (28/11) às 9h30"


@pytest.mark.parametrize("day", ["2026-03-08", "2026-11-01"])
def test_nine_stays_nine_on_the_day_the_clocks_change(day: str) -> None:
    always = Hours.model_validate({"mon-sun": "09:00-10:00"})
    assert always.next_opening(at(f"{day}T00:30:00", NEW_YORK), NEW_YORK) == at(f"{day}T09:00:00", NEW_YORK)
    assert always.open_at(at(f"{day}T09:59:59", NEW_YORK), NEW_YORK)
    assert not always.open_at(at(f"{day}T10:00:00", NEW_YORK), NEW_YORK)


def test_the_last_brazilian_summer_time_is_known() -> None:
    always = Hours.model_validate({"mon-sun": "00:00-24:00"})
    assert always.open_at(datetime(2018, 11, 4, 3, 30, tzinfo=UTC), SAO_PAULO)


def test_hours_over_midnight_belong_to_the_evening_before() -> None:
    bar = Hours.model_validate({"friday": "20:00-02:00"})
    assert bar.open_at(at("2026-11-28T01:59:00"), SAO_PAULO)
    assert not bar.open_at(at("2026-11-28T02:00:00"), SAO_PAULO)
    assert not bar.open_at(at("2026-11-27T01:00:00"), SAO_PAULO)


@pytest.mark.parametrize(
    "days", ["monday-friday", "mon-fri", "segunda-sexta", "seg-sex", "segunda-feira-sexta-feira", "Seg – Sex"]
)
def test_days_may_be_english_or_portuguese(days: str) -> None:
    assert Hours.model_validate({days: "9-18"}).spans == tuple((day, 540, 1080) for day in range(5))


def test_a_range_may_go_over_the_weekend_and_a_day_be_closed() -> None:
    assert [day for day, _, _ in Hours.model_validate({"sat-mon": "9-18", "tue": "closed"}).spans] == [0, 5, 6]


def test_without_hours_nobody_is_ever_known_to_be_there() -> None:
    assert not Hours().open_at(at("2026-11-23T10:00:00"), SAO_PAULO)
    assert Hours().next_opening(at("2026-11-23T10:00:00"), SAO_PAULO) is None


@pytest.mark.parametrize("wrong", ["25:00-26:00", "9:75-10:00", "nine", "", "9-10-11"])
def test_times_that_do_not_exist_are_refused(wrong: str) -> None:
    with pytest.raises(ValidationError):
        Hours.model_validate({"mon": [wrong]})


def test_a_moment_is_said_in_portuguese() -> None:
    assert in_words(at("2026-03-07T08:05:00")) == "sábado, 7 de março de 2026, 08:05"
