import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import count

import pytest
from psycopg import sql

from slim_agent.gateways.postgres.database import Database
from slim_agent.gateways.postgres.inbox_store import PostgresInboxStore
from slim_agent.inbox.arrivals import Arrival, Contact, Disposition
from slim_agent.inbox.normalise import read_event
from slim_agent.vocabulary.failures import Unavailable
from slim_agent.vocabulary.message import Kind, Message

ANA = "5511988887777@s.whatsapp.net"
ANA_WITHOUT_NINE = "551188887777@s.whatsapp.net"
ANA_LID = "184467000111222@lid"
ids = count(1)


def heard(
    jid: str = ANA,
    message_id: str | None = None,
    *,
    text: str = "oi",
    aliases: tuple[str, ...] = (),
    from_me: bool = False,
    instance: str = "Slim Quality",
    disposition: Disposition = Disposition.TURN,
) -> Arrival:
    identity = message_id or f"ID{next(ids)}"
    message = Message(instance, jid, identity, from_me, Kind.TEXT, text, datetime.now(UTC), aliases, "Ana")
    return Arrival(disposition, "", "messages.upsert", instance, message, payload=b'{"event":"messages.upsert"}')


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, connections=8)
    await database.open()
    yield database
    await database.close()


async def rows(database: Database, query: str) -> list[tuple[object, ...]]:
    async with database.connection() as connection:
        return [tuple(row) for row in await (await connection.execute(query.encode())).fetchall()]


async def test_a_message_is_stored_once_whichever_address_it_comes_with(database: Database) -> None:
    store = PostgresInboxStore(database)
    first = await store.insert([heard(ANA, "A", aliases=(ANA_LID,))])
    again = await store.insert([heard(ANA_LID, "A"), heard(ANA_WITHOUT_NINE, "A"), heard(ANA, "A")])
    assert not first[0].duplicate
    assert [each.duplicate for each in again] == [True, True, True]
    assert await rows(database, "SELECT count(*) FROM slim_agent.inbox") == [(1,)]


async def test_the_same_id_in_another_chat_instance_or_direction_is_another_message(database: Database) -> None:
    stored = await PostgresInboxStore(database).insert(
        [
            heard(ANA, "A"),
            heard("5521977776666@s.whatsapp.net", "A"),
            heard(ANA, "A", instance="Loja 2"),
            heard(ANA, "A", from_me=True, disposition=Disposition.UPDATE),
        ]
    )
    assert [each.duplicate for each in stored] == [False] * 4
    assert len({each.chat_id for each in stored}) == 3


async def test_two_chats_become_one_when_their_addresses_meet(database: Database) -> None:
    store = PostgresInboxStore(database)
    phone, lid = await store.insert([heard(ANA, "A"), heard(ANA_LID, "B")])
    assert phone.chat_id != lid.chat_id
    (joined,) = await store.insert([heard(ANA, "C", aliases=(ANA_LID,))])
    (later,) = await PostgresInboxStore(database).insert([heard(ANA_LID, "D")])
    assert joined.chat_id == later.chat_id
    assert await rows(database, "SELECT DISTINCT chat_id FROM slim_agent.inbox") == [(joined.chat_id,)]
    assert (await store.insert([heard(ANA_LID, "B")]))[0].duplicate


async def test_an_event_about_a_known_contact_teaches_its_other_address_and_makes_no_chat_of_a_stranger(
    database: Database,
) -> None:
    store = PostgresInboxStore(database)
    (known,) = await store.insert([heard(ANA)])
    news = [
        Arrival(Disposition.UPDATE, "contact", "contacts.update", "Slim Quality", contact=Contact(*who), payload=b"{}")
        for who in ((ANA, (ANA_LID,), "Ana Souza"), ("5521900000000@s.whatsapp.net", (), "Ninguém"))
    ]
    await store.insert(news)
    assert (await store.insert([heard(ANA_LID)]))[0].chat_id == known.chat_id
    assert await rows(database, "SELECT count(*) FROM slim_agent.chats") == [(1,)]


async def test_what_postgres_cannot_hold_is_quarantined_and_holds_back_nobody(database: Database) -> None:
    stored = await PostgresInboxStore(database).insert([heard(text="nul \x00 here"), heard(text="oi")])
    assert [each.duplicate for each in stored] == [False, False]
    assert await rows(database, "SELECT text FROM slim_agent.inbox") == [("oi",)]
    assert await rows(database, "SELECT reason FROM slim_agent.quarantine") == [("unstorable",)]


