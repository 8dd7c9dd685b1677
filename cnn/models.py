"""The built-in networks, which classify 28×28 grey images."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

from torch import nn

from cnn.model_names import is_own
from cnn.own_model import build_own
from sheetgen.console.commands import suggestion
from sheetgen.errors import InputError

IMAGE_SHAPE = (1, 28, 28)
"""Channels, height and width in pixels of an input image."""

CLASSES = 10
WIDTH = 16
"""Channels of every convolution's output in `era-v1` and `era-v2`."""


def _convolution(number: int) -> nn.Conv2d:
    """Return the 3×3 convolution with this number, from 1; the first takes the image."""
    return nn.Conv2d(IMAGE_SHAPE[0] if number == 1 else WIDTH, WIDTH, kernel_size=3, padding=1)


def _classifier() -> list[nn.Module]:
    """Return the layers from feature maps (N, 16, H, W) to log-probabilities (N, 10)."""
    return [
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(WIDTH, CLASSES),
        nn.LogSoftmax(dim=1),
    ]


def era_v1() -> nn.Sequential:
    """Return `era-v1`: eight convolutions, each of the first seven → BatchNorm → ReLU → Dropout.

    Takes (N, 1, 28, 28), gives log-probabilities (N, 10); 16,794 parameters. Max-pooling after
    the 2nd, 4th and 6th convolution takes the maps from 28 to 14, 7 and 3 pixels a side.
    """
    layers: list[nn.Module] = []
    for number in range(1, 9):
        layers.append(_convolution(number))
        if number < 8:
            layers += [nn.BatchNorm2d(WIDTH), nn.ReLU(), nn.Dropout(0.1)]
        if number in (2, 4, 6):
            layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, *_classifier())


def era_v2() -> nn.Sequential:
    """Return `era-v2`: nine convolutions, each → ReLU → BatchNorm.

    Takes (N, 1, 28, 28), gives log-probabilities (N, 10); 19,178 parameters. Max-pooling and
    Dropout 0.2 after the 3rd and the 6th convolution (28 to 14 to 7 pixels a side), Dropout
    0.15 after the 9th.
    """
    layers: list[nn.Module] = []
    for number in range(1, 10):
        layers += [_convolution(number), nn.ReLU(), nn.BatchNorm2d(WIDTH)]
        if number in (3, 6):
            layers += [nn.MaxPool2d(2), nn.Dropout(0.2)]
    return nn.Sequential(*layers, nn.Dropout(0.15), *_classifier())


def _strided(
    early: Sequence[int],
    late: Sequence[int],
    padding: int = 2,
    last_window: int = 2,
    *,
    pool_first: bool = False,
) -> nn.Sequential:
    """Return a network that leaves the full resolution in its first layer.

    A 5×5 convolution with stride 2 (28 to 14 pixels a side, or to 12 with no padding) to
    `early[0]` channels; 3×3 convolutions to the other `early` channels; a max-pool (7 or 6
    pixels) and the `late` ones; a max-pool of that window to 3×3 maps, all of which a linear
    layer reads: unlike global average pooling it learns where on the image a feature is. After
    each convolution: BatchNorm → ReLU, behind which the max-pools are, or with `pool_first` in
    front, where they leave BatchNorm a quarter of the units. No convolution has a bias: BatchNorm
    subtracts the mean, and a bias with it.
    """
    stem = nn.Conv2d(IMAGE_SHAPE[0], early[0], kernel_size=5, stride=2, padding=padding, bias=False)
    convolutions = [stem] + [
        nn.Conv2d(inputs, outputs, kernel_size=3, padding=1, bias=False)
        for inputs, outputs in pairwise([*early, *late])
    ]
    windows = {len(early): 2, len(convolutions): last_window}
    layers: list[nn.Module] = []
    for number, convolution in enumerate(convolutions, start=1):
        normalised = [nn.BatchNorm2d(convolution.out_channels), nn.ReLU()]
        pools = [nn.MaxPool2d(windows[number], stride=2)] if number in windows else []
        following = [*pools, *normalised] if pool_first else [*normalised, *pools]
        layers += [convolution, *following]
    classifier = nn.Linear(late[-1] * 3 * 3, CLASSES)
    return nn.Sequential(*layers, nn.Flatten(), classifier, nn.LogSoftmax(dim=1))


