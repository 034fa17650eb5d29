"""`slim-agent env`: is the environment fit for production?"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from slim_agent.cli.exits import Exit
from slim_agent.conversation.profile import load_profile
from slim_agent.settings import load
from slim_agent.settings.hints import hints
from slim_agent.vocabulary.failures import ConfigurationError

PROFILE = "BUSINESS_PROFILE"

env = typer.Typer(name="env", help="Look at the environment variables.", no_args_is_help=True, add_completion=False)


@env.callback()
def _group() -> None:
    """Keep `check` a word of its own."""


@env.command()
def check(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for a script.")] = False
) -> None:
    """Check the environment as production would, and tell every problem at once; no value is printed.

    Exits with 78 when there is a problem, else with 0. Example: ENVIRONMENT=production slim-agent env check --json
    """
    problems, advice = _problems(os.environ), hints(os.environ)
    if as_json:
        named = [dict(zip(("variable", "problem"), problem.split(": ", 1), strict=True)) for problem in problems]
        typer.echo(json.dumps({"ok": not problems, "problems": named, "hints": advice}, ensure_ascii=False))
    else:
        sys.stderr.writelines(f"{problem}\n" for problem in problems)
        sys.stderr.writelines(f"hint: {hint}\n" for hint in advice)
        if not problems:
            typer.echo("The environment is fit for production.")
    if problems:
        raise typer.Exit(Exit.CONFIGURATION)


def _problems(environ: Mapping[str, str]) -> list[str]:
    try:
        load(environ, as_production=True)
    except ConfigurationError as error:
        found = [*error.problems]
    else:
        found = []
    return sorted(found + profile_problems(environ.get(PROFILE, "").strip()))


def profile_problems(folder: str) -> list[str]:
    """Return what is wrong with the profile that the environment names; nothing for none."""
    try:
        if folder:
            load_profile(Path(folder))
    except ConfigurationError as error:
        # The folder is the variable's value, which is not for printing.
        return [f"{PROFILE}: {mistake.removeprefix(folder).lstrip('/')}" for mistake in error.problems]
    return []
