import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.peers import evolution as peer
from tests.turns.conftest import Shop, shop  # noqa: F401 - a fixture

from slim_agent.gateways.postgres.inbox_store import PostgresInboxStore
from slim_agent.inbox.normalise import read
from slim_agent.vocabulary.failures import SendDelayed
from slim_agent.vocabulary.turn import Reply, Turn


async def attend_until_settled(shop: Shop, chat: int) -> None:  # noqa: F811
    attendant = shop.attendant()
    async with asyncio.timeout(20):
        while await attendant.attend(chat) is not None:
            await shop.rows("UPDATE slim_agent.outbox SET not_before = now()")


async def fates(shop: Shop) -> list[object]:  # noqa: F811
    return [row[0] for row in await shop.rows("SELECT status FROM slim_agent.outbox ORDER BY id")]


async def two_replies(_turn: Turn) -> Reply:
    return Reply("answered", ("primeira", "segunda"))


@pytest.mark.parametrize(
    "fault", [peer.DROP_ANSWER, peer.HANG, peer.although_sent(peer.SERVER_ERROR), peer.although_sent(peer.TIMED_OUT)]
)
async def test_a_reply_whose_answer_is_lost_is_found_and_not_sent_again(shop: Shop, fault: peer.Fault) -> None:  # noqa: F811
    shop.respond = two_replies
    shop.evolution.script("sendText", fault)
    await attend_until_settled(shop, await shop.hear("oi"))
    assert shop.evolution.texts() == ["primeira", "segunda"]
    assert await fates(shop) == ["sent", "sent"]
    assert await shop.rows("SELECT count(DISTINCT wa_id) FROM slim_agent.outbox") == [(2,)]


@pytest.mark.parametrize("kept", [True, False])
async def test_a_reply_that_cannot_be_found_is_parked_and_never_sent_again(shop: Shop, kept: bool) -> None:  # noqa: F811
    shop.respond = two_replies
    shop.evolution.keeps = kept
    shop.evolution.script("sendText", peer.DROP_UNDONE if kept else peer.DROP_ANSWER)
    await attend_until_settled(shop, await shop.hear("oi"))
    assert await fates(shop) == ["parked", "sent"]
    assert shop.evolution.texts() == (["segunda"] if kept else ["primeira", "segunda"])
    assert len(shop.evolution.of("sendText")) == 2


async def test_an_older_equal_text_is_not_taken_for_the_lost_one(shop: Shop) -> None:  # noqa: F811
    chat = await shop.hear("oi")
    await attend_until_settled(shop, chat)
    shop.evolution.script("sendText", peer.DROP_UNDONE)
    await shop.hear("oi")
    await attend_until_settled(shop, chat)
    assert await fates(shop) == ["sent", "parked"]


async def test_a_number_without_whatsapp_is_refused_for_good_and_holds_nobody_back(shop: Shop) -> None:  # noqa: F811
    shop.respond = two_replies
    shop.evolution.script("sendText", peer.NOT_ON_WHATSAPP)
    await attend_until_settled(shop, await shop.hear("oi"))
    assert await fates(shop) == ["failed", "sent"]


@pytest.mark.parametrize(
    "fault", [peer.CONNECTION_CLOSED, peer.CONNECTION_CLOSED_500, peer.CLIENT_UNDEFINED, peer.UNLICENSED]
)
async def test_what_was_certainly_not_sent_is_sent_later_and_in_order(shop: Shop, fault: peer.Fault) -> None:  # noqa: F811
    shop.respond = two_replies
    shop.evolution.script("sendText", fault)
    await attend_until_settled(shop, await shop.hear("oi"))
    assert shop.evolution.texts() == ["primeira", "segunda"]
    assert await fates(shop) == ["sent", "sent"]


