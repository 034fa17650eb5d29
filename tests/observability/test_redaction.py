from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slim_agent.observability.redaction import (
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_TEXT_CHARS,
    MIN_SECRET_CHARS,
    REDACTED,
    Redactor,
)

PATTERNS_ONLY = Redactor()
DATABASE = "postgresql://agent:pa%2Fss-w0rd@db.example:5432/agent"

SECRETS_IN_TEXT = [
    ("sk-ant-api03-AbCdEfGh0123456789", "key sk-ant-api03-AbCdEfGh0123456789 was refused"),
    ("whsec_C2FVsBQIhrscChlQIMV", "secret=whsec_C2FVsBQIhrscChlQIMV"),
    ("c2lnbmF0dXJl", "got eyJhbGciOiJIUzI1NiJ9.eyJhcHAiOiJldm9sdXRpb24ifQ.c2lnbmF0dXJl"),
    ("hunter2hunter2", "Authorization: Bearer hunter2hunter2"),
    ("dXNlcjpwYXNz", "authorization: Basic dXNlcjpwYXNz"),
    ("hunter2", "redis://:hunter2@cache:6379/0 refused"),
    ("hun/ter@2", "postgresql://agent:hun/ter@2@db:5432/agent refused"),
    ("hunter2", "https://api.example/send?apikey=hunter2&to=1"),
    ("hunter2", '{"instance": "x", "apikey": "hunter2"}'),
    ("hunter2", r"{\"api_key\":\"hunter2\"}"),
    ("hunter2", "Headers({'apikey': 'hunter2'})"),
    ("hunter2", "[(b'apikey', b'hunter2'), (b'host', b'x')]"),
    ("hunter two", 'password = "hunter two"'),
    ("hunter2", "host=db port=5432 password=hunter2 dbname=x"),
    ("hunter2", "SENHA: hunter2"),
    ("ana@example.com", "mail of ana@example.com bounced"),
    ("ana.souza+x@mail.example.com.br", "<ana.souza+x@mail.example.com.br>"),
    ("ana@lid.com", "ana@lid.com"),
    ("529.982.247-25", "CPF 529.982.247-25"),
    ("52998224725", "cpf 52998224725"),
    ("11.222.333/0001-81", "CNPJ 11.222.333/0001-81"),
    ("4111 1111 1111 1111", "card 4111 1111 1111 1111"),
    ("5511987654321", "to 5511987654321@s.whatsapp.net"),
    ("5511987654321", "5511987654321:12@s.whatsapp.net"),
    ("123456789012345", "123456789012345@lid is new"),
    ("5511987654321-1612345678", "5511987654321-1612345678@g.us"),
    ("5511987654321", "chat:5511987654321"),
    ("5511987654321", "wa5511987654321"),
    ("5511987654321", "chat_5511987654321_turn"),
    ("1187654321", "phone 1187654321"),
    ("98765-4321", "call 98765-4321"),
    ("+1 212 555 0123", "from +1 212 555 0123"),
]

HARMLESS = [
    "turn finished",
    "2026-11-22T16:12:33.123456Z",
    "2026-11-22 16:12:33 +00:00",
    "R$ 4.890,00 em 12x de R$ 407,50",
    "version 0.1.0, python 3.11.7",
    "connection to 172.20.0.15:5432 refused",
    "r01a3c56e89abcdef",
    "3f2b8c1e-9d4a-4b7c-8e21-0a1b2c3d4e5f",
    "3EB0C767D26A1B2E5F90",
    "took 0.123456 s, 1048576 bytes, 20261122 rows",
    "CEP 01310-100",
    "the token is missing, and so is the password",
    "ana at example",
    "https://api.example:8080/message/sendText",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
]


