import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from tests.cli.demo.conftest import runs, until_now

from slim_agent.cli.demo import child, home
from slim_agent.cli.demo.child import Child, ChildFailed
from slim_agent.cli.demo.lock import FolderBusy
from slim_agent.cli.demo.server import is_free
from slim_agent.cli.demo.servers import Stores

PARENT = """
import json, sys, signal
from pathlib import Path
from slim_agent.cli.demo.servers import Stores
stores = Stores(Path(sys.argv[1]))
stores.start()
print(json.dumps([stores.postgres.pid, stores.valkey.pid]), flush=True)
signal.pause()
"""


@pytest.fixture
def new_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="slim-agent-tests-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture(scope="module")
def settled() -> Iterator[Path]:
    """A data folder that was used and left in order."""
    with tempfile.TemporaryDirectory(prefix="slim-agent-tests-") as name:
        Path(name).chmod(0o711)
        with Stores(Path(name)):
            pass
        yield Path(name)


@pytest.fixture
def folder(settled: Path, new_folder: Path) -> Path:
    subprocess.run(["cp", "-a", f"{settled}/.", str(new_folder)], check=True)
    return new_folder


def count_visits(stores: Stores) -> tuple[int, int]:
    with psycopg.connect(stores.postgres.url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS visits (at timestamptz DEFAULT now())")
        connection.execute("INSERT INTO visits DEFAULT VALUES")
        row = connection.execute("SELECT count(*) FROM visits").fetchone()
    with redis.Redis.from_url(stores.valkey.url) as client:
        assert row is not None
        return row[0], int(client.incr("visits"))


def test_a_second_start_finds_its_data_on_the_same_ports(new_folder: Path) -> None:
    folder = new_folder
    with Stores(folder) as stores:
        assert count_visits(stores) == (1, 1)
        before = stores.postgres.url, stores.valkey.url
        pids = stores.postgres.pid, stores.valkey.pid
    assert not any(runs(pid) for pid in pids if pid)
    with Stores(folder) as stores:
        assert count_visits(stores) == (2, 2)
        assert (stores.postgres.url, stores.valkey.url) == before


def test_the_servers_are_what_production_needs(folder: Path) -> None:
    with Stores(folder) as stores:
        with psycopg.connect(stores.postgres.url) as connection:
            connection.execute("CREATE EXTENSION vector")
            assert connection.execute("SHOW fsync").fetchone() == ("on",)
            assert connection.execute("SHOW max_connections").fetchone() == ("60",)
        with redis.Redis.from_url(stores.valkey.url, decode_responses=True) as client:
            wanted = {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}
            wanted["maxmemory"] = str(256 * 1024**2)
            assert client.config_get(*wanted) == wanted


def test_nobody_gets_in_without_the_password(folder: Path) -> None:
    with Stores(folder) as stores:
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(stores.postgres.url.replace(stores.postgres.password, "wrong"))
        with (
            pytest.raises(redis.AuthenticationError),
            redis.Redis("127.0.0.1", stores.valkey.port, retry=Retry(NoBackoff(), 0)) as client,
        ):
            client.ping()
        assert (folder / "memory.json").stat().st_mode & 0o077 == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to drop")
def test_root_runs_them_without_rights_and_opens_no_folder(new_folder: Path) -> None:
    closed = new_folder / "closed"
    closed.mkdir(mode=0o700)
    stores = Stores(closed / "data")
    try:
        with stores:
            for pid in (stores.postgres.pid, stores.valkey.pid):
                status = Path(f"/proc/{pid}/status").read_text()
                assert [line.split()[1] for line in status.splitlines() if line.startswith("Uid:")] != ["0"]
            assert count_visits(stores) == (1, 1)
            assert not stores.postgres.home.path.is_relative_to(new_folder)
        with stores:
            assert count_visits(stores) == (2, 2)
        assert closed.stat().st_mode & 0o777 == 0o700
    finally:
        subprocess.run(["rm", "-rf", str(stores.postgres.home.path)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to drop")
def test_programs_that_cannot_be_reached_are_copied(new_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = new_folder
    reaches = home._reaches
    monkeypatch.setattr(home, "_reaches", lambda account, *rest: "--version" not in rest and reaches(account, *rest))
    with Stores(folder) as stores:
        assert stores.postgres.home.postgres_programs.is_relative_to(folder)
        assert count_visits(stores) == (1, 1)


def test_a_folder_has_one_user_at_a_time(folder: Path) -> None:
    with Stores(folder), pytest.raises(FolderBusy, match=f"process {os.getpid()}:"):
        Stores(folder).start()
    with Stores(folder) as stores:
        assert count_visits(stores) == (1, 1)


@contextlib.contextmanager
def parent(folder: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    process = subprocess.Popen([sys.executable, "-c", PARENT, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_a_killed_parent_leaves_nothing_running(folder: Path) -> None:
    with parent(folder) as (process, pids):
        process.kill()
        until_now(lambda: not any(runs(pid) for pid in pids))
    with Stores(folder) as stores:
        assert count_visits(stores) == (1, 1)


def test_orphans_of_an_earlier_run_are_stopped_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Stores(folder) as stores:
        count_visits(stores)
    monkeypatch.setattr(child, "_libc", None)
    orphans = Stores(folder)
    orphans.start()
    pids = [pid for pid in (orphans.postgres.pid, orphans.valkey.pid) if pid]
    orphans._lock.release()
    with Stores(folder) as stores:
        assert count_visits(stores) == (2, 2)
        until_now(lambda: not any(runs(pid) for pid in pids))
    orphans.stop()


def test_a_stale_pid_file_that_names_somebody_else_does_not_matter(folder: Path) -> None:
    with Stores(folder) as stores:
        place = stores.postgres.folder
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        (place / "postmaster.pid").write_text(f"{bystander.pid}\n{place}\n")
        with Stores(folder) as stores:
            assert count_visits(stores) == (1, 1)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_a_killed_server_starts_again_with_its_data(folder: Path, name: str) -> None:
    with Stores(folder) as stores:
        count_visits(stores)
        server = getattr(stores, name)
        url = server.url
        server.kill()
        assert server.pid is None
        server.start()
        assert server.url == url
        assert count_visits(stores) == (2, 2)


def test_a_taken_port_is_left_to_its_owner(folder: Path) -> None:
    with Stores(folder) as stores:
        port = stores.valkey.port
    with subprocess.Popen(
        [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as squatter:
        until_now(lambda: not is_free(port))
        with Stores(folder) as stores:
            assert stores.valkey.port != port
            assert count_visits(stores) == (1, 1)
        squatter.kill()


def test_a_child_that_ends_by_itself_is_reported_with_its_last_words(tmp_path: Path) -> None:
    speaker = Child(
        "speaker", ["/bin/sh", "-c", "echo first; echo last words; exit 3"], log=tmp_path / "log", environ={}
    )
    with pytest.raises(ChildFailed, match=r"speaker ended with code 3:\nfirst\nlast words"):
        speaker.wait_until(lambda: False, 5)


def test_a_child_that_ignores_its_farewell_is_killed(tmp_path: Path) -> None:
    script = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
    stubborn = Child("stubborn", ["/bin/sh", "-c", script], log=tmp_path / "log", environ={"PATH": os.environ["PATH"]})
    stubborn.wait_until(lambda: "ready" in stubborn.last_lines(), 5)
    stubborn.stop(0.2)
    assert stubborn.exit_code == -signal.SIGKILL
