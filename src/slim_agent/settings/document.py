"""Writes what the settings say of themselves: `python -m slim_agent.settings.document` in the project's folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from slim_agent.settings.address import SCHEMES
from slim_agent.settings.model import REQUIRED_IN_PRODUCTION, Settings

KINDS = {bool: "on or off", int: "whole number", float: "number", str: "text", SecretStr: "secret"}
ENV_HEAD = """\
# Every variable of slim-agent; made by `make docs`. Copy this file to .env, and keep that one out of git.
# Values stand without quotes. Check them with: slim-agent env check
"""
TABLE_HEAD = """\
# Settings

Every environment variable; made by `make docs` from `src/slim_agent/settings/model.py`. White space around a value does
not count, and an empty value is a missing one. `slim-agent env check` tells everything that is wrong at once.

**Required** variables have no default when `ENVIRONMENT=production`; elsewhere each has the one shown.

| variable | value | default | meaning |
|---|---|---|---|
"""


def env_example() -> str:
    """Return the text of `.env.example`: the required variables empty, the others commented out with their default."""
    required = [_commented(name, f"{name}=") for name, _ in _fields() if name in REQUIRED_IN_PRODUCTION]
    optional = [
        _commented(name, f"# {name}={_default(field)}")
        for name, field in _fields()
        if name not in REQUIRED_IN_PRODUCTION
    ]
    return "\n".join([ENV_HEAD, "# --- Required in production\n", *required, "# --- With a default\n", *optional])


def reference() -> str:
    """Return the text of `docs/settings.md`."""
    rows = []
    for name, field in _fields():
        default = f"`{_default(field)}`" if _default(field) else "–"
        need = "**Required.** " if name in REQUIRED_IN_PRODUCTION else ""
        rows.append(f"| `{name}` | {_kind(name, field)} | {default} | {need}{field.description} |\n")
    return TABLE_HEAD + "".join(rows)


DOCUMENTS = {".env.example": env_example, "docs/settings.md": reference}


def write(folder: Path) -> None:
    """Write the documents below a folder."""
    for name, text in DOCUMENTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text(), encoding="utf-8")


def _fields() -> Iterator[tuple[str, FieldInfo]]:
    return ((name.upper(), field) for name, field in Settings.model_fields.items())


def _commented(name: str, line: str) -> str:
    field = Settings.model_fields[name.lower()]
    return f"# {field.description} ({_kind(name, field, code='')})\n{line}\n"


def _kind(name: str, field: FieldInfo, code: str = "`") -> str:
    kind = field.annotation
    if name in SCHEMES:
        return " or ".join(f"{code}{scheme}://…{code}" for scheme in SCHEMES[name])
    if get_origin(kind) is Literal:
        return ", ".join(f"{code}{choice}{code}" for choice in get_args(kind))
    if get_origin(kind) is tuple:
        return "secrets" if SecretStr in get_args(kind) else "names"
    bounds = [f"{m.ge}" if isinstance(m, Ge) else f"{m.le}" for m in field.metadata if isinstance(m, Ge | Le)]
    word = (
        "seconds"
        if name.endswith("_SECONDS")
        else next((word for known, word in KINDS.items() if kind is known), "folder")
    )
    return f"{word}, {' to '.join(bounds)}" if bounds else word


def _default(field: FieldInfo) -> str:
    value = field.default
    if isinstance(value, tuple):
        return ",".join(_plain(part) for part in value)
    return _plain(value)


def _plain(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return "on" if value else "off"
    return "" if value is None else str(value)


if __name__ == "__main__":
    write(Path())
