"""What is allowed and yet probably not meant."""

from collections.abc import Mapping
from difflib import get_close_matches

from slim_agent.settings.model import LONG_SECRETS, Settings, parts

LIKENESS = 0.85
FEW_CHARACTERS = 8
OTHER_NAMES = {
    "ANTHROPIC_API_KEY": "CLAUDE_API_KEY",
    "POSTGRES_URL": "DATABASE_URL",
    "SUPABASE_DB_URL": "DATABASE_URL",
}


def meant_by(environ: Mapping[str, str]) -> dict[str, str]:
    """Return our unset variable that each foreign variable of the environment looks like."""
    unset = [name.upper() for name in Settings.model_fields if not environ.get(name.upper(), "").strip()]
    meant = {}
    for name in sorted(environ):
        if name.lower() in Settings.model_fields and name.isupper():
            continue
        known = OTHER_NAMES.get(name)
        near = [known] if known in unset else get_close_matches(name.upper(), unset, n=1, cutoff=LIKENESS)
        if near:
            meant[name] = near[0]
    return meant


def hints(environ: Mapping[str, str]) -> list[str]:
    """Return advice about an environment, one sentence each, without values."""
    found = [f"{name} is no variable of slim-agent: did you mean {known}?" for name, known in meant_by(environ).items()]
    found += [
        f"{name} repeats a few characters; make one by: openssl rand -hex 32"
        for name in LONG_SECRETS
        if any(len(set(secret)) < FEW_CHARACTERS for secret in parts(name, environ))
    ]
    if environ.get("ENVIRONMENT", "").strip() not in ("", "production"):
        found.append("ENVIRONMENT is not production: serve will be less strict than this check")
    if not environ.get("EVOLUTION_INSTANCE", "").strip():
        found.append("EVOLUTION_INSTANCE is empty: messages of any instance are answered, and none can be registered")
    return found
