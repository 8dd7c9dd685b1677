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
from sheetgen.spreadsheet.paper import pages
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
    assert pages(with_rows(range(20))) == (100, (), ())


def test_a_sheet_that_is_a_little_too_large_shrinks_to_one_page() -> None:
    scale, rows, columns = pages(with_rows(range(40)))
    assert 80 < scale < 90
    assert (rows, columns) == ((), ())


def test_pages_begin_with_a_block() -> None:
    canvas = with_rows(range(25), range(26, 32), range(33, 50), range(51, 90))
    assert pages(canvas).rows == (33, 51, 84)


def test_no_page_begins_within_a_chart_or_behind_a_heading() -> None:
    canvas = Canvas("charts")
    for top in (0, 20, 40):
        canvas.write(top, 0, "a heading", SECTION)
        canvas.charts.append(Chart((top + 2, 0), (400, 320), (), "a chart"))
    assert pages(canvas).rows == (20, 40)


def test_the_rows_of_a_table_are_on_pages_of_more_than_a_few() -> None:
    canvas = Canvas("table", repeat_rows=(0, 0))
    canvas.write(0, 0, "header")
    canvas.blocks.append(Block(1, 0, ("=A{previous}+1",), (np.arange(69.0),), (PLAIN,)))
    first, second = pages(canvas).rows
    assert 25 < first < 35
    assert 70 - second >= 4


def test_a_wide_table_has_seven_points_and_the_pages_begin_with_a_band() -> None:
    canvas = Canvas("wide", repeat_rows=(0, 1), repeat_columns=(0, 0))
    for column in range(60):
        canvas.write(0, column, "band" if column % 7 == 1 else "")
        canvas.write(1, column, f"w{column}")
    scale, _, columns = pages(canvas)
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
def test_libreoffice_prints_the_pages_that_the_file_says(small: Path) -> None:
    sheets = [sheet for sheet in read(small) if sheet.sizes.shown]
    with converted(small, "pdf") as document:
        command = ["pdftotext", "-layout", str(document), "-"]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    printed = Counter(re.findall(r"^ *(\S.*?)  +Page \d+ of \d+$", text, re.MULTILINE))
    assert printed == {sheet.name: page_count(sheet) for sheet in sheets}
    assert all(0.7 <= scale(sheet) <= 1 for sheet in sheets)
