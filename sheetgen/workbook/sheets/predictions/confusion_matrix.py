"""A confusion matrix in live cells: a row for each class, a column for each answer."""

import numpy as np

from sheetgen.errors import short_names
from sheetgen.network.activations import Array
from sheetgen.network.answers import confusion
from sheetgen.spreadsheet.address import cell_address, range_address, relative_address
from sheetgen.spreadsheet.canvas import Canvas, Rule
from sheetgen.spreadsheet.style import (
    FAIL_FORMAT,
    KINDS,
    LABEL,
    LINE,
    SECTION,
    Style,
    header,
    label,
)
from sheetgen.workbook.sheets.predictions.listed_samples import (
    ANSWER,
    CLASS,
    PAIR,
    Kind,
    ListedSamples,
)

RIGHT = Style(align="center", bold=True, fill=KINDS["unit"].tint, border=LINE, number_format="0")
WRONG = Style(align="center", border=LINE, number_format="0;;")  # nothing for 0
SUM = Style(align="center", number_format="0", colour=LABEL.colour)


def draw_matrix(
    canvas: Canvas, samples: ListedSamples, kind: Kind, at: tuple[int, int], longest: int
) -> int:
    """Draw the matrix of the samples of one kind from a cell on; return its last row.

    Names of classes are cut to `longest` characters above the columns.
    """
    (top, left), classes = at, samples.plan.classes
    size = len(classes)
    counts = _counts(samples, kind, size)
    title = f"Confusion matrix, {kind.words}" if kind.name else "Confusion matrix"
    canvas.write(top, left, title, SECTION)
    canvas.write(top + 1, left, "class ↓   answer →", header("iteration"))
    pairs = samples.area(PAIR, kind.listed)
    titles = short_names(classes, longest)
    for row, name in enumerate(classes):
        canvas.write(top + 2 + row, left, samples.called[row], label("target"))
        canvas.write(top + 1, left + 1 + row, titles[row], header("unit"))
        canvas.notes[top + 1, left + 1 + row] = f"answer {name}"
        for column in range(size):
            style = RIGHT if row == column else WRONG
            pair = row * size + column + 1
            # ironcalc counts nothing in a range of one cell.
            several = len(kind.listed) > 1
            formula = f"=COUNTIF({pairs},{pair})" if several else f"=IF({pairs}={pair},1,0)"
            value = float(counts[row, column])
            canvas.calculate(top + 2 + row, left + 1 + column, formula, value, style)
        cells = range_address(top + 2 + row, left + 1, top + 2 + row, left + size)
        total = float(counts[row].sum())
        canvas.calculate(top + 2 + row, left + 1 + size, f"=SUM({cells})", total, SUM)
    canvas.write(top + 1, left + 1 + size, "all", header("iteration"))
    place = (top + 2, left + 1, top + 1 + size, left + size)
    first, fixed = relative_address(*place[:2]), cell_address(*place[:2])
    is_wrong = f"ROW()-ROW({fixed})<>COLUMN()-COLUMN({fixed})"
    canvas.rules.append(Rule(place, f"=AND({first}>0,{is_wrong})", dict(FAIL_FORMAT)))
    return place[2]


def _counts(samples: ListedSamples, kind: Kind, size: int) -> Array:
    """Return the numbers in the matrix, all nan if nothing is promised of an answer."""
    own, answers = (samples.values(each, kind.listed) - 1 for each in (CLASS, ANSWER))
    if np.isnan(answers).any():
        return np.full((size, size), np.nan)
    return confusion(own, answers, size)
