"""What the tests of conversations are written with."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from slim_agent.conversation.graph import Conversation
from slim_agent.conversation.ports import LanguageModel
from slim_agent.conversation.profile import Profile
from slim_agent.vocabulary.turn import Ball, Chat, Line, Reply, Speaker, Turn

MONDAY = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
CHAT = Chat(7, "Slim Quality", "5511999990000@s.whatsapp.net", Ball.AGENT, None, "Ana")
LEFT_IN_OUTAGE = replace(CHAT, ball=Ball.PERSON, ball_reason="outage")


class KeptAnswers:
    """PaidAnswers in memory, as a table would keep them."""

    def __init__(self) -> None:
        self.rows: dict[tuple[int, str], dict[str, object]] = {}

    async def find(self, turn_id: int, key: str) -> dict[str, object] | None:
        return self.rows.get((turn_id, key))

    async def keep(self, turn_id: int, key: str, answer: dict[str, object]) -> None:
        self.rows.setdefault((turn_id, key), answer)


class Desk:
    """A conversation whose time is set by the test."""

    def __init__(
        self, profile: Profile, model: LanguageModel | None, *, max_calls: int = 5, model_seconds: float = 20
    ) -> None:
        self.at = MONDAY
        self.kept = KeptAnswers()
        self.conversation = Conversation(
            profile, model, self.kept, lambda: self.at, max_calls=max_calls, model_seconds=model_seconds
        )

    async def says(self, *texts: str, chat: Chat = CHAT, history: tuple[Line, ...] = (), turn_id: int = 1) -> Reply:
        """Return the reply to a customer's messages."""
        return await self.conversation.reply(turn(*texts, chat=chat, history=history, turn_id=turn_id))


def turn(*texts: str, chat: Chat = CHAT, history: tuple[Line, ...] = (), turn_id: int = 1) -> Turn:
    """Return a turn of unread customer messages."""
    unread = tuple(Line(Speaker.CUSTOMER, text, MONDAY + timedelta(seconds=i)) for i, text in enumerate(texts))
    return Turn(turn_id, chat, 1, unread, history)


def past(*lines: str) -> tuple[Line, ...]:
    """Return a history; a line starts with ``c:`` (customer), ``a:`` (agent) or ``p:`` (person)."""
    speakers = {"c": Speaker.CUSTOMER, "a": Speaker.AGENT, "p": Speaker.PERSON}
    return tuple(Line(speakers[line[0]], line[2:].strip(), MONDAY - timedelta(hours=1)) for line in lines)
