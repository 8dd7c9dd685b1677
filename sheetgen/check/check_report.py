"""Writes the reports of `sheetgen check`: for people, as JSON, and as CSV.

The keys of the JSON and the columns of the CSV are stable.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from sheetgen.check.findings import Finding, LearningRate, TableReport, WorkbookReport

CSV_HEADER = (
    "file",
    "sheet",
    "table",
    "column",
    "symbol",
    "status",
    "kind",
    "cell",
    "cells",
    "largest_difference",
    "formula",
    "expected",
    "words",
)


def as_json(report: WorkbookReport) -> dict[str, object]:
    """Return a report as plain values.

    `passed` is null where nothing is wrong but nothing could be checked either.

    Keys: file, passed, checked, reader, skipped, tables, findings. A table has sheet, place, rows,
    checked, network, learning_rate (value, source, cell), activation, right, wrong,
    largest_difference, columns and findings; a column header, symbol, cells, status,
    largest_difference and reason; a finding the fields of `Finding`.
    """
    return {
        "file": report.path,
        "passed": report.passed if report.checked or not report.passed else None,
        "checked": report.checked,
        "reader": report.reader,
        "skipped": list(report.skipped),
        "tables": [_table_as_json(table) for table in report.tables],
        "findings": [asdict(finding) for finding in report.findings],
    }


def unreadable_as_json(path: str, reason: str) -> dict[str, object]:
    """Return what stands for a file that could not be audited: file, passed (null) and error."""
    return {"file": path, "passed": None, "error": reason}


def _table_as_json(table: TableReport) -> dict[str, object]:
    return {
        "sheet": table.sheet,
        "place": table.place,
        "rows": table.rows,
        "checked": table.checked,
        "network": list(table.network),
        "learning_rate": asdict(table.learning_rate),
        "activation": table.activation,
        "right": [column.header for column in table.right],
        "wrong": [column.header for column in table.wrong],
        "largest_difference": table.largest_difference,
        "columns": [asdict(column) for column in table.columns],
        "findings": [asdict(finding) for finding in table.findings],
    }


def as_csv(reports: Sequence[WorkbookReport], unreadable: Sequence[tuple[str, str]]) -> str:
    """Return a line for each column of each table, each mistake in it, and each unreadable file."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(CSV_HEADER)
    for report in reports:
        for table in report.tables:
            writer.writerows(map(_harmless, _column_lines(report.path, table)))
        for finding in report.findings:
            writer.writerow(_harmless(_finding_line(report.path, finding, _status(finding))))
    for path, reason in unreadable:
        writer.writerow(_harmless([path, "", "", "", "", "unreadable", *[""] * 6, reason]))
    return target.getvalue()


def _harmless(line: Sequence[object]) -> list[object]:
    """Return a line in which no text would be run as a formula by a spreadsheet program.

    Source: OWASP, "CSV Injection": a leading apostrophe makes it a text.
    """
    risky = ("=", "+", "-", "@", "\t", "\r")
    return [f"'{one}" if isinstance(one, str) and one.startswith(risky) else one for one in line]


def _column_lines(path: str, table: TableReport) -> Iterator[list[object]]:
    for column in table.columns:
        mistakes = [one for one in table.mistakes if one.symbol == column.symbol]
        for mistake in mistakes:
            yield _finding_line(path, mistake, "wrong")
        if not mistakes:
            difference = "" if column.largest_difference is None else column.largest_difference
            yield [
                path,
                table.sheet,
                table.place,
                column.header,
                column.symbol,
                column.status,
                "",
                column.cells.partition(":")[0],
                "",
                difference,
                "",
                "",
                column.reason,
            ]
    for remark in table.remarks:
        yield _finding_line(path, remark, "remark")


def _status(finding: Finding) -> str:
    return "wrong" if finding.severity == "mistake" else "remark"


def _finding_line(path: str, finding: Finding, status: str) -> list[object]:
    fields = (
        path,
        finding.sheet,
        finding.table,
        finding.column,
        finding.symbol,
        status,
        finding.kind,
        finding.cell,
        finding.cells or "",
        finding.difference,
        finding.formula,
        finding.expected,
        finding.words,
    )
    return ["" if one is None else one for one in fields]


def rate_in_words(rate: LearningRate) -> str:
    """Return the learning rate and where it was found, such as "0.5 (G31)"."""
    if rate.value is None:
        return "unknown"
    where = rate.cell or {"formula": "in the formulas"}.get(rate.source, rate.source)
    return f"{rate.value:g} ({where})"


def finding_in_words(finding: Finding) -> list[str]:
    """Return a finding as one line, and where there is a formula that one and the right one."""
    place = " ".join(part for part in (finding.sheet, finding.cell) if part)
    column = f" {finding.column}:" if finding.column else ""
    count = f", {finding.cells:,} cells" if finding.cells > 1 else ""
    mark = "wrong" if finding.severity == "mistake" else "remark"
    kind = f" [{finding.kind}{count}]" if finding.severity == "mistake" else ""
    lines = [f"{mark}: {place}:{column} {finding.words}{kind}"]
    if finding.formula:
        lines.append(f"    it is        {finding.formula}")
    elif finding.expected and finding.value is not None:
        lines.append(f"    it is        {finding.value}")
    if finding.expected:
        lines.append(f"    it should be {finding.expected}")
    elif finding.expected_value is not None:
        lines.append(f"    it should be {finding.expected_value:g}")
    return lines
