"""Each rule of accessibility finds what breaks it, and nothing else.

That all sheets keep the rules is tested together with how they look, in test_sheet_layout and where
else `problems` is called.
"""

from math import nan
from pathlib import Path

import pytest
import xlsxwriter
from accessibility import findings
from contrast import contrast
from sheet_file import read

from sheetgen.spreadsheet.canvas import Canvas, Chart, Series
from sheetgen.spreadsheet.header_names import header_names, renumbered
from sheetgen.spreadsheet.style import KINDS, SYMBOLS, WHITE, header, look
from sheetgen.spreadsheet.writer import write_workbook
from sheetgen.workbook.shared.alternative_texts import as_built, course, courses


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook that breaks each rule once, with what is right beside it."""
    path = tmp_path_factory.mktemp("accessibility") / "faulty.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet, charts = book.add_worksheet("Sheet1"), book.add_worksheet("charts")
        bold = book.add_format({"bold": True, "bg_color": "#EEEEEE"})
        faint = book.add_format({"font_color": "#999999"})
        sheet.merge_range("C3:D3", "runs on")
        sheet.merge_range("C4:D4", "centred", book.add_format({"align": "center"}))
        sheet.write_row("F5", ["a", "b", "c"], bold)
        sheet.write_row("F6", [1, 2, 3])
        sheet.write("F7", -1, book.add_format({"num_format": "0;[Red]0"}))
        sheet.write_row("J5", ["a", "b", "c"], bold)
        sheet.write_row("J6", [1, 2, 3])
        book.define_name("Sheet1!ColumnTitleRegion1.J5.L6.1", "=Sheet1!$J$5")
        sheet.write("C8", "too faint", faint)
        sheet.write("C9", "large enough", book.add_format({"font_color": "#888888", "size": 18}))
        red = book.add_format({"bg_color": "#AA0000"})
        sheet.write("C10", 1)
        rule = {"type": "formula", "criteria": "=C10>0", "format": red}
        sheet.conditional_format("C10:C11", rule)
        sheet.write_url("C12", "internal:charts!A1", string="here")
        sheet.write_url("C13", "internal:charts!A1", string="charts")
        sheet.protect("", {"select_locked_cells": False})
        draw_faults(book, charts)
    return path


def draw_faults(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
    """Charts that are not described, in the wrong order, and with lines that are alike."""
    sheet.write("A1", "Charts")
    sheet.write_column("A2", range(4))
    for place, at in enumerate(("K20", "B2")):
        chart = book.add_chart({"type": "scatter", "subtype": "straight"})
        for colour in ("#0000AA", "#EEAA00")[: 1 + place]:
            line = {"color": colour}
            numbers = "=charts!$A$2:$A$5"
            chart.add_series({"categories": numbers, "values": numbers, "line": line})
        told = {"description": "Two lines that rise from 0 to 3"} if place else {}
        chart.set_x_axis({"num_font": {"color": "#BBBBBB" if place else "#000000"}})
        sheet.insert_chart(at, chart, told)


def test_each_fault_is_found(faulty: Path) -> None:
    found = [f"{name}: {each}" for name, each in findings(faulty)]
    assert found == [
        ": document: it has no title",
        ": document: it has no creator",
        ": document: it has no language",
        "Sheet1: title in A1: A1 is empty: it should hold the title",
        "Sheet1: tab: has no name of its own",
        "Sheet1: merged cells: C3:D3 are merged for 'runs on'",
        "Sheet1: header rows: F5 heads 3 columns without a name",
        "Sheet1: links: C12 a link says 'here'",
        "Sheet1: can be read aloud: its cells cannot be selected",
        "Sheet1: contrast of texts: C8 #999999 on #FFFFFF is 2.85",
        "Sheet1: contrast of texts: C10 #000000 on #AA0000 is 2.71",
        "Sheet1: marks: C10 shows by colour alone: C10>0",
        "Sheet1: negative numbers: F7 is red without a minus",
        "charts: alternative text: says too little: ''",
        "charts: reading order: a drawing comes after one that is below it and to its right",
        "charts: contrast in charts: Chart 2: EEAA00 is 2.02",
        "charts: texts in charts: Chart 2: text in BBBBBB",
        "charts: series: Chart 2: ('0000AA',) and ('EEAA00',) by colour alone",
    ]


def test_a_description_is_told_in_numbers_and_holds_what_a_file_can(tmp_path: Path) -> None:
    curves = {"a\x0b": [0.5, 0.2, 0.25], "b": [1.0, nan], "c": [0.0, 0.0]}
    told = as_built("Errors", courses(curves))
    canvas = Canvas("drawn")
    series = Series(canvas.range(0, 0, 1, 0), canvas.range(0, 0, 1, 0))
    canvas.charts.append(Chart((2, 0), (200, 100), (series,), told))
    write_workbook([canvas], tmp_path / "drawn.xlsx", "drawn")
    (drawn,) = read(tmp_path / "drawn.xlsx")[0].drawn
    assert drawn.description == (
        "Errors. As built: a\ufffd falls from 0.5 to 0.25, down to 0.2 between; "
        "b starts at 1 and diverges; c stays at 0."
    )
    assert (
        course([0.1, 0.9, 0.5], is_share=True) == "rises from 10.0% to 50.0%, up to 90.0% between"
    )
    assert courses({str(end): [1.0, end] for end in range(6)}) == (
        "of 6 curves the lowest, 0 falls from 1 to 0; the highest, 5 rises from 1 to 5"
    )


def test_the_contrast_is_that_of_wcag() -> None:
    """Black on white has 21; #777777 is just too faint for a text on white."""
    assert contrast("000000", "FFFFFF") == pytest.approx(21)
    assert contrast("777777", "FFFFFF") == pytest.approx(4.478, abs=1e-3)


def test_the_palette_can_be_read_and_told_apart() -> None:
    for palette in KINDS.values():
        for ground in (palette.tint, WHITE):
            assert contrast(palette.strong[1:], ground[1:]) >= 4.5, palette
    looks = [look(place) for place in range(56)]
    assert all(contrast(each.colour[1:], WHITE[1:]) >= 3 for each in looks)
    assert len(set(looks)) == len(looks)
    assert len({each.dash for each in looks[:8]}) == 8
    assert len({each.symbol for each in looks[:7]}) == len(SYMBOLS)


def test_headers_have_the_names_that_screen_readers_look_for() -> None:
    """One table has a plain name; of two each has its range, from its lowest headers on."""
    canvas = Canvas("two tables")
    for row in range(3, 7):
        for column in (0, 1):
            if row < 5:
                canvas.write(row, column, f"x{column}", header("input"))
            else:
                canvas.write(row, column, row * column)
    assert header_names(canvas, 2) == {"'two tables'!ColumnTitle": "'two tables'!$A$5"}
    for column, (title, value) in enumerate((("name", "w1"), ("value", 0.5)), start=3):
        canvas.write(4, column, title, header("weight"))
        canvas.write(5, column, value)
    assert header_names(canvas, 2) == {
        "'two tables'!ColumnTitleRegion1.A5.B7.2": "'two tables'!$A$5",
        "'two tables'!TitleRegion2.D5.E6.2": "'two tables'!$D$5",
    }
    assert renumbered("TitleRegion2.D5.E6.2", 7) == "TitleRegion2.D5.E6.7"
    assert renumbered("Title.2", 7) == "Title.2"
