"""Stored payloads are judged as they were live, fresh ones as they are now."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from tests.inbox.payloads import ANA, SENT_AT, envelope, golden, upsert

from slim_agent.inbox.classify import classify

NOW = SENT_AT + timedelta(days=40)


def at(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def captured(date_time: datetime) -> bytes:
    return json.dumps(json.loads(upsert("oi")) | {"date_time": at(date_time)}).encode()


def test_a_line_says_what_it_is() -> None:
    assert classify(golden("messages.upsert.text"), NOW) == {
        "disposition": "turn",
        "reason": "",
        "chat": ANA,
        "text": "Oi, quanto custa o colchão queen?",
        "kind": "text",
        "from_me": False,
    }


@pytest.mark.parametrize("minutes", [20, 60 * 5, 60 * 23])
def test_a_fresh_payload_with_an_old_message_is_stale(minutes: int) -> None:
    now = SENT_AT + timedelta(minutes=minutes)
    assert classify(captured(now), now)["reason"] == "stale"


@pytest.mark.parametrize("offset_hours", [-11, -3, 0, 5.5, 14])
def test_a_capture_is_judged_by_its_own_clock_in_any_time_zone(offset_hours: float) -> None:
    assert classify(captured(SENT_AT + timedelta(hours=offset_hours)), NOW)["disposition"] == "turn"


@pytest.mark.parametrize("later", [timedelta(hours=14, minutes=16), timedelta(days=4)])
def test_a_capture_of_an_old_message_is_stale_as_it_was(later: timedelta) -> None:
    assert classify(captured(SENT_AT + later), NOW)["reason"] == "stale"


def test_a_capture_that_does_not_say_when_is_stale() -> None:
    assert classify(upsert("oi"), NOW)["reason"] == "stale"
    assert classify(upsert("oi"), SENT_AT)["disposition"] == "turn"


def test_the_plain_shape_with_an_old_time_counts_as_a_capture() -> None:
    body = envelope("message.received", {"message": "oi", "from": "5511988887777"}, timestamp=at(SENT_AT))
    assert classify(body, NOW)["disposition"] == "turn"
    assert classify(body, SENT_AT + timedelta(minutes=20))["reason"] == "stale"


def test_of_several_messages_the_first_turn_counts() -> None:
    def item(text: str, *, own: bool) -> object:
        return {"key": {"remoteJid": ANA, "id": text, "fromMe": own}, "message": {"conversation": text}}

    both = [item("nossa", own=True), item("dela", own=False), item("outra", own=False)]
    assert classify(envelope("messages.upsert", both), NOW)["text"] == "dela"
    assert classify(envelope("messages.upsert", both[:1]), NOW)["text"] == "nossa"


@pytest.mark.parametrize("line", [b"", b"\n", b"not json", b"[]", b"null", b'{"event":"messages.upsert"}'])
def test_a_line_that_says_nothing_is_quarantined(line: bytes) -> None:
    result = classify(line, NOW)
    assert result["disposition"] == "quarantined"
    assert result["reason"]
    assert [result["chat"], result["text"], result["kind"], result["from_me"]] == [None] * 4
