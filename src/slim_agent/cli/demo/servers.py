"""Real Postgres and real Valkey on 127.0.0.1, in a data folder."""

from pathlib import Path
from typing import Self

from slim_agent.cli.demo.home import OWNER_AND_PASSERS, settle
from slim_agent.cli.demo.lock import Lock
from slim_agent.cli.demo.memory import Memory
from slim_agent.cli.demo.postgres import Postgres
from slim_agent.cli.demo.server import Server, free_port
from slim_agent.cli.demo.valkey import Valkey

__all__ = ["Stores", "free_port"]


class Stores:
    """Both servers in one data folder, which is locked from `start` to `stop`."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        folder = folder.absolute()
        folder.mkdir(mode=OWNER_AND_PASSERS, parents=True, exist_ok=True)
        self.folder = folder
        self._lock = Lock(folder)
        self._durable = durable
        self._started: list[Server] = []

    def open(self) -> None:
        """Lock the folder and find the servers' home, without starting them.

        Raises:
            FolderBusy: another process has the folder.
        """
        self._lock.take()
        self.memory = Memory(self.folder / "memory.json")
        home = settle(self.folder, self.memory)
        self.postgres = Postgres(home, self.memory, durable=self._durable)
        self.valkey = Valkey(home, self.memory, durable=self._durable)

    def start(self) -> None:
        """Open the folder and start both servers.

        Raises:
            FolderBusy: another process has the folder.
            ChildFailed: a server did not start.
        """
        try:
            self.open()
            for server in (self.postgres, self.valkey):
                self.launch(server)
        except BaseException:
            self.stop()
            raise

    def launch(self, server: Server) -> None:
        """Start one of the servers of an open folder.

        Raises:
            ChildFailed: it did not start.
        """
        self._started.append(server)
        server.start()

    def stop(self) -> None:
        """Stop what was started, last first, and give the folder back."""
        while self._started:
            self._started.pop().stop()
        self._lock.release()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