@pytest.mark.parametrize(("secret", "text"), SECRETS_IN_TEXT)
def test_what_looks_secret_is_taken_out(secret: str, text: str) -> None:
    assert secret not in PATTERNS_ONLY.text(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert PATTERNS_ONLY.text(text) == text


def test_a_number_keeps_its_last_four_digits_for_support() -> None:
    assert PATTERNS_ONLY.text("to 5511987654321@s.whatsapp.net") == "to ***4321@s.whatsapp.net"
    assert PATTERNS_ONLY.text("de +55 (11) 98765-4321") == "de ***4321"


@given(
    country=st.sampled_from(["", "+55 ", "55", "55 ", "+55", "+55\u00a0"]),
    area=st.sampled_from(["11", "(11)", "(47) ", "85 ", "21-", "11\u00a0"]),
    first=st.integers(90000, 99999),
    gap=st.sampled_from(["", "-", " ", ".", "\u2011"]),
    last=st.integers(0, 9999),
    around=st.sampled_from([("", ""), (" ", " "), ('"', '"'), ("tel:", ","), ("(", ")"), ("=", "&"), ("/", "/")]),
)
def test_a_brazilian_mobile_number_does_not_pass_in_any_spelling(
    country: str, area: str, first: int, gap: str, last: int, around: tuple[str, str]
) -> None:
    redacted = PATTERNS_ONLY.text(f"{around[0]}{country}{area}{first}{gap}{last:04}{around[1]}")
    assert str(first) not in redacted
    assert sum(character.isdigit() for character in redacted) <= 4


@given(
    secret=st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=["Cc"]), min_size=8),
    before=st.text("abc \n{}"),
    after=st.text("abc \n{}"),
)
def test_a_known_secret_does_not_pass_whatever_stands_around_it(secret: str, before: str, after: str) -> None:
    secret = f"Zq{secret}"
    redactor = Redactor([secret])
    for spelling in (secret, quote(secret, safe=""), repr(secret)[1:-1]):
        assert spelling not in redactor.text(before + spelling + after)


@pytest.mark.parametrize("spelling", [DATABASE, "pa%2Fss-w0rd", "pa/ss-w0rd"])
def test_the_password_inside_a_known_address_counts_by_itself(spelling: str) -> None:
    assert Redactor([DATABASE]).text(f"near {spelling}!").startswith(f"near {REDACTED}")


def test_a_very_short_value_is_not_treated_as_a_secret() -> None:
    short = "x" * (MIN_SECRET_CHARS - 1)
    assert Redactor([short, ""]).text(f"a {short} b") == f"a {short} b"


def test_a_long_text_is_cut_and_no_half_of_a_secret_survives_the_cut() -> None:
    secret = "k" * 40
    redactor = Redactor([secret])
    for shift in range(-45, 45, 5):
        text = "." * (MAX_TEXT_CHARS + 2_048 + shift) + secret + "." * 100
        redacted = redactor.text(text)
        assert "k" * 5 not in redacted
        assert len(redacted) < MAX_TEXT_CHARS + 40


def test_fields_are_judged_by_their_names() -> None:
    fields = {
        "apikey": "a",
        "X-Api-Key": "a",
        "accessToken": "a",
        "WEBHOOK_SECRET": "a",
        "password_hash": b"a",
        "admin_tokens": ["a"],
        "cookies": {"a": "b"},
        "text": "oi, tudo bem?",
        "pushName": "Ana",
    }
    assert set(PATTERNS_ONLY.fields(fields).values()) == {REDACTED}


def test_figures_and_empty_values_survive_a_suspicious_name() -> None:
    fields = {"input_tokens": 120, "token_kind": "input", "body": 512, "password": "", "token": None, "secret": True}
    assert PATTERNS_ONLY.fields(fields) == fields


def test_a_number_under_the_name_of_a_secret_is_hidden() -> None:
    assert PATTERNS_ONLY.fields({"password": 123456}) == {"password": REDACTED}


def test_nested_values_and_names_are_redacted_at_every_depth() -> None:
    deep: object = {"5511987654321": ("ana@example.com", {"token": "abc"}), "number": 5511987654321}
    for _ in range(MAX_DEPTH + 2):
        deep = [deep]
    flat = str(PATTERNS_ONLY.fields({"value": deep, "near": {"list": [{"token": "abc", "n": 5511987654321}]}}))
    for secret in ("5511987654321", "ana@example.com", "abc"):
        assert secret not in flat


def test_what_cannot_be_printed_does_not_break_the_line() -> None:
    class Mute:
        def __str__(self) -> str:
            raise RuntimeError

    assert PATTERNS_ONLY.fields({"value": Mute()}) == {"value": "<Mute>"}


def test_long_collections_are_cut() -> None:
    fields = PATTERNS_ONLY.fields({"rows": list(range(1000)), "named": {str(i): i for i in range(1000)}})
    assert len(fields["rows"]) == len(fields["named"]) == MAX_ITEMS  # type: ignore[arg-type]
