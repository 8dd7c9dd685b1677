"""Reads torch's activation functions: those of sheetgen, and two forms that it has not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from cnn.export.network.modules import refuse_options
from cnn.export.network.stages import Activate, Shape
from sheetgen.network.activations import ELU, GELU, LeakyReLU, ReLU, Sigmoid, Tanh


@dataclass(frozen=True)
class Softplus:
    """ln(1 + e^(βz)) / β, and z itself where βz is above a threshold. Page torch.nn.Softplus."""

    beta: float = 1.0
    threshold: float = 20.0
    name = "softplus"

    @property
    def definition(self) -> str:
        """The function, in textbook notation."""
        return "softplus(x) = ln(1 + e^(βx)) / β, and x where βx is large"

    def formula(self, z: str) -> str:
        """Return the spreadsheet expression, in which no exponential passes 1."""
        scaled = z if self.beta == 1 else f"{z}*{_number(self.beta)}"
        curve = f"(MAX({scaled},0)+LN(1+EXP(-ABS({scaled}))))"
        curve = curve if self.beta == 1 else f"{curve}/{_number(self.beta)}"
        return f"IF({scaled}>{_number(self.threshold)},{z},{curve})"


@dataclass(frozen=True)
class ExactGELU:
    """z Φ(z), with Φ the normal distribution. Page torch.nn.GELU, approximate="none".

    Hendrycks and Gimpel, "Gaussian error linear units (GELUs)" (2016).
    """

    name = "gelu"

    @property
    def definition(self) -> str:
        """The function, in textbook notation."""
        return "GELU(x) = x · Φ(x)"

    def formula(self, z: str) -> str:
        """Return the spreadsheet expression."""
        return f"{z}*NORMSDIST({z})"


def _number(value: float) -> str:
    """Return a number as a formula writes it."""
    return repr(float(value)).removesuffix(".0").upper()


def _gelu(module: nn.GELU, shape: Shape) -> Activate:
    refuse_options(module, {"approximate": ("none", "tanh")})
    return Activate(shape, GELU() if module.approximate == "tanh" else ExactGELU())


READERS: dict[type[nn.Module], Callable[[Any, Shape], Activate]] = {
    nn.ReLU: lambda _, shape: Activate(shape, ReLU()),
    nn.Sigmoid: lambda _, shape: Activate(shape, Sigmoid()),
    nn.Tanh: lambda _, shape: Activate(shape, Tanh()),
    nn.LeakyReLU: lambda module, shape: Activate(shape, LeakyReLU(float(module.negative_slope))),
    nn.ELU: lambda module, shape: Activate(shape, ELU(float(module.alpha))),
    nn.Softplus: lambda module, shape: Activate(
        shape, Softplus(float(module.beta), float(module.threshold))
    ),
    nn.GELU: _gelu,
}
