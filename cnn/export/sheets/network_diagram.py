"""The diagram in the table of the layers: a box for each, with lines from what it reads.

A box's width shows a layer's channels and its height that of a map, as in Krizhevsky, Sutskever
and Hinton, "ImageNet classification with deep convolutional neural networks" (2012), figure 2.
What a layer reads of the one above comes from there; what skips layers comes down a lane beside
the boxes. All are lines of scatter charts over one column of the table.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from cnn.export.network.stages import Convolution, Input, Layer, Pool, Shape
from cnn.export.sheets.export_style import described
from cnn.export.sheets.layout import Sheet
from sheetgen.spreadsheet.canvas import Canvas, Chart, Series
from sheetgen.spreadsheet.style import GREY, KINDS
from sheetgen.workbook.shared.workings import Corner

HIGHEST, LOWEST = 30, 7  # of a map, pixels
DEEPEST = 80  # of the channels
MANY_UNITS = 64  # as many units, or more, are drawn as high as the highest map
SLANT = 0.32  # of the faces that recede, as a fraction of the map's height
POINTS = 12  # the most of a line
BOXES, LANE = 120, 9
"""Pixels of the column with the boxes, and of a lane beside it."""
MOST_LANES = 12
APART = 4  # pixels between lines that end at the same side of a box
ARROW = 4  # pixels of its head

Point = tuple[float, float]


@dataclass(frozen=True)
class Diagram:
    """The layers, each in a row of the table."""

    sheets: Sequence[Sheet]

    @cached_property
    def reads(self) -> list[list[int]]:
        """The numbers of the layers that each one reads."""
        return [sorted(sheet.sources) for sheet in self.sheets]

    @cached_property
    def lanes(self) -> Mapping[int, tuple[int, int]]:
        """Of the layers that one further below reads: the lane, and the last such reader.

        The shorter ways are nearer to the boxes.
        """
        ends = {
            source: reader
            for reader, sources in enumerate(self.reads)
            for source in sources
            if source < reader - 1
        }
        found: dict[int, tuple[int, int]] = {}
        for source, end in sorted(ends.items(), key=lambda way: (way[1] - way[0], way)):
            taken = {lane for start, (lane, stop) in found.items() if start < end and source < stop}
            free = next(lane for lane in range(len(ends)) if lane not in taken)
            found[source] = min(free, MOST_LANES - 1), end
        return found

    @property
    def width(self) -> int:
        """The width of its column in pixels."""
        return BOXES + LANE * max((lane + 2 for lane, _ in self.lanes.values()), default=0)

    def draw(
        self, canvas: Canvas, at: tuple[int, int], heights: Sequence[int], behind: Corner
    ) -> None:
        """Draw a chart for each layer, so that a page may end between any two.

        The first is in the cell `at`; `heights` are those of the rows in pixels. The coordinates
        are written into a block of `Workings`, from `behind` on.
        """
        behind.headers("line", *("x",) * POINTS, *("y",) * POINTS)
        corner = behind.moved(1, 0)
        for down, (sheet, height) in enumerate(zip(self.sheets, heights, strict=True)):
            series = []
            for number, (points, colour) in enumerate(self._lines(down, height)):
                corner.write(0, 0, f"{sheet.name}, line {number}" if number else sheet.name)
                width = 1.25 if colour == GREY else 1.5
                series.append(_series(corner.moved(0, 1), points, colour, width))
                corner = corner.moved(1, 0)
            place, size = (at[0] + down, at[1]), (self.width, height)
            canvas.charts.append(
                Chart(
                    place,
                    size,
                    tuple(series),
                    self._told(down),
                    legend="",
                    bare=True,
                    transparent=True,
                    limits=(0, self.width, 0, height),
                )
            )

    def _told(self, at: int) -> str:
        """Return in words what a layer's row of the diagram shows."""
        sheet = self.sheets[at]
        read = " and ".join(self.sheets[each].name for each in self.reads[at])
        return f"{sheet.name}: a box for {described(sheet.shape)}{f', reads {read}' * bool(read)}"

    def _lines(self, at: int, height: int) -> Iterator[tuple[list[Point], str]]:
        """Yield the box of a layer, and the parts of ways that are in its row."""
        layer = self.sheets[at].layer
        middle = BOXES / 2, height / 2
        tallest = max(sheet.shape.height for sheet in self.sheets)
        box = _outline(layer.output, tallest, *middle)
        yield box, _colour(layer)
        top, bottom = max(y for _, y in box), min(y for _, y in box)
        right = max(x for x, _ in box)
        if at - 1 in self.reads[at]:
            yield [(middle[0], height), *_head((middle[0], top + 1), (0, 1))], GREY
        if at + 1 < len(self.reads) and at in self.reads[at + 1]:
            yield [(middle[0], bottom), (middle[0], 0)], GREY
        ending = [source for source in self.reads[at] if source in self.lanes and source < at - 1]
        for number, source in enumerate(sorted(ending, key=lambda each: self.lanes[each][0])):
            x, y = self._x(source), middle[1] + APART * (number + 1)
            yield [(x, height), (x, y), *_head((right + 2, y), (1, 0))], GREY
        for source, (_, end) in self.lanes.items():
            x = self._x(source)
            if source == at:
                yield [(right, middle[1] - APART), (x, middle[1] - APART), (x, 0)], GREY
            elif source < at < end:
                yield [(x, height), (x, 0)], GREY

    def _x(self, source: int) -> float:
        return BOXES + LANE * (self.lanes[source][0] + 0.5)


