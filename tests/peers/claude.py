"""A scripted Claude over real HTTP: it keeps every request, and answers or fails exactly as told.

In a test::

    async with Claude() as claude:
        claude.script({"status": 529}, {"text": "Olá!"})
        ...                                   # slim-agent uses claude.url; any key but REVOKED_KEY
        assert claude.requests[0]["messages"][-1]["content"] == "oi"

As a process: ``python -m tests.peers.claude --port 8082``; ``POST /_script`` takes
``{"steps": [...], "usual": {...}}``;
``GET /_requests`` lists the bodies of ``/v1/messages``, and ``DELETE /_requests`` forgets them.

A step is one answer; keys may be combined with ``delay`` (seconds):

- ``{"text": "..."}``, ``{"tools": [{"name": ..., "input": ...}], "text": "..."}``, ``{"grounded": true}``
- ``{"status": 429, "retry_after": 1}``: an error of the API
- ``{"cut": true}``: the body ends in the middle · ``{"hang": true}``: no answer ever · ``{"drop": true}``: reset
- ``{"raw": "<html>", "type": "text/html"}``: any body with status 200
- ``{"empty": true}``: no content · ``{"refusal": true}``: stop_reason refusal

When the steps are used up, `usual` answers, which is ``{"grounded": true}``: it answers from the prompt it was given,
so that a price in the answer shows that the catalogue reached the model.
"""

import argparse
import asyncio
import json
import re
from collections import deque
from collections.abc import Callable
from difflib import get_close_matches
from types import TracebackType
from typing import Any, Self

import h11
from tests.peers.listener import Answer, Drop, Listener, Request

from slim_agent.sicc.knowledge.words import fold, sound, split

REVOKED_KEY = "sk-ant-revoked"
CACHED_TOKENS, WRITTEN_TOKENS = 900, 80
PRODUCT = re.compile(r"^- (?P<name>[^\n:(]+).*?(?P<price>R\$ [\d.,]*\d)", re.MULTILINE)
ERROR_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error", 529: "overloaded_error"}

Body = dict[str, Any]
Step = Body | Callable[[Body], Body]
GROUNDED: Body = {"grounded": True}


class _CuttingListener(Listener):
    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await super()._converse(reader, writer)
        except h11.LocalProtocolError:  # the promised length was a lie: what was written is all that comes
            await writer.drain()


class Claude:
    """The server; `requests` and `headers` are what came to ``/v1/messages``, `asked` is set by the first."""

    def __init__(self, port: int = 0) -> None:
        self._listener = _CuttingListener(self._handle, port)
        self._steps: deque[Step] = deque()
        self.usual: Step = GROUNDED
        self.requests: list[Body] = []
        self.headers: list[dict[str, str]] = []
        self.asked = asyncio.Event()

    @property
    def url(self) -> str:
        """Base address for CLAUDE_BASE_URL."""
        return self._listener.url

    def script(self, *steps: Step) -> None:
        """Queue answers, one for each request to come."""
        self._steps.extend(steps)

    async def __aenter__(self) -> Self:
        await self._listener.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._listener.stop()

    async def _handle(self, request: Request) -> Answer:
        path = request.target.split("?")[0]
        if path == "/_script":
            return self._rescript(request.json)
        if path == "/_requests":
            if request.method == "DELETE":
                self.requests.clear()
            return Answer(200, self.requests)
        key = request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        if not key or key == REVOKED_KEY:
            return _error(401, {})
        if path == "/v1/models":
            return Answer(200, {"data": [{"type": "model", "id": "claude-scripted"}], "has_more": False})
        if path != "/v1/messages" or request.method != "POST":
            return _error(404, {})
        self.requests.append(request.json)
        self.headers.append(request.headers)
        self.asked.set()
        step = self._steps.popleft() if self._steps else self.usual
        return await _perform(step(request.json) if callable(step) else step, request.json)

    def _rescript(self, orders: Body) -> Answer:
        self._steps = deque(orders.get("steps", []))
        self.usual = orders.get("usual", GROUNDED)
        return Answer(200, {"steps": len(self._steps)})


async def _perform(step: Body, request: Body) -> Answer:
    await asyncio.sleep(step.get("delay", 0))
    if step.get("hang"):
        await asyncio.Event().wait()
    if step.get("drop"):
        raise Drop
    if "status" in step:
        return _error(step["status"], step)
    if "raw" in step:
        return Answer(200, step["raw"].encode(), {"content-type": step.get("type", "application/json")})
    answer = Answer(200, _message(step, request))
    if step.get("cut"):
        half = answer.content[: len(answer.content) // 2]
        return Answer(200, half, {"content-length": str(len(answer.content))})
    return answer


def _error(status: int, step: Body) -> Answer:
    headers = {"retry-after": str(step["retry_after"])} if "retry_after" in step else {}
    kind = ERROR_TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
    return Answer(status, {"type": "error", "error": {"type": kind, "message": "scripted"}}, headers)


def _message(step: Body, request: Body) -> Body:
    text = grounded(request) if step.get("grounded") else step.get("text", "")
    content: list[Body] = [{"type": "text", "text": text}] if text else []
    tools = step.get("tools", [])
    for number, tool in enumerate(tools):
        identity = f"toolu_{len(request['messages'])}_{number}"
        content.append({"type": "tool_use", "id": identity, "name": tool["name"], "input": tool["input"]})
    stop_reason = "refusal" if step.get("refusal") else "tool_use" if tools else "end_turn"
    written = max(1, len(text) // 4)
    return {
        "id": "msg_scripted",
        "type": "message",
        "role": "assistant",
        "model": request.get("model", "claude-scripted"),
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": {
            "input_tokens": 20,
            "output_tokens": written,
            "cache_read_input_tokens": CACHED_TOKENS,
            "cache_creation_input_tokens": WRITTEN_TOKENS,
        },
    }


def grounded(request: Body) -> str:
    """Answer the last user turn with prices found in the system prompt, or say that none was asked for."""
    prices = {match["name"].strip(): match["price"] for match in PRODUCT.finditer(system_text(request))}
    by_sound = {sound(word): name for name in prices for word in split(fold(name))}
    asked: list[str] = []
    for word in split(fold(last_user_text(request))):
        asked += [by_sound[near] for near in get_close_matches(sound(word), by_sound, n=1, cutoff=0.8)]
    if not asked:
        return "Claro! Me conta um pouquinho mais, por favor?"
    return "\n\n".join(f"O {name} custa {prices[name]}." for name in dict.fromkeys(asked))


def system_text(request: Body) -> str:
    """The whole system prompt of a request."""
    system = request.get("system", "")
    return system if isinstance(system, str) else "\n".join(block["text"] for block in system)


def last_user_text(request: Body) -> str:
    """The text of the last message, which is the customer's turn unless tools were just used."""
    content = request["messages"][-1]["content"]
    return content if isinstance(content, str) else "\n".join(block.get("text", "") for block in content)


async def _serve(port: int) -> None:
    async with Claude(port) as claude:
        print(json.dumps({"url": claude.url}), flush=True)  # noqa: T201 - whoever started us reads the address here
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(_serve(parser.parse_args().port))
