"""The error curves of a training: over the iterations, or its mean over the epochs, and charts."""

from dataclasses import dataclass, replace

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.spreadsheet.canvas import Canvas, Chart, Series
from sheetgen.spreadsheet.style import FINE, KINDS, PERCENT, number
from sheetgen.workbook.shared.page import write_headers

CHART_WIDTH = 325
CHART_HEIGHT = 300
CHART_ROWS = 16


@dataclass(frozen=True)
class Outcome:
    """The result of a training of fewer than two epochs: a mean over its first epoch.

    `part` says over which samples, `cell` is the value's address; `is_part` tells whether the
    value is a share of the samples.
    """

    title: str
    part: str
    formula: str
    value: float
    cell: str
    is_part: bool


@dataclass(frozen=True)
class Curve:
    """The ranges of a curve's steps and errors, with their sheet, and the errors themselves."""

    step: str
    """What a point is: "iteration" or "epoch"."""
    error: str
    """What the error is called."""
    x: str
    y: str
    values: Array
    accuracy: str = ""
    """The range of the accuracies, where the network has classes."""
    accuracies: Array | None = None
    outcome: Outcome | None = None
    """Shown instead of a reduction if the first and the last point are of different samples."""

    def cell(self, at: int) -> str:
        """Return the absolute address of a point's error."""
        return cell_of(self.y, at)


def cell_of(area: str, at: int) -> str:
    """Return the address of one cell of a column, counted from its top or (negative) its end."""
    sheet, _, cells = area.rpartition("!")
    first, _, last = cells.partition(":")
    column, row = (first if at >= 0 else last or first).strip("$").split("$")
    return f"{sheet}!${column}${int(row) + (at if at >= 0 else at + 1)}"


def per_epoch(canvas: Canvas, means: dict[str, list[tuple[str, float]]], row: int) -> Curve:
    """Write a row for each epoch below the charts that start in `row`; return the curve.

    `means` has each epoch's formula and value of "mean E_total", and may have "accuracy" too.
    """
    top = row + CHART_ROWS * len(means) + 1
    write_headers(canvas, top - 1, 0, ["epoch"], "iteration")
    write_headers(canvas, top - 1, 1, means, "error")
    for place, (title, cells) in enumerate(means.items(), start=1):
        style = number("error", PERCENT if title == "accuracy" else FINE)
        for at, (formula, value) in enumerate(cells, start=top):
            canvas.calculate(at, place, formula, value, style)
    epochs = len(means["mean E_total"])
    for at in range(epochs):
        canvas.write(top + at, 0, at + 1, number("iteration", "0"))
    columns = [canvas.range(top, place, top + epochs - 1, place) for place in range(3)]
    values = {title: np.array([value for _, value in cells]) for title, cells in means.items()}
    curve = Curve("epoch", "mean E_total", columns[0], columns[1], values["mean E_total"])
    if "accuracy" not in means:
        return curve
    series = Series(columns[0], columns[2], canvas.absolute(top - 1, 2), KINDS["unit"].strong)
    insert_chart(canvas, series, "epoch", "accuracy", row + CHART_ROWS)
    return replace(curve, accuracy=columns[2], accuracies=values["accuracy"])


def insert_chart(canvas: Canvas, series: Series, step: str, title: str, row: int) -> None:
    """Put the chart of a series left of the table, its top in `row`."""
    size, titles = (CHART_WIDTH, CHART_HEIGHT), (step, title)
    description = f"{title} at each {step}, {canvas.name}"
    canvas.charts.append(Chart((row, 0), size, (series,), description, titles, offset=(4, 6)))