def fast() -> nn.Sequential:
    """Return `fast`: a strided 5×5 stem and three 3×3 convolutions; 16,570 parameters.

    Takes (N, 1, 28, 28), gives log-probabilities (N, 10).
    """
    return _strided(early=[16, 16], late=[32, 24])


def sprint() -> nn.Sequential:
    """Return `sprint`: a strided 5×5 stem and two 3×3 convolutions; 17,274 parameters.

    Takes (N, 1, 28, 28), gives log-probabilities (N, 10). As in airbench
    (https://arxiv.org/abs/2404.00498) max-pools come before BatchNorm.
    """
    return _strided(early=[16], late=[32, 32], padding=0, pool_first=True)


def best() -> nn.Sequential:
    """Return `best`: `fast` with one more convolution of 16 channels; 18,906 parameters.

    Takes (N, 1, 28, 28), gives log-probabilities (N, 10).
    """
    return _strided(early=[16, 16, 16], late=[32, 24])


def tiny() -> nn.Sequential:
    """Return `tiny`: `best` with fewer channels, and windows that overlap in its last pool.

    Takes (N, 1, 28, 28), gives log-probabilities (N, 10); 7,802 parameters.
    """
    return _strided(early=[12, 12, 12], late=[16, 13], last_window=3)


def nano() -> nn.Sequential:
    """Return `nano`: `tiny` with fewer channels still.

    Takes (N, 1, 28, 28), gives log-probabilities (N, 10); 4,943 parameters.
    """
    return _strided(early=[9, 9, 9], late=[12, 11], last_window=3)


MODELS: dict[str, Callable[[], nn.Module]] = {
    "era-v1": era_v1,
    "era-v2": era_v2,
    "fast": fast,
    "sprint": sprint,
    "best": best,
    "tiny": tiny,
    "nano": nano,
}

EARLIER: dict[tuple[str, int], Callable[[], nn.Module]] = {
    ("tiny", 7_698): partial(_strided, early=[12, 12], late=[18, 16]),
}
"""The networks of version 0.1.0, by name and number of parameters: runs of it may be here."""

DESCRIPTIONS: dict[str, str] = {
    "era-v1": "8 convolutions, BatchNorm before ReLU, Dropout 0.1, three max-pools",
    "era-v2": "9 convolutions, BatchNorm after ReLU, Dropout 0.2 and 0.15, two max-pools",
    "fast": "4 convolutions, the first 5×5 with stride 2, for training within a minute",
    "sprint": "3 convolutions, the first 5×5 with stride 2, for training in seconds",
    "best": "5 convolutions, the first 5×5 with stride 2, the most accurate",
    "tiny": "5 narrower convolutions, the first 5×5 with stride 2, under 8,000 parameters",
    "nano": "5 convolutions, narrower still, the first 5×5 with stride 2, under 5,000 parameters",
}


def build_model(
    name: str,
    shape: tuple[int, int, int] = IMAGE_SHAPE,
    classes: int = CLASSES,
    parameters: int | None = None,
) -> nn.Module:
    """Return a new network with freshly drawn weights, in training mode.

    With as many parameters as that of an earlier version it is the network of that version.

    The name is that of a built-in network, or says where one of the user's own is, such as
    net.py:Net, which has to map (N, *shape) to (N, classes). Raises `InputError` if it does not,
    or, naming the nearest network, if there is none of that name.
    """
    if is_own(name):
        return build_own(name, shape, classes)
    if name not in MODELS:
        raise InputError(f'there is no model "{name}"; {suggestion(name, MODELS)}')
    if (shape, classes) != (IMAGE_SHAPE, CLASSES):
        found, wanted = ("×".join(map(str, sides)) for sides in (shape, IMAGE_SHAPE))
        raise InputError(
            f"{name} takes images of {wanted} and tells {CLASSES} classes apart, but the data has "
            f"images of {found} and {classes} classes; give a network of your own by --model "
            "file.py:Net"
        )
    return EARLIER.get((name, parameters or 0), MODELS[name])()


def parameter_count(model: nn.Module, *, trainable_only: bool = False) -> int:
    """Return the number of parameters, or with `trainable_only` of those that are not frozen."""
    return sum(
        parameter.numel()
        for parameter in model.parameters()
        if parameter.requires_grad or not trainable_only
    )
