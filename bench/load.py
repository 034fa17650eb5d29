"""A load generator: signed webhooks over keep-alive connections, as fast as answered, or at a fixed rate.

Run as a process of its own (``python -m bench.load``), so that it never shares a core with what it measures.
"""

import asyncio
import hashlib
import hmac
import itertools
import json
import sys
import time
from collections.abc import Iterator

import uvloop
from tests.peers.evolution import upsert

WARM_UP_REQUESTS = 200


def requests(secret: str, chats: int, run: str) -> Iterator[bytes]:
    """Yield HTTP requests with a new message each, from `chats` customers in turn."""
    event = upsert("Oi, quanto custa o colchão queen?", id="{id}", jid="55119{chat:08d}@s.whatsapp.net")
    template = json.dumps(event, ensure_ascii=False)
    for number in itertools.count():
        text = template.replace("{id}", f"3A{run}{number:012d}").replace("{chat:08d}", f"8{number % chats:07d}")
        body = text.encode()
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        head = (
            f"POST /webhook/evolution HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"X-Webhook-Signature: sha256={signature}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        yield head.encode() + body


class Connection(asyncio.Protocol):
    """One keep-alive connection with one request under way."""

    def __init__(self) -> None:
        self._buffer = b""
        self._answered: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Recognise a whole answer."""
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found or self._answered is None:
            return
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        if len(rest) >= length:
            self._buffer = rest[length:]
            answered, self._answered = self._answered, None
            answered.set_result(int(head[9:12]))

    async def ask(self, request: bytes) -> int:
        """Send a request and return the status of its answer."""
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)  # type: ignore[attr-defined]
        return await self._answered


async def connect(port: int, count: int) -> list[Connection]:
    """Open keep-alive connections."""
    loop = asyncio.get_running_loop()
    return [(await loop.create_connection(Connection, "127.0.0.1", port))[1] for _ in range(count)]


async def as_fast_as_answered(port: int, source: Iterator[bytes], connections: int, seconds: float) -> dict[str, float]:
    """Keep every connection busy; return answers per second and latencies."""
    lines = await connect(port, connections)
    latencies: list[float] = []
    wrong = 0
    end = time.perf_counter() + seconds

    async def drive(line: Connection) -> None:
        nonlocal wrong
        while (started := time.perf_counter()) < end:
            wrong += await line.ask(next(source)) != 200
            latencies.append(time.perf_counter() - started)

    started = time.perf_counter()
    await asyncio.gather(*(drive(line) for line in lines))
    rate = len(latencies) / (time.perf_counter() - started)
    return {"requests_per_second": round(rate), "refused": wrong, **quantiles(latencies)}


async def at_a_rate(port: int, source: Iterator[bytes], rate: float, seconds: float) -> dict[str, float]:
    """Send at fixed moments whatever the answers do; latency counts from the planned moment."""
    free = asyncio.Queue[Connection]()
    for line in await connect(port, 64):
        free.put_nowait(line)
    latencies: list[float] = []
    wrong = 0

    async def one(planned: float) -> None:
        nonlocal wrong
        line = await free.get()
        wrong += await line.ask(next(source)) != 200
        latencies.append(time.perf_counter() - planned)
        free.put_nowait(line)

    start = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * seconds)):
            planned = start + number / rate
            await asyncio.sleep(max(planned - time.perf_counter(), 0))
            tasks.create_task(one(planned))
    return {"requests": len(latencies), "refused": wrong, **quantiles(latencies)}


def quantiles(latencies: list[float]) -> dict[str, float]:
    """Return the usual percentiles in milliseconds."""
    ordered = sorted(latencies)
    at = {share: ordered[min(len(ordered) * share // 100, len(ordered) - 1)] for share in (50, 95, 99)}
    return {f"p{share}_ms": round(seconds * 1000, 2) for share, seconds in at.items()}


async def main(port: int, secret: str, mode: str, seconds: float, chats: int, run: str) -> dict[str, float]:
    """Warm up, measure, return figures."""
    source = requests(secret, chats, run)
    warm = (await connect(port, 1))[0]
    for _ in range(WARM_UP_REQUESTS):
        await warm.ask(next(source))
    if mode == "flood":
        return await as_fast_as_answered(port, source, 64, seconds)
    return await at_a_rate(port, source, float(mode), seconds)


if __name__ == "__main__":
    arguments = json.loads(sys.argv[1])
    print(json.dumps(uvloop.run(main(**arguments))))
