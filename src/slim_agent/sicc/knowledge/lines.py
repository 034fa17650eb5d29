"""Searches for many texts given as JSON lines, for the command `slim-agent knowledge search`."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypedDict

from pydantic import BaseModel, ConfigDict, ValidationError

from slim_agent.sicc.knowledge.entry import Entry
from slim_agent.sicc.knowledge.index import KnowledgeIndex


class BadLineError(ValueError):
    """A line of input is not what is asked for; the message gives its number and what is wrong."""


class Question(BaseModel):
    """One line of input."""

    model_config = ConfigDict(strict=True)
    id: str | int
    text: str


class Result(TypedDict):
    """One entry found."""

    entry_id: str
    score: float


class AnswerLine(TypedDict):
    """One line of output."""

    id: str | int
    results: list[Result]
    confidence: float
    answerable: bool


def answer_lines(entries: Sequence[Entry], lines: Iterable[str], *, top_k: int = 5) -> Iterator[AnswerLine]:
    """Yield what the search finds for each line `{"id", "text"}`; blank lines are skipped. Raises `BadLineError`."""
    index = KnowledgeIndex(entries)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        asked = _question(number, line)
        found = index.search(asked.text, top_k)
        yield {
            "id": asked.id,
            "results": [{"entry_id": hit.entry_id, "score": round(hit.score, 4)} for hit in found.hits],
            "confidence": round(found.confidence, 4),
            "answerable": found.answerable,
        }


def _question(number: int, line: str) -> Question:
    try:
        return Question.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "line"
        raise BadLineError(f'line {number}: {place}: {first["msg"]} (expected {{"id": …, "text": "…"}})') from None
