"""`slim-agent serve`: the production entry point."""

import os
from typing import Annotated

import typer

from slim_agent.cli.env import PROFILE, profile_problems
from slim_agent.observability import logs
from slim_agent.settings import load
from slim_agent.settings.load import secret_values
from slim_agent.vocabulary.failures import ConfigurationError


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on, before HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on, before PORT (8000).")] = None,
    role: Annotated[str | None, typer.Option(help="all, web or worker, before SLIM_AGENT_ROLE.")] = None,
) -> None:
    """Run the service until SIGTERM or Ctrl-C.

    Example: slim-agent serve --port 8000 --role all
    """
    options = {"HOST": host, "PORT": port, "SLIM_AGENT_ROLE": role}
    given = {name: str(value) for name, value in options.items() if value is not None}
    environ = dict(os.environ) | given
    try:
        settings = load(environ)
    except ConfigurationError as error:
        # Whoever corrects the environment should not meet the profile's mistakes only afterwards.
        raise ConfigurationError([*error.problems, *profile_problems(environ.get(PROFILE, "").strip())]) from None
    level = "debug" if settings.debug else settings.log_level
    logs.configure(level, settings.log_format, secret_values(settings))
    # A wrong configuration should be told without waiting for these imports.
    from slim_agent.cli.serving import run  # noqa: PLC0415

    run(settings)
