"""Talks to people: commands, exit codes, and JSON where a script asks for it."""

import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from slim_agent import __version__
from slim_agent.cli.exits import Exit
from slim_agent.vocabulary.failures import ConfigurationError, SlimAgentError, Unavailable

COMMANDS = ("demo", "serve", "chat", "env", "migrate", "evolution", "knowledge", "inbox")
"""Each is a module here that holds a function or a group of the same name."""


class Commands(TyperGroup):
    """Loads the one command that is asked for: the others' libraries would cost a second."""

    def list_commands(self, ctx: object) -> list[str]:  # noqa: ARG002
        """Return the names in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: object, cmd_name: str) -> TyperCommand | TyperGroup | None:  # noqa: ARG002
        """Return a command or group by name."""
        if cmd_name not in COMMANDS:
            return None
        part = getattr(import_module(f"slim_agent.cli.{cmd_name}"), cmd_name)
        if not isinstance(part, typer.Typer):
            alone = typer.Typer(add_completion=False)
            alone.command(cmd_name)(part)
            part = alone
        return cast("TyperCommand | TyperGroup", get_command(part))


app = typer.Typer(
    name="slim-agent",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - the shape of a typer callback
    if wanted:
        typer.echo(f"slim-agent {__version__}")
        raise typer.Exit


@app.callback()
def slim_agent(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Answer a company's WhatsApp with an AI agent: nothing lost, nothing twice.

    Example: slim-agent demo
    """


def main() -> None:
    """Run the command line: a failure of ours is one message and an exit code, never a traceback."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal with other letters gets question marks, not a traceback.
            stream.reconfigure(errors="replace")
    try:
        app()
    except ConfigurationError as error:
        sys.stderr.write("slim-agent cannot run with this configuration:\n")
        sys.stderr.writelines(f"  {problem}\n" for problem in error.problems)
        sys.exit(Exit.CONFIGURATION)
    except Unavailable as error:
        sys.stderr.write(f"{error.dependency} is not available: {error.detail}\n")
        sys.exit(Exit.FAILED)
    except SlimAgentError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(Exit.FAILED)
