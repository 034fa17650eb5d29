"""A real Postgres with pgvector from a pip wheel."""

import shutil
import signal
import subprocess

import psycopg

from slim_agent.cli.demo.account import become
from slim_agent.cli.demo.child import ChildFailed
from slim_agent.cli.demo.home import OWNER_ONLY
from slim_agent.cli.demo.orphan import stop_orphan
from slim_agent.cli.demo.server import ENVIRON, STOP_SECONDS, Server

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "64MB",
    "max_connections": "60",
    "max_parallel_workers_per_gather": "0",
    "io_method": "sync",
    "timezone": "UTC",
}
# What a test loses when the machine itself dies is nothing.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres(Server):
    """PostgreSQL 18 with pgvector."""

    name = "postgres"
    farewell = signal.SIGINT  # "fast shutdown": ends sessions instead of waiting for them

    @property
    def url(self) -> str:
        """Address of the database ``postgres``, as its superuser."""
        return self.database("postgres")

    def database(self, name: str) -> str:
        """Return the address of a database of this server."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{name}"

    def _prepare(self) -> None:
        stop_orphan(self.folder / "postmaster.pid", str(self.folder), self.farewell, STOP_SECONDS)
        if not self.folder.exists():
            self._initialise()

    def _initialise(self) -> None:
        unfinished = self.folder.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=OWNER_ONLY)
        self.home.own(unfinished)
        password = self.home.path / "password.new"
        password.touch(mode=0o600)
        password.write_text(self.password, encoding="ascii")
        self.home.own(password)
        command = [str(self.home.postgres_programs / "initdb"), "-D", str(unfinished), "-U", "postgres"]
        command += ["--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8", "--no-sync", "--no-instructions"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        try:
            done = subprocess.run(  # noqa: S603
                command, capture_output=True, text=True, check=False, env=ENVIRON, cwd="/", **become(self.home.account)
            )
        finally:
            password.unlink()
        if done.returncode:
            raise ChildFailed(f"initdb ended with code {done.returncode}:\n{done.stderr.strip()}")
        unfinished.rename(self.folder)

    def _command(self) -> list[str]:
        settings = {**SETTINGS, "port": str(self.port), **({} if self.durable else CARELESS)}
        command = [str(self.home.postgres_programs / "postgres"), "-D", str(self.folder)]
        return command + [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True
