"""The lines of `Explorer`'s diagrams: where each connection runs, in which colour and width.

No chart program takes a line's colour or width from a cell. So there is one series for each colour
and width, which goes through all connections: a connection of another colour or width shrinks to
the point where it starts. An empty row behind each connection interrupts the line.
"""

from dataclasses import dataclass
from math import hypot, isnan, nan

import numpy as np

from sheetgen.network.network import Bias, Parameter, activation_name
from sheetgen.spreadsheet.address import cell_address
from sheetgen.spreadsheet.canvas import Series
from sheetgen.spreadsheet.style import INPUT, KINDS, LABEL, LINE, SERIES_COLOURS
from sheetgen.workbook.shared.diagram import PLACE
from sheetgen.workbook.shared.diagram_layout import Plane, nodes_of
from sheetgen.workbook.shared.live_text import is_promised
from sheetgen.workbook.shared.page import column_range, write_headers
from sheetgen.workbook.sheets.explorer.chosen_weight import Choice
from sheetgen.workbook.sheets.explorer.moment_values import Values

FRAME = 9  # pixels to either side of what is chosen
HALF_LABEL = 38  # pixels, of a bias's label
THICK, MEDIUM = 0.4, 0.08  # of the largest gradient: from there on a line has this width
NOTHING = "1E-9"  # of the largest gradient: anything less may be rounding, and counts as 0
NO_GRADIENT = "1E-200"  # anything less counts as 0 too
WIDTHS = {3: 5.0, 2: 2.5, 1: 1.0}  # points
RISES, FALLS = SERIES_COLOURS[0], SERIES_COLOURS[4]
"""Colours of a negative gradient, by which its weight rises, and of a positive one."""
HEADERS = ("connection", "∂E/∂", "kind", "x from", "x to", "y from", "y to")
CORNERS = ("x 1", "x 2", "x 3", "x 4", "y 1", "y 2", "y 3", "y 4")
ROWS = 3  # of a connection: where it starts, where it ends, and nothing


@dataclass(frozen=True)
class Kind:
    """How a line is drawn: its number is the size class with the gradient's sign, 0 for none."""

    number: int
    colour: str
    width: float


LINE_STYLES = (
    Kind(0, LINE, 1.0),
    *(
        Kind(sign * size, colour, WIDTHS[size])
        for size in (1, 2, 3)
        for sign, colour in ((1, FALLS), (-1, RISES))
    ),
)
"""In the order in which they are drawn, one over the other."""


