"""The diagram in the table of the layers: a box for each, in proportion to its maps.

A box's width shows a layer's channels and its height that of a map, as in Krizhevsky, Sutskever
and Hinton, "ImageNet classification with deep convolutional neural networks" (2012), figure 2.
The boxes are lines of a scatter chart over one column of the table.
"""

from collections.abc import Sequence

from cnn.export.network.stages import Convolution, Input, Layer, Pool, Shape
from sheetgen.spreadsheet.canvas import Canvas, Chart, Series
from sheetgen.spreadsheet.style import KINDS
from sheetgen.workbook.shared.workings import Corner

HIGHEST, LOWEST = 36, 7  # of a map, pixels
DEEPEST = 80  # of the channels
MANY_UNITS = 64  # as many units, or more, are drawn as high as the highest map
SLANT = 0.32  # of the faces that recede, as a fraction of the map's height
POINTS = 12  # the most of a box


def draw_diagram(
    canvas: Canvas,
    layers: Sequence[Layer],
    at: tuple[int, int],
    size: tuple[int, Sequence[int]],
    behind: Corner,
) -> None:
    """Draw a box for each layer, each a chart, so that a page may end between any two.

    The first is in the cell `at`; `size` is the width of its column and the heights of the rows,
    in pixels. The coordinates are written into a block of `Workings`, from `behind` on.
    """
    width, heights = size
    tallest = max(layer.output.height for layer in layers)
    behind.headers("layer", *("x",) * POINTS, *("y",) * POINTS)
    for down, (layer, height) in enumerate(zip(layers, heights, strict=True)):
        points = _outline(layer.output, tallest, width / 2, height / 2)
        behind.write(down + 1, 0, layer.name)
        canvas.charts.append(
            Chart(
                (at[0] + down, at[1]),
                (width, height),
                (_line(behind.moved(down + 1, 1), points, _colour(layer)),),
                f"{layer.name}: {layer.output}",
                legend="",
                bare=True,
                transparent=True,
                limits=(0, width, 0, height),
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


def _line(corner: Corner, points: Sequence[tuple[float, float]], colour: str) -> Series:
    for across, (x, y) in enumerate(points):
        corner.write(0, across, round(x, 2))
        corner.write(0, POINTS + across, round(y, 2))
    last = len(points) - 1
    return Series(
        x=corner.range(0, 0, 0, last),
        y=corner.range(0, POINTS, 0, POINTS + last),
        colour=colour,
        width=1.5,
        in_legend=False,
    )
