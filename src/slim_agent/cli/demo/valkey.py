"""A real Valkey, which speaks Redis, from a pip wheel."""

import contextlib
import signal
from pathlib import Path

import redis

from slim_agent.cli.demo.home import OWNER_ONLY
from slim_agent.cli.demo.orphan import stop_orphan
from slim_agent.cli.demo.server import STOP_SECONDS, Server


class Valkey(Server):
    """Valkey 9, a Redis-compatible server, with an append-only file."""

    name = "valkey"
    farewell = signal.SIGTERM

    @property
    def url(self) -> str:
        """Address of logical database 0."""
        return self.database(0)

    def database(self, number: int) -> str:
        """Return the address of a logical database of this server."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{number}"

    @property
    def _settings_file(self) -> Path:
        return self.folder / "valkey.conf"

    def _prepare(self) -> None:
        self.folder.mkdir(mode=OWNER_ONLY, exist_ok=True)
        self.home.own(self.folder)
        stop_orphan(self.folder / "pid", str(self._settings_file), self.farewell, STOP_SECONDS)

    def _command(self) -> list[str]:
        settings = {
            "bind": "127.0.0.1",
            "port": self.port,
            "requirepass": self.password,
            "dir": f'"{self.folder}"',
            "pidfile": f'"{self.folder / "pid"}"',
            "set-proc-title": "no",  # keeps the path in the command line, by which an orphan is known
            "appendonly": "yes",
            "appendfsync": "everysec" if self.durable else "no",
            "save": '""',
            "maxmemory": "256mb",
            "maxmemory-policy": "noeviction",
            "databases": 64,
        }
        self._settings_file.touch(mode=0o600)
        self._settings_file.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        self.home.own(self._settings_file)
        return [str(self.home.valkey_program), str(self._settings_file)]

    def _answers(self) -> bool:
        with contextlib.suppress(redis.RedisError), redis.Redis.from_url(self.url, socket_timeout=2) as client:
            return bool(client.ping())
        return False
