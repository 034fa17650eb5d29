"""Advice about what is allowed and probably not meant."""

import pytest
from tests.settings.environments import production

from slim_agent.settings.hints import hints, meant_by


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("CLAUDE_APIKEY", "CLAUDE_API_KEY"),
        ("claude_api_key", "CLAUDE_API_KEY"),
        ("ANTHROPIC_API_KEY", "CLAUDE_API_KEY"),
        ("REDIS_URI", "REDIS_URL"),
        ("SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_SERVICE_KEY"),
        ("DEBOUNCE_SECOND", "DEBOUNCE_SECONDS"),
        ("WEBHOOK_SECRETS", "WEBHOOK_SECRET"),
    ],
)
def test_a_name_that_looks_like_ours_is_told(written: str, meant: str) -> None:
    assert meant_by({written: "canary"}) == {written: meant}
    assert any(written in hint and meant in hint for hint in hints({written: "canary"}))
    assert "canary" not in str(hints({written: "canary"}))


def test_a_name_is_left_alone_when_ours_is_set_too() -> None:
    assert meant_by({"CLAUDE_APIKEY": "x", "CLAUDE_API_KEY": "y"}) == {}


@pytest.mark.parametrize(
    "name",
    ["PATH", "HOME", "HOSTNAME", "LANG", "REDIS_PORT", "PGHOST", "PYTHONPATH", "TZDIR", "TERM", "LOGNAME", "EDITOR"],
)
def test_names_of_others_are_left_alone(name: str) -> None:
    assert meant_by({name: "x"}) == {}


def test_a_good_production_environment_needs_no_advice() -> None:
    assert hints(production()) == []


def test_weak_and_loose_settings_are_told() -> None:
    found = hints(production(SECRET_KEY="a" * 40, ENVIRONMENT="staging", EVOLUTION_INSTANCE=""))
    assert [hint.split()[0] for hint in found] == ["SECRET_KEY", "ENVIRONMENT", "EVOLUTION_INSTANCE"]
