"""Addresses of one person meet under one key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slim_agent.inbox.addresses import MAX_ADDRESS_CHARS, address, aliases, canonical_address, phone_address, place


@pytest.mark.parametrize(
    ("jid", "key"),
    [
        ("5511988887777@s.whatsapp.net", "5511988887777"),
        ("551188887777@s.whatsapp.net", "5511988887777"),
        ("558588887777@s.whatsapp.net", "5585988887777"),
        ("551168887777", "5511968887777"),
        ("+551188887777@c.us", "5511988887777"),
        ("5511988887777:4@s.whatsapp.net", "5511988887777"),
        ("5511988887777@hosted", "5511988887777"),
        ("551133334444@s.whatsapp.net", "551133334444"),
        ("551153334444@s.whatsapp.net", "551153334444"),
        ("551088887777@s.whatsapp.net", "551088887777"),
        ("14155550123@s.whatsapp.net", "14155550123"),
        ("351912345678@s.whatsapp.net", "351912345678"),
        ("184467000111222@lid", "184467000111222@lid"),
        ("184467000111222:9@LID", "184467000111222@lid"),
        ("558888887777@lid", "558888887777@lid"),
        ("184467000111222@hosted.lid", "184467000111222@lid"),
        ("120363000000000001@g.us", "120363000000000001@g.us"),
        ("status@broadcast", "status@broadcast"),
    ],
)
def test_an_address_has_one_key(jid: str, key: str) -> None:
    assert canonical_address(jid) == key


@given(st.from_regex(r"55[1-9][1-9][6-9][0-9]{7}", fullmatch=True))
def test_a_brazilian_mobile_is_one_person_with_and_without_the_ninth_digit(short: str) -> None:
    long = f"{short[:4]}9{short[4:]}"
    assert canonical_address(f"{short}@s.whatsapp.net") == canonical_address(f"{long}@s.whatsapp.net") == long


@given(st.text(max_size=60))
def test_a_key_is_its_own_key(jid: str) -> None:
    once = canonical_address(jid)
    if once.isdigit() or once.endswith("@lid"):
        assert canonical_address(once) == once


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "@lid",
        "a b@lid",
        "a\x00@lid",
        "1@lid@g.us",
        None,
        True,
        -1,
        1.5,
        [],
        2**70,
    ],
)
def test_what_is_no_address_is_none(value: object) -> None:
    assert address(value) is None


def test_an_address_has_a_cap() -> None:
    assert address("1" * MAX_ADDRESS_CHARS) is not None
    assert address("1" * (MAX_ADDRESS_CHARS + 1)) is None


@pytest.mark.parametrize(
    "value",
    [
        "+55 (11) 98888-7777",
        "5511988887777",
        5511988887777,
        "5511988887777@s.whatsapp.net",
    ],
)
def test_a_phone_number_becomes_an_address(value: object) -> None:
    assert phone_address(value) == "5511988887777@s.whatsapp.net"


@pytest.mark.parametrize("value", ["", "sem número", None, [], "٣٤٥"])
def test_what_has_no_digits_is_no_phone(value: object) -> None:
    assert phone_address(value) is None


def test_people_have_no_place() -> None:
    assert [place(jid) for jid in ("5511@s.whatsapp.net", "5511@lid", "5511", "5511@c.us")] == [None] * 4


def test_aliases_are_other_addresses_of_people_only() -> None:
    key = {
        "remoteJidAlt": "184467000111222:3@lid",
        "senderPn": "5511988887777@s.whatsapp.net",
        "senderLid": "184467000111222@lid",
        "previousRemoteJid": "120363@g.us",
    }
    assert aliases(key, "5511988887777@s.whatsapp.net") == ("184467000111222@lid",)
    assert aliases(key, "120363000000000001@g.us") == ()
    assert aliases({"remoteJidAlt": 7, "senderPn": None, "senderLid": "x"}, "5511@lid") == ()
