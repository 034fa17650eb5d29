import io
from typing import Protocol

import orjson

from slim_agent.observability import logs


class Captured:
    """Log lines of a test, through the real chain."""

    def __init__(self) -> None:
        self.stream = io.BytesIO()

    @property
    def raw(self) -> str:
        return self.stream.getvalue().decode()

    @property
    def lines(self) -> list[dict[str, object]]:
        return [orjson.loads(line) for line in self.stream.getvalue().splitlines()]


class Configure(Protocol):
    """Configures logging for one test."""

    def __call__(self, level: str = ..., style: logs.Style = ..., secrets: tuple[str, ...] = ...) -> Captured: ...
