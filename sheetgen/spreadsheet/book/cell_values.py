"""Turns what a Python program gives into what cells can hold, and cells into arrays of NumPy."""

import math
from numbers import Real
from typing import Any

import numpy as np

from sheetgen.errors import CellValueError, InputError, shortened
from sheetgen.files.characters import require_possible
from sheetgen.spreadsheet.book.cell_names import Area
from sheetgen.spreadsheet.sheet_cells import Value

_LONGEST_TEXT = 32_767  # characters of a cell, which are UTF-16 units


def cell_value(given: object, where: object) -> Value:
    """Return a number as a float, a text or a truth value as it is, None for nothing.

    Raises CellValueError, which begins with `where`, for anything that a cell cannot hold.
    """
    if given is None:
        return None
    if isinstance(given, (bool, np.bool_)):
        return bool(given)
    if isinstance(given, str):
        if len(given.encode("utf-16-le", "surrogatepass")) // 2 > _LONGEST_TEXT:
            raise CellValueError(
                f"{where}: found a text of {len(given):,} characters; "
                f"expected at most {_LONGEST_TEXT:,}"
            )
        try:
            require_possible(given, str(where))
        except InputError as error:
            raise CellValueError(str(error)) from None
        return str(given)
    number = math.nan
    if isinstance(given, Real):
        try:
            number = float(given)
        except OverflowError:
            number = math.inf
    if not math.isfinite(number):
        raise CellValueError(
            f"{where}: found {shortened(given)}; expected a finite number, a text, "
            "True, False, or None for an empty cell"
        )
    return number


def cell_values(given: object, area: Area) -> list[Value]:
    """Return the value of each cell of an area, row by row; a single one is for all of them.

    Raises CellValueError if the shape is another, or a cell cannot hold its value.
    """
    many = np.array(given, dtype=object) if _is_many(given) else None
    if many is None or many.ndim == 0:
        return [cell_value(given, area)] * len(area.places)
    is_line = many.ndim == 1 and 1 in area.shape
    if (many.size if is_line else many.shape) != (len(area.places) if is_line else area.shape):
        found = " × ".join(map(str, many.shape))
        rows, columns = area.shape
        raise CellValueError(f"{area}: found {found} values; expected {rows} × {columns}")
    return [cell_value(each, area) for each in many.flat]


def as_array(values: list[Value], shape: tuple[int, int]) -> "np.ndarray[Any, Any]":
    """Return values as an array: of floats, where nothing is NaN, if there is nothing else."""
    if all(value is None or type(value) is float for value in values):
        return np.array([math.nan if value is None else value for value in values]).reshape(shape)
    mixed = np.empty(len(values), dtype=object)
    mixed[:] = values
    return mixed.reshape(shape)


def _is_many(given: object) -> bool:
    return hasattr(given, "__len__") and not isinstance(given, str)
