"""Names the mistake in a formula, or in numbers without one."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import numpy as np

from sheetgen.check.formula.expressions import (
    Array,
    Cell,
    Expression,
    Number,
    Symbol,
    evaluate,
    leaves,
    replace,
    symbols,
    walk,
)
from sheetgen.check.formula.parsing import Formula, Reference
from sheetgen.check.meaning.context import Context
from sheetgen.check.meaning.simulation import same
from sheetgen.check.meaning.table_network import PARAMETERS, expanded
from sheetgen.check.mistakes.mutations import mutations, repairs, second_mutations
from sheetgen.check.mistakes.substitutions import Mutation
from sheetgen.check.tables.headers import family

_MOST_MUTATIONS = 6000
_LONGEST = 80  # symbols of a formula in which a mistake is looked for
_EXACT = 1e-7  # relative; numbers that may be off by more are rounded
_NEARBY = 20  # times what rounding allows the right formula
_LONGEST_FOR_TWO = 20  # and two mistakes at once


@dataclass(slots=True)
class Wrong:
    """A mistake in some rows of a column, counted from the table's first."""

    rows: list[int]
    kind: str
    words: str


def name_mistake(
    symbol: str,
    context: Context,
    formula: Formula | None,
    tree: Expression | None,
    rows: list[int],
) -> Wrong:
    """Return the known mistake that explains the cells of these rows, all of one formula."""
    raw = context.resolver.tree(formula) if formula is not None else None
    if raw is not None and family(symbol) in PARAMETERS:
        slid = _slid(symbol, context, raw, rows[0])
        if slid:
            return Wrong(rows, "learning-rate-not-anchored", slid)
    if family(symbol) in PARAMETERS:
        rate = _other_rate(symbol, context, tree, rows)
        if rate is not None:
            return rate
    if raw is not None and (gap := _row_of_a_gap(symbol, context, raw, rows[0])) is not None:
        words = f"the formula refers to row {gap + 1}, which holds no numbers"
        return Wrong(rows, "wrong-row", words)
    found = _search(symbol, context, tree, rows)
    if found is None:
        return _unnamed(symbol, context, tree, rows)
    if (
        found.kind == "wrong-row"
        and raw is not None
        and _anchored(context, raw, context.table.columns[symbol])
    ):
        words = "a reference is fixed with $ where it should move with the rows"
        return Wrong(rows, "anchored-reference", words)
    return Wrong(rows, found.kind, found.words)


def _slid(symbol: str, context: Context, raw: Expression, row: int) -> str:
    """Say how a reference left the learning rate's cell; empty if none did."""
    rate = context.rate_cell
    if rate is None:
        return ""
    table = context.table
    own_row, column = table.row_at(row), table.columns[symbol]
    for reference in (node for node in walk(raw) if isinstance(node, Reference)):
        seen = reference.seen_from(own_row, column, table.sheet)
        if seen == rate or seen.sheet != rate.sheet:
            continue
        rows_below = seen.row - rate.row
        slid_down = not reference.row_fixed and seen.column == rate.column
        if slid_down and 0 < rows_below <= row - 1 + 1 and rows_below < own_row - table.first + 1:
            first_update = table.first + 1
            if own_row - rows_below >= first_update:
                return "the reference to the learning rate is not fixed with $ and slides down"
        if not reference.column_fixed and seen.row == rate.row and seen.row < table.first:
            return "the reference to the learning rate is not fixed with $ and slides across"
    return ""


def _row_of_a_gap(symbol: str, context: Context, raw: Expression, row: int) -> int | None:
    """Return the row without numbers, within the table, that a formula refers to, or None."""
    table = context.table
    place = table.row_at(row), table.columns[symbol], table.sheet
    cells = [node.seen_from(*place) for node in walk(raw) if isinstance(node, Reference)]
    rows = [one.row for one in cells if one.sheet == table.sheet and one.row in table.skipped]
    return rows[0] if rows else None


