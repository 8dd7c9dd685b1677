"""Turns the right formula of a column into each of the wrong ones that people write.

Every function yields (kind, words, expression), the most likely first; `mutations` is the door.
"""

from collections.abc import Callable, Iterator, Mapping

from sheetgen.check.formula.expressions import (
    Call,
    Expression,
    Negation,
    Number,
    Operation,
    Symbol,
    children,
    symbols,
    walk,
    with_children,
)
from sheetgen.check.meaning.functions import ACTIVATIONS
from sheetgen.check.meaning.table_network import PARAMETERS, Network, expanded, is_helper
from sheetgen.check.mistakes.factors import dropped_factors, dropped_terms
from sheetgen.check.mistakes.parentheses import misplaced_parentheses, missing_parentheses
from sheetgen.check.mistakes.substitutions import (
    Mutation,
    exchanged,
    names_of,
    other_rows,
    other_symbols,
    pairs_of_symbols,
    whole_columns,
)
from sheetgen.check.tables.headers import family, number

_MOST_FIRST = 80


_OPERATORS: dict[str, dict[str, str]] = {
    "-": {"*": "product-for-difference", "+": "sum-for-difference"},
    "+": {"-": "difference-for-sum", "*": "product-for-sum"},
    "*": {
        "+": "sum-for-product",
        "-": "difference-for-product",
        "/": "quotient-for-product",
    },
    "/": {"*": "product-for-quotient", "-": "wrong-constant", "+": "wrong-constant"},
    "^": {"*": "wrong-constant", "+": "wrong-constant"},
}
_OPERATOR_WORDS = {"*": "×", "-": "−", "+": "+", "/": "÷", "^": "^"}


def mutations(
    symbol: str, right: Expression, network: Network, offsets: set[int]
) -> Iterator[Mutation]:
    """Yield wrong forms of a column's right formula.

    `offsets` are the rows, relative to the cell's own, that the formula at hand refers to.
    """
    definitions = network.definitions()
    likely, unlikely = other_symbols(symbol, right, definitions)
    yield from likely
    yield from other_rows(symbol, right, offsets)
    yield from exchanged(right)
    yield from _signs(symbol, right)
    yield from map(Mutation._make, dropped_factors(right))
    yield from map(Mutation._make, dropped_terms(symbol, right))
    yield from map(Mutation._make, missing_parentheses(right))
    yield from _other_operators(right)
    yield from _functions(symbol, right, network)
    yield from whole_columns(symbol, definitions)
    yield from pairs_of_symbols(right, definitions)
    yield from map(Mutation._make, misplaced_parentheses(right))
    yield from _constants(right)
    yield from unlikely
    yield from _too_much(right, definitions)


def repairs(wrong: Expression) -> Iterator[Mutation]:
    """Yield what a wrong formula may have been meant to be, with the mistake that was made.

    This finds mistakes that depend on the order in which a person wrote the factors.
    """

    def change(node: Expression) -> Iterator[tuple[str, str, Expression]]:
        if isinstance(node, Operation):
            for operator, kinds in _OPERATORS.items():
                if kind := kinds.get(node.operator):
                    mark = _OPERATOR_WORDS
                    words = f"{mark[node.operator]} stands where {mark[operator]} belongs"
                    yield kind, words, Operation(operator, node.left, node.right)

    for kind, words, expression in missing_parentheses(wrong):
        yield Mutation(kind, words.replace("missing", "too many"), expression)
    yield from _changed_nodes(wrong, change)
    for kind, _, expression in misplaced_parentheses(wrong):
        yield Mutation(kind, "a pair of parentheses is missing or misplaced", expression)


def second_mutations(
    symbol: str, right: Expression, network: Network, offsets: set[int]
) -> Iterator[Mutation]:
    """Yield the likely wrong forms with two mistakes in one formula."""
    definitions = network.definitions()
    for first in list(_likely(symbol, right, definitions, offsets))[:_MOST_FIRST]:
        for second in _likely(symbol, first.expression, definitions, offsets):
            words = f"{first.words}, and {second.words}"
            yield Mutation(first.kind, words, second.expression)


def _likely(
    symbol: str, right: Expression, definitions: Mapping[str, Expression], offsets: set[int]
) -> Iterator[Mutation]:
    yield from other_symbols(symbol, right, definitions)[0]
    yield from _signs(symbol, right)
    yield from other_rows(symbol, right, offsets)
    yield from map(Mutation._make, dropped_factors(right))
    yield from map(Mutation._make, dropped_terms(symbol, right))


def _changed_nodes(
    right: Expression, change: Callable[[Expression], Iterator[tuple[str, str, Expression]]]
) -> Iterator[Mutation]:
    """Yield the tree with each single node changed in each of the ways that `change` gives."""
    for kind, words, new in change(right):
        yield Mutation(kind, words, new)
    parts = children(right)
    for index, part in enumerate(parts):
        for kind, words, new in _changed_nodes(part, change):
            yield Mutation(
                kind, words, with_children(right, (*parts[:index], new, *parts[index + 1 :]))
            )


