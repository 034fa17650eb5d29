import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from slim_agent.inbox import intake as module
from slim_agent.inbox.arrivals import Arrival, Disposition
from slim_agent.inbox.intake import Intake
from slim_agent.inbox.ports import Stored
from slim_agent.vocabulary.failures import Unavailable
from slim_agent.vocabulary.message import Kind, Message


def arrival(number: int, disposition: Disposition = Disposition.TURN) -> Arrival:
    jid = f"55119888800{number:02d}@s.whatsapp.net"
    message = Message("Slim Quality", jid, f"ID{number}", False, Kind.TEXT, "oi", datetime.now(UTC))
    return Arrival(disposition, "", "messages.upsert", "Slim Quality", message)


class Store:
    """A store that waits until it is let go, and remembers its batches."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.open = asyncio.Event()
        self.failure: Exception | None = None

    async def insert(self, arrivals: Sequence[Arrival]) -> list[Stored]:
        self.batches.append(len(arrivals))
        await self.open.wait()
        if self.failure:
            raise self.failure
        return [
            Stored(duplicate=False, chat_id=int(each.message.id[2:]) if each.message else None) for each in arrivals
        ]


async def test_what_arrives_while_a_statement_is_in_flight_shares_the_next_one() -> None:
    store = Store()
    rung: list[int] = []
    intake = Intake(store, rung.extend)
    taken = [asyncio.create_task(intake.take([arrival(number)])) for number in range(20)]
    await asyncio.sleep(0)
    taken.append(asyncio.create_task(intake.take([arrival(20), arrival(21)])))
    store.open.set()
    answers = await asyncio.gather(*taken)
    assert len(store.batches) == 2
    assert sum(store.batches) == 22
    assert [answer[0].chat_id for answer in answers] == list(range(21))
    assert answers[-1][1].chat_id == 21
    assert sorted(rung) == list(range(22))


async def test_only_new_turns_ring() -> None:
    store = Store()
    store.open.set()
    rung: list[int] = []
    intake = Intake(store, rung.extend)
    await intake.take([arrival(1, Disposition.UPDATE), arrival(2, Disposition.IGNORED), arrival(3)])
    assert rung == [3]


async def test_a_batch_has_an_upper_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BATCH", 3)
    store = Store()
    store.open.set()
    intake = Intake(store, lambda _chats: None)
    await asyncio.gather(*(intake.take([arrival(number)]) for number in range(7)))
    assert max(store.batches) <= 3


async def test_more_waiting_requests_than_the_limit_are_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 2)
    store = Store()
    intake = Intake(store, lambda _chats: None)
    waiting = [asyncio.create_task(intake.take([arrival(number)])) for number in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="more than 2"):
        await asyncio.gather(*(intake.take([arrival(9)]) for _ in range(3)))
    store.open.set()
    await asyncio.gather(*waiting)
    await intake.close()


@pytest.mark.parametrize("failure", [Unavailable("postgres", "gone"), RuntimeError("bug")])
async def test_whatever_goes_wrong_every_sender_hears_that_nothing_is_safe(failure: Exception) -> None:
    store = Store()
    store.failure = failure
    store.open.set()
    rung: list[int] = []
    intake = Intake(store, rung.extend)
    answers = await asyncio.gather(*(intake.take([arrival(number)]) for number in range(5)), return_exceptions=True)
    assert all(isinstance(answer, Unavailable) for answer in answers)
    assert rung == []
    store.failure = None
    assert (await intake.take([arrival(6)]))[0].chat_id == 6


async def test_a_store_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STORE_TIMEOUT_SECONDS", 0.05)
    intake = Intake(Store(), lambda _chats: None)
    with pytest.raises(Unavailable):
        await intake.take([arrival(1)])


async def test_a_sender_that_hangs_up_loses_nothing_for_the_others() -> None:
    store = Store()
    intake = Intake(store, lambda _chats: None)
    impatient = asyncio.create_task(intake.take([arrival(1)]))
    patient = asyncio.create_task(intake.take([arrival(2)]))
    await asyncio.sleep(0)
    impatient.cancel()
    store.open.set()
    assert (await patient)[0].chat_id == 2
