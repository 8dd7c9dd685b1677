"""Arranges the units of a page: layers, samples and steps."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sheetgen.check.formula.expressions import Cell
from sheetgen.check.pages.page_units import Net, Unit, Units
from sheetgen.check.pages.regular_places import Place
from sheetgen.check.pages.sheet_formulas import SheetFormulas
from sheetgen.check.tables.headers import plain_header

_MOST_ARRANGEMENTS = 8
_MOST_SAMPLES = 32
_WEIGHT = re.compile(r"(?:initial|old|new|neue?|alte?)?(?:w|weight|peso|gewicht|poids|θ|theta|β|b)")
_INPUT = re.compile(r"(?:x|i\d|input|in$|entrada|eingabe|entrée|feature|data)")


@dataclass
class Instance:
    """The units that one sample passes in one step, layer by layer."""

    layers: list[list[Unit]]
    inputs: list[Cell]
    step: int

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of inputs, and of the units of each layer."""
        return (len(self.inputs), *map(len, self.layers))

    def sources(self, layer: int) -> list[Cell]:
        """Return what the units of a layer read, counted from 0."""
        return self.inputs if layer == 0 else [one.cell for one in self.layers[layer - 1]]


@dataclass
class Layers:
    """How the units of a sheet belong together."""

    formulas: SheetFormulas
    units: Units
    _roles: dict[Cell, str] = field(default_factory=dict)

    def networks(self) -> list[list[list[Instance]]]:
        """Return the networks of the sheet, each as the samples of each step, from the first."""
        self._find_roles()
        groups: list[tuple[set[Cell], list[Instance]]] = []
        for one in filter(None, self._instances()):
            weights = self._weights_of(one)
            fitting = [each for each in groups if 2 * len(each[0] & weights) > len(weights)]
            if fitting:
                fitting[0][1].append(one)
            else:
                groups.append((weights, [one]))
        found = [self._steps(instances) for _, instances in groups]
        return [one for one in found if one]

    def _weights_of(self, instance: Instance) -> set[Cell]:
        """Return the typed numbers that an instance's weights started from."""
        pairs = (pair for units in instance.layers for one in units for pair in one.net.pairs)
        return {self.first_of(one[0]) for one in map(self.directed, pairs) if one is not None}

    # Which cells are weights, and which are what they weigh

    def _steps(self, instances: Sequence[Instance]) -> list[list[Instance]]:
        """Return the samples of each step, from the first; none if there are too many."""
        shapes = Counter(one.shape for one in instances)
        usual = max(shapes, key=lambda shape: shapes[shape] * len(shape) * sum(shape))
        by_step: dict[int, list[Instance]] = {}
        for one in sorted(instances, key=lambda one: place_of(one.layers[0][0].cell)):
            if one.shape == usual:
                by_step.setdefault(one.step, []).append(one)
        first = min(by_step)
        if first or len(by_step[0]) > _MOST_SAMPLES:
            return []
        found = [by_step[0]]
        for step in range(1, max(by_step) + 1):
            samples = by_step.get(step, [])
            if len(samples) != len(by_step[0]):
                samples = self._copied(by_step[0], step)
            if not samples:
                break
            found.append(samples)
        return found

    def _copied(self, first: Sequence[Instance], step: int) -> list[Instance]:
        """Return the samples of a step that is a copy of the first, but for mistakes; or none."""
        own = {cell for cell, unit in self.units.units.items() if self._step_of_unit(unit) == step}
        cells = [unit.cell for one in first for units in one.layers for unit in units]
        moves = Counter(
            (one.row - cell.row, one.column - cell.column)
            for one in own
            for cell in cells
            if self._is_like(one, cell)
        )
        if not moves or 2 * moves.most_common(1)[0][1] < len(cells):
            return []
        move = moves.most_common(1)[0][0]
        found = [self._moved(one, move, step) for one in first]
        return [] if any(one is None for one in found) else [one for one in found if one]

    def _step_of_unit(self, unit: Unit) -> int:
        pairs = [one for one in map(self.directed, unit.net.pairs) if one is not None]
        biases = [cell for _, cell in unit.net.biases]
        return _most(Counter(map(self.step_of, [*(one[0] for one in pairs), *biases])))

    def _is_like(self, one: Cell, other: Cell) -> bool:
        """Return whether two cells have the same formula, each as it is seen from its place."""
        formulas = self.formulas.content(one).formula, self.formulas.content(other).formula
        return formulas[0] is not None and formulas[0] == formulas[1]

    def _moved(self, instance: Instance, move: Place, step: int) -> Instance | None:
        """Return what is in place of an instance's units that far away; None without numbers."""

        def moved(cell: Cell) -> Cell:
            """Return the cell that far away."""
            return Cell(cell.sheet, cell.row + move[0], cell.column + move[1])

        read = {cell for one in self.units.units.values() if self._step_of_unit(one) == step
                for pair in one.net.pairs for cell in pair}  # fmt: skip
        layers = [
            [
                self.units.units.get(moved(one.cell))
                or Unit(moved(one.cell), one.sum_cell and moved(one.sum_cell), Net((), ()), None)
                for one in units
            ]
            for units in instance.layers
        ]
        inputs = [one if one in read else moved(one) for one in instance.inputs]
        every = [*inputs, *(one.cell for units in layers for one in units)]
        if any(self.formulas.content(one).number is None for one in every):
            return None
        return Instance(layers, inputs, step)

    def _find_roles(self) -> None:
        """Find for each cell of the sums whether it is a weight or is weighed."""
        starts = set(self.units.before.values())
        undecided: list[tuple[Unit, tuple[Cell, Cell]]] = []
        for unit in self.units.units.values():
            for pair in unit.net.pairs:
                weights = [one for one in pair if one in self.units.before or one in starts]
                outputs = [one for one in pair if one in self.units.units]
                if len(outputs) == 1 or len(weights) == 1:
                    source = outputs[0] if len(outputs) == 1 else _other(pair, weights[0])
                    self._roles.setdefault(source, "source")
                    self._roles.setdefault(_other(pair, source), "weight")
                else:
                    undecided.append((unit, pair))
        self._decide(undecided)

    def _decide(self, undecided: list[tuple[Unit, tuple[Cell, Cell]]]) -> None:
        groups = self._groups()
        within: Counter[tuple[int, Cell]] = Counter()
        every: Counter[Cell] = Counter()
        for unit, pair in undecided:
            for cell in set(pair):
                within[groups[unit.cell], cell] += 1
                every[cell] += 1
        sizes = Counter(groups[one] for one in {unit.cell for unit, _ in undecided})
        for unit, (one, other) in undecided:
            known = self._roles.get(one), self._roles.get(other)
            if "source" in known or "weight" in known:
                is_source = known[0] == "source" or known[1] == "weight"
            else:
                group = groups[unit.cell]
                counts = within[group, one] - within[group, other]
                if sizes[group] == 1:  # then the samples share the weights
                    counts = every[other] - every[one]
                counts = counts or self._labelled(one, other)
                if counts == 0:
                    continue
                is_source = counts > 0
            self._roles.setdefault(one, "source" if is_source else "weight")
            self._roles.setdefault(other, "weight" if is_source else "source")

    def _groups(self) -> dict[Cell, int]:
        """Return which units belong together: what a unit reads, and all that reads that."""
        parent = {cell: cell for cell in self.units.units}

        def top(cell: Cell) -> Cell:
            """Return the unit that stands for all of a group."""
            while parent[cell] != cell:
                cell = parent[cell]
            return cell

        for cell, unit in self.units.units.items():
            for source in (one for pair in unit.net.pairs for one in pair if one in parent):
                parent[top(source)] = top(cell)
        numbers = {cell: number for number, cell in enumerate(parent)}
        return {cell: numbers[top(cell)] for cell in parent}

    def _labelled(self, one: Cell, other: Cell) -> int:
        """Return 1 if labels say that the first is weighed by the other, -1 if the reverse."""
        labels = [self._label(one), self._label(other)]
        for first, second, found in ((_INPUT, _WEIGHT, 1), (_WEIGHT, _INPUT, -1)):
            if first.match(labels[0]) and second.match(labels[1]):
                return found
        return 0

    def _label(self, cell: Cell) -> str:
        """Return the nearest text above a cell, or else to the left of it, as headers are read."""
        for down, across in ((1, 0), (0, 1)):
            row, column = cell.row, cell.column
            while row >= 0 and column >= 0:
                if text := self.formulas.content(Cell(cell.sheet, row, column)).text.strip():
                    return plain_header(text)
                row, column = row - down, column - across
        return ""

    # Units that belong together

    def _instances(self) -> Iterator[Instance | None]:
        groups: dict[object, list[Unit]] = {}
        numbers = self._groups()
        for cell, unit in self.units.units.items():
            key: object = numbers[cell]
            if not any(one in self.units.units for pair in unit.net.pairs for one in pair):
                alone = sum(1 for one in numbers.values() if one == numbers[cell]) == 1
                if alone:  # an output without hidden layers
                    pairs = [self.directed(pair) for pair in unit.net.pairs]
                    weights = [one[0] for one in pairs if one is not None]
                    biases = [one for _, one in unit.net.biases]
                    steps = Counter(map(self.step_of, [*weights, *biases]))
                    sources = frozenset(one[1] for one in pairs if one is not None)
                    key = sources, _most(steps)
            groups.setdefault(key, []).append(unit)
        for group in groups.values():
            yield self._instance(group)

    def _instance(self, group: list[Unit]) -> Instance | None:
        depths: dict[Cell, int] = {}
        by_cell = {one.cell: one for one in group}

        def depth(unit: Unit) -> int:
            """Return the layer of a unit, counted from 0."""
            if unit.cell not in depths:
                read = [one for pair in unit.net.pairs for one in pair if one in by_cell]
                depths[unit.cell] = max((depth(by_cell[one]) + 1 for one in read), default=0)
            return depths[unit.cell]

        for one in group:
            depth(one)
        for one in group:
            if not one.net.pairs:  # a typed sum, which says nothing of the units before it
                readers = [depths[each.cell] for each in group if _reads(each, one.cell)]
                depths[one.cell] = min(readers, default=1) - 1
        layers: list[list[Unit]] = [[] for _ in range(max(depths.values()) + 1)]
        for one in sorted(group, key=lambda one: place_of(one.cell)):
            layers[depths[one.cell]].append(one)
        counted: Counter[Cell] = Counter()
        steps: Counter[int] = Counter()
        for unit in group:
            pairs = [self.directed(pair) for pair in unit.net.pairs]
            if any(one is None for one in pairs):
                return None
            steps.update(self.step_of(one[0]) for one in pairs if one is not None)
            steps.update(self.step_of(one) for _, one in unit.net.biases)
            if not depths[unit.cell]:
                counted.update({one[1] for one in pairs if one is not None})
        usual = 1 if len(layers[0]) == 1 or max(counted.values()) == 1 else 2
        inputs = sorted((one for one, count in counted.items() if count >= usual), key=place_of)
        return Instance(layers, inputs, _most(steps))

    def directed(self, pair: tuple[Cell, Cell]) -> tuple[Cell, Cell] | None:
        """Return (weight, source); None if nothing tells which is which."""
        for one, other in (pair, pair[::-1]):
            if other in self.units.units:
                return one, other
        roles = [self._roles.get(one) for one in pair]
        if roles[0] == "weight" and roles[1] != "weight":
            return pair
        if roles[1] == "weight" and roles[0] != "weight":
            return pair[1], pair[0]
        return None

    # Weights

    def step_of(self, cell: Cell) -> int:
        """Return how often a parameter was updated."""
        return len(self._chain(cell))

    def first_of(self, cell: Cell) -> Cell:
        """Return the typed number that a parameter started from."""
        return (self._chain(cell) or [cell])[-1]

    def _chain(self, cell: Cell) -> list[Cell]:
        found: list[Cell] = []
        while cell in self.units.before and len(found) < len(self.units.before):
            cell = self.units.before[cell]
            found.append(cell)
        return found


def _most(steps: Counter[int]) -> int:
    """Return the step of most parameters, of several the last: an older weight is a mistake."""
    return max(steps, key=lambda one: (steps[one], one), default=0)


def place_of(cell: Cell) -> Place:
    """Return the row and the column of a cell."""
    return cell.row, cell.column


def _reads(unit: Unit, cell: Cell) -> bool:
    return any(cell in pair for pair in unit.net.pairs)


def _other(pair: tuple[Cell, Cell], one: Cell) -> Cell:
    return pair[1] if pair[0] == one else pair[0]
