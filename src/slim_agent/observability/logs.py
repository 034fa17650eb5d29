"""Log lines of ours, of the standard library and of every other library: one chain, one shape, one redaction."""

import json
import logging
import sys
import threading
from collections.abc import Iterable
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import BinaryIO, Literal

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from slim_agent.observability.metrics import LOG_LINES_DROPPED
from slim_agent.observability.redaction import Redactor

MAX_LINE_BYTES = 65_536
KEPT_OF_A_LONG_LINE = ("event", "level", "logger", "request_id", "chat", "turn", "timestamp")
CHATTY = ("httpx", "httpcore", "anthropic", "asyncio", "uvicorn.access")

Style = Literal["json", "console"]

# One variable of our own: structlog's binding costs more than the rest of a webhook's way through the edge.
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")


def name_request(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Add the id of the request that a line belongs to."""
    if request_id := REQUEST_ID.get():
        line.setdefault("request_id", request_id)
    return line


def configure(level: str, style: Style, secrets: Iterable[str], stream: BinaryIO | None = None) -> Redactor:
    """Send every log line of this process through redaction to `stream` (standard output by default).

    `level` is the least severe one that is written (debug, info, warning, error); `secrets` are values that must not
    appear. Returns the redactor in force, for texts that leave by other doors. May be called again; the last call wins.
    """
    output = stream or sys.stdout.buffer
    redactor = Redactor(secrets)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            name_request,
            structlog.processors.add_log_level,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            _RedactingRenderer(redactor, style, colors=output.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _Output(output),
    )
    _adopt_standard_logging(level)
    _adopt_last_words()
    return redactor


class _RedactingRenderer:
    """The last processor: what it returns is what is written, so nothing gets past its redaction."""

    def __init__(self, redactor: Redactor, style: Style, *, colors: bool) -> None:
        self._redactor = redactor
        self._console: Processor | None = None
        if style == "console":
            self._console = structlog.dev.ConsoleRenderer(
                colors=colors, exception_formatter=structlog.dev.plain_traceback
            )

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> bytes:
        fields = self._redactor.fields(event)
        fields["timestamp"] = datetime.now(UTC).isoformat(timespec="milliseconds")
        if self._console is not None:
            return str(self._console(logger, method, fields)).encode("utf-8", "replace")
        line = _as_json(fields)
        if len(line) > MAX_LINE_BYTES:
            kept = {name: fields[name] for name in KEPT_OF_A_LONG_LINE if name in fields}
            line = _as_json(kept | {"left_out_bytes": len(line)})
        return line


def _as_json(fields: dict[str, object]) -> bytes:
    try:
        return orjson.dumps(fields)
    except TypeError:  # a lone surrogate, or an integer beyond 64 bits
        return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")


class _Output:
    """Writes lines; where the stream cannot take them, the line is lost and the process goes on."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def msg(self, line: bytes) -> None:
        """Write one line."""
        try:
            self._stream.write(line + b"\n")
            self._stream.flush()
        except (OSError, ValueError):
            LOG_LINES_DROPPED.inc()

    debug = info = warning = error = critical = msg


class _StandardLogging(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        try:
            event = record.getMessage()
        except (TypeError, ValueError):
            event = str(record.msg)
        severity = min(max(record.levelno // 10 * 10, logging.DEBUG), logging.CRITICAL)
        structlog.get_logger().log(severity, event, logger=record.name, exc_info=record.exc_info or None)


def _adopt_standard_logging(level: str) -> None:
    logging.captureWarnings(capture=True)
    root = logging.getLogger()
    root.handlers[:] = [_StandardLogging()]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        theirs = logging.getLogger(name)
        theirs.handlers.clear()
        theirs.propagate = True
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _adopt_last_words() -> None:
    """Send what would be printed about an uncaught exception through the chain as well."""

    def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        structlog.get_logger().critical("uncaught exception", exc_info=(kind, error, trace))

    def uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            uncaught(args.exc_type, args.exc_value, args.exc_traceback)

    def unraisable(args: "sys.UnraisableHookArgs") -> None:
        if args.exc_value is not None:
            uncaught(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook = uncaught
    threading.excepthook = uncaught_in_thread
    sys.unraisablehook = unraisable
