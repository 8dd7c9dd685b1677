"""Makes convolutions and pools of PyTorch's modules, which are known by their names.

https://docs.pytorch.org/docs/stable/nn.html#convolution-layers and, below it, pooling layers
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sheetgen.errors import InputError
from sheetgen.network.planes import Convolution, Planes, Pool
from sheetgen.network.torch_modules import require_settings, weights_and_biases

ONE = (1, (1, 1))
NONE = (0, (0, 0))
WINDOWED: Mapping[str, Mapping[str, tuple[object, ...]]] = {
    "Conv2d": {"groups": (1,), "dilation": ONE, "padding_mode": ("zeros",)},
    "MaxPool2d": {
        "padding": NONE, "dilation": ONE, "ceil_mode": (False,), "return_indices": (False,)
    },
    "AvgPool2d": {"padding": NONE, "ceil_mode": (False,), "divisor_override": (None,)},
}  # fmt: skip
"""The modules, with the settings that they may have."""


def planes_of(input_shape: Sequence[int]) -> Planes | None:
    """Return the planes of one example, None if it is a row of numbers or not said.

    Raises InputError for a shape of another length.
    """
    sides = tuple(input_shape)
    if len(sides) in (0, 1):
        return None
    if len(sides) != 3 or any(type(side) is not int or side < 1 for side in sides):
        raise InputError(f"input_shape: found {sides}; expected (channels, rows, columns)")
    return Planes(*sides)


def windowed_layer(
    module: Any,  # noqa: ANN401 - a module of torch
    read: Planes | None,
    path: str,
) -> Convolution | Pool:
    """Return the layer of a Conv2d or of a pool that reads such planes.

    Raises InputError, naming `path`, for settings that have no counterpart.
    """
    kind = type(module).__name__
    if read is None:
        expected = "input_shape=(channels, rows, columns) for a model that begins with it"
        raise InputError(f"{path}: found {kind} without planes to read; expected {expected}")
    require_settings(module, WINDOWED[kind], path)
    window: dict[str, Any] = {
        "planes": read,
        "window": _pair(module.kernel_size),
        "stride": _pair(module.stride),
    }
    if kind != "Conv2d":
        layer: Convolution | Pool = Pool(kind="max" if kind == "MaxPool2d" else "average", **window)
    else:
        if module.in_channels != read.channels:
            raise InputError(
                f"{path}: found a Conv2d of {module.in_channels} channels; "
                f"expected {read.channels}, what it reads"
            )
        if isinstance(module.padding, str):
            raise InputError(f"{path}: found padding {module.padding!r}; expected a number")
        weights, biases, are_trained = weights_and_biases(module, path)
        layer = Convolution(
            weights=weights, biases=biases, train_biases=are_trained,
            padding=_pair(module.padding), **window,
        )  # fmt: skip
    if min(layer.shape) < 1:
        raise InputError(f"{path}: found a {kind} whose window is larger than what it reads")
    if any(edge >= side for edge, side in zip(layer.padding, layer.window, strict=True)):
        raise InputError(f"{path}: found a {kind} whose padding is not smaller than its window")
    return layer


def _pair(found: Any) -> tuple[int, int]:  # noqa: ANN401 - a number or two
    return (found, found) if isinstance(found, int) else (found[0], found[1])
