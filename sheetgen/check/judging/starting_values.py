"""Judges what a table starts from: inputs and targets, which stay the same from row to row."""

from collections import Counter

import numpy as np

from sheetgen.check.judging.findings import Column, Finding
from sheetgen.check.tables.headers import family
from sheetgen.check.tables.table import Table

_FEW = 0.1


def varies(table: Table) -> set[str]:
    """Return the inputs and targets that differ from row to row because the rows are samples.

    Where most inputs and targets stay the same, one that moves is a mistake and not a sample.
    """
    given = [symbol for symbol in table.columns if family(symbol) in ("i", "t")]
    moving = {symbol for symbol in given if _share(table, symbol) < 1}
    many = {symbol for symbol in moving if _share(table, symbol) < 1 - _FEW}
    return moving if many and 2 * len(moving) >= len(given) else set()


def _share(table: Table, symbol: str) -> float:
    """Return the share of the rows that hold the column's most common number."""
    numbers = [one.number for one in table.contents(symbol) if one.number is not None]
    return Counter(numbers).most_common(1)[0][1] / len(numbers) if numbers else 1.0


def judge_givens(symbol: str, table: Table, moving: set[str]) -> tuple[Column, list[Finding]]:
    """Return the column, and a finding where a number of it is none or changes."""
    header, cells = table.header(symbol), table.range(symbol)
    findings: list[Finding] = []
    if family(symbol) in ("i", "t"):
        findings = _not_numbers(symbol, table)
        if symbol not in moving:
            findings.extend(_changes(symbol, table))
    status = "wrong" if findings else "given"
    if not findings and family(symbol) not in ("i", "t", "w", "b", "b_h", "b_o", "η", "iteration"):
        return Column(header, symbol, cells, "unchecked", None, "no definition"), []
    return Column(header, symbol, cells, status), findings  # type: ignore[arg-type]


def _not_numbers(symbol: str, table: Table) -> list[Finding]:
    findings = []
    contents = table.contents(symbol)
    filled = [row for row, one in enumerate(contents) if one.value is not None or one.formula]
    for row, content in enumerate(contents):
        if content.is_error:
            kind, words = "error-value", f"the cell holds {content.value}"
        elif content.text.strip():
            text = content.text.strip()[:20]
            kind, words = "text-for-number", f"the text {text!r} stands where a number belongs"
        elif content.value is None and filled and row < filled[-1]:
            kind, words = "empty-cell", "a cell within the table is empty"
        else:
            continue
        findings.append(_finding(symbol, table, row, kind, words, 1))
        break
    return findings


def _changes(symbol: str, table: Table) -> list[Finding]:
    values = table.values(symbol)
    finite = np.isfinite(values)
    if not finite.any():
        return []
    # What the person began with is meant, and everything after it was copied or dragged.
    expected = float(values[finite][0])
    odd = np.flatnonzero(finite & (values != expected))
    if not len(odd):
        return []
    row = int(odd[0])
    words = f"{symbol} changes from row to row: here it is {values[row]:g} instead of {expected:g}"
    return [_finding(symbol, table, row, "input-changes", words, len(odd), float(expected))]


def _finding(
    symbol: str,
    table: Table,
    row: int,
    kind: str,
    words: str,
    cells: int,
    expected: float | None = None,
) -> Finding:
    content = table.contents(symbol)[row]
    formula = content.formula
    place = (table.row_at(row), table.columns[symbol])
    return Finding(
        severity="mistake",
        kind=kind,
        words=words,
        sheet=table.sheet,
        table=table.place,
        column=table.header(symbol),
        symbol=symbol,
        cell=table.cell(symbol, row),
        formula=f"={formula.text_at(*place).strip()}" if formula is not None else None,
        value=content.value if isinstance(content.value, float | str) else None,
        expected_value=expected,
        cells=cells,
    )
