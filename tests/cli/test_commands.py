"""What holds for every command: help with an example, the version, exit codes, a quick start."""

import statistics
import subprocess
import sys
import time

import pytest
from tests.cli.command import slim_agent
from typer.core import TyperGroup
from typer.main import get_command

from slim_agent import __version__
from slim_agent.cli import COMMANDS, app

START_SECONDS = 0.6
HEAVY = ("langchain_core", "langgraph", "anthropic", "psycopg", "redis", "fastapi", "sqlalchemy")


def words(group: TyperGroup, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return every command below a group as the words that call it."""
    found: list[tuple[str, ...]] = []
    for name in group.list_commands(None):  # type: ignore[arg-type]
        command = group.get_command(None, name)  # type: ignore[arg-type]
        found += words(command, (*before, name)) if isinstance(command, TyperGroup) else [(*before, name)]
    return found


ROOT = get_command(app)
assert isinstance(ROOT, TyperGroup)
EVERY = words(ROOT)


def test_the_commands_of_the_contract_are_there() -> None:
    assert {" ".join(command) for command in EVERY} >= {
        *("serve", "migrate", "chat", "demo", "env check", "evolution connect", "evolution status"),
        *("knowledge search", "inbox classify"),
    }
    assert {command[0] for command in EVERY} == set(COMMANDS)


@pytest.mark.parametrize("command", EVERY, ids=" ".join)
def test_the_help_of_every_command_has_an_example_of_it(command: tuple[str, ...]) -> None:
    ended = slim_agent(*command, "--help")
    assert ended.returncode == 0
    _, _, example = " ".join(ended.stdout.split()).partition("Example:")
    assert f"slim-agent {' '.join(command)}" in example


def test_the_help_of_all_names_each() -> None:
    ended = slim_agent("-h")
    assert ended.returncode == 0
    assert all(name in ended.stdout for name in COMMANDS)


def test_the_version_is_the_packages() -> None:
    assert slim_agent("--version").stdout == f"slim-agent {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["serve", "--nonsense"],
        ["inbox", "classify"],
        ["knowledge", "search", "--input", "-", "--top-k", "0"],
    ],
)
def test_wrong_use_ends_with_2(arguments: list[str]) -> None:
    ended = slim_agent(*arguments)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "Usage:" in ended.stderr


@pytest.mark.parametrize("command", [["serve"], ["migrate"], ["evolution", "status"], ["chat"]], ids=" ".join)
def test_a_wrong_environment_ends_every_command_with_78_and_all_problems(command: list[str]) -> None:
    environ = {"ENVIRONMENT": "production", "WEBHOOK_SECRET": "canary", "PORT": "canary", "LEASE_SECONDS": "1"}
    ended = slim_agent(*command, environ=environ)
    assert ended.returncode == 78
    assert ended.stdout == ""
    for name in ("CLAUDE_API_KEY", "DATABASE_URL", "WEBHOOK_SECRET", "PORT", "LEASE_SECONDS"):
        assert f"  {name}: " in ended.stderr
    assert "canary" not in ended.stderr


def test_migrating_a_database_that_does_not_answer_fails_with_one_message() -> None:
    ended = slim_agent("migrate", environ={"DATABASE_URL": "postgresql://postgres:canary@127.0.0.1:9/shop"})
    assert ended.returncode == 1
    assert ended.stderr.startswith("The migration failed, and nothing was changed: ")
    assert "canary" not in ended.stderr


def test_migrating_a_database_that_refuses_fails_with_its_reason(empty_database_url: str) -> None:
    ended = slim_agent(
        "migrate", environ={"DATABASE_URL": empty_database_url, "PGOPTIONS": "-c default_transaction_read_only=on"}
    )
    assert ended.returncode == 1
    assert "read-only" in ended.stderr


def test_migrating_twice_is_fine(empty_database_url: str) -> None:
    for _ in range(2):
        assert slim_agent("migrate", environ={"DATABASE_URL": empty_database_url}).returncode == 0


@pytest.mark.parametrize("module", ["knowledge", "inbox", "env"])
def test_the_commands_for_scripts_start_quickly(module: str) -> None:
    code = f"import slim_agent.cli.{module}, sys; sys.exit(bool(set({HEAVY!r}) & set(sys.modules)))"
    spans = []
    for _ in range(3):
        began = time.perf_counter()
        assert _python(code) == 0
        spans.append(time.perf_counter() - began)
    # The quickest run says what it costs; the others, how busy the machine is.
    assert min(spans) < START_SECONDS, statistics.median(spans)


def _python(code: str) -> int:
    return subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode
