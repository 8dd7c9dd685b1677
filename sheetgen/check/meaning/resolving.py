"""Resolves the references of formulas: to symbols of the table's rows, or to cells.

Also finds out whether the results that a file holds are those of its formulas, for programs that
write workbooks leave the results out, or put 0 for every formula.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sheetgen.check.formula.expressions import (
    Array,
    Cell,
    Expression,
    Leaf,
    Number,
    Symbol,
    evaluate,
    is_deeper,
    replace,
)
from sheetgen.check.formula.matrix_expressions import UnsupportedError
from sheetgen.check.formula.parsing import Reference, parse
from sheetgen.check.formula.relative_formulas import Formula
from sheetgen.check.reading.cells import Book, Cells, Content
from sheetgen.check.tables.headers import family, symbol_of
from sheetgen.check.tables.table import EMPTY, Table

_GIVEN = ("i", "t", "b", "b_h", "b_o")
_DEEPEST = 6  # helper cells that refer to helper cells
_MOST_HELPERS = 1000  # in one formula
_MOST_LEVELS = 150  # of a formula, in which all that is done with it takes that many calls at once
_COMPARED_ROWS = 3  # and the last
_TOLERANCE = 1e-6
_TOO_MANY = 0.2


def labelled_cells(cells: Cells) -> dict[tuple[int, int], str]:
    """Return the cells with a number whose name is to the left of it, or else above it."""
    beside: dict[tuple[int, int], str] = {}
    below: dict[tuple[int, int], str] = {}
    for (row, column), content in cells.items():
        symbol = symbol_of(content.text.rstrip(" :=")) if content.text else None
        if symbol is None or family(symbol) not in _GIVEN:
            continue
        for target, place in ((beside, (row, column + 1)), (below, (row + 1, column))):
            neighbour = cells.get(place)
            if neighbour is not None and neighbour.number is not None:
                target[place] = symbol
    return {**below, **beside}


@dataclass
class Resolver:
    """Resolves the formulas of one table.

    `constant` are the symbols whose column holds the same number in every row; `assigned` names
    cells outside of the table, such as {cell of the rate: "η"}.
    """

    book: Book
    table: Table
    constant: set[str]
    labelled: Mapping[tuple[int, int], str]
    assigned: dict[Cell, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._found = self.table.finder()
        self._trees: dict[Formula, Expression | None] = {}
        self._helpers = 0

    def tree(self, formula: Formula) -> Expression | None:
        """Return the parsed formula with its references as they are, or None."""
        if formula not in self._trees:
            try:
                tree = parse(formula, self.book.names)
                self._trees[formula] = None if is_deeper(tree, _MOST_LEVELS) else tree
            except UnsupportedError:
                self._trees[formula] = None
        return self._trees[formula]

    def at(self, row: int, column: int) -> Expression | None:
        """Return the resolved formula of a cell of the sheet; None if there is none."""
        formula = self.table.content(row, column).formula
        return None if formula is None else self.resolved(formula, row, column)

    def of(self, symbol: str, index: int) -> Expression | None:
        """Return the resolved formula of a symbol in a row of the table; None if there is none."""
        return self.at(*self.table.place_of(symbol, index))

    def resolved(self, formula: Formula, row: int, column: int) -> Expression | None:
        """Return the formula over symbols, in a cell of the sheet; None if it is not understood.

        Helper cells that hold formulas are replaced by those, so that what remains are symbols
        and cells with numbers.
        """
        self._helpers = 0
        try:
            own = self.table.index_at(row, column)
            tree = self._resolve(formula, Cell(self.table.sheet, row, column), own, 0)
        except RecursionError:
            return None
        if self._helpers > _MOST_HELPERS or tree is None or is_deeper(tree, _MOST_LEVELS):
            return None
        return tree

    def _resolve(self, formula: Formula, at: Cell, own: int, depth: int) -> Expression | None:
        tree = self.tree(formula)
        if tree is None or depth > _DEEPEST or self._helpers > _MOST_HELPERS:
            return None
        self._helpers += depth > 0

        def change(part: Expression) -> Expression | None:
            """Return what a reference means, None for all else."""
            if not isinstance(part, Reference):
                return None
            return self._meaning(part.seen_from(at.row, at.column, at.sheet), own, depth)

        return replace(tree, change)

    def _meaning(self, cell: Cell, own: int, depth: int) -> Expression:
        if cell in self.assigned:
            return Symbol(self.assigned[cell])
        if cell.sheet == self.table.sheet:
            found = self._found(cell.row, cell.column)
            if found is not None:
                symbol, index = found
                is_fixed = symbol in self.constant or symbol == "η"
                return Symbol(symbol, 0 if is_fixed else index - own)
            label = self.labelled.get((cell.row, cell.column))
            if label is not None and label not in self.table.columns:
                return Symbol(label)
        formula = self._content(cell).formula
        inner = self._resolve(formula, cell, own, depth + 1) if formula is not None else None
        return cell if inner is None else inner

    def _content(self, cell: Cell) -> Content:
        return self.book.sheets.get(cell.sheet, {}).get((cell.row, cell.column), EMPTY)

    def symbol_at(self, row: int, column: int) -> str | None:
        """Return the symbol of the table's cell there, or None outside of the table."""
        found = self._found(row, column)
        return None if found is None else found[0]

    def with_numbers(self, tree: Expression) -> Expression:
        """Return a formula with the numbers of the cells that it refers to."""
        return replace(
            tree, lambda part: Number(self.number(part)) if isinstance(part, Cell) else None
        )

    def number(self, cell: Cell) -> float:
        """Return the number of a cell; an empty one counts as 0, as in a spreadsheet."""
        content = self._content(cell)
        if content.value is None:
            return 0.0
        return float("nan") if content.number is None else content.number


def lacks_results(book: Book, tables: list[Table]) -> bool:
    """Return whether formulas of the tables have no results, or many of them wrong ones."""
    firsts = (table.content(*table.place_of(one, 0)) for table in tables for one in table.columns)
    if any(content.formula is not None and content.value is None for content in firsts):
        return True
    return any(_is_stale(Resolver(book, table, set(), {})) for table in tables)


def _is_stale(resolver: Resolver) -> bool:
    """Evaluate some formulas on the numbers that their references hold, and compare."""
    table = resolver.table
    compared = wrong = 0
    rows = range(table.rows)
    for row in sorted({*rows[:_COMPARED_ROWS], *rows[-1:]}):

        def lookup(leaf: Leaf, index: int = row) -> Array:
            """Return the number that a leaf has in the file."""
            if isinstance(leaf, Symbol):
                leaf = Cell(table.sheet, *table.place_of(leaf.name, index + leaf.offset))
            return np.asarray(resolver.number(leaf))

        for symbol in table.columns:
            content = table.content(*table.place_of(symbol, row))
            if content.formula is not None and content.value is None:
                return True
            tree = resolver.of(symbol, row)
            if tree is None or content.number is None:
                continue
            value = float(evaluate(tree, lookup))
            # Where nothing was computed, a sum of products of zeros is right by chance.
            if np.isfinite(value) and (value or content.number):
                compared += 1
                wrong += abs(value - content.number) > _TOLERANCE * max(abs(value), 1e-4)
    return compared > 0 and wrong > _TOO_MANY * compared
