import asyncio
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from tests.e2e.conftest import Service, production, serving
from tests.peers.claude import Claude
from tests.peers.evolution import HANG, Evolution, upsert

from slim_agent.cli.demo.servers import Stores, free_port

ANA = "5511988887777@s.whatsapp.net"


def serve(environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "slim_agent", "serve"]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_a_wrong_configuration_ends_with_78_and_one_message_with_every_problem(tmp_path: Path) -> None:
    environment = production(
        CLAUDE_API_KEY=None,
        WEBHOOK_SECRET="short-canary",
        PORT="ninety",
        REDIS_URL="localhost",
        BUSINESS_PROFILE=str(tmp_path / "nowhere"),
    )
    ended = serve(environment, tmp_path)
    assert ended.returncode == 78
    for name in ("CLAUDE_API_KEY", "WEBHOOK_SECRET", "PORT", "REDIS_URL", "BUSINESS_PROFILE"):
        assert name in ended.stderr
    assert "canary" not in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


def test_a_port_that_is_taken_is_told(tmp_path: Path, environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = serve(environment | {"PORT": str(taken.getsockname()[1])}, tmp_path)
    assert ended.returncode == 1
    assert "cannot listen" in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


def test_a_schema_that_is_too_old_is_told(tmp_path: Path, environment: dict[str, str], empty_database_url: str) -> None:
    ended = serve(environment | {"DATABASE_URL": empty_database_url, "MIGRATE_ON_START": "false"}, tmp_path)
    assert ended.returncode == 1
    assert "slim-agent migrate" in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


def test_a_database_that_never_answers_ends_the_start_with_a_clear_message(tmp_path: Path) -> None:
    address = f"postgresql://postgres:canary@127.0.0.1:{free_port()}/shop"
    ended = serve(production(DATABASE_URL=address), tmp_path)
    assert ended.returncode == 1
    assert "postgres is not available" in ended.stderr
    assert "canary" not in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_an_idle_service_ends_with_0(service: Service, number: int) -> None:
    assert await service.stop(number) == 0


async def test_a_turn_that_runs_ends_before_the_service_does(
    service: Service, evolution: Evolution, claude: Claude
) -> None:
    claude.script({"delay": 1.5, "text": "Pronto, terminei."})
    await service.post(upsert("oi", jid=ANA))
    async with asyncio.timeout(10):
        while not claude.requests:
            await asyncio.sleep(0.02)
    assert await service.stop() == 0
    assert evolution.texts() == ["Pronto, terminei."]


async def test_a_turn_that_does_not_end_in_time_is_handed_to_the_next_process(
    tmp_path: Path, environment: dict[str, str], evolution: Evolution, claude: Claude
) -> None:
    environment |= {"SHUTDOWN_GRACE_SECONDS": "0.5", "SWEEP_SECONDS": "0.5"}
    claude.script({"delay": 60, "text": "nunca"}, {"text": "Desculpe a demora!"})
    async with serving(tmp_path, environment) as first:
        await first.post(upsert("oi", jid=ANA))
        async with asyncio.timeout(10):
            while not claude.requests:
                await asyncio.sleep(0.02)
        assert await first.stop() == 0
    async with serving(tmp_path, environment):
        assert await evolution.wait_for_texts(1, seconds=20) == ["Desculpe a demora!"]


async def test_a_killed_service_leaves_nothing_unanswered(
    tmp_path: Path, environment: dict[str, str], evolution: Evolution, claude: Claude
) -> None:
    environment |= {"LEASE_SECONDS": "3", "TURN_TIMEOUT_SECONDS": "2", "SWEEP_SECONDS": "0.5"}
    claude.script({"delay": 60, "text": "nunca"}, {"text": "Voltei!"})
    async with serving(tmp_path, environment) as first:
        assert (await first.post(upsert("oi", jid=ANA))).status_code == 200
        async with asyncio.timeout(10):
            while not claude.requests:
                await asyncio.sleep(0.02)
        await first.stop(signal.SIGKILL)
    async with serving(tmp_path, environment):
        assert await evolution.wait_for_texts(1, seconds=20) == ["Voltei!"]


async def test_web_and_worker_share_the_work(tmp_path: Path, environment: dict[str, str], evolution: Evolution) -> None:
    async with (
        serving(tmp_path, environment, "--role", "web") as web,
        serving(tmp_path, environment, "--role", "worker") as worker,
    ):
        assert (await worker.post(upsert("oi", jid=ANA))).status_code == 404
        assert (await worker.get("/metrics")).status_code == 200
        await web.post(upsert("quanto custa o queen?", jid=ANA))
        assert "4.890,00" in (await evolution.wait_for_texts(1))[0]


async def test_with_both_stores_away_nothing_is_acknowledged_and_afterwards_all_is_well(
    tmp_path: Path, environment: dict[str, str], own_stores: Stores, evolution: Evolution
) -> None:
    environment |= {"DATABASE_URL": own_stores.postgres.url, "REDIS_URL": own_stores.valkey.url, "SWEEP_SECONDS": "1"}
    async with serving(tmp_path, environment) as service:
        await service.wait_until("/health", 200)
        own_stores.postgres.kill()
        own_stores.valkey.kill()
        assert (await service.post(upsert("oi", jid=ANA))).status_code == 503
        await service.wait_until("/readyz", 503, seconds=10)
        health = await service.wait_until("/health", 503, seconds=10)
        assert {name for name, each in health.json()["services"].items() if each["status"] == "down"} == {
            "supabase",
            "redis",
        }
        own_stores.postgres.start()
        own_stores.valkey.start()
        await service.wait_until("/health", 200, seconds=15)
        assert (await service.post(upsert("quanto custa o queen?", jid=ANA))).status_code == 200
        await evolution.wait_for_texts(1, seconds=20)


async def test_losing_redis_costs_seconds_and_no_message(
    tmp_path: Path, environment: dict[str, str], own_stores: Stores, evolution: Evolution
) -> None:
    environment |= {"DATABASE_URL": own_stores.postgres.url, "REDIS_URL": own_stores.valkey.url, "SWEEP_SECONDS": "1"}
    async with serving(tmp_path, environment) as service:
        own_stores.valkey.kill()
        assert (await service.post(upsert("quanto custa o queen?", jid=ANA))).status_code == 200
        await evolution.wait_for_texts(1, seconds=20)


async def test_a_dependency_that_hangs_is_named_and_health_stays_quick(service: Service, evolution: Evolution) -> None:
    await service.wait_until("/health", 200)
    evolution.always("connectionState", HANG)
    health = await service.wait_until("/health", 503, seconds=10)
    assert health.json()["services"]["evolution"]["status"] == "down"
    answers = await asyncio.gather(*(service.get("/health") for _ in range(100)))
    assert {answer.status_code for answer in answers} == {503}


async def test_an_idle_service_asks_the_database_less_than_once_a_second(service: Service, database_url: str) -> None:
    await service.wait_until("/health", 200)

    def statements() -> int:
        with psycopg.connect(database_url) as connection:
            row = connection.execute(
                "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
            ).fetchone()
        assert row is not None
        return int(row[0])

    before = statements()
    await asyncio.sleep(6)  # the figure is a rate: there is no condition to wait for
    assert (statements() - before - 1) / 6 <= 1


async def test_the_service_uses_little_memory(service: Service) -> None:
    await service.wait_until("/health", 200)
    text = (await service.get("/metrics")).text
    resident = re.search(r"^slim_agent_process_resident_memory_bytes ([\d.e+]+)$", text, re.MULTILINE)
    assert resident is not None
    assert float(resident[1]) < 300e6
