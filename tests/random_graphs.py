"""Random networks with a forward of their own: branches, sums, concatenations, every operator."""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from hypothesis import strategies as st
from torch import Tensor, nn
from zoo_networks import made

LARGEST = 24
"""Numbers in a tensor."""
Shape = tuple[int, ...]


class Step(NamedTuple):
    """A call: its function of a module and of values, which are numbered from the input, 0."""

    name: str
    part: nn.Module
    function: Callable[..., Tensor]
    reads: tuple[int, ...]


class Graph(nn.Module):
    """A network of steps, which gives the values of its last two."""

    def __init__(self, steps: list[Step]) -> None:
        super().__init__()
        self.steps = [(step.function, step.reads) for step in steps]
        self.parts = nn.ModuleList(step.part for step in steps)

    def forward(self, x: Tensor) -> Tensor:
        values = [x]
        for part, (function, reads) in zip(self.parts, self.steps, strict=True):
            values.append(function(part, *(values[at] for at in reads)))
        return torch.cat([each.flatten(1) for each in values[-2:]], 1)


class Several(nn.Module):
    """Graphs of the same input side by side."""

    def __init__(self, graphs: list[Graph]) -> None:
        super().__init__()
        self.graphs = nn.ModuleList(graphs)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([graph(x) for graph in self.graphs], 1)


class Case(NamedTuple):
    """A network, the shape of its input, and the names of what it calls."""

    network: nn.Module
    shape: Shape
    names: tuple[str, ...]

    def __repr__(self) -> str:
        return f"{self.shape}: {', '.join(self.names)}"


ACTIVATIONS = (
    *("relu", "relu6", "hardtanh", "silu", "hardswish", "hardsigmoid", "mish", "selu", "elu"),
    *("celu", "logsigmoid", "softsign", "tanhshrink", "softshrink", "gelu", "softplus"),
    *("leaky_relu", "sigmoid", "tanh"),
)
PADDINGS = ("zeros", "reflect", "replicate", "circular")


