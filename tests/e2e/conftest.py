"""`slim-agent serve` as a real process with production settings, between real stores and scripted peers."""

import asyncio
import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.peers.claude import Claude
from tests.peers.evolution import Evolution

from slim_agent.cli.demo.servers import free_port

SECRET = "an-end-to-end-webhook-secret-of-many-characters"
START_SECONDS = 40


def production(**changes: str | None) -> dict[str, str]:
    """Return an environment with every required variable; None takes one away."""
    environment: dict[str, str | None] = {
        "PATH": os.environ["PATH"],
        "ENVIRONMENT": "production",
        "CLAUDE_API_KEY": "sk-ant-canary-claude-key",
        "CLAUDE_BASE_URL": "http://127.0.0.1:9",
        "SUPABASE_URL": "https://shop.supabase.co",
        "SUPABASE_SERVICE_KEY": "canary-service-key",
        "SUPABASE_ANON_KEY": "canary-anon-key",
        "DATABASE_URL": "postgresql://postgres@127.0.0.1:9/none",
        "EVOLUTION_URL": "http://127.0.0.1:9",
        "EVOLUTION_API_KEY": "evolution-test-key",
        "EVOLUTION_INSTANCE": "Slim Quality",
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "SECRET_KEY": "canary-secret-key-of-more-than-32-characters",
        "WEBHOOK_SECRET": SECRET,
        "HOST": "127.0.0.1",
        "DEBOUNCE_SECONDS": "0.2",
        "PACING": "off",
        **changes,
    }
    return {name: value for name, value in environment.items() if value is not None}


@dataclass
class Service:
    """A running service; `log` is the file its output goes to."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path
    client: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=10))

    async def post(
        self,
        event: Any,
        *,
        path: str = "/webhook/evolution",
        secret: str = SECRET,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Post an event (or raw bytes) signed by X-Webhook-Signature, unless other headers are given."""
        body = event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        signed = {"X-Webhook-Signature": f"sha256={signature}"} if headers is None else headers
        return await self.client.post(self.url + path, content=body, headers=signed)

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(self.url + path)

    async def wait_until(self, path: str, status: int, seconds: float = START_SECONDS) -> httpx.Response:
        async with asyncio.timeout(seconds):
            while True:
                if self.process.poll() is not None:
                    pytest.fail(f"the service ended with {self.process.returncode}:\n{self.log.read_text()}")
                try:
                    answer = await self.get(path)
                except httpx.HTTPError:
                    answer = None
                if answer is not None and answer.status_code == status:
                    return answer
                await asyncio.sleep(0.05)

    async def stop(self, number: int = signal.SIGTERM, seconds: float = 20) -> int:
        self.process.send_signal(number)
        return await asyncio.to_thread(self.process.wait, seconds)


@asynccontextmanager
async def serving(folder: Path, environment: dict[str, str], *options: str) -> AsyncIterator[Service]:
    """Start a service, wait until it is ready, and end it."""
    port = free_port()
    log = folder / f"serve-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "slim_agent", "serve", *options],
            env=environment | {"PORT": str(port)},
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
        )
    service = Service(process, f"http://127.0.0.1:{port}", log)
    try:
        await service.wait_until("/readyz", 200)
        yield service
    finally:
        await service.client.aclose()
        if process.poll() is None:
            process.terminate()
            try:
                await asyncio.to_thread(process.wait, 20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture
async def evolution() -> AsyncIterator[Evolution]:
    async with Evolution("Slim Quality") as peer:
        yield peer


@pytest.fixture
async def claude() -> AsyncIterator[Claude]:
    async with Claude() as peer:
        yield peer


@pytest.fixture
def environment(database_url: str, redis_url: str, evolution: Evolution, claude: Claude) -> dict[str, str]:
    """Production's variables, with everything at hand."""
    return production(
        DATABASE_URL=database_url, REDIS_URL=redis_url, EVOLUTION_URL=evolution.url, CLAUDE_BASE_URL=claude.url
    )


@pytest.fixture
async def service(tmp_path: Path, environment: dict[str, str]) -> AsyncIterator[Service]:
    """The whole service."""
    async with serving(tmp_path, environment) as running:
        yield running
