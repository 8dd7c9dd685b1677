"""Says what a file and its charts keep of a block: its formulas' results, and its constants."""

from collections.abc import Callable, Sequence
from math import copysign
from typing import Any

import numpy as np

from sheetgen.spreadsheet.block import Block

NOT_FINITE = "#NUM!"  # what a spreadsheet shows where floating point has a NaN or an infinity
CHUNK = 1024  # rows whose results exist as Python objects at one time
_CONSTANT = "%.16G"
_FEW = 128  # numbers that tell whether a column has few different ones


def results_of(block: Block[Any], start: int) -> tuple[list[list[float | str]], list[bytes]]:
    """Return the results of `CHUNK` rows by column and, by row, a byte for each: 1 if an error."""
    rows = slice(start - block.first_row, start - block.first_row + CHUNK)
    errors = np.column_stack([~np.isfinite(values[rows]) for values in block.values])
    columns: list[list[float | str]] = [values[rows].tolist() for values in block.values]
    for row, column in np.argwhere(errors).tolist():
        columns[column][row] = NOT_FINITE
    return columns, [line.tobytes() for line in errors]


def texts_of(results: list[float | str], formula: str) -> list[str]:
    """Return the texts of a column's results; of constants, if there is no formula."""
    return distinct_texts(results, str if formula else _CONSTANT.__mod__)


def distinct_texts(results: Sequence[float | str], write: Callable[[Any], str]) -> list[str]:
    """Return the text that is written of each result, made once where the same ones are many."""
    few = set(results[:_FEW])
    if 2 * len(few) > len(results[:_FEW]):
        return [*map(write, results)]
    # The same few numbers again and again, as inputs are. 0 and -0 are one number, but two texts.
    known = {result: write(result) for result in set(results)}
    if len({copysign(1, result) for result in results if result == 0}) > 1:
        return [known[result] if result else write(result) for result in results]
    return [known[result] for result in results]


def charted(block: Block[Any], row: int, column: int, end: int) -> list[float | str]:
    """Return what a chart keeps of a column of a block, from a row to that before the end."""
    place = column - block.first_column
    values = block.values[place][row - block.first_row : end - block.first_row]
    found: list[float | str] = values.tolist()
    if not block.formulas[place]:
        return [f"{value:.16g}" for value in found]
    for at in np.flatnonzero(~np.isfinite(values)).tolist():
        found[at] = NOT_FINITE
    return found
