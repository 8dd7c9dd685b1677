"""The sheet `Error surface`: E_total over the plane of two chosen weights, and the training's path.

All other weights have their values at the chosen iteration. Both axes have the same scale, because
only then is the gradient at right angles to the lines of equal error (Goodfellow, Bengio and
Courville, "Deep Learning" (2016), section 4.3).
"""

from collections.abc import Sequence
from dataclasses import replace
from math import nan

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import MAXIMUM_FORMULA, cell_address, without_dollars
from sheetgen.spreadsheet.canvas import Canvas, HeatMap, Series
from sheetgen.spreadsheet.style import (
    FINE,
    INK,
    KINDS,
    LABEL,
    NOTE,
    SECTION,
    Style,
    number,
)
from sheetgen.workbook.plan import ERROR_SURFACE, Plan
from sheetgen.workbook.shared.grid import NAME, SIZES, Grid
from sheetgen.workbook.shared.live_text import literal, only_if
from sheetgen.workbook.shared.moment import Moment
from sheetgen.workbook.shared.page import longest_formula, write_title
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.shared.table_cells import Table
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.error_surface.error_formulas import (
    CUTS,
    LONGEST,
    ErrorValues,
    FirstLayer,
    Passes,
    Samples,
    X,
    Y,
    part_text,
)
from sheetgen.workbook.sheets.error_surface.two_weights import WeightChoice, WeightPath

FORMULAS = 8000  # of the surface
CHARACTERS = 2_500_000  # of those formulas, which all programs read in a second or two
FIRST_LAYER = 1000  # units times samples that have cells of their own
FINEST = 21  # cells a side
CONSTANT = "1E-12"  # relative: errors that differ by less are the same up to rounding
TOP, LEFT = 9, 5  # the surface's upper left cell
COLOURS = ("#FFFFFF", "#FDBA74", "#DC2626")
START, END = "#16A34A", INK
HERE = "#FACC15"
LINES, LEVELS = "#9A3412", 10  # of equal error


def error_surface_sheet(
    plan: Plan, sources: Sources, tables: Sequence[Table], workings: Workings
) -> Canvas | None:
    """Draw the sheet; return None if the network has a single weight or is too large."""
    found = _fitting(plan)
    if len(plan.network.parameters) < 2 or found is None:
        return None
    sheet = _Sheet(plan, sources, tables, workings, *found)
    sheet.draw()
    return None if longest_formula(sheet.canvas) > MAXIMUM_FORMULA else sheet.canvas


def _fitting(plan: Plan) -> tuple[int, int, int] | None:
    """Return the number of samples shown (all or one), the cut, and the cells along a side."""
    network, every = plan.network, plan.data.samples
    for samples in dict.fromkeys((every, 1)):
        if samples * network.layers[0].units > FIRST_LAYER:
            continue
        cuts = [cut for cut in CUTS if cut or not network.layers[-1].activation.acts_on_layer]
        sizes = {
            cut: found
            for cut in cuts
            if (found := Passes(network, samples, cut, lambda *_: "AAA999").size())
        }
        least = SIZES[-1] if samples == 1 else SIZES[-2]
        for size in (size for size in SIZES if least <= size <= FINEST):
            fitting = [
                (characters, cut)
                for cut, (formulas, characters, longest) in sizes.items()
                if size * size * formulas <= FORMULAS
                and size * size * characters <= CHARACTERS
                and longest <= LONGEST
            ]
            if fitting:
                return samples, min(fitting)[1], size
    return None


