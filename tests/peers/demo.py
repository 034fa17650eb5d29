"""``slim-agent demo`` as a process, as ``make run`` starts it."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
from tests.cli.demo.conftest import ANA, until_now


class Demo:
    """A running ``slim-agent demo`` and what it printed."""

    def __init__(self, folder: Path, port: int, **environ: str) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "slim_agent", "demo", "--data", str(folder), "--port", str(port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            cwd=folder.parent,
            env={**os.environ, "DEBOUNCE_SECONDS": "0", "PACING": "off", **environ},
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))
        self.process.stdout.close()

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def wait_until_ready(self, seconds: float = 60) -> float:
        until_now(lambda: "Ctrl-C" in self.output or self.process.poll() is not None, seconds)
        assert self.process.poll() is None, self.output
        return time.monotonic() - self.started

    def children(self) -> list[int]:
        return [
            int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ]

    def end(self, ending: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(ending)
        code = self.process.wait(45)
        self._reader.join()
        return code

    @property
    def simulator(self) -> str:
        """The stand-in's address, as a browser would find it."""
        answer = httpx.get(f"{self.address}/simulator", follow_redirects=False)
        assert answer.is_redirect, answer.text
        return answer.headers["location"].removesuffix("/simulator")

    def texts(self) -> list[str]:
        return [bubble["text"] for bubble in httpx.get(f"{self.simulator}/simulator/state").json()["messages"]]

    def write(self, text: str) -> None:
        answer = httpx.post(f"{self.simulator}/simulator/messages", json={"jid": ANA, "text": text})
        assert answer.status_code == 201, answer.text
