"""Losses: each class holds the NumPy form, the cell form and the textbook form.

Some are computed together with the outputs' activation, directly from the pre-activations z:
ln a would be infinite where a rounds to 0, and ∂E/∂z is simpler than either of its factors.
To add one, write a class and list it in LOSSES.

The pages that docstrings name are those of https://docs.pytorch.org/docs/stable/generated/.
"""

# The base class says what each method does; not every loss needs all that it is given.
# ruff: noqa: ARG002

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from sheetgen.network.activations import Array


class Loss(ABC):
    """An error that is a sum over the output units, E = E1 + E2 + …

    Arrays have the outputs as their last axis. Formulas take the addresses of an output's target,
    pre-activation z and activation a, and the number of `outputs`.

    A loss without `activation` has ∂E/∂a: slope, slope_formula, slope_steps and slope_notation.
    One with an activation has ∂E/∂z: delta, delta_formula and delta_notation. What a loss does
    not have raises TypeError.
    """

    name: ClassVar[str]
    activation: ClassVar[str | None] = None
    """The activation of the outputs together with which the loss is computed, if there is one."""
    torch_name: ClassVar[str] = ""
    """The class in torch.nn, if there is one."""
    torch_settings: ClassVar[Mapping[str, tuple[object, ...]]] = {}
    """The settings with which that class computes this: the values that each may have."""

    @abstractmethod
    def value(self, target: Array, z: Array, a: Array) -> Array:
        """Return each output's error, in the shape of a."""

    @abstractmethod
    def formula(self, target: str, z: str, a: str, outputs: int, log_sum: str = "") -> str:
        """Return the expression of one output's error.

        `log_sum` is the expression of log Σ e^z, such as "(X7+LN(Y7))"; only softmax has it.
        """

    @abstractmethod
    def notation(self, target: str, z: str, a: str, outputs: int) -> str:
        """Return one output's error as a textbook writes it."""

    def slope(self, target: Array, a: Array) -> Array:
        """Return ∂E/∂a of each output, in the shape of a."""
        raise TypeError(f"{self.name} has no slope apart from its activation's")

    def slope_formula(self, target: str, a: str, outputs: int) -> str:
        """Return the expression of ∂E/∂a, which can be factors of a product."""
        raise TypeError(f"{self.name} has no slope apart from its activation's")

    def slope_steps(self, target: str, a: str, outputs: int) -> str:
        """Return the steps to ∂E/∂a, up to the sign before `slope_notation`."""
        raise TypeError(f"{self.name} has no slope apart from its activation's")

    def slope_notation(self, target: str, a: str, outputs: int) -> str:
        """Return ∂E/∂a as a textbook writes it, as factors of a product."""
        raise TypeError(f"{self.name} has no slope apart from its activation's")

    def delta(self, target: Array, z: Array, a: Array) -> Array:
        """Return ∂E/∂z of each output, in the shape of z."""
        raise TypeError(f"{self.name} has no delta of its own; it takes the activation's slope")

    def delta_formula(self, target: str, a: str, outputs: int, target_sum: str = "") -> str:
        """Return the expression of ∂E/∂z, which can be factors of a product.

        `target_sum` is the expression of all targets' sum; only softmax with several outputs
        needs it.
        """
        raise TypeError(f"{self.name} has no delta of its own; it takes the activation's slope")

    def delta_notation(self, target: str, z: str, a: str, outputs: int) -> str:
        """Return ∂E/∂z as a textbook writes it, as factors of a product."""
        raise TypeError(f"{self.name} has no delta of its own; it takes the activation's slope")


class HalfSquaredError(Loss):
    """Half the squared error, E = ½ (t - a)²; ∂E/∂a = a - t."""

    name = "half-squared-error"

    def value(self, target: Array, z: Array, a: Array) -> Array:
        return 0.5 * (target - a) ** 2

    def slope(self, target: Array, a: Array) -> Array:
        return a - target

    def formula(self, target: str, z: str, a: str, outputs: int, log_sum: str = "") -> str:
        return f"0.5*({target}-{a})^2"

    def slope_formula(self, target: str, a: str, outputs: int) -> str:
        return f"({a}-{target})"

    def notation(self, target: str, z: str, a: str, outputs: int) -> str:
        return f"½·({target} − {a})²"

    def slope_steps(self, target: str, a: str, outputs: int) -> str:
        return f"∂/∂{a} ½·({target} − {a})² = −({target} − {a})"

    def slope_notation(self, target: str, a: str, outputs: int) -> str:
        return f"({a} − {target})"


