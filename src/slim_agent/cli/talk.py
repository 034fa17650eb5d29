"""A chat in memory: what the turns and their tables do for a customer, for one person at a keyboard."""

from collections.abc import Awaitable, Callable

from slim_agent.vocabulary.clock import Clock
from slim_agent.vocabulary.turn import Ball, Chat, Line, Reply, Speaker, Turn

Respond = Callable[[Turn], Awaitable[Reply]]


class PaidInMemory:
    """The port `PaidAnswers` without a database."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, str], dict[str, object]] = {}

    async def find(self, turn_id: int, key: str) -> dict[str, object] | None:
        """Return the answer kept under a key, None when there is none."""
        return self._kept.get((turn_id, key))

    async def keep(self, turn_id: int, key: str, answer: dict[str, object]) -> None:
        """Keep an answer; a key that is taken stays as it is."""
        self._kept.setdefault((turn_id, key), answer)


class Talk:
    """One chat; the agent has the ball in every turn, also after it passed the chat to a person.

    `remembered` is how many past messages the agent sees.
    """

    def __init__(self, respond: Respond, clock: Clock, *, remembered: int) -> None:
        self._respond = respond
        self._clock = clock
        self._remembered = remembered
        self._past: list[Line] = []
        self._turns = 0

    async def say(self, text: str) -> Reply:
        """Say something and return the reply."""
        self._turns += 1
        said = Line(Speaker.CUSTOMER, text, self._clock())
        history = tuple(self._past[-self._remembered :]) if self._remembered else ()
        chat = Chat(1, "terminal", "terminal", Ball.AGENT, None, None)
        reply = await self._respond(Turn(self._turns, chat, attempt=1, unread=(said,), history=history))
        self._past += [said, *(Line(Speaker.AGENT, answer, self._clock()) for answer in reply.texts)]
        return reply
