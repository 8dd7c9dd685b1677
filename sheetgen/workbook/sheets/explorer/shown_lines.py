"""Shows those of `Explorer`'s lines whose condition holds, one below the other without gaps.

`Workings` holds the texts and the number of every line, and its place among the shown lines, or 0.
Each row of the panel looks up the line that has its place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import nan

from sheetgen.network.wording import constant
from sheetgen.spreadsheet.address import relative_address
from sheetgen.spreadsheet.canvas import Rule, Value
from sheetgen.spreadsheet.style import (
    FINE,
    KINDS,
    LARGE,
    LARGE_FORMAT,
    MUTED,
    PLAIN,
    VALUE,
    Style,
)
from sheetgen.workbook.shared.live_text import (
    NOTHING,
    Fact,
    Words,
    is_promised,
    literal,
    only_if,
)
from sheetgen.workbook.shared.page import is_middle
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.explorer.forward_pass import Panel

HEADERS = ("place", "kind", "name", "in symbols", "in numbers", "value")
PLACE, KIND, NAME, SYMBOLS, NUMBERS, RESULT = range(len(HEADERS))
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
SHOWN = "explorer_lines"
"""The defined name of the shown lines' kinds: Excel 2007 takes no other sheet's cells in a rule."""
STRONG = ("product", "new")
AGREEMENT = 1e-9  # relative, of two ways to the same number
Condition = tuple[str, bool]
"""The expression of a condition, and whether it holds now."""
ALWAYS: Condition = ("TRUE()", True)


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
    condition = f"ABS({one.cell}-{other.cell})<={constant(AGREEMENT)}*MAX(1,ABS({other.cell}))"
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


class Lines:
    """The cells of all lines."""

    def __init__(self, sheet: str, lines: Sequence[Line], workings: Workings) -> None:
        """Write the cells of the lines of a sheet into a block."""
        self.lines, self.sheet, self.workings = lines, sheet, workings
        corner = self._corner = workings.block(sheet, "The lines of the chain rule", len(HEADERS))
        corner.headers(*HEADERS)
        shown = 0
        for down, line in enumerate(lines, start=1):
            condition, is_shown = line.when
            shown += is_shown
            above = corner.range(0, PLACE, down - 1, PLACE)
            place = f"IF({condition},MAX({above})+1,0)"
            corner.calculate(down, PLACE, place, shown if is_shown else 0)
            corner.write(down, KIND, line.kind)
            for across, words in enumerate((line.name, line.symbols, line.numbers), start=NAME):
                corner.words(down, across, words)
            expression, value = (line.value.cell, line.value.number) if line.value else ('""', "")
            corner.calculate(down, RESULT, expression, value)

    def _range(self, across: int) -> str:
        return self._corner.range(1, across, len(self.lines), across)

    def show(self, panel: Panel, most: int) -> None:
        """Write the panel's rows: `most` of them, the most lines that can be shown at once."""
        first, places = panel.row, self._range(PLACE)
        corner = self.workings.block(self.sheet, "The lines that are shown", 2)
        corner.headers("line", "kind")
        shown = [line for line in self.lines if line.when[1]]
        assert len(shown) <= most
        for place in range(1, most + 1):
            line = shown[place - 1] if place <= len(shown) else None
            match = f"IF(MAX({places})<{place},0,MATCH({place},{places},0))"
            at = self.lines.index(line) + 1 if line else 0
            which = corner.calculate(place, 0, match, at)
            corner.calculate(place, 1, self._found(which, KIND), line.kind if line else "")
            words = (line.name, line.symbols, line.numbers) if line else (NOTHING,) * 3
            texts: list[Value] = [each.text for each in words]
            value = line.value.number if line and line.value else ""
            cells = zip((*texts, value), (NAME, SYMBOLS, NUMBERS, RESULT), STYLES, strict=True)
            for column, (content, across, style) in enumerate(cells, start=panel.column):
                formula = f"={self._found(which, across)}"
                panel.canvas.calculate(panel.row, column, formula, content, style)
            panel.row += 1
        panel.canvas.names[SHOWN] = corner.range(1, 1, most, 1)
        self._rules(panel, first)

    def _found(self, which: str, across: int) -> str:
        return f'IF({which}=0,"",INDEX({self._range(across)},{which}))'

    def _rules(self, panel: Panel, first: int) -> None:
        """Colour the rows by the kind of their line."""
        last_row, column = panel.row - 1, panel.last_column
        place, values = (first, panel.column, last_row, column), (first, column, last_row, column)
        kind = f"INDEX({SHOWN},ROW()-{first})"
        is_large = f"ABS(N({relative_address(first, column)}))>={LARGE}"
        for name, colour in KIND_OF.items():
            formatting: dict[str, object] = {"bg_color": KINDS[colour].tint}
            if name in STRONG:
                formatting |= {"bold": True, "font_color": KINDS[colour].strong}
            if name == "check":
                formatting |= {"font_color": MUTED, "italic": True}
            # LibreOffice takes all of a cell's formatting from the first rule that holds.
            for size, how in ((is_large, LARGE_FORMAT), (is_middle(values), {"num_format": VALUE})):
                rule = Rule(values, f'=AND({kind}="{name}",{size})', {**formatting, **how})
                panel.canvas.rules.append(rule)
            panel.canvas.rules.append(Rule(place, f'={kind}="{name}"', formatting))


STYLES = (Style(indent=1), PLAIN, PLAIN, Style(number_format=FINE, align="right"))
"""Of a line's name, symbols, numbers and value."""
