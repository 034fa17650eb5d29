"""Runs `slim-agent` as people do: a process of its own, with nothing of the developer's environment."""

import os
import subprocess
import sys
from collections.abc import Mapping

SECONDS = 60


def slim_agent(
    *arguments: str, environ: Mapping[str, str] | None = None, typed: str | bytes = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; `typed` is its standard input."""
    ended = subprocess.run(
        [sys.executable, "-m", "slim_agent", *arguments],
        env={"PATH": os.environ["PATH"], "COLUMNS": "200", **(environ or {})},
        input=typed if isinstance(typed, bytes) else typed.encode(),
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    out, err = ended.stdout.decode(), ended.stderr.decode()
    assert "Traceback" not in out + err, out + err
    return subprocess.CompletedProcess(ended.args, ended.returncode, out, err)
