"""Whatever we write is valid to the schema of Microsoft's Open XML SDK.

What is in other people's files may not be: what we put into them adds no error.
"""

from pathlib import Path

import open_xml
import pytest
from conftest import require
from full_donor import full_donor
from test_compare import training

from cnn.log.compare_sheet import compare_sheet
from cnn.log.comparison import Comparison
from cnn.log.workbook_log import WorkbookLog
from sheetgen.exercises.make import make_exercise
from sheetgen.spreadsheet.insert import add_sheets
from sheetgen.spreadsheet.writer import write_workbook
from sheetgen.template import template

TEMPLATES = ("era-v1", "moons", "logic", "edges")
"""Together they have every sheet of `build`: data, tests, problems, planes, surfaces."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def validator() -> None:
    """The program, without which nothing here runs."""
    require(open_xml.missing())


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_built_workbook_is_valid(name, short_book):
    assert open_xml.errors(short_book(name).saved.path) == []


def test_an_exercise_and_its_solution_are_valid(tmp_path):
    made = make_exercise(template.load("era-v1"), tmp_path / "exercise.xlsx", solution=True)
    for saved in (*made.workbooks, *made.solutions):
        assert open_xml.errors(saved.path) == []


def test_a_log_in_a_workbook_of_ours_is_valid(bare, tmp_path):
    path = tmp_path / "log.xlsx"
    path.write_bytes(Path(bare).read_bytes())
    with WorkbookLog(path) as log:
        for epoch in range(1, 4):
            log.epoch(loss=1 / epoch, accuracy=1 - 0.1 / epoch)
    assert open_xml.errors(path) == []


def test_a_comparison_is_valid(tmp_path):
    logs = [(f"run {seed}", training(rate, seed)) for rate in (0.1, 0.5) for seed in range(3)]
    canvas, _ = compare_sheet(Comparison.of("Rates", logs), "Comparison")
    write_workbook([canvas], tmp_path / "comparison.xlsx", "Rates")
    assert open_xml.errors(tmp_path / "comparison.xlsx") == []


def test_an_exported_network_is_valid(exported):
    assert open_xml.errors(exported.path) == []


@pytest.mark.parametrize("name", ["date1904", "no-default-rels"])
def test_an_inserted_sheet_adds_no_error(name, tmp_path):
    foreign = Path(__file__).parent / "cases" / "insert" / f"{name}.xlsx"
    target = tmp_path / "target.xlsx"
    add_sheets(foreign, full_donor(tmp_path), ["Log"], target)
    before, after = (open_xml.errors(path) for path in (foreign, target))
    assert set(after) <= set(before)
