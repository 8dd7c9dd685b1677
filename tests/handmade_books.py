"""Workbooks of tables that people type by hand: the value of every cell, and the file."""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import openpyxl
import xlsxwriter
from handmade_tables import REFERENCE, Content, Place, SheetError, Table
from plain_worksheet import PlainWorksheet

_FUNCTIONS = {
    "EXP": math.exp,
    "TANH": math.tanh,
    "POWER": math.pow,
    "SUM": lambda *values: sum(values),
}


@cache
def compiled(template: str) -> Callable[[Callable[[str], float]], float]:
    """The Python function of a template without its "=", which asks for each reference's value."""
    text = REFERENCE.sub(lambda match: f"at({match[0][1:-1]!r})", template).replace("^", "**")
    function: Callable[[Callable[[str], float]], float] = eval(f"lambda at: {text}", _FUNCTIONS)
    return function


class Book:
    """A workbook of such tables, and the value of every cell."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self.tables = tables
        self._cells: dict[Place, tuple[Content, Table, int]] = {}
        self._values: dict[Place, float | str | None] = {}
        for table in tables:
            for y, x, content in table.surroundings():
                self._cells[table.sheet, y, x] = (content, table, 0)
            for symbol, header in table.headers.items():
                at = (table.sheet, table.layout.row, table.columns[symbol])
                self._cells[at] = (header, table, 0)
                for row, content in enumerate(table.contents[symbol]):
                    self._cells[table.sheet, *table.where(symbol, row)] = (content, table, row)

    def value(self, place: Place) -> float | str | None:
        """A number, a text, an error such as #DIV/0!, or None for an empty cell."""
        if place not in self._values:
            content, table, row = self._cells.get(place, (None, self.tables[0], 0))
            is_formula = isinstance(content, str) and content.startswith("=")
            self._values[place] = self.computed(table, row, str(content)) if is_formula else content
        return self._values[place]

    def computed(self, table: Table, row: int, formula: str) -> float | str:
        """The result of a formula's template as it would be in that row of the table."""
        if "#REF!" in formula:
            return "#REF!"
        try:
            return float(compiled(formula[1:])(lambda name: self._number(table, row, name)))
        except ZeroDivisionError:
            return "#DIV/0!"
        except OverflowError:
            return "#NUM!"
        except SheetError as error:
            return str(error)

    def _number(self, table: Table, row: int, reference: str) -> float:
        target, _ = table.resolve(reference, row)
        value = self.value(target) if isinstance(target, tuple) else target
        if isinstance(value, str):
            raise SheetError(value if value.startswith("#") else "#VALUE!")
        return value or 0.0

    def written(self, path: Path, cached: bool = True) -> Path:
        """Write the workbook, with the formulas' results or without any."""
        sheets = dict.fromkeys(table.sheet for table in self.tables)
        if cached:
            with xlsxwriter.Workbook(path, {"in_memory": True}) as workbook:
                targets = {name: workbook.add_worksheet(name, PlainWorksheet) for name in sheets}
                for (sheet, y, x), text, value in self._entries():
                    if isinstance(text, str) and text.startswith("="):
                        targets[sheet].write_formula(y, x, text, None, value)
                    elif text is not None:
                        targets[sheet].write(y, x, text)
            return path
        book = openpyxl.Workbook()
        del book["Sheet"]
        for name in sheets:
            book.create_sheet(name)
        for (sheet, y, x), text, _ in self._entries():
            book[sheet].cell(y + 1, x + 1, text)
        book.save(path)
        return path

    def _entries(self) -> Iterator[tuple[Place, Content, float | str | None]]:
        for place, (content, table, row) in sorted(self._cells.items(), key=lambda item: item[0]):
            value = self.value(place)
            yield place, _shown(content, value, table, row), value


def _shown(content: Content, value: float | str | None, table: Table, row: int) -> Content:
    """What a file holds: a text or number, a formula with addresses, or its rounded result."""
    if not isinstance(content, str) or not content.startswith("="):
        return content
    if table.layout.digits is None:
        return REFERENCE.sub(lambda match: table.resolve(match[0][1:-1], row)[1], content)
    return round(value, table.layout.digits) if isinstance(value, float) else value
