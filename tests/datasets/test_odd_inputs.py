"""The tables of odd inputs in `docs/datasets.md` say what happens."""

import re
from pathlib import Path

import pytest
from odd_inputs import INPUTS, outcome

ROOT = Path(__file__).resolve().parents[2]
SECTION = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8").split("## Odd inputs")[1]
ROWS = [
    [cell.strip() for cell in line.strip("| ").split(" | ")]
    for line in SECTION.splitlines()
    if line.startswith("| ") and not line.startswith("| odd input")
]
MADE = {cells[0]: cells[1] for cells in ROWS if len(cells) == 2}


def test_the_page_has_a_row_for_every_input_that_is_made():
    assert list(MADE) == list(INPUTS)


@pytest.mark.parametrize("name", INPUTS)
def test_an_odd_input_is_read_or_refused_as_the_page_says(name, tmp_path):
    told, said = outcome(name, tmp_path / "folder"), MADE[name]
    assert told.split(":")[0] == said.split(":")[0]
    quoted = re.findall(r'"([^"]+)"', said)
    assert quoted and all(piece in told for piece in quoted), told


def test_every_other_row_is_shown_by_a_test_that_is_there():
    named = [cells[2].strip("`") for cells in ROWS if len(cells) == 3]
    assert named
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    there = set(re.findall(r"def (test_\w+)\(", tests))
    assert not [name for name in named if name not in there]
