"""The activations and the errors that a table made by hand may have, as expressions.

Source of the errors: C. M. Bishop, "Pattern Recognition and Machine Learning" (2006), sections
5.1 and 5.2.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sheetgen.check.formula import expressions
from sheetgen.check.formula.expressions import Call, Expression, Number, Operation
from sheetgen.check.formula.parsing import parse_text
from sheetgen.network import activations
from sheetgen.network.activations import Activation, Array

# Where z is never negative, numbers cannot tell the identity from the ReLU: it is the last.
ACTIVATIONS: tuple[Activation, ...] = tuple(
    sorted(
        (
            variant
            for each in activations.ACTIVATIONS.values()
            if not each.acts_on_layer
            for variant in each.variants()
        ),
        key=lambda one: one.name == "identity",
    )
)


@dataclass(frozen=True)
class Threshold(Activation):
    """The output of a perceptron: 1 where z is above 0, or 0 as well, else 0 or -1."""

    low: float
    is_strict: bool
    name = "step"
    kinks = (0.0,)
    definition = "f(x) = 1 if x > 0, else 0   and   df/dx = 0"

    def value(self, z: Array) -> Array:
        """Return f(z)."""
        return np.where(z > 0 if self.is_strict else z >= 0, 1.0, self.low)

    def slope(self, z: Array, a: Array) -> Array:  # noqa: ARG002 - no use of a
        """Return 0, the slope wherever there is one."""
        return np.zeros_like(z)

    def formula(self, z: str) -> str:
        """Return f(z) as a formula."""
        return f"IF({z}{'>' if self.is_strict else '>='}0,1,{self.low:g})"

    def slope_formula(self, z: str, a: str) -> str:  # noqa: ARG002 - it is 0 everywhere
        """Return the slope as a formula."""
        return "0"


THRESHOLDS = tuple(
    Threshold(low=low, is_strict=one) for low in (0.0, -1.0) for one in (True, False)
)
SOFTMAX = activations.ACTIVATIONS["softmax"]
_Z, _A = "$A$1", "$B$1"


@lru_cache(maxsize=4096)
def activated(activation: Activation, z: Expression) -> Expression:
    """Return a = f(z) as people write it."""
    return _parsed(activation.formula_by_hand(_Z), {_Z: z})


@lru_cache(maxsize=4096)
def slope(activation: Activation, z: Expression, a: Expression) -> Expression:
    """Return da/dz as people write it, over z and a."""
    return _parsed(activation.slope_by_hand(_Z, _A), {_Z: z, _A: a})


def _parsed(text: str, cells: dict[str, Expression]) -> Expression:
    """Return a formula over other expressions than cells, without what only cells need."""
    meaning = {parse_text(cell): expression for cell, expression in cells.items()}

    def change(part: Expression) -> Expression | None:
        """Return the meaning of a cell, or of a form that only cells need; None for all else."""
        match part:
            case Call("MIN", (exponent, Number(700))):  # which keeps e^x below overflow
                return expressions.replace(exponent, change)
            case Operation("*", Number(1), factor):
                return expressions.replace(factor, change)
            case Call("IF", (Operation(">", what, Number(0)), Number(1), Number(0))):
                return Call("STEP", (expressions.replace(what, change),))
        return meaning.get(part)

    return expressions.replace(parse_text(text), change)


@dataclass(frozen=True, slots=True)
class Loss:
    """E_k = `each` · (t - a)² or a cross-entropy, E_total = `whole` · Σ E_k.

    If `is_in_rate`, the 2 of the slope of a square is left to the learning rate, as in Widrow and
    Hoff's rule, w + η·(t - a)·i.
    """

    name: str
    each: float
    whole: float
    is_in_rate: bool = False

    def error(self, t: Expression, a: Expression) -> Expression:
        """Return E of one output."""
        if self.name in (DIFFERENCE, LOGISTIC_DIFFERENCE):
            return t - a if self.each > 0 else a - t
        if self.name == CROSS_ENTROPY:
            return scaled(self.each, -(t * Call("LN", (a,))))
        if self.name == BINARY_CROSS_ENTROPY:
            return scaled(self.each, _entropy(t, a))
        return scaled(self.each, (t - a) ** 2)

    def total(self, errors: list[Expression], t: Expression, a: Expression) -> Expression:
        """Return E_total; `t` and `a` are those of a single output."""
        if self.name == DIFFERENCE:
            return scaled(self.whole, (t - a) ** 2)
        if self.name == LOGISTIC_DIFFERENCE:
            return scaled(self.whole, _entropy(t, a))
        return scaled(self.whole, expressions.total(errors))

    def slope(self, t: Expression, a: Expression) -> Expression:
        """Return ∂E_total/∂a of one output."""
        if self.name == CROSS_ENTROPY:
            return scaled(self.each * self.whole, -(t / a))
        if self.name in (BINARY_CROSS_ENTROPY, LOGISTIC_DIFFERENCE):
            return scaled(abs(self.each) * self.whole, (a - t) / (a * (1 - a)))
        two = 1 if self.is_in_rate else 2
        return scaled(two * abs(self.each) * self.whole, a - t)


BINARY_CROSS_ENTROPY = "binary-cross-entropy"
CROSS_ENTROPY = "cross-entropy"
DIFFERENCE, LOGISTIC_DIFFERENCE = "difference", "difference of a logistic regression"
"""The error of a single unit before it is squared, or made a cross-entropy: t - a or a - t."""


def _entropy(t: Expression, a: Expression) -> Expression:
    return -(t * Call("LN", (a,)) + (1 - t) * Call("LN", (1 - a,)))


def losses(outputs: int, is_softmax: bool = False, is_unit: bool = False) -> tuple[Loss, ...]:
    """Return the errors that textbooks use, the seeds' own first.

    A softmax has its own, and of a single unit the error may be the mere difference.
    """
    if is_softmax:
        return (Loss(CROSS_ENTROPY, 1.0, 1.0), *losses(outputs)[:5])
    mean = 1 / outputs
    differences = [
        Loss(name, each, whole, is_in_rate)
        for name, whole, is_in_rate in (
            (DIFFERENCE, 0.5, False),
            (LOGISTIC_DIFFERENCE, 1.0, False),
            (DIFFERENCE, 1.0, False),
            (DIFFERENCE, 1.0, True),
        )
        for each in (1.0, -1.0)
    ]
    found = (
        Loss("half-squared-error", 0.5, 1.0),
        Loss("squared-error", 1.0, 1.0),
        Loss("mean-squared-error", 1.0, mean),
        Loss("mean-squared-error", mean, 1.0),
        Loss("half-mean-squared-error", 0.5, mean),
        Loss(BINARY_CROSS_ENTROPY, 1.0, 1.0),
        Loss(BINARY_CROSS_ENTROPY, mean, 1.0),
        Loss(BINARY_CROSS_ENTROPY, 1.0, mean),
        *(differences if is_unit else ()),
    )
    return tuple(dict.fromkeys(found))


def scaled(factor: float, expression: Expression) -> Expression:
    """Return a product, without a factor of 1."""
    return expression if factor == 1 else Number(factor) * expression
