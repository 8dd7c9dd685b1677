"""Turns the right formula of a column into each of the wrong ones that people write.

Each function yields the most likely formulas first.
"""

import dataclasses
from collections.abc import Callable, Iterator
from itertools import islice

from sheetgen.check.formula.expressions import Expression
from sheetgen.check.meaning.table_network import Network, is_helper, names_of
from sheetgen.check.mistakes.mistake_kinds import Candidate, Mutation, each
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
    Definitions,
    extra_symbols,
    other_columns,
    other_pairs,
    other_rows,
    other_symbols,
    swapped_symbols,
)

_MOST_FIRST = 80


def mutations(
    symbol: str, right: Expression, definitions: Definitions, network: Network, offsets: set[int]
) -> Iterator[Candidate]:
    """Yield wrong forms of a column's right formula.

    `definitions` are the network's. `offsets` are the rows, relative to the cell's own, that the
    formula at hand refers to.
    """
    names = _names(definitions)
    yield from other_symbols(symbol, right, names, likely=True)
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
    yield from other_symbols(symbol, right, names, likely=False)
    yield from extra_symbols(right, names)


def shorter_mutations(
    symbol: str, right: Expression, definitions: Definitions, network: Network
) -> Iterator[Candidate]:
    """Yield the wrong forms that may be much shorter than a column's right formula."""
    yield from dropped_factors(right)
    yield from dropped_terms(symbol, right)
    yield from wrong_functions(symbol, right, network)
    yield from other_columns(symbol, definitions)


def _names(definitions: Definitions) -> list[str]:
    return [name for name in names_of(definitions) if not is_helper(name)]


def second_mutations(
    symbol: str, right: Expression, definitions: Definitions, offsets: set[int]
) -> Iterator[Candidate]:
    """Yield the likely wrong forms with two mistakes in one formula."""
    names = _names(definitions)

    def likely(formula: Expression) -> Iterator[Candidate]:
        """Yield the likely wrong forms of a formula."""
        yield from other_symbols(symbol, formula, names, likely=True)
        yield from wrong_signs(symbol, formula)
        yield from other_rows(symbol, formula, offsets)
        yield from dropped_factors(formula)
        yield from dropped_terms(symbol, formula)

    for first in islice(each(likely(right)), _MOST_FIRST):
        for second in likely(first.expression):
            yield _after(first, second)


def _after(first: Mutation, second: Candidate) -> Candidate:
    """Return a second mistake, in a formula with a first one, under the names of both."""
    return _called(second, lambda _, words: (first.kind, f"{first.words}, and {words}"))


def repairs(wrong: Expression) -> Iterator[Candidate]:
    """Yield what a wrong formula may have been meant to be, with the mistake that was made.

    This finds mistakes that depend on the order in which the factors were written.
    """
    for one in missing_parentheses(wrong):
        yield _called(one, lambda kind, words: (kind, words.replace("missing", "too many")))
    yield from other_operators(wrong, repair=True)
    either = "a pair of parentheses is missing or misplaced"
    for one in misplaced_parentheses(wrong):
        yield _called(one, lambda kind, _: (kind, either))


def _called(one: Candidate, named: Callable[[str, str], tuple[str, str]]) -> Candidate:
    """Return a candidate whose kind and words are what `named` makes of them."""
    if isinstance(one, Mutation):
        return Mutation(*named(one.kind, one.words), one.expression)

    def name(index: int) -> tuple[str, str]:
        """Return the kind and the words of one of the alternatives."""
        return named(*one.name(index))

    return dataclasses.replace(one, name=name)
