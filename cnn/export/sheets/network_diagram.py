"""The diagram in the table of the layers: a box for each, in proportion to its maps.

A box's width shows a layer's channels and its height that of a map, as in Krizhevsky, Sutskever
and Hinton, "ImageNet classification with deep convolutional neural networks" (2012), figure 2.
The boxes are lines of a scatter chart over one column of the table.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cnn.export.network.stages import Convolution, Input, Layer, Pool, Shape
from cnn.export.sheets.export_style import HIDDEN, width_of
from sheetgen.spreadsheet.canvas import Canvas, Chart, Series
from sheetgen.spreadsheet.style import KINDS, Style

HIGHEST, LOWEST = 40, 7  # of a map, pixels
DEEPEST = 80  # of the channels
MANY_UNITS = 64  # as many units, or more, are drawn as high as the highest map
SLANT = 0.32  # of the faces that recede, as a fraction of the map's height
POINTS = 12  # the most of a box
PLACE = Style(number_format=HIDDEN)


@dataclass(frozen=True)
class Box:
    """A layer's position on the chart, in pixels, y upwards."""

    x: float
    y: float
    width: float
    height: float
    slant: float

    @property
    def outline(self) -> tuple[tuple[float, float], ...]:
        """The corners of all three faces, in one line; without a slant, of the front face."""
        left, right, low, high = self.x, self.x + self.width, self.y, self.y + self.height
        back = self.slant
        front = ((left, low), (left, high), (right, high), (right, low), (left, low))
        if not back:
            return front
        behind = (
            (left, high),
            (left + back, high + back),
            (right + back, high + back),
            (right, high),
            (right, low),
            (right + back, low + back),
            (right + back, high + back),
        )
        return (*front, *behind)


def draw_diagram(
    canvas: Canvas,
    layers: Sequence[Layer],
    at: tuple[int, int],
    size: tuple[int, Sequence[int]],
    behind: int,
) -> None:
    """Draw a box for each layer, one below the other.

    The first is in the cell `at`; `size` is the width of its column and the heights of the rows,
    in pixels. The coordinates are written, hidden, from the column `behind` on.
    """
    width, heights = size
    total = sum(heights)
    tallest = max(layer.output.height for layer in layers)
    series, top = [], total
    for row, (layer, height) in enumerate(zip(layers, heights, strict=True), start=at[0]):
        box = box_of(layer.output, tallest, (width / 2, top - height / 2))
        series.append(_line(canvas, row, behind, box, colour_of(layer)))
        top -= height
    canvas.widths |= dict.fromkeys(range(behind, behind + 2 * POINTS), width_of(4))
    canvas.charts.append(
        Chart(
            row=at[0],
            column=at[1],
            width=width,
            height=total,
            series=tuple(series),
            description="The layers of the network, as large as their maps",
            legend="",
            bare=True,
            transparent=True,
            limits=(0, width, 0, total),
        )
    )


def box_of(shape: Shape, tallest: int, middle: tuple[float, float]) -> Box:
    """Return the box of a layer around a point; `tallest` is the height of the largest map."""
    is_map = shape.pixels > 1
    part = shape.height / tallest if is_map else min(1.0, shape.channels / MANY_UNITS)
    high = LOWEST + (HIGHEST - LOWEST) * part
    wide = min(float(DEEPEST), 4 + 1.5 * shape.channels) if is_map else float(LOWEST)
    slant = SLANT * high if is_map else 0.0
    x, y = middle
    return Box(x - (wide + slant) / 2, y - (high + slant) / 2, wide, high, slant)


def colour_of(layer: Layer) -> str:
    """Return the colour of a layer by what it does."""
    if isinstance(layer.base, Input):
        return KINDS["input"].strong
    if isinstance(layer.base, Convolution):
        return KINDS["weight"].strong
    return KINDS["iteration"].strong if isinstance(layer.base, Pool) else KINDS["unit"].strong


def _line(canvas: Canvas, row: int, column: int, box: Box, colour: str) -> Series:
    points = box.outline
    for offset, (x, y) in enumerate(points):
        canvas.write(row, column + offset, round(x, 2), PLACE)
        canvas.write(row, column + POINTS + offset, round(y, 2), PLACE)
    last = column + len(points) - 1
    return Series(
        x=canvas.range(row, column, row, last),
        y=canvas.range(row, column + POINTS, row, last + POINTS),
        colour=colour,
        width=1.5,
        in_legend=False,
    )
