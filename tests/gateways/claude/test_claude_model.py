import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from pydantic import SecretStr
from tests.peers.claude import REVOKED_KEY, Claude

from slim_agent.gateways.breaker import Breaker
from slim_agent.gateways.claude import model as claude_gateway
from slim_agent.gateways.claude.model import MAX_RETRY_AFTER_SECONDS, MAX_TRIES
from slim_agent.gateways.claude.model import Claude as Gateway
from slim_agent.gateways.claude.probe import probe
from slim_agent.vocabulary.failures import BreakerOpen, Unavailable

ROOT = Path(__file__).parents[3]
KEY = "sk-ant-canary-7f3a"
TOOL = {
    "name": "look_up",
    "description": "Looks up.",
    "input_schema": {"type": "object", "properties": {"query": {"type": "string"}}},
}
Make = Callable[..., Gateway]


@pytest.fixture
async def claude() -> AsyncIterator[Claude]:
    async with Claude() as peer:
        yield peer


@pytest.fixture
async def make(claude: Claude, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Make]:
    made: list[Gateway] = []
    monkeypatch.setattr(claude_gateway, "BACK_OFF_SECONDS", 0.01)

    def build(*, timeout: float = 5, key: str = KEY, failures: int = 100, base_url: str = "") -> Gateway:
        gateway = Gateway(
            base_url=base_url or claude.url,
            api_key=SecretStr(key),
            model="claude-test",
            max_tokens=256,
            timeout=timeout,
            breaker=Breaker(failures, 60, dependency="claude"),
        )
        made.append(gateway)
        return gateway

    yield build
    for gateway in made:
        await gateway.aclose()


async def ask(gateway: Gateway, within: float = 10) -> AIMessage:
    return await gateway.ask([SystemMessage("Seja breve."), HumanMessage("oi")], [TOOL], within=within)


async def test_an_answer_carries_its_text_model_and_tokens(claude: Claude, make: Make) -> None:
    claude.script({"text": "Olá!"})
    answer = await ask(make())
    assert answer.text == "Olá!"
    assert answer.response_metadata["model_name"] == "claude-test"
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["input_token_details"]["cache_read"] == 900
    assert claude.requests[0]["max_tokens"] == 256
    assert claude.requests[0]["tools"][0]["name"] == "look_up"
    assert claude.requests[0]["tool_choice"] == {"type": "auto"}


async def test_tools_may_be_withheld_while_they_stay_described(claude: Claude, make: Make) -> None:
    await make().ask([HumanMessage("oi")], [TOOL], within=5, tools_allowed=False)
    assert claude.requests[0]["tool_choice"] == {"type": "none"}
    assert claude.requests[0]["tools"][0]["name"] == "look_up"


async def test_tool_calls_are_parsed(claude: Claude, make: Make) -> None:
    claude.script({"text": "Um instante.", "tools": [{"name": "look_up", "input": {"query": "queen"}}]})
    answer = await ask(make())
    assert answer.text == "Um instante."
    assert [(call["name"], call["args"]) for call in answer.tool_calls] == [("look_up", {"query": "queen"})]


