"""Measures how far rounding alone moves the values of a workbook.

In a chaotic training an error in the last digit grows until it reaches the first one, and two
correct programs disagree. So the initial weights are moved by about 1e-15, as rounding.py does,
and everything is composed again: the movement of the promised values is their sensitivity.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sheetgen.network.rounding import moved_networks
from sheetgen.spreadsheet.agreement import numbers_in, same_text, words
from sheetgen.spreadsheet.canvas import Canvas, Value
from sheetgen.workbook.compose import compose
from sheetgen.workbook.plan import Plan

ALLOWED = 1000  # times the movement: every step rounds again, with its own signs

Place = tuple[int, int]
Numbers = NDArray[Any] | np.float64


@dataclass(frozen=True)
class Sensitivity:
    """Tells whether rounding can explain that a cell is off; composes only when first asked."""

    plan: Plan
    canvases: Sequence[Canvas]
    compose: Callable[[Plan], Sequence[Canvas]] = compose

    def explains(
        self, sheet: str, place: Place, expected: Value, found: Value | None, difference: float
    ) -> bool:
        """Tell whether rounding explains that a cell is off by this relative difference."""
        movement = self._movements[sheet]
        if not isinstance(found, str) and not isinstance(expected, str):
            return found is not None and difference <= ALLOWED * movement.extent.at(place)
        if not isinstance(expected, str) and movement.extent.at(place) == inf:
            return True  # such as #NUM!, where the training diverges
        return found is not None and movement.has_text(place, expected, found)

    def is_beyond(self, sheet: str, place: Place) -> bool:
        """Tell whether a cell may read infinite numbers, for which nothing is promised."""
        return self._movements[sheet].start.at(place) == inf

    @cached_property
    def _movements(self) -> dict[str, "_Movement"]:
        movements = {canvas.name: _Movement(canvas) for canvas in self.canvases}
        for network in moved_networks(self.plan.network):
            template = replace(self.plan.template, network=network)
            for canvas in self.compose(replace(self.plan, template=template)):
                movements[canvas.name].take(canvas)
        return movements


class _Movement:
    """By how much the promised values of one sheet move, relative to max(1, |value|)."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas, self.extent = canvas, _Extent(canvas)
        self.start = _Extent(canvas)
        """Infinite where the training itself diverges."""
        self._others: dict[Place, list[Value]] = {}
        self.start.take(canvas)

    def take(self, moved: Canvas) -> None:
        """Compare with the same sheet of a moved plan."""
        self.extent.take(moved)
        for place, cell in self._canvas.cells.items():
            value = moved.cells[place].value
            if cell.formula is not None and str in (type(value), type(cell.value)):
                self._others.setdefault(place, []).append(value)

    def has_text(self, place: Place, expected: Value, found: Value) -> bool:
        """Tell whether a value, where there may be a text, is like one of those promised."""
        others = self._others.get(place, [])
        if not isinstance(found, str):
            return any(not isinstance(other, str) for other in others)
        texts = [other for other in others if isinstance(other, str)]
        if any(same_text(other, found) for other in texts):
            return True
        if not isinstance(expected, str):
            return False
        start = numbers_in(expected)
        like = [numbers_in(other) for other in texts if words(other) == words(expected)]
        moves = [
            max((abs(each[at] - one) for each in like), default=0.0) for at, one in enumerate(start)
        ]
        return bool(moves) and same_text(expected, found, tuple(ALLOWED * each for each in moves))


class _Extent:
    """How far the numbers of a sheet move at most.

    A row of a table depends on the whole row above. So a row counts as moved by as much as any cell
    in it or above it, and infinitely from the first infinite number on. A single cell may read any
    row, and counts as moved by as much as the whole sheet.
    """

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._rows = [np.zeros(block.rows) for block in canvas.blocks]
        self._whole = 0.0

    def take(self, moved: Canvas) -> None:
        """Extend it to the numbers of a moved sheet."""
        blocks = zip(self._canvas.blocks, moved.blocks, self._rows, strict=True)
        for block, other, rows in blocks:
            for one, another in zip(block.values, other.values, strict=True):
                np.maximum(rows, _difference(one, another), out=rows)
            np.maximum.accumulate(rows, out=rows)
            self._whole = max(self._whole, float(rows.max(initial=0.0)))
        for place, cell in self._canvas.cells.items():
            value = moved.cells[place].value
            if cell.formula and not isinstance(value, str) and not isinstance(cell.value, str):
                by = _difference(np.float64(cell.value), np.float64(value))
                self._whole = max(self._whole, float(by))

    def at(self, place: Place) -> float:
        """Return by how much a cell moves."""
        row, column = place
        for block, rows in zip(self._canvas.blocks, self._rows, strict=True):
            down, across = row - block.first_row, column - block.first_column
            if 0 <= down < block.rows and 0 <= across < len(block.formulas):
                return float(rows[down])
        return self._whole


def _difference(one: Numbers, other: Numbers) -> NDArray[np.float64]:
    """Return |one - other| / max(1, |one|), infinite where one of them is not a finite number."""
    with np.errstate(all="ignore"):
        found = np.abs(other - one) / np.maximum(1.0, np.abs(one))
    return np.where(np.isfinite(one) & np.isfinite(other), found, inf)
