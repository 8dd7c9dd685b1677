"""The error curves of a training: over the iterations, or its mean over the epochs, and charts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import local
from sheetgen.spreadsheet.agreement import DIVERGED
from sheetgen.spreadsheet.canvas import Canvas, Chart, Series, Value
from sheetgen.spreadsheet.style import FINE, KINDS, PERCENT, number
from sheetgen.workbook.shared.alternative_texts import as_built, courses
from sheetgen.workbook.shared.epoch_tests import Points
from sheetgen.workbook.shared.live_text import NOTHING, Words, joined, only_if
from sheetgen.workbook.shared.page import fit_errors, write_headers

CHART_WIDTH = 325
CHART_HEIGHT = 300
CHART_ROWS = 16
MOST_STEPS = 6
"""Between the numbers along an axis of iterations or epochs."""
TEST_WIDTH = 1.5
"""The points of the line of the test samples, which is dashed and of the training's colour."""
FEW = 12
"""So few points have a dot each, and so few epochs a number each."""


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
    start: str = ""
    """The address of the error at iteration 0, which is `start_error`."""
    start_error: float = 0.0
    divergence: Words = NOTHING
    """From where on it diverges, in the cell of its table that says so; or nothing."""
    accuracy: str = ""
    """The range of the accuracies, where the network has classes."""
    accuracies: Array | None = None
    tested: tuple[Points, ...] = ()
    """The mean errors of the test samples, and with classes their accuracies."""
    outcome: Outcome | None = None
    """Shown instead of a reduction if the first and the last point are of different samples."""

    def cell(self, at: int) -> str:
        """Return the absolute address of a point's error."""
        return cell_of(self.y, at)

    @property
    def first(self) -> int:
        """The number of the first step: iterations count from 0, epochs from 1."""
        return 0 if self.step == "iteration" else 1

    def drawn(self, title: str, is_share: bool) -> dict[str, Array]:
        """Return the errors, or the accuracies, by a title, and those of the test samples."""
        values = self.accuracies if is_share and self.accuracies is not None else self.values
        tested = self.tested[int(is_share) :][:1]
        return {title: values} | {f"{title} of the test samples": each.values for each in tested}

    def diverges_at(self) -> Words:
        """Return the words "diverges from iteration 2 on: …", or nothing, for the table's sheet.

        From there on the errors are above DIVERGED, where the training does not start there, or
        no numbers at all.
        """
        y, last, start = local(self.y), local(self.cell(-1)), local(self.start)
        most = DIVERGED if self.start_error <= DIVERGED else inf
        with np.errstate(invalid="ignore"):
            fine = np.isfinite(self.values) & (self.values <= most)
        is_fine = f"IF(ISNUMBER({last}),OR({last}<={DIVERGED:.0f},{start}>{DIVERGED:.0f}),FALSE())"
        before = f'IF({start}<={DIVERGED:.0f},COUNTIF({y},"<={DIVERGED:.0f}"),COUNT({y}))'
        number = f"({before}+{self.first})" if self.first else before
        after = f" on: {self.error} is above 1,000,000, or no number any more"
        words = joined(
            f"diverges from {self.step} ", Words(number, f"{fine.sum() + self.first}"), after
        )
        return only_if(is_fine, bool(fine[-1]), NOTHING, words)

    def unless_diverged(self, formula: str, value: Value, otherwise: str) -> tuple[str, Value]:
        """Return a formula ("=…") and its value, or a text instead of them if it diverges."""
        cell, text = self.divergence.expression, self.divergence.text
        return f'=IF({cell}="",{formula[1:]},"{otherwise}")', otherwise if text else value


def cell_of(area: str, at: int) -> str:
    """Return the address of one cell of a column, counted from its top or (negative) its end."""
    sheet, mark, cells = area.rpartition("!")
    first, _, last = cells.partition(":")
    column, row = (first if at >= 0 else last or first).strip("$").split("$")
    return f"{sheet}{mark}${column}${int(row) + (at if at >= 0 else at + 1)}"


def per_epoch(
    canvas: Canvas,
    means: dict[str, list[tuple[str, float]]],
    row: int,
    tested: Sequence[Points] = (),
) -> Curve:
    """Write a row for each epoch below the charts that start in `row`; return the curve.

    `means` has each epoch's formula and value of "mean E_total", and may have "accuracy" too;
    `tested` is the same of the test samples.
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
    fit_errors(canvas, (top, 1, top + epochs - 1, 1))
    columns = [canvas.range(top, place, top + epochs - 1, place) for place in range(3)]
    values = {title: np.array([value for _, value in cells]) for title, cells in means.items()}
    errors = values["mean E_total"]
    x, y = columns[:2]
    curve = Curve("epoch", "mean E_total", x, y, errors, tested=tuple(tested))
    if "accuracy" not in means:
        return curve
    colour = KINDS["unit"].strong
    series = [Series(columns[0], columns[2], canvas.absolute(top - 1, 2), colour)]
    series += tested_series(curve, 1, colour)
    curve = replace(curve, accuracy=columns[2], accuracies=values["accuracy"])
    insert_chart(canvas, series, curve, "accuracy", row + CHART_ROWS)
    return curve


def tested_series(curve: Curve, which: int, colour: str) -> list[Series]:
    """Return the dashed series of the test samples' errors (0) or accuracies (1), if any."""
    return [
        Series(curve.x, points.y, points.name, colour, TEST_WIDTH, "dash")
        for points in curve.tested[which : which + 1]
    ]


def insert_chart(
    canvas: Canvas, series: Sequence[Series], curve: Curve, title: str, row: int
) -> None:
    """Put the chart of a curve's errors or accuracies left of the table, its top in `row`."""
    step, points = curve.step, len(curve.values)
    first, last, unit = step_axis(step, points)
    is_share = title == "accuracy"
    told = courses(curve.drawn(title, is_share), is_share)
    canvas.charts.append(
        Chart(
            (row, 0),
            (CHART_WIDTH, CHART_HEIGHT),
            tuple(with_dots(each, points) for each in series),
            as_built(f"{title} at each {step} of {canvas.name}", told),
            (step, title),
            limits=(first, last, 0, 1 if is_share else None),
            units=(unit, 0.2 if is_share else None),
            number_format="0%" if is_share else "General",
            legend="bottom" if len(series) > 1 else "",
            offset=(4, 6),
        )
    )


def with_dots(series: Series, points: int) -> Series:
    """Return a series with a dot at each point, if it has few."""
    return replace(series, dots=5) if points <= FEW else series


def step_axis(step: str, points: int) -> tuple[int, int, int]:
    """Return where the axis of the iterations or epochs begins and ends, and its unit.

    Iterations count from 0, epochs from 1; many epochs have an axis from 0, so that the numbers
    along it are round.
    """
    last = points - 1 if step == "iteration" else points
    first = 1 if step == "epoch" and points <= FEW else 0
    unit = 1
    while (last - first) / unit > MOST_STEPS:
        unit = unit * 5 // 2 if str(unit).startswith("2") else unit * 2
    return first, max(last, first + 1), unit
