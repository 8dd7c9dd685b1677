"""The sheet `Error surface`: E_total over the plane of two chosen weights, and the training's path.

All other weights have their values at the chosen iteration. Both axes have the same scale, because
only then is the gradient at right angles to the lines of equal error (Goodfellow, Bengio and
Courville, "Deep Learning" (2016), section 4.3).
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import nan

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import without_dollars
from sheetgen.spreadsheet.canvas import Canvas, Series
from sheetgen.spreadsheet.style import FINE, INK, KINDS, LABEL, NOTE, SECTION, Style
from sheetgen.workbook.plan import ERROR_SURFACE, Plan
from sheetgen.workbook.shared.alternative_texts import as_built, between, digits
from sheetgen.workbook.shared.axis import Known
from sheetgen.workbook.shared.grid import (
    BETWEEN,
    FIRST_ROW,
    FLAT,
    LEFT,
    NAME,
    SIDE,
    Grid,
    Grids,
    Picture,
    cells_between,
    is_flat,
    lines_beside,
    only_number,
)
from sheetgen.workbook.shared.live_text import Words, joined, literal, only_if
from sheetgen.workbook.shared.moment import Moment
from sheetgen.workbook.shared.page import write_headers, write_title, write_value
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.shared.table_cells import Table
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.error_surface.error_formulas import (
    ErrorValues,
    Passes,
    X,
    Y,
    part_text,
)
from sheetgen.workbook.sheets.error_surface.error_samples import FirstLayer, Samples
from sheetgen.workbook.sheets.error_surface.surface_size import fitting
from sheetgen.workbook.sheets.error_surface.two_weights import (
    GOOD,
    PLACES,
    WeightChoice,
    WeightPath,
)

COLOURS = ("#FFF3E6", "#FDBA74", "#DC2626")
START, END, HERE = "#15803D", INK, "#FACC15"
LINES, LEVELS = "#9A3412", 10  # of equal error


def error_surface_sheet(
    plan: Plan, sources: Sources, tables: Sequence[Table], workings: Workings
) -> Canvas | None:
    """Draw the sheet; return None if the network has a single weight or is too large."""
    found = fitting(plan.network, plan.data.samples)
    if found is None:
        return None
    start = workings.end
    sheet = _Sheet(plan, sources, tables, workings, *found[:3])
    sheet.draw()
    if workings.fits(start):
        return sheet.canvas
    workings.release(start)
    return None


class _Sheet:
    def __init__(
        self,
        plan: Plan,
        sources: Sources,
        tables: Sequence[Table],
        workings: Workings,
        samples: int,
        cut: int,
        size: int,
    ) -> None:
        self.plan, self.workings, network = plan, workings, plan.network
        self.canvas = canvas = Canvas(ERROR_SURFACE, tab_colour=KINDS["error"].strong)
        self.main, self.size = Picture(canvas, FIRST_ROW, LEFT, SIDE), size
        self.rows = lines_beside(self.main)
        at = next(self.rows), 2
        moment = Moment.ask(canvas, plan, tables, "error", at, workings)
        next(self.rows)
        self.choice = choice = WeightChoice(canvas, plan, moment, workings, self.rows)
        self.path = WeightPath(canvas.name, choice, workings, size)
        self.samples = shown = Samples(canvas.name, workings, sources, samples)
        first = FirstLayer(canvas.name, choice, shown, workings)

        def address(symbol: str, sample: int) -> str:
            if symbol in network.target_names:
                return without_dollars(shown.cell(symbol, sample))
            kind, _, name = symbol.partition(" ")
            if name in network.unit_names[0]:
                return first.address(name, sample, kind)
            return without_dollars(choice.addresses(name)[kind])

        self.passes = Passes(network, samples, cut, address)

    def draw(self) -> None:
        canvas, main = self.canvas, self.main
        canvas.widths.update({0: 2, 1: 28, 2: 14, 3: 9})
        canvas.heights[2] = 6
        text = (
            "E_total when two weights change and all others keep their values at the chosen "
            "iteration, and the path of the training."
        )
        write_title(canvas, 1, ERROR_SURFACE, text)
        errors = self._surface()
        main.ticks(self.path.axes)
        self._names()
        bar = main.colour_bar(*self._colours(errors), may_be_flat=True)
        bar.shade(canvas, main.place, COLOURS)
        level = f"MAX(0,{{cell}}-{bar.limits[0]})/{bar.width}"
        main.outline(f"INT({LEVELS}*SQRT({level}))", LINES)
        main.overlay(self._path(), self._told(errors))
        self._legend(errors)
        canvas.numbers.append((FIRST_ROW, 2, FIRST_ROW + main.size, 2))
        canvas.print_area = (0, 0, max(next(self.rows), main.place[2] + 4), main.place[3] + 4)

    def _surface(self) -> Array:
        """Write E_total at every point of the plane; return it (size²)."""
        size = self.size
        every = cells_between(size)
        across, up = np.meshgrid(*(axis.values[::every] for axis in self.path.axes))
        points = np.stack([across.ravel(), up.ravel()], axis=1)
        found = self._values(points)
        grids = Grids(
            self.workings.block(self.canvas.name, "E_total over the plane", size, 10), size
        )
        parts: dict[str, Grid] = {}
        for part in self.passes.parts:
            sample, symbol = part
            parts[part_text(part)] = grids.add(
                f"{symbol}, {sample + 1}",
                partial(self._at, self.passes.formula(part), dict(parts)),
                found.part(part),
            )
        formula = partial(self._at, self.passes.error_formula(), parts)
        self.grid = grids.add("E_total", formula, found.errors)
        self.main.show(self.grid, found.errors)
        return found.errors

    def _at(self, text: str, parts: dict[str, Grid], across: int, up: int) -> str:
        """Return an expression with the addresses of a point in place of the placeholders."""
        (x, y), every = self.path.axes, cells_between(self.size)
        found = text.replace(X, x.read_cell(across * every)).replace(Y, y.read_cell(up * every))
        for name, grid in parts.items():
            if name in found:
                found = found.replace(name, grid.address(across, up))
        return found

    def _values(self, points: Array) -> ErrorValues:
        samples = self.samples
        return ErrorValues(self.choice, self.passes, samples.inputs, samples.targets, points)

    def _colours(self, errors: Array) -> tuple[Known, Known]:
        """Write the errors that are palest and red into a block; return them."""
        corner, cells = self.workings.block(self.canvas.name, "The colours", 2), self.grid.range
        least, most = (corner.local(row, 1) for row in (1, 2))
        low, high = float(errors.min()), float(errors.max())
        self.is_flat = is_flat(low, high)
        self.flat = f"{corner.absolute(3, 1)}=1"
        rows = (
            ("smallest", f"=MIN({cells})", low),
            ("largest", f"=MAX({cells})", high),
            ("flat", f"=IF({most}-{least}<{FLAT}*MAX(1,{most}),1,0)", int(self.is_flat)),
        )
        at = corner.row, corner.column
        write_headers(corner.canvas, *at, ("E_total", ""), "error")
        for row, (name, formula, value) in enumerate(rows, start=corner.row + 1):
            write_value(corner.canvas, row, corner.column, name, formula, value, "error")
        return (corner.absolute(1, 1), low), (corner.absolute(2, 1), high)

    def _here(self) -> Known:
        """Write E_total at the chosen moment into a block, part by part; return it."""
        corner, path = self.workings.block(self.canvas.name, "At this iteration", 2), self.path
        found = self._values(path.points[-1:])
        cells = {X: path.corner.local(path.here, 1), Y: path.corner.local(path.here, 2)}

        def complete(text: str) -> str:
            for name, cell in cells.items():
                text = text.replace(name, cell)
            return f"={text}"

        write_headers(corner.canvas, corner.row, corner.column, ("quantity", "value"), "error")
        for at, part in enumerate(self.passes.parts, start=1):
            sample, symbol = part
            formula, value = complete(self.passes.formula(part)), float(found.part(part)[0])
            place, name = (corner.row + at, corner.column), f"{symbol}, {sample + 1}"
            write_value(corner.canvas, *place, name, formula, value, "helper")
            cells[part_text(part)] = corner.local(at, 1)
        last = len(self.passes.parts) + 1
        formula, value = complete(self.passes.error_formula()), float(found.errors[0])
        value = value if path.is_drawn[-1] else nan
        place = corner.row + last, corner.column
        write_value(corner.canvas, *place, "E_total", formula, value, "error")
        return corner.absolute(last, 1), value

    def _names(self) -> None:
        """Write what is shown, and the names of the chosen weights at the axes."""
        canvas, main, controls = self.canvas, self.main, self.plan.controls
        row, style = main.place[2] + 3, replace(NAME, colour=KINDS["weight"].strong)
        across, down = (each.rpartition("!")[2] for each in self.choice.chosen)
        canvas.calculate(row, LEFT, f'={across}&" →"', f"{controls.error_across} →", style)
        canvas.merges.append((row, LEFT, row, main.place[3]))
        formula, value = f'="↑ "&{down}', f"↑ {controls.error_down}"
        at = FIRST_ROW - 1, LEFT - 2
        canvas.calculate(*at, formula, value, replace(style, align="right"))
        every, shown = self.plan.data.samples, len(self.samples.inputs)
        text = "E_total"
        if every > 1:
            count = f"all {every:,}" if shown == every else f"{shown:,} of {every:,}"
            text += f", the mean of {count} samples"
        canvas.write(FIRST_ROW - 1, LEFT, text, SECTION)

    def _path(self) -> list[Series]:
        """Return the line of the path, with its start, its end and the chosen moment."""
        path = self.path

        def line(first: int, last: int) -> Series:
            x, y = (path.range(offset, first, last) for offset in (PLACES, PLACES + 1))
            return Series(x, y, colour=INK, width=2.25)

        def point(row: int, fill: str, symbol: str, size: int = 9) -> Series:
            return replace(line(row, row), marker_size=size, marker_fill=fill, symbol=symbol)

        last = path.here - 1
        return [
            line(1, last),
            point(1, START, "triangle"),
            point(last, END, "square"),
            point(path.here, HERE, "circle", 15),
        ]

    def _told(self, errors: Array) -> str:
        controls, points = self.plan.controls, self.path.points
        ends = (
            f"{controls.error_across} = {digits(across)} and {controls.error_down} = {digits(up)}"
            for across, up in (points[0], points[-2])
        )
        told = f"it leads from {' to '.join(ends)}; E_total lies {between(errors)}"
        return as_built("The path of the training over the error surface", told)

    def _legend(self, errors: Array) -> None:
        """Say left of the surface what it shows."""
        canvas, main, rows = self.canvas, self.main, self.rows
        style = Style(number_format=FINE, align="right")
        (here, value), shown = self._here(), f"COUNT({main.range})>0"
        every, some = self.plan.data.samples, len(self.samples.inputs)
        of_some = ""
        if some < every:
            of_some = f" ({some:,} of {every:,})"
            canvas.widths[1] = 32
        lines = (
            ("smallest E_total shown", f'=IF({shown},MIN({main.range}),"none")', errors.min()),
            ("largest E_total shown", f'=IF({shown},MAX({main.range}),"none")', errors.max()),
            (f"E_total at this iteration{of_some}", only_number(here), value),
        )
        for title, formula, result in lines:
            row = next(rows)
            canvas.write(row, 1, title, LABEL)
            canvas.calculate(row, 2, formula, float(result), style)
        remark, style = self._remark(shown, errors), replace(NOTE, colour=LINES)
        canvas.calculate(next(rows), 1, remark.formula, remark.text, style)
        next(rows)
        cell, iteration = self.path.end
        end = joined("■  iteration ", Words(cell, str(iteration)), ", where the path ends")
        canvas.write(next(rows), 1, "▲  iteration 0, where the path begins", Style(colour=START))
        canvas.calculate(next(rows), 1, end.formula, end.text, Style(colour=END))
        marks = (
            ("●  the chosen iteration", "#8A5A00"),
            ("━  the path of the two weights", INK),
            ("│  along a thin line E_total is the same;", LINES),
            ("    small errors have more of them", LINES),
        )
        for text, colour in marks:
            canvas.write(next(rows), 1, text, Style(colour=colour))
        self._notes()

    def _remark(self, shown: str, errors: Array) -> Words:
        """Return what is to be said of a surface that is flat, or of a training that diverges."""
        path = self.path
        points, (cell, iteration) = path.here - 1, path.end
        ends = joined(
            "the weights diverge: the path ends at iteration ", Words(cell, str(iteration))
        )
        flat = literal("E_total is the same everywhere on this picture")
        words = only_if(self.flat, self.is_flat, flat)
        is_short = f"SUM({path.range(GOOD, 1, points)})<{points}"
        words = only_if(is_short, path.drawn < points, ends, words)
        none = literal("nothing to show: the training has diverged")
        words = Words(f"IF({shown},{words.expression},{none.expression})", words.text)
        return words if np.isfinite(errors).all() else Words(words.expression, nan)

    def _notes(self) -> None:
        every, shown = self.plan.data.samples, len(self.samples.inputs)
        text = "at other points of the path the other weights were different"
        self.canvas.write(next(self.rows), 1, text, NOTE)
        self.canvas.write(next(self.rows), 1, "both axes have the same scale", NOTE)
        if self.size < SIDE:
            self.canvas.write(next(self.rows), 1, BETWEEN, NOTE)
        if shown < every:
            text = f"means of {shown:,} samples that stand for all {every:,}"
            self.canvas.write(next(self.rows), 1, text, NOTE)
