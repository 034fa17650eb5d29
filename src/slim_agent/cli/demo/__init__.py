"""Everything on one machine without accounts: embedded stores, a stand-in for Evolution, and the service."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    data: Annotated[Path, typer.Option(help="Folder that keeps everything; delete it to begin anew.")] = Path(".data"),
    host: Annotated[str, typer.Option(help="Address on which the service listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="PORT", min=1, max=65_535, help="Port of the service.")] = 8000,
) -> None:
    """Run the whole product here: Postgres, Redis, a WhatsApp simulator and the service. Ctrl-C ends it.

    Example: CLAUDE_API_KEY=… slim-agent demo --port 8001
    """
    # The other commands need not pay for these imports.
    from slim_agent.cli.demo.run import run  # noqa: PLC0415

    raise typer.Exit(run(data, host, port))
