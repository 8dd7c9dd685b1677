"""Judges a column with a definition: which cells are right, which mistake explains the others."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sheetgen.check.findings import IS_EMPTY, Column, Finding
from sheetgen.check.formula.expressions import symbols
from sheetgen.check.formula.relative_formulas import Formula
from sheetgen.check.judging.judge_cells import judge_formula, judge_numbers
from sheetgen.check.judging.starting_values import misfits
from sheetgen.check.meaning.table_meaning import ComputedColumn
from sheetgen.check.mistakes.naming import Wrong


def judge(column: ComputedColumn) -> tuple[Column, list[Finding]]:
    """Return the verdict on a column, and the findings on it."""
    numbers, formulas = _sorted(column)
    judged = [judge_formula(column, formula, rows) for formula, rows in formulas.items()]
    is_live = sum(map(len, formulas.values())) > len(numbers)
    if is_live:
        words = "found a number; expected the column's formula"
        typed = [Wrong([row], "hard-coded-number", words) for row in numbers]
        judged.append((typed, len(numbers)))
    else:
        judged.append(judge_numbers(column, numbers))
    wrongs = [wrong for found, _ in judged for wrong in found]
    wrongs += _wrong_start(column)
    findings = [_finding(column, one) for one in _merged([*_wrong_contents(column), *wrongs])]
    verdict = _verdict(column, bool(findings), any(count for _, count in judged))
    if not is_live and len(numbers) > 1:
        findings.append(_pasted(column))
    return verdict, findings


def _sorted(column: ComputedColumn) -> tuple[list[int], dict[Formula, list[int]]]:
    """Return the rows that hold numbers, and those of each formula."""
    numbers: list[int] = []
    formulas: dict[Formula, list[int]] = {}
    for row, content in enumerate(column.contents):
        if column.is_carried and row == 0:
            continue  # what the training starts from
        if content.formula is not None:
            formulas.setdefault(content.formula, []).append(row)
        elif content.number is not None:
            numbers.append(row)
    return numbers, formulas


def _wrong_contents(column: ComputedColumn) -> Iterator[Wrong]:
    """Yield the cells that hold neither a number nor a formula."""
    expected, _ = column.numbers.recomputed(column.forms[0])
    for row, kind, usual in misfits(column.contents):
        content, words = column.contents[row], usual
        if content.is_error:
            words = f"the error value {content.value} was typed or pasted"
        # An error that is expected comes from the cells that the column is computed from.
        if content.formula is None and (not content.is_error or np.isfinite(expected[row])):
            yield Wrong([row], kind, words)


def _wrong_start(column: ComputedColumn) -> Iterator[Wrong]:
    """Yield the first row of a sum or a state that does not begin from nothing."""
    if column.is_parameter or not column.is_carried:
        return
    difference, agrees = column.numbers.agreement(column.symbol, column.first_form)
    if np.isfinite(difference[0]) and not agrees[0]:
        words = f"{column.symbol} is {column.values[0]:g} in the first row; it begins from 0"
        yield Wrong([0], "unknown-mistake", words)


def _merged(wrongs: list[Wrong]) -> list[Wrong]:
    """Return one entry for each mistake, with all of its rows."""
    merged: dict[tuple[str, str], list[int]] = {}
    for wrong in wrongs:
        merged.setdefault((wrong.kind, wrong.words), []).extend(wrong.rows)
    found = [Wrong(sorted(rows), *mistake) for mistake, rows in merged.items()]
    return sorted(found, key=lambda wrong: wrong.rows[0])


def _finding(column: ComputedColumn, wrong: Wrong) -> Finding:
    row, form = wrong.rows[0], column.forms[0]
    if row == 0 and column.is_carried and not column.is_parameter:
        form = column.first_form
    difference = column.numbers.agreement(column.symbol, form)[0][wrong.rows]
    finite = difference[np.isfinite(difference)]
    expected = float(column.numbers.recomputed(form)[0][row])
    missing = column.meaning.missing(form)
    words = f"{wrong.words}; no column is {' or '.join(missing)}" if missing else wrong.words
    found = column.table.mistake(
        column.symbol,
        row,
        wrong.kind,
        words,
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
    if all(one.value is None and one.formula is None for one in column.contents):
        return table.verdict(symbol, "unchecked", reason=IS_EMPTY)
    if column.is_parameter and table.rows == 1:
        return table.verdict(symbol, "given")
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
