"""Recipes of the built-in networks: hyper-parameters, learning rate schedule, augmentation.

Needs no torch. What a field is for is said beside its type, for the options of `cnn train`.
"""

import json
import math
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, Self, get_args

from sheetgen.errors import InputError

Schedule = Literal["constant", "triangular"]
Optimizer = Literal["sgd", "adam", "adamw"]

WARM_UP = 0.2
"""The fraction of all steps in which the triangular schedule rises."""

EASY = 0.9
"""The part of the images, those of the smallest losses, of which an epoch may leave some out."""


@dataclass(frozen=True)
class Augmentation:
    """The largest random changes of a training image; all 0 means none."""

    rotation: Annotated[float, "Rotate training images by up to X degrees, either way."] = 0.0
    scale: Annotated[float, "Scale them by up to this fraction, larger or smaller."] = 0.0
    shift: Annotated[float, "Shift them by up to X pixels, along each axis and either way."] = 0.0
    plain_epochs: Annotated[
        int, "Leave them as they are in the last N epochs, unless the rate is constant."
    ] = 0

    def __post_init__(self) -> None:
        _require_from_zero("rotation", self.rotation, below=360)
        _require_from_zero("scale", self.scale, below=1)
        _require_from_zero("shift", self.shift)
        require_whole("plain_epochs", self.plain_epochs, 0)

    def __bool__(self) -> bool:
        """Return whether images are changed at all."""
        return any((self.rotation, self.scale, self.shift))


@dataclass(frozen=True)
class Distillation:
    """What a network learns from trained ones beside the labels; no teachers means nothing."""

    teachers: Annotated[
        tuple[str, ...], "The folder of a finished run whose network teaches; may be repeated."
    ] = ()
    distillation_weight: Annotated[
        float, "The part of the objective that is the teachers', up to 1; labels have the rest."
    ] = 0.0
    temperature: Annotated[
        float, "What logits are divided by, the teachers' and its own, to soften probabilities."
    ] = 1.0

    def __post_init__(self) -> None:
        are_names = isinstance(self.teachers, tuple)
        if not are_names or not all(type(name) is str and name for name in self.teachers):
            raise InputError(f"teachers is {shown(self.teachers)}; expected folders of runs")
        _require_from_zero("distillation_weight", self.distillation_weight, most=1)
        _require_from_zero("temperature", self.temperature)
        if not self.temperature:
            raise InputError("temperature is 0; expected a positive number")
        if bool(self.teachers) != bool(self.distillation_weight):
            raise InputError(
                f"distillation_weight is {self.distillation_weight:g} and teachers is "
                f"{shown(self.teachers)}; expected both or neither"
            )


