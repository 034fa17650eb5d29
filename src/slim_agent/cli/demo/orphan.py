"""What a killed parent may have left running."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from slim_agent.cli.demo.child import POLL_SECONDS


def stop_orphan(pid_file: Path, mark: str, farewell: signal.Signals, seconds: float = 10) -> None:
    """Stop what a killed parent left running, known by its pid file and by `mark` in its command line.

    The pid file goes too: after a reboot its number may belong to somebody else.
    """
    try:
        pid = int(pid_file.read_text(encoding="ascii").split()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return
    deadline = time.monotonic() + seconds
    farewells = iter([farewell])
    while mark in _command_line(pid):
        try:
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            elif (word := next(farewells, None)) is not None:
                os.kill(pid, word)
        except ProcessLookupError:
            break
        time.sleep(POLL_SECONDS)
    pid_file.unlink(missing_ok=True)


def _command_line(pid: int) -> str:
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    listing = subprocess.run(  # noqa: S603
        ["/bin/ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listing.stdout
