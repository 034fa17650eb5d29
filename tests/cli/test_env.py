"""`slim-agent env check` says what production would say."""

import json
from pathlib import Path

import pytest
from tests.cli.command import slim_agent
from tests.settings.environments import PRODUCTION, production

from slim_agent.settings.model import REQUIRED_IN_PRODUCTION


def test_a_good_environment_is_praised() -> None:
    ended = slim_agent("env", "check", environ=PRODUCTION)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "The environment is fit for production.\n"


def test_an_empty_environment_misses_everything_at_once() -> None:
    ended = slim_agent("env", "check")
    assert ended.returncode == 78
    assert ended.stdout == ""
    assert all(f"{name}: required" in ended.stderr for name in REQUIRED_IN_PRODUCTION)


@pytest.mark.parametrize("name", REQUIRED_IN_PRODUCTION)
def test_a_missing_variable_is_named_alone_and_no_value_is_printed(name: str) -> None:
    ended = slim_agent("env", "check", environ=production(**{name: ""}))
    assert ended.returncode == 78
    assert [line.split(":")[0] for line in ended.stderr.splitlines() if not line.startswith("hint")] == [name]
    assert "canary" not in ended.stderr


def test_development_is_judged_as_production() -> None:
    ended = slim_agent(
        "env", "check", environ=production(ENVIRONMENT="development", EVOLUTION_URL="http://canary.com.br")
    )
    assert ended.returncode == 78
    assert "EVOLUTION_URL: must be encrypted" in ended.stderr
    assert "hint: ENVIRONMENT is not production" in ended.stderr
    assert "canary" not in ended.stderr


def test_a_script_gets_json() -> None:
    environ = production(LEASE_SECONDS="5", PORT="canary", DEBOUNCE_SECOND="canary")
    ended = slim_agent("env", "check", "--json", environ=environ)
    assert ended.returncode == 78
    said = json.loads(ended.stdout)
    assert not said["ok"]
    assert [problem["variable"] for problem in said["problems"]] == ["LEASE_SECONDS", "PORT"]
    assert all(problem["problem"] for problem in said["problems"])
    assert said["hints"] == ["DEBOUNCE_SECOND is no variable of slim-agent: did you mean DEBOUNCE_SECONDS?"]
    assert "canary" not in ended.stdout + ended.stderr
    fine = slim_agent("env", "check", "--json", environ=PRODUCTION)
    assert json.loads(fine.stdout) == {"ok": True, "problems": [], "hints": []}
    assert fine.returncode == 0


def test_the_profile_is_checked_too(tmp_path: Path) -> None:
    folder = tmp_path / "canary"
    folder.mkdir()
    (folder / "profile.yaml").write_text("name: Loja\nagemt: {}\n", encoding="utf-8")
    ended = slim_agent("env", "check", environ=production(BUSINESS_PROFILE=str(folder)))
    assert ended.returncode == 78
    assert "BUSINESS_PROFILE: profile.yaml:2: " in ended.stderr
    assert "BUSINESS_PROFILE: faq.yaml: cannot be read" in ended.stderr
    assert "canary" not in ended.stderr
