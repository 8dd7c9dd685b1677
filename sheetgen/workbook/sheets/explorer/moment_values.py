"""The values of one moment, fetched from its training table: symbol, value, gradient.

They are in two groups side by side. Every other part of `Explorer` reads these cells. For a network
of many weights they hold the outputs only; other values are fetched one by one where they are
needed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from math import nan

import numpy as np

from sheetgen.formulas import notation, quantities
from sheetgen.network.many_passes import weights_in_row
from sheetgen.network.network import activation_name
from sheetgen.network.reference import backward, forward
from sheetgen.network.trace import BATCH_ROW, BATCH_SIZE, Backward
from sheetgen.spreadsheet.address import cell_address, local
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import FINE, SECTION, VALUE, WHOLE, header, label, number
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.live_text import Words, factor, significant
from sheetgen.workbook.shared.moment import Moment
from sheetgen.workbook.shared.page import fit_errors
from sheetgen.workbook.shared.table_cells import FIRST_ROW, HEADER_ROW, RATE_CELL, Table
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.training_table import FIRST_COLUMN

MOST_SYMBOLS = 400  # that are listed; with more, the outputs only
MOST_OUTPUTS = 40  # that are listed of a network with more symbols
RATE = "η"
GROUPS, GROUP = 2, 4  # side by side, and the columns of each with what is between
STEPS = ("epoch", "sample", BATCH_ROW, BATCH_SIZE)


@dataclass(frozen=True)
class Instant:
    """The reference's values at the chosen moment."""

    plan: Plan
    moment: Moment

    def __getitem__(self, symbol: str) -> float:
        if symbol == RATE:
            return self.moment.value("learning_rate")
        return self.moment.value(symbol)

    def next(self, symbol: str) -> float:
        """Return a symbol's value in the next row; nan where there is none."""
        row = self.moment.iteration + 1
        values = self.moment.trace[symbol]
        return float(values[row]) if row < len(values) else nan

    @cached_property
    def back(self) -> Backward:
        """The gradients of the row's sample."""
        network = self.plan.network
        sample = [self[name] for name in network.input_names]
        target = [self[name] for name in network.target_names]
        parameters = weights_in_row(network, self.moment.trace, self.moment.iteration)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            run = forward(network, parameters, sample, target)
            return backward(network, parameters, sample, target, run)

    @cached_property
    def gradients(self) -> dict[str, float]:
        """∂E/∂ of every trained weight and bias, of every h and o, and of every a that has one."""
        network, back = self.plan.network, self.back
        found = {each.name: self[each.gradient] for each in network.parameters}
        for units, deltas, activations in zip(
            network.unit_names, back.deltas, back.activation_gradients, strict=True
        ):
            found |= dict(zip(units, deltas.tolist(), strict=True))
            found |= dict(zip(map(activation_name, units), activations.tolist(), strict=True))
        if notation.is_joint(network):
            for unit in network.unit_names[-1]:
                del found[activation_name(unit)]
        return found


