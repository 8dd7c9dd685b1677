"""The lower part of `Gradient check`: the network evaluated again, with something moved.

Each row is a forward pass in cells. Where all weights into a unit are moved at once, only what
that changes is computed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sheetgen.formulas import notation, quantities
from sheetgen.formulas.quantities import Cell
from sheetgen.network.network import Network, activation_name
from sheetgen.network.trace import EXPONENTIALS, GREATEST, Forward
from sheetgen.spreadsheet.address import cell_address
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import FINE, SECTION, header, label, number

MOVED, TO, FIRST = 1, 2, 3
MOVED_Z, MOVED_A = "z", "a"
TEXTS = {
    MOVED_Z: "the pre-activation of the unit whose weights are moved",
    MOVED_A: "the activation of the unit whose weights are moved",
    GREATEST: "the largest o, taken off to avoid overflow",
    EXPONENTIALS: "Σ e^(o − the largest o)",
}
MANY_OUTPUTS = 20  # beyond which every output's error has a cell of its own


@dataclass(frozen=True)
class Evaluations:
    """The table; `row` is that of its headers.

    Where several weights are moved at once the table has columns for the unit that they lead
    into, MOVED_Z and MOVED_A, and for the layers behind the first one.
    """

    canvas: Canvas
    network: Network
    row: int
    is_by_unit: bool = False

    @cached_property
    def symbols(self) -> list[str]:
        """Every quantity that has a column, in their order."""
        network = self.network
        layers = network.unit_names[1:] if self.is_by_unit else network.unit_names
        names = [MOVED_Z, MOVED_A] if self.is_by_unit else []
        names += [name for units in layers for unit in units for name in of_unit(unit)]
        names += quantities.softmax_helpers(network)[:2]
        return [*names, *self._errors, "E_total"]

    @property
    def _errors(self) -> tuple[str, ...]:
        return self.network.error_names if self.network.outputs > MANY_OUTPUTS else ()

    @property
    def total(self) -> int:
        """The column of E_total."""
        return FIRST + len(self.symbols) - 1

    def place(self, row: int, symbol: str, moved: str = "") -> str:
        """Return the address of a quantity in a row, in which a unit may be `moved`."""
        return cell_address(row, self._column(symbol, moved))

    def _column(self, symbol: str, moved: str) -> int:
        if moved:
            symbol = {moved: MOVED_Z, activation_name(moved): MOVED_A}.get(symbol, symbol)
        return self._columns[symbol]

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {symbol: column for column, symbol in enumerate(self.symbols, start=FIRST)}

    def headers(self, title: str, to: str) -> None:
        """Write the title and the headers; `to` says what the second column holds."""
        canvas, row = self.canvas, self.row
        canvas.write(row - 1, MOVED, title, SECTION)
        canvas.write(row, MOVED, "moved", header("weight"))
        canvas.write(row, TO, "s" if self.is_by_unit else "to", header("weight"))
        for column, symbol in enumerate(self.symbols, start=FIRST):
            canvas.write(row, column, notation.heading(symbol), header(_kind(symbol)))
            canvas.notes[row, column] = f"{symbol} = {self._notation(symbol)}"
            canvas.widths.setdefault(column, 12)
        canvas.notes[row, TO] = to
        canvas.widths[self.total] = max(14, canvas.widths.get(self.total, 0))

    def evaluate(self, row: int, run: Forward, known: Mapping[str, str]) -> None:
        """Write a whole forward pass; `known` has the addresses of what it begins with."""
        self._write(row, run, known, self.symbols)

    def evaluate_after(
        self, row: int, run: Forward, known: Mapping[str, str], moved: str, formula: str
    ) -> None:
        """Write a forward pass from a unit on, with the expression of its pre-activation.

        `known` has the addresses of all that does not change.
        """
        layer, _ = notation.position(self.network, moved)
        later = [name for units in self.network.unit_names[layer + 1 :] for name in units]
        names = [name for unit in (moved, *later) for name in of_unit(unit)]
        if self.network.layers[layer].activation.acts_on_layer:
            beside = (unit for unit in self.network.unit_names[layer] if unit != moved)
            names += map(activation_name, beside)
        names += self.symbols[len(self.symbols) - self._ends :]
        self._write(row, run, known, names, moved, formula)

    @property
    def _ends(self) -> int:
        """The number of columns behind those of the units."""
        return len(quantities.softmax_helpers(self.network)[:2]) + len(self._errors) + 1

    def _write(
        self,
        row: int,
        run: Forward,
        known: Mapping[str, str],
        symbols: Sequence[str],
        moved: str = "",
        moved_formula: str = "",
    ) -> None:
        places = {**known, **{symbol: self.place(row, symbol, moved) for symbol in symbols}}
        values = self._values(run)
        for symbol in symbols:
            formula = moved_formula
            if symbol != moved:
                formula = self._formula(symbol, places.__getitem__)
            style = number(_kind(symbol), FINE) if symbol == "E_total" else number(_kind(symbol))
            column = self._column(symbol, moved)
            self.canvas.calculate(row, column, f"={formula}", values[symbol], style)

    def _formula(self, symbol: str, cell: Cell) -> str:
        network = self.network
        if symbol in (GREATEST, EXPONENTIALS):
            texts = quantities.softmax_helper_formulas(network, cell)
            return next(formula for name, formula, _ in texts if name == symbol)
        if symbol in network.error_names:
            return quantities.error_formula(network, network.error_names.index(symbol), cell)
        if symbol == "E_total":
            if self._errors:
                return quantities.total_error_formula(network, cell)
            outputs = range(network.outputs)
            return "+".join(quantities.error_formula(network, output, cell) for output in outputs)
        if symbol.startswith("a_"):
            return quantities.activation_formula(network, symbol.removeprefix("a_"), cell)
        return quantities.pre_activation_formula(network, symbol, cell)

    def _notation(self, symbol: str) -> str:
        network = self.network
        if symbol in TEXTS:
            return TEXTS[symbol]
        if symbol == "E_total":
            return notation.total_error(network)
        if symbol in network.error_names:
            return notation.error(network, network.error_names.index(symbol))
        if symbol.startswith("a_"):
            return notation.activation(network, symbol.removeprefix("a_"))
        return notation.weighted_sum(network, symbol)

    def _values(self, run: Forward) -> dict[str, float]:
        """Return what the reference says of every quantity in a row."""
        values = dict(zip(self.network.error_names, run.errors.tolist(), strict=True))
        for units, z, a in zip(
            self.network.unit_names, run.pre_activations, run.activations, strict=True
        ):
            values |= dict(zip(units, z.tolist(), strict=True))
            values |= dict(zip(map(activation_name, units), a.tolist(), strict=True))
        outputs = run.pre_activations[-1]
        values[GREATEST] = float(outputs.max())
        values[EXPONENTIALS] = float(np.exp(outputs - outputs.max()).sum())
        values["E_total"] = run.total_error
        return values


def of_unit(unit: str) -> tuple[str, str]:
    """Return the names of a unit's pre-activation and activation."""
    return unit, activation_name(unit)


def write_moved(canvas: Canvas, row: int, text: str, formula: str, value: float) -> None:
    """Write what is moved, and to what value or by what step."""
    canvas.write(row, MOVED, text, label("weight"))
    canvas.calculate(row, TO, f"={formula}", value, number("weight"))


def _kind(symbol: str) -> str:
    return "error" if symbol.startswith("E") else "unit"
