import os
import signal
import subprocess
import sys

import pytest

from slim_agent.observability.crashpoints import CRASH_EXIT_CODE, VARIABLE, CrashPoint, crashpoint, set_trap
from slim_agent.vocabulary.failures import ConfigurationError

PROGRAM = """
from slim_agent.observability.crashpoints import CrashPoint, crashpoint
for turn in range(3):
    crashpoint(CrashPoint.CLAIMED)
    print("claimed", turn, flush=True)
    crashpoint(CrashPoint.CLOSED)
"""


def start(specification: str) -> subprocess.Popen[str]:
    environ = os.environ | {VARIABLE: specification}
    return subprocess.Popen([sys.executable, "-c", PROGRAM], env=environ, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    ("specification", "code", "passes"),
    [
        ("", 0, 3),
        ("claimed", -signal.SIGKILL, 0),
        ("closed", -signal.SIGKILL, 1),
        ("claimed:2", -signal.SIGKILL, 1),
        ("claimed:3:exit", CRASH_EXIT_CODE, 2),
        ("claimed:exit", CRASH_EXIT_CODE, 0),
        ("accepted", 0, 3),
        ("claimed:9:kill", 0, 3),
    ],
)
def test_the_process_ends_exactly_there(specification: str, code: int, passes: int) -> None:
    with start(specification) as process:
        output, _ = process.communicate(timeout=30)
    assert (process.returncode, len(output.splitlines())) == (code, passes)


def test_a_stopped_process_can_go_on_as_a_zombie() -> None:
    with start("claimed:2:stop") as process:
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        process.send_signal(signal.SIGCONT)
        output, _ = process.communicate(timeout=30)
    assert (process.returncode, len(output.splitlines())) == (0, 3)


@pytest.mark.parametrize(
    "specification", ["nowhere", "claimed:0", "claimed:x", "claimed:1:explode", "claimed:1:kill:2"]
)
def test_a_wrong_specification_is_refused(specification: str) -> None:
    with pytest.raises(ConfigurationError, match=VARIABLE):
        set_trap(specification)


def test_nothing_happens_in_an_ordinary_process() -> None:
    for point in CrashPoint:
        crashpoint(point)
