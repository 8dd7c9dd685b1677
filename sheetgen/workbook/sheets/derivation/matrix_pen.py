"""Writes vectors and matrices as rows of cells, for the derivation in matrix notation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sheetgen.formulas import notation
from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import without_dollars
from sheetgen.spreadsheet.canvas import HeatMap
from sheetgen.spreadsheet.style import VALUE, Style, header, label, number
from sheetgen.workbook.sheets.derivation.derivation_pen import SYMBOL, Pen

FIRST = SYMBOL + 1
WIDTH = 16  # numbers in a line
LAST = FIRST + WIDTH - 1
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
EQUATION = Style(bold=True)


@dataclass(frozen=True)
class Vector:
    """A row of cells: its name, and each number's symbol, formula and value (units).

    `formula` is asked for when the cells that it may read are written.
    """

    name: str
    kind: str
    symbols: Sequence[str]
    formula: Callable[[int], str]
    values: Array


@dataclass
class MatrixPen(Pen):
    """A pen that lays out vectors and matrices, in lines of WIDTH numbers."""

    def place(self, symbol: str) -> str:
        """Return a symbol's address as this sheet's formulas write it."""
        # Without the $ a sum over a wide layer stays within what a cell holds.
        return without_dollars(super().place(symbol))

    def equation(self, text: str) -> None:
        """Write an equation, above the numbers that it leads to."""
        self.sheet.canvas.write(self.row, SYMBOL, text, EQUATION)
        self.row += 1

    def vectors(self, names: Sequence[str], *vectors: Vector) -> None:
        """Write vectors below the names of their elements; a long one goes on further down."""
        for start in range(0, len(names), WIDTH):
            places = range(start, min(start + WIDTH, len(names)))
            self._names([names[at] for at in places], vectors[0].kind)
            for vector in vectors:
                self._line(vector, places)
        self.row += 1

    def scalar(self, symbol: str, kind: str, formula: str, value: float) -> None:
        """Write a single number."""
        name = notation.heading(symbol)
        vector = Vector(name, kind, (symbol,), lambda _: formula, np.array([value]))
        self._line(vector, range(1))

    def matrix(
        self, name: str, columns: Sequence[str], rows: Sequence[Vector], kind: str = "gradient"
    ) -> None:
        """Write a matrix of rows as a heat map, WIDTH columns side by side."""
        first = self.row + 1
        for start in range(0, len(columns), WIDTH):
            places = range(start, min(start + WIDTH, len(columns)))
            self._names([columns[at] for at in places], kind, name)
            for row in rows:
                self._line(row, places)
        last = FIRST + min(WIDTH, len(columns)) - 1
        self.sheet.canvas.heat_maps.append(HeatMap((first, FIRST, self.row - 1, last)))
        self.row += 1

    def _names(self, names: Sequence[str], kind: str, corner: str = "") -> None:
        canvas = self.sheet.canvas
        for column, name in enumerate((corner, *names), start=SYMBOL):
            canvas.write(self.row, column, name, header(kind))
        self.row += 1

    def _line(self, vector: Vector, places: range) -> None:
        canvas = self.sheet.canvas
        canvas.write(self.row, SYMBOL, vector.name, label(vector.kind))
        for column, at in enumerate(places, start=FIRST):
            value = float(vector.values[at])
            style = number(vector.kind, VALUE)
            canvas.calculate(self.row, column, f"={vector.formula(at)}", value, style)
            self.sheet.cells[vector.symbols[at]] = canvas.absolute(self.row, column)
        self.row += 1


def indexed(symbol: str, layer: int) -> str:
    """Return the symbol of a layer's vector or matrix: W₁ for the weights of layer 0."""
    return symbol + str(layer + 1).translate(SUBSCRIPTS)
