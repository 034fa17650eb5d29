"""What surrounds a message: events, instances, addresses, age, keys, and everything malformed."""

import json
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from tests.inbox.payloads import ANA, LIVE, SENT_AT, envelope, golden, only, upsert

from slim_agent.inbox.arrivals import Disposition
from slim_agent.inbox.envelope import MAX_ID_CHARS, STALE_AFTER
from slim_agent.inbox.events import EVENTS
from slim_agent.inbox.normalise import MAX_EVENT_CHARS, read, read_event
from slim_agent.inbox.payloads import keep_raw

CANARY = "3F9C-CANARY-71AA"


def test_every_event_name_that_evolution_knows_has_its_row() -> None:
    known = """
        messages.set messages.upsert messages.edited messages.update messages.delete send.message send.message.update
        contacts.set contacts.upsert contacts.update presence.update chats.set chats.upsert chats.update chats.delete
        groups.upsert groups.update group-participants.update connection.update qrcode.updated status.instance
        labels.edit labels.association call typebot.start typebot.change-status instance.create instance.delete
        remove.instance logout.instance application.startup error
    """
    assert set(known.split()) <= set(EVENTS)


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_is_understood_without_data(event: str) -> None:
    assert only(envelope(event, None)).event == event


@pytest.mark.parametrize("spelling", ["MESSAGES_UPSERT", "messages-upsert", " messages_upsert ", "Messages.Upsert"])
def test_an_event_is_known_in_every_spelling_and_from_the_path(spelling: str) -> None:
    body = json.loads(golden("messages.upsert.text"))
    assert only(json.dumps(body | {"event": spelling}).encode()).disposition is Disposition.TURN
    del body["event"]
    [arrival] = read(json.dumps(body).encode(), now=LIVE, event=spelling)
    assert (arrival.disposition, arrival.event) == (Disposition.TURN, "messages.upsert")


def test_an_event_nobody_has_seen_is_kept() -> None:
    arrival = only(envelope("messages.translated", {"text": "não me perca"}))
    assert (arrival.disposition, arrival.reason) == (Disposition.QUARANTINED, "unknown_event")
    assert "não me perca" in (arrival.payload or b"").decode()
    assert only(b'{"data":{}}').reason == "missing_event"
    assert len(only(envelope("x" * 1000, {})).event) == MAX_EVENT_CHARS


def test_several_messages_are_several_arrivals() -> None:
    data = json.loads(upsert("um"))["data"]
    arrivals = read(envelope("messages.upsert", [data, 7, {}]), now=LIVE)
    assert [(arrival.disposition, arrival.reason) for arrival in arrivals] == [
        ("turn", ""),
        ("quarantined", "unexpected_shape"),
        ("quarantined", "missing_address"),
    ]
    assert only(envelope("messages.upsert", [])).reason == "empty_content"


def test_other_instances_are_ignored_and_a_nameless_payload_counts_for_the_first() -> None:
    body = golden("messages.upsert.text")
    assert read(body, now=LIVE, own_instances=["slim quality"])[0].reason == "unknown_instance"
    assert read(body, now=LIVE, own_instances=["Loja", "Slim Quality"])[0].disposition is Disposition.TURN
    nameless = b'{"event":"message.received","data":{"message":"oi","from":"+5511999999999"}}'
    assert read(nameless, now=LIVE, own_instances=["Loja", "Slim Quality"])[0].instance == "Loja"


def test_the_plain_shape_is_a_turn() -> None:
    body = b'{"event":"message.received","data":{"message":"test","from":"+5511999999999"}}'
    arrival = only(body)
    assert arrival.disposition is Disposition.TURN
    assert arrival.message is not None
    assert (arrival.message.jid, arrival.message.text) == ("5511999999999@s.whatsapp.net", "test")
    assert arrival.message.sent_at is None
    assert len(arrival.message.id) == 64
    assert only(body) == arrival


