"""Nothing is declared that nobody uses."""

import ast
import re

from tests.house.tree import PACKAGE, files_named, module, name, text

from slim_agent.observability.crashpoints import CrashPoint

POSTGRES = PACKAGE / "gateways" / "postgres"


def test_every_crash_point_is_passed_in_exactly_one_place() -> None:
    code = "".join(text(file) for file in files_named("*.py", under=PACKAGE))
    passed = re.findall(r"\bcrashpoint\(CrashPoint\.(\w+)\)", code)
    assert sorted(passed) == sorted(point.name for point in CrashPoint)


def test_every_metric_is_measured_somewhere() -> None:
    metrics = PACKAGE / "observability" / "metrics.py"
    named = re.findall(r"^(\w+) = (?:cache\()?\s*_(?:counter|gauge|histogram)\(", text(metrics), re.MULTILINE)
    code = "".join(text(file) for file in files_named("*.py", under=PACKAGE) if file != metrics)
    assert named
    assert [metric for metric in named if not re.search(rf"\b{metric}\b[.(]", code)] == []


def test_every_named_query_is_used() -> None:
    code = "".join(text(file) for file in files_named("*.py", under=POSTGRES))
    named = {
        query
        for file in files_named("*.sql", under=POSTGRES / "queries")
        for query in re.findall(r"^-- name: (\w+)", text(file), re.MULTILINE)
    }
    assert named
    assert {query for query in named if f'"{query}"' not in code} == set()


def test_every_query_says_what_it_is_for() -> None:
    silent = [
        f"{name(file)}: {line}"
        for file in files_named("*.sql", under=POSTGRES / "queries")
        for line in re.findall(r"^-- name: .*$", text(file), re.MULTILINE)
        if not re.fullmatch(r"-- name: \w+  \S.+", line)
    ]
    assert silent == []


def test_no_test_is_skipped_without_a_reason_or_waits_for_time_to_pass() -> None:
    found = []
    for file in files_named("test_*.py"):
        for node in ast.walk(module(file)):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            silent = called.endswith(("pytest.skip", "mark.skip", "mark.xfail")) and not (node.args or node.keywords)
            if silent or called == "time.sleep":
                found.append(f"{name(file)}:{node.lineno} {called}")
    assert found == []
