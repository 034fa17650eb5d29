"""What customers send, in shapes beyond the golden payloads."""

import json
from datetime import UTC, datetime

import pytest
from tests.inbox.payloads import only, upsert

from slim_agent.inbox.arrivals import Disposition
from slim_agent.inbox.content import MAX_WRAPPERS, UNREADABLE_TEXT
from slim_agent.inbox.messages import MAX_NAME_CHARS, MAX_QUOTE_CHARS
from slim_agent.inbox.payloads import MAX_TEXT_CHARS
from slim_agent.vocabulary.message import Message


def message_of(content: object, **more: object) -> Message:
    arrival = only(upsert(content, **more))
    assert arrival.disposition is Disposition.TURN
    assert arrival.message is not None
    return arrival.message


def wrapped(content: object, *wrappers: str) -> object:
    for wrapper in wrappers:
        content = {wrapper: {"message": content}}
    return content


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        ("texto solto", "text", "texto solto"),
        ({"extendedTextMessage": {"text": "oi"}}, "text", "oi"),
        ({"ptvMessage": {"seconds": 3}}, "video", "[vídeo]"),
        ({"videoMessage": {"seconds": 3}}, "video", "[vídeo]"),
        ({"audioMessage": {"seconds": {"low": 12, "high": 0}}}, "audio", "[áudio de 12 s]"),
        ({"audioMessage": {"ptt": True}}, "audio", "[áudio]"),
        ({"documentMessage": {"fileName": "contrato.pdf"}}, "document", "[documento: contrato.pdf]"),
        ({"documentMessage": {"mimetype": "application/pdf"}}, "document", "[documento]"),
        ({"lottieStickerMessage": {"message": {"stickerMessage": {"url": "x"}}}}, "sticker", "[figurinha]"),
        ({"locationMessage": {"name": 3}}, "location", "[localização]"),
        (
            {"liveLocationMessage": {"degreesLatitude": -23.5, "degreesLongitude": "-46.6", "caption": "a caminho"}},
            "location",
            "[localização: a caminho; -23.500000, -46.600000]",
        ),
        ({"contactMessage": {"displayName": "João", "vcard": "BEGIN:VCARD"}}, "contact", "[contato: João]"),
        ({"contactsArrayMessage": {"contacts": [{}], "displayName": "2 contatos"}}, "contact", "[contato: 2 contatos]"),
        ({"buttonsResponseMessage": {"selectedDisplayText": "Quero", "selectedButtonId": "b1"}}, "choice", "Quero"),
        ({"buttonsResponseMessage": {"selectedButtonId": "b1"}}, "choice", "b1"),
        ({"templateButtonReplyMessage": {"selectedDisplayText": "Sim", "selectedId": "1"}}, "choice", "Sim"),
        ({"listResponseMessage": {"singleSelectReply": {"selectedRowId": "row_queen"}}}, "choice", "row_queen"),
        ({"interactiveResponseMessage": {"body": {"text": "Queen"}}}, "choice", "Queen"),
        (
            {"interactiveResponseMessage": {"nativeFlowResponseMessage": {"paramsJson": '{"id":"opcao_1"}'}}},
            "choice",
            "opcao_1",
        ),
        (
            {"interactiveResponseMessage": {"nativeFlowResponseMessage": {"paramsJson": "{quebrado"}}},
            "choice",
            "[escolha]",
        ),
        ({"pollCreationMessage": {"name": "Qual?", "options": "A"}}, "poll", "[enquete: Qual?]"),
        ({"pollUpdateMessage": {"vote": {"encPayload": "x"}}}, "poll", "[voto em enquete]"),
        ({"templateMessage": {"hydratedTemplate": {"hydratedContentText": "Promoção"}}}, "text", "Promoção"),
        ({"interactiveMessage": {"body": {"text": "Escolha"}}}, "text", "Escolha"),
        ({"productMessage": {"product": {"title": "Queen"}}}, "unknown", "[produto do catálogo: Queen]"),
        ({"orderMessage": {"orderTitle": "Pedido", "message": "1 item"}}, "unknown", "[pedido do catálogo: Pedido]"),
        ({"groupInviteMessage": {"groupName": "Família"}}, "unknown", "[convite para grupo: Família]"),
        ({"hologramMessage": {"colour": "blue"}}, "unknown", UNREADABLE_TEXT),
        ({"conversation": {"text": "tipo errado"}}, "unknown", UNREADABLE_TEXT),
        ([{"conversation": "lista"}], "unknown", UNREADABLE_TEXT),
        ({"imageMessage": "tipo errado"}, "image", "[imagem]"),
        ({"messageContextInfo": {}, "base64": "AAAA", "imageMessage": {"caption": "esse"}}, "image", "esse"),
        ({"hologramMessage": {"a": 1}, "conversation": "as palavras valem mais"}, "text", "as palavras valem mais"),
        (wrapped({"imageMessage": {"caption": "só uma vez"}}, "viewOnceMessageV2"), "image", "só uma vez"),
        (wrapped({"conversation": "fundo"}, "ephemeralMessage", "deviceSentMessage"), "text", "fundo"),
        (wrapped({"documentMessage": {"caption": "nota"}}, "documentWithCaptionMessage"), "document", "nota"),
        (wrapped({"conversation": "editada"}, "editedMessage"), "text", "editada"),
        (wrapped({"conversation": "novo invólucro"}, "wrapperOfTomorrow"), "text", "novo invólucro"),
        (wrapped({"conversation": "x"}, *["ephemeralMessage"] * (MAX_WRAPPERS + 1)), "unknown", UNREADABLE_TEXT),
    ],
)
def test_content_gets_its_kind_and_its_words(content: object, kind: str, text: str) -> None:
    message = message_of(content)
    assert (message.kind, message.text) == (kind, text)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "empty_content"),
        ({}, "empty_content"),
        ({"conversation": ""}, "empty_content"),
        ({"conversation": " \n"}, "empty_content"),
        ({"imageMessage": None}, "empty_content"),
        ({"messageContextInfo": {"deviceListMetadataVersion": 2}}, "empty_content"),
        ({"senderKeyDistributionMessage": {"groupId": "x"}}, "empty_content"),
        ({"protocolMessage": {"type": "REVOKE", "key": {"id": "3A00"}}}, "protocol_message"),
        ({"protocolMessage": {"type": 0}}, "protocol_message"),
        ({"messageContextInfo": {}, "pinInChatMessage": {"key": {}}}, "pin"),
        ({"keepInChatMessage": {"key": {}}}, "keep_in_chat"),
        ({"encReactionMessage": {"encPayload": "x"}}, "encrypted_reaction"),
        ({"albumMessage": {"expectedImageCount": 3}}, "album_header"),
        ({"placeholderMessage": {"type": 0}}, "placeholder"),
        (wrapped({"protocolMessage": {"type": 3}}, "ephemeralMessage"), "protocol_message"),
    ],
)
def test_content_without_words_is_ignored_and_does_not_take_the_message_id(content: object, reason: str) -> None:
    arrival = only(upsert(content))
    assert (arrival.disposition, arrival.reason, arrival.message) == (Disposition.IGNORED, reason, None)


