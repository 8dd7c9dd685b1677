"""Optimisers: each class holds the NumPy form, the cell form and the textbook form of an update.

All are those of torch.optim, with its defaults; only momentum, which is 0 in PyTorch, is 0.9 here.
To add one, write a class and list it in OPTIMIZERS.

LibreOffice has an error if a power is below 1e-307, but not if a product is. So squares are
products in cells, and exponents are limited to where the power still matters.
"""

# The base class says what each method does and what its arguments are.
# ruff: noqa: ARG002, D102

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.network.schedules import COUNT, Numbers, Ranges, Texts, completed

State = tuple[Array, ...]


class Optimizer(ABC):
    """An update w ← w - η · direction; its state is handed in and out.

    `defaults` are the hyper-parameters in the order in which to show them. `states` names what
    it remembers of each weight, all of it 0 before the first update. Weight decay λ adds λ w to
    the gradient; decoupled weight decay subtracts η λ w from the weight instead. Without a
    "weight_decay" among the hyper-parameters h there is none.

    A formula's arguments are addresses of cells or expressions in parentheses, so that they can
    be factors of a product or the base of a power; h holds absolute addresses.
    """

    name: ClassVar[str]
    defaults: ClassVar[Numbers]
    states: ClassVar[tuple[str, ...]] = ()
    decoupled: ClassVar[bool] = False
    template: ClassVar[str]
    """The update by the decayed gradient {g}, whose square is {squared}; {w} is the weight and
    {start} what the step is subtracted from."""

    def new_state(self, g: Array, state: State, h: Numbers) -> State:
        """Return the state after an update, given that before it; g is the decayed gradient."""
        return state

    @abstractmethod
    def direction(self, g: Array, state: State, update: int, h: Numbers) -> Array:
        """Return the direction, given the new state; updates count from 1."""

    def new_state_formulas(self, g: str, former: Texts, h: Texts) -> dict[str, str]:
        """Return the expression of each state after an update, given those before it."""
        return {}

    @abstractmethod
    def direction_formula(self, g: str, state: Texts, update: str, h: Texts) -> str:
        """Return the expression of the direction, as factors of a product."""

    def rule(self, weight: str, gradient: str, decays: bool | None = None) -> str:
        """Return the update as a textbook writes it: η is the learning rate, λ the weight decay.

        `decays` tells whether there is a weight decay; None means the default. t counts the
        updates that were made before, as a schedule's does.
        """
        decays = self.defaults["weight_decay"] > 0 if decays is None else decays
        if not decays or self.decoupled:
            start = f"{weight} − η·λ·{weight}" if decays else weight
            return self._rule(weight, start, gradient)
        return f"g = {gradient} + λ·{weight};  {self._rule(weight, weight, 'g')}"

    def _rule(self, weight: str, start: str, g: str) -> str:
        squared = f"{g}²" if len(g) == 1 else f"({g})²"
        return self.template.format(w=weight, start=start, g=g, squared=squared)

    def step(
        self,
        weight: Array,
        gradient: Array,
        state: State,
        learning_rate: float | Array,
        update: int,
        h: Numbers,
    ) -> tuple[Array, State]:
        """Return the new weight and the new state; all arrays have the shape of the weight.

        Only the rates can have another, such as (trainings, 1) with weights (trainings, weights).

        Updates count from 1.
        """
        decay = h.get("weight_decay", 0.0)
        start = weight * (1.0 - learning_rate * decay) if self.decoupled else weight
        g = gradient if self.decoupled else gradient + decay * weight
        new_state = self.new_state(g, state, h)
        return start - learning_rate * self.direction(g, new_state, update, h), new_state

    def state_formulas(
        self, weight: str, gradient: str, former: Texts, update: str, h: Texts
    ) -> dict[str, str]:
        """Return the expression of each state's new value, from the weight before the update.

        `former` has the expressions of the old values, which are "0" before the first update.
        """
        return self.new_state_formulas(self._decayed_gradient(weight, gradient, h), former, h)

    def weight_formula(
        self, weight: str, gradient: str, state: Texts, learning_rate: str, update: str, h: Texts
    ) -> str:
        """Return the expression of the new weight, from the old weight and the new state."""
        g = self._decayed_gradient(weight, gradient, h)
        shrinks = self.decoupled and "weight_decay" in h
        start = f"{weight}*(1-{learning_rate}*{h['weight_decay']})" if shrinks else weight
        return f"{start}-{learning_rate}*{self.direction_formula(g, state, update, h)}"

    def _decayed_gradient(self, weight: str, gradient: str, h: Texts) -> str:
        if self.decoupled or "weight_decay" not in h:
            return gradient
        return f"({gradient}+{h['weight_decay']}*{weight})"