@dataclass
class ConnectionLines:
    """The cells, in a block of the workings."""

    values: Values
    choice: Choice
    plane: Plane

    def __post_init__(self) -> None:
        self.network = self.values.network
        columns = len(HEADERS) + len(CORNERS) + 3 + 2 * len(LINE_STYLES)
        corner = self.choice.block("The lines of the diagrams", columns, 9)
        self.canvas, self.row, self.column = corner.canvas, corner.row, corner.column

    def _column_of(self, style: int) -> int:
        """Return the column of x of a style; the last is that of all connections."""
        return self.column + len(HEADERS) + len(CORNERS) + 1 + 2 * style

    def draw(self) -> None:
        """Write where every connection runs, its current style, and the points of every style."""
        write_headers(self.canvas, self.row, self.column, (*HEADERS, *CORNERS))
        self._ends = [self._ends_of(each) for each in self.network.parameters]
        for place, parameter in enumerate(self.network.parameters):
            self._route(place, parameter)
        for place in range(len(self.network.connections)):
            for style, kind in enumerate(LINE_STYLES):
                self._points(place, self._column_of(style), kind)
            self._points(place, self._column_of(len(LINE_STYLES)), None)

    def _ends_of(self, parameter: Parameter) -> tuple[float, ...]:
        """Return x from, x to, y from, y to: a connection, or a line through a bias's label."""
        nodes, plane = nodes_of(self.network), self.plane
        node = nodes[activation_name(parameter.target)]
        if isinstance(parameter, Bias):
            y = node.y - plane.beside
            across = HALF_LABEL * plane.across
            ends = node.x - across, node.x + across, y, y
        else:
            ends = plane.shortened(nodes[parameter.source], node)
        return tuple(round(end, 4) for end in ends)

    def _route(self, place: int, parameter: Parameter) -> None:
        canvas, row = self.canvas, self.row + 1 + place
        canvas.write(row, self.column, parameter.name, LABEL)
        gradient = f"={self.values.gradients[parameter.name]}"
        value = self.values.instant.gradients[parameter.name]
        canvas.calculate(row, self.column + 1, gradient, value, LABEL)
        size = cell_address(row, self.column + 1)
        largest = f"MAX(MAX({self._range(1)}),-MIN({self._range(1)}))"
        steps = f"IF(ABS({size})>={MEDIUM}*{largest},2,1)"
        steps = f"IF(ABS({size})>={THICK}*{largest},3,{steps})"
        # ironcalc takes 1E-305 for 0, but not for less than 1E-200.
        least = f"MAX({NOTHING}*{largest},{NO_GRADIENT})"
        is_nothing = f"OR({size}=0,ABS({size})<{least})"
        formula = f"=IF({is_nothing},0,SIGN({size})*{steps})"
        canvas.calculate(row, self.column + 2, formula, self._kind(place), LABEL)
        places = (*self._ends[place], *self._corners(place))
        for offset, end in enumerate(places, start=3):
            canvas.write(row, self.column + offset, end, PLACE)

    def _corners(self, place: int) -> tuple[float, ...]:
        """Return the x, then the y, of the corners of a frame around a connection or a label."""
        x_from, x_to, y_from, y_to = self._ends[place]
        unit_x, unit_y = self.plane.across, self.plane.up(1)  # one pixel
        run, rise = (x_to - x_from) / unit_x, (y_to - y_from) / unit_y
        away = FRAME / hypot(run, rise)
        x, y = -rise * away * unit_x, run * away * unit_y
        xs = (x_from + x, x_to + x, x_to - x, x_from - x)
        ys = (y_from + y, y_to + y, y_to - y, y_from - y)
        return tuple(round(corner, 4) for corner in (*xs, *ys))

    def _kind(self, place: int) -> float:
        """Return the number of a parameter's style; nan if a gradient diverges."""
        gradients = [self.values.instant.gradients[p.name] for p in self.network.parameters]
        if not all(map(is_promised, gradients)):
            return nan
        size, largest = abs(gradients[place]), max(map(abs, gradients))
        if size < max(float(NOTHING) * largest, float(NO_GRADIENT)):
            return 0.0
        width = 3 if size >= THICK * largest else 2 if size >= MEDIUM * largest else 1
        return float(np.sign(gradients[place]) * width)

    def _range(self, offset: int) -> str:
        last = self.row + len(self.network.parameters)
        return column_range(self.column + offset, self.row + 1, last)

    def _points(self, place: int, column: int, kind: Kind | None) -> None:
        """Write where a connection starts and ends in the line of one style, or of all."""
        canvas, route, row = self.canvas, self.row + 1 + place, self.row + 1 + ROWS * place
        ends = self._ends[place]
        for offset, first in ((0, 0), (1, 2)):
            start, end = ends[first : first + 2]
            canvas.write(row, column + offset, start, PLACE)
            if kind is None:
                canvas.write(row + 1, column + offset, end, PLACE)
                continue
            chosen = cell_address(route, self.column + 2)
            there, back = (cell_address(route, self.column + 3 + first + at) for at in (1, 0))
            number = self._kind(place)
            value = end if number == kind.number else start
            formula = f"=IF({chosen}={kind.number},{there},{back})"
            value = nan if isnan(number) else value
            canvas.calculate(row + 1, column + offset, formula, value, PLACE)

    def by_kind(self) -> list[Series]:
        """Return the line of each style."""
        return [
            self._line(self._column_of(style), kind.colour, kind.width)
            for style, kind in enumerate(LINE_STYLES)
        ]

    def all(self) -> Series:
        """Return one line through all connections."""
        return self._line(self._column_of(len(LINE_STYLES)), KINDS["weight"].strong, 1.5)

    def _line(self, column: int, colour: str, width: float) -> Series:
        first, last = self.row + 1, self.row + ROWS * len(self.network.connections)
        x, y = (self.canvas.range(first, each, last, each) for each in (column, column + 1))
        return Series(x=x, y=y, colour=colour, width=width, in_legend=False)

    def draw_frame(self, row: int, column: int) -> Series:
        """Write the corners of a frame around what is chosen; return its line.

        They are in two rows, x above y, and the first corner is repeated at the end.
        """
        place, corners = self.choice.numbers["place"], self._corners(self.choice.place)
        for axis in (0, 1):
            for at, corner in enumerate((0, 1, 2, 3, 0), start=column):
                each = 4 * axis + corner
                formula = f"=INDEX({self._range(len(HEADERS) + each)},{place.cell})"
                self.canvas.calculate(row + axis, at, formula, corners[each], PLACE)
        last = column + 4
        return Series(
            x=self.canvas.range(row, column, row, last),
            y=self.canvas.range(row + 1, column, row + 1, last),
            colour=INPUT.border,
            width=2.0,
            in_legend=False,
        )
