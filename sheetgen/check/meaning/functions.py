"""The activations and the errors that a table made by hand may have, as expressions.

Sources: PyTorch's pages of each activation; C. M. Bishop, "Pattern Recognition and Machine
Learning" (2006), sections 5.1 and 5.2, for the errors.
"""

from dataclasses import dataclass

from sheetgen.check.formula.expressions import Call, Expression, Number, Operation


@dataclass(frozen=True, slots=True)
class Activation:
    """An activation as an expression of z, and its slope as one of a.

    `below` is the leaky ReLU's slope below 0. Source: PyTorch's pages of LeakyReLU, ELU, Softplus.
    """

    name: str
    below: float = 0.01

    def value(self, z: Expression) -> Expression:
        """Return a = f(z)."""
        found: Expression = z
        match self.name:
            case "sigmoid":
                found = 1 / (1 + Call("EXP", (-z,)))
            case "tanh":
                found = Call("TANH", (z,))
            case "relu":
                found = Call("MAX", (Number(0), z))
            case "leaky-relu":
                found = _above_zero(z, z, self.below * z)
            case "elu":
                found = _above_zero(z, z, Call("EXP", (z,)) - 1)
            case "softplus":
                found = Call("LN", (1 + Call("EXP", (z,)),))
        return found

    def slope(self, a: Expression) -> Expression:
        """Return da/dz, written with a alone."""
        found: Expression = Number(1)
        match self.name:
            case "sigmoid":
                found = a * (1 - a)
            case "tanh":
                found = 1 - a**2
            case "relu":
                found = Call("STEP", (a,))
            case "leaky-relu":
                found = _above_zero(a, Number(1), Number(self.below))
            case "elu":
                found = _above_zero(a, Number(1), a + 1)
            case "softplus":
                # With a = ln(1 + e^z) the slope 1/(1 + e^-z) is 1 - e^-a.
                found = 1 - Call("EXP", (-a,))
        return found


def _above_zero(what: Expression, above: Expression, below: Expression) -> Expression:
    return Call("IF", (Operation(">", what, Number(0)), above, below))


ACTIVATIONS = (
    *(Activation(name) for name in ("sigmoid", "tanh", "relu", "identity")),
    *(Activation("leaky-relu", below) for below in (0.01, 0.1, 0.2)),
    *(Activation(name) for name in ("elu", "softplus")),
)


@dataclass(frozen=True, slots=True)
class Loss:
    """E_k = `each` · (t - a)² or the binary cross-entropy, E_total = `whole` · Σ E_k."""

    name: str
    each: float
    whole: float

    def error(self, t: Expression, a: Expression) -> Expression:
        """Return E of one output."""
        if self.name == CROSS_ENTROPY:
            entropy = -(t * Call("LN", (a,)) + (1 - t) * Call("LN", (1 - a,)))
            return scaled(self.each, entropy)
        return scaled(self.each, (t - a) ** 2)

    def slope(self, t: Expression, a: Expression) -> Expression:
        """Return ∂E_total/∂a of one output."""
        if self.name == CROSS_ENTROPY:
            return scaled(self.each * self.whole, (a - t) / (a * (1 - a)))
        return scaled(2 * self.each * self.whole, a - t)


CROSS_ENTROPY = "binary-cross-entropy"


def losses(outputs: int) -> tuple[Loss, ...]:
    """Return the errors that textbooks use, the seeds' own first."""
    mean = 1 / outputs
    found = (
        Loss("half-squared-error", 0.5, 1.0),
        Loss("squared-error", 1.0, 1.0),
        Loss("mean-squared-error", 1.0, mean),
        Loss("mean-squared-error", mean, 1.0),
        Loss("half-mean-squared-error", 0.5, mean),
        Loss(CROSS_ENTROPY, 1.0, 1.0),
        Loss(CROSS_ENTROPY, mean, 1.0),
        Loss(CROSS_ENTROPY, 1.0, mean),
    )
    return tuple(dict.fromkeys(found))


def scaled(factor: float, expression: Expression) -> Expression:
    """Return a product, without a factor of 1."""
    return expression if factor == 1 else Number(factor) * expression
