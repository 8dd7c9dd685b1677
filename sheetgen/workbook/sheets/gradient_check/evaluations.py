"""The lower part of `Gradient check`: the network evaluated again, with something moved.

Each row is a forward pass in cells. If all weights into a unit are moved at once, only what that
changes is computed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from sheetgen.formulas import notation, quantities
from sheetgen.formulas.quantities import Cell
from sheetgen.network.network import Network, activation_name
from sheetgen.network.trace import EXPONENTIALS, GREATEST, Forward, winner_name
from sheetgen.spreadsheet.address import cell_address
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import FINE, SECTION, header, label, number
from sheetgen.workbook.shared.page import write_headers, write_value

MOVED, TO, FIRST = 1, 2, 3
WINNER = winner_name("")
MOVED_Z, MOVED_A = "z", "a"
TEXTS = {
    MOVED_Z: "the pre-activation of the unit whose weights are moved",
    MOVED_A: "the activation of the unit whose weights are moved",
    GREATEST: "the largest o, taken off to avoid overflow",
    EXPONENTIALS: "Σ e^(o − the largest o)",
}
MANY_OUTPUTS = 20  # with more, every output's error has its own cell


@dataclass(frozen=True)
class Evaluations:
    """The table; `row` is that of its headers.

    If all weights into a unit are moved at once (`is_by_unit`), the table has columns for that
    unit, MOVED_Z and MOVED_A, and for the layers after the first one.
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
        names += [name for units in layers for unit in units for name in self._of_unit(unit)]
        return [*names, *self._last_symbols]

    def _of_unit(self, unit: str) -> tuple[str, ...]:
        """Return the columns of a unit: its values, and which is the largest that a pool sees."""
        names = quantities.of_unit(unit)
        return (*names, winner_name(unit)) if unit in self.network.winners else names

    @property
    def _last_symbols(self) -> tuple[str, ...]:
        """Those that do not belong to a single unit."""
        return (*quantities.softmax_helpers(self.network)[:2], *self._errors, "E_total")

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
        write_headers(canvas, row, MOVED, ("moved", "s" if self.is_by_unit else "to"), "weight")
        for column, symbol in enumerate(self.symbols, start=FIRST):
            canvas.write(row, column, notation.heading(symbol), header(_kind(symbol)))
            text = TEXTS.get(symbol) or notation.forward(self.network, symbol)
            canvas.notes[row, column] = f"{symbol} = {text}"
            canvas.widths.setdefault(column, 12.5)
            if symbol.startswith(WINNER):
                canvas.widths[column] = max(canvas.widths[column], len(symbol) + 1)
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
        names = [name for unit in (moved, *later) for name in quantities.of_unit(unit)]
        if self.network.layers[layer].activation.acts_on_layer:
            beside = (unit for unit in self.network.unit_names[layer] if unit != moved)
            names += map(activation_name, beside)
        names += self._last_symbols
        self._write(row, run, known, names, moved, formula)

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
        values = run.values(self.network)
        for symbol in symbols:
            formula = moved_formula
            if symbol != moved:
                formula = self._formula(symbol, places.__getitem__)
            style = number(_kind(symbol), FINE) if symbol == "E_total" else number(_kind(symbol))
            column = self._column(symbol, moved)
            self.canvas.calculate(row, column, f"={formula}", values[symbol], style)

    def _formula(self, symbol: str, cell: Cell) -> str:
        network = self.network
        if symbol != "E_total" or self._errors:
            return quantities.forward_formula(network, symbol, cell)
        outputs = range(network.outputs)
        return "+".join(quantities.error_formula(network, output, cell) for output in outputs)


def write_moved(canvas: Canvas, row: int, text: str, formula: str, value: float) -> None:
    """Write what is moved, and to what value or by what step."""
    write_value(canvas, row, MOVED, text, f"={formula}", value, "weight")


def write_next(canvas: Canvas, row: int, text: str) -> None:
    """Write that a row is of another sample, with the same moved."""
    canvas.write(row, MOVED, text, replace(label("weight"), bold=False))
    canvas.write(row, TO, "", number("weight"))


def _kind(symbol: str) -> str:
    return "error" if symbol.startswith("E") else "unit"
