"""Every problem of an environment is told at once, and no value ever."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.settings.environments import production

from slim_agent.settings import Settings, load
from slim_agent.settings.load import VARIABLES, secret_values
from slim_agent.settings.model import DEVELOPMENT_SECRET, REQUIRED_IN_PRODUCTION
from slim_agent.vocabulary.failures import ConfigurationError


def problems(environ: Mapping[str, str], *, as_production: bool = False) -> dict[str, str]:
    """Return the problem of each variable; the environment must have some."""
    with pytest.raises(ConfigurationError) as refused:
        load(environ, as_production=as_production)
    return dict(problem.split(": ", 1) for problem in refused.value.problems)


def test_an_empty_environment_is_development_with_defaults() -> None:
    settings = load({})
    assert settings.environment == "development"
    assert settings.port == 8000
    assert [secret.get_secret_value() for secret in settings.webhook_secret] == [DEVELOPMENT_SECRET]


def test_a_whole_production_environment_is_fine() -> None:
    settings = load(production())
    assert settings.environment == "production"
    assert settings.evolution_instance == ("Slim Quality",)


def test_white_space_around_a_value_does_not_count() -> None:
    settings = load(
        production(CLAUDE_API_KEY=" sk-ant-api03\r\n", EVOLUTION_INSTANCE=" Slim Quality , Loja\t", PORT=" 81 ")
    )
    assert settings.claude_api_key.get_secret_value() == "sk-ant-api03"
    assert settings.evolution_instance == ("Slim Quality", "Loja")
    assert settings.port == 81


def test_only_names_in_capitals_are_ours() -> None:
    assert load({"port": "81", "environment": "production"}) == load({})


@pytest.mark.parametrize("empty", [None, "", "  \t"])
@pytest.mark.parametrize("name", REQUIRED_IN_PRODUCTION)
def test_a_required_variable_is_missed_in_production(name: str, empty: str | None) -> None:
    assert set(problems(production(**{name: empty}), as_production=True)) == {name}


@pytest.mark.parametrize("name", sorted(set(REQUIRED_IN_PRODUCTION) - {"WEBHOOK_SECRET"}))
def test_an_empty_variable_is_a_missing_one_in_development(name: str) -> None:
    assert load({name: " "}) == load({})


def test_production_misses_everything_at_once() -> None:
    assert set(problems({"ENVIRONMENT": "production"})) == set(REQUIRED_IN_PRODUCTION) - {"ENVIRONMENT"}
    assert set(problems({}, as_production=True)) == set(REQUIRED_IN_PRODUCTION)


MALFORMED = {
    "CLAUDE_API_KEY": "canary key",
    "SUPABASE_URL": "canary.supabase.co",
    "SUPABASE_SERVICE_KEY": "canary\u200bkey",
    "SUPABASE_ANON_KEY": "canary\nkey",
    "DATABASE_URL": "mysql://canary@db.example.com/shop",
    "EVOLUTION_URL": "canary:8080",
    "EVOLUTION_API_KEY": '"canary-key"',
    "REDIS_URL": "canary",
    "ENVIRONMENT": "canary",
    "SECRET_KEY": "canary",
    "WEBHOOK_SECRET": "canary-of-more-than-thirty-two-characters,canary",
}


@pytest.mark.parametrize(("name", "value"), MALFORMED.items())
def test_a_malformed_required_variable_is_told_alone(name: str, value: str) -> None:
    found = problems(production(**{name: value}), as_production=True)
    assert set(found) == {name}
    assert "canary" not in found[name]


def test_problems_of_all_kinds_are_told_together() -> None:
    changes: dict[str, str | None] = {
        **MALFORMED,
        "LEASE_SECONDS": "30",
        "TURN_TIMEOUT_SECONDS": "30",
        "PORT": "canary",
        "TZ": "canary/../../etc",
        "PACING": "canary",
        "CLAUDE_BASE_URL": "http://canary.example.com",
    }
    found = problems(production(**changes), as_production=True)
    assert set(found) == {*MALFORMED, "LEASE_SECONDS", "PORT", "TZ", "PACING", "CLAUDE_BASE_URL"}
    assert "canary" not in str(found)


@pytest.mark.parametrize(
    ("lease", "timeout", "told"),
    [
        ("30", "30", {"LEASE_SECONDS"}),
        ("29", "30", {"LEASE_SECONDS"}),
        ("30", None, {"LEASE_SECONDS"}),
        (None, "45", {"LEASE_SECONDS"}),
        ("8", "ten", {"TURN_TIMEOUT_SECONDS"}),
        ("ten", "60", {"LEASE_SECONDS"}),
        ("8", "7", set()),
        (None, None, set()),
    ],
)
def test_the_lease_must_exceed_the_longest_turn(lease: str | None, timeout: str | None, told: set[str]) -> None:
    environ = {"LEASE_SECONDS": lease or "", "TURN_TIMEOUT_SECONDS": timeout or ""}
    assert (set(problems(environ)) if told else set()) == told
    if not told:
        load(environ)


@pytest.mark.parametrize("name", ["CLAUDE_API_KEY", "EVOLUTION_INSTANCE", "PORT", "BUSINESS_PROFILE"])
@pytest.mark.parametrize("quote", ['"', "'"])
def test_quotes_around_a_value_are_a_mistake_everywhere(name: str, quote: str) -> None:
    assert "quotes" in problems({name: f"{quote}81{quote}"})[name]


@pytest.mark.parametrize(
    "value",
    ["xxx", "XXXXX", "changeme", "Change-Me", "your-api-key", "your_key_here", "<api key>", "${CLAUDE_KEY}", "TODO"],
)
def test_a_placeholder_is_refused_in_production(value: str) -> None:
    assert "placeholder" in problems(production(CLAUDE_API_KEY=value))["CLAUDE_API_KEY"]
    assert "placeholder" not in str(problems({"CLAUDE_API_KEY": value, "PORT": "x"}))


def test_the_placeholder_of_a_copied_database_address_is_recognised() -> None:
    address = "postgresql://postgres.shop:[YOUR-PASSWORD]@pooler.example.com:6543/postgres"
    assert "placeholder" in problems(production(DATABASE_URL=address))["DATABASE_URL"]


def test_one_placeholder_among_several_secrets_is_enough() -> None:
    assert "placeholder" in problems(production(ADMIN_TOKENS="a-real-token,changeme"))["ADMIN_TOKENS"]


@pytest.mark.parametrize("name", ["SECRET_KEY", "WEBHOOK_SECRET"])
def test_production_wants_long_secrets_of_its_own(name: str) -> None:
    assert "32 characters" in problems(production(**{name: "a" * 31}))[name]
    assert "development secret" in problems(production(**{name: DEVELOPMENT_SECRET}))[name]
    load(production(**{name: "0123456789abcdef" * 2}))
    load({name: "short"})


def test_a_comma_belongs_to_the_secret_key_and_separates_webhook_secrets() -> None:
    value = "0123456789abcdef0123456789abcdef,short"
    load(production(SECRET_KEY=value))
    assert set(problems(production(WEBHOOK_SECRET=value))) == {"WEBHOOK_SECRET"}


@pytest.mark.parametrize("value", ["", " ", ",", " , "])
def test_an_empty_webhook_secret_is_refused_everywhere(value: str) -> None:
    assert "empty" in problems({"WEBHOOK_SECRET": value})["WEBHOOK_SECRET"]


@pytest.mark.parametrize("environment", ["Production", "PRODUCTION", '"production"'])
def test_a_misspelt_production_does_not_hide_the_other_problems(environment: str) -> None:
    assert set(problems({"ENVIRONMENT": environment})) == set(REQUIRED_IN_PRODUCTION)


def test_a_missing_variable_names_the_one_that_looks_like_it() -> None:
    found = problems(production(CLAUDE_API_KEY=None, CLAUDE_APIKEY="canary"))
    assert "CLAUDE_APIKEY is set" in found["CLAUDE_API_KEY"]
    assert "canary" not in found["CLAUDE_API_KEY"]


def test_every_secret_is_among_the_values_to_hide() -> None:
    hidden = secret_values(load(production(ADMIN_TOKENS="one,two", METRICS_TOKEN="three", ALERT_URLS="four")))
    expected = {"one", "two", "three", "four", "sk-ant-api03-canary", "canary-evolution"}
    assert expected <= set(hidden)


@given(
    st.dictionaries(st.sampled_from(VARIABLES), st.text(st.characters(exclude_characters="\0")), max_size=8),
    st.booleans(),
)
def test_any_environment_gives_settings_or_sentences_without_values(environ: dict[str, str], strict: bool) -> None:
    marked = {name: f"{value}⟪canary⟫" for name, value in environ.items()}
    told: tuple[str, ...] = ()
    settings = None
    try:
        settings = load(marked, as_production=strict)
    except ConfigurationError as error:
        told = error.problems
    assert bool(told) != isinstance(settings, Settings)
    assert "canary" not in str(told)
    assert all(problem.split(": ")[0] in VARIABLES for problem in told)
