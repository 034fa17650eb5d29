import asyncio
from collections.abc import Sequence

from tests.turns.conftest import PACE, Shop

from slim_agent.turns.ending import end
from slim_agent.turns.worker import Worker


class Bell:
    def __init__(self) -> None:
        self.rings: list[tuple[list[int], float]] = []

    def ring(self, chat_ids: Sequence[int], delay: float) -> None:
        self.rings.append((list(chat_ids), delay))


def worker(shop: Shop, sweep_seconds: float = 5) -> Worker:
    return Worker(shop.attendant(), shop.store, Bell(), PACE, concurrency=8, sweep_seconds=sweep_seconds)


async def make_old(shop: Shop) -> None:
    await shop.rows("UPDATE slim_agent.inbox SET received_at = received_at - interval '1 minute'")


async def test_the_sweep_finds_what_nobody_rang_for(shop: Shop) -> None:
    await shop.hear("oi")
    sweeper = worker(shop)
    assert await sweeper.sweep_once() == 0
    await make_old(shop)
    assert await sweeper.sweep_once() == 1
    assert await shop.evolution.wait_for_texts(1) == ["eco: oi"]
    await sweeper.stop(5)


async def test_replies_that_wait_for_their_number_starve_nobody(shop: Shop) -> None:
    await shop.rows("INSERT INTO slim_agent.contacts (name) SELECT 'x' FROM generate_series(1, 220)")
    await shop.rows(
        "INSERT INTO slim_agent.chats (instance, contact_id, jid) SELECT 'B', id, 'j' FROM slim_agent.contacts"
    )
    await shop.rows(
        "INSERT INTO slim_agent.outbox (chat_id, part, instance, jid, text, not_before, created_at) "
        "SELECT id, part, 'B', 'j', 'oi', CASE part WHEN 0 THEN now() + interval '55 s' ELSE now() END, "
        "now() - interval '1 h' FROM slim_agent.chats, generate_series(0, 1) AS part ORDER BY id, part"
    )
    await shop.hear("oi")
    await make_old(shop)
    sweeper = worker(shop)
    assert await sweeper.sweep_once() == 1
    assert await shop.evolution.wait_for_texts(1) == ["eco: oi"]
    await sweeper.stop(5)


async def test_a_statement_that_breaks_does_not_end_the_sweep(shop: Shop) -> None:
    await shop.rows("ALTER TABLE slim_agent.turns RENAME TO moved")
    sweeper = worker(shop, sweep_seconds=0.01)
    sweeping = asyncio.create_task(sweeper.sweep())
    await asyncio.sleep(0.1)
    assert not sweeping.done()
    await shop.rows("ALTER TABLE slim_agent.moved RENAME TO turns")
    await shop.hear("oi")
    await make_old(shop)
    assert await shop.evolution.wait_for_texts(1) == ["eco: oi"]
    await end([sweeping])
    await sweeper.stop(5)


async def test_a_chat_that_rings_while_it_is_attended_is_attended_again(shop: Shop) -> None:
    chat = await shop.hear("oi")
    attending = worker(shop)
    attending.wake(chat)
    attending.wake(chat)
    await shop.evolution.wait_for_texts(1)
    await shop.hear("e o king?")
    attending.wake(chat)
    assert await shop.evolution.wait_for_texts(2) == ["eco: oi", "eco: e o king?"]
    await attending.stop(5)
    assert attending.wake(chat) is None
