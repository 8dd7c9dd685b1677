"""A chosen weight of a kernel, and the terms of the sum that is its gradient."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sheetgen.network.network import Network
from sheetgen.network.parameters import Weight
from sheetgen.network.planes import Convolution
from sheetgen.spreadsheet.canvas import Value
from sheetgen.workbook.shared.plane_lookup import NOTHING, PlaneLookup
from sheetgen.workbook.shared.workings import Choices, Workings

KERNEL_WEIGHTS = "kernel_weights"
"""The defined name of the list of all kernels' weights."""
OUTSIDE = "outside"
"""What is said in place of the name of one of the zeros around the picture."""
PLACE = ("layer", "to map", "from channel", "row in kernel", "column in kernel")
"""What the list says of each."""
Found = tuple[str, Value]
"""An expression and the value that the reference promises for it."""
Where = Callable[[Convolution], tuple[int, int] | None]
"""Says at which row and column, from 0, a convolution's maps are looked at, if they have it."""


def weights_of_kernels(network: Network) -> list[Weight]:
    """Return the weights that are shared by many positions."""
    convolutions = [isinstance(layer, Convolution) for layer in network.layers]
    return [each for each in network.weights if convolutions[each.layer]]


def place_of_weight(network: Network, weight: Weight) -> tuple[int, ...]:
    """Return PLACE of a kernel's weight, all from 1."""
    convolution = network.layers[weight.layer]
    assert isinstance(convolution, Convolution)
    rows, columns = convolution.window
    channel, place = divmod(weight.position, rows * columns)
    row, column = divmod(place, columns)
    return weight.layer + 1, weight.unit + 1, channel + 1, row + 1, column + 1


def kernel_choices(workings: Workings, sheet: str, network: Network) -> Choices:
    """Return the list of all kernels' weights, for a drop-down and what it says of the choice."""
    rows: list[tuple[Value, ...]] = [
        (each.name, *place_of_weight(network, each)) for each in weights_of_kernels(network)
    ]
    return workings.choices(sheet, "Kernels’ weights", KERNEL_WEIGHTS, rows)


@dataclass(frozen=True)
class KernelTerms:
    """What the terms of a chosen weight's sum consist of; `place` has the cells of its PLACE."""

    lookup: PlaneLookup
    weight: Weight
    place: Sequence[str]

    def of_unit(self, where: Where, found: Callable[[str], Found]) -> Found:
        """Return what is found of the unit at a position, in the map that the weight makes."""
        network = self.lookup.network

        def of_map(layer: int, each: Convolution, at: tuple[int, int]) -> Found:
            units = network.unit_names[layer]
            of_maps = [found(units[each.shape.place(number, *at)]) for number in range(each.maps)]
            _, value = of_maps[self.weight.unit if layer == self.weight.layer else 0]
            return self.lookup.one_of(self.place[1], [text for text, _ in of_maps]), value

        return self._of_layers(where, of_map)

    def read(self, where: Where) -> Found:
        """Return what the weight multiplies at a position."""
        return self._of_input(where, self.lookup.looked_up, self.lookup.read)

    def name_read(self, where: Where) -> Found:
        """Return the name of what the weight multiplies at a position, or that it is outside."""
        lookup = self.lookup

        def prefix(layer: int, channel: int) -> str:
            return lookup.source(layer, channel)[0].removesuffix("1_1")

        def expression(layer: int, channel: int, row: str, column: str) -> str:
            name = f'"{prefix(layer, channel)}"&{row}&"_"&{column}'
            return lookup.within(layer, row, column, name, f'"{OUTSIDE}"')

        def name(layer: int, channel: int, row: int, column: int) -> str:
            is_inside = lookup.has(layer, row, column)
            return f"{prefix(layer, channel)}{row}_{column}" if is_inside else OUTSIDE

        return self._of_input(where, expression, name)

    def _of_input(
        self,
        where: Where,
        expression: Callable[[int, int, str, str], str],
        value: Callable[[int, int, int, int], Value],
    ) -> Found:
        """Return what is found in the channel that the weight reads, where it reads it."""
        _, _, channel, y, x = place_of_weight(self.lookup.network, self.weight)

        def of_channel(layer: int, each: Convolution, at: tuple[int, int]) -> Found:
            down, across = each.corner(*at)
            row, column = f"({self.place[3]}{down:+d})", f"({self.place[4]}{across:+d})"
            channels = range(each.planes.channels)
            texts = [expression(layer, number, row, column) for number in channels]
            is_chosen = layer == self.weight.layer
            found = value(layer, channel - 1, y + down, x + across) if is_chosen else ""
            return self.lookup.one_of(self.place[2], texts), found

        return self._of_layers(where, of_channel)

    def _of_layers(
        self, where: Where, of_layer: Callable[[int, Convolution, tuple[int, int]], Found]
    ) -> Found:
        """Return what is found in the layer of the weight, or nothing where it has no position."""
        texts: list[str] = []
        value: Value = ""
        for layer, convolution in self.lookup.convolutions:
            at = where(convolution)
            text, of_this = of_layer(layer, convolution, at) if at else (NOTHING, "")
            texts.append(text)
            if layer == self.weight.layer:
                value = of_this
        return self.lookup.of_layer(self.place[0], texts), value
