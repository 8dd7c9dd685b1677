"""Wrong formulas that lack a factor of a product, or a term of a sum."""

from collections.abc import Iterator
from itertools import combinations

from sheetgen.check.formula.expressions import (
    Expression,
    Negation,
    Number,
    Operation,
    Symbol,
    children,
    symbols,
    with_children,
)
from sheetgen.check.meaning.table_network import PARAMETERS
from sheetgen.check.tables.headers import family

Mistake = tuple[str, str, Expression]


def dropped_factors(tree: Expression) -> Iterator[Mistake]:
    """Yield (kind, words, expression) of each product that lacks a factor, or a slope."""
    if isinstance(tree, Operation) and tree.operator == "*":
        factors = _factors(tree)
        for count in (1, 2):
            for chosen in combinations(range(len(factors)), count):
                gone = [factors[index] for index in chosen]
                rest = [one for index, one in enumerate(factors) if index not in chosen]
                if rest and (count == 1 or _is_slope(*gone)):
                    yield (*_forgotten_factor(gone, factors), _product(rest))
        for index, factor in enumerate(factors):
            for kind, words, new in dropped_factors(factor):
                yield kind, words, _product([*factors[:index], new, *factors[index + 1 :]])
        return
    yield from _below(tree, dropped_factors)


def dropped_terms(column: str, tree: Expression) -> Iterator[Mistake]:
    """Yield (kind, words, expression) of each sum that lacks a term."""
    if isinstance(tree, Operation) and tree.operator in "+-":
        terms = _terms(tree)
        for index, (_, gone) in enumerate(terms):
            rest = terms[:index] + terms[index + 1 :]
            yield (*_forgotten_term(column, gone), _sum(rest))
        for index, (sign, term) in enumerate(terms):
            for kind, words, new in dropped_terms("", term):
                yield kind, words, _sum([*terms[:index], (sign, new), *terms[index + 1 :]])
        return
    for kind, words, new in _below(tree, lambda part: dropped_terms("", part)):
        yield kind, words, new


def _below(tree: Expression, change) -> Iterator[Mistake]:  # type: ignore[no-untyped-def]  # noqa: ANN001
    parts = children(tree)
    for index, part in enumerate(parts):
        for kind, words, new in change(part):
            yield kind, words, with_children(tree, (*parts[:index], new, *parts[index + 1 :]))


def _factors(tree: Expression) -> list[Expression]:
    if isinstance(tree, Operation) and tree.operator == "*":
        return [*_factors(tree.left), *_factors(tree.right)]
    return [tree]


def _product(factors: list[Expression]) -> Expression:
    result = factors[0]
    for factor in factors[1:]:
        result = result * factor
    return result


def _terms(tree: Expression) -> list[tuple[str, Expression]]:
    if isinstance(tree, Operation) and tree.operator in "+-":
        right = _terms(tree.right) if tree.operator == "+" else [("-", tree.right)]
        return [*_terms(tree.left), *right]
    return [("+", tree)]


def _sum(terms: list[tuple[str, Expression]]) -> Expression:
    sign, result = terms[0]
    result = Negation(result) if sign == "-" else result
    for sign, term in terms[1:]:
        result = Operation(sign, result, term)
    return result


def _is_slope(first: Expression, second: Expression) -> bool:
    """Return whether two factors are a and 1 - a."""
    return second == 1 - first or first == 1 - second


def _forgotten_factor(gone: list[Expression], factors: list[Expression]) -> tuple[str, str]:
    if len(gone) == 2:
        return "forgotten-slope", f"the slope {_shown(gone[0])}·(1 − {_shown(gone[0])}) is missing"
    factor = gone[0]
    words = f"the factor {_shown(factor)} is missing"
    if any(_is_slope(factor, other) for other in factors) or (
        isinstance(factor, Operation) and factor.operator == "-" and factor.left == Number(1)
    ):
        return "forgotten-slope", f"{words}: it is half of the activation's slope"
    if isinstance(factor, Number):
        return ("missing-half" if factor.value == 0.5 else "wrong-constant"), words
    if isinstance(factor, Symbol):
        return _FORGOTTEN_SYMBOLS.get(family(factor.name), "forgotten-gradient"), words
    families = {family(one.name) for one in symbols(factor)}
    kind = "forgotten-error-factor" if "t" in families else "forgotten-term"
    return kind, words


_FORGOTTEN_SYMBOLS = {
    "i": "forgotten-input-factor",
    "a_h": "forgotten-activation-factor",
    "a_o": "forgotten-activation-factor",
    "w": "forgotten-weight-factor",
    "η": "missing-learning-rate",
}


def _forgotten_term(column: str, term: Expression) -> tuple[str, str]:
    names = {one.name for one in symbols(term)}
    if family(column) in PARAMETERS:
        if column in names:
            return "forgotten-previous-weight", f"the update does not start from {column}"
        return "weight-not-updated", f"{column} is not updated: it stays as it is"
    if len(names) == 1 and family(next(iter(names))) in ("b", "b_h", "b_o"):
        return "forgotten-bias", f"the bias {next(iter(names))} is missing"
    return "forgotten-term", f"the term {_shown(term)} is missing"


def _shown(expression: Expression) -> str:
    """Return a part of a formula for a sentence; long ones by what they are made of."""
    match expression:
        case Symbol(name):
            return name
        case Number(value):
            return f"{value:g}"
        case Operation(operator, Symbol() | Number() as left, Symbol() | Number() as right):
            sign = {"*": "·", "-": " − "}.get(operator, operator)
            text = f"{_shown(left)}{sign}{_shown(right)}"
            return f"({text})" if operator in "+-" else text
    return "with " + ", ".join(dict.fromkeys(one.name for one in symbols(expression)))
