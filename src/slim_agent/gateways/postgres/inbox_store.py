"""Arrivals become rows: one statement a batch, once each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import errors

from slim_agent.gateways.postgres.database import Connection, Database, queries
from slim_agent.inbox.addresses import canonical_address, place
from slim_agent.inbox.arrivals import Arrival, Contact, Disposition
from slim_agent.inbox.ports import Stored
from slim_agent.observability.crashpoints import CrashPoint, crashpoint
from slim_agent.vocabulary.failures import Unavailable

KNOWN_SENDERS = 50_000
TRIES = 3
WORTH_ANOTHER_TRY = (errors.DeadlockDetected, errors.SerializationFailure, errors.CheckViolation)
OWN_MESSAGE = "own_message"

_Identity = tuple[str, str | None, str | None, bool | None]


@dataclass(frozen=True, slots=True)
class _Sender:
    """Somebody a chat is, or may be, with: `chats` tells whether she takes part in one, or is only spoken of."""

    instance: str
    keys: str
    jid: str
    name: str | None
    inbound: bool
    chats: bool


class PostgresInboxStore:
    """`InboxStore` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("inbox")
        self._known: set[_Sender] = set()

    async def insert(self, arrivals: Sequence[Arrival]) -> list[Stored]:
        """See `InboxStore.insert`. What Postgres cannot hold is quarantined, so that it does not hold back the rest."""
        try:
            return await self._insert_with_tries(arrivals)
        except (psycopg.DataError, psycopg.IntegrityError):
            if len(arrivals) == 1:
                return await self._insert_with_tries([_unstorable(arrivals[0])])
            return [(await self.insert([arrival]))[0] for arrival in arrivals]

    async def _insert_with_tries(self, arrivals: Sequence[Arrival]) -> list[Stored]:
        for attempt in range(TRIES):
            try:
                return await self._insert_once(arrivals)
            except (Unavailable, errors.CheckViolation) as error:
                # Another process met the same messages in another order, or somebody removed a chat that we knew.
                self._known.clear()
                cause = error.__cause__ if isinstance(error, Unavailable) else error
                if attempt == TRIES - 1 or not isinstance(cause, WORTH_ANOTHER_TRY):
                    raise
        return []

    async def _insert_once(self, arrivals: Sequence[Arrival]) -> list[Stored]:
        rows = [arrival for arrival in arrivals if arrival.disposition is not Disposition.QUARANTINED]
        unread = [arrival for arrival in arrivals if arrival.disposition is Disposition.QUARANTINED]
        senders = self._strangers(rows)
        updates = [row for row in rows if row.disposition is Disposition.UPDATE]
        if senders or updates or unread:
            async with self._database.transaction() as connection:
                await self._introduce(connection, senders)
                found = await self._insert_rows(connection, rows)
                await self._quarantine(connection, unread)
                stored = _match(arrivals, found)
                await self._apply(connection, arrivals, stored)
                crashpoint(CrashPoint.INSERTED)
        else:
            async with self._database.connection() as connection:
                stored = _match(arrivals, await self._insert_rows(connection, rows))
        self._remember(senders)
        return stored

    def _strangers(self, rows: Sequence[Arrival]) -> dict[_Sender, datetime | None]:
        return {
            sender: row.message.sent_at if row.message else None
            for row in rows
            if (sender := _sender(row)) and sender not in self._known
        }

    def _remember(self, senders: dict[_Sender, datetime | None]) -> None:
        if len(self._known) + len(senders) > KNOWN_SENDERS:
            self._known.clear()
        self._known.update(senders)

    async def _introduce(self, connection: Connection, senders: dict[_Sender, datetime | None]) -> None:
        if senders:
            fields = ("instance", "keys", "jid", "name", "inbound", "chats")
            columns: dict[str, list[object]] = {field: [getattr(each, field) for each in senders] for field in fields}
            columns["at"] = list(senders.values())
            await connection.execute(self._sql["introduce"], columns)

    async def _insert_rows(self, connection: Connection, rows: Sequence[Arrival]) -> dict[_Identity, int | None]:
        if not rows:
            return {}
        cursor = await connection.execute(self._sql["insert"], _columns(rows))
        return {(row[0], row[1], row[2], row[3]): row[4] for row in await cursor.fetchall()}

    async def _quarantine(self, connection: Connection, unread: Sequence[Arrival]) -> None:
        if unread:
            columns = {
                "reason": [each.reason for each in unread],
                "event": [each.event for each in unread],
                "instance": [each.instance for each in unread],
                "body": [each.payload or b"" for each in unread],
            }
            await connection.execute(self._sql["quarantine"], columns)

    async def _apply(self, connection: Connection, arrivals: Sequence[Arrival], stored: Sequence[Stored]) -> None:
        receipts = [arrival for arrival in arrivals if arrival.about and arrival.status]
        if receipts:
            columns = {"about": [each.about for each in receipts], "receipt": [each.status for each in receipts]}
            await connection.execute(self._sql["apply_receipts"], columns)
        typed = [
            (kept.chat_id, arrival.message)
            for arrival, kept in zip(arrivals, stored, strict=True)
            if kept.chat_id is not None and arrival.message and arrival.reason == OWN_MESSAGE
        ]
        if typed:
            await connection.execute(
                self._sql["person_took_over"],
                {
                    "chat_id": [chat for chat, _ in typed],
                    "message_id": [message.id for _, message in typed],
                    "text": [message.text for _, message in typed],
                    "sent_at": [message.sent_at for _, message in typed],
                },
            )


