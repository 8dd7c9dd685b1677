"""Audits a workbook: the one way from a file to its report."""

from dataclasses import replace
from pathlib import Path

from sheetgen.check.formula.expressions import Cell, symbols, walk
from sheetgen.check.formula.parsing import Reference
from sheetgen.check.judging.check_remarks import table_remarks
from sheetgen.check.judging.comparing import compare_sheets
from sheetgen.check.judging.findings import (
    Column,
    Finding,
    LearningRate,
    TableReport,
    WorkbookReport,
)
from sheetgen.check.judging.judging import judge
from sheetgen.check.judging.staleness import lacks_results
from sheetgen.check.judging.starting_values import judge_givens, varies
from sheetgen.check.judging.unknown import without_negated_gradients, without_unknown_functions
from sheetgen.check.meaning.choosing import chosen_network, has_softmax, with_biases
from sheetgen.check.meaning.column_values import Numbers, roundings_of
from sheetgen.check.meaning.context import Context
from sheetgen.check.meaning.identifying import identified
from sheetgen.check.meaning.learning_rate import find_rate, referenced_cell
from sheetgen.check.meaning.resolving import Resolver, labelled_cells
from sheetgen.check.meaning.simulation import Simulation
from sheetgen.check.meaning.table_network import PARAMETERS, infer, is_helper
from sheetgen.check.reading.cells import Book
from sheetgen.check.reading.open_file import read_book, recalculated
from sheetgen.check.tables.find_tables import headers_alone, tables_of
from sheetgen.check.tables.headers import family
from sheetgen.check.tables.numbers_as_text import read_texts
from sheetgen.check.tables.table import Table
from sheetgen.errors import InputError
from sheetgen.spreadsheet.address import column_letters

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
            what = "texts and no numbers stand" if has_text else "no rows stand"
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
    constant = {
        symbol for symbol in table.columns if family(symbol) in ("i", "t") and symbol not in moving
    } | _constant_biases(table)
    resolver = Resolver(book, table, constant, labelled_cells(table.cells))
    rate_cell = referenced_cell(table, resolver)
    if rate_cell is not None:
        resolver.assigned[rate_cell] = "η"
    numbers = _numbers(table, resolver)
    network = with_biases(table, network, numbers, resolver)
    network = chosen_network(table, network, numbers, resolver)
    if not table.identified and (found := identified(table, network, resolver, numbers)):
        columns = table.columns | {symbol: column for column, symbol in found.items()}
        return audit_table(book, replace(table, columns=columns, identified=found))
    unassigned = Resolver(book, table, constant, resolver.labelled)
    rate = find_rate(book, table, network, unassigned, numbers)
    if rate.value is not None and "η" not in table.columns:
        numbers.constants["η"] = rate.value
    simulation = Simulation(network, several_samples=bool(moving))
    context = Context(table, network, resolver, numbers, simulation, rate, rate_cell)
    return _report(context, moving)


def _report(context: Context, moving: set[str]) -> TableReport:
    table, network = context.table, context.network
    columns: list[Column] = []
    findings: list[Finding] = []
    found: list[Finding]
    softmax = has_softmax(context.numbers, network)
    for symbol in sorted(table.columns, key=lambda one: table.columns[one]):
        if softmax and (family(symbol) in _AFTER_SOFTMAX or symbol.startswith("∂E/∂")):
            reason = "follows from a softmax, which is not audited"
            header, cells = table.header(symbol), table.range(symbol)
            column, found = Column(header, symbol, cells, "unchecked", None, reason), []
        elif symbol not in context.definitions:
            column, found = judge_givens(symbol, table, moving)
        else:
            column, found = judge(symbol, context)
        if reason := unreadable_part(symbol, context, found):
            column = replace(column, status="unchecked", largest_difference=None, reason=reason)
            found = []
        columns.append(column)
        findings.extend(found)
    columns, findings, context.negated = without_negated_gradients(context, columns, findings)
    columns, findings, context.unknown = without_unknown_functions(context, columns, findings)
    if moving:
        columns, findings, batches = _without_batches(columns, findings)
        if batches:
            context.rate = LearningRate(None, "unknown")
    remarks = table_remarks(context, columns, findings, moving)
    return TableReport(
        table.sheet,
        table.place,
        table.rows,
        (network.inputs, network.hidden, network.outputs),
        context.rate,
        "unknown" if "hidden" in context.unknown else network.hidden_activation.name,
        tuple(columns),
        (*(one for one in findings if one.severity == "mistake"), *remarks),
    )


def unreadable_part(symbol: str, context: Context, findings: list[Finding]) -> str:
    """Say which column without a known meaning a wrong one is computed from; empty if none is."""
    table = context.table
    unknown = table.not_understood
    mistakes = [one for one in findings if one.severity == "mistake"]
    if not unknown or not mistakes or symbol not in context.definitions:
        return ""
    row = next(one for one in range(table.rows) if table.cell(symbol, one) == mistakes[0].cell)
    formula = table.contents(symbol)[row].formula
    if formula is None:
        needed = {one.name for one in symbols(context.definitions[symbol])}
        lacking = {one for one in needed - set(table.columns) if not is_helper(one) and one != "η"}
        return f"needs {', '.join(sorted(lacking))}" if lacking else ""
    place = table.row_at(row), table.columns[symbol], table.sheet
    tree = context.resolver.tree(formula)
    used = [] if tree is None else [n for n in walk(tree) if isinstance(n, Reference)]
    cells = [one.seen_from(*place) for one in used]
    for cell in cells:
        within = cell.sheet == table.sheet and cell.row in table.sheet_rows
        is_rate = context.resolver.number(cell) == context.rate.value
        if within and cell.column in unknown and not is_rate:
            return f"refers to column {column_letters(cell.column)}, not understood"
    return ""


def _without_batches(
    columns: list[Column], findings: list[Finding]
) -> tuple[list[Column], list[Finding], bool]:
    """Leave the updates unchecked where rows are samples and most weights do not follow them.

    Then the weights change once for several samples, in a way that the headers do not tell; the
    last of the three returned says so.
    """
    parameters = {one.symbol for one in columns if family(one.symbol) in PARAMETERS}
    wrong = {one.symbol for one in columns if one.status == "wrong"} & parameters
    if 2 * len(wrong) <= len(parameters):
        return columns, findings, False
    reason = "updated once for several samples"
    unchecked = [
        Column(one.header, one.symbol, one.cells, "unchecked", None, reason)
        if one.symbol in parameters
        else one
        for one in columns
    ]
    return unchecked, [one for one in findings if one.symbol not in parameters], True


def _constant_biases(table: Table) -> set[str]:
    return {
        symbol
        for symbol in table.columns
        if symbol.startswith("b")
        and f"∂E/∂{symbol}" not in table.columns
        and len(set(table.values(symbol).tolist())) == 1
    }


def _numbers(table: Table, resolver: Resolver) -> Numbers:
    values = {symbol: table.values(symbol) for symbol in table.columns}
    given = {symbol for symbol in values if family(symbol) in _GIVEN}
    roundings = roundings_of(values, given)
    constants: dict[str, float] = {}
    for (row, column), symbol in resolver.labelled.items():
        if symbol not in table.columns:
            constants.setdefault(symbol, resolver.number(Cell(table.sheet, row, column)))
    return Numbers(values, roundings, constants, {}, table.rows)


def _without_network(table: Table) -> TableReport:
    words = "the headers name no network with one hidden layer whose weights are all numbered"
    finding = Finding("remark", "unchecked", words, table.sheet, table.place)
    columns = tuple(
        Column(table.header(symbol), symbol, table.range(symbol), "unchecked", None, words)
        for symbol in table.columns
    )
    nothing = LearningRate(None, "unknown")
    return TableReport(
        table.sheet, table.place, table.rows, (0, 0, 0), nothing, "", columns, (finding,)
    )
