"""The sheet `Decision surface` of a network with two inputs: its output all over their plane.

A grid of cells runs the network at the chosen iteration. The hidden units' activations over the
plane are shown beside the output.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.network.network import activation_name
from sheetgen.spreadsheet.address import MAXIMUM_COLUMNS, MAXIMUM_FORMULA
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import (
    FINE,
    KINDS,
    LABEL,
    SECTION,
    VALUE,
    Style,
    number,
)
from sheetgen.workbook.plan import DECISION_SURFACE, Plan
from sheetgen.workbook.shared.chosen_output import ChosenOutput
from sheetgen.workbook.shared.grid import CELL, NAME, SIZES, TICK, Grid, shading
from sheetgen.workbook.shared.moment import Moment, Snapshot
from sheetgen.workbook.shared.page import longest_formula, write_title
from sheetgen.workbook.shared.samples_list import HIGH, LOW, MOST, SamplesList
from sheetgen.workbook.shared.sources import InputColumn, Sources
from sheetgen.workbook.shared.table_cells import Table
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.decision_surface import unit_pictures

FORMULAS = 4000  # of all pictures at most, as long as these need not be too coarse
MOST_FORMULAS = 8000  # with more there is no such sheet
TOP, LEFT = 8, 5  # the upper left cell of the output's picture


def decision_surface_sheet(
    plan: Plan, sources: Sources, tables: Sequence[Table], workings: Workings
) -> Canvas | None:
    """Draw the sheet; return None if the network has not two inputs or is too large."""
    pictures = unit_pictures.pictures(plan.network)
    size = next((size for size in SIZES if pictures * size**2 <= FORMULAS), SIZES[-1])
    if plan.network.inputs != 2 or pictures * size**2 > MOST_FORMULAS:
        return None
    sheet = _Sheet(plan, sources, tables, workings, size)
    sheet.draw()
    is_too_wide = max(sheet.canvas.widths) > MAXIMUM_COLUMNS
    is_too_large = is_too_wide or longest_formula(sheet.canvas) > MAXIMUM_FORMULA
    return None if is_too_large else sheet.canvas


class _Sheet:
    """`helpers` is the first helper column."""

    def __init__(
        self,
        plan: Plan,
        sources: Sources,
        tables: Sequence[Table],
        workings: Workings,
        size: int,
    ) -> None:
        self.plan = plan
        self.canvas = canvas = Canvas(DECISION_SURFACE, tab_colour=KINDS["unit"].strong)
        self.main = Grid(canvas, TOP, LEFT, size)
        self.helpers = helpers = LEFT + unit_pictures.width(plan.network) * (size + 2) + 1
        moment = Moment.ask(canvas, plan, tables, "surface", (3, 2), workings)
        snapshot = Snapshot(canvas, plan.network, moment, (TOP - 1, helpers + 2))
        at = TOP - 1, helpers + 5
        self.chosen = chosen = ChosenOutput(canvas, plan, snapshot, (5, 2), at)
        at = TOP - 1, helpers + 11
        self.samples = SamplesList(canvas, plan, sources, at, chosen.output, chosen.place)
        self.inputs = InputColumn(plan, sources, 0), InputColumn(plan, sources, 1)

    def draw(self) -> None:
        canvas, main = self.canvas, self.main
        canvas.widths.update({0: 2, 1: 28, 2: 13, 3: 7})
        canvas.widths.update(dict.fromkeys(range(self.helpers, self.helpers + 19), 12))
        text = (
            "The network’s output for all values of its two inputs. "
            "Type another iteration and watch it learn."
        )
        write_title(canvas, 1, "Decision surface", text)
        title = "Cells behind: the weights at this iteration, the axes, the samples"
        canvas.write(1, self.helpers, title, SECTION)
        fine, helpers, steps = number("input", FINE), self.helpers + 8, main.size - 1
        across, up = (
            each.axis(canvas, (TOP - 1 + 4 * which, helpers), 4, steps, fine)
            for which, each in enumerate(self.inputs)
        )
        axes = across, up
        points = [np.array([axis.value(k) for k in range(main.size)]) for axis in axes]
        used = np.array([each.used(at) for each, at in zip(self.inputs, points, strict=True)])
        pictures = unit_pictures.Pictures(self.chosen, main, used)
        values = pictures.draw()
        main.squares()
        main.axes(axes, (self.inputs[0].used_formula, self.inputs[1].used_formula), used)
        self._names()
        self._scale(values)
        limits = self.plan.network.layers[-1].activation.limits
        points_drawn = self.samples.points(axes, limits[1] if limits else None)
        main.overlay(points_drawn, "The samples on the plane of the inputs")
        self._legend(values)
        canvas.shorten(2, 2)
        canvas.shorten(self.helpers, self.helpers + 18)
        last = max(pictures.last_row, main.place[2] + 5)
        canvas.print_area = (0, 0, last, self.helpers - 2)

    def _names(self) -> None:
        """Write what the picture shows, and the names of its axes."""
        canvas, place = self.canvas, self.main.place
        labels = self.plan.data.target_labels
        texts = [
            f"{activation_name(unit)}, output"
            + (f": {labels[at][:LABEL_LENGTH]}" if labels else "")
            for at, unit in enumerate(self.plan.network.unit_names[-1])
        ]
        if self.chosen.place:
            listed = ",".join('"' + text.replace('"', '""') + '"' for text in texts)
            formula = f"=CHOOSE({self.chosen.place},{listed})"
            canvas.calculate(TOP - 1, LEFT, formula, texts[self.chosen.output], SECTION)
        else:
            canvas.write(TOP - 1, LEFT, texts[0], SECTION)
        canvas.write(TOP - 1, LEFT - 2, f"↑ {self.inputs[1].title}", replace(NAME, align="right"))
        canvas.write(place[2] + 3, LEFT, f"{self.inputs[0].title} →", NAME)
        canvas.merges.append((place[2] + 3, LEFT, place[2] + 3, place[3]))

    def _scale(self, values: Array) -> None:
        """Draw the colours below the picture, and the values at their ends."""
        canvas, main, row = self.canvas, self.main, self.main.place[2] + 4
        activation = self.plan.network.layers[-1].activation
        limits = activation.limits
        low, high = (limits[0], limits[-1]) if limits else (values.min(), values.max())
        ends = [f"{low:g}", f"{high:g}"] if limits else [f"{f}({main.range})" for f in ENDS]
        last = main.size - 1
        for place in range(main.size):
            value = float(low + (high - low) * place / last)
            if limits:
                canvas.write(row, LEFT + place, value, CELL)
            else:
                formula = f"={ends[0]}+({ends[1]}-{ends[0]})*{place}/{last}"
                canvas.calculate(row, LEFT + place, formula, value, CELL)
        canvas.heat_maps.append(shading((row, LEFT, row, LEFT + last), activation))
        for column, end, value in ((LEFT, ends[0], low), (LEFT + last - 3, ends[1], high)):
            align = "left" if column == LEFT else "right"
            style = replace(TICK, align=align, number_format="0.00")
            if limits:
                canvas.write(row + 1, column, float(value), style)
            else:
                canvas.calculate(row + 1, column, f"={end}", float(value), style)
            canvas.merges.append((row + 1, column, row + 1, column + 3))

    def _legend(self, values: Array) -> None:
        """Say left of the picture what the colours, the points and the line mean."""
        canvas, network = self.canvas, self.plan.network
        found = {"smallest output shown": values.min(), "largest output shown": values.max()}
        for row, function, (title, value) in zip((TOP, TOP + 1), ENDS, found.items(), strict=True):
            canvas.write(row, 1, title, LABEL)
            formula = f"={function}({self.main.range})"
            canvas.calculate(row, 2, formula, float(value), Style(number_format=VALUE))
        limits = network.layers[-1].activation.limits
        middle = f"{limits[1]:g}" if limits else "the middle of all targets"
        lines = [
            (f"●  sample, its target below {middle}", LOW),
            (f"●  sample, its target {middle} or more", HIGH),
        ]
        if limits:
            lines.append((f"│  the output is {middle} here", "#1F2933"))
        if self.plan.data.samples > MOST:
            lines.append((f"{MOST} of {self.plan.data.samples} samples are marked", "#6B7280"))
        for row, (text, colour) in enumerate(lines, start=TOP + 3):
            canvas.write(row, 1, text, Style(colour=colour))


ENDS = ("MIN", "MAX")
LABEL_LENGTH = 60  # characters of a class, as a text in a formula holds 255
