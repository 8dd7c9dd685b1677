"""Finds matrices with a name beside them, as on pages that show a network in blocks: W, X, z, a, δ.

They are not read; who has them is told so.
"""

import re

from sheetgen.check.reading.cells import Cells
from sheetgen.check.tables.headers import plain_header
from sheetgen.check.tables.table import EMPTY, holds_number
from sheetgen.spreadsheet.address import relative_address

_NAME = re.compile(
    r"(?:d|∂|δ|delta)?(?:w|x|z|a|h|y|b|weights?|inputs?|outputs?|δ|delta)[0-9ho]?t?$"
)
_FEW = 3  # matrices that are named in a sentence, and that make a page of them


def named_matrices(cells: Cells) -> list[str]:
    """Return each matrix of a sheet in words, such as "W1 at B3:C4", from the top."""
    found = []
    for (row, column), content in sorted(cells.items()):
        text = content.text.strip()
        if not text or not _NAME.match(plain_header(text)):
            continue
        for corner in ((row + 1, column), (row, column + 1), (row + 1, column + 1)):
            rows, columns = _size(cells, *corner)
            beside = (cells.get((row, column + one), EMPTY).text for one in range(1, columns))
            if rows > 1 and columns > 1 and not any(beside):  # which would be headers
                last = relative_address(corner[0] + rows - 1, corner[1] + columns - 1)
                found.append(f"{text} at {relative_address(*corner)}:{last}")
                break
    return found


def _size(cells: Cells, row: int, column: int) -> tuple[int, int]:
    """Return the rows and columns of the block of numbers with this corner."""

    def filled(down: int, across: int) -> bool:
        """Return whether a cell of the block holds a number."""
        return holds_number(cells.get((row + down, column + across), EMPTY))

    rows = columns = 0
    while filled(rows, 0):
        rows += 1
    while rows and all(filled(down, columns) for down in range(rows)):
        columns += 1
    return rows, columns


def is_page_of_matrices(matrices: list[str]) -> bool:
    """Return whether there are enough matrices to be those of a network."""
    return len(matrices) >= _FEW


def in_words(matrices: list[str]) -> str:
    """Return some of the matrices in words."""
    more = f" and {len(matrices) - _FEW} more" if len(matrices) > _FEW else ""
    return ", ".join(matrices[:_FEW]) + more
