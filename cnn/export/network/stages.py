"""Describes a trained network as stages, with shapes and parameters but without torch.

A torch module or call becomes a stage: an operation with all the numbers that it needs, float64.
Maps are (channels, height, width); the units of a fully connected layer are channels
of one pixel, and Flatten only changes how a shape is read (`Shape.flat`), not where values are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cnn.export.network.scaling import Scaling
from sheetgen.network.activations import Array

if TYPE_CHECKING:
    from torch import fx

Places = NDArray[np.int64]
"""Numbers of stages, or of values in them."""


@dataclass(frozen=True)
class Shape:
    """The shape of one image's activations.

    `flat` maps have passed a Flatten: torch sees one axis, channel by channel. Maps of one row
    that are a `line` have two axes in torch, channels and positions.
    """

    channels: int
    height: int = 1
    width: int = 1
    flat: bool = False
    line: bool = False

    @classmethod
    def of(cls, sides: Sequence[int]) -> "Shape":
        """Return the shape of a tensor with these sides, without the batch.

        Of more than three sides the first ones are seen as channels.
        """
        if len(sides) <= 1:
            return cls(sides[0] if sides else 1, flat=True)
        if len(sides) == 2:
            return cls(sides[0], 1, sides[1], line=True)
        *channels, height, width = sides
        return cls(int(np.prod(channels)), height, width)

    @property
    def size(self) -> int:
        """Number of activations."""
        return self.channels * self.height * self.width

    @property
    def pixels(self) -> int:
        """Pixels of one channel."""
        return self.height * self.width

    @property
    def sides(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        return self.channels, self.height, self.width

    @property
    def torch_sides(self) -> tuple[int, ...]:
        """The sides of the tensor that torch has, without the batch."""
        if self.flat:
            return (self.size,)
        return (self.channels, self.width) if self.line else self.sides

    @property
    def named_axis(self) -> int:
        """The axis of `sides` along which quantities are: features, signals or planes of colour.

        Of a table with two sides, (signals, times) or (times, signals), that is the shorter one.
        """
        return 2 if self.line and self.width < self.channels else 0

    def index(self, channel: int, row: int, column: int) -> int:
        """Return the index of an activation among all, in torch's order."""
        return (channel * self.height + row) * self.width + column

    def unit(self, index: int) -> tuple[int, int, int]:
        """Return channel, row and column of the activation with an index among all."""
        channel, pixel = divmod(index, self.pixels)
        return channel, *divmod(pixel, self.width)

    def __str__(self) -> str:
        if self.flat:
            return f"{self.size}"
        if self.line:
            return f"{self.channels} × {self.width}"
        return f"{self.channels} × {self.height} × {self.width}"


@dataclass(frozen=True)
class Border:
    """Zeros around a map, in pixels."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0

    def around(self, other: "Border") -> "Border":
        """Return the smallest border that holds both."""
        return Border(
            max(self.top, other.top),
            max(self.bottom, other.bottom),
            max(self.left, other.left),
            max(self.right, other.right),
        )


@dataclass(frozen=True, eq=False)
class View:
    """The places of the numbers that a stage takes in, each (channels, height, width).

    `sources` are the numbers of the stages or layers that hold them, `indices` their places there,
    in torch's order. A source of -1 is no stage: the number is a constant.
    """

    sources: Places
    indices: Places
    whole: int | None = None
    """The source, if these are all of its numbers, in their order."""
    constants: Array | None = None
    """The numbers of the source -1, elsewhere 0; None if they are all 0."""

    @classmethod
    def of_all(cls, source: int, shape: Shape) -> "View":
        """Return the view of all numbers of one source, as they are there."""
        indices = np.arange(shape.size).reshape(shape.sides)
        return cls(np.full(shape.sides, source), indices, source)

    def numbered(self, numbers: Sequence[int]) -> "View":
        """Return the view with other numbers of the sources: of source k that is `numbers[k]`."""
        sources = np.where(self.sources < 0, -1, np.asarray(numbers)[self.sources])
        whole = None if self.whole is None else numbers[self.whole]
        return View(sources, self.indices, whole, self.constants)


@dataclass(frozen=True, eq=False)
class Stage:
    """One operation; `output` is the shape of its result."""

    output: Shape
    stem = ""
    """The name of a sheet that begins with this stage. Four letters or more: `fc1` is a cell."""
    word = ""
    """The textbook name of what it does."""


@dataclass(frozen=True, eq=False)
class Input(Stage):
    """The input as the network takes it: x = (value / white - mean) / deviation of each cell.

    Without a normalisation (`normalized` False) x is the value itself, or what `scaling` makes of
    it, which has a pair of numbers for each quantity: see `Shape.named_axis`.
    """

    stem = "input"
    word = "input"
    normalized: bool = False
    white: float = 255.0
    mean: float = 0.0
    deviation: float = 1.0
    is_ink: bool = True
    """Whether large values are ink on paper, as in drawings."""
    classes: tuple[str, ...] = ()
    """The names of the classes that the network tells apart, unless they are numbers from 0."""
    scaling: Scaling | None = None


@dataclass(frozen=True, eq=False)
class Convolution(Stage):
    """Cross-correlation with kernels (out, in, height, width) and biases (out,) or none.

    Dilated and grouped convolutions have zeros in their kernels. See torch.nn.Conv2d.
    """

    stem = "conv"
    word = "convolution"
    kernels: Array = field(repr=False)
    biases: Array | None = field(repr=False)
    stride: tuple[int, int] = (1, 1)
    padding: Border = Border()


@dataclass(frozen=True, eq=False)
class Linear(Convolution):
    """A fully connected layer: a convolution with kernels as large as the map that it takes in.

    Its kernels are torch's weights (out, in), the second axis seen as the map it was flattened
    from. See torch.nn.Linear.
    """

    stem = "linear"
    word = "fully connected"


@dataclass(frozen=True, eq=False)
class ScaleAndShift(Stage):
    """A BatchNorm in evaluation mode: x · scale + shift, with one of each per parameter index.

    `scale` and `shift` are (channels,), or (size,) in torch's order for flat maps. See
    torch.nn.BatchNorm2d: scale = γ / √(σ² + ε), shift = β - μ · scale.
    """

    stem = "batchnorm"
    word = "BatchNorm"
    scale: Array = field(repr=False)
    shift: Array = field(repr=False)


@dataclass(frozen=True, eq=False)
class Activate(Stage):
    """An activation function of each number by itself."""

    formula: Callable[[str], str]
    """Returns the expression of f(z), given that of z."""
    value: Callable[[Array], Array]
    """Returns f(z) in NumPy, elementwise."""
    stem: str
    word: str

    @property
    def uses(self) -> int:
        """The number of times that the formula has its argument."""
        return self.formula("\0").count("\0")


@dataclass(frozen=True, eq=False)
class Pool(Stage):
    """The rows and columns of the input that each output pixel looks at, in every channel."""

    stem = "pool"
    rows: Sequence[range]
    columns: Sequence[range]


@dataclass(frozen=True, eq=False)
class MaxPool(Pool):
    """The largest number of each window; padding is not a number. See torch.nn.MaxPool2d."""

    word = "max-pool"


@dataclass(frozen=True, eq=False)
class AveragePool(Pool):
    """The sum of each window over a divisor (height, width). See torch.nn.AvgPool2d."""

    word = "average pool"
    divisors: Array = field(repr=False)


@dataclass(frozen=True, eq=False)
class Softmax(Stage):
    """Shares of a whole, over all units. See torch.nn.Softmax."""

    stem = "softmax"
    word = "softmax"


@dataclass(frozen=True, eq=False)
class LogSoftmax(Softmax):
    """The logarithms of softmax's shares. See torch.nn.LogSoftmax."""

    stem = "logsoftmax"
    word = "log-softmax"


