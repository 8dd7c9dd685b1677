"""What is in the file: numbers, formulas, charts, names, notes and protection."""

from pathlib import Path

import openpyxl
import pytest
from conftest import trained
from lxml import etree
from opened_book import (
    CHART,
    PROTECTED,
    RATES,
    TABLES,
    Book,
    cells,
    charts,
    header_columns,
    header_row,
    opened,
    parts,
)
from openpyxl.formula.translate import Translator
from openpyxl.utils import get_column_letter

from sheetgen.formulas.columns import training_columns
from sheetgen.workbook.build import Built, build_workbook
from sheetgen.workbook.compose import compose


@pytest.fixture(scope="session")
def book(built: Built) -> Book:
    return opened(built)


@pytest.fixture(scope="session")
def era(era_v1: Built) -> Book:
    return opened(era_v1)


# The numbers in it


@pytest.mark.slow
def test_every_formula_cell_holds_the_promised_value_in_full_precision(book: Book):
    checked = 0
    for canvas in compose(book.plan):
        for row, column, formula, value in canvas.promised():
            address = f"{get_column_letter(column + 1)}{row + 1}"
            assert book.formulas[canvas.name][address].value == formula
            shown = book.values[canvas.name][address].value
            assert shown == (value if value != "" else None), (canvas.name, address)
            checked += 1
    assert checked > 7 * 101 * 32


def test_every_column_of_a_table_is_the_references_training(book: Book):
    era = book.plan.template
    playground = era.learning_rates[3]
    for name, rate in zip(TABLES, (playground, *era.learning_rates), strict=True):
        trace = trained(era, rate, 100)
        sheet = book.values[name]
        top = header_row(sheet) + 1
        for symbol, column in header_columns(sheet).items():
            rows = sheet.iter_rows(top, top + 100, column, column, values_only=True)
            assert [value for (value,) in rows] == trace[symbol].tolist()
            assert sheet.cell(top + 101, column).value is None


def test_there_is_no_formula_that_the_reference_promises_nothing_for(book: Book):
    promised = {
        (canvas.name, row + 1, column + 1)
        for canvas in compose(book.plan)
        for row, column, *_ in canvas.promised()
    }
    found = {
        (sheet.title, cell.row, cell.column)
        for sheet in book.formulas
        for row in sheet
        for cell in row
        if cell.data_type == "f"
    }
    assert found == promised


def test_the_program_that_opens_it_is_told_to_calculate_everything_again(era: Book):
    assert era.formulas.calculation.fullCalcOnLoad


@pytest.mark.slow
def test_there_are_no_array_formulas(era: Book):
    for name, part in parts(era.path).items():
        if name.startswith("xl/worksheets/sheet"):
            assert b't="array"' not in part
            assert b"cm=" not in part  # a dynamic array


# Its charts


def test_every_chart_carries_the_values_of_its_cells(book: Book):
    for chart in charts(book.path):
        references = chart.findall(".//c:numRef", CHART) + chart.findall(".//c:strRef", CHART)
        assert len(references) >= 2 * len(chart.findall(".//c:ser", CHART)) > 0
        for each in references:
            expected = cells(book.values, each.findtext("c:f", namespaces=CHART))
            cache = next(element for element in each if element.tag.endswith("Cache"))
            assert cache.find("c:ptCount", CHART).get("val") == str(len(expected))
            points = {
                int(point.get("idx")): point.findtext("c:v", namespaces=CHART)
                for point in cache.findall(f"{{{CHART['c']}}}pt")
            }
            if each.tag.endswith("numRef"):
                points = {index: float(text) for index, text in points.items()}
            # An empty cell interrupts a line.
            assert points == {
                index: cell for index, cell in enumerate(expected) if cell is not None
            }


def test_every_chart_is_a_scatter_chart_without_a_title(era: Book):
    for chart in charts(era.path):
        (plot,) = chart.iterfind("c:chart/c:plotArea", CHART)
        kinds = [etree.QName(each).localname for each in plot if each.tag.endswith("Chart")]
        assert kinds == ["scatterChart"]
        assert chart.find("c:chart/c:title", CHART) is None
        assert chart.find("c:chart/c:autoTitleDeleted", CHART).get("val") == "1"


def test_all_that_a_chart_shows_comes_from_cells(era: Book):
    for chart in charts(era.path):
        has_legend = chart.find(".//c:legend", CHART) is not None
        for series in chart.iterfind(".//c:ser", CHART):
            sources = {
                etree.QName(each).localname: [etree.QName(source).localname for source in each]
                for each in series
                if etree.QName(each).localname in {"tx", "xVal", "yVal"}
            }
            if not has_legend:
                sources.setdefault("tx", ["strRef"])  # a name would be seen nowhere
            assert sources == {"tx": ["strRef"], "xVal": ["numRef"], "yVal": ["numRef"]}


