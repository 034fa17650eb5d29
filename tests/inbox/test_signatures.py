"""Who may speak to us: the three header forms, and the events' own signature."""

import base64
import hashlib
import hmac
import json
import warnings
from collections.abc import Mapping

import jwt
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from slim_agent.inbox.signatures import MAX_CLOCK_SKEW, MAX_HEADER_CHARS, MAX_TOKEN_EXPIRY, Verifier
from slim_agent.vocabulary.failures import ConfigurationError

SECRET = "first-secret-of-thirty-two-characters"
OLD = "second-secret-of-thirty-two-characters"
WHSEC = "whsec_" + base64.b64encode(b"raw key bytes of a provider").decode()
VERIFIER = Verifier([SECRET, OLD, WHSEC])
BODY = b'{"event":"messages.upsert","text":"ol\xc3\xa1"}'
NOW = 1_764_950_400.0

Headers = dict[str, str]


def hub(body: bytes, secret: str = SECRET) -> Headers:
    return {"x-webhook-signature": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def standard(body: bytes, key: bytes = SECRET.encode(), at: float = NOW) -> Headers:
    digest = hmac.new(key, b"msg_1.%d." % at + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(digest).decode()
    return {"webhook-id": "msg_1", "webhook-timestamp": str(int(at)), "webhook-signature": signature}


def bearer(secret: str = SECRET, algorithm: str = "HS256", **changes: object) -> Headers:
    claims = {"iat": int(NOW), "exp": int(NOW) + 600, "app": "evolution", "action": "webhook"} | changes
    stated = {name: value for name, value in claims.items() if value is not None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {"authorization": "Bearer " + jwt.encode(stated, secret, algorithm)}


def verified(headers: Mapping[str, str], body: bytes = BODY) -> str | None:
    return VERIFIER.verify(headers, body, NOW)


@pytest.mark.parametrize("secret", [SECRET, OLD, WHSEC])
def test_every_listed_secret_verifies_in_every_form(secret: str) -> None:
    assert verified(hub(BODY, secret)) == "hub"
    assert verified(bearer(secret)) == "jwt"


@pytest.mark.parametrize("key", [SECRET.encode(), OLD.encode(), b"raw key bytes of a provider"])
def test_standard_webhooks_decode_their_own_secrets(key: bytes) -> None:
    assert verified(standard(BODY, key)) == "standard"


def test_a_dropped_secret_no_longer_verifies() -> None:
    rotated = Verifier([SECRET])
    assert rotated.verify(hub(BODY, OLD), BODY, NOW) is None
    assert rotated.verify(bearer(OLD), BODY, NOW) is None
    assert rotated.verify(standard(BODY, OLD.encode()), BODY, NOW) is None
    assert rotated.verify(hub(BODY), BODY, NOW) == "hub"


@pytest.mark.parametrize("secrets", [[], [""], ["  "], [SECRET, ""]])
def test_an_empty_secret_is_no_open_door(secrets: list[str]) -> None:
    with pytest.raises(ConfigurationError):
        Verifier(secrets)


def test_a_secret_that_only_looks_encoded_is_taken_as_it_is() -> None:
    for odd in ("whsec_not base64!", "whsec_"):
        assert Verifier([odd]).verify(standard(BODY, odd.encode()), BODY, NOW) == "standard"


@given(st.binary(max_size=300), st.data())
def test_any_changed_byte_of_the_body_is_refused(body: bytes, data: st.DataObject) -> None:
    other = data.draw(st.binary(max_size=300).filter(lambda each: each != body))
    assert verified(hub(body), body) == "hub"
    assert verified(standard(body), body) == "standard"
    assert verified(hub(body), other) is None
    assert verified(standard(body), other) is None


@given(st.sampled_from(["hub", "standard", "jwt"]), st.data())
def test_any_changed_character_of_a_signature_is_refused(form: str, data: st.DataObject) -> None:
    headers = {"hub": hub(BODY), "standard": standard(BODY), "jwt": bearer()}[form]
    assert verified(headers) == form
    name = data.draw(st.sampled_from(sorted(headers)))
    value = headers[name]
    start = len("Bearer ") if form == "jwt" else 0
    spot = data.draw(st.integers(start, len(value) - 1))
    other = data.draw(st.characters(min_codepoint=33, max_codepoint=255).filter(lambda c: c.lower() != value[spot]))
    if other != value[spot]:
        assert verified(headers | {name: value[:spot] + other + value[spot + 1 :]}) is None


@given(st.text(min_size=1, max_size=40).filter(lambda each: each.strip() and each not in (SECRET, OLD, WHSEC)))
def test_another_secret_is_refused(secret: str) -> None:
    assert verified(hub(BODY, secret)) is None
    assert verified(standard(BODY, secret.encode())) is None
    assert verified(bearer(secret)) is None


@given(
    st.dictionaries(
        st.sampled_from(
            ["x-webhook-signature", "webhook-id", "webhook-timestamp", "webhook-signature", "authorization"]
        ),
        st.text(max_size=80)
        | st.sampled_from(["sha256=", "Bearer ", "Bearer a.b.c", "v1,", "v1,é", str(int(NOW)), "９"]),
    )
)
def test_malformed_headers_are_refused_and_never_fail(headers: Headers) -> None:
    assert verified(headers) is None


def test_a_signature_may_be_one_of_several() -> None:
    headers = standard(BODY)
    headers["webhook-signature"] = "v2,xxxx v1,AAAA " + headers["webhook-signature"]
    assert verified(headers) == "standard"
    headers["webhook-signature"] += " v1," + "A" * MAX_HEADER_CHARS
    assert verified(headers) is None


def test_one_good_form_beside_a_bad_one_is_enough() -> None:
    assert verified(hub(BODY) | {"authorization": "Bearer x"}) == "hub"
    assert verified({"x-webhook-signature": "sha256=00"} | bearer()) == "jwt"
    assert verified({"x-webhook-signature": hub(BODY)["x-webhook-signature"].upper().replace("SHA", "sha")}) == "hub"
    assert verified({"x-webhook-signature": hub(BODY)["x-webhook-signature"].replace("sha256", "sha1")}) is None


@pytest.mark.parametrize("off", [MAX_CLOCK_SKEW, -MAX_CLOCK_SKEW])
def test_a_signed_timestamp_may_be_five_minutes_off(off: int) -> None:
    assert verified(standard(BODY, at=NOW + off)) == "standard"
    assert verified(standard(BODY, at=NOW + off + (1 if off > 0 else -1))) is None


@pytest.mark.parametrize("stamp", ["", "abc", "-1", "1e9", "9" * 400, "٣", " 1764950400", "1764950400.0"])
def test_a_timestamp_that_is_no_number_is_refused(stamp: str) -> None:
    digest = hmac.new(SECRET.encode(), f"msg_1.{stamp}.".encode() + BODY, hashlib.sha256).digest()
    headers = {"webhook-id": "msg_1", "webhook-timestamp": stamp}
    assert verified(headers | {"webhook-signature": "v1," + base64.b64encode(digest).decode()}) is None


@pytest.mark.parametrize(("seconds", "form"), [(0, "jwt"), (1200, "jwt"), (MAX_TOKEN_EXPIRY, "jwt"), (3601, None)])
def test_a_token_may_have_expired_an_hour_ago(seconds: int, form: str | None) -> None:
    assert verified(bearer(exp=int(NOW) - seconds, iat=int(NOW) - seconds - 600)) == form


@pytest.mark.parametrize(
    "changes",
    [
        {"app": "other"},
        {"action": "login"},
        {"app": None},
        {"action": None},
        {"exp": None},
        {"iat": None},
        {"exp": "soon"},
        {"exp": 10**400},
        {"exp": True},
        {"exp": [1]},
        {"exp": float("nan")},
        {"iat": "x"},
    ],
)
def test_a_token_with_other_claims_is_refused(changes: dict[str, object]) -> None:
    assert verified(bearer(SECRET, "HS256", **changes)) is None


@pytest.mark.parametrize("algorithm", ["none", "HS384", "HS512"])
def test_a_token_of_another_algorithm_is_refused(algorithm: str) -> None:
    assert verified(bearer("" if algorithm == "none" else SECRET, algorithm)) is None


def test_a_token_that_says_none_with_any_spelling_or_a_real_signature_is_refused() -> None:
    token = bearer()["authorization"].removeprefix("Bearer ")
    _, claims, signature = token.split(".")
    for said in ("none", "None", "NONE", "nOnE", "RS256", "", None, 7):
        header = base64.urlsafe_b64encode(json.dumps({"alg": said, "typ": "JWT"}).encode()).rstrip(b"=").decode()
        for ending in ("", signature):
            assert verified({"authorization": f"Bearer {header}.{claims}.{ending}"}) is None


def test_a_token_is_refused_when_spare_bits_or_characters_are_added() -> None:
    header = bearer()["authorization"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert verified({"authorization": header[:-1] + alphabet[alphabet.index(header[-1]) ^ 1]}) is None
    assert verified({"authorization": header + "="}) is None
    assert verified({"authorization": header[:-4] + "!" + header[-4:]}) is None


@pytest.mark.parametrize("depth", [400, 3000])
def test_a_deeply_nested_or_huge_token_is_refused(depth: int) -> None:
    nested = base64.urlsafe_b64encode(b"[" * depth).rstrip(b"=").decode()
    assert verified({"authorization": f"Bearer {nested}.{nested}.AAAA"}) is None
    assert verified({"authorization": f"Bearer {nested}.e30.AAAA"}) is None


def event(signed: Mapping[str, object] | None = None, secret: str = SECRET, **fields: object) -> bytes:
    payload = {"event": "order_completed", "timestamp": "2025-12-05T16:00:00Z", "data": {"total": 10.50}} | fields
    canonical = rfc8785.dumps(dict(signed or payload))  # type: ignore[arg-type]
    digest = hmac.new(secret.encode(), canonical, hashlib.sha256).hexdigest()
    return json.dumps(payload | {"signature": digest}).encode()


def event_verified(body: bytes, headers: Mapping[str, str] | None = None) -> str | None:
    return VERIFIER.verify_event(headers or {}, body, NOW)


def test_an_event_is_verified_by_its_own_signature_or_by_a_header() -> None:
    assert event_verified(event()) == "payload"
    assert event_verified(event(secret=OLD)) == "payload"
    assert event_verified(event(secret="another")) is None
    assert event_verified(event(secret="another"), hub(event(secret="another"))) == "hub"
    assert event_verified(json.dumps(json.loads(event()), indent=4, sort_keys=True).encode()) == "payload"


def test_a_changed_event_is_refused() -> None:
    payload = json.loads(event())
    for change in ({"event": "lead_created"}, {"timestamp": "2025-12-05T16:00:01Z"}, {"data": {"total": 1}}):
        assert event_verified(json.dumps(payload | change).encode()) is None
    for name in payload:
        assert event_verified(json.dumps({key: payload[key] for key in payload if key != name}).encode()) is None


def test_the_canonical_form_sorts_by_utf_16_units() -> None:
    # U+1F600 is written with surrogates below U+FB33, though its code point is above.
    canonical = '{"data":{"😀":1,"\ufb33":2},"event":"e","timestamp":1764950400}'.encode()
    payload = {"event": "e", "timestamp": 1764950400, "data": {"\ufb33": 2, "😀": 1}}
    digest = hmac.new(SECRET.encode(), canonical, hashlib.sha256).hexdigest()
    assert event_verified(json.dumps(payload | {"signature": digest}).encode()) == "payload"


@pytest.mark.parametrize(
    "stamp",
    [
        "2025-12-05T16:00:00Z",
        "2025-12-05T16:04:59.5+00:00",
        "2025-12-05T13:00:00-03:00",
        "2025-12-05T16:00:00",
        1764950400,
        1764950400.5,
        1764950400000,
        "1764950400",
    ],
)
def test_an_event_may_write_its_time_in_any_usual_way(stamp: object) -> None:
    assert event_verified(event(timestamp=stamp)) == "payload"


@pytest.mark.parametrize(
    "stamp",
    [
        "2025-12-05T16:05:01Z",
        "2025-12-05T15:54:59Z",
        "2025-12-05T13:00:00Z",
        1764950400 - 301,
        "yesterday",
        "",
        None,
        True,
        {},
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_an_event_whose_time_is_off_is_refused_whoever_signed_it(stamp: object) -> None:
    body = event(timestamp=stamp)
    assert event_verified(body) is None
    assert event_verified(body, hub(body)) is None


@pytest.mark.parametrize(
    "data", [b'{"a":9007199254740993}', b'"\\ud800"', b'{"\\ud800":1}', b"NaN", b"1e999", b"[" * 900 + b"]" * 900]
)
def test_data_without_a_canonical_form_is_a_bad_signature(data: bytes) -> None:
    body = event(data="@").replace(b'"@"', data)
    assert event_verified(body) is None
    assert event_verified(body, hub(body)) == "hub"


@given(st.binary(max_size=200))
def test_an_event_that_is_no_object_can_only_be_authentic_by_its_headers(body: bytes) -> None:
    assert event_verified(body) is None
    if not body.lstrip().startswith(b"{"):
        assert event_verified(body, hub(body)) == "hub"
