"""What a profile says, as values. A field's limits are what a mistake is measured against."""

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from slim_agent.conversation.profile.hours import Hours, opening_in_words
from slim_agent.conversation.profile.money import format_money
from slim_agent.sicc.knowledge.words import fold
from slim_agent.vocabulary.clock import Clock

Route = Literal["discovery", "sales", "support"]
MAX_LIMITS_CHARS = 12_000
ROUTES: tuple[Route, ...] = ("discovery", "sales", "support")


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("must be a time zone such as America/Sao_Paulo") from None
    return name


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _named_by_phrase(topic: object) -> object:
    """Let a topic be its phrase alone."""
    if not isinstance(topic, str):
        return topic
    return {"id": re.sub(r"[^a-z0-9]+", "_", fold(topic)).strip("_") or "topic", "phrases": [topic]}


def _short_together(limits: tuple[str, ...]) -> tuple[str, ...]:
    if sum(map(len, limits)) > MAX_LIMITS_CHARS:
        raise ValueError(f"together longer than {MAX_LIMITS_CHARS} characters; policies.md takes longer texts")
    return limits


Identity = Annotated[str, BeforeValidator(_text), Field(min_length=1, max_length=100, pattern=r"^[\w.:-]+$")]
ShortText = Annotated[str, BeforeValidator(_text), Field(min_length=1, max_length=300)]
LongText = Annotated[str, BeforeValidator(_text), Field(min_length=1, max_length=4_000)]
Phrases = Annotated[tuple[ShortText, ...], BeforeValidator(_one_or_many), Field(max_length=200)]
Attribute = str | int | float | bool


class Part(BaseModel):
    """A part of a profile: unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Agent(Part):
    """Who speaks."""

    name: ShortText = "Assistente"
    persona: Annotated[str, Field(max_length=4_000)] = ""


class Topic(Part):
    """Something only a person may deal with; `phrases` are what customers call it, `line` what they are told."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    phrases: Annotated[Phrases, Field(min_length=1)]
    line: str = Field("", max_length=1_000)


class Lines(Part):
    """What is said without a model. `greeting` may use {agent} and {company}."""

    greeting: LongText = "Olá! Aqui é {agent}, de {company}. Como posso ajudar?"
    thanks: LongText = "Por nada! Qualquer coisa é só chamar."
    hand_over: LongText = "Essa eu prefiro passar para uma pessoa da nossa equipe, para te responder direitinho."


class Company(Part):
    """profile.yaml: the company and its agent.

    `debounce` (seconds) and `pacing` hold where the environment says nothing.
    """

    name: ShortText
    agent: Agent = Agent()
    language: ShortText = "pt-BR"
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "America/Sao_Paulo"
    office_hours: Hours = Hours()
    proactive_hours: Hours = Hours()
    handover_topics: Annotated[
        tuple[Annotated[Topic, BeforeValidator(_named_by_phrase)], ...], Field(max_length=100)
    ] = ()
    limits: Annotated[tuple[LongText, ...], BeforeValidator(_one_or_many), AfterValidator(_short_together)] = ()
    lines: Lines = Lines()
    debounce: float | None = Field(None, ge=0, le=600)
    pacing: bool | None = None


class Product(Part):
    """One thing the company sells; `price` in units of `currency`."""

    id: Identity
    name: ShortText
    aliases: Phrases = ()
    price: Decimal = Field(ge=0, max_digits=12)
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "BRL"
    attributes: Annotated[dict[str, Attribute], Field(max_length=50)] = {}
    description: str = Field("", max_length=2_000)
    image: str | None = Field(None, max_length=1_000)

    @property
    def price_text(self) -> str:
        """The price as customers read it."""
        return format_money(self.price, self.currency)

    @property
    def attributes_text(self) -> str:
        """The attributes in one line."""
        return "; ".join(f"{name}: {value}" for name, value in self.attributes.items())


class Catalogue(Part):
    """catalogue.yaml."""

    products: Annotated[tuple[Product, ...], Field(max_length=2_000)] = ()


class FaqEntry(Part):
    """One question and its answer; `variants` ask the same. `{price:ID}` in an answer is that product's price."""

    id: Identity
    question: ShortText
    answer: LongText
    variants: Phrases = ()


class Faq(Part):
    """faq.yaml."""

    entries: Annotated[tuple[FaqEntry, ...], Field(max_length=2_000)]


@dataclass(frozen=True, slots=True)
class Profile:
    """A whole profile. `examples` are (route, phrase); `versions` the content hash of each file that was read."""

    folder: Path
    company: Company
    products: tuple[Product, ...]
    faq: tuple[FaqEntry, ...]
    policies: str
    prompts: dict[Route, str]
    examples: tuple[tuple[Route, str], ...]
    versions: dict[str, str]

    @property
    def zone(self) -> ZoneInfo:
        """The company's time zone."""
        return ZoneInfo(self.company.time_zone)

    def who_answers_when(self, clock: Clock) -> str:
        """Return one sentence for a customer: when a person will answer."""
        now, hours = clock(), self.company.office_hours
        if hours.open_at(now, self.zone):
            return "Nossa equipe está por aqui agora e uma pessoa já continua com você."
        opening = hours.next_opening(now, self.zone)
        if opening is None:
            return "Uma pessoa da nossa equipe continua com você por aqui assim que puder."
        return f"Nossa equipe volta {opening_in_words(opening, now)} e uma pessoa continua com você por aqui."
