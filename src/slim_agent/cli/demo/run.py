"""Starts the parts in their order, watches them, and ends them in the opposite order."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn
from urllib.parse import quote

import httpx
from rich.console import Console
from rich.markup import escape

from slim_agent.cli.demo.child import Child, ChildFailed
from slim_agent.cli.demo.environment import development, of_stand_in
from slim_agent.cli.demo.memory import Memory
from slim_agent.cli.demo.server import free_port, is_free
from slim_agent.cli.demo.servers import Stores
from slim_agent.vocabulary.failures import SlimAgentError

WEBHOOK_EVENTS = ["MESSAGES_UPSERT", "MESSAGES_UPDATE", "MESSAGES_DELETE", "SEND_MESSAGE", "CONNECTION_UPDATE"]
READY_SECONDS = 60.0
SERVICE_STOP_SECONDS = 25.0
STAND_IN_STOP_SECONDS = 5.0
WATCH_SECONDS = 0.2
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(BaseException):
    """Somebody asked us to end."""


def run(data: Path, host: str, port: int) -> int:
    """Run everything in the foreground until a signal comes (0) or a part fails (1)."""
    console = Console(highlight=False, soft_wrap=True)
    with ExitStack() as parts:
        try:
            _listen(_end)
            _watch(_start(data, host, port, console, parts))
        except Ended:
            _listen(signal.SIG_IGN)
            # The terminal itself may be gone.
            with contextlib.suppress(OSError):
                console.print("Stopping, the service first …")
            return 0
        except (SlimAgentError, OSError) as failure:
            console.print(f"[red]✗[/] {escape(str(failure))}")
            return 1
        finally:
            # Nothing may interrupt the end, not even a second Ctrl-C: each part has its own limit.
            _listen(signal.SIG_IGN)


def _listen(reaction: signal.Handlers | object) -> None:
    for ending in ENDINGS:
        # Started under nohup, it outlives its terminal.
        if ending is not signal.SIGHUP or signal.getsignal(ending) is not signal.SIG_IGN:
            signal.signal(ending, reaction)  # type: ignore[arg-type]


def _end(_: int, __: FrameType | None) -> NoReturn:
    raise Ended


def _start(data: Path, host: str, port: int, console: Console, parts: ExitStack) -> list[Child]:
    stores = Stores(data)
    (stores.folder / ".gitignore").write_text("*\n", encoding="ascii")
    parts.callback(stores.stop)
    stores.open()
    if not is_free(port, host):
        raise SlimAgentError(f"port {port} is in use: end the program that has it, or choose another: PORT={port + 1}")
    for title, server in (
        ("Postgres with pgvector", stores.postgres),
        ("Redis (Valkey, append-only file)", stores.valkey),
    ):
        with _step(console, title):
            stores.launch(server)
    stand_in_port = _remembered_port(stores.memory)
    environ = development(os.environ, stores, host=host, port=port, stand_in_port=stand_in_port)

    python = [sys.executable, "-m"]
    stand_in = Child(
        "stand-in",
        [*python, "slim_agent.cli.demo.stand_in"],
        log=stores.folder / "stand-in.log",
        environ=of_stand_in(environ, stores, stand_in_port),
    )
    parts.callback(stand_in.stop, STAND_IN_STOP_SECONDS)
    service = Child("service", [*python, "slim_agent", "serve"], log=stores.folder / "service.log", environ=environ)
    parts.callback(service.stop, SERVICE_STOP_SECONDS)

    address = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"  # noqa: S104 - compared, not listened on
    with _step(console, "Stand-in for Evolution API"):
        stand_in.wait_until(lambda: _answers(environ["EVOLUTION_URL"]), READY_SECONDS)
        _register(environ, f"{address}/webhook/evolution")
    with _step(console, "slim-agent: migrations, profile, service"):
        service.wait_until(lambda: _answers(f"{address}/livez"), READY_SECONDS)
    _welcome(console, address, stores.folder, environ)
    return [service, stand_in, stores.postgres.child, stores.valkey.child]


@contextmanager
def _step(console: Console, title: str) -> Iterator[None]:
    started = time.monotonic()
    with console.status(f"{title} …"):
        yield
    console.print(f"[green]✓[/] {title} [dim]{time.monotonic() - started:.1f} s[/]")


def _remembered_port(memory: Memory) -> int:
    remembered = int(memory.get("stand_in_port") or 0)
    if remembered and is_free(remembered):
        return remembered
    return int(memory.keep("stand_in_port", str(free_port())))


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _register(environ: Mapping[str, str], url: str) -> None:
    webhook = {"enabled": True, "url": url, "headers": {"jwt_key": environ["WEBHOOK_SECRET"]}, "events": WEBHOOK_EVENTS}
    answer = httpx.post(
        f"{environ['EVOLUTION_URL']}/webhook/set/{quote(environ['EVOLUTION_INSTANCE'], safe='')}",
        json={"webhook": webhook},
        headers={"apikey": environ["EVOLUTION_API_KEY"]},
        trust_env=False,
    )
    if not answer.is_success:
        raise SlimAgentError(f"the stand-in refused our webhook: {answer.text}")


def _welcome(console: Console, address: str, folder: Path, environ: Mapping[str, str]) -> None:
    mind = "Claude answers" if environ.get("CLAUDE_API_KEY") else "answers offline; set CLAUDE_API_KEY to use Claude"
    console.print(f"\n[bold]slim-agent runs[/] ({mind})")
    for title, path in (
        ("WhatsApp simulator", "/simulator"),
        ("Service", "/"),
        ("API", "/docs"),
        ("Health", "/health"),
    ):
        console.print(f"  {title:<20}{address}{path}")
    console.print(f"  {'Data and logs':<20}{folder}\nCtrl-C ends it; the next start goes on where this one ended.")


def _watch(children: list[Child]) -> NoReturn:
    while True:
        for child in children:
            if child.exit_code is not None:
                raise ChildFailed(f"{child.name} ended with code {child.exit_code}:\n{child.last_lines()}")
        time.sleep(WATCH_SECONDS)