async def test_a_receipt_that_came_before_the_id_was_known_counts(shop: Shop) -> None:  # noqa: F811
    chat = await shop.hear("oi")
    await shop.attendant().attend(chat)
    assert await shop.rows("SELECT status, receipt, wa_id IS NOT NULL FROM slim_agent.outbox") == [("sent", None, True)]
    await shop.rows(
        "INSERT INTO slim_agent.inbox (disposition, reason, event, instance, about, status) "
        "SELECT 'update', 'status', 'messages.update', 'Slim Quality', 'EARLY', 'READ'"
    )
    await shop.rows("UPDATE slim_agent.outbox SET status = 'unknown', wa_id = NULL")
    key: Any = shop.evolution.sent[0]["key"]
    key["id"] = "EARLY"
    await attend_until_settled(shop, chat)
    assert await shop.rows("SELECT status, receipt, wa_id FROM slim_agent.outbox") == [("sent", "READ", "EARLY")]


async def test_an_evolution_that_cannot_look_up_does_not_hold_a_chat_back_for_long(shop: Shop) -> None:  # noqa: F811
    shop.respond = two_replies
    shop.evolution.script("sendText", peer.DROP_ANSWER)
    shop.evolution.always("findMessages", peer.refused(404, "Not Found", ["Cannot POST /chat/findMessages"]))
    await attend_until_settled(shop, await shop.hear("oi"))
    assert await fates(shop) == ["parked", "sent"]
    assert shop.evolution.texts() == ["primeira", "segunda"]


async def test_a_look_up_that_fails_is_tried_until_it_answers(shop: Shop) -> None:  # noqa: F811
    shop.evolution.script("sendText", peer.DROP_ANSWER)
    shop.evolution.script("findMessages", peer.SERVER_ERROR, peer.DROP_ANSWER)
    await attend_until_settled(shop, await shop.hear("oi"))
    assert await fates(shop) == ["sent"]
    assert shop.evolution.texts() == ["eco: oi"]


async def test_what_is_still_owed_is_not_said_after_a_person_took_over(shop: Shop) -> None:  # noqa: F811
    shop.evolution.script("sendText", peer.CONNECTION_CLOSED)
    chat = await shop.hear("quanto custa?")
    await shop.attendant().attend(chat)
    await shop.rows("UPDATE slim_agent.chats SET first_inbound_at = now() - interval '1 day'")
    await shop.hear("Oi, aqui é da loja", from_me=True)
    await attend_until_settled(shop, chat)
    assert shop.evolution.texts() == []
    assert await fates(shop) == ["cancelled"]


async def test_a_reply_that_evolution_reported_needs_no_looking_up(shop: Shop) -> None:  # noqa: F811
    shop.evolution.keeps = False
    shop.evolution.script("sendText", peer.DROP_ANSWER)
    chat = await shop.hear("oi")
    await shop.attendant().attend(chat)
    echo = shop.evolution.sent[0]
    (arrival,) = read(json.dumps(peer.send_message(echo)).encode(), now=datetime.now(UTC))
    await PostgresInboxStore(shop.database).insert([arrival])
    await attend_until_settled(shop, chat)
    assert await fates(shop) == ["sent"]
    assert len(shop.evolution.of("sendText")) == 1


async def test_our_own_message_that_comes_back_before_its_answer_is_nobody_who_takes_over(shop: Shop) -> None:  # noqa: F811
    chat = await shop.hear("oi")
    await shop.rows("UPDATE slim_agent.chats SET first_inbound_at = now() - interval '1 day'")
    shop.evolution.script("sendText", peer.DROP_ANSWER)
    await shop.attendant().attend(chat)
    await shop.hear("eco: oi", from_me=True)
    assert await shop.rows("SELECT ball FROM slim_agent.chats") == [("agent",)]


async def test_one_disconnected_number_does_not_stop_the_others(shop: Shop) -> None:  # noqa: F811
    shop.evolution.script("sendText", *[peer.CONNECTION_CLOSED] * 4)
    for _ in range(4):
        with pytest.raises(SendDelayed):
            await shop.messenger.send("Slim Quality", "5511900000000@s.whatsapp.net", "oi")
    assert await shop.messenger.send("Slim Quality", "5511900000001@s.whatsapp.net", "oi")
