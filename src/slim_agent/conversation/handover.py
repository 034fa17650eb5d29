"""Passing a chat to a person: what the customer is told, and what the staff is."""

import re
from typing import Literal

from slim_agent.conversation.bubbles import storable, whole
from slim_agent.conversation.dialogue import unread_text
from slim_agent.conversation.profile import Profile, Topic
from slim_agent.vocabulary.clock import Clock
from slim_agent.vocabulary.turn import HandOver, Reply, Turn

MAX_REASON_CHARS = 40
MAX_SUMMARY_CHARS = 600

Cause = Literal["outage", "not_known"]


class HandOvers:
    """Makes the replies that pass a chat to a person."""

    def __init__(self, profile: Profile, clock: Clock) -> None:
        self._profile = profile
        self._clock = clock

    def about(self, topic: Topic, turn: Turn) -> Reply:
        """Return the reply to a topic that only a person may deal with."""
        return self._reply(topic.line or self._profile.company.lines.hand_over, topic.id, _quoted(turn))

    def unanswered(self, cause: Cause, turn: Turn) -> Reply:
        """Return the one polite line for what could not be answered."""
        return self._reply(self._profile.company.lines.hand_over, cause, _quoted(turn))

    def by_model(self, said: tuple[str, ...], reason: str, summary: str) -> Reply:
        """Return the reply to the model's own wish; `said` is what it told the customer, perhaps nothing."""
        first, *others = said or (self._profile.company.lines.hand_over,)
        return self._reply(first, _one_word(reason), storable(summary[:MAX_SUMMARY_CHARS]), others)

    def _reply(self, line: str, reason: str, summary: str, others: list[str] | None = None) -> Reply:
        when = self._profile.who_answers_when(self._clock)
        texts = whole([line, *others, when]) if others else (f"{line} {when}",)
        return Reply("handed_over", texts, (HandOver(reason, summary),))


def _quoted(turn: Turn) -> str:
    return f"Cliente escreveu: {unread_text(turn)[:MAX_SUMMARY_CHARS]}"


def _one_word(reason: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", reason.lower()).strip("_")[:MAX_REASON_CHARS] or "asked_by_model"
