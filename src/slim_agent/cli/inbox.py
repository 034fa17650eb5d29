"""`slim-agent inbox`: how the intake would take payloads, tried on one's own captures."""

import typer

from slim_agent.cli.lines import Input, read, write
from slim_agent.inbox.classify import classify as classified
from slim_agent.vocabulary.clock import system_clock

inbox = typer.Typer(name="inbox", help="Try the intake of messages.", no_args_is_help=True, add_completion=False)


@inbox.callback()
def _group() -> None:
    """Keep `classify` a word of its own."""


@inbox.command()
def classify(source: Input) -> None:
    """Tell what becomes of each Evolution payload: JSON lines in and out. Every line gets an answer; nothing is stored.

    Out: disposition (turn, update, ignored, quarantined), reason, chat, text, kind, from_me.

    Example: slim-agent inbox classify --input captured.jsonl
    """
    for line in read(source):
        if line.strip():
            write(classified(line, system_clock()))
