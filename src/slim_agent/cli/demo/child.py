"""A child process that ends when we say so, and also when we are killed."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from slim_agent.cli.demo.account import Account, become
from slim_agent.vocabulary.failures import SlimAgentError

POLL_SECONDS = 0.02
LAST_LINES = 20
PR_SET_PDEATHSIG = 1
OWNER_ONLY = 0o600
OTHERS_NOTHING = 0o077
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class ChildFailed(SlimAgentError):
    """A child process did not start, or ended by itself; the message holds its last log lines."""


class Child:
    """A process with its own session, log file and farewell signal.

    Its own session keeps the terminal's Ctrl-C away from it: the parent decides the order in which children end.
    Start it from a thread that lives as long as the parent (Linux ties the leash to the thread, not to the process).
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        environ: Mapping[str, str],
        account: Account | None = None,
        farewell: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.log = log
        self._farewell = farewell
        parent = os.getpid()

        def leash() -> None:
            if _libc is not None:
                _libc.prctl(PR_SET_PDEATHSIG, int(farewell))
                if os.getppid() != parent:
                    os._exit(1)

        log.touch(mode=OWNER_ONLY)
        with log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - every command is ours
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environ),
                cwd="/",
                umask=OTHERS_NOTHING,
                start_new_session=True,
                preexec_fn=leash,  # noqa: PLW1509 - prctl has no other door, and the callback takes no locks
                **become(account),
            )

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Exit code, negative for a signal, None while it runs."""
        return self._process.poll()

    def last_lines(self, count: int = LAST_LINES) -> str:
        """Return the end of the child's log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait for `ready`.

        Raises:
            ChildFailed: the child ended first, or `seconds` went by.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if self.exit_code is not None:
                raise ChildFailed(f"{self.name} ended with code {self.exit_code}:\n{self.last_lines()}")
            if time.monotonic() > deadline:
                raise ChildFailed(f"{self.name} was not ready within {seconds:g} s:\n{self.last_lines()}")
            time.sleep(POLL_SECONDS)

    def stop(self, seconds: float = 10) -> None:
        """Say farewell, wait at most `seconds`, then kill."""
        if self.exit_code is None:
            self._process.send_signal(self._farewell)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the child at once (SIGKILL) and wait until it is gone."""
        self._process.kill()
        self._process.wait()
