"""`slim-agent knowledge`: what the profile itself can answer, tried on one's own questions."""

from pathlib import Path
from typing import Annotated

import typer

from slim_agent.cli.lines import Input, InputError, read, write
from slim_agent.conversation.profile import default_profile_folder, load_faq
from slim_agent.sicc.knowledge import BadLineError, Entry, answer_lines

knowledge = typer.Typer(
    name="knowledge", help="Try what the company knows.", no_args_is_help=True, add_completion=False
)


@knowledge.callback()
def _group() -> None:
    """Keep `search` a word of its own."""


@knowledge.command()
def search(
    source: Input,
    profile: Annotated[Path | None, typer.Option(help="Folder of the profile; without it, the built-in one.")] = None,
    top_k: Annotated[int, typer.Option(min=1, max=1000, help="Most results of a question.")] = 5,
) -> None:
    """Search the profile's FAQ for each question: JSON lines in and out, offline.

    In: id, text. Out: id, results (entry_id, score), confidence from 0 to 1, answerable.

    Example: echo '{"id": 1, "text": "qual a garantia?"}' | slim-agent knowledge search --input -
    """
    faq = load_faq(profile or default_profile_folder())
    entries = [Entry(item.id, item.question, item.answer, item.variants) for item in faq]
    # What is no UTF-8 becomes a lone surrogate, which no JSON has: a bad line like others.
    questions = (line.decode("utf-8", "surrogateescape") for line in read(source))
    try:
        for answer in answer_lines(entries, questions, top_k=top_k):
            write(answer)
    except BadLineError as error:
        raise InputError(str(error)) from None
