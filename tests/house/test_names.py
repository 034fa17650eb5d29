"""A name says what is inside, and the tree knows no particular machine."""

import re

from tests.house.tree import ROOT, VENDORED, files, name, text

SAYING_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc", "core"}
VERSIONED = re.compile(r"_(v\d+|new|old|final|copy)$")
# Spelt so that this file does not find itself.
ONE_MACHINE = re.compile(r"(?<![\w.])/(?:roo[t]|wor[k]|hom[e]/\w+|User[s]/\w+|tm[p])/[\w.-]+")
REGISTRY = re.compile(r"pypi\.or[g]|files\.pythonhoste[d]|registry\.npmj[s]|npmj[s]\.com")


def test_no_name_is_a_drawer_for_anything() -> None:
    parts = {(part.partition(".")[0], name(file)) for file in files() for part in file.relative_to(ROOT).parts}
    assert {file for part, file in parts if part in SAYING_NOTHING or VERSIONED.search(part)} == set()


def test_no_file_knows_one_machine_or_where_packages_come_from() -> None:
    found = {}
    for file in files():
        if file.name == "uv.lock" or file.is_relative_to(VENDORED):
            continue
        try:
            said = text(file)
        except UnicodeDecodeError:
            continue
        if match := ONE_MACHINE.search(said) or REGISTRY.search(said):
            found[name(file)] = match[0]
    assert found == {}
