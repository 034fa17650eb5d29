"""What stands in the repository, without asking git: CI may have none."""

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "slim_agent"
VENDORED = PACKAGE / "web" / "assets"
_IGNORED = (".git/", *(ROOT / ".gitignore").read_text(encoding="utf-8").split())


@cache
def files() -> tuple[Path, ...]:
    """Return every file that is ours, by path."""
    return tuple(sorted(_below(ROOT)))


def files_named(pattern: str, *, under: Path = ROOT) -> list[Path]:
    """Return our files below `under` whose name is like `pattern`."""
    return [file for file in files() if fnmatch(file.name, pattern) and file.is_relative_to(under)]


@cache
def text(file: Path) -> str:
    """Return what the file says."""
    return file.read_text(encoding="utf-8")


@cache
def module(file: Path) -> ast.Module:
    """Return the file's syntax tree."""
    return ast.parse(text(file), str(file))


def name(file: Path) -> str:
    """Return the path as people write it."""
    return file.relative_to(ROOT).as_posix()


def _below(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        shown = name(entry) + ("/" if entry.is_dir() else "")
        if any(shown == line or shown.endswith(f"/{line}") or fnmatch(shown, line) for line in _IGNORED):
            continue
        if entry.is_dir():
            yield from _below(entry)
        else:
            yield entry
