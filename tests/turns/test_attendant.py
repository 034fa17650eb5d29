import asyncio

import pytest
from tests.turns.conftest import ANA, Shop

from slim_agent.vocabulary.failures import LeaseLost
from slim_agent.vocabulary.turn import HandOver, Reply, Speaker, TakeBack, Turn


async def test_a_burst_is_one_turn_and_its_replies_leave_in_order(shop: Shop) -> None:
    chat = await shop.hear("oi", "quanto custa", "o queen?")
    assert await shop.attendant().attend(chat) is None
    assert [line.text for line in shop.seen[0].unread] == ["oi", "quanto custa", "o queen?"]
    assert len(shop.seen) == 1
    assert shop.evolution.texts(ANA) == ["eco: oi", "eco: quanto custa", "eco: o queen?"]


async def test_a_burst_that_still_goes_on_is_left_alone_until_it_is_quiet(shop: Shop) -> None:
    chat = await shop.hear("oi")
    pause = await shop.attendant(debounce=2).attend(chat)
    assert pause is not None
    assert 1 < pause <= 2
    assert shop.seen == []


async def test_a_burst_without_end_is_answered_after_the_longest_wait(shop: Shop) -> None:
    chat = await shop.hear("oi")
    await shop.rows("UPDATE slim_agent.inbox SET received_at = received_at - interval '9 s'")
    await shop.hear("ainda escrevendo")
    assert await shop.attendant(debounce=2, debounce_max=8).attend(chat) is None
    assert len(shop.seen[0].unread) == 2


async def test_the_past_is_told_with_who_said_it(shop: Shop) -> None:
    chat = await shop.hear("oi")
    await shop.attendant().attend(chat)
    await shop.rows("UPDATE slim_agent.chats SET first_inbound_at = first_inbound_at - interval '1 minute'")
    await shop.hear("bom dia, aqui é a Carla", from_me=True)
    await shop.rows("UPDATE slim_agent.chats SET ball = 'agent'")
    await shop.hear("e o king?")
    await shop.attendant().attend(chat)
    told = [(line.speaker, line.text) for line in shop.seen[-1].history]
    assert told == [
        (Speaker.CUSTOMER, "oi"),
        (Speaker.AGENT, "eco: oi"),
        (Speaker.PERSON, "bom dia, aqui é a Carla"),
    ]
    assert [line.text for line in shop.seen[-1].unread] == ["e o king?"]


async def test_two_workers_at_one_chat_answer_once(shop: Shop) -> None:
    chat = await shop.hear("oi")
    one, other = shop.attendant("one"), shop.attendant("other")
    await asyncio.gather(*(worker.attend(chat) for worker in (one, other, one, other)))
    assert shop.evolution.texts() == ["eco: oi"]


async def test_a_message_that_arrives_during_the_turn_gets_the_next_one(shop: Shop) -> None:
    async def respond(turn: Turn) -> Reply:
        if len(shop.seen) == 1:
            await shop.hear("e o king?")
        return Reply("answered", (f"eco: {turn.unread[-1].text}",))

    shop.respond = respond
    chat = await shop.hear("oi")
    assert await shop.attendant().attend(chat) is None
    assert shop.evolution.texts() == ["eco: oi", "eco: e o king?"]


async def test_the_reply_goes_to_the_address_that_the_customer_wrote_from_last(shop: Shop) -> None:
    chat = await shop.hear("oi")
    await shop.attendant().attend(chat)
    assert await shop.hear("sou eu", jid="184467000111222@lid", aliases=(ANA,)) == chat
    await shop.attendant().attend(chat)
    assert shop.evolution.texts("184467000111222@lid") == ["eco: sou eu"]


async def test_a_turn_that_fails_is_tried_three_times_and_then_kept_as_a_dead_letter(shop: Shop) -> None:
    async def respond(turn: Turn) -> Reply:
        raise ValueError(turn.unread[0].text)

    shop.respond = respond
    chat = await shop.hear("veneno")
    attendant = shop.attendant()
    async with asyncio.timeout(10):
        while await attendant.attend(chat) is not None:
            await asyncio.sleep(0.01)
    assert [turn.attempt for turn in shop.seen] == [1, 2, 3]
    assert await shop.rows("SELECT reason, attempts, status, input->0->>'text' FROM slim_agent.dead_letters") == [
        ("ValueError", 3, "open", "veneno")
    ]
    assert shop.evolution.texts() == []


async def test_a_poison_message_does_not_block_its_chat(shop: Shop) -> None:
    chat = await shop.hear("veneno")
    await shop.rows("INSERT INTO slim_agent.turns (chat_id, attempts) SELECT id, 3 FROM slim_agent.chats")
    assert await shop.attendant().attend(chat) is None
    assert shop.seen == []
    await shop.hear("oi")
    await shop.attendant().attend(chat)
    assert shop.evolution.texts() == ["eco: oi"]


