"""What the model may do besides talking: look things up, and pass the chat to a person."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.messages import ToolMessage
from langchain_core.messages.tool import ToolCall
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from slim_agent.conversation.handbook import Handbook
from slim_agent.conversation.ports import ToolDefinition

MAX_RESULTS = 5
MAX_RESULT_CHARS = 6_000
MAX_CALLS_AT_ONCE = 4


class SearchCatalogue(BaseModel):
    """Procura produtos no catálogo; devolve nome, preço, medidas e descrição."""

    model_config = ConfigDict(extra="ignore")
    query: str = Field(min_length=1, max_length=300, description="O que a pessoa procura, com as palavras dela.")


class SearchFaq(BaseModel):
    """Procura nas perguntas frequentes; devolve perguntas e respostas."""

    model_config = ConfigDict(extra="ignore")
    query: str = Field(min_length=1, max_length=300, description="A dúvida da pessoa, com as palavras dela.")


class PassToPerson(BaseModel):
    """Passa a conversa para uma pessoa da equipe. Escreva antes, no texto, uma frase gentil para o cliente."""

    model_config = ConfigDict(extra="ignore")
    reason: str = Field(min_length=1, max_length=100, description="Motivo em uma palavra, como purchase ou complaint.")
    summary: str = Field(min_length=1, max_length=2_000, description="Resumo para a equipe: quem é, o que quer.")


ARGUMENTS: dict[str, type[BaseModel]] = {
    "search_catalogue": SearchCatalogue,
    "search_faq": SearchFaq,
    "hand_over": PassToPerson,
}


@dataclass(frozen=True, slots=True)
class Performed:
    """What came of tool calls: a message for each, or the wish for a person."""

    results: tuple[ToolMessage, ...] = ()
    hand_over: PassToPerson | None = None


class Tools:
    """The tools over one handbook."""

    definitions: Sequence[ToolDefinition] = tuple(
        {"name": name, "description": kind.__doc__, "input_schema": kind.model_json_schema()}
        for name, kind in ARGUMENTS.items()
    )

    def __init__(self, handbook: Handbook) -> None:
        self._handbook = handbook

    def perform(self, calls: Sequence[ToolCall]) -> Performed:
        """Answer every call; a wrong one with what is wrong, so that the model can go on. A hand-over ends it."""
        results: list[ToolMessage] = []
        for number, call in enumerate(calls):
            arguments = _arguments(call) if number < MAX_CALLS_AT_ONCE else "too many calls at once"
            if isinstance(arguments, PassToPerson):
                return Performed(hand_over=arguments)
            failed = isinstance(arguments, str)
            content = arguments if isinstance(arguments, str) else self._look_up(arguments)
            results.append(
                ToolMessage(
                    content[:MAX_RESULT_CHARS], tool_call_id=call["id"] or "", status="error" if failed else "success"
                )
            )
        return Performed(tuple(results))

    def _look_up(self, arguments: BaseModel) -> str:
        found: list[dict[str, object]] = []
        if isinstance(arguments, SearchCatalogue):
            for product in self._handbook.products(arguments.query, MAX_RESULTS):
                shown = {"name": product.name, "price": product.price_text, "description": product.description}
                found.append({**shown, **product.attributes})
        elif isinstance(arguments, SearchFaq):
            entries = self._handbook.entries(arguments.query, MAX_RESULTS)
            found = [{"question": entry.question, "answer": entry.answer} for entry in entries]
        return json.dumps(found, ensure_ascii=False) if found else "nothing found"


def _arguments(call: ToolCall) -> BaseModel | str:
    kind = ARGUMENTS.get(call["name"])
    if kind is None:
        return f"unknown tool; there are {', '.join(ARGUMENTS)}"
    try:
        return kind.model_validate(call["args"])
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
        return "wrong arguments: " + "; ".join(f"{'.'.join(map(str, d['loc']))}: {d['msg']}" for d in details)