def _sender(arrival: Arrival) -> _Sender | None:
    who = arrival.message or arrival.contact
    if who is None or place(who.jid) is not None:
        return None
    keys = " ".join(dict.fromkeys(canonical_address(jid) for jid in (who.jid, *who.aliases)))
    if isinstance(who, Contact):
        return _Sender(arrival.instance, keys, who.jid, who.name, inbound=False, chats=False)
    name = None if who.from_me else who.sender_name
    return _Sender(arrival.instance, keys, who.jid, name, inbound=not who.from_me, chats=True)


def _columns(rows: Sequence[Arrival]) -> dict[str, list[object]]:
    messages = [row.message for row in rows]
    jids = [who and who.jid for who in (row.message or row.contact for row in rows)]
    return {
        "disposition": [row.disposition.value for row in rows],
        "reason": [row.reason for row in rows],
        "event": [row.event for row in rows],
        "instance": [row.instance for row in rows],
        "key": [canonical_address(jid) if jid and place(jid) is None else None for jid in jids],
        "jid": ["" if row.identity else jid for row, jid in zip(rows, jids, strict=True)],
        "message_id": [row.message.id if row.message else row.identity for row in rows],
        "from_me": [row.message.from_me if row.message else False for row in rows],
        "kind": [m and m.kind.value for m in messages],
        "text": [m and m.text for m in messages],
        "sent_at": [m and m.sent_at for m in messages],
        "about": [row.about for row in rows],
        "status": [row.status for row in rows],
        "payload": [None if row.payload is None else row.payload.decode() for row in rows],
    }


def _match(arrivals: Sequence[Arrival], found: dict[_Identity, int | None]) -> list[Stored]:
    """Tell new rows from duplicates: Postgres returned the new ones only, and each may be claimed once."""
    stored = []
    for arrival in arrivals:
        identity = _identity(arrival)
        if identity is None:
            stored.append(Stored(duplicate=False))
        elif identity in found:
            stored.append(Stored(duplicate=False, chat_id=found.pop(identity)))
        else:
            stored.append(Stored(duplicate=True))
    return stored


def _identity(arrival: Arrival) -> _Identity | None:
    """Return what may be stored once only; None for what may come again."""
    if arrival.disposition is Disposition.QUARANTINED:
        return None
    if message := arrival.message:
        return arrival.instance, message.jid, message.id, message.from_me
    return (arrival.instance, "", arrival.identity, False) if arrival.identity else None


def _unstorable(arrival: Arrival) -> Arrival:
    if arrival.disposition is Disposition.QUARANTINED:
        return Arrival(Disposition.QUARANTINED, "unstorable", arrival.event[:100], "", payload=arrival.payload)
    return Arrival(Disposition.QUARANTINED, "unstorable", arrival.event, arrival.instance, payload=arrival.payload)