@dataclass
class Values:
    """The block of cells; `at` is the place of its title, above its headers.

    `cells` and `gradients` are the absolute addresses, with the sheet's name, of the values and of
    ∂E/∂ of each symbol. `instant` is the reference's account of the moment.
    """

    canvas: Canvas
    plan: Plan
    moment: Moment
    at: tuple[int, int]
    workings: Workings
    cells: dict[str, str] = field(default_factory=dict)
    gradients: dict[str, str] = field(default_factory=dict)
    _places: dict[str, tuple[int, int]] = field(default_factory=dict)
    _texts: dict[str, Words] = field(default_factory=dict)
    _factors: dict[str, Words] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.network = self.plan.network
        self.instant = Instant(self.plan, self.moment)

    @cached_property
    def is_complete(self) -> bool:
        """Whether every symbol has a cell here."""
        network = self.network
        units = sum(layer.units for layer in network.layers)
        parameters = len(network.weights) + len(network.biases)
        return network.inputs + parameters + 2 * units + 2 * network.outputs <= MOST_SYMBOLS

    @cached_property
    def _count(self) -> int:
        """The number of values in a group."""
        return -(-len(list(self._symbols())) // GROUPS)

    @property
    def last_row(self) -> int:
        """The last row of the block."""
        return max(row for row, _ in self._places.values())

    def draw(self) -> None:
        """Write the block."""
        canvas, (row, column), symbols = self.canvas, self.at, list(self._symbols())
        canvas.write(row, column, "Values of this moment", SECTION)
        count = self._count
        headers = (("symbol", "iteration"), ("value", "iteration"), ("∂E/∂symbol", "gradient"))
        for group in range(GROUPS):
            left = column + GROUP * group
            for offset, (text, kind) in enumerate(headers):
                canvas.write(row + 1, left + offset, text, header(kind))
            last = row + 1 + count
            whole = 0 if group else 1 + sum(symbol in STEPS for symbol, _ in symbols)
            canvas.numbers.append((row + 2 + whole, left + 1, last, left + 1))
            fit_errors(canvas, (row + 2, left + 2, last, left + 2))
        for place, (symbol, kind) in enumerate(symbols):
            group, down = divmod(place, count)
            self._places[symbol] = row + 2 + down, column + GROUP * group
            self._value(symbol, kind)
        for symbol in list(self.cells):
            self._gradient(symbol)

    def _symbols(self) -> Iterator[tuple[str, str]]:
        network, table = self.network, self.moment.tables[0]
        yield RATE, "error"
        yield from ((step, "iteration") for step in STEPS if step in table.places)
        if self.is_complete or network.outputs <= MOST_OUTPUTS:
            yield from ((name, "target") for name in network.target_names)
        if self.is_complete:
            yield from ((name, "input") for name in network.input_names)
            for layer in range(len(network.layers) - 1):
                yield from self._layer(layer)
        if self.is_complete or network.outputs <= MOST_OUTPUTS:
            yield from self._layer(len(network.layers) - 1)
            yield from ((name, "helper") for name in quantities.softmax_helpers(network))
            yield from ((name, "error") for name in network.error_names)
        yield "E_total", "error"

    def _layer(self, layer: int) -> Iterator[tuple[str, str]]:
        network = self.network
        if self.is_complete:
            yield from ((e.name, "weight") for e in network.weights if e.layer == layer)
            yield from ((b.name, "weight") for b in network.biases if b.layer == layer)
        for unit in network.unit_names[layer]:
            yield from ((name, "unit") for name in (unit, activation_name(unit)))

    def _value(self, symbol: str, kind: str) -> None:
        canvas, (row, column) = self.canvas, self._places[symbol]
        canvas.write(row, column, notation.letter(symbol), label(kind))
        shown = WHOLE if kind == "iteration" else VALUE
        style = number(kind, self.plan.data_formats.get(symbol, shown))
        formula = self.moment.formula(symbol) if symbol != RATE else self._rate()
        canvas.calculate(row, column + 1, formula, self.instant[symbol], style)
        self.cells[symbol] = canvas.absolute(row, column + 1)

    def _rate(self) -> str:
        """Return the formula of the learning rate in the chosen row."""
        tables = self.moment.tables
        if "learning_rate" in tables[0].places:
            return self.moment.formula("learning_rate")
        return f"={self.moment.chosen(table.canvas.absolute(*RATE_CELL) for table in tables)}"

    def _gradient(self, symbol: str) -> None:
        """Write ∂E/∂ of a symbol beside its value, if it has one."""
        row, column = self._places[symbol]
        formula = self._gradient_formula(symbol)
        if not formula:
            self.canvas.write(row, column + 2, "", number("gradient"))
            return
        value, style = self.instant.gradients[symbol], number("gradient", FINE)
        self.canvas.calculate(row, column + 2, formula, value, style)
        self.gradients[symbol] = self.canvas.absolute(row, column + 2)

    def _gradient_formula(self, symbol: str) -> str:
        """Return the formula of ∂E/∂ of a symbol: fetched if the table has it."""
        network = self.network
        if symbol not in self.instant.gradients:
            return ""
        if f"∂E/∂{symbol}" in self.moment.tables[0].places:
            return self.moment.formula(f"∂E/∂{symbol}")
        if not symbol.startswith("a_"):
            return f"={quantities.delta_formula(network, symbol, self._here)}"
        unit = symbol.removeprefix("a_")
        layer, place = notation.position(network, unit)
        if layer == len(network.layers) - 1:
            target = self._here(network.target_names[place])
            slope = network.loss.slope_formula(target, self._here(symbol), network.outputs)
            return f"={slope}"
        shares = (
            f"{self._gradient_cell(edge.target)}*{self._here(edge.name)}"
            for edge in network.out_of(symbol)
        )
        return f"={'+'.join(shares)}"

    def _here(self, symbol: str) -> str:
        """Return the address of a symbol's value on this sheet."""
        return local(self.cells[symbol])

    def _gradient_cell(self, symbol: str) -> str:
        """Return the address of a gradient that may be written further down."""
        row, column = self._places[symbol]
        return cell_address(row, column + 2)

    def write_list(self, as_texts: Iterable[str]) -> None:
        """Write the symbols one below the other, and some of their values as texts and as factors.

        Negative factors are in parentheses.
        """
        titles = "symbol", "as text", "as factor"
        corner = self._list = self.workings.block(self.canvas.name, "The values", len(titles))
        corner.headers(*titles)
        listed = set(as_texts)
        for down, (symbol, cell) in enumerate(self.cells.items(), start=1):
            corner.write(down, 0, notation.letter(symbol))
            if symbol in listed:
                text = significant(cell, self.instant[symbol])
                self._texts[symbol] = corner.words(down, 1, text)
                written = factor(cell, self.instant[symbol], self._texts[symbol])
                self._factors[symbol] = corner.words(down, 2, written)

    def text(self, symbol: str) -> Words:
        """Return a value as text."""
        return self._texts[symbol]

    def factor(self, symbol: str) -> Words:
        """Return a value as a factor."""
        return self._factors[symbol]

    def lookup(self, name: str) -> str:
        """Return the expression of the value of the symbol that a cell or expression names."""
        if not self.is_complete:
            return self.fetch(name, self.moment.row)
        return self._found(name, 1)

    def lookup_gradient(self, name: str, is_unit: bool = False) -> str:
        """Return the expression of ∂E/∂ of the symbol that a cell or expression names."""
        is_here = is_unit and not quantities.uses_delta_columns(self.network)
        if not self.is_complete and not is_here:
            return self.fetch(f'"∂E/∂"&{name}', self.moment.row)
        return self._found(name, 2)

    def _found(self, name: str, offset: int) -> str:
        """Return the expression of what is so many columns beside a symbol, in either group."""
        row, column = self.at
        last_column = column + GROUP * GROUPS - 2
        values = self.canvas.range(row + 2, column, self.last_row, last_column)
        place = f"(MATCH({name},{self._list.range(1, 0, len(self.cells), 0)},0)-1)"
        count = self._count
        return f"INDEX({values},MOD({place},{count})+1,INT({place}/{count})*{GROUP}+{offset + 1})"

    def fetch(self, name: str, row: str) -> str:
        """Return the expression of a symbol's value in the chosen table, at an iteration.

        `name` and `row` are expressions of the column's header and of the iteration.
        """
        return self.moment.chosen(
            f"INDEX({_rows(table, FIRST_ROW, FIRST_ROW + table.iterations)},{row}+1,"
            f"MATCH({name},{_rows(table, HEADER_ROW, HEADER_ROW)},0))"
            for table in self.moment.tables
        )


def _rows(table: Table, first: int, last: int) -> str:
    return table.canvas.range(first, FIRST_COLUMN, last, FIRST_COLUMN + len(table.places) - 1)
