"""Imports go down, and only gateways open sockets."""

import ast
import tomllib

import pytest
from importlinter import cli
from tests.house.tree import PACKAGE, ROOT, files_named, module, name, text

CONTRACTS = tomllib.loads(text(ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"]
ABOVE_THE_DOMAIN = {"web", "cli", "gateways", "bootstrap.py", "__main__.py", "__init__.py"}
OPENERS = {
    "create_connection",
    "create_datagram_endpoint",
    "create_server",
    "create_unix_connection",
    "open_connection",
    "open_unix_connection",
    "start_server",
    "start_unix_server",
    "urlopen",
    "urlretrieve",
}


@pytest.mark.parametrize("contract", [contract["id"] for contract in CONTRACTS])
def test_imports_keep_the_contract(
    contract: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    ended = cli.lint_imports(limit_to_contracts=(contract,), no_cache=True)
    assert ended == 0, capsys.readouterr().out


def test_nothing_below_the_gateways_opens_a_socket_through_the_standard_library() -> None:
    opened = []
    for file in files_named("*.py", under=PACKAGE):
        if file.relative_to(PACKAGE).parts[0] in ABOVE_THE_DOMAIN:
            continue
        for node in ast.walk(module(file)):
            called = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
            if called in OPENERS:
                opened.append((name(file), called))
    assert opened == []
