"""Wrong formulas with another sign, operator, function or constant, or with parts missing."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import combinations

from sheetgen.check.formula.expressions import (
    Call,
    Expression,
    Negation,
    Number,
    Operation,
    Symbol,
    children,
    symbols,
    with_children,
)
from sheetgen.check.meaning.functions import ACTIVATIONS
from sheetgen.check.meaning.table_network import Network, expanded, layer_name
from sheetgen.check.mistakes.mistake_kinds import Mutation, plain
from sheetgen.check.tables.headers import family, is_parameter

Change = Callable[[Expression], Iterable[Mutation]]

_OPERATORS = {
    ("-", "*"): "product-for-difference",
    ("-", "+"): "sum-for-difference",
    ("+", "-"): "difference-for-sum",
    ("+", "*"): "product-for-sum",
    ("*", "+"): "sum-for-product",
    ("*", "-"): "difference-for-product",
    ("*", "/"): "quotient-for-product",
    ("/", "*"): "product-for-quotient",
    ("/", "-"): "wrong-constant",
    ("/", "+"): "wrong-constant",
    ("^", "*"): "wrong-constant",
    ("^", "+"): "wrong-constant",
}
"""(right, wrong) → the mistake."""
_SIGNS = {"*": "×", "-": "−", "+": "+", "/": "÷", "^": "^"}
_CONSTANTS = (0.0, 1.0, 2.0, 3.0, 4.0, 0.5, 0.25, 1 / 3, 10.0, 100.0)
_MULTIPLES = {2.0: "twice", 0.5: "half of", 4.0: "four times", 0.25: "a quarter of"}
_FORGOTTEN_SYMBOLS = {
    "i": "forgotten-input-factor",
    "a_h": "forgotten-activation-factor",
    "a_o": "forgotten-activation-factor",
    "w": "forgotten-weight-factor",
    "η": "missing-learning-rate",
}


def _changed_nodes(tree: Expression, change: Change) -> Iterator[Mutation]:
    """Yield the tree with one node changed, in each of the ways that `change` gives."""
    yield from change(tree)
    yield from _changed_parts(tree, lambda part: _changed_nodes(part, change))


def _changed_parts(tree: Expression, change: Change) -> Iterator[Mutation]:
    parts = children(tree)
    for index, part in enumerate(parts):
        for kind, words, new in change(part):
            changed = with_children(tree, (*parts[:index], new, *parts[index + 1 :]))
            yield Mutation(kind, words, changed)


def wrong_signs(column: str, right: Expression) -> Iterator[Mutation]:
    """Yield the formula with a wrong sign."""
    sign = partial(Mutation, "sign")
    own, added = Symbol(column, -1), "the gradient is added; gradient descent subtracts it"
    if is_parameter(column) and isinstance(right, Operation):
        yield sign(added, Operation("+", right.left, right.right))
    yield sign("the sign of the whole is wrong", Negation(right))

    def change(node: Expression) -> Iterator[Mutation]:
        """Yield a part with a wrong sign."""
        match node:
            case Operation("-", left, other) if is_parameter(column) and left == own:
                yield sign(added, Operation("+", left, other))
            case Operation("-", left, other):
                yield sign("a difference is the wrong way round", Operation("-", other, left))
            case Operation("+", left, other):
                yield sign("a term has the wrong sign", Operation("-", other, left))
            case Negation(operand):
                yield sign("a minus sign is missing", operand)
            case Call(name, (argument,)):
                yield sign("the argument has the wrong sign", Call(name, (Negation(argument),)))

    yield from _changed_nodes(right, change)


def other_operators(tree: Expression, repair: bool = False) -> Iterator[Mutation]:
    """Yield the formula with another operator; with `repair` it is wrong, and each is mended."""

    def change(node: Expression) -> Iterator[Mutation]:
        """Yield a part with another operator."""
        if isinstance(node, Operation):
            for (right, wrong), kind in _OPERATORS.items():
                here, there = (wrong, right) if repair else (right, wrong)
                if node.operator == here:
                    words = f"{_SIGNS[wrong]} is used instead of {_SIGNS[right]}"
                    yield Mutation(kind, words, Operation(there, node.left, node.right))

    yield from _changed_nodes(tree, change)


def wrong_functions(column: str, right: Expression, network: Network) -> Iterator[Mutation]:
    """Yield the formula without its activation or with another, or with a part of it missing."""
    is_activation, is_gradient = family(column) in ("a_h", "a_o"), column.startswith("∂E/∂")
    if is_activation:
        yield plain("missing-activation", Symbol(column.removeprefix("a_")))
    if is_activation or is_gradient:
        yield from _other_activations(column, right, network)

    def change(node: Expression) -> Iterator[Mutation]:
        """Yield a part without its function."""
        match node:
            case Call("EXP", (argument,)):
                yield plain("missing-exponential", argument)
                for e in (2.718, 2.71828):
                    power = Operation("^", Number(e), argument)
                    yield Mutation("wrong-constant", f"e is written as {e}", power)
            case Operation("/", Number(1), divisor):
                yield plain("missing-reciprocal", divisor)
            case Operation("/", dividend, divisor):
                words = f"the division by {_shown(divisor)} is missing"
                yield Mutation("missing-division", words, dividend)
            case Operation("^", base, _):
                yield plain("missing-square", base)

    yield from _changed_nodes(right, change)


def _other_activations(column: str, right: Expression, network: Network) -> Iterator[Mutation]:
    kept = {one.name for one in symbols(right)}
    # Without its slope an activation counts as the identity, which is the likeliest.
    for activation in sorted(ACTIVATIONS, key=lambda each: each.name != "identity"):
        for place in range(1, len(network.layers)):
            layer, every = layer_name(network, place), list(network.activations)
            every[place - 1] = activation
            changed = replace(network, activations=tuple(every)).definitions()
            other = expanded(changed[column], changed, kept) if column in changed else right
            if other == right:
                continue
            if column.startswith("∂E/∂") and activation.name == "identity":
                words = f"the slope of the {layer} units' activation is missing"
                yield Mutation("forgotten-slope", words, other)
            words = f"{activation.name} is used; the other columns use another activation"
            yield Mutation("wrong-activation-function", words, other)


def wrong_constants(right: Expression) -> Iterator[Mutation]:
    """Yield the formula times a constant, or with another number in place of one."""
    for factor, times in _MULTIPLES.items():
        words = f"the result is {times} what it should be"
        yield Mutation("wrong-constant", words, Number(factor) * right)

    def change(node: Expression) -> Iterator[Mutation]:
        """Yield other numbers in place of one."""
        if isinstance(node, Number):
            for value in _CONSTANTS:
                if value != node.value:
                    words = f"{value:g} is used instead of {node.value:g}"
                    yield Mutation("wrong-constant", words, Number(value))

    yield from _changed_nodes(right, change)


def dropped_factors(tree: Expression) -> Iterator[Mutation]:
    """Yield the formula with a product that lacks a factor, or the slope of an activation."""
    return _shortened(tree, "*", _forgotten_factors, dropped_factors)


def dropped_terms(column: str, tree: Expression) -> Iterator[Mutation]:
    """Yield the formula with a sum that lacks a term."""
    return _shortened(tree, "+-", partial(_forgotten_terms, column), partial(dropped_terms, ""))


Part = tuple[str, Expression]  # of a product or sum, with the operator before it
Name = Callable[[list[Expression], list[Part]], tuple[str, str] | None]


def _shortened(tree: Expression, operators: str, name: Name, inside: Change) -> Iterator[Mutation]:
    """Yield the tree without one part of the product or sum, or two, as `name` calls that.

    Then with each part changed by `inside`.
    """
    parts = _parts(tree, operators)
    if len(parts) == 1:
        yield from _changed_parts(tree, inside)
        return
    for count in (1, 2):
        for chosen in combinations(range(len(parts)), count):
            rest = [part for index, part in enumerate(parts) if index not in chosen]
            mistake = name([parts[index][1] for index in chosen], parts)
            if rest and mistake:
                yield Mutation(*mistake, _joined(rest))
    for index, (sign, part) in enumerate(parts):
        for kind, words, new in inside(part):
            yield Mutation(kind, words, _joined([*parts[:index], (sign, new), *parts[index + 1 :]]))


def _parts(tree: Expression, operators: str) -> list[Part]:
    if isinstance(tree, Operation) and tree.operator in operators:
        minus = tree.operator == "-"
        right = [("-", tree.right)] if minus else _parts(tree.right, operators)
        return [*_parts(tree.left, operators), *right]
    return [(operators[0], tree)]


def _joined(parts: list[Part]) -> Expression:
    sign, result = parts[0]
    result = Negation(result) if sign == "-" else result
    for operator, part in parts[1:]:
        result = Operation(operator, result, part)
    return result


def _forgotten_factors(gone: list[Expression], parts: list[Part]) -> tuple[str, str] | None:
    factor, shown = gone[0], _shown(gone[0])
    if len(gone) == 2:
        words = f"the slope {shown}·(1 − {shown}) is missing"
        return ("forgotten-slope", words) if _is_slope(*gone) else None
    words = f"the factor {shown} is missing"
    if any(_is_slope(factor, other) for _, other in parts) or (
        isinstance(factor, Operation) and factor.operator == "-" and factor.left == Number(1)
    ):
        return "forgotten-slope", f"{words}: it is half of the activation's slope"
    if isinstance(factor, Number):
        return ("missing-half" if factor.value == 0.5 else "wrong-constant"), words
    if isinstance(factor, Symbol):
        return _FORGOTTEN_SYMBOLS.get(family(factor.name), "forgotten-gradient"), words
    families = {family(one.name) for one in symbols(factor)}
    return ("forgotten-error-factor" if "t" in families else "forgotten-term"), words


def _is_slope(first: Expression, second: Expression) -> bool:
    """Return whether two factors are a and 1 - a."""
    return second == 1 - first or first == 1 - second


def _forgotten_terms(column: str, gone: list[Expression], _: list[Part]) -> tuple[str, str] | None:
    if len(gone) == 2:
        return None
    names = {one.name for one in symbols(gone[0])}
    if is_parameter(column):
        if column in names:
            return "forgotten-previous-weight", f"the update does not start from {column}"
        return "weight-not-updated", f"{column} is not updated: it stays as it is"
    if len(names) == 1 and family(next(iter(names))) in ("b", "b_h", "b_o"):
        return "forgotten-bias", f"the bias {next(iter(names))} is missing"
    return "forgotten-term", f"the term {_shown(gone[0])} is missing"


def _shown(expression: Expression) -> str:
    """Return a part of a formula for a sentence; a long one by its symbols."""
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