FAULTS = {
    "overloaded": {"status": 529},
    "rate limited": {"status": 429},
    "rate limited for a moment": {"status": 429, "retry_after": 0.01},
    "server error": {"status": 500},
    "request time-out": {"status": 408},
    "conflict": {"status": 409},
    "reset": {"drop": True},
    "cut in the middle": {"cut": True, "text": "Olá, tudo bem com você?"},
    "not JSON": {"raw": "{nonsense"},
    "another shape": {"raw": '{"ok": true}'},
    "content is no list": {"raw": '{"type": "message", "content": 7, "usage": {}}'},
    "a page": {"raw": "<html>Bad gateway</html>", "type": "text/html"},
    "an error with status 200": {"raw": '{"type": "error", "error": {"type": "overloaded_error"}}'},
    "nothing said": {"empty": True},
    "blank text": {"text": "  \n "},
    "arguments that are no object": {"tools": [{"name": "look_up", "input": ["queen"]}]},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_a_passing_fault_costs_a_try_and_not_the_answer(
    claude: Claude, make: Make, fault: dict[str, object]
) -> None:
    claude.script(fault, fault, {"text": "Olá!"})
    assert (await ask(make())).text == "Olá!"
    assert len(claude.requests) == MAX_TRIES


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_a_lasting_fault_ends_after_the_last_try(claude: Claude, make: Make, fault: dict[str, object]) -> None:
    claude.usual = fault
    with pytest.raises(Unavailable):
        await ask(make())
    assert len(claude.requests) == MAX_TRIES


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
async def test_a_request_that_is_refused_is_not_repeated(claude: Claude, make: Make, status: int) -> None:
    claude.usual = {"status": status}
    with pytest.raises(Unavailable, match=str(status)):
        await ask(make())
    assert len(claude.requests) == 1


async def test_a_refused_key_is_named_as_the_cause_and_never_shown(make: Make) -> None:
    with pytest.raises(Unavailable, match="CLAUDE_API_KEY") as caught:
        await ask(make(key=REVOKED_KEY))
    assert REVOKED_KEY not in str(caught.value)
    assert KEY not in repr(make()._chat)


async def test_a_wrong_request_does_not_open_the_breaker_and_a_wrong_key_does(claude: Claude, make: Make) -> None:
    gateway = make(failures=1)
    claude.script({"status": 400})
    with pytest.raises(Unavailable):
        await ask(gateway)
    assert gateway.available
    claude.script({"status": 401})
    with pytest.raises(Unavailable):
        await ask(gateway)
    assert not gateway.available


async def test_a_declined_answer_is_not_asked_for_again_and_does_not_count(claude: Claude, make: Make) -> None:
    claude.usual = {"refusal": True, "text": "Não posso."}
    gateway = make(failures=1)
    with pytest.raises(Unavailable, match="declined"):
        await ask(gateway)
    assert len(claude.requests) == 1
    assert gateway.available


async def test_the_pause_that_was_asked_for_is_kept(claude: Claude, make: Make) -> None:
    claude.script({"status": 429, "retry_after": 0.4}, {"text": "Olá!"})
    loop = asyncio.get_running_loop()
    began = loop.time()
    await ask(make())
    assert loop.time() - began >= 0.4


async def test_a_pause_longer_than_a_chat_can_wait_ends_the_ask(claude: Claude, make: Make) -> None:
    claude.usual = {"status": 429, "retry_after": MAX_RETRY_AFTER_SECONDS + 1}
    with pytest.raises(Unavailable, match="429"):
        await ask(make(), within=60)
    assert len(claude.requests) == 1


async def test_a_try_that_hangs_ends_at_the_time_out_and_is_repeated(claude: Claude, make: Make) -> None:
    claude.script({"hang": True}, {"text": "Olá!"})
    assert (await ask(make(timeout=0.2))).text == "Olá!"


async def test_the_whole_ask_ends_in_time_whatever_happens(claude: Claude, make: Make) -> None:
    claude.usual = {"hang": True}
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(Unavailable):
        await ask(make(timeout=30), within=0.3)
    assert loop.time() - began < 2


async def test_three_failed_tries_open_the_breaker_and_nothing_is_sent_any_more(claude: Claude, make: Make) -> None:
    claude.usual = {"status": 529}
    gateway = make(failures=3)
    with pytest.raises(Unavailable):
        await ask(gateway)
    assert not gateway.available
    with pytest.raises(BreakerOpen):
        await ask(gateway)
    assert len(claude.requests) == 3


async def test_a_server_that_is_not_there_is_unavailable(make: Make, unused_tcp_port: int) -> None:
    with pytest.raises(Unavailable, match="reached"):
        await ask(make(base_url=f"http://127.0.0.1:{unused_tcp_port}"))


async def test_cancelling_an_ask_cancels_it_at_once(claude: Claude, make: Make) -> None:
    claude.usual = {"hang": True}
    gateway = make()
    asking = asyncio.create_task(ask(gateway))
    async with asyncio.timeout(5):
        await claude.asked.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking


async def test_the_probe_returns_when_the_key_is_taken(claude: Claude) -> None:
    await probe(claude.url, SecretStr(KEY), timeout=2)
    assert claude.requests == []


async def test_the_probe_names_a_refused_key_without_showing_it(claude: Claude) -> None:
    with pytest.raises(Unavailable, match="CLAUDE_API_KEY") as caught:
        await probe(claude.url, SecretStr(REVOKED_KEY), timeout=2)
    assert REVOKED_KEY not in str(caught.value)


async def test_the_probe_fails_when_nobody_listens(unused_tcp_port: int) -> None:
    with pytest.raises(Unavailable, match="no answer"):
        await probe(f"http://127.0.0.1:{unused_tcp_port}", SecretStr(KEY), timeout=2)


async def test_the_scripted_claude_is_driven_over_http(claude: Claude, make: Make) -> None:
    async with httpx.AsyncClient(base_url=claude.url) as control:
        await control.post("/_script", json={"steps": [{"status": 500}], "usual": {"text": "Oi!"}})
        assert (await ask(make())).text == "Oi!"
        assert [json.dumps(body) for body in (await control.get("/_requests")).json()] == [
            json.dumps(body) for body in claude.requests
        ]
        assert len(claude.requests) == 2
        await control.delete("/_requests")
        assert claude.requests == []


async def test_the_scripted_claude_runs_as_a_process_of_its_own() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.peers.claude", stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        await probe(json.loads(line)["url"], SecretStr(KEY), timeout=5)
    finally:
        process.terminate()
        await process.wait()
