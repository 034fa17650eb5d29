"""The environment of the demo's processes: nothing of the developer's but what he means for it."""

from collections.abc import Mapping
from pathlib import Path

from slim_agent.cli.demo.payloads import INSTANCE
from slim_agent.cli.demo.servers import Stores
from slim_agent.settings import Settings

PASSED_ON = (
    "CLAUDE_API_KEY",
    "CLAUDE_BASE_URL",
    "CLAUDE_MODEL",
    "DEBOUNCE_MAX_SECONDS",
    "DEBOUNCE_SECONDS",
    "LOG_FORMAT",
    "LOG_LEVEL",
    "PACING",
)
PREFERRED = {"DEBOUNCE_SECONDS": "1", "LOG_FORMAT": "console"}


def development(
    outer: Mapping[str, str], stores: Stores, *, host: str, port: int, stand_in_port: int
) -> dict[str, str]:
    """Return the environment of the service, made from `outer` and from what the data folder remembers.

    Variables that the service knows are left out unless they are in PASSED_ON: a DATABASE_URL that points to
    production must not reach a demonstration.
    """
    stand_in = f"http://127.0.0.1:{stand_in_port}"
    passed = {name: outer[name] for name in PASSED_ON if outer.get(name)}
    if profile := outer.get("BUSINESS_PROFILE"):
        passed["BUSINESS_PROFILE"] = str(Path(profile).absolute())
    own = {
        "ENVIRONMENT": "development",
        "HOST": host,
        "PORT": str(port),
        "DATABASE_URL": stores.postgres.url,
        "REDIS_URL": stores.valkey.url,
        "EVOLUTION_URL": stand_in,
        "EVOLUTION_API_KEY": stores.memory.secret("evolution_api_key"),
        "EVOLUTION_INSTANCE": INSTANCE,
        "WEBHOOK_SECRET": stores.memory.secret("webhook_secret"),
        "SECRET_KEY": stores.memory.secret("secret_key"),
        "SIMULATOR_URL": f"{stand_in}/simulator",
    }
    neutral = {name: value for name, value in outer.items() if name.lower() not in Settings.model_fields}
    return {**neutral, **PREFERRED, **passed, **own}


def of_stand_in(service: Mapping[str, str], stores: Stores, stand_in_port: int) -> dict[str, str]:
    """Return the environment of the stand-in beside a service with this one."""
    names = ("PATH", "HOME", "LANG", "EVOLUTION_INSTANCE", "EVOLUTION_API_KEY")
    environ = {name: service[name] for name in names if name in service}
    return {**environ, "HOST": "127.0.0.1", "PORT": str(stand_in_port), "STAND_IN_FOLDER": str(stores.folder)}
