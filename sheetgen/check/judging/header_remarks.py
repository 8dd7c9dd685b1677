"""Remarks on the headers of a table: those that say nothing, and those that say the wrong thing."""

from collections.abc import Iterator

from sheetgen.check.findings import Finding
from sheetgen.check.tables.page_of_blocks import Page, in_ranges
from sheetgen.check.tables.table import Table
from sheetgen.spreadsheet.address import column_letters, relative_address


def header_remarks(table: Table) -> Iterator[Finding]:
    """Yield a remark on each wrong header, one on columns that formulas identified, and on others.

    Each header is named with its cell and with what it should be.
    """
    if isinstance(table, Page):
        yield from _page_remarks(table)
        return
    symbols = {column: symbol for symbol, column in table.columns.items()}
    twice = {named for _, named in table.repeated}
    wrong = {
        column: symbol
        for column, symbol in symbols.items()
        if table.named.get(column, symbol) != symbol
    }
    for header in sorted(twice, key=lambda one: min(_headed(table, one))):
        yield _repeated(table, header, {one: wrong.get(one) for one in _headed(table, header)})
    alone = {one: symbol for one, symbol in sorted(wrong.items()) if table.named[one] not in twice}
    yield from _misnamed(table, alone)
    yield from _without_meaning(table)


def _page_remarks(page: Page) -> Iterator[Finding]:
    """Yield a remark on where a page's givens are, and one on cells that are not understood."""
    parts = {"inputs": ("i",), "targets": ("t",), "weights": ("w",), "biases": ("b",)}
    said = []
    for words, families in parts.items():
        cells = [page.place_of(one, 0) for one in page.columns_of(*families)]
        if places := list(dict.fromkeys(one for one in cells if one in page.cells)):
            said.append(f"{words} in {in_ranges(places)}")
    yield page.remark("identified", f"a page, read by its formulas: {', '.join(said)}")
    if page.unread_cells:
        words = f"not understood, and so not checked: {in_ranges(page.unread_cells)}"
        yield page.remark("unknown-header", words)


def _headed(table: Table, symbol: str) -> list[int]:
    return sorted(column for column, named in table.named.items() if named == symbol)


def _repeated(table: Table, symbol: str, parts: dict[int, str | None]) -> Finding:
    """Return the remark on a header that occurs twice; `parts` are what the columns are instead."""
    known = set(table.columns.values())
    counts = {2: "two", 3: "three", 4: "four"}
    cells = ", ".join(relative_address(table.header_row, one) for one in parts)
    said = [f"{counts.get(len(parts), len(parts))} columns are headed {symbol} ({cells})"]
    for column, part in parts.items():
        if part is not None:
            where = column_letters(column)
            said.append(f"the one in {where} plays the part of {part}: its header should be {part}")
        elif column not in known and table.has_numbers(column):
            where = column_letters(column)
            said.append(f"what the one in {where} is was not found, so it was not checked")
    cell = next((one for one, part in parts.items() if part is not None), min(parts))
    place = relative_address(table.header_row, cell)
    return table.remark("duplicate-header", "; ".join(said), place)


def _misnamed(table: Table, wrong: dict[int, str]) -> Iterator[Finding]:
    """Yield a remark on each header that names another part, and one on each exchanged pair."""
    done: set[int] = set()
    for column, symbol in wrong.items():
        if column in done:
            continue
        place, header = relative_address(table.header_row, column), table.heading(column)
        partner = next(
            (
                one
                for one, part in wrong.items()
                if part == table.named[column] and table.named[one] == symbol
            ),
            None,
        )
        if partner is None:
            words = f"the header {header!r} is wrong: by the formulas, the column is {symbol}"
        else:
            other = relative_address(table.header_row, partner)
            words = (
                f"the headers {header!r} in {place} and {table.heading(partner)!r} in {other} are "
                f"exchanged: by the formulas, column {column_letters(column)} is {symbol} and "
                f"column {column_letters(partner)} is {wrong[partner]}"
            )
            done.add(partner)
        yield table.remark("wrong-header", words, place)


def _without_meaning(table: Table) -> Iterator[Finding]:
    """Yield a remark on columns that their formulas identified, and one on unknown columns."""

    def shown(column: int) -> str:
        """Return the address and the text of a header, or the letters of a column without one."""
        if header := table.heading(column):
            return f"{relative_address(table.header_row, column)} {header!r}"
        return f"column {column_letters(column)} (no header)"

    read = [
        f"{shown(column)} as {symbol}"
        for symbol, column in table.columns.items()
        if column not in table.named
    ]
    if read:
        words = f"read by their formulas, not by their headers: {', '.join(read)}"
        yield table.remark("identified", words)
    unread = [shown(one) for one in table.not_understood if one not in table.named]
    if unread:
        words = f"not understood, and so not checked: {', '.join(unread)}"
        yield table.remark("unknown-header", words)
