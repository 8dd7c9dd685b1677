"""Groups the quantities of a network that are numbered alike, whose cells lie alike on a page."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from sheetgen.check.formula.expressions import Cell
from sheetgen.check.meaning.network_variants import slope_of
from sheetgen.check.meaning.table_network import Network
from sheetgen.check.pages.page_places import Forward
from sheetgen.check.pages.regular_places import Index, Place, arrangements

Family = Mapping[Index, str]


@dataclass
class Families:
    """Quantities that are numbered alike, over all units and all samples: index → symbol."""

    forward: Forward
    network: Network

    @cached_property
    def every(self) -> list[Family]:
        """All families with more than one member."""
        found = [*self._of_units(), *self._of_weights()]
        outputs, samples = range(1, self.network.outputs + 1), self._samples
        found.append({(k, s): self.forward.named(f"E{k}", s) for k, s in product(outputs, samples)})
        return [each for each in found if len(each) > 1]

    @property
    def _samples(self) -> range:
        return range(1, self.network.samples + 1)

    def _of_units(self) -> Iterator[Family]:
        for units in self.network.unit_layers:
            for form in ("∂E/∂{0}", "∂E/∂a_{0}", slope_of("{0}")):
                yield {
                    (unit, sample): self.forward.named(form.format(name), sample)
                    for unit, name in enumerate(units)
                    for sample in self._samples
                }

    def _of_weights(self) -> Iterator[Family]:
        network = self.network
        for units in network.unit_layers:
            weights: Family = {
                (unit, place): f"∂E/∂{weight}"
                for unit, name in enumerate(units)
                for place, (weight, _) in enumerate(network.incoming(name))
            }
            yield weights
            biases = dict.fromkeys(network.biases[one] for one in units if one in network.biases)
            yield {(place,): f"∂E/∂{name}" for place, name in enumerate(biases)}
            if network.samples > 1:
                yield {
                    (*index, sample): self.forward.named(name, sample)
                    for (index, name), sample in product(weights.items(), self._samples)
                }

    def of(self, name: str) -> Family | None:
        """Return the family of a quantity, or None."""
        return next((one for one in self.every if name in one.values()), None)

    def is_supported(self, name: str, found: Collection[str]) -> bool:
        """Return whether others of a quantity's family were found, or it has none."""
        others = {*found} - {name}
        return not any(
            name in each.values() and others.isdisjoint(each.values()) for each in self.every
        )

    def place(self, step: int, name: str, cells: Mapping[str, Cell], least: int = 2) -> Cell | None:
        """Return the cell that the others of a family leave for a quantity, if they agree.

        They lie regularly, or as their weights or their units do.
        """
        members = self.of(name) or {}
        seen = {
            index: (cells[one].row, cells[one].column)
            for index, one in members.items()
            if one in cells and one != name
        }
        if len(seen) < least:
            return None
        sheet = self.forward.formulas.sheet
        index = next(each for each, one in members.items() if one == name)
        fitting = {one[index] for one in arrangements(seen, list(members))}
        if len(fitting) == 1:
            return Cell(sheet, *fitting.pop())
        moves: Counter[Place] = Counter()
        for own, (row, column) in seen.items():
            model = self._model(step, members[own])
            if model is not None:
                moves[row - model.row, column - model.column] += 1
        model = self._model(step, name)
        if model is None or not moves or moves.most_common(1)[0][1] < least:
            return None
        down, across = moves.most_common(1)[0][0]
        return Cell(sheet, model.row + down, model.column + across)

    def _model(self, step: int, name: str) -> Cell | None:
        """Return the weight of a gradient, or the output of the unit of a slope."""
        of = name.rpartition("∂")[2]
        stem = of.partition(" of sample")[0]
        for symbol in (of, of.replace(stem, f"a_{stem}"), stem):
            if (symbol, step) in self.forward.places:
                return self.forward.places[symbol, step]
        return None
