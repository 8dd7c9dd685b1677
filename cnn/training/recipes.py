"""How each built-in network is trained: its hyper-parameters, and the learning rate's course."""

import json
import math
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Self, get_args

from sheetgen.errors import InputError

Schedule = Literal["constant", "triangular"]

WARM_UP = 0.2
"""The part of all steps in which the triangular schedule rises."""


@dataclass(frozen=True)
class Augmentation:
    """The largest random changes of a training image; all 0 means none."""

    rotation: float = 0.0
    """Degrees, either way."""
    scale: float = 0.0
    """A fraction of the size, larger or smaller."""
    shift: float = 0.0
    """Pixels, along each axis and either way."""

    def __post_init__(self) -> None:
        for name in ("rotation", "scale", "shift"):
            require_number(name, getattr(self, name))
            if getattr(self, name) < 0 or (name == "scale" and self.scale >= 1):
                expected = "0 <= scale < 1" if name == "scale" else f"{name} >= 0"
                raise InputError(f"{name} is {getattr(self, name)}; expected {expected}")

    def __bool__(self) -> bool:
        """Tell whether anything is changed at all."""
        return any((self.rotation, self.scale, self.shift))


@dataclass(frozen=True)
class Recipe:
    """The hyper-parameters of a training with SGD.

    Raises `InputError` for a number outside its range.
    """

    epochs: int
    learning_rate: float
    """The peak of the schedule."""
    batch_size: int = 128
    """Images a step, over all processes together."""
    schedule: Schedule = "constant"
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 0.0
    """On the weights of convolutions and linear layers, not on biases and BatchNorm."""
    label_smoothing: float = 0.0
    ema_decay: float = 0.0
    """Per step, of the moving average of the weights that is tested and kept; 0 means none."""
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        require_whole("epochs", self.epochs, 1)
        require_whole("batch size", self.batch_size, 1)
        if not isinstance(self.learning_rate, float):
            require_number("the learning rate", self.learning_rate)
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise InputError(
                f"the learning rate is {self.learning_rate:g}; expected a positive number"
            )
        for name in ("momentum", "label_smoothing", "ema_decay", "weight_decay"):
            require_number(name, getattr(self, name))
        for name in ("momentum", "label_smoothing", "ema_decay"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}; expected 0 <= {name} < 1")
        if self.weight_decay < 0:
            raise InputError(f"weight_decay is {self.weight_decay}; expected weight_decay >= 0")
        if self.schedule not in get_args(Schedule):
            known = " or ".join(get_args(Schedule))
            raise InputError(f"schedule is {shown(self.schedule)}; expected {known}")
        if not isinstance(self.nesterov, bool):
            raise InputError(f"nesterov is {shown(self.nesterov)}; expected true or false")
        if self.nesterov and not self.momentum:
            raise InputError("nesterov is true but momentum is 0; expected a momentum above 0")

    def as_dict(self) -> dict[str, Any]:
        """Return the hyper-parameters as JSON can hold them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return the recipe that `as_dict` described.

        Raises `TypeError` or `KeyError` for anything else.
        """
        return cls(**values | {"augmentation": Augmentation(**values["augmentation"])})


LARGEST = 10**9
"""Of any count: what is larger would not fit what PyTorch counts with."""


def require_whole(name: str, value: object, least: int, most: int = LARGEST) -> None:
    """Raise `InputError` unless a value is a whole number from `least` to `most`."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise InputError(f"{name} is {shown(value)}; expected a whole number")
    if value < least:
        raise InputError(f"{name} is {value}; expected at least {least}")
    if value > most:
        raise InputError(f"{name} is {shown(value)}; expected at most {most}")


def require_number(name: str, value: object) -> None:
    """Raise `InputError` unless a value is a finite number that a float can hold."""
    try:
        finite = type(value) in (int, float) and math.isfinite(float(str(value)))
    except ValueError:  # a whole number of thousands of digits
        finite = False
    if not finite:
        raise InputError(f"{name} is {shown(value)}; expected a number")


def shown(value: object) -> str:
    """Return a value as JSON writes it, cut to 50 characters."""
    try:
        return json.dumps(value)[:50]
    except (TypeError, ValueError):
        return type(value).__name__


OURS = Recipe(
    epochs=19,
    learning_rate=0.1,
    schedule="triangular",
    nesterov=True,
    weight_decay=5e-4,
    label_smoothing=0.05,
    augmentation=Augmentation(rotation=10, scale=0.1, shift=2),
)

LIGHT = Augmentation(rotation=8, scale=0.08, shift=1.5)
"""For few epochs or few parameters, which have less need to be kept from over-fitting."""

RECIPES: dict[str, Recipe] = {
    "era-v1": Recipe(epochs=19, learning_rate=0.08),
    "era-v2": Recipe(epochs=18, learning_rate=0.01),
    "fast": replace(OURS, epochs=6, batch_size=64, augmentation=LIGHT),
    "best": replace(OURS, learning_rate=0.2),
    "tiny": replace(OURS, augmentation=LIGHT),
}


def rate_factor(schedule: Schedule, step: int, steps: int) -> float:
    """Return the learning rate of a step, from 0 on, as a part of the peak.

    The triangular schedule is read at the middle of each step, so that no step has rate 0.
    """
    if schedule == "constant":
        return 1.0
    progress = (step + 0.5) / steps
    return min(progress / WARM_UP, (1 - progress) / (1 - WARM_UP))
