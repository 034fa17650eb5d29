"""Asks the model at most once for the same thing in one turn, however often the turn runs."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.messages import AIMessage, BaseMessage, SystemMessage, message_to_dict, messages_from_dict

from slim_agent.conversation.ports import LanguageModel, PaidAnswers, ToolDefinition
from slim_agent.observability import metrics
from slim_agent.observability.crashpoints import CrashPoint, crashpoint
from slim_agent.vocabulary.failures import SlimAgentError, Unavailable


class NoAnswerError(SlimAgentError):
    """The model gave no usable answer. Unlike `Unavailable`, it never stands for the store of paid answers."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the model is asked. `fixed` is the part of `system` that does not depend on the moment."""

    system: SystemMessage
    fixed: str
    said: Sequence[BaseMessage]
    tools: Sequence[ToolDefinition]
    tools_allowed: bool

    def key(self, model: str) -> str:
        """Return a hash without the clock, which alone would make every run of a turn a new request."""
        said = [message_to_dict(message) for message in self.said]
        parts = [model, self.fixed, said, self.tools_allowed]
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


class PaidModel:
    """A model whose answers are kept with the turn."""

    def __init__(self, model: LanguageModel, paid: PaidAnswers) -> None:
        self._model = model
        self._paid = paid

    async def answer(self, turn_id: int, request: Request, *, within: float) -> tuple[AIMessage, bool]:
        """Return the answer, and whether it was paid for just now. `within` is in seconds.

        Raises:
            NoAnswerError: the model is unavailable.
            Unavailable: the store of paid answers is.
        """
        key = request.key(self._model.name)
        kept = _message(await self._paid.find(turn_id, key))
        if kept is not None:
            metrics.model_calls("kept").inc()
            return kept, False
        if within <= 0:
            raise NoAnswerError("no time left")
        try:
            messages = [request.system, *request.said]
            crashpoint(CrashPoint.ASKED)
            with metrics.MODEL_SECONDS.time():
                answer = await self._model.ask(
                    messages, request.tools, within=within, tools_allowed=request.tools_allowed
                )
        except Unavailable as error:
            metrics.model_calls("failed").inc()
            raise NoAnswerError(error.detail) from error
        metrics.model_calls("answered").inc()
        crashpoint(CrashPoint.ANSWERED)
        await self._paid.keep(turn_id, key, message_to_dict(answer))
        return answer, True


def _message(kept: dict[str, object] | None) -> AIMessage | None:
    if kept is None:
        return None
    try:
        message = messages_from_dict([kept])[0]
    except (KeyError, TypeError, ValueError):
        return None
    return message if isinstance(message, AIMessage) else None
