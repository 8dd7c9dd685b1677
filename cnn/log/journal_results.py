"""Keeps what came of a trained network in a journal: a confusion matrix, misclassified pictures."""

import struct
import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any

import numpy as np

from cnn.log.description import Confusion, Example
from sheetgen.errors import InputError
from sheetgen.files.characters import without_impossible

_PNG = b"\x89PNG\r\n\x1a\n"
_SHORTEST = 33  # bytes up to the end of the header
_SIDE = 28
"""Pixels of the longer side, about, of a picture on the sheet."""
_MOST_PICTURES = 100
_LONGEST = 40  # characters of the name of a class

Picture = tuple[Any, object, object, float]
"""A PNG or an array of pixels; the class, what it was taken for, and the probability of that."""


def confusion_of(counts: Any, classes: Sequence[object] | None) -> dict[str, Any]:  # noqa: ANN401
    """Return a confusion matrix as JSON holds it; without classes they are numbered from 0.

    Raises InputError unless it is a square of whole numbers with a name for each row.
    """
    try:
        found = np.asarray(counts, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"confusion: found {counts!r:.50}; expected a matrix of counts") from error
    if found.ndim != 2 or found.shape[0] != found.shape[1] or not found.size:
        shape = " × ".join(map(str, found.shape))
        raise InputError(f"confusion: found {shape} counts; expected as many rows as columns")
    if not (np.isfinite(found).all() and (found >= 0).all() and (found == found.round()).all()):
        raise InputError("confusion: found a number that is no count; expected whole numbers")
    names = [_name(name) for name in (range(len(found)) if classes is None else classes)]
    if len(names) != len(found):
        raise InputError(f"classes: found {len(names)} names; expected {len(found)}, one for a row")
    return {"counts": found.astype(int).tolist(), "classes": names}


def pictures_of(images: Sequence[Picture]) -> list[list[Any]]:
    """Return misclassified samples as JSON holds them, the first hundred. Raises InputError."""
    found: list[list[Any]] = []
    for picture, label, taken_for, probability in list(images)[:_MOST_PICTURES]:
        data = picture if isinstance(picture, bytes) else png(picture)
        if not data.startswith(_PNG) or data[12:16] != b"IHDR" or len(data) < _SHORTEST:
            raise InputError("images: found bytes that are no PNG; expected a PNG or an array")
        found.append([b64encode(data).decode(), _name(label), _name(taken_for), float(probability)])
    return found


def confusion_in(known: dict[str, Any]) -> Confusion | None:
    """Return the confusion matrix that a journal has kept, None if there is none."""
    kept = known.get("confusion")
    if not kept:
        return None
    checked = confusion_of(kept["counts"], kept["classes"])
    return Confusion(tuple(checked["classes"]), checked["counts"])


def pictures_in(known: dict[str, Any]) -> list[Example]:
    """Return the misclassified samples that a journal has kept."""
    kept = [(b64decode(data), *others) for data, *others in known.get("images") or []]
    return [
        Example(label, taken_for, probability, b64decode(data))
        for data, label, taken_for, probability in pictures_of(kept)
    ]


def _name(name: object) -> str:
    return without_impossible(str(name))[:_LONGEST]


def png(pixels: Any) -> bytes:  # noqa: ANN401 - an array of NumPy, PyTorch or nested lists
    """Return an array of pixels as a PNG: (height, width), or with 3 channels first or last.

    Whole numbers are from 0 to 255; others are scaled so that the largest is white. Raises
    InputError for another shape.
    """
    found = np.asarray(pixels)
    if found.ndim == 3 and found.shape[0] in (1, 3) and found.shape[-1] not in (1, 3):
        found = np.moveaxis(found, 0, -1)
    if found.ndim == 3 and found.shape[-1] == 1:
        found = found[..., 0]
    if not found.size or (found.ndim != 2 and found.shape[2:] != (3,)):
        shape = " × ".join(map(str, found.shape))
        raise InputError(f"images: found {shape} numbers; expected height × width, or × 3 colours")
    if found.dtype.kind == "f":
        low, high = float(np.nanmin(found)), float(np.nanmax(found))
        found = np.nan_to_num((found - low) * (255 / ((high - low) or 1)))
    every = max(1, round(max(found.shape[:2]) / _SIDE))
    small = np.ascontiguousarray(found[::every, ::every].clip(0, 255).astype(np.uint8))
    height, width = small.shape[:2]
    colours = 2 if small.ndim == 3 else 0
    rows = b"".join(b"\0" + row.tobytes() for row in small)
    size = struct.pack(">IIBBBBB", width, height, 8, colours, 0, 0, 0)
    parts = ((b"IHDR", size), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return _PNG + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