def test_the_chart_of_a_table_shows_the_whole_training(era: Book):
    drawn = [
        series.findtext("c:yVal/c:numRef/c:f", namespaces=CHART)
        for chart in charts(era.path)
        for series in chart.iterfind(".//c:ser", CHART)
    ]
    for name in TABLES:
        sheet = era.formulas[name]
        letter = get_column_letter(header_columns(sheet)["E_total"])
        top = header_row(sheet) + 1
        quoted = f"'{name}'" if " " in name else name
        assert f"{quoted}!${letter}${top}:${letter}${top + 100}" in drawn


# Its sheets


def test_the_sheets_stand_in_the_order_of_the_design(era: Book):
    assert era.formulas.sheetnames == [
        *("Overview", "Inputs", "Derivation", "Explorer", "Playground"),
        *RATES,
        *("Learning rates", "Decision surface", "Error surface", "Gradient check"),
        *("Matrices", "Proof", "Workings", "_sheetgen"),
    ]


@pytest.mark.slow
def test_only_sheetgens_own_sheet_is_hidden_and_no_menu_shows_it(era: Book):
    states = {sheet.title: sheet.sheet_state for sheet in era.formulas}
    assert states.pop("_sheetgen") == "veryHidden"
    assert set(states.values()) == {"visible"}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_sheet_is_unprotected_so_that_rows_can_be_dragged(era: Book, name: str):
    assert not era.formulas[name].protection.sheet


@pytest.mark.parametrize("name", PROTECTED)
def test_another_sheet_is_protected_without_a_password_but_for_its_inputs(era: Book, name: str):
    sheet = era.formulas[name]
    assert sheet.protection.sheet
    assert sheet.protection.password is None
    (canvas,) = (canvas for canvas in compose(era.plan) if canvas.name == name)
    unlocked = {
        (cell.row - 1, cell.column - 1)
        for row in sheet
        for cell in row
        if not cell.protection.locked
    }
    assert unlocked == set(canvas.inputs.values())


def test_the_links_of_the_overview_lead_to_every_other_visible_sheet(era: Book):
    links = {row[1].hyperlink.location for row in era.formulas["Overview"] if row[1].hyperlink}
    targets = {location.rpartition("!")[0].strip("'") for location in links}
    assert targets == set(era.formulas.sheetnames) - {"Overview", "_sheetgen"}


def test_two_builds_of_a_template_are_the_same_file_but_for_the_time(era: Book, tmp_path: Path):
    again = build_workbook(era.plan.template, tmp_path / "again.xlsx").saved.path
    first, second = parts(era.path), parts(again)
    assert list(first) == list(second)
    assert {name for name in first if first[name] != second[name]} <= {"docProps/core.xml"}


# Its training tables


@pytest.mark.parametrize("name", TABLES)
def test_the_header_is_one_row_of_single_cells_and_the_data_starts_below(era: Book, name: str):
    sheet = era.formulas[name]
    row, columns = header_row(sheet), header_columns(sheet)
    plan = era.plan
    table = training_columns(plan.network, plan.training("sgd"), str, "η", 0)
    expected = [column.symbol for column in table]
    assert list(columns) == expected
    assert list(columns.values()) == list(range(columns["iteration"], sheet.max_column + 1))
    assert not sheet.merged_cells.ranges
    assert sheet.cell(row + 1, columns["iteration"]).value == 0
    assert all(sheet.cell(row + 1, column).value is not None for column in columns.values())


@pytest.mark.parametrize("name", TABLES)
def test_the_header_and_the_iteration_stay_in_sight(era: Book, name: str):
    sheet = era.formulas[name]
    right_of_iteration = get_column_letter(header_columns(sheet)["iteration"] + 1)
    assert sheet.freeze_panes == f"{right_of_iteration}{header_row(sheet) + 1}"


@pytest.mark.parametrize("name", TABLES)
def test_a_note_on_every_header_gives_its_mathematics(era: Book, name: str):
    sheet = era.formulas[name]
    row, columns = header_row(sheet), header_columns(sheet)
    notes = {symbol: sheet.cell(row, column).comment.text for symbol, column in columns.items()}
    assert notes["h2"] == "h2 = w3·i1 + w4·i2"
    assert notes["a_o1"] == "a_o1 = σ(o1)"
    assert notes["E1"] == "E1 = ½·(t1 − a_o1)²"
    assert notes["w5"] == "w5 ← w5 − η·∂E/∂w5, both of the iteration before"
    assert notes["∂E/∂w5"] == "∂E/∂w5 = (a_o1 − t1) · a_o1·(1 − a_o1) · a_h1"
    assert all(notes.values())


@pytest.mark.slow
def test_dragging_the_last_row_down_continues_the_training(era: Book, tmp_path: Path):
    longer = era.plan.template.with_training(iterations=101)
    path = build_workbook(longer, tmp_path / "longer.xlsx").saved.path
    continued = openpyxl.load_workbook(path)
    for name in TABLES:
        sheet = era.formulas[name]
        last = header_row(sheet) + 101
        for column in header_columns(sheet).values():
            cell = sheet.cell(last, column)
            below = f"{cell.column_letter}{last + 1}"
            dragged = Translator(cell.value, cell.coordinate).translate_formula(below)
            assert continued[name][below].value == dragged
