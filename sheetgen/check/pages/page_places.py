"""Gives the cells of a page their symbols, as far as the forward pass says: step by step."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count, product

from sheetgen.check.formula.expressions import Cell
from sheetgen.check.meaning.functions import losses
from sheetgen.check.meaning.table_network import Network
from sheetgen.check.pages.page_layers import Instance, Layers
from sheetgen.check.pages.page_weights import Arrangement
from sheetgen.check.pages.regular_places import Index, Place, arrangements
from sheetgen.check.tables.headers import of_sample
from sheetgen.network.activations import Activation

Quantity = tuple[str, int]  # a symbol and a step


@dataclass
class Forward:
    """A page's network and the cells of its forward pass, in one arrangement."""

    layers: Layers
    arrangement: Arrangement
    places: dict[Quantity, Cell] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.formulas = self.layers.formulas
        self._instance = self.arrangement.instances[0][0]
        for step, samples in enumerate(self.arrangement.instances):
            for sample, instance in enumerate(samples, 1):
                self._place_instance(step, sample, instance)
        self._place_parameters()
        self._place_targets()

    @cached_property
    def network(self) -> Network | None:
        """The network without an error; None if a layer's activation is not known."""
        shape = self._instance.shape
        plain = Network.sized(shape, {})
        biases: dict[str, str] = {}
        names: dict[Cell, str] = {}
        for (layer, number), cell in sorted(self.arrangement.biases.items()):
            name = names.setdefault(cell, f"b{len(names) + 1}")
            biases[plain.units(layer + 1)[number]] = name
        activations: list[Activation] = []
        for layer in range(len(shape) - 1):
            counted = Counter(
                unit.activation
                for samples in self.arrangement.instances
                for instance in samples
                for unit in instance.layers[layer]
                if unit.activation is not None
            )
            if not counted:
                return None
            activations.append(counted.most_common(1)[0][0])
        is_softmax = activations[-1].name == "softmax"
        loss = losses(shape[-1], is_softmax, plain.is_unit)[0]
        samples = len(self.arrangement.instances[0])
        return Network(shape, biases, tuple(activations), loss, samples=samples)

    @property
    def parameters(self) -> Mapping[str, Cell]:
        """The weights and biases with the cells that they start in."""
        network = Network.sized(self._instance.shape, {})
        found: dict[str, Cell] = {}
        for (layer, unit, source), cell in self.arrangement.weights.items():
            weights = network.incoming(network.units(layer + 1)[unit])
            found[weights[source][0]] = cell
        for cell in dict.fromkeys(one for _, one in sorted(self.arrangement.biases.items())):
            found[f"b{len(found) - len(self.arrangement.weights) + 1}"] = cell
        return found

    def named(self, symbol: str, sample: int) -> str:
        """Return the symbol of a quantity of a sample, counted from 1."""
        one = len(self.arrangement.instances[0]) == 1
        return symbol if one else of_sample(symbol, sample)

    def here(self, step: int) -> dict[Cell, str]:
        """Return the symbols of the cells of a step."""
        return {cell: symbol for (symbol, own), cell in self.places.items() if own == step}

    @property
    def steps(self) -> int:
        """The number of steps, with one that has only parameters."""
        return max(step for _, step in self.places) + 1

    # Units

    def _place_instance(self, step: int, sample: int, instance: Instance) -> None:
        names = Network.sized(instance.shape, {})
        for number, cell in enumerate(instance.inputs, 1):
            self.places[self.named(f"i{number}", sample), step] = cell
        for layer, units in enumerate(instance.layers, 1):
            for name, unit in zip(names.units(layer), units, strict=True):
                if unit.sum_cell is not None:
                    self.places[self.named(name, sample), step] = unit.sum_cell
                if unit.cell != unit.sum_cell:
                    self.places[self.named(f"a_{name}", sample), step] = unit.cell

    # Parameters

    def _place_parameters(self) -> None:
        after: dict[Cell, list[Cell]] = {}
        for cell, start in self.layers.units.before.items():
            after.setdefault(start, []).append(cell)
        current = dict(self.parameters)
        layer_of = self._layers_of_parameters()
        for step in count():
            self.places |= {(name, step): cell for name, cell in current.items()}
            if step >= len(self.arrangement.instances):
                break
            current = self._updated(current, after, layer_of)
            if 2 * len(current) < len(self.parameters):
                break

    def _layers_of_parameters(self) -> Mapping[str, tuple[str, int]]:
        cells = self.parameters
        layers = {cell: ("w", index[0]) for index, cell in self.arrangement.weights.items()}
        layers |= {cell: ("b", index[0]) for index, cell in self.arrangement.biases.items()}
        return {name: layers[cell] for name, cell in cells.items()}

    def _updated(
        self,
        current: Mapping[str, Cell],
        after: Mapping[Cell, Sequence[Cell]],
        layer_of: Mapping[str, object],
    ) -> dict[str, Cell]:
        """Return where the parameters of the next step are."""
        shifts: dict[object, Counter[Place]] = {}
        for name, cell in current.items():
            for new in after.get(cell, ()):
                moved = new.row - cell.row, new.column - cell.column
                shifts.setdefault(layer_of[name], Counter())[moved] += 1
        found: dict[str, Cell] = {}
        for name, cell in current.items():
            following = list(after.get(cell, ()))
            if (counted := shifts.get(layer_of[name])) and counted.most_common(1)[0][1] > 1:
                down, across = counted.most_common(1)[0][0]
                usual = Cell(cell.sheet, cell.row + down, cell.column + across)
                if self.formulas.content(usual).number is not None or usual in following:
                    found[name] = usual
                    continue
            if following:
                found[name] = following[0]
        return found

    # Targets

    def _place_targets(self) -> None:
        taken = set(self.places.values())
        outputs = {
            unit.cell: (step, sample, number)
            for step, samples in enumerate(self.arrangement.instances)
            for sample, instance in enumerate(samples)
            for number, unit in enumerate(instance.layers[-1])
        }
        votes: dict[int, dict[Index, Counter[Cell]]] = {}
        for pair in self.formulas.differences():
            for one, other in (pair, pair[::-1]):
                if one in outputs and other not in taken and self.formulas.is_typed(other):
                    step, *index = outputs[one]
                    of_step = votes.setdefault(step, {})
                    of_step.setdefault(tuple(index), Counter())[other] += 1
        wanted = list(
            product(range(len(self.arrangement.instances[0])), range(self._instance.shape[-1]))
        )
        for step in sorted(votes):
            seen = {index: one.most_common(1)[0][0] for index, one in votes[step].items()}
            for (sample, number), cell in self._targets(seen, wanted).items():
                self.places[self.named(f"t{number + 1}", sample + 1), step] = cell

    def _targets(self, seen: Mapping[Index, Cell], wanted: Sequence[Index]) -> dict[Index, Cell]:
        places = {index: (cell.row, cell.column) for index, cell in seen.items()}
        for regular in arrangements(places, wanted):
            cells = {index: Cell(self.formulas.sheet, *at) for index, at in regular.items()}
            if all(map(self.formulas.is_typed, cells.values())):
                return cells
        return dict(seen)
