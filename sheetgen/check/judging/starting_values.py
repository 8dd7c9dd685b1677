"""Judges what tables start from: within a table, and compared with the workbook's other tables.

Inputs and targets stay the same from row to row, unless the rows are samples.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from sheetgen.check.findings import Column, Finding
from sheetgen.check.mistakes.mistake_kinds import KINDS
from sheetgen.check.reading.cells import Content
from sheetgen.check.tables.headers import COUNTED, PARAMETERS, family
from sheetgen.check.tables.table import Table

_LAST_DIGITS = 1e-12  # relative
_STARTS = ("i", "t", *PARAMETERS)


def judge_givens(table: Table, symbol: str, moving: set[str]) -> tuple[Column, list[Finding]]:
    """Return the verdict on a column without a definition, and the findings on it."""
    if family(symbol) not in (*_STARTS, "η", *COUNTED):
        return table.verdict(symbol, "unchecked", reason="no definition"), []
    findings: list[Finding] = []
    if family(symbol) in ("i", "t"):
        contents = table.contents(symbol)
        for row, kind, words in misfits(contents):
            # Spaces, TRUE and FALSE are not numbers either, but are not mistakes in such a column.
            if kind != "empty-cell" or contents[row].value is None:
                findings = [table.mistake(symbol, row, kind, words)]
                break
        if symbol not in moving:
            findings += _changes(table, symbol)
    return table.verdict(symbol, "wrong" if findings else "given"), findings


def misfits(contents: Sequence[Content]) -> Iterator[tuple[int, str, str]]:
    """Yield the row, kind and words of each cell of a column that does not hold a number."""
    filled = [row for row, one in enumerate(contents) if one.value is not None or one.formula]
    for row, content in enumerate(contents):
        text = content.text.strip()[:20]
        if content.is_error:
            yield row, "error-value", f"the cell holds {content.value}"
        elif text:
            yield row, "text-for-number", f"found the text {text!r}; expected a number"
        elif content.number is None and filled and row < filled[-1]:
            is_truth = isinstance(content.value, bool)
            found = f"found {str(content.value).upper()}; expected a number" if is_truth else ""
            yield row, "empty-cell", found or KINDS["empty-cell"]


def _changes(table: Table, symbol: str) -> list[Finding]:
    values = table.values(symbol)
    finite = np.isfinite(values)
    if not finite.any():
        return []
    # The first number is meant; everything after it was copied or dragged.
    expected = float(values[finite][0])
    # Programs that drag a series sum up its last digits.
    odd = np.flatnonzero(finite & (np.abs(values - expected) > _LAST_DIGITS * abs(expected)))
    if not len(odd):
        return []
    row = int(odd[0])
    words = f"{symbol} changes from row to row: here it is {values[row]:g} instead of {expected:g}"
    return [table.mistake(symbol, row, "input-changes", words, len(odd), expected)]


def compare_sheets(tables: list[Table]) -> tuple[Finding, ...]:
    """Return a finding for each sheet and symbol whose first number differs from the others'.

    Only inputs, targets and initial parameters are compared, of the first table of each sheet:
    learning rates are meant to differ. If there are more than two sheets and as many hold one
    number as another, they are two experiments, which is a remark.
    """
    compared = list({table.sheet: table for table in reversed(tables)}.values())[::-1]
    # Networks of another shape are other exercises.
    shapes = Counter(_shape(table) for table in compared)
    compared = [one for one in compared if _shape(one) == shapes.most_common(1)[0][0]]
    found: list[Finding] = []
    for symbol in dict.fromkeys(symbol for one in compared for symbol in one.columns_of(*_STARTS)):
        found += _compare(symbol, [table for table in compared if symbol in table.columns])
    remarks = [one for one in found if one.severity == "remark"]
    return (*(one for one in found if one.severity == "mistake"), *remarks[:1])


def _shape(table: Table) -> frozenset[str]:
    return frozenset(table.columns_of("w", "t", "i"))


def _compare(symbol: str, tables: list[Table]) -> list[Finding]:
    """Return the findings on a symbol; in two experiments they are remarks."""
    firsts = {table.sheet: table.contents(symbol)[0].number for table in tables}
    counted = Counter(value for value in firsts.values() if value is not None)
    if len(counted) < 2:
        return []
    (usual, most), (_, second) = counted.most_common(2)
    others = next(sheet for sheet, value in firsts.items() if value == usual)
    where = "the other sheets" if most > 1 else repr(others)
    found = []
    for table in tables:
        value = firsts[table.sheet]
        if value is not None and abs(value - usual) > _LAST_DIGITS * abs(usual):
            words = f"{symbol} begins with {value:g} here, but with {usual:g} on {where}"
            one = table.mistake(symbol, 0, "inputs-differ-between-sheets", words, 1, usual)
            found.append(replace(one, value=value, formula=None))
    if len(tables) > 2 and most == second:
        kind = "inputs-differ-between-groups"
        return [replace(one, severity="remark", kind=kind) for one in found]
    return found
