"""One turn of a chat: what the customer wrote since last time, and what becomes of it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Speaker(StrEnum):
    """Who wrote a line of a chat."""

    CUSTOMER = "customer"
    AGENT = "agent"
    PERSON = "person"


class Ball(StrEnum):
    """Who has to act next in a chat."""

    AGENT = "agent"
    PERSON = "person"


MODEL_WAS_MISSING = frozenset({"outage", "not_known"})
"""Reasons of a hand-over that end by themselves: the agent may still answer what it can."""


def agent_may_answer(ball: Ball, ball_reason: str | None) -> bool:
    """Whether the agent may say anything: always with the ball, else only if nothing but its model was missing."""
    return ball is Ball.AGENT or ball_reason in MODEL_WAS_MISSING


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chat's past."""

    speaker: Speaker
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation of one customer with one of the company's numbers.

    `jid` is the address the customer last wrote from: replies go there, to the letter.
    """

    id: int
    instance: str
    jid: str
    ball: Ball
    ball_reason: str | None
    customer_name: str | None


@dataclass(frozen=True, slots=True)
class Turn:
    """The customer's unread messages as one piece of work, with the past they belong to.

    `attempt` counts from 1. `unread` is never empty, in the order in which the customer wrote. `history` is older
    than `unread`, oldest first.
    """

    id: int
    chat: Chat
    attempt: int
    unread: tuple[Line, ...]
    history: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class HandOver:
    """An effect: a person has to go on. `reason` is one snake_case word, `summary` is for the staff."""

    reason: str
    summary: str


@dataclass(frozen=True, slots=True)
class TakeBack:
    """An effect: the agent has the ball again (the outage that took it away is over)."""


Effect = HandOver | TakeBack


@dataclass(frozen=True, slots=True)
class Reply:
    """What a turn decided: texts to send in order (none is fine), effects, and how it came about.

    `outcome` is one snake_case word for the record: ``answered``, ``answered_offline``, ``handed_over``,
    ``left_to_person`` … `detail` is kept with the turn as JSON: route, prompt versions, model, tokens.
    """

    outcome: str
    texts: tuple[str, ...] = ()
    effects: tuple[Effect, ...] = ()
    detail: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to act for a chat until it expires; `fence` grows with each new holder."""

    chat_id: int
    owner: str
    fence: int
