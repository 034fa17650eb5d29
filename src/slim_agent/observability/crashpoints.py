"""Named places where a test may end or freeze this process, to show that nothing is lost there."""

import os
import signal
from collections.abc import Callable, Mapping
from enum import StrEnum

from slim_agent.vocabulary.failures import ConfigurationError

VARIABLE = "SLIM_AGENT_CRASH_AT"
CRASH_EXIT_CODE = 70


class CrashPoint(StrEnum):
    """Where a message's life may be cut, in the order in which it lives."""

    BODY_READ = "body_read"  # K1
    VERIFIED = "verified"  # K2
    INSERTED = "inserted"  # K3: not committed yet
    COMMITTED = "committed"  # K4: not acknowledged yet
    ACKNOWLEDGED = "acknowledged"  # K5: nobody woken yet
    CLAIMED = "claimed"  # K6
    ASKED = "asked"  # K7: the model is thinking
    ANSWERED = "answered"  # K8: the model's answer is not kept yet
    THOUGHT = "thought"  # K9: the graph is done, nothing committed
    CLOSED = "closed"  # K10: turn and replies committed
    BEFORE_SEND = "before_send"  # K11
    ACCEPTED = "accepted"  # K12: Evolution has it, we have not recorded that
    RECORDED = "recorded"  # K13: the chat is not released yet


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _exit() -> None:
    os._exit(CRASH_EXIT_CODE)


def _stop() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


ENDINGS: Mapping[str, Callable[[], None]] = {"kill": _kill, "exit": _exit, "stop": _stop}


class Trap:
    """One armed crash point; springs at the `nth` pass, once."""

    def __init__(self, point: CrashPoint, nth: int, spring: Callable[[], None]) -> None:
        self.point = point
        self.remaining = nth
        self.spring = spring

    def step(self) -> None:
        """Count one pass of the point."""
        self.remaining -= 1
        if self.remaining == 0:
            self.spring()


def set_trap(specification: str) -> Trap | None:
    """Return the trap of ``point[:nth][:kill|exit|stop]``; None for an empty specification.

    Raises:
        ConfigurationError: the specification is not of that form.
    """
    if not specification:
        return None
    name, *rest = specification.split(":")
    ending = rest.pop() if rest and rest[-1] in ENDINGS else "kill"
    nth = rest.pop() if rest else "1"
    if name not in list(CrashPoint) or rest or not nth.isdecimal() or int(nth) < 1:
        raise ConfigurationError(
            [f"{VARIABLE}: must be <point>[:nth][:kill|exit|stop] with a point of {[*CrashPoint]}"]
        )
    return Trap(CrashPoint(name), int(nth), ENDINGS[ending])


_trap = set_trap(os.environ.get(VARIABLE, ""))


def crashpoint(point: CrashPoint) -> None:
    """Pass a named place: nothing happens, unless this is where a test wants the process to end."""
    if _trap is not None and _trap.point is point:
        _trap.step()
