"""Decides which cells of a column are right: by their formula, or else by their numbers.

A formula is right where it agrees with the definition in every random training (simulation.py);
only where it refers to cells without a meaning, or where there is no formula, do the numbers
decide (values.py).
"""

import numpy as np

from sheetgen.check.formula.expressions import (
    Array,
    Cell,
    Expression,
    Number,
    Symbol,
    leaves,
    replace,
    walk,
)
from sheetgen.check.formula.parsing import Formula
from sheetgen.check.meaning.context import Context
from sheetgen.check.meaning.simulation import same
from sheetgen.check.meaning.table_network import PARAMETERS
from sheetgen.check.mistakes.naming import Wrong, name_mistake
from sheetgen.check.tables.headers import family


def judge_formula(
    symbol: str, context: Context, formula: Formula, rows: list[int]
) -> tuple[list[Wrong], int]:
    """Return what is wrong with the cells of one formula, and how many could be judged."""
    wrongs: list[Wrong] = []
    wrong_rows: list[int] = []
    first_tree: Expression | None = None
    checked = 0
    for tree, chosen in _trees(symbol, context, formula, rows).items():
        bad, count = _wrong_rows(symbol, context, tree, chosen)
        checked += count
        typed = None if bad or tree is None else _typed(symbol, context, tree)
        if typed:
            wrongs.append(Wrong(list(chosen), "hard-coded-number", typed))
        if bad and (not wrong_rows or bad[0] < wrong_rows[0]):
            first_tree = tree
        wrong_rows = sorted({*wrong_rows, *bad})
    if wrong_rows:
        wrongs.append(name_mistake(symbol, context, formula, first_tree, wrong_rows))
    return wrongs, checked


def _typed(symbol: str, context: Context, tree: Expression) -> str:
    """Say which number a right formula holds although other columns refer to its cell."""
    truth = context.simulation.values(Symbol(symbol))
    found = context.simulation.values(_with_numbers(tree, context))
    if truth is None or found is None or same(found, truth):
        return ""
    name = typed_symbol(context, tree, truth)
    if name is None or name not in context.referenced:
        return ""
    return f"a number stands where the other columns refer to the cell of {name}"


def _trees(
    symbol: str, context: Context, formula: Formula, rows: list[int]
) -> dict[Expression | None, list[int]]:
    """Return what the formula means over symbols, and in which rows it means that."""
    table, column = context.table, context.table.columns[symbol]

    def meaning(row: int) -> Expression | None:
        return context.resolver.resolved(formula, table.row_at(row), column)

    probes = {meaning(rows[index]) for index in {0, 1, len(rows) // 2, -1} if index < len(rows)}
    if len(probes) == 1 and not table.skipped:
        return {probes.pop(): rows}
    found: dict[Expression | None, list[int]] = {}
    for row in rows:
        found.setdefault(meaning(row), []).append(row)
    return found


def _wrong_rows(
    symbol: str, context: Context, tree: Expression | None, rows: list[int]
) -> tuple[list[int], int]:
    if tree is None:
        return _by_numbers(symbol, context, rows)
    truth = context.simulation.values(Symbol(symbol))
    assert truth is not None
    found = context.simulation.values(_with_numbers(tree, context))
    if found is not None and same(found, truth):
        return [], len(rows)
    if found is not None and _is_right_with_its_rate(symbol, context, tree):
        return [], len(rows)
    if found is not None and not _has_numbers_of_its_own(tree):
        return rows, len(rows)
    bad, count = _by_numbers(symbol, context, rows)
    if found is not None and not bad and not _explained_by_numbers(context, tree, truth):
        return rows, len(rows)
    return bad, count


def _is_right_with_its_rate(symbol: str, context: Context, tree: Expression) -> bool:
    """Return whether an update is right with the rate as a number, such as w - ∂E/∂w/2 for 0.5.

    That holds only where the table as a whole has its rate in the formulas.
    """
    rate = context.rate
    if family(symbol) not in PARAMETERS or rate.cell is not None or rate.value is None:
        return False
    literal = replace(
        context.definitions[symbol],
        lambda part: Number(rate.value or 0.0) if part == Symbol("η") else None,
    )
    expected, found = (
        context.simulation.values(literal),
        context.simulation.values(_with_numbers(tree, context)),
    )
    return expected is not None and found is not None and same(expected, found)


def _has_numbers_of_its_own(tree: Expression) -> bool:
    return any(
        isinstance(node, Cell) or (isinstance(node, Number) and node.value not in (0, 1, 2, 0.5))
        for node in walk(tree)
    )


def _explained_by_numbers(context: Context, tree: Expression, truth: Array) -> bool:
    """Return whether the formula is right once its numbers and cells are read as what they equal.

    Inputs, targets and the learning rate are often typed into a formula, or taken from a cell
    that nothing labels. With a cell that means nothing known, agreeing numbers have to do.
    """
    if any(isinstance(leaf, Cell) for leaf in leaves(tree)):
        return True
    return typed_symbol(context, tree, truth) is not None


def typed_symbol(context: Context, tree: Expression, truth: Array) -> str | None:
    """Return the input, target or rate in whose place a formula holds a number, or None."""
    known = {
        name: float(context.numbers.lookup(Symbol(name))[0])
        for name in sorted(context.resolver.constant | set(context.numbers.constants))
    }
    typed = {node.value for node in walk(tree) if isinstance(node, Number)}
    present = {name: value for name, value in known.items() if value in typed}
    for name, value in present.items():
        alone = {value: name}
        every = {other: one for one, other in present.items()} | alone
        for meaning in (alone, every):
            found = context.simulation.values(_with_symbols(tree, meaning))
            if found is not None and same(found, truth):
                return name
    return None


def _with_symbols(tree: Expression, meaning: dict[float, str]) -> Expression:
    def change(part: Expression) -> Expression | None:
        is_known = isinstance(part, Number) and part.value in meaning
        return Symbol(meaning[part.value]) if is_known else None  # type: ignore[attr-defined]

    return replace(tree, change)


def _with_numbers(tree: Expression, context: Context) -> Expression:
    def change(part: Expression) -> Expression | None:
        return Number(context.resolver.number(part)) if isinstance(part, Cell) else None

    return replace(tree, change)


def _by_numbers(symbol: str, context: Context, rows: list[int]) -> tuple[list[int], int]:
    """Return the rows whose number fits no form of the definition, and how many could be judged."""
    agreeing = np.zeros(context.numbers.rows, dtype=bool)
    judged = np.zeros(context.numbers.rows, dtype=bool)
    is_error = np.array([content.is_error for content in context.table.contents(symbol)])
    for form in context.right_forms(symbol):
        difference, agrees = context.numbers.agreement(symbol, form)
        agreeing |= agrees
        expected, _ = context.numbers.recomputed(form)
        judged |= np.isfinite(difference) | (is_error & np.isfinite(expected))
        if agreeing[rows].all():
            break
    bad = [row for row in rows if judged[row] and not agreeing[row]]
    return bad, int(np.count_nonzero(judged[rows]))


def judge_numbers(symbol: str, context: Context, rows: list[int]) -> tuple[list[Wrong], int]:
    """Return what is wrong with numbers that have no formula, and how many could be judged."""
    bad, count = _by_numbers(symbol, context, rows)
    if not bad:
        return [], count
    same_number = len({context.numbers.values[symbol][row] for row in rows}) == 1
    if same_number and len(rows) > 1 and family(symbol) not in PARAMETERS and context.referenced:
        words = "the same number stands in every row where a formula belongs"
        return [Wrong(bad, "hard-coded-number", words)], count
    return [name_mistake(symbol, context, None, None, bad)], count
