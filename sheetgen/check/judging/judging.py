"""Judges one column: which of its cells are right, and which mistake explains the others."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sheetgen.check.formula.expressions import Expression, symbols
from sheetgen.check.formula.parsing import Formula
from sheetgen.check.judging.findings import Column, Finding
from sheetgen.check.judging.verdicts import judge_formula, judge_numbers
from sheetgen.check.meaning.context import Context
from sheetgen.check.meaning.table_network import PARAMETERS
from sheetgen.check.mistakes.naming import Wrong
from sheetgen.check.reading.cells import Content
from sheetgen.check.tables.headers import family


@dataclass
class _Sorted:
    """The rows of a column by what stands in them."""

    numbers: list[int] = field(default_factory=list)
    texts: list[int] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)
    errors: list[int] = field(default_factory=list)
    formulas: dict[Formula, list[int]] = field(default_factory=dict)

    @property
    def formula_rows(self) -> int:
        return sum(len(rows) for rows in self.formulas.values())


def judge(symbol: str, context: Context) -> tuple[Column, list[Finding]]:
    """Return what became of a column, and the findings on it."""
    table = context.table
    contents = table.contents(symbol)
    sorted_rows = _sort(symbol, contents)
    reference = context.right_forms(symbol)[0]
    wrongs = _wrong_contents(symbol, context, sorted_rows, contents)
    checked = 0
    for formula, rows in sorted_rows.formulas.items():
        found, count = judge_formula(symbol, context, formula, rows)
        wrongs.extend(found)
        checked += count
    is_live = sorted_rows.formula_rows > len(sorted_rows.numbers)
    if is_live:
        wrongs.extend(
            Wrong([row], "hard-coded-number", "a number stands where the column has formulas")
            for row in sorted_rows.numbers
        )
        checked += len(sorted_rows.numbers)
    else:
        found, count = judge_numbers(symbol, context, sorted_rows.numbers)
        wrongs.extend(found)
        checked += count
    findings = [_finding(symbol, context, wrong, contents, reference) for wrong in _merged(wrongs)]
    largest = _largest(context, symbol)
    pasted = not is_live and len(sorted_rows.numbers) > 1
    return _column(symbol, context, findings, checked, largest, reference), findings + (
        [_pasted(symbol, context)] if pasted else []
    )


def _sort(symbol: str, contents: Sequence[Content]) -> _Sorted:
    found = _Sorted()
    is_parameter = family(symbol) in PARAMETERS
    filled = [row for row, one in enumerate(contents) if one.value is not None or one.formula]
    for row, content in enumerate(contents):
        if is_parameter and row == 0 and (content.number is not None or content.formula):
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


def _wrong_contents(
    symbol: str, context: Context, rows: _Sorted, contents: Sequence[Content]
) -> list[Wrong]:
    wrongs = []
    for row in rows.texts:
        words = f"the text {contents[row].text.strip()[:20]!r} stands where a number belongs"
        wrongs.append(Wrong([row], "text-for-number", words))
    expected, _ = context.numbers.recomputed(context.right_forms(symbol)[0])
    for row in rows.errors:
        if not np.isfinite(expected[row]):
            continue  # passed on from the cells that it was computed from
        words = f"the error value {contents[row].value} was typed or pasted"
        wrongs.append(Wrong([row], "error-value", words))
    if rows.empty:
        wrongs.append(Wrong(rows.empty, "empty-cell", "a cell within the table is empty"))
    return wrongs


def _merged(wrongs: list[Wrong]) -> list[Wrong]:
    """Return one entry for each mistake, with all of its rows."""
    merged: dict[tuple[str, str], Wrong] = {}
    for wrong in wrongs:
        key = (wrong.kind, wrong.words)
        if key in merged:
            merged[key].rows.extend(wrong.rows)
        else:
            merged[key] = wrong
    for wrong in merged.values():
        wrong.rows.sort()
    return sorted(merged.values(), key=lambda wrong: wrong.rows[0])


def _finding(
    symbol: str,
    context: Context,
    wrong: Wrong,
    contents: Sequence[Content],
    reference: Expression,
) -> Finding:
    row = wrong.rows[0]
    table, content = context.table, contents[row]
    difference, _ = context.numbers.agreement(symbol, reference)
    expected_value = context.numbers.recomputed(reference)[0][row]
    finite = difference[wrong.rows][np.isfinite(difference[wrong.rows])]
    formula = content.formula
    text = None
    if formula is not None:
        text = f"={formula.text_at(table.row_at(row), table.columns[symbol]).strip()}"
    value = content.value if isinstance(content.value, float | str) else None
    # What the training starts from has no formula: there is no row before it.
    starts = row == 0 and family(symbol) in PARAMETERS
    return Finding(
        severity="mistake",
        kind=wrong.kind,
        words=wrong.words,
        sheet=table.sheet,
        table=table.place,
        column=table.header(symbol),
        symbol=symbol,
        cell=table.cell(symbol, row),
        formula=text,
        expected=None if starts else context.shown(reference, row),
        value=value,
        expected_value=float(expected_value) if np.isfinite(expected_value) else None,
        difference=float(finite.max()) if len(finite) else None,
        cells=len(wrong.rows),
    )


def _largest(context: Context, symbol: str) -> float | None:
    """Return the largest relative difference of a column from the definition that fits it best."""
    found = []
    for form in context.right_forms(symbol):
        difference, _ = context.numbers.agreement(symbol, form)
        finite = difference[np.isfinite(difference)]
        if len(finite):
            found.append(float(finite.max()))
    return min(found, default=None)


def _pasted(symbol: str, context: Context) -> Finding:
    table = context.table
    return Finding(
        severity="remark",
        kind="pasted-values",
        words=f"{table.header(symbol)} holds pasted numbers; they were compared within rounding",
        sheet=table.sheet,
        table=table.place,
        column=table.header(symbol),
        symbol=symbol,
        cell=table.cell(symbol, 0),
    )


def _column(
    symbol: str,
    context: Context,
    findings: list[Finding],
    checked: int,
    largest: float | None,
    reference: Expression,
) -> Column:
    table = context.table
    header, cells = table.header(symbol), table.range(symbol)
    if findings:
        return Column(header, symbol, cells, "wrong", largest)
    if checked:
        return Column(header, symbol, cells, "right", largest)
    known = set(context.numbers.values) | set(context.numbers.constants)
    missing = sorted({one.name for one in symbols(reference)} - known)
    if missing:
        return Column(header, symbol, cells, "unchecked", None, f"needs {', '.join(missing)}")
    if family(symbol) in PARAMETERS:
        return Column(header, symbol, cells, "given")
    return Column(header, symbol, cells, "unchecked", None, "it holds nothing to compare")