@dataclass(frozen=True, eq=False)
class Layer:
    """What one sheet shows: a stage and, in the same formula, the pointwise ones behind it."""

    name: str
    """The sheet's name, such as `conv2`; its parameters are named `conv2_kernel_0` and so on."""
    base: Stage
    followers: tuple[Stage, ...]
    modules: tuple[str, ...]
    """Its torch modules, such as `3: Conv2d(16, 16, …)`."""
    index: int | None
    """The number of the last of these modules among all; None for what the export adds."""
    reads: tuple[View, ...] = field(default=(), repr=False)
    """What its first stage takes in, by the numbers of the network's layers; none for the input."""
    order: Places | None = field(default=None, repr=False)
    """The places on the maps of two examples of torch's numbers; None if that is torch's order."""

    @property
    def output(self) -> Shape:
        """The shape of its activations."""
        return self.stages[-1].output

    def ending(self, stage: Stage) -> "Layer":
        """Return the layer with another last stage."""
        if self.followers:
            return replace(self, followers=(*self.followers[:-1], stage))
        return replace(self, base=stage)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """All of its stages, in order."""
        return (self.base, *self.followers)

    @property
    def parameters(self) -> int:
        """Number of numbers on the sheet of the weights; zeros of a dilated kernel count."""
        return sum(map(_parameters, self.stages))

    def find(self, kind: type[Stage]) -> Stage | None:
        """Return its first stage of a kind, if it has one."""
        return next((stage for stage in self.stages if isinstance(stage, kind)), None)


def _parameters(stage: Stage) -> int:
    arrays = [value for value in vars(stage).values() if isinstance(value, np.ndarray)]
    return 0 if isinstance(stage, Pool) else sum(array.size for array in arrays)


@dataclass(frozen=True, eq=False)
class Network:
    """A network as layers, a sheet each; the first is the input."""

    layers: tuple[Layer, ...]
    probabilities: Layer | None
    """The layer that holds the classes' probabilities, where the network tells classes apart."""
    unfolded: tuple[str, ...] = ()
    """Names of the layers whose BatchNorm was to be folded into a convolution but could not be."""
    graph: "fx.GraphModule | None" = field(default=None, repr=False)
    """Torch's own forward, if the network was read by it and not module by module."""
    choices: Places | None = field(default=None, repr=False)
    """How many whole numbers from 0 each input may be (channels, height, width), 0 if it is any."""

    @property
    def input(self) -> Input:
        """The first layer's stage."""
        stage = self.layers[0].base
        assert isinstance(stage, Input)
        return stage

    def without_certainty(self) -> "Network":
        """Return the network without an added layer of probabilities in which one is always 1."""
        added = self.probabilities
        if added is None or added.index is not None or added.output.size > 1:
            return self
        return replace(self, layers=self.layers[:-1], probabilities=None)

    def layer(self, name: str) -> Layer:
        """Return a layer by its name; raises KeyError if there is none."""
        return {layer.name: layer for layer in self.layers}[name]
