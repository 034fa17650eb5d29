"""Chats, leases and turns as rows. What ends a turn is one transaction, guarded by the fence."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import psycopg
import structlog
from psycopg.types.json import Jsonb

from slim_agent.gateways.postgres.database import Connection, Database, queries
from slim_agent.turns.ports import Glance
from slim_agent.vocabulary.failures import LeaseLost
from slim_agent.vocabulary.turn import (
    Ball,
    Chat,
    HandOver,
    Lease,
    Line,
    Reply,
    Speaker,
    TakeBack,
    Turn,
    agent_may_answer,
)

log = structlog.get_logger()


class PostgresTurnStore:
    """`TurnStore` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("turns")

    async def glance(self, chat_id: int) -> Glance:
        """See `TurnStore.glance`."""
        async with self._database.connection() as connection:
            cursor = await connection.execute(self._sql["glance"], {"chat": chat_id})
            row = await cursor.fetchone()
        return Glance(*row) if row else Glance(None, None, None, None)

    async def claim(self, chat_id: int, owner: str, seconds: float) -> Lease | None:
        """See `TurnStore.claim`."""
        parameters = {"chat": chat_id, "owner": owner, "seconds": seconds}
        async with self._database.connection() as connection:
            cursor = await connection.execute(self._sql["claim"], parameters)
            row = await cursor.fetchone()
        return None if row is None else Lease(chat_id, owner, row[0])

    async def renew(self, lease: Lease, seconds: float) -> None:
        """See `TurnStore.renew`."""
        parameters = {"chat": lease.chat_id, "fence": lease.fence, "seconds": seconds}
        async with self._database.connection() as connection:
            cursor = await connection.execute(self._sql["renew"], parameters)
        if cursor.rowcount != 1:
            raise LeaseLost(f"chat {lease.chat_id}: the lease expired")

    async def release(self, lease: Lease) -> None:
        """See `TurnStore.release`."""
        async with self._database.connection() as connection:
            await connection.execute(self._sql["release"], {"chat": lease.chat_id, "fence": lease.fence})

    async def begin(self, lease: Lease, history: int) -> Turn | None:
        """See `TurnStore.begin`."""
        chat_id = lease.chat_id
        async with self._held(lease) as (connection, _ball):
            cursor = await connection.execute(self._sql["begin"], {"chat": chat_id})
            opened = await cursor.fetchone()
            if opened is None:
                return None
            turn_id, attempt = opened
            await connection.execute(self._sql["attach"], {"chat": chat_id, "turn": turn_id})
            cursor = await connection.execute(self._sql["unread"], {"turn": turn_id})
            unread = await cursor.fetchall()
            parameters = {"chat": chat_id, "turn": turn_id, "limit": history}
            cursor = await connection.execute(self._sql["history"], parameters)
            past = await cursor.fetchall()
            cursor = await connection.execute(self._sql["chat"], {"chat": chat_id})
            who = await cursor.fetchone()
        if not unread or who is None:
            raise LeaseLost(f"chat {chat_id}: its messages moved to another chat")
        instance, ball, ball_reason, name = who
        return Turn(
            id=turn_id,
            chat=Chat(chat_id, instance, unread[-1][2], Ball(ball), ball_reason, name),
            attempt=attempt,
            unread=tuple(Line(Speaker.CUSTOMER, text, at) for text, at, _ in unread),
            history=tuple(Line(Speaker(speaker), text, at) for speaker, text, at in reversed(past)),
        )

    async def close(self, lease: Lease, turn: Turn, reply: Reply) -> None:
        """See `TurnStore.close`. A person who took the chat over meanwhile keeps it: nothing is said."""
        async with self._held(lease) as (connection, (ball, ball_reason)):
            if reply.texts and not agent_may_answer(Ball(ball), ball_reason):
                reply = Reply(outcome="left_to_person", detail=reply.detail)
            await self._finish(connection, turn, "finished", reply)
            if reply.texts:
                parameters = {
                    "chat": lease.chat_id,
                    "turn": turn.id,
                    "instance": turn.chat.instance,
                    "jid": turn.chat.jid,
                    "texts": list(reply.texts),
                }
                await connection.execute(self._sql["owe"], parameters)
            for effect in reply.effects:
                match effect:
                    case HandOver(reason, summary):
                        await self._pass_ball(connection, turn, Ball.PERSON, reason, {"summary": summary})
                    case TakeBack():
                        await self._pass_ball(connection, turn, Ball.AGENT, None, {})

    async def postpone(self, lease: Lease, turn: Turn, *, seconds: float, error: str) -> None:
        """See `TurnStore.postpone`."""
        async with self._held(lease) as (connection, _ball):
            parameters = {"turn": turn.id, "seconds": seconds, "error": error}
            await connection.execute(self._sql["postpone"], parameters)

    async def hand_back(self, lease: Lease, turn: Turn) -> None:
        """See `TurnStore.hand_back`."""
        async with self._held(lease) as (connection, _ball):
            await connection.execute(self._sql["hand_back"], {"turn": turn.id})

    async def bury(self, lease: Lease, turn: Turn, reason: str) -> None:
        """See `TurnStore.bury`."""
        async with self._held(lease) as (connection, _ball):
            await self._finish(connection, turn, "dead", Reply(outcome="dead_letter"), error=reason)
            parameters = {
                "turn": turn.id,
                "chat": lease.chat_id,
                "reason": reason,
                "attempts": turn.attempt,
                "input": Jsonb([{"text": line.text, "at": line.at.isoformat()} for line in turn.unread]),
            }
            await connection.execute(self._sql["bury"], parameters)

    async def overdue(
        self, *, debounce: float, debounce_max: float, grace: float, limit: int
    ) -> Sequence[tuple[int, float]]:
        """See `TurnStore.overdue`."""
        parameters = {"debounce": debounce, "debounce_max": debounce_max, "grace": grace, "limit": limit}
        async with self._database.connection() as connection:
            cursor = await connection.execute(self._sql["overdue"], parameters)
            return [(row[0], row[1]) for row in await cursor.fetchall()]

    @asynccontextmanager
    async def _held(self, lease: Lease) -> AsyncIterator[tuple[Connection, tuple[str, str | None]]]:
        async with self._database.transaction() as connection:
            cursor = await connection.execute(self._sql["hold"], {"chat": lease.chat_id, "fence": lease.fence})
            held = await cursor.fetchone()
            if held is None:
                raise LeaseLost(f"chat {lease.chat_id}: another worker owns it")
            yield connection, (held[0], held[1])

    async def _finish(
        self, connection: Connection, turn: Turn, status: str, reply: Reply, error: str | None = None
    ) -> None:
        parameters = {
            "turn": turn.id,
            "status": status,
            "outcome": reply.outcome,
            "detail": Jsonb(reply.detail),
            "error": error,
        }
        await connection.execute(self._sql["finish"], parameters)

    async def _pass_ball(
        self, connection: Connection, turn: Turn, ball: Ball, reason: str | None, detail: dict[str, object]
    ) -> None:
        parameters = {"chat": turn.chat.id, "ball": ball.value, "reason": reason, "jid": turn.chat.jid}
        await connection.execute(self._sql["pass_ball"], parameters)
        action = "hand_over" if ball is Ball.PERSON else "take_back"
        said = Jsonb({"reason": reason, **detail})
        await connection.execute(
            self._sql["audit"], {"action": action, "subject": f"chat:{turn.chat.id}", "detail": said}
        )


class PostgresPaidAnswers:
    """`PaidAnswers` on Postgres: model answers kept with their turn."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("turns")

    async def find(self, turn_id: int, key: str) -> dict[str, object] | None:
        """Return the answer kept under this key, None when there is none."""
        async with self._database.connection() as connection:
            cursor = await connection.execute(self._sql["find_answer"], {"turn": turn_id, "key": key})
            row = await cursor.fetchone()
        return None if row is None else row[0]

    async def keep(self, turn_id: int, key: str, answer: dict[str, object]) -> None:
        """Keep an answer; the first one stays."""
        parameters = {"turn": turn_id, "key": key, "answer": Jsonb(answer)}
        try:
            async with self._database.connection() as connection:
                await connection.execute(self._sql["keep_answer"], parameters)
        except psycopg.DataError:
            # Paying twice for an answer with characters that no JSON column holds is better than losing it.
            log.warning("answer_not_kept", turn=turn_id)
