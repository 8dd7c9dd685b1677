"""Layers that keep the picture: convolutions, whose units share a few weights, and pools.

Both read planes (channels, rows, columns) and put out planes, flat: row by row, channel by
channel. A convolution is what PyTorch calls one (torch.nn.Conv2d), a cross-correlation:
z[o, r, c] = b[o] + Σ k[o, i, y, x] · a[i, r·stride + y − padding, c·stride + x − padding],
with a = 0 outside of the picture. Its way back is that of Dumoulin and Visin, "A guide to
convolution arithmetic for deep learning" (2016): each weight's gradient is a sum over positions.
"""

# A pool has no use for weights.
# ruff: noqa: ARG002

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from sheetgen.network.activation import Activation, Array
from sheetgen.network.activations import ACTIVATIONS
from sheetgen.network.layer import AnyLayer, Gradients, Matrix, Term


class Planes(NamedTuple):
    """The shape of a picture: channels, rows, columns."""

    channels: int
    rows: int
    columns: int

    @property
    def size(self) -> int:
        """How many values there are."""
        return self.channels * self.rows * self.columns

    def place(self, channel: int, row: int, column: int) -> int:
        """Return the place of a value among all."""
        return (channel * self.rows + row) * self.columns + column

    @property
    def places(self) -> tuple[str, ...]:
        """Where each value is, from 1: channel_row_column, or row_column of a single channel."""
        found = product(*(range(1, each + 1) for each in self))
        return tuple(
            f"{row}_{column}" if self.channels == 1 else f"{channel}_{row}_{column}"
            for channel, row, column in found
        )


