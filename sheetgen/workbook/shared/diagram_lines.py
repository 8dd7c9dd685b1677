"""The lines of a diagram: where each connection runs, in which colour and width.

No chart program takes a line's colour or width from a cell. So there is one series for each colour
and width, which goes through all connections: a connection of another colour or width shrinks to
the point where it starts. An empty row behind each connection interrupts the line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, isnan, nan

import numpy as np

from sheetgen.network.wording import constant
from sheetgen.spreadsheet.address import indexed
from sheetgen.spreadsheet.canvas import Series
from sheetgen.spreadsheet.style import ABOVE, BELOW, GREY, INPUT, KINDS, Style
from sheetgen.workbook.shared.live_text import Fact, Words, is_promised
from sheetgen.workbook.shared.workings import Corner

FRAME = 9  # pixels to either side of what is framed
# Of the largest number: from there on a line has this width. So close to a round number that it is
# shown as one; a weight may be just 0.4 times another, and rounding is not to choose its width.
THICK, MEDIUM = 0.4 - 1e-9, 0.08 - 1e-9
NOTHING = constant(1e-9)
"""Of the largest number: anything less may be rounding, and counts as 0."""
NO_NUMBER = constant(1e-12)
"""Of less than this nothing is promised, not even the sign: it counts as 0 too."""
WIDTHS = {3: 5.0, 2: 2.5, 1: 1.0, 0: 1.0}  # points
DENSE, THINNER = 24, 0.6  # more lines than these are so much thinner
ROWS = 3  # of a connection: where it starts, where it ends, and nothing
PLACE = Style(colour=KINDS["helper"].strong, number_format="0.0")
NEGATIVE = "square_dot"  # of lines of numbers below 0, so that not only the colour tells the sign
ZERO = "round_dot"
Ends = tuple[float, ...]
"""Of a line: x from, x to, y from, y to."""


@dataclass(frozen=True)
class Kind:
    """How a line is drawn: its number is the size class with the number's sign, 0 for none."""

    number: int
    colour: str
    dash: str = ""


LINE_STYLES = (
    Kind(0, GREY, ZERO),
    *(
        Kind(sign * size, colour, dash)
        for size in (1, 2, 3)
        for sign, colour, dash in ((1, ABOVE, ""), (-1, BELOW, NEGATIVE))
    ),
)
"""In the order in which they are drawn, one over the other."""


LINE_COLUMNS = 3 + 2 * len(LINE_STYLES)


