"""Two chats turn out to be one while one of them is being answered."""

import asyncio

from tests.turns.conftest import ANA, Shop, echo

from slim_agent.vocabulary.turn import HandOver, Reply, Turn

LID = "184467000111222@lid"


class Thinking:
    """Says its reply only when it is let go."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.started = asyncio.Event()
        self.go = asyncio.Event()

    async def __call__(self, _turn: Turn) -> Reply:
        self.started.set()
        await self.go.wait()
        return self.reply


async def two_chats(shop: Shop, reply: Reply) -> tuple[Thinking, "asyncio.Task[float | None]"]:
    """Answer Ana by phone, then let the agent think about what she wrote from an unknown LID."""
    await shop.attendant().attend(await shop.hear("oi"))
    thinking = Thinking(reply)
    shop.respond = thinking
    lid_chat = await shop.hear("pergunta", jid=LID)
    task = asyncio.create_task(shop.attendant().attend(lid_chat))
    await thinking.started.wait()
    return thinking, task


async def test_a_message_that_is_being_answered_is_not_new_in_the_chat_that_stays(shop: Shop) -> None:
    thinking, task = await two_chats(shop, Reply("answered", ("resposta",)))
    chat = await shop.hear("segunda", jid=LID, aliases=(ANA,))
    await shop.rows("UPDATE slim_agent.inbox SET message_id = 'SAME' WHERE text = 'pergunta'")
    assert await shop.rows("SELECT DISTINCT chat_id FROM slim_agent.inbox") == [(chat,)]
    thinking.go.set()
    await task
    shop.respond = echo
    await shop.attendant().attend(chat)
    assert shop.evolution.texts() == ["eco: oi", "resposta", "eco: segunda"]


async def test_its_hand_over_is_one_of_the_chat_that_stays(shop: Shop) -> None:
    thinking, task = await two_chats(shop, Reply("handed_over", ("já chamo",), (HandOver("asked_for_person", ""),)))
    chat = await shop.hear("segunda", jid=LID, aliases=(ANA,))
    thinking.go.set()
    await task
    assert await shop.rows(f"SELECT ball, ball_reason FROM slim_agent.chats WHERE id = {chat}") == [
        ("person", "asked_for_person")
    ]


async def test_a_person_in_the_chat_that_stays_has_the_last_word(shop: Shop) -> None:
    thinking, task = await two_chats(shop, Reply("answered", ("do agente",)))
    await shop.hear("segunda", jid=LID, aliases=(ANA,))
    await shop.rows("UPDATE slim_agent.chats SET first_inbound_at = now() - interval '1 day'")
    await shop.hear("deixa comigo", jid=LID, from_me=True)
    thinking.go.set()
    await task
    assert "do agente" not in shop.evolution.texts()
