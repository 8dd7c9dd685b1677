"""Shows those of `Explorer`'s lines whose condition holds, one below the other without gaps.

The cells behind the sheet hold the texts and the number of every line, and its place among the
shown lines, or 0. Each row of the panel looks up the line that has its place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import nan

from sheetgen.spreadsheet.address import cell_address, relative_address
from sheetgen.spreadsheet.canvas import Canvas, Rule, Value
from sheetgen.spreadsheet.style import FINE, KINDS, LABEL, MUTED, PLAIN, Style
from sheetgen.workbook.shared.live_text import Words, is_promised, literal, only_if
from sheetgen.workbook.shared.page import column_range, write_headers
from sheetgen.workbook.sheets.explorer.chosen_weight import Fact
from sheetgen.workbook.sheets.explorer.forward_pass import Panel

HEADERS = ("place", "kind", "name", "in symbols", "in numbers", "value")
KIND_OF = {
    "forward": "unit",
    "share": "helper",
    "factor": "gradient",
    "product": "gradient",
    "check": "iteration",
    "rate": "error",
    "batch": "gradient",
    "new": "weight",
}
STRONG = ("product", "new")
AGREEMENT = 1e-9  # relative, of two ways to the same number
NOTHING = literal("")
Condition = tuple[str, bool]
"""The expression of a condition, and whether it holds now."""
ALWAYS: Condition = ("TRUE", True)


@dataclass(frozen=True)
class Line:
    """A line that is shown while a condition holds."""

    kind: str
    when: Condition
    name: Words
    symbols: Words
    numbers: Words
    value: Fact | None


def agreement(one: Fact, other: Fact) -> Words:
    """Say whether two numbers are the same except for rounding."""
    is_same = abs(one.number - other.number) <= AGREEMENT * max(1.0, abs(other.number))
    condition = f"ABS({one.cell}-{other.cell})<={AGREEMENT:.0E}*MAX(1,ABS({other.cell}))"
    words = only_if(condition, is_same, literal("the same"), literal("not the same"))
    known = is_promised(one.number) and is_promised(other.number)
    return words if known else replace(words, text=nan)


def both(one: Condition, other: Condition) -> Condition:
    """Return the condition that two conditions hold."""
    if ALWAYS in (one, other):
        return other if one == ALWAYS else one
    return f"AND({one[0]},{other[0]})", one[1] and other[1]


def negated(condition: Condition) -> Condition:
    """Return the condition that another one does not hold."""
    return f"NOT({condition[0]})", not condition[1]


@dataclass(frozen=True)
class Lines:
    """The cells of all lines; `row` and `column` are those of the first header."""

    canvas: Canvas
    lines: Sequence[Line]
    row: int
    column: int

    def draw(self) -> None:
        """Write the cells."""
        write_headers(self.canvas, self.row, self.column, HEADERS)
        shown = 0
        for row, line in enumerate(self.lines, start=self.row + 1):
            condition, is_shown = line.when
            shown += is_shown
            above = column_range(self.column, self.row, row - 1)
            place = f"=IF({condition},MAX({above})+1,0)"
            self.canvas.calculate(row, self.column, place, shown if is_shown else 0, LABEL)
            self.canvas.write(row, self.column + 1, line.kind, LABEL)
            for offset, words in enumerate((line.name, line.symbols, line.numbers), start=2):
                self.canvas.calculate(row, self.column + offset, words.formula, words.text, LABEL)
            if line.value:
                number = line.value.number
                self.canvas.calculate(row, self.column + 5, f"={line.value.cell}", number, LABEL)
            else:
                self.canvas.calculate(row, self.column + 5, '=""', "", LABEL)

    def _range(self, offset: int) -> str:
        return column_range(self.column + offset, self.row + 1, self.row + len(self.lines))

    def show(self, panel: Panel, most: int) -> None:
        """Write the panel's rows: `most` of them, the most lines that can be shown at once."""
        first, helper = panel.row, self.column + len(HEADERS) + 1
        shown = [line for line in self.lines if line.when[1]]
        assert len(shown) <= most
        places = self._range(0)
        write_headers(self.canvas, first - 1, helper, ("line", "kind"))
        for place in range(1, most + 1):
            line = shown[place - 1] if place <= len(shown) else None
            row = panel.row
            match = f"=IF(MAX({places})<{place},0,MATCH({place},{places},0))"
            at = self.lines.index(line) + 1 if line else 0
            self.canvas.calculate(row, helper, match, at, LABEL)
            which = cell_address(row, helper)
            self._cell(row, helper + 1, which, 1, line.kind if line else "", LABEL)
            self._texts(panel, which, line)
            panel.row += 1
        self._rules(panel, first, helper + 1)

    def _texts(self, panel: Panel, which: str, line: Line | None) -> None:
        words = (line.name, line.symbols, line.numbers) if line else (NOTHING,) * 3
        styles = (Style(indent=1), PLAIN, PLAIN)
        for offset, (each, style) in enumerate(zip(words, styles, strict=True)):
            self._cell(panel.row, panel.column + offset, which, 2 + offset, each.text, style)
        value = line.value.number if line and line.value else ""
        self._cell(panel.row, panel.last_column, which, 5, value, NUMBER)

    def _cell(
        self, row: int, column: int, which: str, offset: int, value: Value, style: Style
    ) -> None:
        found = f"INDEX({self._range(offset)},{which})"
        self.canvas.calculate(row, column, f'=IF({which}=0,"",{found})', value, style)

    def _rules(self, panel: Panel, first: int, kind_column: int) -> None:
        """Colour the rows by the kind of their line."""
        place = first, panel.column, panel.row - 1, panel.last_column
        kind = f"${relative_address(first, kind_column)}"
        for name, colour in KIND_OF.items():
            formatting: dict[str, object] = {"bg_color": KINDS[colour].tint}
            if name in STRONG:
                formatting |= {"bold": True, "font_color": KINDS[colour].strong}
            if name == "check":
                formatting |= {"font_color": MUTED, "italic": True}
            self.canvas.rules.append(Rule(place, f'={kind}="{name}"', formatting))


NUMBER = Style(number_format=FINE, align="right")