def test_the_plain_shape_takes_id_and_time_where_it_has_them() -> None:
    data = {"message": "oi", "from": "55 (11) 98888-7777", "id": "A1", "timestamp": "2025-12-05T16:00:00Z"}
    message = only(envelope("message.received", data)).message
    assert message is not None
    assert (message.id, message.jid, message.sent_at) == ("A1", ANA, SENT_AT)
    assert only(envelope("message.received", {"message": "oi", "from": None})).reason == "missing_address"
    assert only(envelope("message.received", {"message": 7, "from": "5511"})).reason == "missing_text"


@pytest.mark.parametrize(
    ("jid", "reason"),
    [
        ("120363000000000001@g.us", "group"),
        ("status@broadcast", "status_broadcast"),
        ("1234567890@broadcast", "broadcast"),
        ("120363@newsletter", "newsletter"),
        ("13135550002@bot", "bot"),
    ],
)
def test_only_people_are_answered(jid: str, reason: str) -> None:
    key = {"remoteJid": jid, "fromMe": False, "id": "3A01"}
    arrival = only(upsert("oi", key=key))
    assert (arrival.disposition, arrival.reason, arrival.payload) == (Disposition.IGNORED, reason, None)
    assert arrival.message is not None
    update = envelope("messages.update", {"keyId": "3A01", "remoteJid": jid, "fromMe": True, "status": "READ"})
    assert only(update).reason == reason


@pytest.mark.parametrize(
    ("received", "jid"),
    [
        ("5511988887777:12@s.whatsapp.net", ANA),
        ("184467000111222:3@lid", "184467000111222@lid"),
        ("5511988887777", "5511988887777"),
        (5511988887777, "5511988887777"),
    ],
)
def test_the_address_is_the_one_received_without_its_device(received: object, jid: str) -> None:
    message = only(upsert("oi", key={"remoteJid": received, "id": "3A01"})).message
    assert message is not None
    assert message.jid == jid


@pytest.mark.parametrize("key", [None, "x", {}, {"remoteJid": ""}, {"remoteJid": ["x"]}, {"remoteJid": "a b@lid"}])
def test_a_message_without_an_address_is_quarantined_with_its_words(key: object) -> None:
    arrival = only(upsert({"conversation": "não me perca"}, key=key))
    assert (arrival.disposition, arrival.reason) == (Disposition.QUARANTINED, "missing_address")
    assert "não me perca" in (arrival.payload or b"").decode()


def test_a_message_without_an_id_gets_one_of_its_own() -> None:
    def identity(text: str, given: object = None) -> str:
        message = only(upsert(text, key={"remoteJid": ANA, "id": given})).message
        assert message is not None
        return message.id

    assert identity("oi") == identity("oi")
    assert identity("oi") != identity("olá")
    assert len(identity("oi", "x" * (MAX_ID_CHARS + 1))) <= MAX_ID_CHARS
    assert identity("oi", " 3A01 ") == "3A01"
    update = envelope("messages.update", {"remoteJid": ANA, "keyId": "x" * (MAX_ID_CHARS + 1), "status": "READ"})
    assert only(update).about == "x" * MAX_ID_CHARS


@pytest.mark.parametrize(("flag", "own"), [(True, True), ("true", True), (1, True), (False, False), (None, False)])
def test_our_own_messages_are_known_however_the_flag_is_written(flag: object, own: bool) -> None:
    arrival = only(upsert("oi", key={"remoteJid": ANA, "id": "3A01", "fromMe": flag}))
    assert arrival.disposition is (Disposition.UPDATE if own else Disposition.TURN)


def test_a_message_is_stale_after_a_quarter_of_an_hour() -> None:
    body = golden("messages.upsert.text")
    assert read(body, now=SENT_AT + STALE_AFTER)[0].disposition is Disposition.TURN
    stale = read(body, now=SENT_AT + STALE_AFTER + timedelta(seconds=1))[0]
    assert (stale.disposition, stale.reason) == (Disposition.IGNORED, "stale")
    assert stale.message is not None
    assert read(body, now=SENT_AT - timedelta(hours=2))[0].disposition is Disposition.TURN


