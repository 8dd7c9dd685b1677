"""The plane of two inputs that `Decision surface` shows; any others have the values of a sample.

Which two these are may be chosen on the sheet, so a formula of the grids cannot know. It has a unit
of the first layer as f(c + r·x + s·y), with c, r and s in cells.
"""

from collections.abc import Iterator
from functools import cached_property, partial

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import choose, local
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import FINE, LABEL, NOTE, WHOLE, label, number
from sheetgen.workbook.controls import input_titles
from sheetgen.workbook.plan import WORKINGS, Plan
from sheetgen.workbook.shared.axis import COLUMNS, Axis, Known, round_ends
from sheetgen.workbook.shared.grid import TICKS
from sheetgen.workbook.shared.live_text import Words, literal
from sheetgen.workbook.shared.moment import Snapshot
from sheetgen.workbook.shared.page import fit_choices, write_headers
from sheetgen.workbook.shared.samples_list import SampleInput
from sheetgen.workbook.shared.sources import InputColumn, Sources
from sheetgen.workbook.shared.workings import Corner, Workings

INPUTS = "inputs"
"""The defined name of the list of the inputs, for the drop-downs."""
SAME = "choose two different ones"
PLACE, LEAST, MOST, MEAN, DEVIATION, SAMPLE = range(1, 7)  # rows, counted from the block's corner
TABLE = 9  # the first input's row; the header is above it
WHICH = "across", "upwards"
FLAG, FINE_INPUT = number("helper", WHOLE), number("input", FINE)