class SignedLines:
    """Lines with colours and widths by a number of each, in LINE_COLUMNS columns of cells."""

    def __init__(
        self,
        corner: Corner,
        symbol: str,
        lines: Sequence[tuple[Words, Ends, Fact]],
    ) -> None:
        """Write each line's name and number, of which `symbol` is the title, and the points."""
        self._corner, numbers = corner, [number for *_, number in lines]
        self._rows = ROWS * len(lines)
        titles = (f"{way} {kind.number:+d}" for kind in LINE_STYLES for way in "xy")
        corner.headers("connection", symbol, "kind", *titles)
        largest = self._largest(numbers)
        kinds = _kinds([each.number for each in numbers])
        for place, ((name, ends, number), kind) in enumerate(zip(lines, kinds, strict=True)):
            down = 1 + ROWS * place
            corner.words(down, 0, name)
            self._kind(down, number, kind, largest)
            for style, drawn in enumerate(LINE_STYLES):
                self._points(down, 3 + 2 * style, drawn, kind, rounded(ends))

    def _largest(self, numbers: Sequence[Fact]) -> str:
        """Write the largest absolute number below the others."""
        column = self._corner.range(1, 1, self._rows, 1)
        expression = f"MAX(MAX({column}),-MIN({column}))"
        value = max(abs(each.number) for each in numbers)
        down = self._rows + 2
        self._corner.write(down, 0, "the largest")
        return self._corner.calculate(down, 1, expression, value)

    def _kind(self, down: int, number: Fact, kind: float, largest: str) -> None:
        """Write a connection's number, and the number of its style, 0 for none."""
        size = self._corner.calculate(down, 1, number.cell, number.number)
        steps = f"IF(ABS({size})>={MEDIUM}*{largest},2,1)"
        steps = f"IF(ABS({size})>={THICK}*{largest},3,{steps})"
        least = f"MAX({NOTHING}*{largest},{NO_NUMBER})"
        is_nothing = f"ABS({size})<{least}"
        self._corner.calculate(down, 2, f"IF({is_nothing},0,SIGN({size})*{steps})", kind)

    def _points(self, down: int, across: int, style: Kind, kind: float, ends: Ends) -> None:
        """Write where a connection, which is of a kind, starts and ends in a style's line."""
        is_of_style = f"{self._corner.absolute(down, 2)}={style.number}"
        for way in (0, 1):
            start, end = ends[2 * way : 2 * way + 2]
            self._corner.write(down, across + way, start, PLACE)
            value = nan if isnan(kind) else end if kind == style.number else start
            expression = f"IF({is_of_style},{constant(end)},{constant(start)})"
            self._corner.calculate(down + 1, across + way, expression, value, PLACE)

    def series(self) -> list[Series]:
        """Return the line of each style."""
        widths = line_widths(self._rows // ROWS)
        return [
            _line(self._corner, 3 + 2 * style, self._rows, kind, widths[abs(kind.number)])
            for style, kind in enumerate(LINE_STYLES)
        ]


def _kinds(numbers: Sequence[float]) -> list[float]:
    """Return the number of each connection's style; nan if a number diverges."""
    if not all(map(is_promised, numbers)):
        return [nan] * len(numbers)
    sizes = [abs(number) for number in numbers]
    largest = max(sizes)
    least = max(float(NOTHING) * largest, float(NO_NUMBER))
    widths = [3 if x >= THICK * largest else 2 if x >= MEDIUM * largest else 1 for x in sizes]
    return [
        0.0 if size < least else float(np.sign(number) * width)
        for size, number, width in zip(sizes, numbers, widths, strict=True)
    ]


def line_widths(lines: int) -> dict[int, float]:
    """Return the width in points of each size class of so many lines."""
    factor = THINNER if lines > DENSE else 1.0
    return {size: factor * width for size, width in WIDTHS.items()}


def _line(corner: Corner, across: int, rows: int, kind: Kind, width: float) -> Series:
    x, y = (corner.range(1, at, rows, at) for at in (across, across + 1))
    return Series(x, y, colour=kind.colour, width=width, dash=kind.dash, in_legend=False)


def rounded(ends: Ends) -> Ends:
    """Return the ends as the cells have them."""
    return tuple(round(each, 1) for each in ends)


def corners(ends: Ends) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return x and y of the corners of a frame around a line."""
    x_from, x_to, y_from, y_to = rounded(ends)
    away = FRAME / hypot(x_to - x_from, y_to - y_from)
    x, y = (y_from - y_to) * away, (x_to - x_from) * away
    xs = (x_from + x, x_to + x, x_to - x, x_from - x)
    ys = (y_from + y, y_to + y, y_to - y, y_from - y)
    return tuple(round(each, 1) for each in xs), tuple(round(each, 1) for each in ys)


class Frame:
    """A frame around one line of several, and a place beside it, in FRAME_COLUMNS columns."""

    def __init__(
        self,
        corner: Corner,
        lines: Sequence[tuple[Words, Ends, tuple[float, float]]],
        chosen: Words,
    ) -> None:
        """Write the name, the frame and the place of each line, and below them the chosen one's."""
        corner.headers("of", *(f"{way} {at}" for way in "xy" for at in range(1, 5)), "x", "y")
        rows = []
        for down, (name, ends, place) in enumerate(lines, start=1):
            xs, ys = corners(ends)
            corner.words(down, 0, name)
            rows.append((*xs, *ys, *(round(each, 1) for each in place)))
            for across, number in enumerate(rows[-1], start=1):
                corner.write(down, across, number, PLACE)
        last, down = len(lines), len(lines) + 2
        at = [str(name.text) for name, *_ in lines].index(str(chosen.text))
        # ironcalc finds nothing by MATCH in a range of one cell.
        match = f"MATCH({chosen.expression},{corner.range(1, 0, last, 0)},0)"
        which = corner.calculate(down, 0, match if last > 1 else "1", at + 1)
        for across, source in enumerate((1, 2, 3, 4, 1, 5, 6, 7, 8, 5, 9, 10), start=1):
            found = indexed(corner.range(1, source, last, source), which)
            corner.calculate(down, across, found, rows[at][source - 1], PLACE)
        self._corner, self._down = corner, down

    def line(self) -> Series:
        """Return the frame around the chosen line."""
        x, y = (self._corner.range(self._down, at, self._down, at + 4) for at in (1, 6))
        return Series(x=x, y=y, colour=INPUT.border, width=2.0, in_legend=False)

    def label(self, name: str) -> Series:
        """Return a label beside the chosen line; `name` is the address of its text."""
        x, y = (self._corner.absolute(self._down, at) for at in (11, 12))
        return Series(x=x, y=y, name=name, label="center", label_size=9, in_legend=False)


FRAME_COLUMNS = 13
