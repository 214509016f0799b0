"""docs/security.md: every threat has a control, and the tests that are said to show it exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIST = (ROOT / "docs" / "security.md").read_text(encoding="utf-8").partition("## The list\n")[2].partition("\n## ")[0]
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in LIST.splitlines() if line.startswith("|")][2:]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::((?:\w+::)?test_\w+)`")


def names_of_tests(path: Path) -> set[str]:
    """Names of a file's tests, those in a class as CLASS::NAME; read, not imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    places = [("", tree), *((f"{node.name}::", node) for node in tree.body if isinstance(node, ast.ClassDef))]
    return {
        prefix + node.name
        for prefix, place in places
        for node in place.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


def test_the_list_is_there() -> None:
    assert len(ROWS) > 25
    assert {len(row) for row in ROWS} == {3}
    assert len({row[0] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_every_threat_has_a_control_and_tests_that_exist(row: list[str]) -> None:
    _, control, shown_by = row
    assert control
    named = NAMED.findall(shown_by)
    assert named, "no test is named"
    # Nothing else stands there: a name that is written wrong would go unread.
    assert NAMED.sub("", shown_by).strip(" ,") == ""
    for file, name in named:
        assert name in names_of_tests(ROOT / file), f"{file} has no {name}"