class SGD(Optimizer):
    """Gradient descent: the direction is the gradient itself.

    https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
    """

    name = "sgd"
    defaults: ClassVar[Numbers] = {"weight_decay": 0.0}
    template = "{w} ← {start} − η·{g}"

    def direction(self, g: Array, state: State, update: int, h: Numbers) -> Array:
        return g

    def direction_formula(self, g: str, state: Texts, update: str, h: Texts) -> str:
        return g

    def rule(self, weight: str, gradient: str, decays: bool | None = None) -> str:
        return self._rule(weight, weight, f"({gradient} + λ·{weight})" if decays else gradient)


class Momentum(Optimizer):
    """Heavy ball: the direction is the velocity, velocity ← μ velocity + g.

    Polyak, "Some methods of speeding up the convergence of iteration methods" (1964), with the
    learning rate outside the velocity and no dampening, as in
    https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
    """

    name = "momentum"
    defaults: ClassVar[Numbers] = {"momentum": 0.9, "weight_decay": 0.0}
    states = ("velocity",)
    template = "velocity ← μ·velocity + {g};  {w} ← {start} − η·velocity"

    def new_state(self, g: Array, state: State, h: Numbers) -> State:
        (velocity,) = state
        return (h["momentum"] * velocity + g,)

    def direction(self, g: Array, state: State, update: int, h: Numbers) -> Array:
        return state[0]

    def new_state_formulas(self, g: str, former: Texts, h: Texts) -> dict[str, str]:
        return {"velocity": f"{h['momentum']}*{former['velocity']}+{g}"}

    def direction_formula(self, g: str, state: Texts, update: str, h: Texts) -> str:
        return state["velocity"]


class Nesterov(Momentum):
    """Nesterov's momentum: the velocity of Momentum, and the direction g + μ velocity.

    Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in
    deep learning" (2013), in the form of PyTorch with nesterov=True:
    https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
    """

    name = "nesterov"
    template = "velocity ← μ·velocity + {g};  {w} ← {start} − η·({g} + μ·velocity)"

    def direction(self, g: Array, state: State, update: int, h: Numbers) -> Array:
        return g + h["momentum"] * state[0]

    def direction_formula(self, g: str, state: Texts, update: str, h: Texts) -> str:
        return f"({g}+{h['momentum']}*{state['velocity']})"


class Adagrad(Optimizer):
    """AdaGrad: s ← s + g², and the direction g / (√s + ε).

    Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic
    optimization" (2011), without a decay of the learning rate:
    https://docs.pytorch.org/docs/stable/generated/torch.optim.Adagrad.html
    """

    name = "adagrad"
    defaults: ClassVar[Numbers] = {"epsilon": 1e-10, "weight_decay": 0.0}
    states = ("sum of squares",)
    template = "s ← s + {squared};  {w} ← {start} − η·{g}/(√s + ε)"

    def new_state(self, g: Array, state: State, h: Numbers) -> State:
        return (state[0] + g**2,)

    def direction(self, g: Array, state: State, update: int, h: Numbers) -> Array:
        return g / (np.sqrt(state[0]) + h["epsilon"])

    def new_state_formulas(self, g: str, former: Texts, h: Texts) -> dict[str, str]:
        return {"sum of squares": f"{former['sum of squares']}+{g}*{g}"}

    def direction_formula(self, g: str, state: Texts, update: str, h: Texts) -> str:
        return f"{g}/(SQRT({state[self.states[0]]})+{h['epsilon']})"


