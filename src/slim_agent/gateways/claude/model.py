"""Claude behind the port LanguageModel: bounded tries, bounded time, one breaker."""

import asyncio
import random
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import anthropic
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatResult
from pydantic import SecretStr

from slim_agent.conversation.ports import ToolDefinition
from slim_agent.gateways.breaker import Breaker
from slim_agent.gateways.claude.probe import DEPENDENCY, REFUSED_KEY
from slim_agent.vocabulary.failures import Unavailable

MAX_TRIES = 3
BACK_OFF_SECONDS = 0.5
JITTER = 0.2
MAX_RETRY_AFTER_SECONDS = 8.0
"""A longer `retry-after` ends the ask: sooner is forbidden, later is too late for a chat."""

WORTH_ANOTHER_TRY = frozenset({408, 409, 429})
NOT_CLAUDES_FAULT = frozenset({400, 413, 422})
"""One request is wrong, which says nothing about the next: the breaker does not count it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a try gave no answer. `after` is the pause asked for, in seconds; None is ours to choose."""

    reason: str
    again: bool
    counts: bool = True
    after: float | None = None


class Chat(ChatAnthropic):
    """ChatAnthropic with a client of its own: the library shares one between event loops, which breaks the second."""

    @cached_property
    def _async_client(self) -> anthropic.AsyncClient:
        return anthropic.AsyncClient(**self._client_params)

    async def aclose(self) -> None:
        """Close the client's connections."""
        await self._async_client.close()

    def _format_output(self, data: object, **kwargs: Any) -> ChatResult:  # noqa: ANN401 - the library's own signature
        # A body of another shape makes Pydantic warn with a quotation of it, and customers' words stay out of logs.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return super()._format_output(data, **kwargs)


class Claude:
    """The LanguageModel of production.

    `timeout` is the longest wait for one try, in seconds. Every failed try counts in `breaker`.
    """

    def __init__(
        self, *, base_url: str, api_key: SecretStr, model: str, max_tokens: int, timeout: float, breaker: Breaker
    ) -> None:
        self.name = model
        self._timeout = timeout
        self._breaker = breaker
        self._chat = Chat(
            model_name=model,
            base_url=base_url,
            api_key=api_key,
            max_tokens_to_sample=max_tokens,
            timeout=timeout,
            max_retries=0,
            stop=None,
        )

    @property
    def available(self) -> bool:
        """Whether the breaker would admit a call."""
        return self._breaker.state != "open"

    async def ask(
        self,
        messages: Sequence[BaseMessage],
        tools: Sequence[ToolDefinition],
        *,
        within: float,
        tools_allowed: bool = True,
    ) -> AIMessage:
        """Return Claude's next message; see the port.

        Raises:
            Unavailable: after the last try, at the first hopeless one, or when `within` seconds are over.
        """
        offer = _offer(tools, allowed=tools_allowed)
        now = asyncio.get_running_loop().time
        deadline = now() + within
        for attempt in range(MAX_TRIES):
            self._breaker.check()
            outcome = await self._try(list(messages), offer, until=min(now() + self._timeout, deadline))
            if isinstance(outcome, AIMessage):
                self._breaker.succeeded()
                return outcome
            if outcome.counts:
                self._breaker.failed()
            pause = _pause(attempt) if outcome.after is None else outcome.after
            if not outcome.again or attempt == MAX_TRIES - 1 or now() + pause >= deadline:
                raise Unavailable(DEPENDENCY, outcome.reason)
            await asyncio.sleep(pause)
        raise AssertionError  # the last try returned or raised

    async def aclose(self) -> None:
        """Close the connections."""
        await self._chat.aclose()

    async def _try(self, messages: list[BaseMessage], offer: dict[str, object], *, until: float) -> AIMessage | Failure:
        try:
            async with asyncio.timeout_at(until):
                answer = await self._chat.ainvoke(messages, **offer)  # type: ignore[arg-type]
        except (anthropic.AnthropicError, TimeoutError, ValueError, TypeError, LookupError, AttributeError) as error:
            return _failure(error)
        if answer.response_metadata.get("stop_reason") == "refusal":
            return Failure("declined to answer", again=False, counts=False)
        if not answer.text.strip() and not answer.tool_calls:
            return Failure("empty answer", again=True, counts=False)
        return answer


def _offer(tools: Sequence[ToolDefinition], *, allowed: bool) -> dict[str, object]:
    if not tools:
        return {}
    return {"tools": [dict(tool) for tool in tools], "tool_choice": {"type": "auto" if allowed else "none"}}


def _failure(error: Exception) -> Failure:
    if isinstance(error, anthropic.APIStatusError):
        return _refusal(error)
    if isinstance(error, TimeoutError | anthropic.APITimeoutError):
        return Failure("no answer in time", again=True)
    if isinstance(error, anthropic.APIConnectionError):
        return Failure("cannot be reached, or hung up", again=True)
    # The client reads leniently: a body of another shape surfaces as almost any error.
    return Failure(f"malformed answer ({type(error).__name__})", again=True)


def _refusal(error: anthropic.APIStatusError) -> Failure:
    status = error.status_code
    if status in {401, 403}:
        return Failure(f"HTTP {status}: {REFUSED_KEY}", again=False)
    again = status in WORTH_ANOTHER_TRY or status >= 500  # noqa: PLR2004 - the server's errors
    after = _retry_after(error.response.headers.get("retry-after", ""))
    if after is not None and after > MAX_RETRY_AFTER_SECONDS:
        again = False
    return Failure(f"HTTP {status}", again=again, counts=status not in NOT_CLAUDES_FAULT, after=after)


def _retry_after(header: str) -> float | None:
    try:
        return max(float(header), 0.0)
    except ValueError:
        return None


def _pause(attempt: int) -> float:
    return BACK_OFF_SECONDS * (1 << attempt) * (1 + random.uniform(0, JITTER))  # noqa: S311 - spreads load, guards nothing
