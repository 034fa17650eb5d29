"""Documents say what is true of the code beside them."""

import re
import tomllib
from pathlib import Path

import pytest
import typer.main
from tests.house.metrics_page import PAGE, families, page
from tests.house.tree import PACKAGE, ROOT, files, files_named, name, text

from slim_agent import __version__
from slim_agent.cli import app
from slim_agent.observability.metrics import PREFIX
from slim_agent.settings import Settings

DOCUMENTS = files_named("*.md")
DECISIONS = files_named("*.md", under=ROOT / "docs" / "decisions")
DECISION = re.compile(r"# \d{4} · .+\n\n## Context\n\n.+\n\n## Decision\n\n> .+\n\n## Consequences\n\n.+", re.DOTALL)


def folders() -> set[str]:
    """Return every folder with files of ours; of the tests, whose folders mirror the rooms, the first level."""
    return {
        name(folder)
        for file in files()
        for folder in file.parents
        if folder.is_relative_to(ROOT) and folder != ROOT
        if not folder.is_relative_to(ROOT / "tests") or len(folder.relative_to(ROOT).parts) <= 2
    }


def test_the_architecture_names_exactly_the_folders_that_exist() -> None:
    told = re.findall(r"^- `(\S+)/` — \S.{6,}$", text(ROOT / "ARCHITECTURE.md"), re.MULTILINE)
    assert len(told) == len(set(told))
    assert set(told) - folders() == set(), "gone from the disk"
    assert folders() - set(told) == set(), "not told of"


def test_every_setting_is_documented() -> None:
    told = text(ROOT / "docs" / "settings.md")
    assert [field.upper() for field in Settings.model_fields if f"`{field.upper()}`" not in told] == []


def commands(command: object, path: str) -> dict[str, str]:
    """Return the help of every command below, by the words that call it."""
    if isinstance(command, typer.core.TyperGroup):
        below = [commands(child, f"{path} {word}") for word, child in command.commands.items()]
        return {called: told for found in below for called, told in found.items()}
    assert isinstance(command, typer.core.TyperCommand)
    return {path: command.help or ""}


def test_every_command_is_documented_with_an_example() -> None:
    found = commands(typer.main.get_command(app), "slim-agent")
    told = "".join(text(document) for document in DOCUMENTS if document.parent in {ROOT, ROOT / "docs"})
    assert [command for command in found if command not in told] == []
    assert [command for command, help_text in found.items() if "Example" not in help_text] == []


def test_every_metric_is_ours_and_documented() -> None:
    assert [family.name for family in families() if not family.name.startswith(PREFIX)] == []
    assert text(PAGE) == page(), "run: make docs"


def test_decisions_are_numbered_without_gaps_and_say_context_decision_and_consequences() -> None:
    numbers = [int(decision.name[:4]) for decision in DECISIONS]
    assert numbers == list(range(1, len(numbers) + 1))
    assert [decision.name for decision in DECISIONS if not DECISION.match(text(decision))] == []
    assert [decision.name for decision in DECISIONS if not text(decision).startswith(f"# {decision.name[:4]} ")] == []


def test_changelog_package_and_project_agree_on_the_version() -> None:
    project = tomllib.loads(text(ROOT / "pyproject.toml"))["project"]["version"]
    latest = re.search(r"^## \[(\d+\.\d+\.\d+)\]", text(ROOT / "CHANGELOG.md"), re.MULTILINE)
    assert latest
    assert {project, latest[1]} == {__version__}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_and_pictures_lead_somewhere(document: Path) -> None:
    if document.is_relative_to(PACKAGE):
        return
    targets = re.findall(r"\]\((?!\w+:)([^)#\s]+)", text(document))
    assert [target for target in targets if not (document.parent / target).exists()] == []