def _other_rate(
    symbol: str, context: Context, tree: Expression | None, rows: list[int]
) -> Wrong | None:
    """Return what is wrong if an update is right but for its learning rate."""
    if tree is None:
        return _other_rate_by_numbers(symbol, context, rows)
    truth = context.simulation.values(Symbol(symbol))
    for part in dict.fromkeys(walk(tree)):
        if not isinstance(part, Number | Cell):
            continue
        values = context.simulation.values(
            replace(tree, lambda one, old=part: Symbol("η") if one == old else None)  # type: ignore[misc]
        )
        if values is None or truth is None or not same(values, truth):
            continue
        found = part.value if isinstance(part, Number) else context.resolver.number(part)
        if found == context.rate.value:
            words = f"the number {found:g} stands where the learning rate's cell belongs"
            return Wrong(rows, "hard-coded-number", words)
        words = f"the learning rate is {found:g} here, not {_shown_rate(context)}"
        return Wrong(rows, "wrong-learning-rate", words)
    return None


def _other_rate_by_numbers(symbol: str, context: Context, rows: list[int]) -> Wrong | None:
    """Return what is wrong if every update of the rows implies one and the same other rate."""
    numbers = context.numbers
    kept = context.kept | {symbol}
    gradient = expanded(Symbol(f"∂E/∂{symbol}", -1), context.definitions, kept)
    slopes = numbers.recomputed(gradient)[0][rows]
    steps, errors = (one[rows] for one in numbers.recomputed(Symbol(symbol, -1) - Symbol(symbol)))
    with np.errstate(all="ignore"):
        rates, spread = steps / slopes, errors / np.abs(slopes)
    usable = np.isfinite(rates) & np.isfinite(spread)
    if np.count_nonzero(usable) < 2 or context.rate.value is None:
        return None
    rate = float(rates[usable][np.argmin(spread[usable])])
    agrees = np.abs(rates[usable] - rate) <= 2 * spread[usable] + 1e-7 * abs(rate)
    if not agrees.all() or rate <= 0 or abs(rate - context.rate.value) < 1e-6 * rate:
        return None
    words = f"the updates imply the learning rate {rate:.6g} here, not {_shown_rate(context)}"
    if abs(rate - 1) < 1e-6:
        return Wrong(rows, "missing-learning-rate", "the factor η is missing")
    return Wrong(rows, "wrong-learning-rate", words)


def _shown_rate(context: Context) -> str:
    return "the table's" if context.rate.value is None else f"{context.rate.value:g}"


def _fixed_symbol(context: Context, reference: Reference, column: int) -> str | None:
    """Return the symbol whose column a reference with a fixed row points into."""
    cell = reference.seen_from(reference.row, column, context.table.sheet)
    return context.resolver.symbol_at(cell.row, cell.column)


def _anchored(context: Context, raw: Expression, column: int) -> bool:
    table = context.table
    return any(
        isinstance(node, Reference)
        and node.row_fixed
        and (node.sheet is None or node.sheet == table.sheet)
        and (symbol := _fixed_symbol(context, node, column)) is not None
        and symbol not in context.resolver.constant
        for node in walk(raw)
    )


def _search(
    symbol: str, context: Context, tree: Expression | None, rows: list[int]
) -> Mutation | None:
    offsets = {one.offset for one in symbols(tree)} if tree is not None else set()
    forms = [one for one in context.right_forms(symbol, tree) if len(leaves(one)) <= _LONGEST]
    if tree is not None and family(symbol) in PARAMETERS and context.rate.cell is None:
        tree = _with_rate(tree, context.rate.value)
    truth = context.simulation.values(tree) if tree is not None else None
    right = context.simulation.values(Symbol(symbol))
    if truth is None:
        found = _fitting(symbol, context, forms, rows)
    else:
        every = (mutations(symbol, form, context.network, offsets) for form in forms)
        found = next(filter(None, (_first_same(context, one, truth) for one in every)), None)
    if found is None and tree is not None and right is not None:
        found = _first_same(context, repairs(tree), right)
    if found or truth is None or not forms or len(leaves(forms[0])) > _LONGEST_FOR_TWO:
        return found
    twice = second_mutations(symbol, forms[0], context.network, offsets)
    return _first_same(context, twice, truth)


