import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
import uvicorn
from tests.peers.listener import Answer, Listener, Request

from slim_agent.cli.demo.stand_in import application

API_KEY = "stand-in-test-key"
SECRET = "a webhook secret of the tests, long enough"
INSTANCE = "Slim Quality"
ANA = "5511988887777@s.whatsapp.net"


async def until(condition: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.01)


def until_now(condition: Callable[[], object], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def runs(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return not Path("/proc/self").exists()
    return False


@dataclass
class Company:
    """What stands where slim-agent would: it verifies, records, and answers what `reply` says."""

    reply: Callable[[str], str | None] = lambda _: None
    events: list[Any] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    url: str = ""
    stand_in: str = ""

    async def answer(self, request: Request) -> Answer:
        if self.statuses:
            return Answer(self.statuses.pop(0))
        token = request.headers["authorization"].removeprefix("Bearer ")
        assert jwt.decode(token, SECRET, algorithms=["HS256"])["app"] == "evolution"
        self.events.append(request.json)
        data = request.json["data"]
        if request.json["event"] == "messages.upsert":
            key = data["key"]
            await self.call("/chat/markMessageAsRead", {"readMessages": [key]})
            if text := self.reply(data["message"]["conversation"]):
                await self.call("/message/sendText", {"number": key["remoteJid"], "text": text})
        return Answer(200, {"status": "success"})

    async def call(
        self, path: str, body: object, *, instance: str = "Slim%20Quality", key: str = API_KEY
    ) -> httpx.Response:
        async with httpx.AsyncClient(timeout=10) as client:
            return await client.post(f"{self.stand_in}{path}/{instance}", json=body, headers={"apikey": key})

    def of(self, event: str) -> list[Any]:
        return [seen["data"] for seen in self.events if seen["event"] == event]


@pytest.fixture
async def company() -> AsyncIterator[Company]:
    answering = Company()
    async with Listener(answering.answer) as listener:
        answering.url = listener.url
        yield answering


@contextlib.asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[str]:
    app = application(folder, INSTANCE, API_KEY, first_delay=0.02)
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_level="warning", ws="none", timeout_graceful_shutdown=1, lifespan="on")
    )
    running = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await running


@pytest.fixture
async def stand_in(tmp_path: Path, company: Company) -> AsyncIterator[str]:
    """A stand-in whose webhook is the company's."""
    async with serving(tmp_path) as url:
        company.stand_in = url
        webhook = {"enabled": True, "url": company.url, "headers": {"jwt_key": SECRET}, "events": []}
        assert (await company.call("/webhook/set", {"webhook": webhook})).status_code == 201
        yield url


@pytest.fixture
def data() -> Iterator[Path]:
    """Where a demo keeps its data: a folder that accounts without rights can reach."""
    with tempfile.TemporaryDirectory(prefix="slim-agent-tests-") as name:
        Path(name).chmod(0o711)
        yield Path(name) / "data"