class RMSprop(Adagrad):
    """RMSprop: s ← α s + (1 - α) g², and the direction g / (√s + ε) of AdaGrad.

    Tieleman and Hinton, "Neural networks for machine learning", lecture 6.5 (2012), with ε
    outside the root, not centred and without momentum:
    https://docs.pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
    """

    name = "rmsprop"
    defaults: ClassVar[Numbers] = {"alpha": 0.99, "epsilon": 1e-8, "weight_decay": 0.0}
    states = ("mean square",)
    template = "s ← α·s + (1 − α)·{squared};  {w} ← {start} − η·{g}/(√s + ε)"

    def new_state(self, g: Array, state: State, h: Numbers) -> State:
        return (h["alpha"] * state[0] + (1.0 - h["alpha"]) * g**2,)

    def new_state_formulas(self, g: str, former: Texts, h: Texts) -> dict[str, str]:
        alpha = h["alpha"]
        return {"mean square": f"{alpha}*{former['mean square']}+(1-{alpha})*{g}*{g}"}


class Adam(Optimizer):
    """Adam: running means m of g and v of g², both freed of their bias towards 0.

    Kingma and Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1:
    https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html
    """

    name = "adam"
    defaults: ClassVar[Numbers] = {
        "beta1": 0.9,
        "beta2": 0.999,
        "epsilon": 1e-8,
        "weight_decay": 0.0,
    }
    states = ("m", "v")
    template = (
        "m ← β₁·m + (1 − β₁)·{g};  v ← β₂·v + (1 − β₂)·{squared};  m̂ = m/(1 − β₁ᵗ⁺¹);  "
        f"v̂ = v/(1 − β₂ᵗ⁺¹)  ({COUNT});  {{w}} ← {{start}} − η·m̂/(√v̂ + ε)"
    )

    def new_state(self, g: Array, state: State, h: Numbers) -> State:
        m, v = state
        m = h["beta1"] * m + (1.0 - h["beta1"]) * g
        return m, h["beta2"] * v + (1.0 - h["beta2"]) * g**2

    def direction(self, g: Array, state: State, update: int, h: Numbers) -> Array:
        mean = state[0] / (1.0 - h["beta1"] ** update)
        square = state[1] / (1.0 - h["beta2"] ** update)
        return mean / (np.sqrt(square) + h["epsilon"])

    def new_state_formulas(self, g: str, former: Texts, h: Texts) -> dict[str, str]:
        return {
            "m": f"{h['beta1']}*{former['m']}+(1-{h['beta1']})*{g}",
            "v": f"{h['beta2']}*{former['v']}+(1-{h['beta2']})*{g}*{g}",
        }

    def direction_formula(self, g: str, state: Texts, update: str, h: Texts) -> str:
        mean = f"{state['m']}/(1-{_power(h['beta1'], update)})"
        square = f"{state['v']}/(1-{_power(h['beta2'], update)})"
        return f"{mean}/(SQRT({square})+{h['epsilon']})"


class AdamW(Adam):
    """Adam with decoupled weight decay: the weight shrinks by η λ w, and g is left as it is.

    Loshchilov and Hutter, "Decoupled weight decay regularization" (2019), algorithm 2:
    https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html
    """

    name = "adamw"
    defaults: ClassVar[Numbers] = {**Adam.defaults, "weight_decay": 0.01}
    decoupled = True


OPTIMIZERS: dict[str, Optimizer] = {
    each.name: each
    for each in (SGD(), Momentum(), Nesterov(), Adagrad(), RMSprop(), Adam(), AdamW())
}

_BELOW_ONE = (lambda number: 0 <= number < 1, "a number from 0 to below 1")
RANGES: Ranges = {
    "momentum": _BELOW_ONE,
    "beta1": _BELOW_ONE,
    "beta2": _BELOW_ONE,
    "alpha": _BELOW_ONE,
    "epsilon": (lambda number: number > 0, "a number above 0"),
    "weight_decay": (lambda number: number >= 0, "a number of at least 0"),
}


def _power(beta: str, update: str) -> str:
    """Return the expression of βᵗ, with an exponent of 37 / (1 - β) at most.

    There βᵗ ≤ e⁻³⁷ < 2⁻⁵³, as ln β ≤ β - 1, so that 1 - βᵗ is 1 to the last digit.
    """
    return f"{beta}^MIN({update},37/(1-{beta}))"


def hyperparameters(name: str, given: Numbers) -> dict[str, float]:
    """Return the defaults of an optimiser with the given hyper-parameters in their place.

    Raises KeyError for an unknown optimiser, and ValueError for a hyper-parameter that it does
    not have or whose value is out of range.
    """
    return completed(OPTIMIZERS[name].defaults, given, RANGES, f"the optimiser {name}")