async def test_a_turn_that_takes_too_long_is_tried_again(shop: Shop) -> None:
    async def respond(turn: Turn) -> Reply:
        if turn.attempt == 1:
            await asyncio.Event().wait()
        return Reply("answered", ("agora sim",))

    shop.respond = respond
    chat = await shop.hear("oi")
    attendant = shop.attendant(turn_timeout=0.05)
    async with asyncio.timeout(10):
        while await attendant.attend(chat) is not None:
            await asyncio.sleep(0.01)
    assert shop.evolution.texts() == ["agora sim"]


async def test_a_worker_that_stops_hands_its_turn_to_the_next(shop: Shop) -> None:
    thinking = asyncio.Event()

    async def respond(turn: Turn) -> Reply:
        if len(shop.seen) == 1:
            thinking.set()
            await asyncio.Event().wait()
        return Reply("answered", (f"cheguei na tentativa {turn.attempt}",))

    shop.respond = respond
    chat = await shop.hear("oi")
    stopped = asyncio.create_task(shop.attendant("one").attend(chat))
    await thinking.wait()
    stopped.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopped
    assert await shop.attendant("other").attend(chat) is None
    assert shop.evolution.texts() == ["cheguei na tentativa 1"]


async def test_a_worker_that_lost_its_chat_commits_nothing(shop: Shop) -> None:
    async def respond(_turn: Turn) -> Reply:
        await shop.rows("UPDATE slim_agent.chats SET lease_fence = lease_fence + 1, lease_owner = 'other'")
        return Reply("answered", ("tarde demais",))

    shop.respond = respond
    chat = await shop.hear("oi")
    assert await shop.attendant().attend(chat) == 1
    assert shop.evolution.texts() == []
    assert await shop.rows("SELECT status FROM slim_agent.turns") == [("open",)]


async def test_a_lease_that_cannot_be_renewed_ends_the_turn(shop: Shop) -> None:
    ended = asyncio.Event()

    async def respond(_turn: Turn) -> Reply:
        await shop.rows("UPDATE slim_agent.chats SET lease_fence = lease_fence + 1")
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise LeaseLost

    shop.respond = respond
    chat = await shop.hear("oi")
    assert await shop.attendant(lease=0.3).attend(chat) == 1
    assert ended.is_set()


async def test_a_person_who_takes_over_while_the_agent_thinks_has_the_last_word(shop: Shop) -> None:
    async def respond(_turn: Turn) -> Reply:
        await shop.rows("UPDATE slim_agent.chats SET first_inbound_at = first_inbound_at - interval '1 minute'")
        await shop.hear("deixa comigo", from_me=True)
        return Reply("answered", ("eu também sei",))

    shop.respond = respond
    chat = await shop.hear("oi")
    await shop.attendant().attend(chat)
    assert shop.evolution.texts() == []
    assert await shop.rows("SELECT outcome FROM slim_agent.turns") == [("left_to_person",)]


async def test_what_a_person_has_to_answer_is_not_answered_by_the_agent(shop: Shop) -> None:
    async def respond(_turn: Turn) -> Reply:
        return Reply("handed_over", ("Já chamo alguém.",), (HandOver("asked_for_person", "quer falar com alguém"),))

    shop.respond = respond
    chat = await shop.hear("quero falar com uma pessoa")
    await shop.attendant().attend(chat)
    await shop.hear("alô?")
    await shop.attendant().attend(chat)
    assert len(shop.seen) == 1
    assert shop.evolution.texts() == ["Já chamo alguém."]
    assert await shop.rows("SELECT outcome FROM slim_agent.turns ORDER BY id") == [
        ("handed_over",),
        ("left_to_person",),
    ]
    assert await shop.rows("SELECT action, detail->>'reason' FROM slim_agent.audit") == [
        ("hand_over", "asked_for_person")
    ]


async def test_after_an_outage_the_agent_takes_its_chat_back(shop: Shop) -> None:
    replies = [Reply("handed_over", ("Um momento.",), (HandOver("outage", ""),)), Reply("answered", (), (TakeBack(),))]

    async def respond(_turn: Turn) -> Reply:
        return replies.pop(0)

    shop.respond = respond
    chat = await shop.hear("oi")
    await shop.attendant().attend(chat)
    await shop.hear("e agora?")
    await shop.attendant().attend(chat)
    assert [turn.chat.ball_reason for turn in shop.seen] == [None, "outage"]
    assert await shop.rows("SELECT ball, ball_reason FROM slim_agent.chats") == [("agent", None)]


async def test_whatsapp_business_greeting_is_nobody_who_takes_over(shop: Shop) -> None:
    chat = await shop.hear("oi")
    await shop.hear("Olá! Como podemos ajudar?", from_me=True)
    await shop.attendant().attend(chat)
    assert shop.evolution.texts() == ["eco: oi"]


async def test_a_greeting_that_overtakes_the_message_is_nobody_either(shop: Shop) -> None:
    await shop.hear("Olá! Como podemos ajudar?", from_me=True)
    chat = await shop.hear("oi")
    await shop.attendant().attend(chat)
    assert shop.evolution.texts() == ["eco: oi"]
