"""E_total as a function of two chosen weights: its expression in a cell, for any network.

Which weights x and y are is chosen on the sheet, so a formula cannot know. It has each weight as
base + across·x + down·y: for a chosen weight, base is 0 and one of the other two is 1; for all
others, base is the weight's value. The weighted sums of the first layer, whose inputs do not
change, are c + r·x + s·y, with c, r and s in cells for every unit and sample.

A network that is too long for one formula is cut: the weighted sums of the outputs, or all layers
but the first, get their own cells, and the errors of several samples are added in portions.

`ErrorValues` is the reference's account of the same, in NumPy.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sheetgen.formulas import notation, quantities
from sheetgen.network.activations import Array
from sheetgen.network.many_passes import run, sample_errors
from sheetgen.network.network import Network, activation_name
from sheetgen.network.parameters import Weight
from sheetgen.network.trace import EXPONENTIALS, GREATEST, Parameters
from sheetgen.workbook.sheets.error_surface.two_weights import ACROSS, BASE, DOWN, WeightChoice

PORTION = 6000
"""Characters of a formula, of the 8,192 that a cell holds."""
LONGEST = 8000
"""Characters of the longest formula."""
CUTS = (0, 1, 2)
"""No cut, the outputs' weighted sums, or all layers but the first in cells of their own."""

Part = tuple[int, str]
"""What has its own cell for each point: a sample's quantity, or a portion of the errors."""
ERRORS = "errors"


X, Y = "{x}", "{y}"
"""Placeholders for the addresses of x and y in the expressions."""


def part_text(part: Part) -> str:
    """Return the placeholder for the address of a part in the expressions."""
    return "{" + f"{part[0]} {part[1]}" + "}"


@dataclass(frozen=True)
class Passes:
    """The formulas of one point of the plane of x and y, for all samples.

    They have the placeholders X, Y and `part_text` for addresses that differ from point to point.

    `address` gives the address of a symbol for a sample: a target's; of "base w5", "across w5",
    "down w5" for a weight; of "base h1" and so on for the c, r and s of a unit of the first layer.
    """

    network: Network
    samples: int
    cut: int
    address: Callable[[str, int], str]

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """What needs a cell before the error, each after what it is computed from."""
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
        return (*found, *((at, ERRORS) for at in range(len(self.portions))))

    @property
    def _is_softmax(self) -> bool:
        return self.network.layers[-1].activation.acts_on_layer

    @cached_property
    def portions(self) -> tuple[tuple[int, ...], ...]:
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
            return "+".join(self._error(each) for each in self.portions[sample])
        return self._expression(sample, symbol)

    def error_formula(self) -> str:
        """Return the expression of E_total: the mean over the samples."""
        if self.portions:
            texts = [part_text((at, ERRORS)) for at in range(len(self.portions))]
        else:
            texts = [self._error(sample) for sample in range(self.samples)]
        total = "+".join(texts)
        return total if self.samples == 1 else f"({total})/{self.samples}"

    def _error(self, sample: int) -> str:
        cell = self._texts(sample).__getitem__
        return "+".join(
            quantities.error_formula(self.network, output, cell)
            for output in range(self.network.outputs)
        )

    def _texts(self, sample: int) -> Mapping[str, str]:
        """Return the address or the expression of every symbol, as a formula has it.

        Raises TooLongError if one of them would fill a cell by itself.
        """
        if sample not in self._known:
            targets = {name: self.address(name, sample) for name in self.network.target_names}
            self._known[sample] = texts = targets | self._weights
            texts |= {each: part_text((sample, each)) for each in (GREATEST, EXPONENTIALS)}
            # Layer by layer: an expression that asked for those inside it would ask too deeply.
            for symbol in (name for units in self.network.unit_names for name in units):
                for name in (symbol, activation_name(symbol)):
                    if self._has_cell(name):
                        texts[name] = part_text((sample, name))
                    else:
                        texts[name] = f"({self._expression(sample, name)})"
                    if len(texts[name]) > LONGEST:
                        raise TooLongError
        return self._known[sample]

    @cached_property
    def _known(self) -> dict[int, dict[str, str]]:
        """What `_texts` has returned."""
        return {}

    def _has_cell(self, symbol: str) -> bool:
        if symbol in self.network.unit_names[-1]:
            return self.cut >= 1
        return self.cut >= 2 and symbol in self._hidden_after_first

    @cached_property
    def _hidden_after_first(self) -> set[str]:
        """The activations of all hidden layers but the first."""
        units = (unit for units in self.network.unit_names[1:-1] for unit in units)
        return set(map(activation_name, units))

    def _expression(self, sample: int, symbol: str) -> str:
        if symbol in self.network.unit_names[0]:
            base, across, down = (
                self.address(f"{kind} {symbol}", sample) for kind in (BASE, ACROSS, DOWN)
            )
            return f"{base}+{across}*{X}+{down}*{Y}"
        return quantities.forward_formula(self.network, symbol, self._texts(sample).__getitem__)

    @cached_property
    def _weights(self) -> dict[str, str]:
        """The expressions of all weights and biases; only those that are trained are chosen."""
        trained = {each.name for each in self.network.parameters}
        return {
            name: self._moved(name) if name in trained else self.address(f"{BASE} {name}", 0)
            for name in self.network.values
        }

    def _moved(self, name: str) -> str:
        base, across, down = (self.address(f"{kind} {name}", 0) for kind in (BASE, ACROSS, DOWN))
        return f"({base}+{across}*{X}+{down}*{Y})"

    def size(self) -> tuple[int, int, int] | None:
        """Return a point's formulas, their characters, and the characters of the longest.

        Return None if one of them would not fit into a cell by far.
        """
        try:
            lengths = [len(self.formula(part)) for part in self.parts]
            lengths.append(len(self.error_formula()))
        except TooLongError:
            return None
        return len(lengths), sum(lengths), max(lengths)