@dataclass(frozen=True, kw_only=True)
class Windowed(AnyLayer):
    """A layer whose units each look at one window of the planes that it reads."""

    planes: Planes
    """The planes that it reads."""
    window: tuple[int, int]
    """Rows and columns of the window."""
    stride: tuple[int, int] = (1, 1)
    """By how much it moves down and across."""
    padding: tuple[int, int] = (0, 0)
    """Rows of zeros above and below the picture, columns of zeros left and right of it."""

    @property
    def fan_in(self) -> int:
        """Number of values that the layer reads."""
        return self.planes.size

    @property
    def sources(self) -> tuple[str, ...]:
        """Where each value is that the layer reads."""
        return self.planes.places

    @cached_property
    def shape(self) -> Planes:
        """The planes that it puts out."""
        sizes = zip(self.planes[1:], self.padding, self.window, self.stride, strict=True)
        rows, columns = ((long + 2 * edge - side) // step + 1 for long, edge, side, step in sizes)
        return Planes(self.maps, rows, columns)

    @property
    def maps(self) -> int:
        """Number of channels that it puts out."""
        return self.planes.channels

    @property
    def units(self) -> int:
        """Number of values that it puts out."""
        return self.shape.size

    @property
    def places(self) -> tuple[str, ...]:
        """Where each unit is: channel_row_column, or row_column of a single channel."""
        return self.shape.places

    def check(self, number: int, fan_in: int) -> None:
        """Raise ValueError unless the layer reads `fan_in` values and its window fits."""
        super().check(number, fan_in)
        if min(self.shape) < 1 or min(self.window) < 1:
            raise ValueError(f"the window of layer {number} is larger than what it looks at")
        if any(edge >= side for edge, side in zip(self.padding, self.window, strict=True)):
            raise ValueError(f"the padding of layer {number} is not smaller than its window")

    def seen(self, unit: int) -> list[tuple[int, int, int, int]]:
        """Return what a unit's window covers: window's row, column, and the picture's.

        The zeros of the padding are left out.
        """
        columns = self.shape.columns
        row, column = divmod(unit % (self.shape.rows * columns), columns)
        top, left = self.corner(row, column)
        every = product(range(self.window[0]), range(self.window[1]))
        return [
            (y, x, top + y, left + x)
            for y, x in every
            if 0 <= top + y < self.planes.rows and 0 <= left + x < self.planes.columns
        ]

    def corner(self, row: int, column: int) -> tuple[int, int]:
        """Return where the window of a unit begins, which may be in the padding."""
        (down, across), (above, before) = self.stride, self.padding
        return row * down - above, column * across - before

    @cached_property
    def _covered(self) -> NDArray[np.intp]:
        """Which values each window covers (channels, window, units of a map).

        Rows and columns are one axis; a zero of the padding is one behind the last value.
        """
        values = np.arange(self.planes.size).reshape(self.planes)
        around = [(0, 0), *((edge, edge) for edge in self.padding)]
        padded = np.pad(values, around, constant_values=self.planes.size)
        windows = sliding_window_view(padded, self.window, axis=(-2, -1))
        found = windows[:, :: self.stride[0], :: self.stride[1]]
        return np.moveaxis(found, (-2, -1), (1, 2)).reshape(
            self.planes.channels, self.window[0] * self.window[1], -1
        )

    def _windows(self, a: Array) -> Array:
        """Return the windows (…, channels, window, units of a map), rows and columns one axis."""
        if any(self.padding):
            a = np.concatenate([a, np.zeros((*a.shape[:-1], 1))], axis=-1)
        return a.take(self._covered, axis=-1)

    def _put_back(self, windows: Array) -> Array:
        """Add up values (…, channels, window, units of a map) where they were read."""
        windows = windows.reshape(*windows.shape[:-2], *self.window, *self.shape[1:])
        channels, rows, columns = self.planes
        (above, before), (down, across) = self.padding, self.stride
        around = channels, rows + 2 * above, columns + 2 * before
        total = np.zeros((*windows.shape[:-5], *around))
        for y, x in product(range(self.window[0]), range(self.window[1])):
            bottom, right = y + down * self.shape.rows, x + across * self.shape.columns
            total[..., y:bottom:down, x:right:across] += windows[..., y, x, :, :]
        inner = total[..., above : above + rows, before : before + columns]
        return inner.reshape(*inner.shape[:-3], -1)


@dataclass(frozen=True, kw_only=True)
class Convolution(Windowed):
    """A convolution: weights[map][channel, window row, window column, flat] and biases[map]."""

    weights: Matrix
    activation: Activation = ACTIVATIONS["identity"]
    biases: tuple[float, ...] | None = None
    train_biases: bool = True

    @property
    def maps(self) -> int:
        """Number of maps that it puts out, one for each kernel."""
        return len(self.weights)

    def with_activation(self, activation: Activation) -> "Convolution":
        """Return the layer with another activation."""
        return replace(self, activation=activation)

    def with_numbers(self, weights: Matrix, biases: tuple[float, ...] | None) -> "Convolution":
        """Return the layer with other kernels and biases."""
        return replace(self, weights=weights, biases=biases)

    @property
    def title(self) -> str:
        """What the layer is called."""
        return "convolution"

    @property
    def kernel_places(self) -> tuple[tuple[str, ...], ...]:
        """Of each kernel: map, channel, row and column, of which the first two if several."""
        within = Planes(self.planes.channels, *self.window).places
        if self.maps == 1:
            return (within,)
        return tuple(
            tuple(f"{number}_{place}" for place in within) for number in range(1, self.maps + 1)
        )

    def check(self, number: int, fan_in: int) -> None:
        """Raise ValueError unless the layer reads `fan_in` values and its kernels fit."""
        super().check(number, fan_in)
        needed = self.planes.channels * self.window[0] * self.window[1]
        if len(self.weights[0]) != needed:
            raise ValueError(f"every kernel of layer {number} needs {needed} weights")

    def terms(self, unit: int) -> Sequence[Term]:
        """Return a product for each value under the kernel."""
        rows, columns = self.window
        return [
            Term(
                self.bias_row(unit),
                (channel * rows + y) * columns + x,
                self.planes.place(channel, row, column),
            )
            for channel in range(self.planes.channels)
            for y, x, row, column in self.seen(unit)
        ]

    def bias_row(self, unit: int) -> int:
        """Return that of the unit's map."""
        return unit // (self.shape.rows * self.shape.columns)

    def pre_activations(self, weights: Array, biases: Array, a: Array) -> Array:
        """Multiply every kernel by every window, and add the map's bias."""
        z = weights @ self._under_kernel(a) + biases[..., None]
        return np.asarray(z.reshape(*z.shape[:-2], -1))

    def gradients(self, a: Array, delta: Array) -> Gradients:
        """Sum δ · window, and δ, over the positions."""
        maps = self._maps(delta)
        return Gradients(maps @ np.swapaxes(self._under_kernel(a), -1, -2), maps.sum(axis=-1))

    def carried_back(self, weights: Array, a: Array, delta: Array) -> Array:
        """Send δ · kernel back to every window."""
        back = np.swapaxes(weights, -1, -2) @ self._maps(delta)
        window = self.planes.channels, self.window[0] * self.window[1]
        return self._put_back(back.reshape(*back.shape[:-2], *window, -1))

    def _maps(self, units: Array) -> Array:
        """Return the units map by map (…, maps, units of a map)."""
        return units.reshape(*units.shape[:-1], self.maps, -1)

    def _under_kernel(self, a: Array) -> Array:
        """Return what a kernel is multiplied by (…, weights of a kernel, units of a map)."""
        windows = self._windows(a)
        return windows.reshape(*windows.shape[:-3], -1, windows.shape[-1])


@dataclass(frozen=True, kw_only=True)
class Pool(Windowed):
    """A pool: the largest of each window, or the mean. It has no weights and no padding.

    Of several that are the largest the first one, row by row, gets the gradient, as in PyTorch.
    """

    letter: ClassVar[str] = "p"
    kind: Literal["max", "average"]
    weights: Matrix = field(default=(), init=False)
    activation: Activation = field(default=ACTIVATIONS["identity"], init=False)
    biases: tuple[float, ...] | None = field(default=None, init=False)
    train_biases: bool = field(default=False, init=False)

    @property
    def title(self) -> str:
        """What the layer is called."""
        return f"{self.kind} pool"

    def with_activation(self, activation: Activation) -> "Pool":
        """Return the same: it has none."""
        return self

    def with_numbers(self, weights: Matrix, biases: tuple[float, ...] | None) -> "Pool":
        """Return the same: it has none."""
        return self

    def terms(self, unit: int) -> Sequence[Term]:
        """There are none."""
        return []

    def bias_row(self, unit: int) -> int:
        """Return the unit's channel."""
        return unit // (self.shape.rows * self.shape.columns)

    def pooled(self, unit: int) -> list[int]:
        """Return the places of the values in a unit's window."""
        channel = self.bias_row(unit)
        return [self.planes.place(channel, row, column) for *_, row, column in self.seen(unit)]

    def pre_activations(self, weights: Array, biases: Array, a: Array) -> Array:
        """Return the largest, or the mean, of each window."""
        windows = self._windows(a)
        values = windows.max(axis=-2) if self.kind == "max" else windows.mean(axis=-2)
        return np.asarray(values.reshape(*a.shape[:-1], -1))

    def gradients(self, a: Array, delta: Array) -> Gradients:
        """Return none of each sample: there are no weights."""
        nothing = np.zeros((*delta.shape[:-1], 0))
        return Gradients(nothing[..., None], nothing)

    def carried_back(self, weights: Array, a: Array, delta: Array) -> Array:
        """Send δ back to the largest of each window, or to all in equal parts."""
        maps = delta.reshape(*delta.shape[:-1], self.maps, 1, -1)
        window = np.arange(self.window[0] * self.window[1])[:, None]
        if self.kind == "average":
            return self._put_back(maps * np.full(window.shape, 1 / len(window)))
        first = self._windows(a).argmax(axis=-2)[..., None, :]
        return self._put_back(maps * (window == first))
