"""Writes equations and products line by line, for the derivation by unit."""

from dataclasses import dataclass

from sheetgen.formulas import notation
from sheetgen.spreadsheet.style import FINE, Style
from sheetgen.workbook.sheets.derivation.derivation_pen import SYMBOL, Pen

RESULT, EQUALS, FIRST, TIMES_1, SECOND, TIMES_2, THIRD = range(SYMBOL + 1, SYMBOL + 8)
LINE = 130  # characters that fit from the first factor to the last one
FITTING = {FIRST: 78, SECOND: 27, THIRD: 17}  # characters that fit into a factor's column


@dataclass
class UnitPen(Pen):
    """A pen whose lines are a symbol, its value, and what it is equal to."""

    def equation(self, symbol: str, right: str, formula: str, value: float) -> None:
        """Write symbol, value = right side, and remember where the value stands."""
        self.fill()
        shown = self.style(bold=True, colour=self.palette.strong)
        self.text(SYMBOL, notation.letter(symbol), shown)
        self.text(EQUALS, "=", self.style(align="center"))
        if len(right) > LINE:
            self.text(FIRST, right, self.style(wrap=True))
            self.heighten({FIRST: right})
        else:
            self.text(FIRST, right)
        style = self.style(bold=True, number_format=FINE)
        self.sheet.canvas.calculate(self.row, RESULT, f"={formula}", value, style)
        self.sheet.cells[symbol] = self.sheet.canvas.absolute(self.row, RESULT)
        self.values[symbol] = value
        self.row += 1

    def heighten(self, texts: dict[int, str]) -> None:
        """Give the line the height that its wrapped texts need."""
        lines = max(-(-len(text) // FITTING[column]) for column, text in texts.items())
        self.sheet.canvas.heights[self.row] = 15 * lines

    def prose(self, symbol: str, right: str) -> None:
        """Write symbol = right side without a value, in one line or in as many as it needs."""
        if len(right) <= LINE:
            self.remark(f"{symbol} = {right}")
            return
        self.fill()
        self.text(SYMBOL, symbol, self.style(italic=True))
        self.text(EQUALS, "=", self.style(align="center"))
        self.text(FIRST, right, self.style(italic=True, wrap=True))
        self.heighten({FIRST: right})
        self.row += 1

    def product(self, factors: tuple[str, ...], style: Style) -> None:
        """Write a line of two or three factors."""
        self.fill()
        for column, factor in zip(FITTING, factors, strict=False):
            self.text(column, factor, style)
        for column, sign in ((EQUALS, "="), (TIMES_1, "·"), (TIMES_2, "·"))[: len(factors)]:
            self.text(column, sign, self.style(align="center"))
        self.row += 1
