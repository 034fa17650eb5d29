"""What a conversation needs from outside; the gateways give it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from langchain_core.messages import AIMessage, BaseMessage

ToolDefinition = Mapping[str, object]


class LanguageModel(Protocol):
    """A model that continues a dialogue."""

    @property
    def name(self) -> str:
        """The model's name, for the record."""

    @property
    def available(self) -> bool:
        """Whether asking makes sense now."""

    async def ask(
        self,
        messages: Sequence[BaseMessage],
        tools: Sequence[ToolDefinition],
        *,
        within: float,
        tools_allowed: bool = True,
    ) -> AIMessage:
        """Return the next message: text, tool calls or both, never neither.

        `within` bounds the whole call in seconds, tries and pauses included. `tools_allowed` false asks for text;
        the tools are still described, because earlier messages may use them.

        Raises:
            Unavailable: no proper answer came (`BreakerOpen`: it was not even asked).
        """


class PaidAnswers(Protocol):
    """Model answers that were paid for, kept with their turn: a turn that runs again reads them."""

    async def find(self, turn_id: int, key: str) -> dict[str, object] | None:
        """Return the answer kept under a key, None when there is none."""

    async def keep(self, turn_id: int, key: str, answer: dict[str, object]) -> None:
        """Keep an answer; a key that is taken stays as it is."""
