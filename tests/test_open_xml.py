"""Whatever we write is valid to the schema of Microsoft's Open XML SDK.

What is in other people's files may not be: what we put into them adds no error. The validator
takes a second for a file, so that here are some of each kind: EVERY_FILE=1 takes all of them.
"""

import os

import open_xml
import pytest
from conftest import require
from written_files import EXERCISES, foreign, written

from sheetgen.template.template import built_in

EVERY_FILE = bool(os.environ.get("EVERY_FILE"))
TEMPLATES = built_in() if EVERY_FILE else ("moons", "logic", "edges")
"""Together the three have every sheet of `build`: data, tests, problems, planes, surfaces."""
CHOSEN = EXERCISES if EVERY_FILE else EXERCISES[1:]
OTHERS = None if EVERY_FILE else 2
"""How many workbooks of others are taken from the list."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def validator() -> None:
    """The program, without which nothing here runs."""
    require(open_xml.missing())


def test_all_that_we_write_is_valid(short_book, bare, exported, tmp_path):
    kinds = written(
        tmp_path, lambda name: short_book(name).saved.path, bare, exported.path, TEMPLATES, CHOSEN
    )
    paths = [path for found in kinds.values() for path in found]
    wrong = zip(paths, open_xml.errors(paths), strict=True)
    assert {path.name: found for path, found in wrong if found} == {}


def test_a_sheet_with_one_of_everything_adds_no_error_to_files_of_others(tmp_path):
    targets = open_xml.inserted([*foreign(tmp_path, OTHERS)], tmp_path)
    assert {each.path.name: each for each in targets if each.added or each.refusal} == {}


def test_what_is_wrong_is_found(tmp_path):
    """The validator reads what it is given."""
    path = tmp_path / "no-workbook.xlsx"
    path.write_bytes(b"PK")
    assert open_xml.errors([path]) != [[]]
