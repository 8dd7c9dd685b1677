"""The activations and the errors that a table made by hand may have, as expressions.

Source of the errors: C. M. Bishop, "Pattern Recognition and Machine Learning" (2006), sections
5.1 and 5.2.
"""

from dataclasses import dataclass
from functools import lru_cache

from sheetgen.check.formula import expressions
from sheetgen.check.formula.expressions import Call, Expression, Number, Operation
from sheetgen.check.formula.parsing import parse_text
from sheetgen.network import activations
from sheetgen.network.activations import Activation

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
    """E_k = `each` · (t - a)² or a cross-entropy, E_total = `whole` · Σ E_k."""

    name: str
    each: float
    whole: float

    def error(self, t: Expression, a: Expression) -> Expression:
        """Return E of one output."""
        if self.name == CROSS_ENTROPY:
            return scaled(self.each, -(t * Call("LN", (a,))))
        if self.name == BINARY_CROSS_ENTROPY:
            entropy = -(t * Call("LN", (a,)) + (1 - t) * Call("LN", (1 - a,)))
            return scaled(self.each, entropy)
        return scaled(self.each, (t - a) ** 2)

    def slope(self, t: Expression, a: Expression) -> Expression:
        """Return ∂E_total/∂a of one output."""
        if self.name == CROSS_ENTROPY:
            return scaled(self.each * self.whole, -(t / a))
        if self.name == BINARY_CROSS_ENTROPY:
            return scaled(self.each * self.whole, (a - t) / (a * (1 - a)))
        return scaled(2 * self.each * self.whole, a - t)


BINARY_CROSS_ENTROPY = "binary-cross-entropy"
CROSS_ENTROPY = "cross-entropy"


def losses(outputs: int, is_softmax: bool = False) -> tuple[Loss, ...]:
    """Return the errors that textbooks use, the seeds' own first; a softmax has its own."""
    if is_softmax:
        return (Loss(CROSS_ENTROPY, 1.0, 1.0), *losses(outputs)[:5])
    mean = 1 / outputs
    found = (
        Loss("half-squared-error", 0.5, 1.0),
        Loss("squared-error", 1.0, 1.0),
        Loss("mean-squared-error", 1.0, mean),
        Loss("mean-squared-error", mean, 1.0),
        Loss("half-mean-squared-error", 0.5, mean),
        Loss(BINARY_CROSS_ENTROPY, 1.0, 1.0),
        Loss(BINARY_CROSS_ENTROPY, mean, 1.0),
        Loss(BINARY_CROSS_ENTROPY, 1.0, mean),
    )
    return tuple(dict.fromkeys(found))


def scaled(factor: float, expression: Expression) -> Expression:
    """Return a product, without a factor of 1."""
    return expression if factor == 1 else Number(factor) * expression
