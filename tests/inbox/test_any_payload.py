"""Nothing that can be sent makes the intake fail, and no key gets through it."""

import json
from collections.abc import Iterator
from copy import deepcopy

import orjson
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.inbox.payloads import LIVE, NAMES, golden

from slim_agent.inbox.arrivals import Arrival, Disposition
from slim_agent.inbox.classify import classify
from slim_agent.inbox.events import EVENTS
from slim_agent.inbox.normalise import read, read_event

CANARY = "CANARY-8842-KEY"

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
odd = st.one_of(
    anything,
    st.sampled_from([{}, [], "", "\x00", "\ud800", {"message": {}}, {"low": "x", "high": 1}, "9" * 400, -0.0, 2**80]),
)


def check(body: bytes) -> list[Arrival]:
    arrivals = read(body, now=LIVE)
    assert arrivals
    for arrival in arrivals:
        assert arrival.disposition in Disposition
        assert bool(arrival.reason) == (arrival.disposition is not Disposition.TURN)
        kept = arrival.disposition is not Disposition.IGNORED
        assert (arrival.payload is not None) == kept
        if arrival.message:
            words = (arrival.message.text, arrival.message.jid, arrival.message.id, arrival.message.sender_name or "")
            assert not any("\x00" in each for each in words)
            "".join(words).encode()
    if arrivals[0].reason not in ("unreadable", "unexpected_shape"):
        for arrival in arrivals:
            orjson.loads(arrival.payload or b"null")
    return arrivals


def places(value: object) -> Iterator[tuple[dict[str, object] | list[object], object]]:
    """Give every container of a JSON value with every key or index in it."""
    inside: list[tuple[object, object]] = []
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    for key, inner in inside:
        assert isinstance(value, dict | list)
        yield value, key
        yield from places(inner)


@given(st.binary())
@example(b'{"event":"messages.upsert","data":{"key":{"remoteJid":"1@lid"},"message":{"conversation":"\\ud800"}}}')
def test_any_bytes_get_a_disposition(body: bytes) -> None:
    check(body)
    read_event(body)
    classify(body, LIVE)


@given(anything, st.sampled_from(sorted(EVENTS)))
def test_any_json_gets_a_disposition(data: object, event: str) -> None:
    check(json.dumps(data).encode())
    check(json.dumps({"event": event, "instance": "x", "data": data}).encode())


@given(st.data())
def test_a_message_of_any_content_gets_a_disposition(data: st.DataObject) -> None:
    names = ["conversation", "imageMessage", "listResponseMessage", "pollUpdateMessage", "protocolMessage", "other"]
    message = data.draw(st.dictionaries(st.sampled_from(names), odd, max_size=3))
    item = {"key": {"remoteJid": "5511988887777@lid", "id": data.draw(odd)}, "message": message}
    item |= data.draw(st.dictionaries(st.sampled_from(["pollUpdates", "contextInfo", "messageTimestamp"]), odd))
    check(json.dumps({"event": "messages.upsert", "data": item}).encode())


@settings(max_examples=300)
@given(st.sampled_from(NAMES), st.data())
def test_a_golden_payload_with_anything_dropped_or_replaced_gets_a_disposition(name: str, data: st.DataObject) -> None:
    value = json.loads(golden(name))
    for _ in range(data.draw(st.integers(1, 3))):
        spots = list(places(value))
        container, key = spots[data.draw(st.integers(0, len(spots) - 1))]
        if data.draw(st.booleans()):
            container[key] = deepcopy(data.draw(odd))  # type: ignore[index,call-overload]
        else:
            del container[key]  # type: ignore[arg-type]
        if not value:
            break
    check(json.dumps(value).encode())


@settings(max_examples=200)
@given(st.sampled_from(NAMES), st.sampled_from(["apikey", "api_key", "apiKey", "APIKEY", "api-key"]), st.data())
def test_a_key_anywhere_in_a_golden_payload_is_not_kept(name: str, spelling: str, data: st.DataObject) -> None:
    value = json.loads(golden(name))
    holders = [value, *(inner for container, key in places(value) if isinstance(inner := container[key], dict))]  # type: ignore[index,call-overload]
    data.draw(st.sampled_from(holders))[spelling] = CANARY
    body = json.dumps(value).encode()
    whole = data.draw(st.booleans())
    for arrival in check(body if whole else body[: -data.draw(st.integers(1, 40))]):
        assert CANARY.encode() not in (arrival.payload or b"")
