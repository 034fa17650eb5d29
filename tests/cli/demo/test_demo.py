"""The whole product as ``make run`` starts it: real stores, real service, real webhook, real send path."""

import os
import re
import signal
import socket
import sys
from pathlib import Path

import pytest
from tests.cli.demo.conftest import runs, until_now
from tests.peers.demo import Demo

from slim_agent.cli.demo.server import free_port

SECOND_START_SECONDS = 30
QUESTION = "Oi! Quanto custa o colchão queen?"
PRICE = "4.890"


@pytest.mark.skipif(sys.platform != "linux", reason="reads the process table")
def test_a_question_is_answered_ctrl_c_leaves_nothing_and_the_next_start_goes_on(data: Path) -> None:
    port = free_port()
    first = Demo(data, port)
    try:
        first.wait_until_ready()
        for path in ("", "/docs", "/health", "/simulator"):
            assert f"{first.address}{path}" in first.output
        children = first.children()
        assert len(children) == 4
        first.write(QUESTION)
        until_now(lambda: any(PRICE in text for text in first.texts()), 20)
        assert sum(PRICE in text for text in first.texts()) == 1
        past = first.texts()
    finally:
        assert first.end() == 0, first.output
    assert not any(runs(pid) for pid in children)

    second = Demo(data, port)
    try:
        assert second.wait_until_ready() < SECOND_START_SECONDS
        assert second.texts() == past
    finally:
        assert second.end(signal.SIGTERM) == 0, second.output


@pytest.mark.skipif(sys.platform != "linux", reason="reads the process table")
@pytest.mark.parametrize("ending", [signal.SIGHUP, signal.SIGKILL])
def test_a_closed_terminal_and_a_kill_leave_nothing_running(data: Path, ending: signal.Signals) -> None:
    demo = Demo(data, free_port())
    demo.wait_until_ready()
    children = demo.children()
    demo.end(ending)
    until_now(lambda: not any(runs(pid) for pid in children), 30)


@pytest.mark.skipif(sys.platform != "linux", reason="reads the process table")
def test_a_part_that_dies_ends_everything_with_its_last_words(data: Path) -> None:
    demo = Demo(data, free_port())
    demo.wait_until_ready()
    children = demo.children()
    service = next(pid for pid in children if b"serve" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"))
    os.kill(service, signal.SIGKILL)
    assert demo.process.wait(45) == 1
    until_now(lambda: re.search(r"service ended with code -9:\n.+", demo.output))
    assert not any(runs(pid) for pid in children)


def test_a_taken_port_is_said_with_a_cure(data: Path) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        port = squatter.getsockname()[1]
        demo = Demo(data, port)
        assert demo.process.wait(30) == 1
        until_now(lambda: f"port {port} is in use" in demo.output)
    assert f"PORT={port + 1}" in demo.output
    assert "Traceback" not in demo.output


def test_a_mistake_in_the_environment_is_shown(data: Path) -> None:
    demo = Demo(data, free_port(), DEBOUNCE_SECONDS="soon")
    assert demo.process.wait(60) == 1
    until_now(lambda: "DEBOUNCE_SECONDS" in demo.output)
