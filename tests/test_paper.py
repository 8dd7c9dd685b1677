"""Sheets on paper: large enough to read, divided between blocks, with headings on each page."""

import re
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from page_layout import page_count, page_starts, points, scale
from sheet_file import read

from sheetgen.spreadsheet.block import Block
from sheetgen.spreadsheet.canvas import Canvas, Chart
from sheetgen.spreadsheet.engines.libreoffice import converted
from sheetgen.spreadsheet.paper import areas, pages
from sheetgen.spreadsheet.style import PLAIN, SECTION
from sheetgen.workbook.build import Built


def with_rows(*blocks: range) -> Canvas:
    """A sheet with a text in each of these rows."""
    canvas = Canvas("rows")
    for block in blocks:
        for row in block:
            canvas.write(row, 0, "a text", SECTION if row == block[0] else PLAIN)
            canvas.write(row, 1 + row % 2, "another")
    return canvas


def test_a_small_sheet_is_printed_in_its_full_size() -> None:
    assert pages(with_rows(range(20))) == (100, (), (), False)


def test_a_long_sheet_is_printed_upright() -> None:
    assert pages(with_rows(range(40))) == (100, (), (), True)


def test_a_sheet_that_is_a_little_too_large_shrinks_to_one_page() -> None:
    canvas = with_rows(range(40))
    canvas.portrait = False
    scale, rows, columns, _ = pages(canvas)
    assert 80 < scale < 90
    assert (rows, columns) == ((), ())


def test_pages_begin_with_a_block() -> None:
    canvas = with_rows(range(25), range(26, 32), range(33, 50), range(51, 90))
    assert (pages(canvas).rows, pages(canvas).portrait) == ((51,), True)
    canvas.portrait = False
    assert pages(canvas).rows[:2] == (33, 51)


def test_a_sheet_shrinks_where_two_blocks_then_fit_a_page() -> None:
    canvas = with_rows(*(range(at, at + 19) for at in range(0, 120, 20)))
    canvas.portrait = False
    scale, rows, _, _ = pages(canvas)
    assert rows == (40, 80)
    assert 70 <= scale < 90


def test_no_page_beside_a_narrow_table_is_empty() -> None:
    canvas = with_rows(range(40), range(45, 80))
    canvas.portrait = False
    for column in range(40):
        canvas.write(46, column, "wide")
    way = pages(canvas)
    (narrow, wide) = areas(canvas, way)
    assert narrow == (0, 0, way.rows[-1] - 1, way.columns[0] - 1)
    assert wide == (way.rows[-1], 0, 79, 39)


def test_no_page_ends_within_a_text_that_runs_over_columns() -> None:
    canvas = Canvas("text", repeat_columns=(0, 0))
    for column in range(30):
        canvas.write(1, column, "")
    canvas.write(0, 2, "a text" * 22)
    first, *_ = pages(canvas).columns
    assert first * 64 > 22 * 6 * 6


def test_no_page_begins_within_a_chart_or_behind_a_heading() -> None:
    canvas = Canvas("charts", portrait=False)
    for top in (0, 30, 60):
        canvas.write(top, 0, "a heading", SECTION)
        canvas.charts.append(Chart((top + 2, 0), (400, 540), (), "a chart"))
    assert pages(canvas).rows == (30, 60)


def test_the_rows_of_a_table_are_on_pages_that_are_equally_full() -> None:
    canvas = Canvas("table", repeat_rows=(0, 0), portrait=False)
    canvas.write(0, 0, "header")
    canvas.blocks.append(Block(1, 0, ("=A{previous}+1",), (np.arange(119.0),), (PLAIN,)))
    first, second = pages(canvas).rows
    assert first == pytest.approx(41, abs=1)
    assert 120 - second == pytest.approx(40, abs=2)


def test_a_wide_table_has_seven_points_and_the_pages_begin_with_a_band() -> None:
    canvas = Canvas("wide", repeat_rows=(0, 1), repeat_columns=(0, 0))
    for column in range(60):
        canvas.write(0, column, "band" if column % 7 == 1 else "")
        canvas.write(1, column, f"w{column}")
    scale, _, columns, _ = pages(canvas)
    assert scale == 70
    assert columns
    assert all(column % 7 == 1 for column in columns)


def test_training_tables_are_readable_with_header_and_iteration_on_each_page(
    era_v1: Built,
) -> None:
    for sheet in read(era_v1.saved.path):
        if not sheet.name.startswith("lr "):
            continue
        assert points(sheet) >= 7
        assert sheet.paper.fit is None
        assert (sheet.paper.repeated_rows, sheet.paper.repeated_columns) == ((3, 4), (3, 3))
        rows, columns = page_starts(sheet)
        assert (len(rows), len(columns)) == (3, 3)


@pytest.mark.usefixtures("renderer")
def test_libreoffice_prints_the_pages_that_the_file_says(bare: Path) -> None:
    sheets = [sheet for sheet in read(bare) if sheet.sizes.shown]
    with converted(bare, "pdf") as document:
        command = ["pdftotext", "-layout", str(document), "-"]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    printed = Counter(re.findall(r"^ *(\S.*?)  +Page \d+ of \d+$", text, re.MULTILINE))
    assert printed == {sheet.name: page_count(sheet) for sheet in sheets}
    assert all(0.7 <= scale(sheet) <= 1 for sheet in sheets)