class Plane:
    """The two inputs; `chosen` are their places among all, from 0. They differ, or only x counts.

    `places` are the addresses, on the workings, of these places from 1.
    """

    def __init__(
        self,
        canvas: Canvas,
        plan: Plan,
        sources: Sources,
        workings: Workings,
        rows: Iterator[int],
    ) -> None:
        """Write drop-downs into the sheet's next `rows` if there are more than two inputs."""
        self.plan, self.sources, self.canvas = plan, sources, canvas
        self.titles = input_titles(plan.template)
        self.columns = [InputColumn(plan, sources, at) for at in range(plan.network.inputs)]
        self.is_chosen = len(self.titles) > 2
        self.corner = workings.block(canvas.name, "The inputs", 6, 20)
        controls = plan.controls
        chosen = controls.surface_across, controls.surface_up
        self.chosen = tuple(map(self.titles.index, chosen)) if self.is_chosen else (0, 1)
        self.places = tuple(self.corner.local(PLACE, at) for at in (1, 2))
        self._table()
        self._two()
        if self.is_chosen:
            self._ask(rows)

    def _table(self) -> None:
        """Write each input's range, and what standardises it."""
        corner, standard = self.corner, self.plan.data.standardize
        canvas, row, column = corner.canvas, corner.row + TABLE, corner.column
        titles = ("input", "smallest", "largest", *(("mean", "deviation") if standard else ()))
        write_headers(canvas, row - 1, column, titles, "input")
        for at, (title, each) in enumerate(zip(self.titles, self.columns, strict=True), start=row):
            canvas.write(at, column, title, label("input"))
            low, high = float(each.values.min()), float(each.values.max())
            canvas.calculate(at, column + 1, f"=MIN({each.range})", low, FINE_INPUT)
            canvas.calculate(at, column + 2, f"=MAX({each.range})", high, FINE_INPUT)
            if standard:
                for offset, (cell, value) in enumerate(each.standard_values, start=3):
                    canvas.calculate(at, column + offset, f"={cell}", value, FINE_INPUT)

    def _column(self, offset: int) -> str:
        return local(self.corner.range(TABLE, offset, TABLE + len(self.titles) - 1, offset))

    def _two(self) -> None:
        """Write the same for the input across and the one upwards."""
        corner = self.corner
        canvas, row, column = corner.canvas, corner.row, corner.column
        write_headers(canvas, row, column, ("", *WHICH), "input")
        names = ("place", "smallest", "largest", "mean", "deviation")
        for at, name in enumerate(names if self.plan.data.standardize else names[:3], start=PLACE):
            canvas.write(row + at, column, name, LABEL)
            for which, place in enumerate(self.chosen, start=1):
                if at == PLACE:
                    canvas.write(row + at, column + which, place + 1, FLAG)
                    continue
                formula = f"=INDEX({self._column(at - 1)},{self.places[which - 1]},1)"
                value = canvas.value(row + TABLE + place, column + at - 1)
                canvas.calculate(row + at, column + which, formula, value, FINE_INPUT)

    def _ask(self, rows: Iterator[int]) -> None:
        """Ask for the two inputs, and for the sample that the others are of."""
        canvas, corner, controls = self.canvas, self.corner, self.plan.controls
        behind, row, column = corner.canvas, corner.row, corner.column
        canvas.names[INPUTS] = corner.range(TABLE, 0, TABLE + len(self.titles) - 1, 0)
        fit_choices(canvas, 2, self.titles)
        cells = []
        for which, (key, title) in enumerate(
            zip(("surface_across", "surface_up"), WHICH, strict=True)
        ):
            at = next(rows)
            canvas.write(at, 1, f"input {title}", LABEL)
            canvas.choose(at, 2, key, getattr(controls, key), self.titles, source=INPUTS)
            cells.append(canvas.absolute(at, 2))
            formula = f"=MATCH({cells[-1]},{self._column(0)},0)"
            place = row + PLACE, column + 1 + which
            behind.calculate(*place, formula, self.chosen[which] + 1, FLAG)
        same = SAME if len(set(self.chosen)) == 1 else ""
        formula = f'=IF({local(cells[0])}={local(cells[1])},"{SAME}","")'
        canvas.calculate(next(rows), 1, formula, same, NOTE)
        self._hold(next(rows) if self.plan.data.samples > 1 else None)

    def _hold(self, at: int | None) -> None:
        """Ask, in a row, for a sample; write the other inputs' values in it, as they are read."""
        corner, samples = self.corner, self.plan.data.samples
        behind, row, column = corner.canvas, corner.row, corner.column
        if at is not None:
            title = f"other inputs of sample, 1 to {samples:,}"
            self.canvas.write(at, 1, title, LABEL)
            sample = int(self.plan.controls.surface_sample)
            self.canvas.count(at, 2, "surface_sample", sample, 1, samples)
            behind.write(row + SAMPLE, column, "sample", LABEL)
            cell = self.canvas.absolute(at, 2)
            formula = f"=MAX(1,MIN({samples},INT({cell})))"
            behind.calculate(row + SAMPLE, column + 1, formula, sample, FLAG)
        write_headers(behind, row + TABLE - 1, column + 5, ("held at",), "input")
        for place, each in enumerate(self.columns):
            if at is not None and self.sources.data:
                cells = self.sources.data.range(each.name)
                source = f"INDEX({cells},{corner.local(SAMPLE, 1)},1)"
            else:
                source = self.sources.sample(each.name, 0)
            own = ",".join(f"{cell}={place + 1}" for cell in self.places)
            value = float(self.held[place])
            behind.calculate(
                row + TABLE + place, column + 5, f"=IF(OR({own}),0,{source})", value, FINE_INPUT
            )

    @cached_property
    def held(self) -> Array:
        """What the network reads of the inputs that are not on the plane; 0 for those that are."""
        values = self.plan.data.used_inputs()[int(self.plan.controls.surface_sample) - 1].copy()
        values[list(self.chosen)] = 0
        return np.asarray(values)

    def axes(self, workings: Workings, size: int) -> tuple[Axis, Axis]:
        """Write both axes, of so many values, into a block."""
        corner = workings.block(self.canvas.name, "The axes", 2 * COLUMNS)
        rounded = workings.block(self.canvas.name, "Round numbers along the axes", 2 * COLUMNS)
        across, up = (
            self._axis(which, corner.beside(at), rounded.beside(at), size)
            for which, at in enumerate((0, COLUMNS))
        )
        return across, up

    def _axis(self, which: int, corner: Corner, rounded: Corner, size: int) -> Axis:
        each = self.columns[self.chosen[which]]
        least, most, mean, deviation = (
            self.corner.local(row, which + 1) for row in (LEAST, MOST, MEAN, DEVIATION)
        )
        span = (least, float(each.values.min())), (most, float(each.values.max()))
        reading = None
        if self.plan.data.standardize:
            reading = (lambda value: f"({value}-{mean})/{deviation}"), each.used
        ends = round_ends(rounded, WHICH[which], span, (size - 1, TICKS))
        return Axis.write(corner, WHICH[which], ends, size, reading)

    def title(self, which: int) -> Words:
        """Return the name of an axis's input, with its name in the data."""
        words = literal(self.titles[self.chosen[which]])
        if not self.is_chosen:
            return words
        place = f"{WORKINGS}!{self.places[which]}"
        return Words(f"INDEX({self.canvas.names[INPUTS]},{place},1)", words.text)

    def symbol(self, which: int) -> Words:
        """Return the symbol of an axis's input."""
        words = literal(self.columns[self.chosen[which]].name)
        return Words(f'"i"&{WORKINGS}!{self.places[which]}', words.text)

    def samples(self) -> list[SampleInput]:
        """Return both inputs of the samples, in the data's own units."""
        return [
            SampleInput(WHICH[which], partial(self._of_sample, which), self.columns[place].values)
            for which, place in enumerate(self.chosen)
        ]

    def _of_sample(self, which: int, sample: int) -> str:
        cells = [each.cell(sample) for each in self.columns]
        if not self.is_chosen:
            return cells[which]
        if self.sources.data:
            return f"INDEX({cells[0]}:{local(cells[-1])},1,{self.places[which]})"
        return choose(self.places[which], cells)

    def first_layer(self, snapshot: Snapshot, workings: Workings) -> dict[str, tuple[Known, ...]]:
        """Write c, r and s of each unit of the first layer into a block; return them by unit."""
        network, corner = self.plan.network, workings.block(self.canvas.name, "First layer", 4)
        canvas, row, column = corner.canvas, corner.row, corner.column
        write_headers(canvas, row, column, ("c + r·x + s·y", "c", "r", "s"), "unit")
        found = {}
        for at, unit in enumerate(network.unit_names[0], start=1):
            canvas.write(row + at, column, unit, label("unit"))
            cells = []
            for offset, (formula, value) in enumerate(self._sum(unit, snapshot), start=1):
                canvas.calculate(row + at, column + offset, f"={formula}", value, number("unit"))
                cells.append((corner.local(at, offset), value))
            found[unit] = tuple(cells)
        return found

    def _sum(self, unit: str, snapshot: Snapshot) -> tuple[Known, Known, Known]:
        """Return c, r and s of a unit, as expressions of the weights."""
        edges, bias = self.plan.network.into(unit), self.plan.network.bias_of(unit)
        weights = f"{snapshot.addresses[edges[0].name]}:{snapshot.addresses[edges[-1].name]}"
        values = snapshot.parameters.weights[0][edges[0].unit]
        terms = [f"SUMPRODUCT({weights},{self._column(5)})"] if self.is_chosen else []
        terms += [snapshot.addresses[bias.name]] if bias else []
        constant = float(values @ self.held + snapshot.parameters.biases[0][edges[0].unit])
        across, up = (f"INDEX({weights},{place},1)" for place in self.places)
        differ = len(set(self.chosen)) > 1
        if self.is_chosen:
            up = f"IF({self.places[0]}={self.places[1]},0,{up})"
        return (
            ("+".join(terms) or "0", constant),
            (across, float(values[self.chosen[0]])),
            (up, float(values[self.chosen[1]]) if differ else 0.0),
        )

    def points(self, axes: tuple[Axis, Axis], every: int) -> Array:
        """Return what the network reads, from the lower left: (points, inputs).

        The points are at every, every second, … value of each axis.
        """
        across, up = np.meshgrid(*(axis.read[::every] for axis in axes))
        found = np.tile(self.held, (across.size, 1))
        found[:, self.chosen[1]] = up.ravel()
        found[:, self.chosen[0]] = across.ravel()
        return found
