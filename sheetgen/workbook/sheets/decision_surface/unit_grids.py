"""A network's units over the plane of two inputs: a grid of numbers for each, on the workings.

Each grid computes a unit from the grids of the layer before it, or in the first layer from the
values along the axes.
"""

from collections.abc import Callable
from functools import partial

from sheetgen.network.activations import Array
from sheetgen.network.many_passes import run
from sheetgen.network.network import Network, activation_name
from sheetgen.workbook.shared.axis import Known
from sheetgen.workbook.shared.chosen_output import ChosenOutput, softmax_formula
from sheetgen.workbook.shared.grid import SIDE, Grid, Grids, cells_between
from sheetgen.workbook.shared.moment import Snapshot
from sheetgen.workbook.shared.page import write_headers, write_value
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.decision_surface.plane import Plane

X, Y, ONE = "x", "y", ""
"""Sources of a weighted sum besides activations: the axes, and nothing, for a constant."""
CHOSEN = "the chosen output"

Term = tuple[str, Known]
"""A source, and the address of what multiplies it with its value."""


def grids_of(network: Network) -> int:
    """Return the number of grids: the hidden units, what softmax goes through, the output."""
    hidden = sum(layer.units for layer in network.layers[:-1])
    softmax = network.layers[-1].activation.acts_on_layer
    return hidden + (network.outputs if softmax else 0) + 1


class UnitGrids:
    """The grids of all hidden activations, by name, and that of the chosen output.

    `values` (size², from the lower left upwards) are the reference's, by the same names.
    """

    def __init__(
        self,
        plane: Plane,
        snapshot: Snapshot,
        chosen: ChosenOutput,
        workings: Workings,
        size: int,
    ) -> None:
        """Write all grids, of a size, into a block; the axes have a value for each cell."""
        self.network, self.snapshot, self.chosen = snapshot.network, snapshot, chosen
        sheet, last = plane.canvas.name, self.network.layers[-1].activation
        self.axes, self._between = plane.axes(workings, SIDE), cells_between(size)
        self._first = plane.first_layer(snapshot, workings)
        terms = [] if last.acts_on_layer else self._chosen_terms(sheet, workings)
        self._grids = Grids(workings.block(sheet, "The units over the plane", size, 10), size)
        self.grids: dict[str, Grid] = {}
        self.values: dict[str, Array] = {}
        sums, activations = run(
            self.network, snapshot.parameters, plane.points(self.axes, self._between)
        )
        for layer, units in enumerate(self.network.unit_names[:-1]):
            for place, unit in enumerate(units):
                activation = self.network.layers[layer].activation
                formula = partial(self._unit, self._terms(unit), activation.formula)
                self._add(activation_name(unit), formula, activations[layer][:, place])
        if last.acts_on_layer:
            for place, unit in enumerate(self.network.unit_names[-1]):
                formula = partial(self._unit, self._terms(unit), str)
                self._add(unit, formula, sums[-1][:, place])
            self._add(CHOSEN, self._share, activations[-1][:, chosen.output])
        else:
            formula = partial(self._unit, terms, last.formula)
            self._add(CHOSEN, formula, activations[-1][:, chosen.output])

    def _add(self, name: str, formula: Callable[[int, int], str], values: Array) -> None:
        self.grids[name] = self._grids.add(name, formula, values)
        self.values[name] = values

    def _terms(self, unit: str) -> list[Term]:
        """Return what is added up in a unit's weighted sum."""
        if unit in self._first:
            constant, across, up = self._first[unit]
            return [(X, across), (Y, up), (ONE, constant)]
        addresses, values = self.snapshot.addresses, self.snapshot.values
        bias = self.network.bias_of(unit)
        pairs = [(edge.source, edge.name) for edge in self.network.into(unit)]
        pairs += [(ONE, bias.name)] if bias else []
        return [(source, (addresses[name], values[name])) for source, name in pairs]

    def _chosen_terms(self, sheet: str, workings: Workings) -> list[Term]:
        """Return those of the chosen output, written into a block if there are several outputs."""
        every = [self._terms(unit) for unit in self.network.unit_names[-1]]
        if len(every) == 1:
            return every[0]
        corner = workings.block(sheet, "The chosen output", 2)
        write_headers(corner.canvas, corner.row, corner.column, ("weight of", "value"), "weight")
        found = []
        for at, of_each in enumerate(zip(*every, strict=True), start=1):
            source = of_each[0][0]
            formula = f"={self.chosen.of_each([cell for _, (cell, _) in of_each])}"
            value = of_each[self.chosen.output][1][1]
            place = corner.row + at, corner.column
            title = source or "the constant"
            cell = write_value(corner.canvas, *place, title, formula, value, "weight")
            found.append((source, (cell, value)))
        return found

    def _unit(
        self, terms: list[Term], activation: Callable[[str], str], across: int, up: int
    ) -> str:
        """Return the expression of a unit at a point."""
        parts = [
            f"{cell}*{self._source(source, across, up)}" if source else cell
            for source, (cell, _) in terms
        ]
        return activation(f"({'+'.join(parts)})")

    def _source(self, source: str, across: int, up: int) -> str:
        if source == X:
            return self.axes[0].read_cell(across * self._between)
        if source == Y:
            return self.axes[1].read_cell(up * self._between)
        return self.grids[source].address(across, up)

    def _share(self, across: int, up: int) -> str:
        """Return the expression of the chosen output of softmax at a point."""
        every = [self.grids[unit].address(across, up) for unit in self.network.unit_names[-1]]
        return softmax_formula(self.chosen.of_each(every), every)
