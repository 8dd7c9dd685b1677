"""What a user types into a workbook, its names, and texts that are no formulas."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from opened_book import (
    TABLES,
    Book,
    opened,
)
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.worksheet.worksheet import Worksheet

from sheetgen.template import template
from sheetgen.workbook.build import Built, build_workbook
from sheetgen.workbook.compose import compose, with_origin


@pytest.fixture(scope="session")
def book(built: Built) -> Book:
    return opened(built)


@pytest.fixture(scope="session")
def era(era_v1: Built) -> Book:
    return opened(era_v1)


def accepted(sheet: Worksheet, address: str, *typed: float) -> list[float]:
    """Those of some numbers that the cell's validation lets a user type."""
    (rule,) = (each for each in sheet.data_validations.dataValidation if address in each.sqref)
    assert rule.type in {"decimal", "whole"}
    assert rule.showErrorMessage
    assert rule.error
    if rule.operator == "greaterThan":
        return [number for number in typed if number > float(rule.formula1)]
    assert rule.operator in {None, "between"}
    return [number for number in typed if float(rule.formula1) <= number <= float(rule.formula2)]


def test_every_input_takes_numbers_only_and_what_is_in_it_is_one(era: Book):
    for canvas in compose(era.plan):
        for key in canvas.inputs.keys() - canvas.options.keys():
            row, column = canvas.inputs[key]
            value = canvas.value(row, column)
            address = f"{get_column_letter(column + 1)}{row + 1}"
            assert accepted(era.formulas[canvas.name], address, value) == [value]


def test_every_choice_is_from_a_list_that_has_what_is_chosen(era: Book):
    for canvas in compose(era.plan):
        sheet = era.values[canvas.name]
        for key, options in canvas.options.items():
            row, column = canvas.inputs[key]
            (rule,) = (
                each
                for each in sheet.data_validations.dataValidation
                if f"{get_column_letter(column + 1)}{row + 1}" in each.sqref
            )
            assert rule.type == "list"
            source = era.formulas.defined_names.get(rule.formula1)
            place = source.attr_text if source else rule.formula1
            home, _, cells = place.rpartition("!")
            ((left, top, right, bottom),) = [range_boundaries(cells.replace("$", ""))]
            assert left == right
            listing = era.values[home or canvas.name]
            listed = [listing.cell(at, left).value for at in range(top, bottom + 1)]
            assert listed == list(options)
            assert canvas.value(row, column) in options


@pytest.mark.parametrize(
    ("name", "taken"), [("learning_rate_1", [1e-6, 10.0]), ("w_1", [-2.0, 0.0, 1e-6, 10.0])]
)
def test_a_weight_may_be_any_number_and_a_learning_rate_one_above_0(
    era: Book, name: str, taken: list[float]
):
    ((sheet, address),) = era.formulas.defined_names[name].destinations
    cell = address.replace("$", "")
    assert accepted(era.formulas[sheet], cell, -2.0, 0.0, 1e-6, 10.0) == taken


def named(book: Book) -> Iterator[tuple[str, str, object]]:
    """Each name of a cell, defined for the whole workbook, its sheet and the cell's value."""
    for name, defined in book.values.defined_names.items():
        ((sheet, address),) = defined.destinations
        if ":" not in address:
            yield name, sheet, book.values[sheet][address].value


def test_every_training_input_has_a_name_for_its_cell_on_inputs(era: Book):
    source = era.plan.template
    expected = {f"i_{number}": value for number, value in enumerate(source.data.inputs[0], 1)}
    expected |= {f"t_{number}": value for number, value in enumerate(source.data.targets[0], 1)}
    weights = (0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55)
    expected |= {f"w_{number}": value for number, value in enumerate(weights, 1)}
    rates = source.learning_rates
    expected |= {f"learning_rate_{number}": value for number, value in enumerate(rates, 1)}
    assert {name: value for name, _, value in named(era)} == expected
    assert {sheet for _, sheet, _ in named(era)} == {"Inputs"}


@pytest.mark.parametrize("name", TABLES)
def test_each_table_sheet_names_its_own_learning_rate(era: Book, name: str):
    local = era.values[name].defined_names
    assert [one for one in local if "Title" not in one] == ["learning_rate"]
    ((sheet, address),) = local["learning_rate"].destinations
    rate = era.plan.controls.learning_rate if name == "Playground" else float(name[3:])
    assert (sheet, era.values[sheet][address].value) == (name, rate)


def test_no_defined_name_could_be_read_as_a_cell(built: Built):
    book = openpyxl.load_workbook(built.saved.path)
    names = {name for each in (book, *book) for name in each.defined_names}
    assert len(names) > 12
    for name in names:
        assert not re.fullmatch(r"[a-z]{1,3}\d+", name, re.IGNORECASE)
        assert not re.fullmatch(r"(r\d*)?(c\d*)?", name, re.IGNORECASE)


@pytest.mark.slow
def test_a_title_that_starts_with_an_equals_sign_is_text(tmp_path: Path):
    titled = replace(template.load("era-v1"), title="=1+1")
    path = build_workbook(titled, tmp_path / "title.xlsx").saved.path
    book = openpyxl.load_workbook(path, data_only=True)
    title = next(cell for row in book["Overview"] for cell in row if cell.value)
    assert title.value == "=1+1"
    assert title.data_type == "s"


def test_the_template_can_be_read_again_from_the_sheet_that_no_menu_shows(era: Book):
    hidden = era.values["_sheetgen"]
    column = [row[0].value or "" for row in hidden]
    count = hidden.cell(column.index("template") + 1, 2).value
    lines = column[column.index("template") + 1 :]
    source = "\n".join(lines + [""] * (count - len(lines)))
    assert source == era.plan.template.source
    (promised,) = (c for c in with_origin(era.plan, compose(era.plan)) if c.name == "_sheetgen")
    fingerprint = hidden.cell(column.index("fingerprint") + 1, 2).value
    assert fingerprint == promised.value(1, 1)
