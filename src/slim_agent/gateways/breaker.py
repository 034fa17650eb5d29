"""A circuit breaker: after failures in a row a dependency is left alone for a while, then one caller tries."""

import time
from collections.abc import Callable
from typing import Literal

from slim_agent.vocabulary.failures import BreakerOpen

State = Literal["closed", "open", "half_open"]


class Breaker:
    """Opens after `failures` failures in a row; after `seconds` it admits one probe, and one more every `seconds`.

    A probe needs no end: one that is cancelled or hangs only costs the pause until the next. `clock` counts seconds.
    """

    def __init__(
        self,
        failures: int,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        *,
        dependency: str = "dependency",
    ) -> None:
        self._limit = failures
        self._seconds = seconds
        self._clock = clock
        self.dependency = dependency
        self._failed = 0
        self._admits_at = 0.0

    @property
    def state(self) -> State:
        """`half_open` means that the next caller is the probe; while a probe runs the others find it `open`."""
        if self._failed < self._limit:
            return "closed"
        return "half_open" if self._clock() >= self._admits_at else "open"

    def check(self) -> None:
        """Admit the caller, in half-open as the only probe.

        Raises:
            BreakerOpen: the dependency is left alone now.
        """
        state = self.state
        if state == "open":
            raise BreakerOpen(self.dependency, f"left alone after {self._failed} failures in a row")
        if state == "half_open":
            self._admits_at = self._clock() + self._seconds

    def succeeded(self) -> None:
        """Record that the dependency answered: the breaker is closed."""
        self._failed = 0

    def failed(self) -> None:
        """Record a failure; the last of a row, or of a probe, starts the pause."""
        self._failed += 1
        if self._failed >= self._limit:
            self._admits_at = self._clock() + self._seconds
