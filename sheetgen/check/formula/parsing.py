"""Parses spreadsheet formulas into expressions, once for all cells that hold the same formula.

The grammar is that of ECMA-376 part 1, 18.17: unary minus binds tighter than ^, and ^ is
left-associative. What a training table does not need (texts, arrays, unions) is refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from openpyxl.utils.cell import column_index_from_string

from sheetgen.check.formula.expressions import Call, Cell, Expression, Negation, Number, Operation
from sheetgen.check.formula.expressions import is_known as is_known_function
from sheetgen.spreadsheet.address import cell_address, column_letters, quoted

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<reference>(?:'(?:[^']|'')+'!|[\w.]+!)?\$?[A-Za-z]{1,3}\$?[0-9]{1,7}(?![\w(.]))
    |(?P<number>[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
    |(?P<function>(?:_xlfn\.)?[A-Za-z][\w.]*)\s*\(
    |(?P<name>[A-Za-z_\\][\w.\\]*)
    |(?P<symbol><=|>=|<>|[-+*/^%(),;:=<>])
    )""",
    re.VERBOSE,
)
_ADDRESS = re.compile(r"(?:(.*)!)?(\$?)([A-Za-z]{1,3})(\$?)([0-9]+)$", re.DOTALL)
_REFERENCE = re.compile(
    r"'(?:[^']|'')*'!|\"[^\"]*\"|(?<![\w$.!])(\$?)([A-Za-z]{1,3})(\$?)([0-9]{1,7})(?![\w(.!])|"
    r"(?<=!)(\$?)([A-Za-z]{1,3})(\$?)([0-9]{1,7})(?![\w(.!])"
)
_MAXIMUM_CELLS = 64  # of a range within a formula


class UnsupportedError(Exception):
    """The formula uses something that this parser does not know."""