class _Sheet:
    """`helpers` is the first helper column, `cells` the first that the error is computed from."""

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
        self.plan, network = plan, plan.network
        self.canvas = canvas = Canvas(ERROR_SURFACE, tab_colour=KINDS["error"].strong)
        self.main = Grid(canvas, TOP, LEFT, size)
        self.helpers = helpers = LEFT + size + 3
        self.cells = helpers + 26
        moment = Moment.ask(canvas, plan, tables, "error", (3, 2), workings)
        self.choice = choice = WeightChoice(canvas, plan, moment, (5, 2), (TOP - 1, helpers + 2))
        self.path = WeightPath(canvas, choice, (TOP - 1, helpers + 9), size)
        if samples == 1 and plan.data.samples > 1:
            shown = Samples.of_row(canvas, choice, (TOP - 1, helpers + 18))
        else:
            shown = Samples.all(choice, sources)
        first = FirstLayer(choice, shown, TOP, helpers + 21)
        first.draw(canvas)

        def address(symbol: str, sample: int) -> str:
            if symbol in network.target_names:
                return shown.cell(symbol, sample)
            kind, _, name = symbol.partition(" ")
            if name in network.unit_names[0]:
                return first.address(name, sample, kind)
            return without_dollars(choice.addresses(name)[kind])

        self.samples, self.passes = shown, Passes(network, samples, cut, address)

    def draw(self) -> None:
        canvas, main = self.canvas, self.main
        canvas.widths.update({0: 2, 1: 28, 2: 13, 3: 8})
        canvas.widths.update(dict.fromkeys(range(self.helpers, self.cells + 1), 16))
        text = (
            "E_total when two weights change and all others keep their values at the chosen "
            "iteration, and the path of the training."
        )
        write_title(canvas, 1, "Error surface", text)
        title = "Cells behind: the weights at this iteration, the path, the samples’ part"
        canvas.write(1, self.helpers, title, SECTION)
        axes = self.path.axes
        values = np.array([[axis.value(k) for k in range(main.size)] for axis in axes])
        errors = self._surface(values)
        main.squares()
        main.axes(axes, (str, str), values)
        self._names()
        canvas.heat_maps.append(HeatMap(main.place, COLOURS))
        least, most = (cell_address(TOP + at, 2) for at in range(2))
        level = f"MAX(0,({{cell}}-{least})/({most}-{least}))"
        main.outline(f"INT({LEVELS}*SQRT({level}))", LINES)
        main.overlay(self._path(), "The path of the training over the error surface")
        self._legend(errors)
        canvas.shorten(2, 2)
        canvas.shorten(self.helpers, self.cells)
        canvas.print_area = (0, 0, main.place[2] + 6, main.place[3] + 1)

    def _surface(self, values: Array) -> Array:
        """Write E_total at every point of the grid; return it (size, size)."""
        main, size = self.main, self.main.size
        across, up = np.meshgrid(*values)
        points = np.stack([across.ravel(), up.ravel()], axis=1)
        found = self._values(points)
        grids: dict[str, Grid] = {}
        for place, part in enumerate(self.passes.parts):
            grid = Grid(self.canvas, TOP, self.cells + 1 + place * (size + 1), size)
            self._fill(grid, self.passes.formula(part), grids, found.part(part))
            grid.squares()
            self.canvas.heat_maps.append(HeatMap(grid.place))
            sample, symbol = part
            self.canvas.write(TOP - 1, grid.column, f"{symbol}, {sample + 1}", LABEL)
            grids[part_text(part)] = grid
        self._fill(main, self.passes.error_formula(), grids, found.errors)
        return found.errors

    def _values(self, points: Array) -> ErrorValues:
        samples = self.samples
        return ErrorValues(self.choice, self.passes, samples.inputs, samples.targets, points)

    def _fill(self, grid: Grid, text: str, grids: dict[str, Grid], values: Array) -> None:
        used = {name: each for name, each in grids.items() if name in text}

        def formula(across: int, up: int) -> str:
            found = text.replace(X, self.main.below(across)).replace(Y, self.main.beside(up))
            for name, each in used.items():
                found = found.replace(name, each.address(across, up))
            return found

        grid.fill(formula, values.reshape(grid.size, grid.size))

    def _here(self, row: int) -> tuple[str, float]:
        """Write a cell for each part at the chosen moment; return E_total's formula and value."""
        here, column = self.path.here, self.cells - 1
        x, y = (cell_address(here, self.path.column + offset) for offset in (1, 2))
        found, cells = self._values(self.path.points[-1:]), {X: x, Y: y}

        def complete(text: str) -> str:
            for name, cell in cells.items():
                text = text.replace(name, cell)
            return text

        for place, part in enumerate(self.passes.parts, start=row):
            formula = f"={complete(self.passes.formula(part))}"
            value = float(found.part(part)[0])
            self.canvas.calculate(place, column, formula, value, number("helper", FINE))
            cells[part_text(part)] = cell_address(place, column)
        return complete(self.passes.error_formula()), float(found.errors[0])

    def _names(self) -> None:
        """Write the names of the chosen weights at the axes."""
        canvas, main, controls = self.canvas, self.main, self.plan.controls
        row, style = main.place[2] + 3, replace(NAME, colour=KINDS["weight"].strong)
        across, down = self.choice.chosen
        canvas.calculate(row, LEFT, f'={across}&" →"', f"{controls.error_across} →", style)
        canvas.merges.append((row, LEFT, row, main.place[3]))
        formula, value = f'="↑ "&{down}', f"↑ {controls.error_down}"
        canvas.calculate(TOP - 1, LEFT - 2, formula, value, replace(style, align="right"))
        every, text = self.plan.data.samples, "E_total"
        if every > 1:
            text += f", the mean of all {every} samples"
        if every > len(self.samples.inputs):
            text = "E_total of the sample of the chosen iteration"
        canvas.write(TOP - 1, LEFT, text, SECTION)

    def _path(self) -> list[Series]:
        """Return the line of the path, with its start, its end and the chosen moment."""
        path, first, last = self.path, self.path.row, self.path.here - 1

        def series(rows: tuple[int, int], colour: str, size: int = 0, fill: str = "") -> Series:
            x, y = (path.range(offset, *rows) for offset in (3, 4))
            return Series(x, y, colour=colour, width=2.25, marker_size=size, marker_fill=fill)

        return [
            series((first, last), INK),
            series((first, first), INK, 9, START),
            series((last, last), INK, 9, END),
            series((path.here, path.here), INK, 11, HERE),
        ]

    def _legend(self, errors: Array) -> None:
        """Say left of the surface what it shows."""
        canvas, main = self.canvas, self.main
        formula, value = self._here(TOP)
        style = Style(number_format=FINE, align="right")
        lines = (
            ("smallest E_total shown", f"=MIN({main.range})", float(errors.min())),
            ("largest E_total shown", f"=MAX({main.range})", float(errors.max())),
            ("E_total at this iteration", f"={formula}", value),
        )
        for row, (title, text, result) in enumerate(lines, start=TOP):
            canvas.write(row, 1, title, LABEL)
            canvas.calculate(row, 2, text, result, style)
        least, most = (cell_address(TOP + at, 2) for at in range(2))
        spread = f"{most}-{least}<{CONSTANT}*MAX(1,{most})"
        text = "the same everywhere: these two weights change nothing here"
        is_constant = bool(np.ptp(errors) < float(CONSTANT) * max(1.0, errors.max()))
        told = only_if(spread, is_constant, literal(text))
        shown = told.text if np.isfinite(errors).all() else nan
        canvas.calculate(TOP + 3, 1, told.formula, shown, replace(NOTE, colour=LINES))
        marks = (
            ("●  iteration 0", START),
            (f"●  iteration {self.plan.template.iterations:,}, the last one", END),
            ("●  the chosen iteration", "#CA8A04"),
            ("━  the path of the two weights", INK),
            ("│  along a thin line E_total is the same", LINES),
        )
        for row, (text, colour) in enumerate(marks, start=TOP + 4):
            canvas.write(row, 1, text, Style(colour=colour))
        notes = (
            "White is the smallest error shown, red the largest. Both axes have the same scale.",
            "This is the surface at the chosen iteration: it changes when other weights change.",
        )
        for row, text in enumerate(notes, start=main.place[2] + 5):
            canvas.write(row, 1, text, NOTE)
