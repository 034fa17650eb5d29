"""From the environment to Settings, or to one message with every problem."""

from collections.abc import Mapping

from pydantic import SecretStr, ValidationError

from slim_agent.settings.address import demand_encryption
from slim_agent.settings.model import Settings
from slim_agent.settings.rules import problems_of
from slim_agent.vocabulary.failures import ConfigurationError

VARIABLES = tuple(name.upper() for name in Settings.model_fields)
LEASE_AND_TURN = {"LEASE_SECONDS", "TURN_TIMEOUT_SECONDS"}


def load(environ: Mapping[str, str], *, as_production: bool = False) -> Settings:
    """Return validated settings. White space around a value does not count, an empty value is a missing one.

    `as_production` applies production's rules whatever ENVIRONMENT says (``slim-agent env check``).

    Raises:
        ConfigurationError: with one sentence for each variable that is wrong; each names it, none its value.
    """
    given = {name: environ[name].strip() for name in VARIABLES if environ.get(name, "").strip()}
    # "Production" is a mistake of its own; it must not hide the others.
    production = as_production or given.get("ENVIRONMENT", "").strip("\"'").lower() == "production"
    settings, malformed = _read(given)
    problems = problems_of(environ, given, malformed, production=production)
    if settings.lease_seconds <= settings.turn_timeout_seconds and not problems.keys() & LEASE_AND_TURN:
        problems["LEASE_SECONDS"] = "must exceed TURN_TIMEOUT_SECONDS, else a running turn loses its chat"
    if problems:
        raise ConfigurationError([f"{name}: {problems[name]}" for name in sorted(problems)])
    if not production:
        return settings
    database_url = demand_encryption(settings.database_url.get_secret_value(), environ.get("PGSSLMODE", ""))
    return settings.model_copy(update={"database_url": SecretStr(database_url)})


def _read(given: Mapping[str, str]) -> tuple[Settings, dict[str, str]]:
    """Return the settings, with defaults where a value is malformed, and what is wrong with each of those."""
    values = {name.lower(): value for name, value in given.items()}
    malformed: dict[str, str] = {}
    while True:
        try:
            return Settings.model_validate(values), malformed
        except ValidationError as error:
            for detail in error.errors(include_url=False, include_input=False):
                field = str(detail["loc"][0])
                sentence = detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
                malformed.setdefault(field.upper(), sentence)
                values.pop(field, None)


def secret_values(settings: Settings) -> tuple[str, ...]:
    """Every secret value that must never appear in a log line or an error."""
    found: list[str] = []
    for name in Settings.model_fields:
        value = getattr(settings, name)
        parts = value if isinstance(value, tuple) else (value,)
        found += [part.get_secret_value() for part in parts if isinstance(part, SecretStr) and part.get_secret_value()]
    return tuple(found)