class Drawing:
    """Draws one step on a value of a shape; methods named `row_…`, `line_…`, `map_…` are for those.

    Each returns a module and a function of it and the value; ValueError, or an error of torch,
    where it does not fit.
    """

    def __init__(self, draw: st.DrawFn, shape: Shape) -> None:
        self.draw, self.shape = draw, shape

    def one(self, *choices: Any) -> Any:
        return self.draw(st.sampled_from(choices))

    def number(self, least: int, most: int) -> int:
        return self.draw(st.integers(least, max(least, most)))

    def any_activation(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        function = getattr(F, self.one(*ACTIVATIONS))
        return nn.Identity(), lambda _, x: function(x)

    def any_function(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        function = self.one(
            lambda x: x.clamp(-0.4, 0.7).exp(),
            lambda x: (x * x + 0.1).sqrt(),
            lambda x: 1 / (1 + x.abs()),
            lambda x: x.atan() - x.sin(),
            lambda x: torch.where(x > 0, x, 0.3 * x),
            lambda x: torch.maximum(x, 0.5 - x),
            lambda x: (x.abs() + 0.5) ** 1.5,
            lambda x: (x.abs() + 0.5).log(),
            lambda x: x.clone().add_(1).mul_(0.5),
            lambda x: F.threshold(x, 0.1, 0.1),
        )
        return nn.Identity(), lambda _, x: function(x)

    def any_constant(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        part = nn.Module()
        part.register_buffer("held", torch.rand(self.shape[-1]) + 0.2)
        function = self.one(
            lambda held, x: x * held + held,
            lambda held, x: (held - x) / held,
            lambda held, x: torch.minimum(x, held),
            lambda held, x: x.masked_fill(held > 0.6, 0.25),
            lambda held, x: torch.cat([x, held.expand_as(x)], 1),
            lambda held, x: held / (1 + x.abs()),
        )
        return part, lambda part, x: function(part.held, x)

    def any_reduction(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        axis = self.number(1, len(self.shape))
        name = self.one("mean", "sum", "amax", "amin", "logsumexp")
        return nn.Identity(), lambda _, x: x - getattr(x, name)(axis, keepdim=True)

    def any_move(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        axis, side = self.number(1, len(self.shape)), self.shape[-1]
        function = self.one(
            lambda x: x.flip(axis),
            lambda x: x.roll(1, axis),
            lambda x: x[..., : (side + 1) // 2],
            lambda x: x[..., ::2],
            lambda x: torch.cat(x.chunk(2, axis)[::-1], axis),
            lambda x: torch.stack([x, -x], 1).flatten(1, 2),
            lambda x: x.repeat_interleave(2, axis),
            lambda x: F.pad(x, (1, 0), value=0.5),
            lambda x: x.cumsum(axis),
            lambda x: torch.index_select(x, axis, torch.tensor([0, 0])),
        )
        return nn.Identity(), lambda _, x: function(x)

    def any_softmax(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        axis, name = self.number(1, len(self.shape)), self.one("softmax", "log_softmax")
        return nn.Identity(), lambda _, x: getattr(F, name)(x, axis)

    def any_norm(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        count, side = self.shape[0], self.shape[-1]
        norms = [nn.LayerNorm(side), nn.RMSNorm(self.shape)]
        # Torch itself computes no group of one number for one example.
        norms += [nn.GroupNorm(1, count)] if count > 1 else []
        part = self.one(*norms)
        return part, lambda part, x: part(x)

    def any_shape(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        count = torch.Size(self.shape).numel()
        sides = self.one((count,), *((side, count // side) for side in (2, 3) if count % side == 0))
        return nn.Identity(), lambda _, x: x.reshape(len(x), *sides)

    def row_linear(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        return nn.Linear(self.shape[0], self.number(1, 5)), lambda part, x: part(x)

    def row_norm(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        return nn.BatchNorm1d(self.shape[0]), lambda part, x: part(x)

    def row_embedding(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        part = nn.Embedding(5, self.number(1, 3))
        return part, lambda part, x: part((2.7 * x).abs().clamp(max=4.5).long())

    def row_cell(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        part = self.one(nn.GRUCell, nn.RNNCell)(self.shape[0], 2)
        return part, lambda part, x: part(x, part(x))

    def line_linear(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        return nn.Linear(self.shape[1], self.number(1, 4)), lambda part, x: part(x)

    def line_recurrent(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        kind = self.one(nn.LSTM, nn.GRU, nn.RNN)
        options = {"bidirectional": self.one(True, False), "bias": self.one(True, False)}
        part = kind(self.shape[1], self.number(1, 3), batch_first=True, **options)
        return part, lambda part, x: part(x)[0]

    def line_attention(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        steps, size = self.shape
        if self.one(True, False):
            part = nn.MultiheadAttention(size, 1 + (size % 2 == 0), batch_first=True)
            hidden = torch.ones(steps, steps, dtype=torch.bool).triu(1)
            return part, lambda part, x: part(x, x, x, attn_mask=hidden, need_weights=False)[0]
        return nn.Identity(), lambda _, x: F.scaled_dot_product_attention(x, x, x, is_causal=True)

    def line_product(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        return nn.Identity(), lambda _, x: torch.tanh(x @ x.transpose(1, 2)) @ x

    def line_convolution(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        return self._convolution(nn.Conv1d)

    def map_convolution(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        return self._convolution(nn.Conv2d)

    def _convolution(self, kind: Any) -> tuple[nn.Module, Callable[..., Tensor]]:
        channels, kernel = self.shape[0], self.number(1, 3)
        groups = self.one(1, channels)
        options = {
            "stride": self.number(1, 2),
            "dilation": self.number(1, 2),
            "padding": self.number(0, 2),
            "padding_mode": self.one(*PADDINGS),
            "bias": self.one(True, False),
        }
        wide = channels if groups > 1 else self.number(1, 3)
        return kind(channels, wide, kernel, groups=groups, **options), lambda part, x: part(x)

    def line_transposed(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        return self._transposed(nn.ConvTranspose1d)

    def map_transposed(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        return self._transposed(nn.ConvTranspose2d)

    def _transposed(self, kind: Any) -> tuple[nn.Module, Callable[..., Tensor]]:
        stride = self.number(1, 2)
        options = stride, self.number(0, 1), self.number(0, stride - 1)
        part = kind(self.shape[0], self.number(1, 2), self.number(2, 3), *options)
        return part, lambda part, x: part(x)

    def line_pool(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        return self._pool(1)

    def map_pool(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        return self._pool(2)

    def _pool(self, sides: int) -> tuple[nn.Module, Callable[..., Tensor]]:
        kernel = self.number(1, 3)
        options = kernel, self.number(1, 2), self.number(0, kernel // 2)
        ceil, size = self.one(True, False), self.number(1, 3)
        part = self.one(
            getattr(nn, f"MaxPool{sides}d")(*options, ceil_mode=ceil),
            getattr(nn, f"AvgPool{sides}d")(*options, ceil, self.one(True, False)),
            getattr(nn, f"AdaptiveAvgPool{sides}d")(size),
            getattr(nn, f"AdaptiveMaxPool{sides}d")(size),
        )
        return part, lambda part, x: part(x)

    def line_norm(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        count, length = self.shape
        norms = [nn.InstanceNorm1d(count, affine=True)] if length > 1 else []
        part = self.one(nn.BatchNorm1d(count), *norms)
        return part, lambda part, x: part(x)

    def map_norm(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        count, height, width = self.shape
        norms = [nn.InstanceNorm2d(count)] if height * width > 1 else []
        part = self.one(nn.BatchNorm2d(count), nn.PReLU(count), *norms)
        return part, lambda part, x: part(x)

    def line_upsample(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        return self._upsample("nearest", "linear")

    def map_upsample(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        return self._upsample("nearest", "bilinear", "bicubic")

    def _upsample(self, *modes: str) -> tuple[nn.Module, Callable[..., Tensor]]:
        mode = self.one(*modes)
        options = {} if mode == "nearest" else {"align_corners": self.one(True, False)}
        part = nn.Upsample(scale_factor=self.one(1.5, 2), mode=mode, **options)
        return part, lambda part, x: part(x)

    def map_pad(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        kind = self.one(nn.ReflectionPad2d, nn.ReplicationPad2d, nn.CircularPad2d, nn.ZeroPad2d)
        return kind((1, 0, 0, 1)), lambda part, x: part(x)

    def map_axes(self) -> tuple[nn.Module, Callable[..., Tensor]]:
        function = self.one(
            lambda x: x.permute(0, 2, 3, 1),
            lambda x: x.mean((2, 3)),
            lambda x: x.amax((1, 2)),
            lambda x: x.flatten(2),
            lambda x: F.pixel_unshuffle(x[..., :2, :2], 2),
            lambda x: x * torch.sigmoid(x.mean((2, 3), keepdim=True)),
        )
        return nn.Identity(), lambda _, x: function(x)


KINDS = {1: "row_", 2: "line_", 3: "map_"}
METHODS = {
    sides: [
        name
        for name, _ in inspect.getmembers(Drawing, inspect.isfunction)
        if name.startswith(("any_", kind))
    ]
    for sides, kind in KINDS.items()
}


JOINS: list[Callable[[Tensor, Tensor], Tensor]] = [
    *(torch.add, torch.sub, torch.mul, torch.maximum),
    lambda x, y: x / (1 + y.abs()),
    lambda x, y: torch.cat([x, y], 1),
]


def joined(draw: st.DrawFn, shapes: list[Shape], at: int) -> tuple[Callable[..., Tensor], int]:
    """Return how two values of one shape are joined, and the other one."""
    other = draw(st.sampled_from([k for k, each in enumerate(shapes) if each == shapes[at]]))
    function = draw(st.sampled_from(JOINS))
    return lambda _, x, y: function(x, y), other


@st.composite
def graphs(draw: st.DrawFn, shape: Shape) -> tuple[Graph, list[str]]:
    """A graph of two to four steps, each on one of the values so far."""
    shapes, steps = [shape], list[Step]()
    for _ in range(draw(st.integers(2, 4))):
        at = draw(st.integers(max(0, len(shapes) - 3), len(shapes) - 1))
        if draw(st.booleans()) and draw(st.booleans()):
            function, other = joined(draw, shapes, at)
            step = Step("joined", nn.Identity(), function, (at, other))
        else:
            name = draw(st.sampled_from(METHODS[len(shapes[at])]))
            try:
                step = Step(name, *getattr(Drawing(draw, shapes[at]), name)(), (at,))
            except ValueError:
                continue
        try:
            inputs = [torch.zeros(2, *shapes[at]) for at in step.reads]
            found = step.function(step.part.eval(), *inputs).shape[1:]
        except (RuntimeError, ValueError):
            continue
        if 0 < found.numel() <= LARGEST and len(found) <= 3:
            shapes.append(tuple(found))
            steps.append(step)
    return Graph(steps), [step.name for step in steps]


@st.composite
def networks(draw: st.DrawFn, count: int = 5) -> Case:
    """Several graphs of one input, which is a row, a line or a map, with random weights."""
    seed = draw(st.integers(0, 999))
    side = st.integers(2, 4)
    shape = draw(st.one_of(st.tuples(side), st.tuples(side, side), st.tuples(side, side, side)))
    names: list[str] = []

    def network() -> nn.Module:
        drawn = [draw(graphs(shape)) for _ in range(count)]
        names.extend(name for _, called in drawn for name in called)
        return Several([graph for graph, _ in drawn])

    return Case(made(network, seed), shape, tuple(names))
