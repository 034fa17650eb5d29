"""`slim-agent evolution`: our webhook is registered as Evolution wants it, read back, and judged."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.cli.command import slim_agent
from tests.peers.evolution import DROP_ANSWER, OK, Evolution, Fault, refused
from tests.peers.listener import Answer, Listener, Request

SECRET = "canary-first-webhook-secret-of-many-characters"
OLDER = "canary-older-webhook-secret-of-many-characters"


@pytest.fixture
async def evolution() -> AsyncIterator[Evolution]:
    async with Evolution("Slim Quality", "Loja/1 São") as peer:
        yield peer


@pytest.fixture
async def door() -> AsyncIterator[str]:
    """Our own webhook, as far as a knock without signature goes."""

    async def refuse(_: Request) -> Answer:
        return Answer(401, {"status": "error"})

    async with Listener(refuse) as listener:
        yield f"{listener.url}/webhook/evolution"


async def run(evolution: Evolution, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run a command against the peer; no secret is ever printed."""
    environ = {
        "EVOLUTION_URL": evolution.url,
        "EVOLUTION_API_KEY": evolution.api_key,
        "EVOLUTION_INSTANCE": "Slim Quality, Loja/1 São",
        "WEBHOOK_SECRET": f"{SECRET},{OLDER}",
        **changes,
    }
    ended = await asyncio.to_thread(slim_agent, "evolution", *arguments, environ=environ)
    assert "canary" not in ended.stdout + ended.stderr
    assert evolution.api_key not in ended.stdout + ended.stderr
    return ended


def row(**changes: Any) -> Any:
    """Return a webhook as Evolution keeps it."""
    events = ["MESSAGES_UPSERT", "MESSAGES_UPDATE", "MESSAGES_DELETE", "SEND_MESSAGE", "CONNECTION_UPDATE"]
    return {
        "enabled": True,
        "url": "https://agent.example.com/webhook/evolution",
        "headers": {"jwt_key": SECRET},
        "webhookByEvents": False,
        "webhookBase64": False,
        "events": events,
        **changes,
    }


async def test_connect_registers_every_instance_and_reads_it_back(evolution: Evolution, door: str) -> None:
    ended = await run(evolution, "connect", "--url", door)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Evolution 2.3.7" in ended.stdout
    calls = evolution.of("set")
    assert [call.instance for call in calls] == ["Slim Quality", "Loja/1 São"]
    assert [call.target for call in calls] == ["/webhook/set/Slim%20Quality", "/webhook/set/Loja%2F1%20S%C3%A3o"]
    for call in calls:
        assert call.body == {
            "webhook": {
                "enabled": True,
                "url": door,
                "headers": {"jwt_key": SECRET},
                "byEvents": False,
                "base64": False,
                "events": [
                    "MESSAGES_UPSERT",
                    "MESSAGES_UPDATE",
                    "MESSAGES_DELETE",
                    "SEND_MESSAGE",
                    "CONNECTION_UPDATE",
                ],
            }
        }
    assert len(evolution.of("find")) == 2


async def test_a_script_gets_json(evolution: Evolution, door: str) -> None:
    ended = await run(evolution, "connect", "--url", door, "--json", EVOLUTION_INSTANCE="Slim Quality")
    assert json.loads(ended.stdout) == {
        "version": "2.3.7",
        "instances": [
            {"instance": "Slim Quality", "state": "open", "url": door, "signing": "first", "faults": [], "ok": True}
        ],
        "warnings": [],
    }


async def test_connect_without_an_address_renews_the_registered_one(evolution: Evolution, door: str) -> None:
    evolution._webhook_row = row(url=door, headers={"jwt_key": OLDER}, events=["MESSAGES_UPSERT", "MESSAGES_EDITED"])
    assert (await run(evolution, "connect")).returncode == 0
    assert evolution.of("set")[0].body["webhook"]["url"] == door
    assert (await run(evolution, "status")).returncode == 0


async def test_connect_without_any_address_asks_for_one(evolution: Evolution) -> None:
    ended = await run(evolution, "connect")
    assert ended.returncode == 2
    assert "--url" in ended.stderr
    assert evolution.of("set") == []


@pytest.mark.parametrize(
    "url",
    [
        "agent.example.com/webhook/evolution",
        "ftp://agent.example.com/webhook/evolution",
        "https://agent.example.com",
        "https://agent.example.com/webhook/evolution/",
        "https://agent.example.com/webhook/evolution?a=b",
        "https://[agent/webhook/evolution",
        f"https://agent.example.com/{'a' * 500}/webhook/evolution",
    ],
)
async def test_an_address_that_would_lose_messages_is_refused(evolution: Evolution, url: str) -> None:
    ended = await run(evolution, "connect", "--url", url)
    assert ended.returncode == 2
    assert evolution.calls == []


async def test_production_wants_https(evolution: Evolution) -> None:
    production = {
        "ENVIRONMENT": "production",
        "CLAUDE_API_KEY": "sk-ant-something",
        "SUPABASE_URL": "https://shop.supabase.co",
        "SUPABASE_SERVICE_KEY": "service",
        "SUPABASE_ANON_KEY": "anon",
        "DATABASE_URL": "postgresql://postgres@127.0.0.1/shop",
        "REDIS_URL": "redis://127.0.0.1",
        "SECRET_KEY": "0123456789abcdef0123456789abcdef",
    }
    ended = await run(evolution, "connect", "--url", "http://agent.example.com/webhook/evolution", **production)
    assert ended.returncode == 2
    assert "https" in ended.stderr
    assert evolution.calls == []


