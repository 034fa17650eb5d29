"""Every payload of the contract, and exactly what becomes of it."""

import json
from datetime import timedelta

import pytest
from tests.inbox.payloads import ANA, ANA_LID, LIVE, NAMES, SENT_AT, golden, only

from slim_agent.inbox.arrivals import Disposition
from slim_agent.inbox.classify import classify
from slim_agent.vocabulary.message import Kind

GROUP = "120363000000000001@g.us"

# name: kind, text, address, whether we wrote it
TURNS = {
    "messages.upsert.audio_ptt": ("audio", "[áudio de 7 s]", ANA),
    "messages.upsert.audio_speech_to_text": ("audio", "quero saber o preço", ANA),
    "messages.upsert.contacts_array": ("contact", "[contato: João, Bia]", ANA),
    "messages.upsert.document_with_caption": ("document", "segue a nota", ANA),
    "messages.upsert.ephemeral_chat_text": ("text", "chat temporário", ANA),
    "messages.upsert.ephemeral_wrapped_text": ("text", "mensagem temporária", ANA),
    "messages.upsert.evolution_channel": ("text", "oi", ANA),
    "messages.upsert.extended_text_link": ("text", "Vi esse aqui https://slim.example.com/p/1", ANA),
    "messages.upsert.image_caption": ("image", "É esse aqui?", ANA),
    "messages.upsert.image_s3_mediaurl": ("image", "[imagem]", ANA),
    "messages.upsert.lid_2.2.3_only": ("text", "oi 2.2.3", ANA_LID),
    "messages.upsert.lid_2.3.1_senderPn": ("text", "oi 2.3.1/2.3.2", ANA),
    "messages.upsert.lid_2.3.6_unswapped": ("text", "oi 2.3.5/2.3.6", ANA_LID),
    "messages.upsert.lid_2.3.7_no_alt": ("text", "oi (lid sem alt)", ANA_LID),
    "messages.upsert.lid_2.3.7_swapped": ("text", "oi (lid com alt)", ANA),
    "messages.upsert.list_response": ("choice", "Queen", ANA),
    "messages.upsert.location": (
        "location",
        "[localização: MASP; Av. Paulista, 1578; -23.561414, -46.655881]",
        ANA,
    ),
    "messages.upsert.poll_creation": ("poll", "[enquete: Qual tamanho? Queen/King]", ANA),
    "messages.upsert.reply_2.4.0-rc2_lost_quote": ("text", "resposta (contexto perdido no 2.4.0-rc)", ANA),
    "messages.upsert.reply_quoted": ("text", "Esse mesmo", ANA),
    "messages.upsert.sticker": ("sticker", "[figurinha]", ANA),
    "messages.upsert.text": ("text", "Oi, quanto custa o colchão queen?", ANA),
    "messages.upsert.text_no_pushname": ("text", "Olá", ANA),
    "messages.upsert.video_caption": ("video", "olha", ANA),
}

# name: disposition, reason, (kind, text, address, whether we wrote it) where there is a message
RECORDED = {
    "messages.update.edit_2.3.7": ("update", "edit", ("text", "Oi, quanto custa o colchão king?", ANA, False)),
    "messages.upsert.fromMe_business_greeting": (
        "update",
        "own_message",
        ("text", "Slim Quality agradece seu contato. Como podemos ajudar?", ANA, True),
    ),
    "messages.upsert.fromMe_phone_human": (
        "update",
        "own_message",
        ("text", "Deixa que eu assumo, sou o João da loja", ANA, True),
    ),
    "messages.upsert.group_text": ("ignored", "group", ("text", "@5511900000001 quanto custa?", GROUP, False)),
    "messages.upsert.reaction": ("update", "reaction", ("reaction", "👍", ANA, False)),
    "messages.upsert.reaction_removed": ("update", "reaction", ("reaction", "", ANA, False)),
    "messages.upsert.status_broadcast": (
        "ignored",
        "status_broadcast",
        ("text", "meu status", "status@broadcast", False),
    ),
    "send.message.text": ("update", "sent", ("text", "Você quer o modelo queen?", ANA, True)),
    "send.message.update": ("update", "edit", ("text", "Você quer o modelo king?", ANA, True)),
}

WITHOUT_MESSAGE = {
    "call.offer": ("ignored", "call"),
    "chats.delete": ("ignored", "chat_list"),
    "chats.update": ("ignored", "chat_list"),
    "chats.upsert": ("ignored", "chat_list"),
    "connection.update.close_logged_out": ("update", "connection"),
    "connection.update.connecting": ("update", "connection"),
    "connection.update.open": ("update", "connection"),
    "connection.update.refused_qr_limit": ("update", "connection"),
    "contacts.update.array": ("update", "contact"),
    "contacts.update.object": ("update", "contact"),
    "contacts.upsert.array": ("update", "contact"),
    "contacts.upsert.object": ("update", "contact"),
    "error_webhook": ("ignored", "evolution_error"),
    "group-participants.update": ("ignored", "group"),
    "instance.create": ("ignored", "instance_created"),
    "logout.instance": ("update", "connection"),
    "messages.delete.remote_revoke_2.3.7": ("update", "deleted"),
    "messages.edited.is_app_state_key_share": ("ignored", "protocol_message"),
    "messages.edited.is_ephemeral_setting": ("ignored", "protocol_message"),
    "messages.edited.is_revoke": ("ignored", "protocol_message"),
    "messages.set.array_2.3.7": ("ignored", "history_sync"),
    "messages.update.delivery_ack": ("update", "delivery_status"),
    "messages.update.error": ("update", "delivery_status"),
    "messages.update.lid_remote": ("update", "delivery_status"),
    "messages.update.played": ("update", "delivery_status"),
    "messages.update.server_ack": ("update", "delivery_status"),
    "messages.upsert.secret_encrypted_edit": ("ignored", "encrypted_edit"),
    "qrcode.updated": ("ignored", "pairing_code"),
    "qrcode.updated.limit": ("ignored", "pairing_code"),
    "remove.instance": ("update", "connection"),
    "status.instance.closed": ("update", "connection"),
}


