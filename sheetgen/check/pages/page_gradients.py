"""Finds which cells of a page hold errors and gradients, and which error they are of.

A cell is the quantity whose values its formula has at random numbers. A cell with a wrong formula
is the one that its neighbours leave for its place, or that makes the formulas right that read it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sheetgen.check.formula.expressions import (
    Array,
    Cell,
    Expression,
    Number,
    Symbol,
    leaves,
    walk,
)
from sheetgen.check.formula.expressions import replace as exchanged
from sheetgen.check.meaning.table_network import Network
from sheetgen.check.pages.page_families import Families
from sheetgen.check.pages.page_places import Forward
from sheetgen.check.pages.page_values import StepValues, Truths, in_order, read_by
from sheetgen.check.tables.headers import family, is_parameter

_ROUNDS = 4
_MOST_NAMES = 80  # quantities that an unknown cell may be
_MOST_DOUBTFUL = 40  # cells
_MOST_SCORED = 400


@dataclass
class Backward:
    """The errors and gradients of a page, if its network has a certain error."""

    forward: Forward
    network: Network
    found: dict[int, dict[str, Cell]] = field(default_factory=dict)
    unread: list[Cell] = field(default_factory=list)
    guessed: set[str] = field(default_factory=set)
    """What was found by something else than the formula of its cell."""

    def __post_init__(self) -> None:
        self._formulas = self.forward.formulas
        self._truths = Truths(self.network)
        self._families = Families(self.forward, self.network)

    def values(self, step: int) -> StepValues:
        """Return the values of the formulas of a step, with what was found of it by now."""
        here = self.forward.here(step) | {
            cell: name for name, cell in self.found.get(step, {}).items()
        }
        every = {*self.forward.places.values()} | {
            cell for each in self.found.values() for cell in each.values()
        }
        return StepValues(self._formulas, self._truths, here, frozenset(every - here.keys()))

    # How well the error fits

    def score(self) -> int:
        """Return how many formulas of the first step, and updates after it, are right."""
        values = self.values(0)
        right = sum(
            self._is_right(values, name, cell)
            for (name, step), cell in self.forward.places.items()
            if step == 0
        )
        for cell in self._others(values.here)[:_MOST_SCORED]:
            known = values.computed(cell)
            right += known is not None and bool(self._truths.named(known))
        return right + 2 * len(self.rates()) + self.written_rates()

    def has_errors(self) -> bool:
        """Return whether a formula is an error of the network's kind."""
        values = self.values(0)
        computed = map(values.computed, self._others(values.here)[:_MOST_SCORED])
        names = (self._truths.named(one) for one in computed if one is not None)
        return any(family(one) in ("E", "E_total") for each in names for one in each)

    def written_rates(self) -> int:
        """Return in how many updates the learning rate is a number of the formula, or a cell's."""
        found = 0
        for cell, rate in self.rates().items():
            parts = walk(self._formulas.trees[cell])
            numbers = (
                one.value if isinstance(one, Number) else self._formulas.content(one).number
                for one in parts
                if isinstance(one, Number | Cell)
            )
            found += any(one is not None and abs(one - rate) <= 1e-6 * rate for one in numbers)
        return found

    def _is_right(self, values: StepValues, name: str, cell: Cell) -> bool:
        known = values.computed(cell)
        return known is not None and name in self._truths.named(known)

    def rates(self) -> Mapping[Cell, float]:
        """Return the updates after the first step that are right, with their learning rates."""
        found = {}
        values = self.values(0)
        for (name, step), cell in self.forward.places.items():
            if step == 1 and is_parameter(name) and (new := values.computed(cell)) is not None:
                rate = self._rate(values, new, name)
                if rate is not None:
                    found[cell] = rate
        return found

    def _others(self, known: Mapping[Cell, str]) -> list[Cell]:
        placed = {*self.forward.places.values()}
        return [one for one in self._formulas.in_order if one not in known and one not in placed]

    # Which cells they are

    def find(self) -> None:
        """Find the errors and gradients of all steps."""
        for step in range(len(self.forward.arrangement.instances)):
            self.found[step] = self._copied(step)
            if not self.found[step]:
                self._search(step)
        self.unread = self._not_understood()

    def _copied(self, step: int) -> dict[str, Cell]:
        """Return where a step has its errors and gradients if it is a copy of the first below."""
        if step == 0:
            return {}
        moves = {
            (cell.row - first.row, cell.column - first.column)
            for (name, own), cell in self.forward.places.items()
            if own == step and (first := self.forward.places.get((name, 0))) is not None
            if self._formulas.trees.get(cell) is not None and name.startswith(("h", "a_", "o"))
        }
        if len(moves) != 1:
            return {}
        ((down, across),) = moves
        moved = {
            name: Cell(cell.sheet, cell.row + down, cell.column + across)
            for name, cell in self.found[0].items()
        }
        numbers = (self._formulas.content(cell).number for cell in moved.values())
        return {} if any(one is None for one in numbers) else moved

    def _search(self, step: int) -> None:
        for _ in range(_ROUNDS):
            before = dict(self.found[step])
            self._by_formula(step)
            self._by_update(step)
            self._by_neighbours(step)
            self._by_use(step)
            if self.found[step] == before:
                break

    def _by_formula(self, step: int) -> None:
        values = self.values(step)
        found = self.found[step]
        candidates: dict[str, list[Cell]] = {}
        for cell in self._others(values.here):
            known = values.computed(cell)
            for name in self._truths.named(known) if known is not None else ():
                if (name, step) not in self.forward.places and name not in found:
                    candidates.setdefault(name, []).append(cell)
        taken: set[Cell] = set()
        for name, cells in sorted(candidates.items(), key=lambda one: len(one[1])):
            free = [one for one in in_order(cells) if one not in taken]
            expected = self._updated_by(step, name, free)
            expected = expected or self._expected(step, name, candidates)
            chosen = expected if expected in free else next(iter(free), None)
            if chosen is not None:
                found[name] = chosen
                taken.add(chosen)

    def _updated_by(self, step: int, name: str, cells: Sequence[Cell]) -> Cell | None:
        """Return the gradient that the update of its parameter reads, of cells that are alike."""
        update = self.forward.places.get((name.removeprefix("∂E/∂"), step + 1))
        read = {*_cells(self._formulas.trees.get(update))} if update is not None else set()
        return next((one for one in cells if one in read), None)

    def _by_update(self, step: int) -> None:
        """Take the one cell of an update that is nothing else as its gradient."""
        found, values = self.found[step], self.values(step)
        if 2 * len(self.rates()) < len(self.forward.parameters):
            return
        for (parameter, own), cell in self.forward.places.items():
            name = f"∂E/∂{parameter}"
            if own != step + 1 or name in found or not is_parameter(parameter):
                continue
            read = dict.fromkeys(_cells(self._formulas.trees.get(cell)))
            if any(values.here.get(one, parameter) != parameter for one in read):
                continue
            left = [one for one in read if one in self._formulas.trees and one not in values.here]
            if (
                len(left) == 1
                and left[0] not in self._placed
                and not self._is_other(values, left[0])
            ):
                found[name] = left[0]
                self.guessed.add(name)

    def _is_other(self, values: StepValues, cell: Cell) -> bool:
        """Return whether a cell is a known quantity, but no gradient of a parameter."""
        known = values.computed(cell)
        if known is None or self._truths.is_opposite(known):
            return True
        names = self._truths.named(known)
        return bool(names) and not any(is_parameter(one.removeprefix("∂E/∂")) for one in names)

    def _expected(self, step: int, name: str, candidates: Mapping[str, list[Cell]]) -> Cell | None:
        """Return where the other quantities of its kind say that one is, if they do."""
        cells = {one: each[0] for one, each in candidates.items() if len(each) == 1}
        return self._families.place(step, name, cells | self.found[step], least=1)

    def _by_neighbours(self, step: int) -> None:
        """Take the cells that the others of their kind leave for a quantity."""
        found = self.found[step]
        for members in self._families.every:
            missing = [one for one in members.values() if one not in found]
            missing = [one for one in missing if (one, step) not in self.forward.places]
            for name in missing if 2 * len(missing) <= len(members) else ():
                cell = self._families.place(step, name, found)
                if cell is None or cell in self._placed:
                    continue
                other = next((one for one, own in found.items() if own == cell), "")
                if other and self._families.is_supported(other, found):
                    continue
                if self._formulas.content(cell).number is not None:
                    found.pop(other, None)
                    found[name] = cell
                    self.guessed.add(name)

    @cached_property
    def _placed(self) -> frozenset[Cell]:
        return frozenset(self.forward.places.values())

    def _by_use(self, step: int) -> None:
        """Take the cells that make several formulas right if they are what these need."""
        found, values = self.found[step], self.values(step)
        current = {cell: name for name, cell in found.items()}
        names = [one for one in self._truths.names if one.startswith(("∂E/∂", "∂a_"))]
        missing = [one for one in names if one not in found][:_MOST_NAMES]
        read = [one for one in self._formulas.in_order if one in self._readers]
        doubtful = [one for one in read if self._is_doubtful(values, one, current)]
        for cell in doubtful[:_MOST_DOUBTFUL]:
            name = current.get(cell)
            gains = self._gains(values, cell, name, missing)
            most = max(gains.values(), default=0)
            best = [one for one, gain in gains.items() if gain == most]
            alike = len({self._truths.values[one].tobytes() for one in best}) == 1
            least = 1 if name and not self._is_shown(name) else 2 if not name else 4
            if most >= least and alike:
                found.pop(name or "", None)
                found[best[0]] = cell
                self.guessed.add(best[0])
                return

    def _is_shown(self, name: str | None) -> bool:
        """Return whether other units have a cell for a quantity, too."""
        stem = (name or "").removeprefix("∂E/∂")[:2]
        others = {one for each in self.found.values() for one in each} - {name}
        return name is not None and any(
            one.removeprefix("∂E/∂").startswith(stem) for one in others if one.startswith("∂E/∂")
        )

    def _is_doubtful(self, values: StepValues, cell: Cell, current: Mapping[Cell, str]) -> bool:
        """Return whether a cell's formula is no quantity, or makes wrong what reads it."""
        if cell in self._placed or cell not in self._formulas.trees:
            return False
        known = values.computed(cell)
        if cell not in current:
            return known is not None and not self._truths.is_known(known)
        readers = self._readers.get(cell, ())
        return not all(self._is_right_with(values, cell, current[cell], one) for one in readers)

    def _gains(
        self, values: StepValues, cell: Cell, name: str | None, names: Sequence[str]
    ) -> dict[str, int]:
        """Return how many more formulas are right if a cell is one quantity or another.

        One of an update counts half: any multiple of a gradient makes it right.
        """

        def right(of: str | None) -> int:
            """Return twice the number of formulas that are right with it."""
            return sum(
                (1 if one in self._updates else 2) * self._is_right_with(values, cell, of, one)
                for one in self._readers[cell]
            )

        before = right(name)
        return {one: right(one) - before for one in names}

    @cached_property
    def _readers(self) -> Mapping[Cell, list[Cell]]:
        return read_by(self._formulas)

    def _is_right_with(
        self, values: StepValues, cell: Cell, name: str | None, reader: Cell
    ) -> bool:
        """Return whether a formula is right if a cell that it reads is a quantity."""
        tree = self._formulas.trees[reader]
        if name is not None:
            tree = exchanged(tree, lambda part: Symbol(name) if part == cell else None)
        known = values.evaluated(tree)
        if known is None:
            return False
        parameter = self._updates.get(reader)
        if parameter is None:
            return bool(self._truths.named(known))
        return self._rate(values, known, parameter) is not None

    @cached_property
    def _updates(self) -> Mapping[Cell, str]:
        """The cells of updated parameters."""
        return {
            cell: name
            for (name, step), cell in self.forward.places.items()
            if step > 0 and is_parameter(name)
        }

    def _rate(self, values: StepValues, new: Array, parameter: str) -> float | None:
        rate = values.rate(new, parameter, f"∂E/∂{parameter}")
        return None if rate is None or (rate > 0) != self.network.is_negated else abs(rate)

    def _not_understood(self) -> list[Cell]:
        """Return the cells that depend on the network and lead to nothing that is understood."""
        placed = {cell for each in self.found.values() for cell in each.values()}
        placed |= set(self.forward.places.values())
        useful: set[Cell] = set(placed)
        waiting = list(placed)
        while waiting:
            tree = self._formulas.trees.get(waiting.pop())
            for leaf in _cells(tree):
                if leaf not in useful:
                    useful.add(leaf)
                    waiting.append(leaf)
        first = {*self.found[0].values(), *self.forward.here(0)}
        values = self.values(0)
        touched = {
            one for one in self._formulas.trees if first & {*_cells(self._formulas.trees[one])}
        }
        return in_order(
            cell
            for cell in touched - useful
            if (known := values.computed(cell)) is not None and not self._truths.is_known(known)
        )


def _cells(tree: Expression | None) -> Iterator[Cell]:
    if tree is not None:
        yield from (one for one in leaves(tree) if isinstance(one, Cell))
