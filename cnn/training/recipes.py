"""Recipes of the built-in networks: hyper-parameters, learning rate schedule, augmentation."""

import json
import math
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal, Self, get_args

import torch
from torch.nn import functional

from sheetgen.errors import InputError

Schedule = Literal["constant", "triangular"]

WARM_UP = 0.2
"""The fraction of all steps in which the triangular schedule rises."""


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
        _require_from_zero("rotation", self.rotation)
        _require_from_zero("scale", self.scale, below=1)
        _require_from_zero("shift", self.shift)

    def __bool__(self) -> bool:
        """Return whether images are changed at all."""
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
    """Decay per step of the moving average of the weights, which is tested and saved; 0: none."""
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
        for name in ("momentum", "label_smoothing", "ema_decay"):
            _require_from_zero(name, getattr(self, name), below=1)
        _require_from_zero("weight_decay", self.weight_decay)
        if self.schedule not in get_args(Schedule):
            known = " or ".join(get_args(Schedule))
            raise InputError(f"schedule is {shown(self.schedule)}; expected {known}")
        if not isinstance(self.nesterov, bool):
            raise InputError(f"nesterov is {shown(self.nesterov)}; expected true or false")
        if self.nesterov and not self.momentum:
            raise InputError("nesterov is true but momentum is 0; expected a momentum above 0")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return the recipe from its fields. Raises `TypeError` or `KeyError` for other values."""
        return cls(**values | {"augmentation": Augmentation(**values["augmentation"])})


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


def _require_from_zero(name: str, value: object, below: float = math.inf) -> None:
    require_number(name, value)
    assert isinstance(value, int | float)
    if not 0 <= value < below:
        expected = f"{name} >= 0" if below == math.inf else f"0 <= {name} < {below:g}"
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

RECIPES: dict[str, Recipe] = {
    "era-v1": Recipe(epochs=19, learning_rate=0.08),
    "era-v2": Recipe(epochs=18, learning_rate=0.01),
    "fast": replace(OURS, epochs=6, batch_size=64, augmentation=LIGHT),
    "best": replace(OURS, learning_rate=0.2),
    "tiny": replace(OURS, augmentation=LIGHT),
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


def random_affine(
    count: int, side: int, augmentation: Augmentation, generator: torch.Generator
) -> torch.Tensor:
    """Draw an affine map for each of `count` images of `side` pixels, independently.

    Returns (count, 2, 3): from positions on the new image to positions on the old one, in
    `affine_grid`'s units, in which an image extends from -1 to 1.
    """
    angle, zoom, *shifts = torch.rand(4, count, generator=generator) * 2 - 1
    angle = angle * math.radians(augmentation.rotation)
    scale = 1 + zoom * augmentation.scale
    cosine, sine = torch.cos(angle) / scale, torch.sin(angle) / scale
    right, down = (shift * augmentation.shift * 2 / side for shift in shifts)
    rows = [cosine, -sine, right, sine, cosine, down]
    return torch.stack(rows, dim=1).view(count, 2, 3)


def apply_affine(images: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
    """Return the square images (N, 1, S, S), each transformed by its map, with bilinear sampling.

    Pixels from outside the image are 0, the background of images not yet normalised.
    """
    side = images.shape[-1]
    # functional.affine_grid does the same with one product per image and is five times as slow.
    positions = maps.reshape(-1, 3) @ _pixel_centres(side, images.device)
    grid = positions.view(-1, 2, side, side).permute(0, 2, 3, 1)
    return functional.grid_sample(images, grid, mode="bilinear", align_corners=False)


@cache
def _pixel_centres(side: int, device: torch.device) -> torch.Tensor:
    """Return x, y and 1 of every pixel's centre, (3, side²), in `affine_grid`'s units."""
    centres = (torch.arange(side, device=device) * 2 + 1) / side - 1
    x, y = centres.expand(side, side), centres[:, None].expand(side, side)
    return torch.stack([x, y, torch.ones_like(x)]).view(3, -1)
