"""Whether this process works, whatever its dependencies do."""

import asyncio
import time
from collections.abc import Callable

from slim_agent.observability.metrics import EVENT_LOOP_LAG

BEAT_SECONDS = 1.0
LONGEST_SILENCE_SECONDS = 10.0

Ready = Callable[[], bool]
"""Whether a message could be accepted and kept now. Answers from memory: it may not wait."""


class Liveness:
    """The heartbeat of the event loop, and whether the process has ever been ready.

    Until `ready` has been true once, the process counts as not alive: a version with a wrong configuration must never
    replace a working one. Afterwards only the heartbeat counts.
    """

    def __init__(self, ready: Ready, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._ready = ready
        self._monotonic = monotonic
        self._beat_at = monotonic()
        self._started = False

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            self.beat()
            await asyncio.sleep(BEAT_SECONDS)
            EVENT_LOOP_LAG.set(max(self._monotonic() - self._beat_at - BEAT_SECONDS, 0))

    def beat(self) -> None:
        """Beat once."""
        self._beat_at = self._monotonic()
        if not self._started:
            self.is_ready()

    def is_ready(self) -> bool:
        """Whether a message could be accepted and kept now."""
        ready = self._ready()
        self._started = self._started or ready
        return ready

    def problem(self) -> str | None:
        """What keeps the process from counting as alive; None when it is."""
        if not self._started:
            return "not ready yet"
        silence = self._monotonic() - self._beat_at
        return "event loop is stuck" if silence > LONGEST_SILENCE_SECONDS else None