def _first_same(context: Context, candidates: Iterable[Mutation], wanted: Array) -> Mutation | None:
    """Return the first whose formula has these values in every random training."""
    for mutation in islice(candidates, _MOST_MUTATIONS):
        values = context.simulation.values(mutation.expression)
        if values is not None and same(values, wanted):
            return mutation
    return None


_ODD = {
    *("wrong-row", "formula-of-another-column", "updated-like-a-weight", "wrong-gradient"),
    *(
        "weights-updated-in-sequence",
        "wrong-previous-weight",
        "wrong-symbol",
        "extra-factor",
        "extra-term",
        "wrong-constant",
    ),
}
"""What rounded numbers look like by chance: a plainer mistake that fits as well is meant."""


def _fitting(
    symbol: str, context: Context, forms: list[Expression], rows: list[int]
) -> Mutation | None:
    """Return the mistake that numbers without a formula agree with; of several, a plain one.

    One rounded number alone agrees with some odd mistake or other, so that it does not tell.
    """
    odd: Mutation | None = None
    for form in forms:
        allowed = _allowed(symbol, context, form, rows)
        sizes = np.abs(context.numbers.values[symbol][rows])
        rounded = bool(np.any(allowed > _EXACT * sizes))
        for mutation in islice(mutations(symbol, form, context.network, set()), _MOST_MUTATIONS):
            if _fits(symbol, context, mutation.expression, allowed, rows):
                if not rounded or mutation.kind not in _ODD:
                    return mutation
                odd = odd or mutation
    return odd if len(rows) > 1 else None


def _with_rate(tree: Expression, rate: float | None) -> Expression:
    """Return an update whose formula holds the rate as a number with η in place of that."""

    def change(part: Expression) -> Expression | None:
        return Symbol("η") if isinstance(part, Number) and part.value == rate else None

    return replace(tree, change)


def _allowed(symbol: str, context: Context, right: Expression, rows: list[int]) -> Array:
    """Return by how far a formula and these rows' numbers may be apart, shape (len(rows),)."""
    _, allowed = context.numbers.recomputed(right)
    found = context.numbers.rounding(Symbol(symbol))[rows] + allowed[rows]
    return np.asarray(found, dtype=float)


def _fits(
    symbol: str, context: Context, mutated: Expression, allowed: Array, rows: list[int]
) -> bool:
    """Return whether the numbers of the rows are those of a wrong formula."""
    numbers = context.numbers
    value = np.broadcast_to(evaluate(mutated, numbers.lookup), numbers.rows)[rows]
    actual = numbers.values[symbol][rows]
    judged = np.isfinite(value) & np.isfinite(actual)
    with np.errstate(invalid="ignore"):
        difference = np.abs(value - actual) - 1e-9 * np.abs(actual)
    if not judged.any() or np.any(difference[judged] > _NEARBY * allowed[judged]):
        return False
    # The wrong formula may pass on more of the rounding, or less, than the right one does.
    own = _allowed(symbol, context, mutated, rows)
    return bool(np.all(difference[judged] <= own[judged]))


def _unnamed(symbol: str, context: Context, tree: Expression | None, rows: list[int]) -> Wrong:
    contents = context.table.contents(symbol)
    if contents[rows[0]].is_error:
        words = f"the formula gives {contents[rows[0]].value}"
        return Wrong(rows, "error-value", words)
    if family(symbol) in PARAMETERS and tree is not None:
        cells = [leaf for leaf in leaves(tree) if isinstance(leaf, Cell)]
        if any(leaf != context.rate_cell for leaf in cells) and Symbol("η") not in leaves(tree):
            words = "the update uses another learning rate than the table's"
            return Wrong(rows, "wrong-learning-rate", words)
    if len(rows) == 1 and contents[rows[0]].formula is None:
        words = f"this is not {symbol}; one number does not tell which mistake it is"
        return Wrong(rows, "unknown-mistake", words)
    return Wrong(rows, "unknown-mistake", f"this is not {symbol}; the mistake is none of the known")