def _head(tip: Point, back: Point) -> list[Point]:
    """Return the points of an arrow's head, `back` being where it comes from."""
    (x, y), (across, up) = tip, back
    return [
        tip,
        (x + ARROW * across - ARROW / 2 * up, y + ARROW * up - ARROW / 2 * across),
        tip,
        (x + ARROW * across + ARROW / 2 * up, y + ARROW * up + ARROW / 2 * across),
    ]


def _outline(shape: Shape, tallest: int, x: float, y: float) -> list[Point]:
    """Return the corners of a box around a point, in one line, in pixels, y upwards.

    All three faces are drawn, of units the front one only; `tallest` is the height of the largest
    map.
    """
    is_map = shape.pixels > 1
    part = shape.height / tallest if is_map else min(1.0, shape.channels / MANY_UNITS)
    high = LOWEST + (HIGHEST - LOWEST) * part
    wide = min(float(DEEPEST), 4 + 1.5 * shape.channels) if is_map else float(LOWEST)
    slant = SLANT * high if is_map else 0.0
    left, low = x - (wide + slant) / 2, y - (high + slant) / 2
    right, top = left + wide, low + high
    front = [(left, low), (left, top), (right, top), (right, low), (left, low)]
    if not is_map:
        return front
    back = (right + slant, top + slant)
    upper = [(left, top), (left + slant, top + slant), back, (right, top)]
    return [*front, *upper, (right, low), (right + slant, low + slant), back]


def _colour(layer: Layer) -> str:
    if isinstance(layer.base, Input):
        return KINDS["input"].strong
    if isinstance(layer.base, Convolution):
        return KINDS["weight"].strong
    return KINDS["iteration"].strong if isinstance(layer.base, Pool) else KINDS["unit"].strong


def _series(corner: Corner, points: Sequence[Point], colour: str, width: float) -> Series:
    for across, (x, y) in enumerate(points):
        corner.write(0, across, round(x, 2))
        corner.write(0, POINTS + across, round(y, 2))
    last = len(points) - 1
    return Series(
        x=corner.range(0, 0, 0, last),
        y=corner.range(0, POINTS, 0, POINTS + last),
        colour=colour,
        width=width,
        in_legend=False,
    )
