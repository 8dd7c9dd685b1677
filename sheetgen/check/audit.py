"""Audits a workbook: from a file to its report."""

import re
from collections.abc import Sequence, Set
from pathlib import Path

from sheetgen.check.findings import Column, Finding, LearningRate, TableReport, WorkbookReport
from sheetgen.check.judging.check_remarks import table_remarks
from sheetgen.check.judging.judge_averages import judge_averages
from sheetgen.check.judging.judge_columns import judge
from sheetgen.check.judging.starting_values import compare_sheets, judge_givens
from sheetgen.check.judging.taken_back import Verdicts, unreadable_part
from sheetgen.check.meaning.resolving import lacks_results
from sheetgen.check.meaning.searches import Searches
from sheetgen.check.meaning.table_meaning import ComputedColumn, TableMeaning
from sheetgen.check.meaning.table_reading import Reading
from sheetgen.check.meaning.understanding import understood
from sheetgen.check.pages.page_reading import pages_of
from sheetgen.check.reading.book_values import read_texts, recalculated
from sheetgen.check.reading.cells import Book
from sheetgen.check.reading.open_file import read_book
from sheetgen.check.tables.find_tables import headers_alone, tables_of, unfinished_tables
from sheetgen.check.tables.named_matrices import in_words, is_page_of_matrices, named_matrices
from sheetgen.check.tables.table import Table, holds_number
from sheetgen.errors import InputError, shortened

_KERNEL = re.compile(r"k\d+_[\d_]+", re.IGNORECASE)
_OURS = "_sheetgen"  # a sheet that build and export hide
_ANSWERS = "_answers"  # the sheet that `sheetgen exercise` hides the right numbers on


def check_workbook(path: Path) -> WorkbookReport:
    """Audit every training table of a workbook; the file is only read.

    Raises InputError if the file cannot be read, or has no training table with weights.
    """
    path = Path(path)
    book = read_book(path)
    if _ANSWERS in book.sheets:
        raise InputError(f"{path} is an exercise that sheetgen made; `sheetgen grade` marks it")
    remarks = read_texts(book)
    if book.damage:
        words = f"read as far as possible: {book.damage}"
        remarks = (Finding("remark", "damaged", words, ""), *remarks)
    tables = _tables(book)
    pages = _pages_beside(book, tables)
    if not tables and not pages:
        raise InputError(book.damage or f"{path} has no training table: {_why_no_table(book)}")
    dense = [*(table for table in tables if not _has_kernel(table)), *(one.table for one in pages)]
    if lacks_results(book, dense):
        book = recalculated(path, book)
        tables = _tables(book)
    pages = _pages_beside(book, tables)
    reports, read, searches = [], [], Searches()
    for table in tables:
        reading = None if _has_kernel(table) else understood(book, table, searches)
        found = None if reading is None else reading.meaning(searches)
        reports.append(_without_network(table) if found is None else _report(found))
        if not table.is_unit:  # other sheets have other samples
            read.append(table if reading is None else reading.table)
    unread = {one.sheet for one in reports} - {one.sheet for one in reports if one.checked}
    for reading in (*pages, *_pages(book, unread)):
        report = _report(reading.meaning(searches))
        if report.checked:
            reports = [one for one in reports if one.checked or one.sheet != report.sheet]
            reports.append(report)
    if not reports:
        raise InputError(book.damage or f"{path} has no training table: {_why_no_table(book)}")
    with_table = {table.sheet for table in reports}
    skipped = tuple(name for name in book.sheets if name not in with_table)
    return WorkbookReport(
        str(path),
        tuple(reports),
        (*compare_sheets(read), *remarks),
        book.reader,
        skipped,
        book.damage,
    )


def _pages_beside(book: Book, tables: Sequence[Table]) -> list[Reading]:
    """Return the networks that lie in blocks on sheets without a table."""
    return _pages(book, book.sheets.keys() - {table.sheet for table in tables})


def _pages(book: Book, sheets: Set[str]) -> list[Reading]:
    """Return the networks that lie in blocks on some sheets; a sheet of ours has tables."""
    if _OURS in book.sheets:
        return []
    return [one for name in book.sheets if name in sheets for one in pages_of(book, name)]


def _why_no_table(book: Book) -> str:
    for name, cells in book.sheets.items():
        if (table := headers_alone(name, cells)) is not None:
            return _why_no_row(table, f"row {table.header_row + 1} of {name!r}")
    for name, cells in book.sheets.items():
        if is_page_of_matrices(matrices := named_matrices(cells)):
            words = "but their formulas are those of no dense network"
            return f"{name!r} has matrices ({in_words(matrices)}), {words}"
    return "no row of headers names weights (w1, w2, …) with activations, errors or gradients"


