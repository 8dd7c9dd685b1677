"""A digit drawn with a soft pen, so that the drawing area has something in it to begin with."""

import numpy as np

from cnn.export.network.stages import Array

WHITE = 255.0
THICKNESS = 0.042
"""Half the width of the pen's stroke; the height of the picture is 1."""
SOFTNESS = 0.03
"""Over which the stroke fades at its edges."""

# A three as two bows, each a part of an ellipse: centre (x, y), radii, from and to in degrees.
BOWS = (
    (0.49, 0.345, 0.145, 0.135, -155.0, 85.0),
    (0.48, 0.635, 0.185, 0.165, -85.0, 150.0),
)


def drawn_digit(height: int, width: int) -> Array:
    """Return a picture (height, width) of a three: whole numbers from 0 (empty) to 255 (ink)."""
    rows, columns = np.mgrid[0:height, 0:width]
    # The middles of the pixels, the picture's centre at (0.5, 0.5).
    x = (columns + 0.5 - width / 2) / height + 0.5
    y = (rows + 0.5) / height
    points = np.concatenate([_bow(*bow) for bow in BOWS])
    distance = np.sqrt((x[..., None] - points[:, 0]) ** 2 + (y[..., None] - points[:, 1]) ** 2)
    ink = (THICKNESS + SOFTNESS - distance.min(axis=2)) / SOFTNESS
    picture: Array = np.round(WHITE * np.clip(ink, 0, 1))
    return picture


def _bow(x: float, y: float, across: float, down: float, start: float, end: float) -> Array:
    """Return points (N, 2) along a part of an ellipse, close to each other."""
    angle = np.radians(np.linspace(start, end, 200))
    return np.column_stack([x + across * np.cos(angle), y + down * np.sin(angle)])