class MeanSquaredError(Loss):
    """The mean of n outputs' squared errors, E = Σ (t - a)² / n; ∂E/∂a = 2 (a - t) / n.

    See torch.nn.MSELoss.
    """

    name = "mean-squared-error"
    torch_name = "MSELoss"
    torch_settings: ClassVar = {"reduction": ("mean",)}

    def value(self, target: Array, z: Array, a: Array) -> Array:
        return np.asarray((target - a) ** 2 / a.shape[-1])

    def slope(self, target: Array, a: Array) -> Array:
        return np.asarray(2.0 * (a - target) / a.shape[-1])

    def formula(self, target: str, z: str, a: str, outputs: int, log_sum: str = "") -> str:
        return f"({target}-{a})^2{_over(outputs)}"

    def slope_formula(self, target: str, a: str, outputs: int) -> str:
        return f"2{_over(outputs)}*({a}-{target})"

    def notation(self, target: str, z: str, a: str, outputs: int) -> str:
        return f"{_share(outputs)}({target} − {a})²"

    def slope_steps(self, target: str, a: str, outputs: int) -> str:
        error = self.notation(target, "", a, outputs)
        return f"∂/∂{a} {error} = −{self._twice(outputs)}·({target} − {a})"

    def slope_notation(self, target: str, a: str, outputs: int) -> str:
        return f"{self._twice(outputs)}·({a} − {target})"

    def _twice(self, outputs: int) -> str:
        return "2" if outputs == 1 else f"(2/{outputs})"


class BinaryCrossEntropy(Loss):
    """The mean over n sigmoid outputs of -(t ln a + (1 - t) ln(1 - a)); ∂E/∂z = (a - t) / n.

    See torch.nn.BCEWithLogitsLoss. As ln a = -ln(1 + e⁻ᶻ) and ln(1 - a) = -ln(1 + eᶻ), no a that
    rounds to 0 or 1 comes under a logarithm.
    """

    name = "binary-cross-entropy"
    activation = "sigmoid"
    torch_name = "BCEWithLogitsLoss"
    torch_settings: ClassVar = {"reduction": ("mean",), "weight": (None,), "pos_weight": (None,)}

    def value(self, target: Array, z: Array, a: Array) -> Array:
        each = target * np.logaddexp(0.0, -z) + (1.0 - target) * np.logaddexp(0.0, z)
        return np.asarray(each / z.shape[-1])

    def delta(self, target: Array, z: Array, a: Array) -> Array:
        return np.asarray((a - target) / z.shape[-1])

    # The same with both logarithms' common part, ln(1 + e^-|z|), written once.
    def formula(self, target: str, z: str, a: str, outputs: int, log_sum: str = "") -> str:
        return f"(MAX({z},0)-{z}*{target}+LN(1+EXP(-ABS({z})))){_over(outputs)}"

    def delta_formula(self, target: str, a: str, outputs: int, target_sum: str = "") -> str:
        return f"({a}-{target}){_over(outputs)}"

    def notation(self, target: str, z: str, a: str, outputs: int) -> str:
        share, stable = _share(outputs), f"max({z}, 0) − {z}·{target} + ln(1 + e^−|{z}|)"
        stable = f"{share}({stable})" if share else stable
        return f"−{share}({target}·ln {a} + (1 − {target})·ln(1 − {a})) = {stable}"

    def delta_notation(self, target: str, z: str, a: str, outputs: int) -> str:
        return f"{_share(outputs)}({a} − {target})"


class CrossEntropy(Loss):
    """Cross-entropy of softmax outputs, E_k = -t_k ln a_k; ∂E/∂z_k = a_k Σ t - t_k.

    See torch.nn.CrossEntropyLoss, with probabilities as targets, for one sample. The targets
    need not add up to 1. As ln a_k = z_k - m - ln S, where m is the greatest z and S = Σ e^(z - m),
    no a that rounds to 0 comes under a logarithm.
    """

    name = "cross-entropy"
    activation = "softmax"
    torch_name = "CrossEntropyLoss"
    torch_settings: ClassVar = {
        "reduction": ("mean",),
        "weight": (None,),
        "label_smoothing": (0,),
        "ignore_index": (-100,),
    }

    def value(self, target: Array, z: Array, a: Array) -> Array:
        shifted = z - z.max(axis=-1, keepdims=True)
        log_sum = np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        return np.asarray(target * (log_sum - shifted))

    def delta(self, target: Array, z: Array, a: Array) -> Array:
        return np.asarray(a * target.sum(axis=-1, keepdims=True) - target)

    def formula(self, target: str, z: str, a: str, outputs: int, log_sum: str = "") -> str:
        if not log_sum:
            raise ValueError(f"{self.name} needs the expression of log Σ e^z")
        return f"{target}*({log_sum}-{z})"

    def delta_formula(self, target: str, a: str, outputs: int, target_sum: str = "") -> str:
        if not target_sum and outputs > 1:
            raise ValueError(f"{self.name} needs the expression of the targets' sum")
        return f"({a}*{target_sum or target}-{target})"

    def notation(self, target: str, z: str, a: str, outputs: int) -> str:
        return f"−{target}·ln {a} = {target}·(m + ln S − {z})"

    def delta_notation(self, target: str, z: str, a: str, outputs: int) -> str:
        return f"({a}·Σt − {target})"


LOSSES: dict[str, Loss] = {
    each.name: each
    for each in (HalfSquaredError(), MeanSquaredError(), BinaryCrossEntropy(), CrossEntropy())
}


def _over(outputs: int) -> str:
    """Return what divides by the number of outputs in a formula, nothing where there is one."""
    return "" if outputs == 1 else f"/{outputs}"


def _share(outputs: int) -> str:
    """Return the factor 1/n of a mean, nothing where there is one output."""
    return "" if outputs == 1 else f"(1/{outputs})·"
