"""Audits a workbook: from a file to its report."""

from dataclasses import replace
from pathlib import Path

from sheetgen.check.findings import Column, Finding, LearningRate, TableReport, WorkbookReport
from sheetgen.check.formula.expressions import Cell
from sheetgen.check.judging.check_remarks import table_remarks
from sheetgen.check.judging.judge_columns import judge
from sheetgen.check.judging.starting_values import compare_sheets, judge_givens, varies
from sheetgen.check.judging.taken_back import Verdicts, unreadable_part
from sheetgen.check.meaning.choosing import chosen_network, has_softmax, with_biases
from sheetgen.check.meaning.column_values import Numbers, roundings_of
from sheetgen.check.meaning.identifying import identified
from sheetgen.check.meaning.learning_rate import find_rate, referenced_cell
from sheetgen.check.meaning.resolving import Resolver, labelled_cells, lacks_results
from sheetgen.check.meaning.table_meaning import ComputedColumn, TableMeaning
from sheetgen.check.meaning.table_network import infer
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
    reports = tuple(audit_table(book, table) for table in tables)
    with_table = {table.sheet for table in tables}
    skipped = tuple(name for name in book.sheets if name not in with_table)
    return WorkbookReport(
        str(path), reports, (*compare_sheets(tables), *remarks), book.reader, skipped
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


def audit_table(book: Book, table: Table) -> TableReport:
    """Return the audit of one table of a workbook."""
    network = infer(table.columns)
    if network is None:
        return _without_network(table)
    moving = varies(table)
    constant = (table.columns_of("i", "t").keys() - moving) | _constant_biases(table)
    unassigned = Resolver(book, table, constant, labelled_cells(table.cells))
    rate_cell = referenced_cell(unassigned)
    resolver = replace(unassigned, assigned={} if rate_cell is None else {rate_cell: "η"})
    numbers = _numbers(resolver)
    network = with_biases(network, numbers, resolver)
    network = chosen_network(network, numbers, resolver)
    if not table.identified and (found := identified(network, resolver, numbers)):
        columns = table.columns | {symbol: column for column, symbol in found.items()}
        return audit_table(book, replace(table, columns=columns, identified=found))
    rate = find_rate(network, unassigned, numbers)
    if rate.value is not None and "η" not in table.columns:
        numbers.constants["η"] = rate.value
    return _report(TableMeaning(table, network, resolver, numbers, rate, rate_cell, moving))


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


def _constant_biases(table: Table) -> set[str]:
    return {
        symbol
        for symbol in table.columns
        if symbol.startswith("b")
        and f"∂E/∂{symbol}" not in table.columns
        and len(set(table.values(symbol).tolist())) == 1
    }


def _numbers(resolver: Resolver) -> Numbers:
    table = resolver.table
    values = {symbol: table.values(symbol) for symbol in table.columns}
    roundings = roundings_of(values, table.columns_of(*_GIVEN))
    constants: dict[str, float] = {}
    for place, symbol in resolver.labelled.items():
        if symbol not in table.columns:
            constants.setdefault(symbol, resolver.number(Cell(table.sheet, *place)))
    return Numbers(values, roundings, constants, table.rows)


def _without_network(table: Table) -> TableReport:
    words = "the headers name no network with one hidden layer whose weights are all numbered"
    columns = tuple(table.verdict(one, "unchecked", reason=words) for one in table.columns)
    nothing = LearningRate(None, "unknown")
    findings = (table.remark("unchecked", words),)
    return TableReport(
        table.sheet, table.place, table.rows, (0, 0, 0), nothing, "", columns, findings
    )
