"""How many pictures of a layer's channels stand on a sheet, in which grid, and how large."""

from collections.abc import Sequence
from dataclasses import dataclass

from cnn.export.network.stages import Shape

MOST_CELLS = 13_000
"""Of all planes: sixteen of 28 × 28 fit, and a recalculation stays well below a second."""
MOST_PLANES = 64
LEAST_SIDE = 6
"""Cells of a plane's side, so that there is room for what stands above it."""
LARGEST, SMALLEST = 24, 4  # pixels of a cell
VIEW = (1240, 640)  # pixels across and down that the planes should fit into
ABOVE = 18  # pixels of the rows above each plane


@dataclass(frozen=True)
class Planes:
    """`count` planes of `height` × `width` square cells of so many `pixels`, `columns` in a row."""

    count: int
    columns: int
    height: int
    width: int
    pixels: int

    @property
    def rows(self) -> int:
        """How many rows of planes there are."""
        return -(-self.count // self.columns)


def planes_of(shapes: Sequence[Shape]) -> Planes:
    """Return the planes that show any of these maps: as large as the largest, of most channels.

    There are fewer than channels where they would be more than `MOST_PLANES` or have more than
    `MOST_CELLS` cells. They stand in the grid in which their cells are largest.
    """
    height = max(LEAST_SIDE, *(shape.height for shape in shapes))
    width = max(LEAST_SIDE, *(shape.width for shape in shapes))
    channels = max(shape.channels for shape in shapes)
    count = min(channels, MOST_PLANES, max(1, MOST_CELLS // (height * width)))
    grids = (
        Planes(count, columns, height, width, _pixels(count, columns, height, width))
        for columns in range(1, count + 1)
    )
    return max(grids, key=lambda grid: (grid.pixels, -grid.rows * grid.columns, grid.columns))


def _pixels(count: int, columns: int, height: int, width: int) -> int:
    rows = -(-count // columns)
    across = VIEW[0] // (columns * (width + 1))
    down = (VIEW[1] - rows * ABOVE) // (rows * height)
    return max(SMALLEST, min(LARGEST, across, down))