def test_an_edit_is_the_same_edit_again_and_another_one_when_it_differs() -> None:
    first = only(golden("messages.update.edit_2.3.7")).message
    again = only(golden("messages.update.edit_2.3.7")).message
    other = only(golden("messages.update.edit_2.3.7").replace(b"king", b"solteiro")).message
    assert first == again
    assert first is not None
    assert other is not None
    assert first.id != other.id


def test_updates_without_the_id_of_their_message_are_kept_for_a_person() -> None:
    assert only(envelope("messages.update", {"remoteJid": ANA, "status": "READ"})).reason == "missing_id"
    assert only(envelope("messages.update", {"remoteJid": ANA, "keyId": "3A01"})).reason == "missing_status"
    assert only(envelope("messages.delete", {"remoteJid": ANA})).reason == "missing_id"
    assert only(envelope("messages.delete", {"key": {"remoteJid": ANA, "id": "3A01"}, "id": "cm1"})).about == "3A01"


@pytest.mark.parametrize("name", ["apikey", "api_key", "apiKey", "API-KEY", "xApiKey", "api\\u006bey", "a\\u0070ikey"])
@pytest.mark.parametrize("value", [f'"{CANARY}"', f'{{"a":"{CANARY}"}}', f'["{CANARY}"]'])
@pytest.mark.parametrize("place", ["root", "data", "message"])
def test_no_apikey_is_kept_wherever_it_sits(name: str, value: str, place: str) -> None:
    marker = '"placed":0'
    body = json.loads(upsert({"conversation": "rápido"}))
    target = {"root": body, "data": body["data"], "message": body["data"]["message"]}[place]
    target["placed"] = 0
    for event in ("messages.upsert", "messages.unseen"):
        text = json.dumps(body | {"event": event}, separators=(",", ":"))
        kept = only(text.replace(marker, f'"{name}":{value}').encode()).payload
        assert kept is not None
        assert CANARY.encode() not in kept
        assert orjson.loads(kept)["data"]


def test_an_apikey_inside_a_text_that_is_json_is_removed_and_the_rest_stays_json() -> None:
    inner = json.dumps({"error": 1, "apikey": CANARY})
    kept = only(upsert({"conversation": "oi", "debug": inner, "deeper": json.dumps({"again": inner})})).payload or b""
    assert CANARY.encode() not in kept
    assert orjson.loads(kept)["data"]["message"]["conversation"] == "oi"


@pytest.mark.parametrize(
    "raw",
    [
        b'{"apikey":"%s","data":{',
        b'{"apikey":"%s',
        b'{"apiKey" : "%s"} trailing',
        b"{'api_key': '%s'",
        b"apikey=%s&event=messages.upsert",
        b'{"x":"{\\"apikey\\":\\"%s\\"}"',
        b'{"api\\u006bey":"%s"',
        b"%%7B%%22apikey%%22%%3A%%22%s%%22%%7D",
        b'{"apikey":["%s"], ',
        b'{"apikey":%s, ',
        b"\xff\xfe{\x00\"apikey\": '%s'",
    ],
)
def test_unreadable_bytes_are_kept_without_the_apikey(raw: bytes) -> None:
    kept = keep_raw(raw % CANARY.encode())
    assert CANARY.encode() not in kept


