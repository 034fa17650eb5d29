"""Small enough to be read at once."""

import ast
import re
import tokenize
from itertools import chain
from pathlib import Path
from statistics import median, quantiles

from tests.house.tree import PACKAGE, ROOT, files_named, module, name, text

MEDIAN_FILE_LINES = 90
P95_FILE_LINES = 300
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 70
MAX_TEST_FILE_LINES = 500
MAX_COMMENT_SHARE = 0.04
TOOL_COMMENT = re.compile(r"#\s*(noqa|type:|pragma:)")


def lines(file: Path) -> int:
    return len(text(file).splitlines())


def test_files_are_small() -> None:
    sizes = {name(file): lines(file) for file in files_named("*.py", under=PACKAGE)}
    assert median(sizes.values()) <= MEDIAN_FILE_LINES
    assert quantiles(sizes.values(), n=20)[-1] <= P95_FILE_LINES
    assert {file: size for file, size in sizes.items() if size > MAX_FILE_LINES} == {}


def test_files_of_tests_and_benchmarks_are_small_enough() -> None:
    sizes = {name(file): lines(file) for room in ("tests", "bench") for file in files_named("*.py", under=ROOT / room)}
    assert {file: size for file, size in sizes.items() if size > MAX_TEST_FILE_LINES} == {}


def test_functions_are_small() -> None:
    sizes = {
        f"{name(file)}: {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for file in files_named("*.py")
        for node in ast.walk(module(file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {function: size for function, size in sizes.items() if size > MAX_FUNCTION_LINES} == {}


def comments(file: Path) -> list[str]:
    with file.open("rb") as source:
        found = [token.string for token in tokenize.tokenize(source.readline) if token.type == tokenize.COMMENT]
    return [comment for comment in found if not TOOL_COMMENT.match(comment)]


def test_comments_are_rare() -> None:
    code = files_named("*.py", under=PACKAGE)
    spoken = sum(len(comments(file)) for file in code)
    assert spoken / sum(map(lines, code)) <= MAX_COMMENT_SHARE


def test_nothing_is_left_for_later_in_a_comment() -> None:
    spoken = chain.from_iterable(((name(file), comment) for comment in comments(file)) for file in files_named("*.py"))
    assert [(file, comment) for file, comment in spoken if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", comment)] == []
