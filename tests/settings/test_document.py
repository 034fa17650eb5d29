"""The committed documents are what the settings say now."""

from pathlib import Path

import pytest

from slim_agent.settings import load
from slim_agent.settings.document import DOCUMENTS, env_example, reference, write
from slim_agent.settings.load import VARIABLES
from slim_agent.settings.model import REQUIRED_IN_PRODUCTION

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_committed_file_is_the_generated_one(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == DOCUMENTS[name](), "run: make docs"


def test_every_variable_is_in_both_documents() -> None:
    for name in VARIABLES:
        assert f"| `{name}` |" in reference()
        assert f"\n{name}=" in env_example() or f"\n# {name}=" in env_example()


def test_the_example_is_a_development_environment_as_it_stands() -> None:
    lines = [line for line in env_example().splitlines() if "=" in line and not line.startswith("#")]
    environ = dict(line.split("=", 1) for line in lines)
    assert set(environ) == set(REQUIRED_IN_PRODUCTION)
    del environ["WEBHOOK_SECRET"]
    assert load(environ) == load({})


def test_the_defaults_of_the_example_are_the_defaults() -> None:
    lines = [line.removeprefix("# ") for line in env_example().splitlines() if line.startswith("# ") and "=" in line]
    assert load(dict(line.split("=", 1) for line in lines)) == load({})


def test_documents_are_written_below_a_folder(tmp_path: Path) -> None:
    write(tmp_path)
    assert (tmp_path / "docs" / "settings.md").read_text(encoding="utf-8") == reference()