@pytest.mark.parametrize("run", [b"\\", b" ", b'"', b"\x00", b"api", b"apikey", b'apikey"', b"%22"])
def test_a_megabyte_of_anything_is_searched_for_keys_in_linear_time(run: bytes) -> None:
    body = b"apikey" + run * (1_000_000 // len(run))
    assert len(keep_raw(body)) <= len(body)


def test_unreadable_bytes_in_utf_16_are_kept_without_the_apikey() -> None:
    kept = keep_raw(f'{{"apikey":"{CANARY}","words":"fica"'.encode("utf-16-le"))
    assert CANARY.encode("utf-16-le") not in kept
    assert "fica".encode("utf-16-le") in kept


def test_media_thumbnails_and_session_secrets_are_not_kept() -> None:
    image = {"caption": "esse", "jpegThumbnail": "SECRET1", "mediaKey": "kept-for-download"}
    content = {
        "imageMessage": image,
        "base64": "SECRET2",
        "messageContextInfo": {"messageSecret": "SECRET3"},
        "senderKeyDistributionMessage": {"axolotlSenderKeyDistributionMessage": "SECRET4"},
    }
    kept = only(upsert(content, contextInfo={"quotedMessage": {"imageMessage": {"jpegThumbnail": "SECRET5"}}})).payload
    assert b"SECRET" not in (kept or b"")
    assert b"kept-for-download" in (kept or b"")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b'"oi \xff"', "oi �"),
        (b'"oi \\ud800"', "oi �"),
        (b'"oi \\ud83d\\ude00"', "oi 😀"),
        (b'"oi \\u0000fim"', "oi fim"),
        (b'"oi \x00\nfim"', "oi \nfim"),
        (b'"oi","x":NaN', "oi"),
        (b'"oi","x":' + b"9" * 5000, "oi"),
        (b'"oi","x":1e999', "oi"),
        (b'"oi","\\ud800":"\\u0000"', "oi"),
    ],
)
def test_broken_json_is_read_and_can_be_stored(raw: bytes, text: str) -> None:
    body = upsert("@@").replace(b'"@@"', b'{"conversation":' + raw + b"}")
    arrival = only(body)
    assert arrival.message is not None
    assert arrival.message.text == text
    assert arrival.payload is not None
    assert b"\\u0000" not in arrival.payload
    assert orjson.loads(arrival.payload)["data"]["message"]["conversation"] == text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_other_encodings_are_read(encoding: str) -> None:
    message = only(golden("messages.upsert.text").decode().encode(encoding)).message
    assert message is not None
    assert message.text == "Oi, quanto custa o colchão queen?"


@pytest.mark.parametrize("raw", [b"", b"\x00", b"[", b"[" * 100_000, b'{"a":' * 100_000, b"\xff" * 100, b"event=x"])
def test_what_is_no_json_is_quarantined_as_it_came(raw: bytes) -> None:
    arrival = only(raw)
    assert (arrival.disposition, arrival.reason, arrival.payload) == (Disposition.QUARANTINED, "unreadable", raw)


@pytest.mark.parametrize("raw", [b"null", b"7", b'"x"', b"[]", b"{}", b'{"event":7}', b"[{}]"])
def test_json_that_is_no_envelope_is_quarantined(raw: bytes) -> None:
    assert (only(raw).disposition, only(raw).reason) == (Disposition.QUARANTINED, "missing_event")


def test_a_message_nested_beyond_reason_is_quarantined() -> None:
    nested = b"[" * 990 + b"]" * 990
    arrival = only(upsert({"conversation": "oi", "x": "@@"}).replace(b'"@@"', nested))
    assert (arrival.disposition, arrival.reason) == (Disposition.QUARANTINED, "unexpected_shape")
    assert b"oi" in (arrival.payload or b"")


def test_an_event_of_the_company_is_an_update_without_its_signature() -> None:
    body = {"event": "order_completed", "timestamp": "2025-12-05T16:00:00Z", "data": {"total": 1}, "signature": "00"}
    arrival = read_event(json.dumps(body).encode())
    assert (arrival.disposition, arrival.reason) == (Disposition.UPDATE, "business_event")
    assert (arrival.event, arrival.instance, arrival.message) == ("order_completed", "", None)
    assert json.loads(arrival.payload or b"{}")["data"] == {"total": 1}
    assert "signature" not in json.loads(arrival.payload or b"{}")
    assert read_event(b"{}").reason == "missing_event"
    assert read_event(b"\xff").reason == "unreadable"
    assert read_event(b"[" * 100_000).disposition is Disposition.QUARANTINED


def test_the_clock_is_the_one_passed_in() -> None:
    far = datetime(2099, 1, 1, tzinfo=UTC)
    assert read(golden("messages.upsert.text"), now=far)[0].reason == "stale"
