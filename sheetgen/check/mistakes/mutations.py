"""Turns the right formula of a column into each of the wrong ones that people write.

Each function yields the most likely formulas first.
"""

from collections.abc import Iterator
from itertools import islice

from sheetgen.check.formula.expressions import Expression
from sheetgen.check.meaning.table_network import Network
from sheetgen.check.mistakes.mistake_kinds import Mutation
from sheetgen.check.mistakes.wrong_operations import (
    dropped_factors,
    dropped_terms,
    other_operators,
    wrong_constants,
    wrong_functions,
    wrong_signs,
)
from sheetgen.check.mistakes.wrong_parentheses import misplaced_parentheses, missing_parentheses
from sheetgen.check.mistakes.wrong_symbols import (
    extra_symbols,
    other_columns,
    other_pairs,
    other_rows,
    other_symbols,
    swapped_symbols,
)

_MOST_FIRST = 80


def mutations(
    symbol: str, right: Expression, network: Network, offsets: set[int]
) -> Iterator[Mutation]:
    """Yield wrong forms of a column's right formula.

    `offsets` are the rows, relative to the cell's own, that the formula at hand refers to.
    """
    definitions = network.definitions()
    yield from other_symbols(symbol, right, definitions, likely=True)
    yield from other_rows(symbol, right, offsets)
    yield from swapped_symbols(right)
    yield from wrong_signs(symbol, right)
    yield from dropped_factors(right)
    yield from dropped_terms(symbol, right)
    yield from missing_parentheses(right)
    yield from other_operators(right)
    yield from wrong_functions(symbol, right, network)
    yield from other_columns(symbol, definitions)
    yield from other_pairs(right, definitions)
    yield from misplaced_parentheses(right)
    yield from wrong_constants(right)
    yield from other_symbols(symbol, right, definitions, likely=False)
    yield from extra_symbols(right, definitions)


def second_mutations(
    symbol: str, right: Expression, network: Network, offsets: set[int]
) -> Iterator[Mutation]:
    """Yield the likely wrong forms with two mistakes in one formula."""
    definitions = network.definitions()

    def likely(formula: Expression) -> Iterator[Mutation]:
        yield from other_symbols(symbol, formula, definitions, likely=True)
        yield from wrong_signs(symbol, formula)
        yield from other_rows(symbol, formula, offsets)
        yield from dropped_factors(formula)
        yield from dropped_terms(symbol, formula)

    for first in islice(likely(right), _MOST_FIRST):
        for second in likely(first.expression):
            words = f"{first.words}, and {second.words}"
            yield Mutation(first.kind, words, second.expression)


def repairs(wrong: Expression) -> Iterator[Mutation]:
    """Yield what a wrong formula may have been meant to be, with the mistake that was made.

    This finds mistakes that depend on the order in which the factors were written.
    """
    for one in missing_parentheses(wrong):
        yield one._replace(words=one.words.replace("missing", "too many"))
    yield from other_operators(wrong, repair=True)
    for one in misplaced_parentheses(wrong):
        yield one._replace(words="a pair of parentheses is missing or misplaced")
