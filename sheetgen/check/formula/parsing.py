"""Parses spreadsheet formulas into expressions, once for all cells that hold the same formula.

The grammar is that of ECMA-376 part 1, 18.17: unary minus binds tighter than ^, and ^ is
left-associative. What a training table does not need (texts, arrays, unions) is refused.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from sheetgen.check.formula.expressions import Call, Cell, Expression, Negation, Number, Operation
from sheetgen.check.formula.expressions import is_known as is_known_function
from sheetgen.check.formula.expressions import replace as exchanged
from sheetgen.check.formula.matrix_expressions import (
    AGGREGATES,
    OF_MATRICES,
    Matrix,
    UnsupportedError,
    element_of,
    elements,
    elementwise,
)
from sheetgen.check.formula.relative_formulas import Formula, read_reference
from sheetgen.spreadsheet.address import cell_address, quoted, unquoted
from sheetgen.spreadsheet.tokens import Token, tokens

_MAXIMUM_CELLS = 64  # of a range within a formula
_LONGEST = 1 << 15  # characters; Excel takes 8,192


@dataclass(slots=True, unsafe_hash=True)
class Reference(Expression):
    """A cell as offsets from the formula's own, or zero-based addresses where `$` fixes them."""

    sheet: str | None
    row: int
    column: int
    row_fixed: bool
    column_fixed: bool

    def seen_from(self, row: int, column: int, sheet: str) -> Cell:
        """Return the cell that the formula of this cell refers to."""
        return Cell(
            self.sheet if self.sheet is not None else sheet,
            self.row if self.row_fixed else row + self.row,
            self.column if self.column_fixed else column + self.column,
        )


def full_address(cell: Cell, sheet: str) -> str:
    """Return the absolute address of a cell as a formula on `sheet` writes it."""
    prefix = "" if cell.sheet == sheet else f"{quoted(cell.sheet)}!"
    return f"{prefix}{cell_address(cell.row, cell.column)}"


def parse(formula: Formula, names: Mapping[str, str]) -> Expression:
    """Return the tree of a formula; `names` are the workbook's defined names in lower case.

    Raises UnsupportedError.
    """
    text = formula.text_at(_ORIGIN, _ORIGIN)
    if len(text) > _LONGEST:
        raise UnsupportedError("a long formula")
    return _parse(text, tuple(sorted(names.items())), formula.element)


def located(tree: Expression, row: int, column: int, sheet: str) -> Expression:
    """Return a formula with cells in place of references, as a cell of the sheet has it."""

    def change(part: Expression) -> Expression | None:
        """Return the cell that a reference means, None for all else."""
        return part.seen_from(row, column, sheet) if isinstance(part, Reference) else None

    return exchanged(tree, change)


def parse_text(text: str) -> Expression:
    """Return the tree of a formula whose references are all fixed; raises UnsupportedError."""
    return parse_tokens(tokens(text))


def parse_tokens(parts: Sequence[Token]) -> Expression:
    """Return the tree of such a formula from its tokens; raises UnsupportedError."""
    return _parse_uncached(parts, {})


_ORIGIN = 16000  # parsed as if in a cell that has room on every side


@lru_cache(maxsize=4096)
def _parse(
    text: str, names: tuple[tuple[str, str], ...], element: tuple[int, int] | None
) -> Expression:
    return _parse_uncached(tokens(text), dict(names), element)


def _parse_uncached(
    parts: Sequence[Token], names: Mapping[str, str], element: tuple[int, int] | None = None
) -> Expression:
    try:
        return _Parser(parts, names, element).whole()
    except RecursionError as error:
        raise UnsupportedError("too deep") from error


_LEVELS = (("=", "<>", "<=", ">=", "<", ">"), ("+", "-"), ("*", "/"), ("^",))
_STRENGTH = {operator: level for level, each in enumerate(_LEVELS) for operator in each}
_END = Token("end", "")


