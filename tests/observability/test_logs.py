import io
import logging
import sys
import threading
import warnings
from datetime import datetime

import pytest
import structlog
from tests.observability.captured import Configure

from slim_agent.observability import logs
from slim_agent.observability.metrics import REGISTRY

SECRET = "correct-horse-battery"
PHONE = "5511987654321"

log = structlog.get_logger()


def test_a_line_is_json_with_its_context(configure: Configure) -> None:
    captured = configure()
    with structlog.contextvars.bound_contextvars(request_id="r1", chat=7, turn=9):
        log.info("turn", outcome="answered")
    (line,) = captured.lines
    assert datetime.fromisoformat(str(line.pop("timestamp"))).utcoffset() is not None
    assert line == {"event": "turn", "level": "info", "outcome": "answered", "request_id": "r1", "chat": 7, "turn": 9}


def test_lines_below_the_level_are_not_written(configure: Configure) -> None:
    captured = configure("warning")
    log.info("quiet")
    logging.getLogger("library").info("quiet")
    log.warning("loud")
    assert [line["event"] for line in captured.lines] == ["loud"]


@pytest.mark.parametrize("style", ["json", "console"])
def test_no_door_out_lets_a_secret_or_a_number_pass(configure: Configure, style: logs.Style) -> None:
    captured = configure("debug", style, (SECRET,))
    event = f"event {SECRET}"
    log.info(event, jid=f"{PHONE}@s.whatsapp.net", nested={"deep": [SECRET]}, apikey="planted-1")
    log.info("positional %s", SECRET)
    logging.getLogger("library").warning("to %s with %s", PHONE, SECRET)
    logging.getLogger("uvicorn.error").error("uvicorn %s", SECRET)
    try:
        _raise(ValueError(f"refused {SECRET} for {PHONE}"))
    except ValueError:
        log.exception("failed")
        logging.getLogger("library").exception("failed too")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn(f"old {SECRET}", stacklevel=1)
    error = RuntimeError(f"at the end {SECRET}")
    sys.excepthook(RuntimeError, error, None)
    thread = threading.Thread(target=_raise, args=(error,))
    thread.start()
    thread.join()
    assert captured.raw.count("[redacted]") >= 11
    for canary in (SECRET, PHONE, "planted-1"):
        assert canary not in captured.raw


def _raise(error: Exception) -> None:
    raise error


def test_a_traceback_is_one_field_of_one_line(configure: Configure) -> None:
    captured = configure()
    try:
        _raise(KeyError("name"))
    except KeyError:
        log.exception("failed")
    (line,) = captured.lines
    assert str(line["exception"]).endswith("KeyError: 'name'")


def test_libraries_keep_their_name_and_their_level(configure: Configure) -> None:
    captured = configure()
    logging.getLogger("some.library").log(35, "between levels")
    logging.getLogger("httpx").info("every request")
    (line,) = captured.lines
    assert (line["logger"], line["level"], line["event"]) == ("some.library", "warning", "between levels")


def test_a_wrongly_formatted_library_line_is_kept_as_it_is(configure: Configure) -> None:
    captured = configure()
    logging.getLogger("library").warning("%d left, 100%", "x")
    assert captured.lines[0]["event"] == "%d left, 100%"


def test_values_that_json_cannot_hold_are_still_written(configure: Configure) -> None:
    captured = configure()
    log.info("odd", surrogate="\ud800", huge=2**70, when=datetime.now().astimezone(), kind=logging.Handler)
    assert captured.lines[0]["event"] == "odd"


def test_a_line_over_the_cap_is_reduced_to_its_core(configure: Configure) -> None:
    captured = configure()
    rows = [["palavra " * 2000] for _ in range(10)]
    log.info("long", rows=rows, request_id="r1")
    (line,) = captured.lines
    assert (line["event"], line["request_id"]) == ("long", "r1")
    assert int(str(line["left_out_bytes"])) > logs.MAX_LINE_BYTES
    assert len(captured.raw) < 300


class _FullDisk(io.BytesIO):
    def write(self, _data: object) -> int:
        raise OSError(28, "No space left on device")


@pytest.mark.usefixtures("configure")
def test_a_full_disk_loses_the_line_and_not_the_process() -> None:
    before = REGISTRY.get_sample_value("slim_agent_log_lines_dropped_total") or 0
    logs.configure("info", "json", (), _FullDisk())
    log.info("lost")
    logging.getLogger("library").error("lost")
    assert REGISTRY.get_sample_value("slim_agent_log_lines_dropped_total") == before + 2


def test_the_last_configuration_wins(configure: Configure) -> None:
    configure()
    second = configure()
    log.info("once")
    logging.getLogger("library").info("once")
    assert len(second.lines) == 2
