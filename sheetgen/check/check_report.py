"""Writes the reports of `sheetgen check`: for people, as JSON, and as CSV.

The keys of the JSON and the columns of the CSV are stable.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from rich.table import Table

from sheetgen.check.findings import IS_EMPTY, Finding, LearningRate, TableReport, WorkbookReport
from sheetgen.console.terminal import plain

LONGEST = 1000
"""Characters of a formula that are printed; JSON and CSV have all."""
CSV_HEADER = (
    *("file", "sheet", "table", "column", "symbol", "status", "kind", "cell", "cells"),
    *("largest_difference", "formula", "expected", "words"),
)
_OVERVIEW = ("sheet", "table", "rows", "network", "learning rate", "right", "wrong", "largest")


def as_plain_values(report: WorkbookReport) -> dict[str, object]:
    """Return a report as plain values, for JSON.

    `passed` is null where nothing is wrong but nothing could be checked either; `conclusive` is
    false where a gradient or an update could not.

    Keys: file, passed, checked, conclusive, reader, skipped, tables, findings. A table has the
    fields of `TableReport` and checked, right, wrong (their headers) and largest_difference; a
    column has the fields of `Column`, a finding those of `Finding`.
    """
    return {
        "file": report.path,
        "passed": report.passed if report.checked or not report.passed else None,
        "checked": report.checked,
        "conclusive": report.conclusive,
        "reader": report.reader,
        "skipped": report.skipped,
        "tables": [
            asdict(table)
            | {
                "checked": table.checked,
                "right": [column.header for column in table.right],
                "wrong": [column.header for column in table.wrong],
                "largest_difference": table.largest_difference,
            }
            for table in report.tables
        ],
        "findings": [asdict(finding) for finding in report.findings],
    }


def unreadable_as_plain_values(path: str, reason: str) -> dict[str, object]:
    """Return the entry for a file that could not be audited: file, passed (null) and error."""
    return {"file": path, "passed": None, "error": reason}


def csv_lines(report: WorkbookReport) -> list[dict[str, object]]:
    """Return a line for each column of each table and each mistake, with all of CSV_HEADER."""
    lines = [line for table in report.tables for line in _table_lines(table)]
    return [_complete(report.path, each) for each in (*lines, *map(_finding_line, report.findings))]


def unreadable_line(path: str, reason: str) -> dict[str, object]:
    """Return the line for a file that could not be audited."""
    return _complete(path, {"status": "unreadable", "words": reason})


def _complete(path: str, line: Mapping[str, object]) -> dict[str, object]:
    return {name: path if name == "file" else line.get(name) for name in CSV_HEADER}


def _table_lines(table: TableReport) -> Iterator[dict[str, object]]:
    for column in table.columns:
        mistakes = [one for one in table.mistakes if one.symbol == column.symbol]
        yield from map(_finding_line, mistakes)
        if not mistakes:
            yield {
                "sheet": table.sheet,
                "table": table.place,
                "column": column.header,
                "symbol": column.symbol,
                "status": column.status,
                "cell": column.cells.partition(":")[0],
                "largest_difference": column.largest_difference,
                "words": column.reason,
            }
    yield from map(_finding_line, table.remarks)


def _finding_line(finding: Finding) -> dict[str, object]:
    line = {name: value for name, value in asdict(finding).items() if name in CSV_HEADER}
    return line | {
        "status": _status(finding),
        "cells": finding.cells or None,
        "largest_difference": finding.difference,
    }


def _status(finding: Finding) -> str:
    return "wrong" if finding.severity == "mistake" else "remark"


def verdict(report: WorkbookReport) -> str:
    """Return the verdict on a file in words; it says "right" only of what was checked."""
    if not report.passed:
        count = len(report.mistakes)
        return "1 mistake" if count == 1 else f"{count:,} mistakes"
    if not report.checked:
        return f"not checked: {_why_unchecked(report.tables)}"
    missing = [table for table in report.tables if not table.checked]
    if report.damage:
        return "right as far as checked: the file is damaged"
    if missing:
        return f"right as far as checked: {_share(missing, report.tables, 'table')}"
    columns = [column for table in report.tables for column in table.columns]
    unchecked = [column for table in report.tables for column in table.unchecked]
    if unchecked:
        return f"right as far as checked: {_share(unchecked, columns, 'column')}"
    return "right"


def _share(some: Sequence[object], every: Sequence[object], what: str) -> str:
    """Return in words that some of the tables or columns are not checked."""
    are = "is" if len(some) == 1 else "are"
    return f"{len(some)} of {len(every)} {what}{'' if len(every) == 1 else 's'} {are} not checked"


def _why_unchecked(tables: Sequence[TableReport]) -> str:
    """Return why no column could be recomputed."""
    reasons = {column.reason for table in tables for column in table.unchecked}
    if reasons == {IS_EMPTY}:
        count = sum(len(table.unchecked) for table in tables)
        return f"{count} of {sum(len(table.columns) for table in tables)} columns are empty"
    return reasons.pop() if len(reasons) == 1 else "no column could be recomputed"


def overview(tables: Sequence[TableReport]) -> Table:
    """Return a line for each table, for a terminal."""
    shown = Table(box=None)
    for header in _OVERVIEW:
        shown.add_column(header, justify="left" if header in ("sheet", "table") else "right")
    for table in tables:
        colour = ("red" if table.wrong else "green") if table.checked else "yellow"
        shown.add_row(
            plain(table.sheet),
            plain(table.place),
            f"{table.rows:,}",
            _network(table),
            plain(_rate(table.learning_rate)),
            str(len(table.right)),
            f"[{colour}]{len(table.wrong)}[/]",
            f"{table.largest_difference:.1e}",
        )
    return shown


def table_line(table: TableReport) -> str:
    """Return the verdict on a table in one line of text."""
    rows = "1 row" if table.rows == 1 else f"{table.rows:,} rows"
    start = f"{table.sheet} {table.place}: {rows},"
    if not table.checked:
        return f"{start} not checked"
    return (
        f"{start} network {_network(table)}, learning rate {_rate(table.learning_rate)}, "
        f"{len(table.right)} columns right, {len(table.wrong)} wrong, "
        f"largest difference {table.largest_difference:.1e}"
    )


def _network(table: TableReport) -> str:
    return "-".join(map(str, table.network))


def _rate(rate: LearningRate) -> str:
    """Return the learning rate and where it was found, such as "0.5 (G31)"."""
    if rate.value is None:
        return "unknown"
    where = rate.cell or {"formula": "in the formulas"}.get(rate.source, rate.source)
    return f"{rate.value:g} ({where})"


def _cut(formula: str) -> str:
    """Return a formula, or the beginning of one that nobody would read on a terminal."""
    if len(formula) <= LONGEST:
        return formula
    return f"{formula[:LONGEST]}… ({len(formula):,} characters)"


def finding_lines(finding: Finding) -> list[str]:
    """Return a finding as one line, and a line each for a formula and the right one."""
    place = "".join(f" {part}" for part in (finding.sheet, finding.cell) if part)
    column = f" {finding.column}:" if finding.column else ""
    count = f", {finding.cells:,} cells" if finding.cells > 1 else ""
    kind = f" [{finding.kind}{count}]" if finding.severity == "mistake" else ""
    lines = [f"{_status(finding)}:{place}{':' * bool(place)}{column} {finding.words}{kind}"]
    if finding.formula:
        lines.append(f"    it is        {_cut(finding.formula)}")
    elif finding.expected and finding.value is not None:
        lines.append(f"    it is        {finding.value}")
    if finding.expected:
        lines.append(f"    it should be {_cut(finding.expected)}")
    elif finding.expected_value is not None:
        lines.append(f"    it should be {finding.expected_value:g}")
    return lines