class TooLongError(Exception):
    """A part of a formula is longer than a whole one may be."""


@dataclass(frozen=True)
class ErrorValues:
    """The passes of samples at points (points, 2), each the values of the two chosen weights.

    `inputs` (samples, inputs) are as the network reads them, `targets` (samples, outputs).
    """

    choice: WeightChoice
    passes: Passes
    inputs: Array
    targets: Array
    points: Array

    @property
    def errors(self) -> Array:
        """E_total at each point: the mean over the samples."""
        return np.asarray(self._errors.mean(axis=1))

    def part(self, part: Part) -> Array:
        """Return a part's value at each point."""
        sample, symbol = part
        if symbol == ERRORS:
            return np.asarray(self._errors[:, list(self.passes.portions[sample])].sum(axis=1))
        sums, activations = self._run
        if symbol in (GREATEST, EXPONENTIALS):
            z = sums[-1][:, sample]
            greatest = z.max(axis=-1)
            with np.errstate(over="ignore", invalid="ignore"):
                total = np.exp(z - greatest[:, None]).sum(axis=-1)
            return np.asarray(greatest if symbol == GREATEST else total)
        name = symbol.removeprefix("a_")
        layer, place = notation.position(self.choice.plan.network, name)
        values = sums if symbol == name else activations
        return np.asarray(values[layer][:, sample, place])

    @cached_property
    def _run(self) -> tuple[list[Array], list[Array]]:
        return run(self.choice.plan.network, self._parameters, self.inputs)

    @cached_property
    def _errors(self) -> Array:
        return sample_errors(self.choice.plan.network, self.targets, *self._run)

    @property
    def _parameters(self) -> Parameters:
        """The weights (points, units, fan-in) and biases (points, units) of every layer."""
        start, count = self.choice.snapshot.parameters, len(self.points)
        moved = Parameters(
            [np.repeat(each[None], count, axis=0) for each in start.weights],
            [np.repeat(each[None], count, axis=0) for each in start.biases],
        )
        for each in self.choice.plan.network.parameters:
            _, across, down = self.choice.parts(each.name)
            if across or down:
                values = self.points[:, 0 if across else 1]
                if isinstance(each, Weight):
                    moved.weights[each.layer][:, each.unit, each.position] = values
                else:
                    moved.biases[each.layer][:, each.unit] = values
        return moved
