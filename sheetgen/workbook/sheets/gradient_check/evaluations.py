"""The network evaluated again for `Gradient check`, with something moved.

Each row is a forward pass in cells. If all weights into a unit are moved at once, only what that
changes is computed. A table of a few rows is on the sheet itself, a larger one on `Workings`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from sheetgen.formulas import notation, quantities
from sheetgen.formulas.quantities import Cell
from sheetgen.network.network import Network, activation_name
from sheetgen.network.trace import EXPONENTIALS, GREATEST, Forward, winner_name
from sheetgen.spreadsheet.address import cell_address, quoted
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import FINE, SECTION, header, label, number
from sheetgen.workbook.shared.page import write_headers, write_value
from sheetgen.workbook.sheets.gradient_check.probes import has_kinks

TO, FIRST = 1, 2  # columns, counted from that of what is moved
CROSSES = "at a kink"
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
    """The table; `row` is that of its headers, `column` its first one.

    `canvas` is that of `sheet`, on which the gradients are compared, or of `Workings`.
    If all weights into a unit are moved at once (`is_by_unit`), the table has columns for that
    unit, MOVED_Z and MOVED_A, and for the layers after the first one.
    """

    canvas: Canvas
    sheet: Canvas
    network: Network
    row: int
    column: int
    is_by_unit: bool = False

    @property
    def is_beside(self) -> bool:
        """Whether the table is on the sheet of the comparisons."""
        return self.canvas is self.sheet

    @property
    def to(self) -> int:
        """The column of what is moved to where."""
        return self.column + TO

    @property
    def first(self) -> int:
        """The first column of the passes."""
        return self.column + FIRST

    def seen(self, row: int, column: int, rows: int = 0) -> str:
        """Return the address of a cell, or of so many `rows`, for the sheet's formulas."""
        address = cell_address(row, column)
        if rows:
            address = f"{address}:{cell_address(row + rows - 1, column)}"
        return address if self.is_beside else f"{quoted(self.canvas.name)}!{address}"

    def sees(self, row: int, column: int) -> str:
        """Return the address of a cell of the sheet for the table's formulas."""
        return cell_address(row, column) if self.is_beside else self.sheet.absolute(row, column)

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
        return self.first + len(self.symbols) - 1

    @property
    def crossing(self) -> int:
        """The column that tells whether a kink is crossed, where there may be one."""
        return self.total + 1

    def place(self, row: int, symbol: str, moved: str = "") -> str:
        """Return the address of a quantity in a row, in which a unit may be `moved`."""
        return cell_address(row, self._column(symbol, moved))

    def _column(self, symbol: str, moved: str) -> int:
        if moved:
            symbol = {moved: MOVED_Z, activation_name(moved): MOVED_A}.get(symbol, symbol)
        return self._columns[symbol]

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {symbol: column for column, symbol in enumerate(self.symbols, start=self.first)}

    def headers(self, title: str, to: str) -> None:
        """Write the title, if any, and the headers; `to` says what the second column holds."""
        canvas, row = self.canvas, self.row
        if title:
            canvas.write(row - 1, self.column, title, SECTION)
        names = "moved", "s" if self.is_by_unit else "to"
        write_headers(canvas, row, self.column, names, "weight")
        for column, symbol in enumerate(self.symbols, start=self.first):
            canvas.write(row, column, notation.heading(symbol), header(_kind(symbol)))
            text = TEXTS.get(symbol) or notation.forward(self.network, symbol)
            canvas.notes[row, column] = f"{symbol} = {text}"
            canvas.widths.setdefault(column, 12.5)
            if symbol.startswith(WINNER):
                canvas.widths[column] = max(canvas.widths[column], len(symbol) + 1)
        if has_kinks(self.network):
            canvas.write(row, self.crossing, CROSSES, header("helper"))
        canvas.notes[row, self.to] = to
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

    def moved(self, row: int, text: str, formula: str, value: float) -> None:
        """Write what is moved, and to what value or by what step."""
        write_value(self.canvas, row, self.column, text, f"={formula}", value, "weight")

    def goes_on(self, row: int, text: str) -> None:
        """Write that a row is of another sample, with the same moved."""
        self.canvas.write(row, self.column, text, replace(label("weight"), bold=False))
        self.canvas.write(row, self.to, "", number("weight"))


def _kind(symbol: str) -> str:
    return "error" if symbol.startswith("E") else "unit"
