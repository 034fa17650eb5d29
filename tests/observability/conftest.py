import logging
import sys
import threading
from collections.abc import Iterator

import pytest
import structlog
from tests.observability.captured import Captured, Configure

from slim_agent.observability import logs


@pytest.fixture
def configure() -> Iterator[Configure]:
    """Configure logging for one test; everything is as before afterwards."""
    root = logging.getLogger()
    levels = {name: logging.getLogger(name).level for name in logs.CHATTY}
    handlers, level = list(root.handlers), root.level
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook

    def configured(level: str = "info", style: logs.Style = "json", secrets: tuple[str, ...] = ()) -> Captured:
        captured = Captured()
        logs.configure(level, style, secrets, captured.stream)
        return captured

    yield configured
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
