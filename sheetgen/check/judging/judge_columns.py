"""Judges a column with a definition: which cells are right, which mistake explains the others."""

from dataclasses import dataclass, field, replace

import numpy as np

from sheetgen.check.findings import Column, Finding
from sheetgen.check.formula.expressions import symbols
from sheetgen.check.formula.parsing import Formula
from sheetgen.check.judging.judge_cells import judge_formula, judge_numbers
from sheetgen.check.meaning.table_meaning import ComputedColumn
from sheetgen.check.mistakes.mistake_kinds import KINDS
from sheetgen.check.mistakes.naming import Wrong


@dataclass
class _Sorted:
    """The rows of a column by what they hold."""

    numbers: list[int] = field(default_factory=list)
    texts: list[int] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)
    errors: list[int] = field(default_factory=list)
    formulas: dict[Formula, list[int]] = field(default_factory=dict)


def judge(column: ComputedColumn) -> tuple[Column, list[Finding]]:
    """Return the verdict on a column, and the findings on it."""
    rows = _sorted(column)
    wrongs = _wrong_contents(column, rows)
    checked = 0
    for formula, chosen in rows.formulas.items():
        found, count = judge_formula(column, formula, chosen)
        wrongs.extend(found)
        checked += count
    is_live = sum(map(len, rows.formulas.values())) > len(rows.numbers)
    if is_live:
        words = "found a number; expected the column's formula"
        wrongs.extend(Wrong([row], "hard-coded-number", words) for row in rows.numbers)
        checked += len(rows.numbers)
    else:
        found, count = judge_numbers(column, rows.numbers)
        wrongs.extend(found)
        checked += count
    findings = [_finding(column, wrong) for wrong in _merged(wrongs)]
    verdict = _verdict(column, bool(findings), bool(checked))
    if not is_live and len(rows.numbers) > 1:
        findings.append(_pasted(column))
    return verdict, findings


def _sorted(column: ComputedColumn) -> _Sorted:
    found = _Sorted()
    contents = column.contents
    filled = [row for row, one in enumerate(contents) if one.value is not None or one.formula]
    for row, content in enumerate(contents):
        if column.is_parameter and row == 0 and (content.number is not None or content.formula):
            continue  # what the training starts from
        if content.formula is not None:
            found.formulas.setdefault(content.formula, []).append(row)
        elif content.number is not None:
            found.numbers.append(row)
        elif content.is_error:
            found.errors.append(row)
        elif content.text.strip():
            found.texts.append(row)
        elif filled and row < filled[-1]:
            found.empty.append(row)
    return found


def _wrong_contents(column: ComputedColumn, rows: _Sorted) -> list[Wrong]:
    wrongs = []
    for row in rows.texts:
        text = column.contents[row].text.strip()[:20]
        words = f"found the text {text!r}; expected a number"
        wrongs.append(Wrong([row], "text-for-number", words))
    expected, _ = column.numbers.recomputed(column.forms[0])
    for row in rows.errors:
        if np.isfinite(expected[row]):  # or else it comes from the cells that it is computed from
            words = f"the error value {column.contents[row].value} was typed or pasted"
            wrongs.append(Wrong([row], "error-value", words))
    if rows.empty:
        wrongs.append(Wrong(rows.empty, "empty-cell", KINDS["empty-cell"]))
    return wrongs


def _merged(wrongs: list[Wrong]) -> list[Wrong]:
    """Return one entry for each mistake, with all of its rows."""
    merged: dict[tuple[str, str], list[int]] = {}
    for wrong in wrongs:
        merged.setdefault((wrong.kind, wrong.words), []).extend(wrong.rows)
    found = [Wrong(sorted(rows), *mistake) for mistake, rows in merged.items()]
    return sorted(found, key=lambda wrong: wrong.rows[0])


def _finding(column: ComputedColumn, wrong: Wrong) -> Finding:
    row, form = wrong.rows[0], column.forms[0]
    difference = column.numbers.agreement(column.symbol, form)[0][wrong.rows]
    finite = difference[np.isfinite(difference)]
    expected = float(column.numbers.recomputed(form)[0][row])
    found = column.table.mistake(
        column.symbol,
        row,
        wrong.kind,
        wrong.words,
        len(wrong.rows),
        expected if np.isfinite(expected) else None,
    )
    # What the training starts from has no formula: there is no row before it.
    starts = row == 0 and column.is_parameter
    return replace(
        found,
        expected=None if starts else column.meaning.shown(form, row),
        difference=float(finite.max()) if len(finite) else None,
    )


def _pasted(column: ComputedColumn) -> Finding:
    table, symbol = column.table, column.symbol
    header = table.header(symbol)
    words = f"{header} holds pasted numbers; they were compared within rounding"
    found = table.remark("pasted-values", words, table.cell(symbol, 0))
    return replace(found, column=header, symbol=symbol)


def _verdict(column: ComputedColumn, wrong: bool, checked: bool) -> Column:
    table, symbol, numbers = column.table, column.symbol, column.numbers
    if wrong or checked:
        return table.verdict(symbol, "wrong" if wrong else "right", _largest(column))
    known = set(numbers.values) | set(numbers.constants)
    missing = sorted({one.name for one in symbols(column.forms[0])} - known)
    if missing:
        return table.verdict(symbol, "unchecked", reason=f"needs {', '.join(missing)}")
    if column.is_parameter:
        return table.verdict(symbol, "given")
    return table.verdict(symbol, "unchecked", reason="it holds nothing to compare")


def _largest(column: ComputedColumn) -> float | None:
    """Return the largest relative difference of a column from the definition that fits it best."""
    found = []
    for form in column.forms:
        difference, _ = column.numbers.agreement(column.symbol, form)
        finite = difference[np.isfinite(difference)]
        if len(finite):
            found.append(float(finite.max()))
    return min(found, default=None)