class _Parser:
    """Recursive descent; all operators between two values are left-associative.

    A range is a matrix. In an array formula, operators work on every element of one.
    """

    def __init__(
        self, parts: Sequence[Token], names: Mapping[str, str], element: tuple[int, int] | None
    ) -> None:
        self._rest = [token for token in reversed(parts) if token.kind != "space"]
        self._names, self._element = names, element
        self._arrays = element is not None

    def whole(self) -> Expression:
        tree = self._binary()
        if self._rest:
            raise UnsupportedError(f"unexpected {self._next().text!r}")
        if self._element is None and isinstance(tree, Matrix) and tree.shape != (1, 1):
            raise UnsupportedError("range")
        return element_of(tree, self._element or (0, 0))

    def _next(self) -> Token:
        return self._rest.pop() if self._rest else _END

    def _accept(self, *symbols: str) -> str:
        if self._rest and self._rest[-1].text in symbols and self._rest[-1].kind == "symbol":
            return self._rest.pop().text
        return ""

    def _expect(self, *symbols: str) -> None:
        if not self._accept(*symbols):
            raise UnsupportedError(f"expected {symbols[0]}, found {self._next().text!r}")

    def _binary(self, weakest: int = 0) -> Expression | Matrix:
        """Read operations that bind at least as strongly."""
        left = self._percent()
        while self._rest and self._rest[-1].kind == "symbol":
            strength = _STRENGTH.get(self._rest[-1].text, -1)
            if strength < weakest:
                break
            symbol = self._next().text
            left = self._each(partial(Operation, symbol), left, self._binary(strength + 1))
        return left

    def _each(
        self, make: Callable[..., Expression], *parts: Expression | Matrix
    ) -> Expression | Matrix:
        """Return what `make` makes of these parts, or of each element of them."""
        if not any(isinstance(one, Matrix) for one in parts):
            return make(*parts)
        if not self._arrays:
            raise UnsupportedError("range")
        return elementwise(make, parts)

    def _percent(self) -> Expression | Matrix:
        operand = self._unary()
        while self._accept("%"):
            operand = self._each(lambda one: one * 0.01, operand)
        return operand

    def _unary(self) -> Expression | Matrix:
        if self._accept("-"):
            return self._each(Negation, self._unary())
        return self._unary() if self._accept("+") else self._range()

    def _range(self) -> Expression | Matrix:
        first = self._atom()
        if not self._accept(":"):
            return first
        if not isinstance(first, Reference):
            raise UnsupportedError("range")
        return _cells_between(first, _reference([self._next()]))

    def _atom(self) -> Expression | Matrix:
        if self._accept("("):
            inner = self._binary()
            self._expect(")")
            return inner
        token = self._next()
        match token.kind:
            case "number":
                return Number(float(token.text))
            case "cell":
                return _reference([token])
            case "sheet":
                return _reference([token, self._next()])
            case "function":
                return self._call(token.text[:-1].strip().upper().removeprefix("_XLFN."))
            case "name":
                return self._named(self._names.get(token.text.lower(), ""))
        raise UnsupportedError(f"unexpected {token.text!r}")

    def _named(self, target: str) -> Expression | Matrix:
        """Return the cell or the range that a defined name means."""
        parts = tokens(target)
        split = next((at for at, one in enumerate(parts) if one.text == ":"), None)
        if split is None:
            return _reference(parts)
        return _cells_between(_reference(parts[:split]), _reference(parts[split + 1 :]))

    def _call(self, name: str) -> Expression | Matrix:
        outside, self._arrays = self._arrays, self._arrays or name in OF_MATRICES
        arguments: list[Expression | Matrix] = []
        while not self._accept(")"):
            if arguments:
                self._expect(",", ";")
            arguments.append(self._binary())
        self._arrays = outside
        if name in OF_MATRICES:
            return OF_MATRICES[name](arguments)
        if name == "PI" and not arguments:
            return Number(3.141592653589793)
        if name == "POW":  # as Google Sheets exports it
            name = "POWER"
        if name in AGGREGATES:
            every = tuple(one for each in arguments for one in elements(each))
            return _called(name, *every)
        return self._each(partial(_called, name), *arguments)


def _reference(parts: Sequence[Token]) -> Reference:
    """Return the reference to a cell; its sheet may come first."""
    *sheets, cell = parts or [_END]
    if cell.kind != "cell" or [one.kind for one in sheets] not in ([], ["sheet"]):
        raise UnsupportedError(f"{''.join(one.text for one in parts)!r} is not a cell")
    sheet = unquoted(sheets[0].text[:-1]) if sheets else None
    if sheet is not None and (":" in sheet or "[" in sheet):
        raise UnsupportedError(f"the sheet {sheet!r}")
    row, column, row_fixed, column_fixed = read_reference(cell.text)
    return Reference(
        sheet,
        row if row_fixed else row - _ORIGIN,
        column if column_fixed else column - _ORIGIN,
        row_fixed,
        column_fixed,
    )


def _called(name: str, *arguments: Expression) -> Expression:
    """Return a function of these arguments; raises UnsupportedError for an unknown one."""
    if not is_known_function(name, len(arguments)):
        raise UnsupportedError(f"function {name}")
    return Operation("^", *arguments) if name == "POWER" else Call(name, arguments)


def _cells_between(first: Reference, last: Reference) -> Matrix:
    """Return the cells of a range whose corners are fixed alike."""
    fixed = (first.row_fixed, first.column_fixed)
    if fixed != (last.row_fixed, last.column_fixed) or last.sheet is not None:
        raise UnsupportedError("range")
    rows = range(min(first.row, last.row), max(first.row, last.row) + 1)
    columns = range(min(first.column, last.column), max(first.column, last.column) + 1)
    if len(rows) * len(columns) > _MAXIMUM_CELLS:
        raise UnsupportedError("a long range")
    return Matrix(
        tuple(
            tuple(Reference(first.sheet, row, column, *fixed) for column in columns) for row in rows
        )
    )