async def test_an_address_that_redirects_is_refused_before_anything_is_set(evolution: Evolution) -> None:
    async def redirect(_: Request) -> Answer:
        return Answer(301, None, {"location": "https://agent.example.com/webhook/evolution"})

    async with Listener(redirect) as listener:
        ended = await run(evolution, "connect", "--url", f"{listener.url}/webhook/evolution")
    assert ended.returncode == 1
    assert "redirects to https://agent.example.com/webhook/evolution" in ended.stderr
    assert evolution.of("set") == []


async def test_an_address_that_answers_oddly_or_not_at_all_is_only_a_warning(evolution: Evolution) -> None:
    async def welcome(_: Request) -> Answer:
        return Answer(200, {})

    async with Listener(welcome) as listener:
        url = f"{listener.url}/webhook/evolution"
        odd = await run(evolution, "connect", "--url", url)
    assert odd.returncode == 0
    assert "warning" in odd.stderr
    assert "answers 200" in odd.stderr
    away = await run(evolution, "connect", "--url", url)
    assert away.returncode == 0
    assert "cannot be reached from here" in away.stderr


async def test_the_development_secret_is_warned_about(evolution: Evolution, door: str) -> None:
    ended = await run(evolution, "connect", "--url", door, WEBHOOK_SECRET="development-only-secret-of-32-characters")
    assert "development secret" in ended.stderr
    assert "development-only-secret" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"enabled": False}, "the webhook is switched off"),
        ({"headers": {"jwt_key": "somebody-else"}}, "a secret that is not in WEBHOOK_SECRET"),
        ({"headers": {}}, "the webhook is not signed"),
        ({"headers": None}, "the webhook is not signed"),
        ({"webhookByEvents": True}, "byEvents"),
        ({"webhookBase64": True}, "base64"),
        ({"events": ["MESSAGES_UPSERT", "MESSAGES_EDITED"]}, "MESSAGES_EDITED is subscribed"),
        ({"events": ["MESSAGES_UPDATE"]}, "MESSAGES_UPSERT is not subscribed"),
        ({"events": None}, "CONNECTION_UPDATE is not subscribed"),
    ],
)
async def test_status_finds_what_is_wrong_with_the_webhook(evolution: Evolution, changes: Any, fault: str) -> None:
    evolution._webhook_row = row(**changes)
    ended = await run(evolution, "status", EVOLUTION_INSTANCE="Slim Quality")
    assert ended.returncode == 1
    assert fault in ended.stdout
    assert "somebody-else" not in ended.stdout


async def test_status_is_fine_with_an_older_secret_that_still_counts(evolution: Evolution) -> None:
    evolution._webhook_row = row(headers={"jwt_key": OLDER})
    ended = await run(evolution, "status")
    assert ended.returncode == 0
    assert "older secret" in ended.stdout


@pytest.mark.parametrize("state", ["close", "connecting", None])
async def test_status_fails_while_a_number_is_not_connected(evolution: Evolution, state: str | None) -> None:
    evolution._webhook_row = row()
    connection = {"instanceName": "Slim Quality", **({"state": state} if state else {})}
    evolution.script("connectionState", *[Fault(answer=Answer(200, {"instance": connection}))] * 2)
    ended = await run(evolution, "status")
    assert ended.returncode == 1
    assert f"Slim Quality: {state or 'not loaded'}" in ended.stdout


async def test_status_without_a_webhook_says_so(evolution: Evolution) -> None:
    ended = await run(evolution, "status", "--json")
    assert ended.returncode == 1
    assert json.loads(ended.stdout)["instances"][0]["faults"] == ["no webhook is registered"]


@pytest.mark.parametrize("command", ["status", "connect"])
async def test_failures_are_told_in_one_line(evolution: Evolution, door: str, command: str) -> None:
    arguments = [command, "--url", door] if command == "connect" else [command]
    wrong_key = await run(evolution, *arguments, EVOLUTION_API_KEY="wrong")
    assert (wrong_key.returncode, wrong_key.stderr) == (1, "Evolution refuses EVOLUTION_API_KEY (401)\n")
    unknown = await run(evolution, *arguments, EVOLUTION_INSTANCE="slim quality")
    assert unknown.returncode == 1
    assert 'no instance "slim quality"' in unknown.stderr
    nobody = await run(evolution, *arguments, EVOLUTION_URL="http://127.0.0.1:9")
    assert nobody.returncode == 1
    assert nobody.stderr.startswith("Evolution does not answer at EVOLUTION_URL: ")
    none = await run(evolution, *arguments, EVOLUTION_INSTANCE="")
    assert none.returncode == 78
    assert "EVOLUTION_INSTANCE: empty" in none.stderr


async def test_something_that_is_no_evolution_is_recognised(evolution: Evolution) -> None:
    async def website(_: Request) -> Answer:
        return Answer(200, b"<html>Welcome</html>")

    async with Listener(website) as listener:
        ended = await run(evolution, "status", EVOLUTION_URL=listener.url)
    assert (ended.returncode, ended.stderr) == (1, "EVOLUTION_URL leads to something that is not Evolution API\n")


async def test_evolutions_own_complaint_is_passed_on_without_our_secret(evolution: Evolution, door: str) -> None:
    evolution.script("set", refused(400, "Bad Request", [[f"invalid header {SECRET}"]]))
    ended = await run(evolution, "connect", "--url", door)
    assert ended.returncode == 1
    assert "answers 400 to /webhook/set" in ended.stderr
    assert "invalid header [secret]" in ended.stderr


async def test_a_connection_that_breaks_is_a_failure(evolution: Evolution, door: str) -> None:
    evolution.script("find", OK, DROP_ANSWER)
    ended = await run(evolution, "connect", "--url", door)
    assert ended.returncode == 1
    assert ended.stderr.startswith("Evolution does not answer")