@dataclass(frozen=True, slots=True)
class Reference(Expression):
    """A cell seen from the formula's own: offsets, or zero-based addresses where `$` fixes them."""

    sheet: str | None
    row: int
    column: int
    row_fixed: bool
    column_fixed: bool

    def seen_from(self, row: int, column: int, sheet: str) -> Cell:
        """Return the cell that is meant in the formula of that cell."""
        return Cell(
            self.sheet if self.sheet is not None else sheet,
            self.row if self.row_fixed else row + self.row,
            self.column if self.column_fixed else column + self.column,
        )


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula in relative notation: two cells with the same `relative` do the same."""

    relative: str

    @classmethod
    def at(cls, text: str, row: int, column: int) -> "Formula":
        """Make relative what a cell (zero-based) holds; `text` is without "="."""

        def relative(match: re.Match[str]) -> str:
            if match.lastindex is None:
                return match[0]
            fixed_column, letters, fixed_row, digits = (
                match.groups()[:4] if match[2] else match.groups()[4:]
            )
            down = f"R{digits}" if fixed_row else f"R[{int(digits) - 1 - row}]"
            across = column_index_from_string(letters) - 1
            return f"{down}C{across + 1}" if fixed_column else f"{down}C[{across - column}]"

        return cls(_REFERENCE.sub(relative, text))

    def text_at(self, row: int, column: int) -> str:
        """Return the formula as that cell shows it, without "="."""

        def absolute(match: re.Match[str]) -> str:
            if match[1] is None:
                return match[0]
            down = int(match[2]) if match[2] else row + int(match[3]) + 1
            across = int(match[4]) if match[4] else column + int(match[5]) + 1
            if down < 1 or across < 1:
                return "#REF!"
            return (
                f"{'$' if match[4] else ''}{column_letters(across - 1)}"
                f"{'$' if match[2] else ''}{down}"
            )

        return _RELATIVE.sub(absolute, self.relative)


_RELATIVE = re.compile(
    r"'(?:[^']|'')*'!|\"[^\"]*\"|(?<![\w\]])(R(?:([0-9]+)|\[(-?[0-9]+)\])C(?:([0-9]+)|\[(-?[0-9]+)\]))"
)


def full_address(cell: Cell, sheet: str) -> str:
    """Return the address of a cell as formulas on `sheet` write it; fixed, for it never moves."""
    prefix = "" if cell.sheet == sheet else f"{quoted(cell.sheet)}!"
    return f"{prefix}{cell_address(cell.row, cell.column)}"


def parse(formula: Formula, names: Mapping[str, str]) -> Expression:
    """Return the tree of a formula; `names` are the workbook's defined names in lower case.

    Raises UnsupportedError.
    """
    return _parse(formula.text_at(_ORIGIN, _ORIGIN), tuple(sorted(names.items())))


def parse_text(text: str) -> Expression:
    """Return the tree of a formula all of whose references are fixed; UnsupportedError."""
    return _parse_uncached(text, {})


_ORIGIN = 16000  # parsed as if in a cell that has room on every side


@lru_cache(maxsize=4096)
def _parse(text: str, names: tuple[tuple[str, str], ...]) -> Expression:
    return _parse_uncached(text, dict(names))


def _parse_uncached(text: str, names: dict[str, str]) -> Expression:
    parser = _Parser(text, names)
    try:
        tree = parser.comparison()
    except RecursionError as error:
        raise UnsupportedError("too deep") from error
    if parser.kind != "end":
        raise UnsupportedError(f"unexpected {parser.text!r}")
    return tree


class _Parser:
    """Recursive descent; each method reads one level of precedence."""

    def __init__(self, text: str, names: dict[str, str]) -> None:
        self._source, self._position, self._names = text.strip(), 0, names
        self.kind, self.text = "", ""
        self._next()

    def _next(self) -> None:
        if self._position >= len(self._source):
            self.kind, self.text = "end", ""
            return
        match = _TOKEN.match(self._source, self._position)
        if match is None or match.lastgroup is None:
            raise UnsupportedError(self._source[self._position :][:20])
        self._position = match.end()
        self.kind, self.text = match.lastgroup, match[match.lastgroup]

    def _accept(self, *texts: str) -> str:
        if self.kind == "symbol" and self.text in texts:
            found = self.text
            self._next()
            return found
        return ""

    def _expect(self, *texts: str) -> None:
        if not self._accept(*texts):
            raise UnsupportedError(f"expected {texts[0]}, found {self.text!r}")

    def _binary(self, operators: tuple[str, ...], level: int) -> Expression:
        below = (self._sum, self._product, self._power, self._percent)[level]
        left = below()
        while operator := self._accept(*operators):
            left = Operation(operator, left, below())
        return left

    def comparison(self) -> Expression:
        return self._binary(("=", "<>", "<=", ">=", "<", ">"), 0)

    def _sum(self) -> Expression:
        return self._binary(("+", "-"), 1)

    def _product(self) -> Expression:
        return self._binary(("*", "/"), 2)

    def _power(self) -> Expression:
        return self._binary(("^",), 3)

    def _percent(self) -> Expression:
        operand = self._unary()
        while self._accept("%"):
            operand = operand * 0.01
        return operand

    def _unary(self) -> Expression:
        if self._accept("-"):
            return Negation(self._unary())
        if self._accept("+"):
            return self._unary()
        return self._atom()

    def _atom(self) -> Expression:
        kind, text = self.kind, self.text
        if self._accept("("):
            inner = self.comparison()
            self._expect(")")
            return inner
        self._next()
        if kind == "number":
            return Number(float(text))
        if kind == "reference":
            return _reference(text)
        if kind == "function":
            return self._call(text.upper().removeprefix("_XLFN."))
        if kind == "name":
            return self._named(text)
        raise UnsupportedError(f"unexpected {text!r}")

    def _named(self, text: str) -> Expression:
        target = self._names.get(text.lower(), "")
        if not _ADDRESS.match(target):
            raise UnsupportedError(f"name {text!r}")
        return _reference(target)

    def _call(self, name: str) -> Expression:
        groups: list[list[Expression]] = []
        while not self._accept(")"):
            if groups:
                self._expect(",", ";")
            groups.append(self._argument())
        if name == "SUMPRODUCT":
            return _sum_of_products(groups)
        arguments = tuple(one for group in groups for one in group)
        if name == "PI" and not groups:
            return Number(3.141592653589793)
        if name == "POW":
            name = "POWER"
        if not is_known_function(name, len(arguments)):
            raise UnsupportedError(f"function {name}")
        if name == "POWER":
            return Operation("^", *arguments)
        return Call(name, arguments)

    def _argument(self) -> list[Expression]:
        first = self.comparison()
        if not self._accept(":"):
            return [first]
        if self.kind != "reference" or not isinstance(first, Reference):
            raise UnsupportedError("range")
        last = _reference(self.text)
        self._next()
        return _cells_between(first, last)


def _reference(text: str) -> Reference:
    match = _ADDRESS.match(text)
    if match is None:
        raise UnsupportedError(text)
    sheet, fixed_column, letters, fixed_row, digits = match.groups()
    if sheet is not None and sheet.startswith("'"):
        sheet = sheet[1:-1].replace("''", "'")
    row, column = int(digits) - 1, column_index_from_string(letters) - 1
    return Reference(
        sheet,
        row if fixed_row else row - _ORIGIN,
        column if fixed_column else column - _ORIGIN,
        bool(fixed_row),
        bool(fixed_column),
    )


def _cells_between(first: Reference, last: Reference) -> list[Expression]:
    """Return the cells of a range whose corners are fixed alike."""
    fixed = (first.row_fixed, first.column_fixed)
    if fixed != (last.row_fixed, last.column_fixed) or last.sheet is not None:
        raise UnsupportedError("range")
    rows = range(min(first.row, last.row), max(first.row, last.row) + 1)
    columns = range(min(first.column, last.column), max(first.column, last.column) + 1)
    if len(rows) * len(columns) > _MAXIMUM_CELLS:
        raise UnsupportedError("a long range")
    return [Reference(first.sheet, row, column, *fixed) for row in rows for column in columns]


def _sum_of_products(groups: list[list[Expression]]) -> Expression:
    if not groups or len({len(group) for group in groups}) != 1:
        raise UnsupportedError("SUMPRODUCT")
    products: list[Expression] = []
    for factors in zip(*groups, strict=True):
        product = factors[0]
        for factor in factors[1:]:
            product = product * factor
        products.append(product)
    return Call("SUM", tuple(products))
