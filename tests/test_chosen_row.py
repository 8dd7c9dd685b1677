"""LibreOffice computes the row of a training table that a sheet fetches, however far down it is."""

from collections.abc import Callable

from sheetgen.spreadsheet.engines.engine import Engine
from sheetgen.template import template
from sheetgen.template.template import Template
from sheetgen.workbook.build import Built
from sheetgen.workbook.plan import OVERVIEW

ITERATION = (5, 2)


def no_circle_on_the_way_to_a_row_far_down(
    libreoffice: Engine, built_once: Callable[[str, Template], Built]
) -> None:
    """Its threads did at this iteration, of the smallest workbook found in which they do."""
    book = built_once("far down", template.load("xor").with_training([0.5], 165)).saved.path
    (values,) = libreoffice.recalculate_changed(book, [{OVERVIEW: {ITERATION: 160.0}}])
    assert values[OVERVIEW]
    circular = {  # an .xlsx says so of Err:522
        (sheet, *place)
        for sheet, cells in values.items()
        for place, value in cells.items()
        if value == "#VALUE!"
    }
    assert circular == set()