async def test_many_writers_with_the_same_messages_in_any_order_store_each_once(database: Database) -> None:
    batch = [heard(f"55119777700{number:02d}@s.whatsapp.net", f"M{number}") for number in range(30)]
    stores = [PostgresInboxStore(database) for _ in range(6)]
    orders = [batch if number % 2 else batch[::-1] for number in range(len(stores))]
    stored = await asyncio.gather(*(store.insert(order) for store, order in zip(stores, orders, strict=True)))
    assert sum(not each.duplicate for batch in stored for each in batch) == 30
    assert await rows(database, "SELECT count(*), count(DISTINCT chat_id) FROM slim_agent.inbox") == [(30, 30)]


async def test_a_chat_that_somebody_deleted_is_made_again(database: Database) -> None:
    store = PostgresInboxStore(database)
    await store.insert([heard(ANA, "A")])
    async with database.connection() as connection:
        await connection.execute("TRUNCATE slim_agent.contacts CASCADE")
    (again,) = await store.insert([heard(ANA, "B")])
    assert again.chat_id is not None


async def test_groups_and_events_have_no_chat(database: Database) -> None:
    connection_news = Arrival(Disposition.UPDATE, "connection", "connection.update", "Slim Quality", status="open")
    group = heard("120363041234567890@g.us", disposition=Disposition.IGNORED)
    stored = await PostgresInboxStore(database).insert([group, connection_news, connection_news])
    assert [each.chat_id for each in stored] == [None, None, None]
    assert await rows(database, "SELECT count(*) FROM slim_agent.inbox") == [(3,)]


async def test_a_delivery_status_only_moves_forward(database: Database) -> None:
    store = PostgresInboxStore(database)
    await store.insert([heard()])
    async with database.connection() as connection:
        await connection.execute(
            "INSERT INTO slim_agent.outbox (chat_id, part, instance, jid, text, status, wa_id) "
            "SELECT id, 0, instance, jid, 'oi', 'sent', 'OURS' FROM slim_agent.chats"
        )
    seen = []
    for status in ("SERVER_ACK", "READ", "DELIVERY_ACK", "ERROR"):
        await store.insert(
            [Arrival(Disposition.UPDATE, "status", "messages.update", "Slim Quality", about="OURS", status=status)]
        )
        seen += await rows(database, "SELECT receipt FROM slim_agent.outbox")
    assert seen == [("SERVER_ACK",), ("READ",), ("READ",), ("READ",)]


async def test_a_database_that_is_away_is_unavailable() -> None:
    database = Database("postgresql://postgres@127.0.0.1:9/none", connections=2)
    try:
        with pytest.raises(Unavailable):
            await database.open()
    finally:
        await database.close()


async def test_a_company_event_that_is_replayed_is_a_duplicate(database: Database) -> None:
    store = PostgresInboxStore(database)
    event = read_event(b'{"event":"order_completed","timestamp":"2026-11-22T12:00:00Z","data":{"id":1}}')
    other = read_event(b'{"event":"order_completed","timestamp":"2026-11-22T12:00:00Z","data":{"id":2}}')
    stored = await store.insert([event, other]) + await store.insert([event])
    assert [each.duplicate for each in stored] == [False, False, True]


async def test_a_database_that_takes_no_writes_is_unavailable(database: Database, database_url: str) -> None:
    await database.ping()
    async with database.connection() as connection:
        name = (await (await connection.execute("SELECT current_database()")).fetchone() or [""])[0]
        await connection.execute(
            sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(sql.Identifier(name))
        )
    reopened = Database(database_url, connections=2)
    with pytest.raises(Unavailable, match="read-only"):
        await reopened.open()
    await reopened.close()


async def test_after_postgres_threw_everybody_out_one_request_fails_at_most(database: Database) -> None:
    async def use() -> None:
        async with database.connection() as connection:
            await connection.execute("SELECT pg_sleep(0.05)")

    await asyncio.gather(*(use() for _ in range(6)))
    async with database.connection() as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    failures = 0
    for _ in range(10):
        try:
            await database.ping()
        except Unavailable:
            failures += 1
    assert failures <= 1
