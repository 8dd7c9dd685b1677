"""Compares a sheet of a file, recalculated by an engine, with the canvas that says what is right.

The columns of a table are compared as a whole. Cells are looked at one by one outside of tables,
and where one of a column is not as it should be.
"""

from collections.abc import Mapping
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from sheetgen.spreadsheet.address import relative_address
from sheetgen.spreadsheet.agreement import DIVERGED, disagreement
from sheetgen.spreadsheet.block import Block, in_row, in_rows
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.canvas import Value as Promise
from sheetgen.spreadsheet.sheet_cells import EMPTY, FileCell, SheetCells, Value
from sheetgen.spreadsheet.sheet_values import SheetValues
from sheetgen.spreadsheet.style import Style
from sheetgen.spreadsheet.tokens import refers_to_cells
from sheetgen.verification.results import Finding, SheetResult
from sheetgen.verification.sensitivity import Sensitivity

Place = tuple[int, int]
Tables = dict[tuple[str, int, tuple[str, ...]], bool]
"""Sheet, first row and formulas of a table → whether the file has it, letter by letter."""


class SheetComparison:
    """The comparison of one sheet."""

    def __init__(
        self, canvas: Canvas, cells: SheetCells, tolerance: float, sensitivity: Sensitivity
    ) -> None:
        """Take the sheet as it should be and as the file has it, and the numbers' tolerance."""
        self._canvas, self._cells = canvas, cells
        self._tolerance, self._sensitivity = tolerance, sensitivity
        self._result = SheetResult(canvas.name)
        self._findings: list[tuple[bool, Place, Finding]] = []
        self._sensitive: list[tuple[bool, Place]] = []
        self._with_formula = 0
        """Number of the cells with a promise that have any formula in the file."""

    def result(
        self, values: Mapping[Place, Value], tables: Tables, older: bool, extra: bool
    ) -> SheetResult:
        """Return how the values of an engine agree.

        `tables` is what is known of the file's tables, and is added to. In an `older` file nothing
        counts as reworded. `extra` says whether formulas that are not ours are listed.
        """
        for (row, column), cell in self._canvas.cells.items():
            if cell.formula is not None:
                self._look((row, column), cell.formula, cell.value, values, older)
        for block in self._canvas.blocks:
            is_ours = self._has(block, tables)
            columns = zip(block.column_range, block.formulas, block.values, strict=True)
            for column, formula, promised in columns:
                if not formula or (is_ours and self._agrees(column, block, promised, values)):
                    continue
                for row, value in zip(block.row_range, promised.tolist(), strict=True):
                    self._look((row, column), in_row(formula, row), value, values, older)
        if extra and self._with_formula != self._cells.formulas:
            self._result.extra = self._extra()
        # A table's rows come first: they say from where on the training is chaotic.
        self._result.sensitive = [relative_address(*place) for _, place in sorted(self._sensitive)]
        # Cells whose formula has changed come first: others are wrong because they read those.
        self._findings.sort(key=itemgetter(0, 1))
        self._result.findings = [finding for *_, finding in self._findings]
        self._result.changed = sum(not is_ours for is_ours, *_ in self._findings)
        return self._result

    def _has(self, block: Block[Style], tables: Tables) -> bool:
        """Tell whether the file has each formula of a block, letter by letter."""
        key = self._canvas.name, block.first_row, block.formulas
        if key not in tables:
            texts = [in_rows(formula[1:]) if formula else None for formula in block.formulas]
            tables[key] = all(
                self._cells.formulas_at(row, block.column_range)
                == [None if text is None else text(row) for text in texts]
                for row in block.row_range
            )
        return tables[key]

    def _agrees(
        self,
        column: int,
        block: Block[Style],
        promised: NDArray[np.float64],
        values: Mapping[Place, Value],
    ) -> bool:
        """Count a column of a block, which has our formulas, if all of its values are right."""
        found = values.numbers(column, block.row_range) if isinstance(values, SheetValues) else None
        if found is None:
            return False
        with np.errstate(all="ignore"):
            size = np.abs(promised)
            difference = np.abs(np.frombuffer(found) - promised) / np.maximum(1.0, size)
            difference = np.where(size <= DIVERGED, difference, 0.0)  # what is promised
        if not (difference <= self._tolerance).all():
            return False
        self._result.formulas += block.rows
        self._with_formula += block.rows
        largest = float(difference.max(initial=0.0))
        self._result.largest_difference = max(self._result.largest_difference, largest)
        return True

    def _look(
        self,
        place: Place,
        formula: str,
        expected: Promise,
        values: Mapping[Place, Value],
        older: bool,
    ) -> None:
        """Compare one cell."""
        name, result = self._canvas.name, self._result
        cell = self._cells.get(place, EMPTY)
        result.formulas += 1
        self._with_formula += cell.formula is not None
        # Some engines save an empty text as no value at all.
        value = values.get(place, "" if expected == "" else None)
        shown = "" if cell.formula is None else f"={cell.formula}"
        is_ours = shown == formula
        reason, difference = "" if is_ours else _wrong_formula(formula, cell), 0.0
        if not reason:
            scale = self._canvas.scales.get(place, 1.0)
            reason, difference = disagreement(expected, value, scale, self._tolerance)
        off = name, place, expected, value, difference
        if reason and is_ours and self._sensitivity.explains(*off):
            if not self._sensitivity.is_beyond(name, place):
                self._sensitive.append((place in self._canvas.cells, place))
            return
        result.largest_difference = max(result.largest_difference, difference)
        if reason:
            finding = Finding(name, relative_address(*place), reason, shown, expected, value)
            self._findings.append((is_ours, place, finding))
        elif not is_ours and not older:
            result.reworded.append(relative_address(*place))

    def _extra(self) -> list[str]:
        """Return the cells of the file with a formula where none is promised."""
        promised = {(row, column) for row, column, *_ in self._canvas.promised()}
        formulas = (place for place, cell in self._cells.items() if cell.formula is not None)
        return [relative_address(*place) for place in sorted(set(formulas) - promised)]


def _wrong_formula(expected: str, cell: FileCell) -> str:
    """Say what is wrong with the cell before anything is computed, or return nothing."""
    if cell.formula is None:
        found = "nothing" if cell.value is None else f"the constant {cell.value!r}"
        return f"it holds {found} where a formula belongs ({expected})"
    if refers_to_cells(expected) and not refers_to_cells(cell.formula):
        return f"its formula refers to no cell where one that does belongs ({expected})"
    return ""