def _why_no_row(table: Table, headers: str) -> str:
    """Return what is below headers whose table has no row; `headers` says where these are."""
    rows = {row for row, column in table.cells if row > table.header_row}
    columns = table.columns.values()
    filled = (
        row for row in sorted(rows) if not {(row, one) for one in columns}.isdisjoint(table.cells)
    )
    row = next(filled, None)
    if row is None:
        return f"there are no {'numbers' if rows else 'rows'} below the headers in {headers}"
    contents = table.row_contents(row)
    text = next((one.text.strip() for one in contents if one.text.strip()), "")
    example = f", such as {shortened(text)}" if text else ""
    count = sum(map(holds_number, contents))
    if count == 0:
        return f"there are texts but no numbers below the headers in {headers}{example}"
    words = f"row {row + 1} holds numbers in {count} of the {len(contents)} columns headed in"
    return f"{words} {headers}" + (f", and texts{example}" if text else "")


def _tables(book: Book) -> list[Table]:
    """Return the tables of a workbook; if there are none, those that are not filled in yet."""
    sheets = book.sheets.items()
    whole = [table for name, cells in sheets for table in tables_of(name, cells)]
    return whole or [one for name, cells in sheets for one in unfinished_tables(name, cells)]


def _report(meaning: TableMeaning) -> TableReport:
    table, network = meaning.table, meaning.network
    verdicts = Verdicts([], [])
    for symbol in sorted(table.columns, key=lambda one: table.columns[one]):
        verdict, found = _judged(meaning, symbol)
        verdicts.columns.append(verdict)
        verdicts.findings.extend(found)
    meaning.negated = verdicts.without_negated_gradients(meaning)
    meaning.unknown = verdicts.without_unknown_functions(meaning)
    if not table.in_rows:
        verdicts.without_other_rules()
    if meaning.moving and verdicts.without_batches():
        meaning.rate = LearningRate(None, "unknown")
    computed = [one.status for one in verdicts.columns if one.symbol in meaning.definitions]
    if table.is_doubtful and not table.is_likely(computed):
        what = "unit" if table.is_unit else "network"
        return _unread(table, f"its formulas are not those of a {what} that each row trains")
    mistakes = (one for one in verdicts.findings if one.severity == "mistake")
    return TableReport(
        table.sheet,
        table.place,
        table.rows,
        network.layers,
        meaning.rate,
        "unknown" if "hidden" in meaning.unknown else network.activations[0].name,
        (*verdicts.columns, *table.unknown()),
        (*mistakes, *table_remarks(meaning, verdicts.columns, verdicts.findings)),
    )


def _judged(meaning: TableMeaning, symbol: str) -> tuple[Column, list[Finding]]:
    if symbol not in meaning.definitions:
        return judge_givens(meaning.table, symbol, meaning.moving)
    table = meaning.table
    if symbol.startswith("∂E/∂") and table.in_rows:
        averaged = judge_averages(meaning.resolver.book, table, symbol)
        if averaged is not None:
            return averaged
    column = ComputedColumn(meaning, symbol)
    verdict, findings = judge(column)
    mistake = next((one for one in findings if one.severity == "mistake"), None)
    is_guess = symbol in table.guessed
    if mistake and is_guess and mistake.formula and mistake.kind == "unknown-mistake":
        return table.verdict(symbol, "unchecked", reason="its formula is no known one"), []
    if mistake and (reason := unreadable_part(column, mistake)):
        return table.verdict(symbol, "unchecked", reason=reason), []
    return verdict, findings


def _has_kernel(table: Table) -> bool:
    """Tell whether a header is the name of a kernel's weight."""
    return any(_KERNEL.fullmatch(header) for header in table.others.values())


def _without_network(table: Table) -> TableReport:
    words = "the headers name no network of dense layers whose weights are all numbered"
    if _has_kernel(table):
        words = "the headers name a convolution’s kernel, and only fully connected layers are read"
    return _unread(table, words)


def _unread(table: Table, words: str) -> TableReport:
    """Return the report on a table that is not audited, and why."""
    columns = tuple(table.verdict(one, "unchecked", reason=words) for one in table.columns)
    nothing = LearningRate(None, "unknown")
    findings = (table.remark("unchecked", words),)
    return TableReport(table.sheet, table.place, table.rows, (), nothing, "", columns, findings)