def _signs(column: str, right: Expression) -> Iterator[Mutation]:
    if family(column) in PARAMETERS and isinstance(right, Operation):
        words = "the gradient is added; gradient descent subtracts it"
        yield Mutation("sign", words, Operation("+", right.left, right.right))
    yield Mutation("sign", "the sign of the whole is wrong", Negation(right))

    def change(node: Expression) -> Iterator[tuple[str, str, Expression]]:
        match node:
            case Operation("-", left, other):
                yield "sign", "a difference is the wrong way round", Operation("-", other, left)
            case Operation("+", left, other):
                yield "sign", "a term has the wrong sign", Operation("-", other, left)
            case Negation(operand):
                yield "sign", "a minus sign is missing", operand
            case Call(name, (argument,)):
                yield "sign", "the argument has the wrong sign", Call(name, (Negation(argument),))

    yield from _changed_nodes(right, change)


def _other_operators(right: Expression) -> Iterator[Mutation]:
    def change(node: Expression) -> Iterator[tuple[str, str, Expression]]:
        if isinstance(node, Operation):
            for operator, kind in _OPERATORS.get(node.operator, {}).items():
                mark = _OPERATOR_WORDS
                words = f"{mark[operator]} stands where {mark[node.operator]} belongs"
                yield kind, words, Operation(operator, node.left, node.right)

    yield from _changed_nodes(right, change)


def _functions(column: str, right: Expression, network: Network) -> Iterator[Mutation]:
    """Yield the activation missing or another one, and parts of the sigmoid missing."""
    if family(column) in ("a_h", "a_o"):
        z = Symbol(column.removeprefix("a_"))
        yield Mutation("missing-activation", "the activation function is missing", z)
    is_gradient = column.startswith("∂E/∂")
    kept = {one.name for one in symbols(right)}
    # Without its slope an activation counts as the identity, which is the likeliest.
    likely = sorted(ACTIVATIONS, key=lambda each: each.name != "identity")
    for activation in likely if is_gradient or family(column) in ("a_h", "a_o") else ():
        choices = {
            "hidden": network.with_choices(hidden=activation),
            "output": network.with_choices(output=activation),
        }
        for layer, choice in choices.items():
            changed = choice.definitions()
            other = expanded(changed[column], changed, kept) if column in changed else right
            if other == right:
                continue
            if is_gradient and activation.name == "identity":
                words = f"the slope of the {layer} units' activation is missing"
                yield Mutation("forgotten-slope", words, other)
            words = f"{activation.name} stands where the other columns use another activation"
            yield Mutation("wrong-activation-function", words, other)

    def change(node: Expression) -> Iterator[tuple[str, str, Expression]]:
        match node:
            case Call("EXP", (argument,)):
                yield "missing-exponential", "the exponential is missing", argument
                power = Operation("^", Number(2.718), argument)
                yield "wrong-constant", "e is written as 2.718", power
                power = Operation("^", Number(2.71828), argument)
                yield "wrong-constant", "e is written as 2.71828", power
            case Operation("/", Number(1), divisor):
                yield "missing-reciprocal", "the division 1/(…) is missing", divisor
            case Operation("^", base, _):
                yield "missing-square", "the square is missing", base

    yield from _changed_nodes(right, change)


def _constants(right: Expression) -> Iterator[Mutation]:
    for factor, words in (
        (2.0, "twice"),
        (0.5, "half of"),
        (4.0, "four times"),
        (0.25, "a quarter of"),
    ):
        whole = Number(factor) * right
        yield Mutation("wrong-constant", f"the result is {words} what it should be", whole)

    def change(node: Expression) -> Iterator[tuple[str, str, Expression]]:
        if isinstance(node, Number):
            for value in (0.0, 1.0, 2.0, 3.0, 4.0, 0.5, 0.25, 1 / 3, 10.0, 100.0):
                if value != node.value:
                    words = f"{value:g} stands where {node.value:g} belongs"
                    yield "wrong-constant", words, Number(value)

    yield from _changed_nodes(right, change)


def _too_much(right: Expression, definitions: Mapping[str, Expression]) -> Iterator[Mutation]:
    for name in names_of(definitions):
        if not is_helper(name):
            offset = 0 if number(name) == 0 else max(one.offset for one in symbols(right))
            extra = Symbol(name, offset)
            yield Mutation("extra-factor", f"{name} is a factor too many", right * extra)
            yield Mutation("extra-term", f"{name} is a term too many", right + extra)
            slope = extra * (1 - extra)
            words = f"the slope {name}·(1 − {name}) is a factor too many"
            yield Mutation("extra-factor", words, right * slope)
    for part in walk(right):
        if isinstance(part, Operation) and part.operator == "-":
            yield Mutation("extra-factor", "a factor stands twice", right * part)
