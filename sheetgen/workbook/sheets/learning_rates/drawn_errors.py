"""The errors as the charts of the comparison draw them, and how far their axes reach."""

from dataclasses import dataclass, replace
from math import isfinite, nan

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.network.wording import exponent, exponent_of
from sheetgen.spreadsheet.address import column_letters, range_address
from sheetgen.spreadsheet.agreement import DIVERGED
from sheetgen.spreadsheet.block import Block
from sheetgen.spreadsheet.canvas import Series
from sheetgen.spreadsheet.style import FINE, WHOLE, look, number
from sheetgen.workbook.shared.curves import cell_of
from sheetgen.workbook.shared.live_text import Fact, Words, joined, literal, only_if
from sheetgen.workbook.shared.page import fit_errors, write_headers
from sheetgen.workbook.shared.workings import Corner, Workings
from sheetgen.workbook.sheets.learning_rates.comparison_columns import (
    HEADER,
    TABLE,
    Comparison,
    beside,
)
from sheetgen.workbook.sheets.training_table import DIVERGES


@dataclass(frozen=True)
class Drawn:
    """What the charts draw: a column for each curve, and behind them those of the test samples.

    `columns` are the addresses, `names` those of the curves' names; `leaving` has the point at
    which each curve first leaves the charts. `greatest` is the point that stretches every small
    chart to the same scale, and `remark` says what is left out.
    """

    columns: tuple[str, ...]
    names: tuple[str, ...]
    leaving: tuple[Series, ...]
    greatest: Series
    remark: Words


def write_drawn(sheet: Comparison, workings: Workings) -> Drawn:
    """Write the errors as the charts draw them: none above a bound, however much one diverges.

    Where a curve passes the bound it is drawn at it once, and not any more from there on.
    """
    errors = np.array(sheet.errors)
    cells = [beside(sheet.canvas, TABLE + 1 + place) for place in range(len(errors))]
    scale = _Scale(sheet, workings, cells, errors)
    bound = scale.bound
    title = f"{sheet.error} as the charts draw it"
    corner = workings.block(sheet.canvas.name, title, len(errors), 16)
    canvas, row, column = corner.canvas, corner.row, corner.column
    names = tuple(_legend(sheet, corner, index) for index in range(len(errors)))
    formulas = []
    _, _, most = bound.cell.rpartition("!")  # it is on this sheet
    for place, cell in enumerate(cells):
        was_within = f"N({column_letters(column + place)}{{previous}})<{most}"
        is_within = f"IF(ISNUMBER({cell}),{cell}<={most},0)"
        formulas.append(f"=IF({is_within},{cell},IF({was_within},{most},NA()))")
    values = tuple(_cut(curve, bound.number) for curve in errors)
    styles = (number("helper", FINE),) * len(errors)
    canvas.blocks.append(Block(row, column, tuple(formulas), values, styles))
    last = row + sheet.steps - 1
    fit_errors(canvas, (row, column, last, column + len(errors) - 1))
    columns = tuple(canvas.range(row, at, last, at) for at in range(column, column + len(errors)))
    leaving = _leaving(sheet, workings, columns, values, bound)
    return Drawn(columns, names, leaving, scale.point(), scale.remark)


def _cut(errors: Array, bound: float) -> Array:
    """Return a curve with nan in place of what is above a bound, the first of it at the bound."""
    is_within = errors <= bound
    was_within = np.concatenate([[True], errors[:-1] < bound])
    return np.where(is_within, errors, np.where(was_within, bound, np.nan))


def _legend(sheet: Comparison, corner: Corner, index: int) -> str:
    """Write the name of a curve for the legend, with the remark that it diverges."""
    canvas, at = sheet.canvas, (corner.row - 1, corner.column + index)
    name = sheet.header(index)
    words = Words(canvas.absolute(*name), str(canvas.value(*name)))
    if index < sheet.count:
        divergence = sheet.curves[index].divergence
        has_diverged = f'{divergence.expression}<>""', bool(divergence.text)
        words = joined(words, only_if(*has_diverged, literal(f" {DIVERGES}")))
    corner.canvas.calculate(*at, words.formula, words.text, HEADER)
    return corner.canvas.absolute(*at)


