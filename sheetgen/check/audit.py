"""Audits a workbook: from a file to its report."""

from pathlib import Path

from sheetgen.check.findings import Column, Finding, LearningRate, TableReport, WorkbookReport
from sheetgen.check.judging.check_remarks import table_remarks
from sheetgen.check.judging.judge_columns import judge
from sheetgen.check.judging.starting_values import compare_sheets, judge_givens
from sheetgen.check.judging.taken_back import Verdicts, unreadable_part
from sheetgen.check.meaning.choosing import has_softmax
from sheetgen.check.meaning.resolving import lacks_results
from sheetgen.check.meaning.table_meaning import ComputedColumn, TableMeaning
from sheetgen.check.meaning.understanding import understood
from sheetgen.check.reading.book_values import read_texts, recalculated
from sheetgen.check.reading.cells import Book
from sheetgen.check.reading.open_file import read_book
from sheetgen.check.tables.find_tables import headers_alone, tables_of
from sheetgen.check.tables.headers import family
from sheetgen.check.tables.table import Table
from sheetgen.errors import InputError

_AFTER_SOFTMAX = ("a_o", "E", "E_total")
_ANSWERS = "_answers"  # the sheet that `sheetgen exercise` hides the right numbers on
_GIVEN = ("i", "t", "η", "iteration")


def check_workbook(path: Path) -> WorkbookReport:
    """Audit every training table of a workbook; the file is only read.

    Raises InputError if the file cannot be read, or has no training table with weights.
    """
    path = Path(path)
    book = read_book(path)
    if _ANSWERS in book.sheets:
        raise InputError(f"{path} is an exercise that sheetgen made; `sheetgen grade` marks it")
    remarks = read_texts(book)
    tables = _tables(book)
    if not tables:
        raise InputError(f"{path} has no training table: {_why_no_table(book)}")
    if lacks_results(book, tables):
        book = recalculated(path, book)
        tables = _tables(book)
    readings = [understood(book, table) for table in tables]
    reports = tuple(
        _without_network(table) if reading is None else _report(reading.meaning())
        for table, reading in zip(tables, readings, strict=True)
    )
    read = [
        table if reading is None else reading.table
        for table, reading in zip(tables, readings, strict=True)
    ]
    with_table = {table.sheet for table in tables}
    skipped = tuple(name for name in book.sheets if name not in with_table)
    return WorkbookReport(
        str(path), reports, (*compare_sheets(read), *remarks), book.reader, skipped
    )


def _why_no_table(book: Book) -> str:
    for name, cells in book.sheets.items():
        if (place := headers_alone(name, cells)) is not None:
            below = (content for (row, _), content in cells.items() if row > place.header_row)
            has_text = any(one.text.strip() for one in below)
            what = "there are texts but no numbers" if has_text else "there are no rows"
            return f"{what} below the headers in row {place.header_row + 1} of {name!r}"
    return "no row of headers names weights (w1, w2, …) with activations, errors or gradients"


def _tables(book: Book) -> list[Table]:
    return [table for name, cells in book.sheets.items() for table in tables_of(name, cells)]


def _report(meaning: TableMeaning) -> TableReport:
    table, network = meaning.table, meaning.network
    verdicts = Verdicts([], [])
    softmax = has_softmax(meaning.numbers, network)
    for symbol in sorted(table.columns, key=lambda one: table.columns[one]):
        if softmax and (family(symbol) in _AFTER_SOFTMAX or symbol.startswith("∂E/∂")):
            reason = "follows from a softmax, which is not audited"
            verdicts.columns.append(table.verdict(symbol, "unchecked", reason=reason))
            continue
        verdict, found = _judged(meaning, symbol)
        verdicts.columns.append(verdict)
        verdicts.findings.extend(found)
    meaning.negated = verdicts.without_negated_gradients(meaning)
    meaning.unknown = verdicts.without_unknown_functions(meaning)
    if meaning.moving and verdicts.without_batches():
        meaning.rate = LearningRate(None, "unknown")
    mistakes = (one for one in verdicts.findings if one.severity == "mistake")
    return TableReport(
        table.sheet,
        table.place,
        table.rows,
        (network.inputs, network.hidden, network.outputs),
        meaning.rate,
        "unknown" if "hidden" in meaning.unknown else network.hidden_activation.name,
        tuple(verdicts.columns),
        (*mistakes, *table_remarks(meaning, verdicts.columns, verdicts.findings)),
    )


def _judged(meaning: TableMeaning, symbol: str) -> tuple[Column, list[Finding]]:
    if symbol not in meaning.definitions:
        return judge_givens(meaning.table, symbol, meaning.moving)
    column = ComputedColumn(meaning, symbol)
    verdict, findings = judge(column)
    if reason := unreadable_part(column, findings):
        return meaning.table.verdict(symbol, "unchecked", reason=reason), []
    return verdict, findings


def _without_network(table: Table) -> TableReport:
    words = "the headers name no network with one hidden layer whose weights are all numbered"
    columns = tuple(table.verdict(one, "unchecked", reason=words) for one in table.columns)
    nothing = LearningRate(None, "unknown")
    findings = (table.remark("unchecked", words),)
    return TableReport(
        table.sheet, table.place, table.rows, (0, 0, 0), nothing, "", columns, findings
    )
