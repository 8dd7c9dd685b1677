"""Variants of the definitions of a network: of several samples, with slopes, with signs turned."""

from collections.abc import Iterable, Mapping, Sequence

from sheetgen.check.formula.expressions import (
    Expression,
    Negation,
    Number,
    Operation,
    Symbol,
    replace,
    total,
)
from sheetgen.check.meaning.functions import SOFTMAX, slope
from sheetgen.check.tables.headers import is_parameter, of_sample
from sheetgen.network.activations import Activation

Definitions = Mapping[str, Expression]


def slope_of(unit: str) -> str:
    """Return the symbol of the slope of a unit's activation."""
    return f"∂a_{unit}/∂{unit}"


def with_slopes(
    found: Definitions, layers: Iterable[tuple[Sequence[str], Activation]]
) -> dict[str, Expression]:
    """Return the definitions with the activations' slopes, and what passes through these."""
    slopes: dict[str, Expression] = {}
    through: dict[str, Expression] = {}
    for units, activation in layers:
        for unit in units if activation is not SOFTMAX else ():
            before, own = (
                Symbol(f"∂E/∂a_{unit}"),
                slope(activation, Symbol(unit), Symbol(f"a_{unit}")),
            )
            if found[f"∂E/∂{unit}"] == times(before, own) != before:
                slopes[slope_of(unit)] = own
                through[f"∂E/∂{unit}"] = before * Symbol(slope_of(unit))
    first = next(place for place, name in enumerate(found) if name.startswith("∂"))
    parts = list(found.items())
    return {**dict(parts[:first]), **slopes, **dict(parts[first:]), **through}


def of_all_samples(
    one: Definitions, count: int, is_mean: bool, is_mean_error: bool
) -> dict[str, Expression]:
    """Return the definitions for each sample, given those for one, and for all of them."""
    found: dict[str, Expression] = {}
    samples = range(1, count + 1)
    for sample in samples:

        def change(part: Expression, sample: int = sample) -> Expression | None:
            """Return the symbol of the sample, None for all else, which samples share."""
            if not isinstance(part, Symbol) or is_parameter(part.name) or part.name == "η":
                return None
            return Symbol(of_sample(part.name, sample))

        for name, definition in one.items():
            found[of_sample(name, sample)] = replace(definition, change)
    for name in one:
        of = name.removeprefix("∂E/∂")
        if name == "E_total" or (of != name and is_parameter(of)):
            whole = total([Symbol(of_sample(name, sample)) for sample in samples])
            is_shared = is_mean_error if name == "E_total" else is_mean
            found[name] = whole / count if is_shared else whole
    return found


def negated(expression: Expression) -> Expression:
    """Return -e, as people write it: t - a for a - t."""
    match expression:
        case Operation("-", left, right):
            return Operation("-", right, left)
        case Operation("*", Number(_) as factor, right):
            return factor * negated(right)
        case Negation(operand):
            return operand
    return -expression


def times(left: Expression, right: Expression) -> Expression:
    """Return left·(r1·r2) as (left·r1)·r2, as people write it, and without a factor of 1."""
    if isinstance(right, Operation) and right.operator == "*":
        return times(left, right.left) * right.right
    return left if right == Number(1) else left * right
