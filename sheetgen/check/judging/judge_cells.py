"""Decides which cells of a column are right: by their formula, or else by their numbers.

A formula is right if it agrees with the definition in every random training (simulation.py). The
numbers decide (column_values.py) only if it refers to cells without a meaning, or if there is no
formula.
"""

from collections.abc import Mapping

import numpy as np

from sheetgen.check.formula.expressions import (
    Cell,
    Expression,
    Number,
    Symbol,
    replace,
    walk,
)
from sheetgen.check.formula.relative_formulas import Formula
from sheetgen.check.meaning.simulation import same
from sheetgen.check.meaning.table_meaning import ComputedColumn
from sheetgen.check.mistakes.naming import Wrong, WrongCells

_USUAL = (0, 1, 2, 0.5)


def judge_formula(
    column: ComputedColumn, formula: Formula, rows: list[int]
) -> tuple[list[Wrong], int]:
    """Return what is wrong with the cells of one formula, and how many could be judged."""
    wrongs: list[Wrong] = []
    wrong_rows: list[int] = []
    first_tree: Expression | None = None
    checked = 0
    for tree, chosen in _trees(column, formula, rows).items():
        bad, count = _wrong_rows(column, tree, chosen)
        checked += count
        if not bad and tree is not None and (typed := _typed(column, tree)):
            wrongs.append(Wrong(list(chosen), "hard-coded-number", typed))
        if bad and (not wrong_rows or bad[0] < wrong_rows[0]):
            first_tree = tree
        wrong_rows = sorted({*wrong_rows, *bad})
    if wrong_rows:
        wrongs.append(WrongCells(column, wrong_rows, formula, first_tree).named())
    return wrongs, checked


def judge_numbers(column: ComputedColumn, rows: list[int]) -> tuple[list[Wrong], int]:
    """Return what is wrong with numbers that have no formula, and how many could be judged."""
    bad, count = _by_numbers(column, rows)
    if not bad:
        return [], count
    if not column.table.in_rows:
        return [Wrong(bad, "hard-coded-number", "found a number; expected a formula")], count
    same_number = len({column.values[row] for row in rows}) == 1
    if same_number and len(rows) > 1 and not column.is_parameter and column.meaning.referenced:
        words = "every row holds the same number instead of a formula"
        return [Wrong(bad, "hard-coded-number", words)], count
    return [WrongCells(column, bad).named()], count


def _trees(
    column: ComputedColumn, formula: Formula, rows: list[int]
) -> dict[Expression | None, list[int]]:
    """Return what the formula means over symbols, and in which rows it means that."""
    table, resolver = column.table, column.meaning.resolver

    def meaning(row: int) -> Expression | None:
        """Return what the formula means in a row, None if it means nothing."""
        return resolver.resolved(formula, *table.place_of(column.symbol, row))

    probes = {meaning(rows[index]) for index in {0, 1, len(rows) // 2, -1} if index < len(rows)}
    if len(probes) == 1 and not table.skipped:
        return {probes.pop(): rows}
    found: dict[Expression | None, list[int]] = {}
    for row in rows:
        found.setdefault(meaning(row), []).append(row)
    return found


def _wrong_rows(
    column: ComputedColumn, tree: Expression | None, rows: list[int]
) -> tuple[list[int], int]:
    cells = tree is not None and any(isinstance(node, Cell) for node in walk(tree))
    # Where a formula refers to such cells, each row has its own tree. If its number agrees, all
    # that follows comes to the same.
    if tree is None or (cells and _by_numbers(column, rows) == ([], len(rows))):
        return _by_numbers(column, rows)
    with_numbers = column.meaning.resolver.with_numbers(tree)
    found = column.simulated(with_numbers)
    if found is not None and (
        same(found, column.truth) or _is_right_with_its_rate(column, with_numbers)
    ):
        return [], len(rows)
    if found is None or cells:
        # If a cell means nothing that is known, numbers that agree are enough.
        return _by_numbers(column, rows)
    if all(value in _USUAL for value in _numbers_in(tree)):
        return rows, len(rows)
    # Inputs, targets and the learning rate are often typed into a formula.
    bad, count = _by_numbers(column, rows)
    if not bad and _typed_symbol(column, tree) is None:
        return rows, len(rows)
    return bad, count


def _numbers_in(tree: Expression) -> set[float]:
    return {node.value for node in walk(tree) if isinstance(node, Number)}


def _is_right_with_its_rate(column: ComputedColumn, tree: Expression) -> bool:
    """Return whether an update is right with the rate as a number, such as w - ∂E/∂w/2 for 0.5.

    That holds only if the table as a whole has its rate in the formulas.
    """
    rate = column.meaning.rate
    if not column.is_parameter or rate.cell is not None or rate.value is None:
        return False
    number = Number(rate.value)
    definition = column.meaning.definitions[column.symbol]
    literal = replace(definition, lambda part: number if part == Symbol("η") else None)
    return same(column.simulated(literal), column.simulated(tree))


def _typed(column: ComputedColumn, tree: Expression) -> str:
    """Say which number a right formula holds although other columns refer to its cell."""
    name = _typed_symbol(column, tree)
    if name is None or name not in column.meaning.referenced:
        return ""
    if column.is_right(column.meaning.resolver.with_numbers(tree)):
        return ""
    return f"the formula holds a number; the other columns refer to the cell of {name}"


def _typed_symbol(column: ComputedColumn, tree: Expression) -> str | None:
    """Return the input, target or rate whose number a formula holds in its place, or None."""
    typed = _numbers_in(tree)
    present = {name: value for name, value in column.constants.items() if value in typed}
    for name, value in present.items():
        alone = {value: name}
        every = {other: one for one, other in present.items()} | alone
        if any(column.is_right(_with_symbols(tree, meaning)) for meaning in (alone, every)):
            return name
    return None


def _with_symbols(tree: Expression, names: Mapping[float, str]) -> Expression:
    def change(part: Expression) -> Expression | None:
        """Return the symbol that a number stands for, None for all else."""
        name = names.get(part.value) if isinstance(part, Number) else None
        return None if name is None else Symbol(name)

    return replace(tree, change)


def _by_numbers(column: ComputedColumn, rows: list[int]) -> tuple[list[int], int]:
    """Return the rows whose number fits no form of the definition, and how many could be judged."""
    agreeing, judged = next(
        (one for one in column.agreements if one[0][rows].all()), column.agreements[-1]
    )
    bad = [row for row in rows if judged[row] and not agreeing[row]]
    return bad, int(np.count_nonzero(judged[rows]))
