"""The diagram in the table of the layers: a box for each, in proportion to its maps.

A box's width shows a layer's channels and its height that of a map, as in Krizhevsky, Sutskever
and Hinton, "ImageNet classification with deep convolutional neural networks" (2012), figure 2.
The boxes are lines of a scatter chart over one column of the table.
"""

from collections.abc import Sequence

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
        points = _outline(layer.output, tallest, width / 2, top - height / 2)
        series.append(_line(canvas, row, behind, points, _colour(layer)))
        top -= height
    canvas.widths |= dict.fromkeys(range(behind, behind + 2 * POINTS), width_of(4))
    canvas.charts.append(
        Chart(
            at,
            (width, total),
            tuple(series),
            "The layers of the network, as large as their maps",
            legend="",
            bare=True,
            transparent=True,
            limits=(0, width, 0, total),
        )
    )


def _outline(shape: Shape, tallest: int, x: float, y: float) -> list[tuple[float, float]]:
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


def _line(
    canvas: Canvas, row: int, column: int, points: Sequence[tuple[float, float]], colour: str
) -> Series:
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
