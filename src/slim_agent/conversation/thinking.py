"""One turn with the model: asked, given what it looks up, asked again, never more often than allowed."""

import asyncio
from dataclasses import dataclass, field

from langchain_core.messages import AIMessage, BaseMessage

from slim_agent.conversation.bubbles import bubbles
from slim_agent.conversation.dialogue import dialogue, unread_text
from slim_agent.conversation.paid import NoAnswerError, PaidModel, Request
from slim_agent.conversation.profile.model import Route
from slim_agent.conversation.prompt import Prompt
from slim_agent.conversation.tools import PassToPerson, Tools
from slim_agent.observability import metrics
from slim_agent.vocabulary.turn import Turn

TOKENS = ("input", "output", "cache_read", "cache_creation")


@dataclass(slots=True)
class Thought:
    """What came of asking the model: `texts` for the customer, perhaps a wish for a person, and what it cost.

    `seconds` is how long the model was waited for.
    """

    texts: tuple[str, ...] = ()
    hand_over: PassToPerson | None = None
    model: str = ""
    calls: int = 0
    kept_calls: int = 0
    seconds: float = 0.0
    tokens: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TOKENS, 0))

    def count(self, answer: AIMessage, *, fresh: bool) -> None:
        """Add an answer's cost; `input` leaves out what the cache gave or took."""
        self.calls += fresh
        self.kept_calls += not fresh
        self.model = str(answer.response_metadata.get("model_name", "")) or self.model
        usage = answer.usage_metadata
        if usage is None:
            return
        details = usage.get("input_token_details", {})
        read, created = details.get("cache_read") or 0, details.get("cache_creation") or 0
        found = (usage["input_tokens"] - read - created, usage["output_tokens"], read, created)
        for name, amount in zip(TOKENS, found, strict=True):
            self.tokens[name] += amount
            if fresh:
                metrics.model_tokens(name).inc(amount)


class Thinking:
    """The loop of model and tools. `max_calls` bounds a turn's calls, `seconds` the time they may take together."""

    def __init__(self, model: PaidModel, prompt: Prompt, tools: Tools, *, max_calls: int, seconds: float) -> None:
        self._model = model
        self._prompt = prompt
        self._tools = tools
        self._max_calls = max_calls
        self._seconds = seconds

    async def think(self, turn: Turn, route: Route) -> Thought:
        """Return texts or a wish for a person, never neither.

        Raises:
            NoAnswerError: the model is unavailable, or said nothing to the last call.
            Unavailable: the store of paid answers is.
        """
        now = asyncio.get_running_loop().time
        deadline = now() + self._seconds
        system = self._prompt.system(route, unread_text(turn), turn.chat.customer_name)
        said: list[BaseMessage] = dialogue(turn)
        thought = Thought()
        for call in range(1, self._max_calls + 1):
            last = call == self._max_calls
            request = Request(system, self._prompt.fixed(route), said, self._tools.definitions, tools_allowed=not last)
            asked_at = now()
            answer, fresh = await self._model.answer(turn.id, request, within=deadline - asked_at)
            thought.seconds += now() - asked_at
            thought.count(answer, fresh=fresh)
            thought.texts = bubbles(answer.text)
            if last or not answer.tool_calls:
                break
            performed = self._tools.perform(answer.tool_calls)
            if performed.hand_over:
                thought.hand_over = performed.hand_over
                return thought
            said = [*said, answer, *performed.results]
        if not thought.texts:
            raise NoAnswerError("nothing to say")
        return thought
