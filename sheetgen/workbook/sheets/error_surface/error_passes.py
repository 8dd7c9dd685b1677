"""E_total as a function of two chosen weights: its expression in a cell, for any network.

Which two weights x and y stand for is chosen on the sheet, so a formula cannot know. Each weight
stands as base + across·x + down·y, where base is 0 and one of the other two is 1 for a chosen
weight, and base is its value for all others. The weighted sums of the first layer, whose inputs
do not change, are c + r·x + s·y, with c, r and s in cells for every unit and sample.

A network that is too long for one formula is cut: the weighted sums of the outputs, or all layers
but the first, get cells of their own, and the errors of several samples are added in portions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from sheetgen.formulas import quantities
from sheetgen.network.network import Network, activation_name
from sheetgen.network.trace import EXPONENTIALS, GREATEST

PORTION = 6000
"""Characters of a formula, of the 8,192 that a cell holds."""
BASE, ACROSS, DOWN = "base", "across", "down"
CUTS = (0, 1, 2)
"""No cut, the outputs' weighted sums, or all layers but the first in cells of their own."""

Part = tuple[int, str]
"""What has a cell of its own for each point: a sample's quantity, or a portion of the errors."""
ERRORS = "errors"


X, Y = "{x}", "{y}"
"""What stands for the addresses of x and y in the expressions."""


def part_text(part: Part) -> str:
    """Return what stands for the address of a part in the expressions."""
    return "{" + f"{part[0]} {part[1]}" + "}"


@dataclass(frozen=True)
class Passes:
    """The formulas of one point of the plane of x and y, for all samples.

    They have X, Y and `part_text` where addresses belong that differ from point to point.

    `address` gives the address of a symbol for a sample: a target's; of "base w5", "across w5",
    "down w5" for a weight; of "base h1" and so on for the c, r and s of a unit of the first layer.
    """

    network: Network
    samples: int
    cut: int
    address: Callable[[str, int], str]

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """What needs a cell before the error, in the order in which one leads to the other."""
        found: list[Part] = []
        for sample in range(self.samples):
            for layer, units in enumerate(self.network.unit_names):
                is_last = layer == len(self.network.layers) - 1
                if is_last and self.cut >= 1:
                    found += [(sample, unit) for unit in units]
                elif layer > 0 and self.cut >= 2:
                    found += [(sample, activation_name(unit)) for unit in units]
            if self._is_softmax:
                found += [(sample, GREATEST), (sample, EXPONENTIALS)]
        return (*found, *((at, ERRORS) for at in range(len(self._portions))))

    def portion(self, at: int) -> tuple[int, ...]:
        """Return the samples whose errors are added in a portion."""
        return self._portions[at]

    @property
    def _is_softmax(self) -> bool:
        return self.network.layers[-1].activation.acts_on_layer

    @cached_property
    def _portions(self) -> tuple[tuple[int, ...], ...]:
        """The samples whose errors are added in one cell, unless one formula takes all."""
        length = len(self._error(0)) + 1
        if length * self.samples <= PORTION:
            return ()
        size = max(1, PORTION // length)
        every = range(self.samples)
        return tuple(tuple(every[at : at + size]) for at in range(0, self.samples, size))

    def formula(self, part: Part) -> str:
        """Return the expression of a part."""
        sample, symbol = part
        if symbol == ERRORS:
            return "+".join(self._error(each) for each in self._portions[sample])
        return self._expression(sample, symbol)

    def error_formula(self) -> str:
        """Return the expression of E_total, of several samples the mean."""
        if self._portions:
            texts = [part_text((at, ERRORS)) for at in range(len(self._portions))]
        else:
            texts = [self._error(sample) for sample in range(self.samples)]
        total = "+".join(texts)
        return total if self.samples == 1 else f"({total})/{self.samples}"

    def _error(self, sample: int) -> str:
        network = self.network
        return "+".join(
            quantities.error_formula(network, output, lambda each: self._cell(sample, each))
            for output in range(network.outputs)
        )

    def _cell(self, sample: int, symbol: str) -> str:
        """Return what stands for a symbol in a formula: an address or an expression."""
        if symbol in self.network.target_names:
            return self.address(symbol, sample)
        if symbol in self._weights:
            return self._weight(symbol)
        if self._has_cell(symbol):
            return part_text((sample, symbol))
        return f"({self._expression(sample, symbol)})"

    def _has_cell(self, symbol: str) -> bool:
        if symbol in (GREATEST, EXPONENTIALS):
            return True
        if symbol in self.network.unit_names[-1]:
            return self.cut >= 1
        hidden = self.network.unit_names[1:-1]
        return self.cut >= 2 and any(symbol[2:] in units for units in hidden)

    def _expression(self, sample: int, symbol: str) -> str:
        network = self.network

        def cell(each: str) -> str:
            return self._cell(sample, each)

        if symbol in (GREATEST, EXPONENTIALS):
            helpers = quantities.softmax_helper_formulas(network, cell)
            return next(text for name, text, _ in helpers if name == symbol)
        if symbol in network.unit_names[0]:
            base, across, down = (
                self.address(f"{kind} {symbol}", sample) for kind in (BASE, ACROSS, DOWN)
            )
            return f"{base}+{across}*{X}+{down}*{Y}"
        if any(symbol in units for units in network.unit_names):
            return quantities.pre_activation_formula(network, symbol, cell)
        return quantities.activation_formula(network, symbol.removeprefix("a_"), cell)

    def _weight(self, name: str) -> str:
        if not self._weights[name]:
            return self.address(f"{BASE} {name}", 0)
        base, across, down = (self.address(f"{kind} {name}", 0) for kind in (BASE, ACROSS, DOWN))
        return f"({base}+{across}*{X}+{down}*{Y})"

    @cached_property
    def _weights(self) -> dict[str, bool]:
        """All weights and biases, and whether each is trained and so can be chosen."""
        edges = dict.fromkeys((edge.name for edge in self.network.connections), True)
        return edges | {bias.name: bias.is_trained for bias in self.network.biases}

    def size(self) -> tuple[int, int, int]:
        """Return a point's formulas, their characters, and the characters of the longest."""
        lengths = [len(self.formula(part)) for part in self.parts]
        lengths.append(len(self.error_formula()))
        return len(lengths), sum(lengths), max(lengths)
