"""JSON lines: in from a file or standard input, out on standard output."""

import json
import sys
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from slim_agent.vocabulary.failures import SlimAgentError

Input = Annotated[Path, typer.Option("--input", help="File of JSON lines; - is standard input.")]


class InputError(SlimAgentError):
    """The input cannot be read, or a line of it is not what is asked for."""


def read(source: Path) -> Iterator[bytes]:
    """Yield the lines of a file, or of standard input for ``-``.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with nullcontext(sys.stdin.buffer) if source == Path("-") else source.open("rb") as stream:
            yield from (line.removeprefix(BOM_UTF8) for line in stream)
    except OSError as error:
        raise InputError(f"{source} cannot be read: {error.strerror}") from error


def write(record: object) -> None:
    """Write one line at once: whoever waits at the other end of a pipe need not wait for the next."""
    sys.stdout.buffer.write(json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
    sys.stdout.buffer.flush()
