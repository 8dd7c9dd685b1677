"""Finds where the weights of a page's network are, also where a formula reads a wrong one."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

from sheetgen.check.formula.expressions import Cell
from sheetgen.check.pages.page_layers import Instance, Layers, place_of
from sheetgen.check.pages.regular_places import Index, Place, arrangements

_MOST_ARRANGEMENTS = 8


@dataclass
class Arrangement:
    """Where the quantities of a page are: (step, …) → cell.

    `weights` has (layer, unit, source) and `biases` (layer, unit), counted from 0, for step 0.
    """

    instances: list[list[Instance]]
    weights: dict[Index, Cell]
    biases: dict[Index, Cell]


@dataclass
class Weights:
    """The weights and biases of the networks that the units of a page form."""

    layers: Layers

    def __post_init__(self) -> None:
        self.formulas, self.units = self.layers.formulas, self.layers.units

    def arrangements(self, steps: list[list[Instance]]) -> Iterator[Arrangement]:
        """Yield the arrangements that fit the formulas of a network best.

        None is yielded where they form no network.
        """
        sheet, shape = self.formulas.sheet, steps[0][0].shape
        weights, biases = self._votes(steps)
        choices: list[list[dict[Index, Place]]] = []
        used = {cell for each in weights for one in each.values() for cell in one}
        used |= {cell for one in biases.values() for cell in one}
        roots = {self.layers.first_of(one) for one in self.units.before}
        free = [one for one in sorted(roots, key=place_of) if one not in used]
        for layer in range(len(shape) - 1):
            wanted = list(product(range(shape[layer + 1]), range(shape[layer])))
            choices.append(self._arranged(weights[layer], wanted, free))
        for chosen in islice(product(*choices), _MOST_ARRANGEMENTS):
            places = {
                (layer, *index): Cell(sheet, *place)
                for layer, one in enumerate(chosen)
                for index, place in one.items()
            }
            if len(set(places.values())) == len(places):
                yield Arrangement(steps, places, self._biases(biases, steps[0][0], places))

    def _votes(
        self, steps: Sequence[Sequence[Instance]]
    ) -> tuple[list[dict[Index, Counter[Cell]]], dict[Index, Counter[Cell]]]:
        """Return for each connection, and for each bias, how often which cell is its weight."""
        weights: list[dict[Index, Counter[Cell]]] = [{} for _ in steps[0][0].layers]
        biases: dict[Index, Counter[Cell]] = {}
        for instance in (one for samples in steps for one in samples):
            for layer, units in enumerate(instance.layers):
                sources = {cell: place for place, cell in enumerate(instance.sources(layer))}
                for number, unit in enumerate(units):
                    for weight, source in filter(None, map(self.layers.directed, unit.net.pairs)):
                        if source in sources:
                            index = number, sources[source]
                            votes = weights[layer].setdefault(index, Counter())
                            votes[self.layers.first_of(weight)] += 1
                    own = biases.setdefault((layer, number), Counter())
                    added = (cell for sign, cell in unit.net.biases if sign > 0)
                    own.update(map(self.layers.first_of, added))
        return weights, biases

    def _arranged(
        self,
        votes: Mapping[Index, Counter[Cell]],
        wanted: Sequence[Index],
        free: Sequence[Cell],
    ) -> list[dict[Index, Place]]:
        """Return where the weights of a layer may be, with what most formulas say."""
        seen = {index: place_of(one.most_common(1)[0][0]) for index, one in votes.items()}
        regular = [
            one
            for one in arrangements(seen, wanted)
            if all(self.formulas.is_typed(Cell(self.formulas.sheet, *at)) for at in one.values())
        ]
        if regular:
            return regular
        if len(set(seen.values())) == len(seen) == len(wanted):
            return [seen]
        return list(_with_unused(seen, wanted, [place_of(one) for one in free]))

    def _biases(
        self,
        votes: Mapping[Index, Counter[Cell]],
        instance: Instance,
        weights: Mapping[Index, Cell],
    ) -> dict[Index, Cell]:
        found: dict[Index, Cell] = {}
        taken = {*weights.values(), *instance.inputs}
        for layer, units in enumerate(instance.layers):
            seen: dict[Index, Place] = {
                (number,): place_of(votes[layer, number].most_common(1)[0][0])
                for number in range(len(units))
                if votes[layer, number]
            }
            if not seen:
                continue
            wanted: list[Index] = [(number,) for number in range(len(units))]
            sheet = self.formulas.sheet
            shared = Counter(seen.values()).most_common(1)[0]
            if len(units) > 1 and 2 * shared[1] > len(units):
                places = dict.fromkeys(wanted, shared[0])
            else:
                regular = arrangements(seen, wanted) or [seen]
                places = regular[0]
            for index, place in places.items():
                cell = Cell(sheet, *place)
                if self.formulas.is_typed(cell) and cell not in taken:
                    found[layer, *index] = cell
        return found


def _with_unused(
    seen: Mapping[Index, Place], wanted: Sequence[Index], free: Sequence[Place]
) -> Iterator[dict[Index, Place]]:
    """Yield the places with a weight that is updated but not used, where another is used twice.

    Either use may be the wrong one.
    """
    missing = [one for one in wanted if one not in seen]
    units = {index[0] for index in missing}
    if len(units) == 1 and len(missing) * (wanted[-1][0] + 1) == len(wanted):  # of a whole unit
        for corner, other in product(free, {index[0] for index in seen}):
            first = seen[other, 0]
            move = corner[0] - first[0], corner[1] - first[1]
            found = {
                index: (seen[other, index[1]][0] + move[0], seen[other, index[1]][1] + move[1])
                for index in missing
            }
            if set(found.values()) <= set(free):
                yield {**seen, **found}
        return
    counted = Counter(seen.values())
    twice = [index for index in seen if counted[seen[index]] == 2]
    if len(free) != 1 or len(missing) + len(twice) // 2 != 1:
        return
    for index in missing or twice:
        yield {**seen, index: free[0]}
