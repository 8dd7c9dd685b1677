"""Defines how a table's parameters change: at once or after a batch, and by which optimiser.

Sources: D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1;
I. Loshchilov and F. Hutter, "Decoupled weight decay regularization" (2019), algorithm 2; J. Duchi,
E. Hazan and Y. Singer, "Adaptive subgradient methods" (2011); B. T. Polyak (1964) and I. Sutskever
et al. (2013) for momentum; G. Hinton's lecture 6.5 (2012) for RMSprop.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sheetgen.check.formula.expressions import Call, Expression, Number, Operation, Symbol
from sheetgen.check.formula.expressions import replace as exchanged
from sheetgen.check.tables.headers import BATCH_ROW, BATCH_SIZE, ITERATION, UPDATE, is_parameter

STATES = {
    "sgd": (),
    "momentum": ("velocity",),
    "nesterov": ("velocity",),
    "adagrad": ("sum of squares",),
    "rmsprop": ("mean square",),
    "adam": ("m", "v"),
}
"""Optimiser → what it remembers of each parameter, all of it 0 at first."""
SETTINGS = {
    "sgd": (),
    "momentum": ("momentum",),
    "nesterov": ("momentum",),
    "adagrad": ("epsilon",),
    "rmsprop": ("alpha", "epsilon"),
    "adam": ("beta1", "beta2", "epsilon"),
}
"""Optimiser → its hyper-parameters."""
DECAY = "weight decay"


@dataclass(frozen=True, slots=True)
class Steps:
    """How training goes from row to row.

    In batches, the columns Σ∂E/∂w add up the gradients, and the weights change after the last row.
    `decay` is "" or says what a weight decay is added to: "gradient" or "weight". `settings` are
    the hyper-parameters' values.
    """

    batches: bool = False
    is_mean: bool = True
    optimizer: str = "sgd"
    decay: str = ""
    settings: tuple[tuple[str, float], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The hyper-parameters that this optimiser has."""
        return (*SETTINGS[self.optimizer], *([DECAY] if self.decay else []))

    def definitions(self, parameter: str) -> Iterator[tuple[str, Expression]]:
        """Yield each column that leads to a parameter's next value, and its definition."""
        weight, gradient = Symbol(parameter), self._gradient(parameter)
        if self.batches:
            total = f"Σ∂E/∂{parameter}"
            before = _if(Symbol(BATCH_ROW), Number(1), Number(0), Symbol(total, -1))
            yield total, before + Symbol(f"∂E/∂{parameter}")
        for state in STATES[self.optimizer]:
            name = f"{state} {parameter}"
            new = self._state(state, Symbol(name, -1), gradient)
            if self.batches:
                new = _if(Symbol(BATCH_ROW), Symbol(BATCH_SIZE), new, Symbol(name, -1))
            yield name, new
        start: Expression = weight
        if self.decay == "weight":
            start = weight * (1 - Symbol("η") * Symbol(DECAY))
        step = Symbol("η") * self._direction(parameter, gradient)
        updated = _earlier(start - step)
        if self.batches:
            updated = _if(Symbol(BATCH_ROW), Number(1), updated, Symbol(parameter, -1))
        yield parameter, updated

    def direction(self, parameter: str) -> Expression:
        """Return what η is multiplied by in the update to a row; 0 within a batch."""
        whole = _earlier(self._direction(parameter, self._gradient(parameter)))
        return _if(Symbol(BATCH_ROW), Number(1), whole, Number(0)) if self.batches else whole

    def _gradient(self, parameter: str) -> Expression:
        """Return the gradient of an update, over the row after which it is made."""
        gradient: Expression = Symbol(f"∂E/∂{parameter}")
        if self.batches:
            gradient = Symbol(f"Σ∂E/∂{parameter}")
            gradient = gradient / Symbol(BATCH_SIZE) if self.is_mean else gradient
        if self.decay == "gradient":
            gradient = gradient + Symbol(DECAY) * Symbol(parameter)
        return gradient

    def _state(self, state: str, former: Expression, gradient: Expression) -> Expression:
        """Return a state after an update."""
        match state:
            case "velocity":
                return Symbol("momentum") * former + gradient
            case "sum of squares":
                return former + gradient * gradient
            case "m":
                return Symbol("beta1") * former + (1 - Symbol("beta1")) * gradient
        kept = Symbol("alpha" if state == "mean square" else "beta2")
        return kept * former + (1 - kept) * (gradient * gradient)

    def _direction(self, parameter: str, gradient: Expression) -> Expression:
        """Return what the learning rate is multiplied by."""
        states = [Symbol(f"{one} {parameter}") for one in STATES[self.optimizer]]
        match self.optimizer:
            case "sgd":
                return gradient
            case "momentum":
                return states[0]
            case "nesterov":
                return gradient + Symbol("momentum") * states[0]
            case "adam":
                made = Symbol(UPDATE if self.batches else ITERATION)
                mean, square = (
                    state / (1 - Symbol(kept) ** (made + 1))
                    for state, kept in zip(states, ("beta1", "beta2"), strict=True)
                )
                return mean / (Call("SQRT", (square,)) + Symbol("epsilon"))
        return gradient / (Call("SQRT", (states[0],)) + Symbol("epsilon"))


AT_ONCE = Steps()
"""Gradient descent after each row."""
_EVERY_STATE = {state for states in STATES.values() for state in states}


def is_state(symbol: str) -> bool:
    """Return whether a symbol is what an optimiser remembers of a parameter."""
    return symbol.rpartition(" ")[0] in _EVERY_STATE


def is_carried(symbol: str) -> bool:
    """Return whether a symbol's value comes from the row before: a parameter, a sum or a state."""
    return is_parameter(symbol) or symbol.startswith("Σ∂") or is_state(symbol)


def _earlier(expression: Expression) -> Expression:
    """Return an expression over the row before; η and settings are the same in every row."""
    constant = {"η", DECAY, *(name for names in SETTINGS.values() for name in names)}

    def change(part: Expression) -> Expression | None:
        """Return a symbol of the row before, None for all else."""
        if not isinstance(part, Symbol) or part.name in constant:
            return None
        return Symbol(part.name, part.offset - 1)

    return exchanged(expression, change)


def _if(left: Expression, right: Expression, yes: Expression, no: Expression) -> Expression:
    return Call("IF", (Operation("=", left, right), yes, no))