def _leaving(
    sheet: Comparison,
    workings: Workings,
    columns: tuple[str, ...],
    drawn: tuple[Array, ...],
    bound: Fact,
) -> tuple[Series, ...]:
    """Write where each curve first leaves the charts; return the points, each with a label.

    Of a curve that does so at once, nothing else would be seen. A curve that never does has a
    point below the axis, where none is drawn.
    """
    if sheet.steps == 1:  # ironcalc finds nothing in a range of one cell
        return ()
    corner = workings.block(sheet.canvas.name, "Where a curve leaves the charts", 1 + sheet.count)
    corner.write(-1, 0, "", HEADER)
    for down, title in enumerate(("row", sheet.step, sheet.error, "label")):
        corner.write(down, 0, title)
    first, found = sheet.curves[0].first, []
    for at, (column, errors) in enumerate(zip(columns[: sheet.count], drawn, strict=False), 1):
        header = sheet.header(at - 1)
        name = str(sheet.canvas.value(*header))
        corner.calculate(-1, at, sheet.canvas.absolute(*header), name, HEADER)
        places = [*(1 + np.flatnonzero(errors == bound.number)), 0]
        match = f"MATCH({bound.cell},{column},0)"
        place = corner.calculate(0, at, f"IF(ISNUMBER({match}),{match},0)", int(places[0]), PLACE)
        step, leaves = max(int(places[0]), 1) - 1, places[0] > 0
        formula = f"INDEX({sheet.steps_column},MAX(1,{place}))"
        x = corner.calculate(1, at, formula, step + first, PLACE)
        formula, value = (
            f"IF({place}>0,1,-1)*{bound.cell}",
            bound.number if leaves else -bound.number,
        )
        y = corner.calculate(2, at, formula, value, number("helper", FINE))
        words = only_if(f"{place}>0", leaves, literal("↑ beyond"), literal(" "))
        label = corner.calculate(3, at, words.expression, words.text)
        colour = look(at - 1).colour
        side = "left" if 2 * step > sheet.steps else "right"
        point = Series(x, y, label, colour, marker_size=6, marker_fill=colour, label=side)
        found.append(replace(point, in_legend=False))
    return tuple(found)


class _Scale:
    """The block that says up to where the charts draw errors, and how far they reach.

    `bound` is a little less than a round number some way above the largest first error, so that
    an axis ends with that number. Curves that diverge do not count; if all do, E_total at
    iteration 0 does. `most` is the greatest of all errors.
    """

    def __init__(
        self, sheet: Comparison, workings: Workings, cells: list[str], errors: Array
    ) -> None:
        self._sheet, self._down, fine = sheet, 0, number("helper", FINE)
        self._corner = workings.block(sheet.canvas.name, "The scale of the charts", 3)
        canvas, row, column = self._corner.canvas, self._corner.row, self._corner.column
        write_headers(canvas, row - 1, column, ("greatest of each step", "", "value"))
        # A word in place of a number counts as the least error that has one.
        every = f"{cells[0]}:{cells[-1].rpartition('!')[2]}"
        formula = f"=MAX({every},IF(COUNT({every})<{len(cells)},{DIVERGED:.0f},0))"
        greatest = np.where(np.isnan(errors), DIVERGED, errors).max(axis=0)
        canvas.blocks.append(Block(row, column, (formula,), (greatest,), (fine,)))
        self.bound = self._bound()
        every = range_address(row, column, row + sheet.steps - 1, column)
        self.most = self._write("greatest of all", f"MAX({every})", float(greatest.max()))
        fit_errors(canvas, (row, column, row + sheet.steps - 1, column))
        fit_errors(canvas, (row, column + 2, row + SCALE_ROWS, column + 2))

    def _write(self, name: str, formula: str, value: float, form: str = FINE) -> Fact:
        self._corner.write(self._down, 1, name)
        cell = self._corner.calculate(self._down, 2, formula, value, number("helper", form))
        self._down += 1
        return Fact(cell, value)

    def _bound(self) -> Fact:
        curves = self._sheet.curves
        firsts = (f'IF({each.divergence.expression}="",{each.cell(0)},0)' for each in curves)
        value = max(0.0 if each.divergence.text else float(each.values[0]) for each in curves)
        first = self._write("largest first error", f"MAX({','.join(firsts)})", value)
        start, value = curves[0].start, ROOM * (value or curves[0].start_error or 1.0)
        instead = f"IF({first.cell}>0,{first.cell},IF({start}>0,{start},1))"
        least = self._write("with room above it", f"{ROOM}*{instead}", value)
        value = 10.0 ** exponent_of(value) if isfinite(value) else nan
        power = self._write("its power of ten", f"10^{exponent(least.cell)}", value)
        steps = (f"IF({least.cell}<={each}*{power.cell},{each}," for each in ROUND)
        factor = next((each for each in ROUND if least.number <= each * power.number), 10)
        formula = f"{power.cell}*{''.join(steps)}10{')' * len(ROUND)}"
        edge = self._write("end of the axis", formula, factor * power.number)
        return self._write("drawn up to", f"{BELOW_EDGE}*{edge.cell}", BELOW_EDGE * edge.number)

    @property
    def remark(self) -> Words:
        """What is to be said of errors that are not drawn, if there are any."""
        bound, most = self.bound, self.most
        words = joined("; errors above ", bound.words, " are not drawn")
        return only_if(f"{most.cell}>{bound.cell}", most.number > bound.number, words)

    def point(self) -> Series:
        """Return the greatest error that is drawn, at the last step."""
        bound, most, sheet = self.bound, self.most, self._sheet
        value = min(bound.number, most.number)
        drawn = self._write("greatest drawn", f"MIN({bound.cell},{most.cell})", value)
        end = sheet.curves[0].first + sheet.steps - 1
        step = self._write(f"last {sheet.step}", cell_of(sheet.steps_column, -1), end, "0")
        return Series(step.cell, drawn.cell, self._corner.absolute(-1, 0), in_legend=False)


PLACE = number("helper", WHOLE)
SCALE_ROWS = 7  # at most, of the scale of the charts, behind its first
ROUND, ROOM = (1, 2, 3, 5), 1.6
BELOW_EDGE = 0.95
"""Programs end an axis with the next round number above all of 0.95 of it, and not with the one
behind that."""
