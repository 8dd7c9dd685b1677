"""Describes a trained network as stages, with shapes and parameters but without torch.

Each torch module becomes a stage: an operation with all the numbers that it needs. Numbers
are float64. Maps are (channels, height, width); the units of a fully connected layer are channels
of one pixel, and Flatten only changes how a shape is read (`Shape.flat`), not where values are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from sheetgen.network.activations import Array


@dataclass(frozen=True)
class Shape:
    """The shape of one image's activations.

    `flat` maps have passed a Flatten: torch sees one axis, channel by channel.
    """

    channels: int
    height: int = 1
    width: int = 1
    flat: bool = False

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

    def index(self, channel: int, row: int, column: int) -> int:
        """Return the index of an activation among all, in torch's order."""
        return (channel * self.height + row) * self.width + column

    def __str__(self) -> str:
        if self.flat:
            return f"{self.size}"
        return f"{self.channels} × {self.height} × {self.width}"


@dataclass(frozen=True)
class Border:
    """Zeros around a map, in pixels."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0


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

    Without a normalisation (`normalized` False) x is the value itself.
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

    @property
    def output(self) -> Shape:
        """The shape of its activations."""
        return self.stages[-1].output

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
    if isinstance(stage, Convolution):
        return stage.kernels.size + (0 if stage.biases is None else stage.biases.size)
    return stage.scale.size + stage.shift.size if isinstance(stage, ScaleAndShift) else 0


@dataclass(frozen=True, eq=False)
class Network:
    """A network as layers, a sheet each; the first is the input."""

    layers: tuple[Layer, ...]
    probabilities: Layer | None
    """The layer that holds the classes' probabilities, where the network tells classes apart."""
    unfolded: tuple[str, ...] = ()
    """Names of the layers whose BatchNorm was to be folded into a convolution but could not be."""

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