def test_every_golden_payload_has_one_expectation() -> None:
    expected = [*TURNS, *RECORDED, *WITHOUT_MESSAGE]
    assert sorted(expected) == NAMES


@pytest.mark.parametrize("name", TURNS)
def test_a_customer_message_is_a_turn(name: str) -> None:
    arrival = only(golden(name))
    message = arrival.message
    assert (arrival.disposition, arrival.reason) == (Disposition.TURN, "")
    assert message is not None
    assert (message.kind, message.text, message.jid) == TURNS[name]
    assert (message.from_me, message.instance, message.sent_at) == (False, "Slim Quality", SENT_AT)
    assert message.id == json.loads(golden(name))["data"]["key"]["id"]
    assert arrival.payload is not None


@pytest.mark.parametrize("name", RECORDED)
def test_other_messages_are_recorded(name: str) -> None:
    disposition, reason, expected = RECORDED[name]
    arrival = only(golden(name))
    message = arrival.message
    assert (arrival.disposition, arrival.reason) == (disposition, reason)
    assert message is not None
    assert (message.kind, message.text, message.jid, message.from_me) == expected
    assert (arrival.payload is not None) == (disposition == "update")


@pytest.mark.parametrize("name", WITHOUT_MESSAGE)
def test_events_without_a_message(name: str) -> None:
    arrival = only(golden(name))
    assert (arrival.disposition, arrival.reason) == WITHOUT_MESSAGE[name]
    assert arrival.message is None
    assert (arrival.payload is not None) == (arrival.disposition is Disposition.UPDATE)


@pytest.mark.parametrize("name", NAMES)
def test_an_old_capture_classifies_as_it_did_live(name: str) -> None:
    live, now = only(golden(name)), LIVE + timedelta(days=300)
    result = classify(golden(name), now)
    assert (result["disposition"], result["reason"]) == (live.disposition, live.reason)
    message, contact = live.message, live.contact
    assert result["text"] == (message.text if message else None)
    assert result["kind"] == (message.kind if message else None)
    assert result["from_me"] == (message.from_me if message else None)
    assert result["chat"] == (message.jid if message else contact.jid if contact else None)


@pytest.mark.parametrize(
    ("name", "aliases"),
    [
        ("text", (ANA_LID,)),
        ("lid_2.2.3_only", ()),
        ("lid_2.3.1_senderPn", (ANA_LID,)),
        ("lid_2.3.6_unswapped", (ANA,)),
        ("lid_2.3.7_no_alt", ()),
        ("lid_2.3.7_swapped", ()),
        ("fromMe_phone_human", ()),
        ("group_text", ()),
        ("status_broadcast", ()),
    ],
)
def test_phone_and_lid_of_a_customer_are_learnt_but_never_from_our_own_messages(
    name: str, aliases: tuple[str, ...]
) -> None:
    message = only(golden(f"messages.upsert.{name}")).message
    assert message is not None
    assert message.aliases == aliases


def test_updates_say_which_message_they_are_about() -> None:
    assert only(golden("messages.update.error")).about == "3EB0FCA6FD5AC08629C2B5"
    assert only(golden("messages.update.error")).status == "ERROR"
    assert only(golden("messages.update.edit_2.3.7")).about == "3A1B2C3D4E5F60718293"
    assert only(golden("messages.update.edit_2.3.7")).status is None
    assert only(golden("messages.delete.remote_revoke_2.3.7")).about == "3A1B2C3D4E5F60718293"
    assert only(golden("messages.upsert.reaction")).about == "3EB0FCA6FD5AC08629C2B5"
    assert (only(golden("send.message.text")).about, only(golden("send.message.text")).status) == (
        "3EB0FCA6FD5AC08629C2B5",
        "PENDING",
    )


def test_the_connection_is_told_by_its_state() -> None:
    states = {name: only(golden(name)).status for name, row in WITHOUT_MESSAGE.items() if row[1] == "connection"}
    assert states == {
        "connection.update.close_logged_out": "close",
        "connection.update.connecting": "connecting",
        "connection.update.open": "open",
        "connection.update.refused_qr_limit": "refused",
        "logout.instance": "close",
        "remove.instance": "close",
        "status.instance.closed": "close",
    }


def test_names_quotes_and_contacts_are_read() -> None:
    quoted = only(golden("messages.upsert.reply_quoted")).message
    assert quoted is not None
    assert (quoted.quoted, quoted.sender_name) == ("Você quer o modelo queen?", "Ana Souza")
    own = only(golden("messages.upsert.fromMe_phone_human")).message
    assert own is not None
    assert own.sender_name is None
    contact = only(golden("contacts.update.object")).contact
    assert contact is not None
    assert (contact.jid, contact.name) == (ANA, "Ana Souza")
    deleted = only(golden("messages.delete.remote_revoke_2.3.7")).contact
    assert deleted is not None
    assert deleted.aliases == (ANA_LID,)


def test_session_keys_are_never_kept() -> None:
    body = golden("messages.edited.is_app_state_key_share")
    assert only(body).payload is None
    unseen = only(body.replace(b'"messages.edited"', b'"messages.unseen"'))
    assert unseen.disposition is Disposition.QUARANTINED
    assert b"appStateSyncKeyShare" not in (unseen.payload or b"")


def test_kind_values_are_those_of_the_vocabulary() -> None:
    assert {row[0] for row in TURNS.values()} <= {kind.value for kind in Kind}