@pytest.mark.parametrize("kind", ["MESSAGE_EDIT", 14, "14"])
def test_an_edit_carries_the_new_words_and_the_id_of_the_old_message(kind: object) -> None:
    protocol = {"type": kind, "key": {"id": "3A00"}, "editedMessage": {"conversation": "o king"}}
    arrival = only(upsert(wrapped({"protocolMessage": protocol}, "editedMessage")))
    assert (arrival.disposition, arrival.reason, arrival.about) == (Disposition.UPDATE, "edit", "3A00")
    assert arrival.message is not None
    assert (arrival.message.text, arrival.message.id) == ("o king", "3A01")


def test_a_vote_says_what_was_chosen() -> None:
    votes = [{"name": "Queen", "voters": ["x"]}, {"name": "King", "voters": []}, {"name": "Solteiro", "voters": ["x"]}]
    poll = {"pollUpdateMessage": {"vote": "x"}}
    assert message_of(poll, pollUpdates=votes).text == "Queen, Solteiro"
    assert message_of(poll, pollUpdates=votes[1:2]).text == "[retirou o voto da enquete]"
    assert message_of(poll, pollUpdates="x").text == "[voto em enquete]"


def test_the_quote_is_found_where_older_versions_put_it() -> None:
    context = {"quotedMessage": {"imageMessage": {"caption": "esse colchão"}}}
    assert message_of({"extendedTextMessage": {"text": "sim", "contextInfo": context}}).quoted == "esse colchão"
    assert message_of({"conversation": "sim"}, contextInfo=context).quoted == "esse colchão"
    assert message_of({"conversation": "sim"}, contextInfo={"quotedMessage": {"protocolMessage": {}}}).quoted is None


@pytest.mark.parametrize(
    "stamp",
    [
        1764950400,
        "1764950400",
        1764950400.0,
        1764950400000,
        {"low": 1764950400, "high": 0, "unsigned": True},
        {"low": -281158656, "high": 410, "unsigned": False},
    ],
)
def test_times_are_read_in_every_encoding(stamp: object) -> None:
    sent_at = message_of("oi", messageTimestamp=stamp).sent_at
    assert sent_at is not None
    assert abs((sent_at - datetime(2025, 12, 5, 16, 0, tzinfo=UTC)).total_seconds()) < 600


@pytest.mark.parametrize("stamp", [None, "", "ontem", True, 0, -1, 1e300, "nan", "inf", [1], {"low": "1"}, 10**30])
def test_a_message_with_an_unreadable_time_is_still_answered(stamp: object) -> None:
    assert message_of("oi", messageTimestamp=stamp).sent_at is None


def test_texts_names_and_quotes_have_caps() -> None:
    long = "á" * (MAX_TEXT_CHARS + 1)
    context = {"quotedMessage": {"conversation": long}}
    arrival = only(upsert({"conversation": long}, pushName=long, contextInfo=context))
    assert arrival.message is not None
    assert len(arrival.message.text) == MAX_TEXT_CHARS
    assert len(arrival.message.sender_name or "") == MAX_NAME_CHARS
    assert len(arrival.message.quoted or "") == MAX_QUOTE_CHARS
    assert long not in json.loads(arrival.payload or b"{}")["data"]["message"]["conversation"]


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ("Ana\r\nSouza\x07", "Ana Souza"),
        ("\u202eanA", "anA"),
        ("👩‍👧 Ana", "👩‍👧 Ana"),
        ("\t \n", None),
        ("", None),
        (None, None),
        (5, None),
    ],
)
def test_a_name_is_one_printable_line(given: object, known: str | None) -> None:
    assert message_of("oi", pushName=given).sender_name == known
