"""The sheet `Decision surface`: a network's output over the plane of two of its inputs.

The network runs at the chosen iteration. The hidden units' activations over the plane are shown
beside the output.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sheetgen.network.activations import Array
from sheetgen.network.network import Network
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import HIGHER, INK, KINDS, LABEL, LOWER, MUTED, VALUE, Style
from sheetgen.workbook.plan import DECISION_SURFACE, Plan
from sheetgen.workbook.shared.alternative_texts import as_built, between, digits
from sheetgen.workbook.shared.axis import Known
from sheetgen.workbook.shared.chosen_output import ChosenOutput
from sheetgen.workbook.shared.grid import (
    BETWEEN,
    FIRST_ROW,
    LEFT,
    NAME,
    SIDE,
    SIZES,
    Grid,
    Picture,
    lines_beside,
)
from sheetgen.workbook.shared.live_text import joined
from sheetgen.workbook.shared.moment import Moment, Snapshot
from sheetgen.workbook.shared.page import write_headers, write_title, write_value
from sheetgen.workbook.shared.samples_list import MOST, SamplesList
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.shared.table_cells import Table
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.decision_surface.plane import Plane
from sheetgen.workbook.sheets.decision_surface.unit_grids import CHOSEN, UnitGrids, grids_of
from sheetgen.workbook.sheets.decision_surface.unit_pictures import UnitPictures

FORMULAS = 5500  # of all grids at most, as long as these need not be too coarse
MOST_FORMULAS = 8000  # with more there is no such sheet


def side_of(network: Network) -> int:
    """Return the points along a side of each grid, 0 if there is no such sheet: not of pictures."""
    grids = grids_of(network)
    size = next((size for size in SIZES if grids * size**2 <= FORMULAS), SIZES[-1])
    if network.inputs < 2 or not network.is_dense:
        return 0
    return 0 if grids * size**2 > MOST_FORMULAS else size


def formulas_of_decisions(network: Network) -> int:
    """Return about how many formulas the sheet has: its grids, and the pictures of them."""
    grids, size = grids_of(network), side_of(network)
    return grids * size**2 + (SIDE**2 + (grids - 1) * (SIDE // 2) ** 2 if size else 0)


def decision_surface_sheet(
    plan: Plan, sources: Sources, tables: Sequence[Table], workings: Workings
) -> Canvas | None:
    """Draw the sheet; return None if the network has a single input or is too large."""
    size = side_of(plan.network)
    if not size:
        return None
    start, canvas = workings.end, Canvas(DECISION_SURFACE, tab_colour=KINDS["unit"].strong)
    main = Picture(canvas, FIRST_ROW, LEFT, SIDE)
    _Sheet(plan, workings, main).draw(sources, tables, size)
    if workings.fits(start):
        return canvas
    workings.release(start)
    return None


@dataclass(frozen=True)
class _Sheet:
    plan: Plan
    workings: Workings
    main: Picture

    @property
    def canvas(self) -> Canvas:
        return self.main.canvas

    def draw(self, sources: Sources, tables: Sequence[Table], size: int) -> None:
        """Draw it; `size` is that of the grids."""
        canvas, main, plan, workings = self.canvas, self.main, self.plan, self.workings
        self._head()
        rows = lines_beside(main)
        moment = Moment.ask(canvas, plan, tables, "surface", (next(rows), 2), workings)
        next(rows)
        at = (next(rows) if plan.network.outputs > 1 else FIRST_ROW), 2
        chosen = ChosenOutput(canvas, plan, workings, at)
        plane = Plane(canvas, plan, sources, workings, rows)
        corner = workings.block(canvas.name, "The weights at this iteration", 2)
        at = corner.row, corner.column
        snapshot = Snapshot(corner.canvas, plan.network, moment, at)
        units = UnitGrids(plane, snapshot, chosen, workings, size)
        samples = SamplesList(canvas.name, workings, sources, chosen, plane.samples())
        values = units.values[CHOSEN]
        shown = main.show(units.grids[CHOSEN], values)
        main.ticks(units.axes)
        self._names(chosen, plane)
        low, middle, high = self._colours(samples, units.grids[CHOSEN], values)
        bar = main.colour_bar(low, high)
        bar.shade(canvas, main.place)
        if limits := plan.network.layers[-1].activation.limits:
            main.outline(f"({{cell}}>={limits[1]:g})")
        points = samples.points(units.axes, middle)
        main.overlay(points, self._told(samples.targets, middle[1], shown))
        self._legend(rows, plane, shown)
        pictures = UnitPictures(main, units)
        canvas.numbers.append((FIRST_ROW, 2, FIRST_ROW + main.size, 2))
        last = max(next(rows), pictures.last[0])
        canvas.print_area = (0, 0, last, pictures.last[1])

    def _head(self) -> None:
        self.canvas.widths.update({0: 2, 1: 28, 2: 14, 3: 8})
        inputs = "its two inputs" if self.plan.network.inputs == 2 else "two of its inputs"
        text = (
            f"The network’s output for all values of {inputs}. "
            "Type another iteration and watch it learn."
        )
        write_title(self.canvas, 1, DECISION_SURFACE, text)
        self.canvas.heights[2] = 6

    def _names(self, chosen: ChosenOutput, plane: Plane) -> None:
        """Write what the picture shows, and the names of its axes."""
        canvas, place = self.canvas, self.main.place
        chosen.write_title(canvas, FIRST_ROW - 1, LEFT)
        row = place[2] + 3
        across, up = joined(plane.title(0), " →"), joined("↑ ", plane.symbol(1))
        canvas.calculate(row, LEFT, across.formula, across.text, NAME)
        canvas.merges.append((row, LEFT, row, place[3]))
        style = replace(NAME, align="right")
        canvas.calculate(FIRST_ROW - 1, LEFT - 2, up.formula, up.text, style)

    def _colours(
        self, samples: SamplesList, grid: Grid, values: Array
    ) -> tuple[Known, Known, Known]:
        """Write the numbers that are blue, grey and orange; return their addresses and values.

        Grey is the middle of the activation, or if that has no limits, of the targets.
        """
        corner = self.workings.block(self.canvas.name, "The colours", 2)
        expression, middle = samples.middle()
        cell = corner.local(2, 1)
        reach = f"MAX(MAX({grid.range})-{cell},{cell}-MIN({grid.range}))"
        half = float(max(values.max() - middle, middle - values.min())) or 1.0
        expressions = [f"{cell}{sign}IF({reach}>0,{reach},1)" for sign in "-+"]
        expressions.insert(1, expression)
        numbers: Sequence[float] = (middle - half, middle, middle + half)
        if limits := self.plan.network.layers[-1].activation.limits:
            numbers, expressions = limits, [f"{limit:g}" for limit in limits]
        write_headers(corner.canvas, corner.row, corner.column, ("colour", "number"))
        found = []
        for at, name in enumerate(("blue", "grey", "orange"), start=1):
            place, value = (corner.row + at, corner.column), numbers[at - 1]
            formula = f"={expressions[at - 1]}"
            write_value(corner.canvas, *place, name, formula, value, "helper")
            found.append((corner.absolute(at, 1), value))
        return found[0], found[1], found[2]

    def _told(self, targets: Array, middle: float, shown: Array) -> str:
        below = int((targets < middle).sum())
        what = f"{len(targets)} samples on the plane of the inputs, coloured by the output"
        told = f"{below} with a target below {digits(middle)}, {len(targets) - below} with more"
        return as_built(what, f"{told}; the output lies {between(shown)}")

    def _legend(self, rows: Iterator[int], plane: Plane, shown: Array) -> None:
        """Say left of the picture what the points and the line mean."""
        canvas, network, data = self.canvas, self.plan.network, self.plan.data
        next(rows)
        for function, title, value in (
            ("MIN", "smallest output shown", float(shown.min())),
            ("MAX", "largest output shown", float(shown.max())),
        ):
            row = next(rows)
            canvas.write(row, 1, title, LABEL)
            formula = f'=IF(COUNT({self.main.range})>0,{function}({self.main.range}),"none")'
            canvas.calculate(row, 2, formula, value, Style(number_format=VALUE, align="right"))
        next(rows)
        limits = network.layers[-1].activation.limits
        middle = f"{limits[1]:g}" if limits else "the middle"
        lines = [
            (f"●  sample, its target below {middle}", LOWER),
            (f"■  sample, its target {middle} or more", HIGHER),
        ]
        if not limits:
            lines.append(("grey: the middle of all targets", MUTED))
        if data.is_one_hot:
            lines = [("■  sample of this class", HIGHER), ("●  sample of another class", LOWER)]
        if limits:
            lines.append((f"│  the output is {middle} here", INK))
        if data.samples > MOST:
            lines.append((f"{MOST} of {data.samples:,} samples are marked", MUTED))
        if plane.is_chosen and data.samples > 1:
            lines.append(("samples differ in the other inputs too", MUTED))
        elif data.input_labels and not plane.is_chosen:
            lines.append((f"↑  {plane.title(1).text}", KINDS["input"].strong))
        if side_of(network) < SIDE:
            lines.append((BETWEEN, MUTED))
        for text, colour in lines:
            canvas.write(next(rows), 1, text, Style(colour=colour))
