"""What the service costs, beside a bare endpoint on the same core in the same run. Writes bench/results/service.json.

Server and Postgres share core 0; the load comes from core 1.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import psutil
from tests.e2e.conftest import SECRET, production
from tests.peers.claude import Claude
from tests.peers.evolution import Evolution
from tests.peers.servers import Databases, running_stores

from slim_agent.cli.demo.servers import Stores, free_port

SERVER_CORE, LOAD_CORE = 0, 1
CHATS = 500
ROUNDS = 3
FLOOD_SECONDS = 6
RATE = 200
RATE_SECONDS = 15
TURNS = 1000
RESULT = Path(__file__).parent / "results" / "service.json"


def pin(core: int) -> list[str]:
    """Return what keeps a command on one core, where that can be had."""
    return ["taskset", "-c", str(core)] if (os.cpu_count() or 1) > 1 else []


def pin_stores(stores: Stores) -> None:
    """Keep Postgres on the server's core, with every process that it starts later."""
    for server in (stores.postgres, stores.valkey):
        process = psutil.Process(server.pid)
        for each in (process, *process.children(recursive=True)):
            each.cpu_affinity([SERVER_CORE])


@contextmanager
def server(command: list[str], environment: dict[str, str], path: str) -> Iterator[tuple[int, float, int]]:
    """Run a server; yield its port, the seconds until it was ready, and its process id."""
    port = free_port()
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [*pin(SERVER_CORE), *command, "--port", str(port)],
            env=environment | {"PYTHONPATH": str(Path.cwd())},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            with httpx.Client() as client:
                while True:
                    if process.poll() is not None:
                        output.seek(0)
                        sys.exit(output.read().decode())
                    try:
                        if client.get(f"http://127.0.0.1:{port}{path}").status_code < 500:
                            break
                    except httpx.TransportError:
                        pass
                    time.sleep(0.01)
            yield port, time.perf_counter() - started, process.pid
        finally:
            process.terminate()
            process.wait(20)


def load(port: int, mode: str, seconds: float, run: str, chats: int = CHATS) -> Any:
    """Run the load generator on its own core."""
    arguments = {"port": port, "secret": SECRET, "mode": mode, "seconds": seconds, "chats": chats, "run": run}
    command = [*pin(LOAD_CORE), sys.executable, "-m", "bench.load", json.dumps(arguments)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def acknowledgement(databases: Databases) -> dict[str, Any]:
    """Measure throughput against the bare endpoint (median of rounds, alternating), and latency at a steady rate."""
    with databases.migrated() as url:
        environment = production(
            DATABASE_URL=url, REDIS_URL=databases.redis(), EVOLUTION_INSTANCE=None, DEBOUNCE_SECONDS=None
        )
        ours = [sys.executable, "-m", "slim_agent", "serve", "--role", "web"]
        bare = [sys.executable, "-m", "uvicorn", "bench.bare:app", "--no-access-log", "--log-level", "warning"]
        floods: dict[str, list[Any]] = {"slim_agent": [], "bare": []}
        for number in range(ROUNDS):
            for name, command, path in (("slim_agent", ours, "/readyz"), ("bare", bare, "/openapi.json")):
                with server(command, environment, path) as (port, _, _pid):
                    floods[name].append(load(port, "flood", FLOOD_SECONDS, f"{number:02d}"))
        with server(ours, environment, "/readyz") as (port, ready, _pid):
            steady = load(port, str(RATE), RATE_SECONDS, "99")
    rates = {name: median(each["requests_per_second"] for each in rounds) for name, rounds in floods.items()}
    return {
        "requests_per_second": {name: round(rate) for name, rate in rates.items()},
        "ratio_to_bare": round(rates["slim_agent"] / rates["bare"], 2),
        "flood_rounds": floods,
        f"at_{RATE}_per_second": steady,
        "web_role_ready_seconds": round(ready, 2),
    }


async def turns(databases: Databases) -> dict[str, Any]:
    """Measure a thousand turns through the whole service: memory at the end, and our own time in each."""
    async with Evolution("Slim Quality") as evolution, Claude() as claude:
        with databases.migrated() as url:
            environment = production(
                DATABASE_URL=url,
                REDIS_URL=databases.redis(),
                EVOLUTION_URL=evolution.url,
                CLAUDE_BASE_URL=claude.url,
                DEBOUNCE_SECONDS="0",
            )
            return await asyncio.to_thread(_thousand_turns, environment, asyncio.get_running_loop(), evolution)


def _thousand_turns(
    environment: dict[str, str], loop: asyncio.AbstractEventLoop, evolution: Evolution
) -> dict[str, Any]:
    command = [sys.executable, "-m", "slim_agent", "serve"]
    with server(command, environment, "/readyz") as (port, ready, pid):
        process = psutil.Process(pid)
        at_start = process.memory_info().rss
        started = time.perf_counter()
        load(port, "40", TURNS / 40 - 5, "01", chats=TURNS)
        asyncio.run_coroutine_threadsafe(evolution.wait_for_texts(TURNS, seconds=120), loop).result()
        return {
            "turns": len(evolution.sent),
            "seconds": round(time.perf_counter() - started, 1),
            "resident_mib_at_start": round(at_start / 2**20),
            "resident_mib_after": round(process.memory_info().rss / 2**20),
            "import_to_ready_seconds": round(ready, 2),
        }


def main() -> None:
    """Measure everything and write it down."""
    with running_stores(durable=True) as stores:
        pin_stores(stores)
        databases = Databases(stores)
        result = {"acknowledgement": acknowledgement(databases), "turns": asyncio.run(turns(databases))}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
