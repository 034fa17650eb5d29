"""What a store of the demo is: a child process that remembers its port and password, and answers once it started."""

import signal
import socket
from abc import ABC, abstractmethod

from slim_agent.cli.demo.child import Child, ChildFailed
from slim_agent.cli.demo.home import Home
from slim_agent.cli.demo.memory import Memory

READY_SECONDS = 20.0
STOP_SECONDS = 15.0
ENVIRON = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"}


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether we could listen on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


class Server(ABC):
    """One store: starts on its remembered port, answers before `start` returns, stops cleanly."""

    name: str
    farewell: signal.Signals

    def __init__(self, home: Home, memory: Memory, *, durable: bool = True) -> None:
        self.home = home
        self.durable = durable
        self.folder = home.path / self.name
        self.password = memory.secret(f"{self.name}_password")
        self._memory = memory
        self._child: Child | None = None

    @property
    def port(self) -> int:
        """Port on 127.0.0.1."""
        return int(self._memory.get(f"{self.name}_port") or 0)

    @property
    @abstractmethod
    def url(self) -> str:
        """Address with the password."""

    @property
    def pid(self) -> int | None:
        """Process id, None when it does not run."""
        return self._child.pid if self._child is not None and self._child.exit_code is None else None

    @property
    def child(self) -> Child:
        """The running process."""
        if self._child is None:
            raise ChildFailed(f"{self.name} was not started")
        return self._child

    def start(self) -> None:
        """Start and wait until it answers.

        Raises:
            ChildFailed: with the last lines of its log.
        """
        self._prepare()
        if not self.port or not is_free(self.port):
            self._memory.keep(f"{self.name}_port", str(free_port()))
        try:
            self._run()
        except ChildFailed:
            # Somebody may have taken the port between the look and the start.
            self.stop()
            self._memory.keep(f"{self.name}_port", str(free_port()))
            self._run()

    def stop(self) -> None:
        """Stop cleanly, by force after a limit."""
        if self._child is not None:
            self._child.stop(STOP_SECONDS)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.child.kill()

    def _run(self) -> None:
        self._child = Child(
            self.name,
            self._command(),
            log=self.home.path / f"{self.name}.log",
            environ=ENVIRON,
            account=self.home.account,
            farewell=self.farewell,
        )
        self._child.wait_until(self._answers, READY_SECONDS)

    @abstractmethod
    def _prepare(self) -> None: ...

    @abstractmethod
    def _command(self) -> list[str]: ...

    @abstractmethod
    def _answers(self) -> bool: ...