@dataclass(frozen=True)
class Recipe:
    """The hyper-parameters of a training.

    Raises `InputError` for a number outside its range.
    """

    epochs: Annotated[int, "The number of epochs."]
    learning_rate: Annotated[float, "The peak of its schedule."]
    batch_size: Annotated[int, "Images a step, over all processes together."] = 128
    schedule: Annotated[
        Schedule, "How the learning rate changes; a run at a constant one can go on after its end."
    ] = "constant"
    momentum: Annotated[float, "Of SGD; beta 1 of Adam."] = 0.9
    nesterov: Annotated[bool, "Nesterov's momentum, with SGD only."] = False
    weight_decay: Annotated[float, "Of weights, not of biases and BatchNorm."] = 0.0
    label_smoothing: Annotated[float, "The part of the target that all classes share."] = 0.0
    ema_decay: Annotated[
        float, "Per step, of a moving average of the weights, which is tested and saved; 0: none."
    ] = 0.0
    augmentation: Augmentation = field(default_factory=Augmentation)
    optimizer: Annotated[Optimizer, "What makes the steps."] = "sgd"
    pruned: Annotated[
        float, "Leave out this part of the images in all epochs but the first: easy ones."
    ] = 0.0
    distillation: Distillation = field(default_factory=Distillation)

    def __post_init__(self) -> None:
        require_whole("epochs", self.epochs, 1)
        require_whole("batch size", self.batch_size, 1)
        if not isinstance(self.learning_rate, float):
            require_number("the learning rate", self.learning_rate)
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise InputError(
                f"the learning rate is {self.learning_rate:g}; expected a positive number"
            )
        for name in ("momentum", "label_smoothing", "ema_decay"):
            _require_from_zero(name, getattr(self, name), below=1)
        _require_from_zero("weight_decay", self.weight_decay)
        _require_from_zero("pruned", self.pruned, below=EASY)
        for name, words in (("schedule", get_args(Schedule)), ("optimizer", get_args(Optimizer))):
            if getattr(self, name) not in words:
                known = " or ".join([", ".join(words[:-1]), words[-1]])
                raise InputError(f"{name} is {shown(getattr(self, name))}; expected {known}")
        if not isinstance(self.nesterov, bool):
            raise InputError(f"nesterov is {shown(self.nesterov)}; expected true or false")
        if self.nesterov and self.optimizer != "sgd":
            found = f"nesterov is true but optimizer is {self.optimizer}"
            raise InputError(f"{found}; expected sgd, or --no-nesterov")
        if self.nesterov and not self.momentum:
            raise InputError("nesterov is true but momentum is 0; expected a momentum above 0")

    @property
    def plain_epochs(self) -> int:
        """How many epochs at the end leave the images as they are.

        At a constant rate it is none: more epochs may follow, and the first must not change.
        """
        return 0 if self.schedule == "constant" else self.augmentation.plain_epochs

    def augmentation_of(self, epoch: int) -> Augmentation:
        """Return how the images of an epoch, counted from 1, are changed."""
        is_plain = epoch > self.epochs - self.plain_epochs
        return Augmentation() if is_plain else self.augmentation

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return the recipe from its fields; those of earlier versions lack a distillation.

        Raises `TypeError`, `ValueError` or `KeyError` for other values.
        """
        if not isinstance(values, dict):
            raise TypeError("a recipe is a dictionary")
        learned = dict(values.get("distillation", {}))
        if isinstance(learned.get("teachers"), list):
            learned["teachers"] = tuple(learned["teachers"])
        parts = {
            "augmentation": Augmentation(**values["augmentation"]),
            "distillation": Distillation(**learned),
        }
        return cls(**values | parts)


LARGEST = 10**9
"""The largest count allowed; PyTorch cannot hold much larger ones."""


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


def _require_from_zero(
    name: str, value: object, below: float = math.inf, most: float = math.inf
) -> None:
    require_number(name, value)
    assert isinstance(value, int | float)
    if not (0 <= value < below and value <= most):
        limits = f" < {below:g}" * (below < math.inf) + f" <= {most:g}" * (most < math.inf)
        expected = f"0 <= {name}{limits}" if limits else f"{name} >= 0"
        raise InputError(f"{name} is {value}; expected {expected}")


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
"""For few epochs or few parameters, which over-fit less."""

HALF = Augmentation(rotation=5, scale=0.05, shift=1, plain_epochs=1)
"""For the fewest steps."""

SMALL = replace(OURS, batch_size=64, augmentation=replace(LIGHT, plain_epochs=2))
"""For few parameters."""

RECIPES: dict[str, Recipe] = {
    "era-v1": Recipe(epochs=19, learning_rate=0.08),
    "era-v2": Recipe(epochs=18, learning_rate=0.01),
    "fast": replace(OURS, epochs=6, batch_size=64, augmentation=LIGHT),
    "sprint": replace(
        OURS, epochs=7, batch_size=256, learning_rate=0.9, augmentation=HALF, pruned=0.5
    ),
    "best": replace(
        OURS, learning_rate=0.2, augmentation=replace(OURS.augmentation, plain_epochs=2)
    ),
    "tiny": SMALL,
    "nano": SMALL,
}

OWN = Recipe(epochs=6, learning_rate=0.05, schedule="triangular", nesterov=True, weight_decay=5e-4)
"""For a network of the user's own, of which nothing is known."""


def recipe_of(model: str) -> Recipe:
    """Return the recipe of a built-in network, or for any other the common one."""
    return RECIPES.get(model, OWN)


def rate_factor(schedule: Schedule, step: int, steps: int) -> float:
    """Return the learning rate of a step, counted from 0, as a fraction of the peak.

    The triangular schedule is evaluated at the middle of each step, so that no step has rate 0.
    """
    if schedule == "constant":
        return 1.0
    progress = (step + 0.5) / steps
    return min(progress / WARM_UP, (1 - progress) / (1 - WARM_UP))
