"""Prints the layer table of a network: shapes, parameters and receptive fields.

The table follows torchsummary's layout, with a receptive-field column added.
"""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from cnn.models import IMAGE_SHAPE, parameter_count

ROW_TYPES = (nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d, nn.Dropout, nn.Linear)
"""Layers that have a row, as have others with parameters.

Activations, global pooling and reshaping have none.
"""


@dataclass(frozen=True)
class ReceptiveField:
    """The input pixels that a unit of a feature map sees, along one side of square windows.

    After Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural
    Networks", Distill 2019, https://doi.org/10.23915/distill.00021.
    """

    size: int = 1
    """Pixels a side, including the padding around the image."""
    jump: int = 1
    """Input pixels between the windows of neighbouring units."""
    start: int = 0
    """First pixel of the first unit's window; negative if that is in the padding."""
    end: int = sys.maxsize
    """One more than the last pixel that any unit sees; a stride may leave some out."""

    def after(self, kernel: int, stride: int, padding: int, units: int) -> "ReceptiveField":
        """Return the field after one more layer, whose map is this number of units wide.

        The layer's three lengths are in units of the map before it.
        """
        size, jump = self.size + (kernel - 1) * self.jump, self.jump * stride
        start = self.start - padding * self.jump
        end = min(self.end, start + (units - 1) * jump + size)
        return ReceptiveField(size, jump, start, end)

    def window(self, unit: int, side: int) -> tuple[int, int]:
        """Return the first and last pixel that a unit sees in an image `side` pixels wide."""
        first = self.start + unit * self.jump
        return max(first, 0), min(first + self.size, side, self.end) - 1


@dataclass(frozen=True)
class Row:
    """One layer of the table; `shape` is that of its output for one image, without the batch."""

    layer: str
    shape: tuple[int, ...]
    parameters: int
    field: ReceptiveField | None
    """None where it is not known."""

    def sees_all(self, side: int) -> bool:
        """Return whether the map's middle unit sees an image of `side` pixels from edge to edge."""
        if self.field is None:
            return False
        middle = max(self.shape[1:]) // 2 if len(self.shape) == 3 else 0
        return self.field.window(middle, side) == (0, side - 1)


@dataclass(frozen=True)
class Summary:
    """The layer table of one network and its parameter totals; `side` is the image's longer one."""

    rows: tuple[Row, ...]
    total: int
    trainable: int
    side: int

    def __str__(self) -> str:
        """Return the table as text; its first 64 columns are torchsummary's."""
        heading = _line("Layer (type)", "Output Shape", "Param #", "Receptive field")
        rows = [
            _line(
                row.layer,
                str([-1, *row.shape]),
                f"{row.parameters:,}",
                str(row.field.size) if row.field else "?",
            )
            for row in self.rows
        ]
        totals = [f"Total params: {self.total:,}", f"Trainable params: {self.trainable:,}"]
        rule = "=" * 82
        return "\n".join(["-" * 82, heading, rule, *rows, rule, *totals, "", self._note()])

    def _note(self) -> str:
        note = "Receptive field: input pixels a side, padding included."
        first = next((row.layer for row in self.rows if row.sees_all(self.side)), None)
        if any(row.field is None for row in self.rows):
            note += "\n?: not known where layers do not just run one after another."
        if first is None:
            return note
        return f"{note}\nFrom {first} on, the unit in the middle of the map sees the whole image."


def _line(layer: str, shape: str, parameters: str, field: str) -> str:
    return f"{layer:>20}  {shape:>25} {parameters:>15}  {field:>16}"


def _side(length: int | Sequence[int]) -> int:
    """Return the length of a square kernel, stride or padding.

    Raises `ValueError` if height and width differ.
    """
    lengths = {length} if isinstance(length, int) else set(length)
    if len(lengths) != 1:
        raise ValueError(f"the receptive field of a window that is not square: {length}")
    return lengths.pop()


def _field_after(
    field: ReceptiveField, module: nn.Module, before: torch.Size, after: torch.Size
) -> ReceptiveField:
    """Return the receptive field after `module`, which changed shape `before` to shape `after`.

    Raises `ValueError` for a layer whose receptive field is not known.
    """
    if isinstance(module, nn.Conv2d | nn.MaxPool2d):
        if isinstance(module.padding, str):
            raise ValueError(f"the receptive field of padding={module.padding!r}: give a number")
        kernel = _side(module.dilation) * (_side(module.kernel_size) - 1) + 1
        return field.after(kernel, _side(module.stride), _side(module.padding), after[-1])
    # After these, every unit depends on the whole map, a single window as wide as the map.
    whole_map = isinstance(module, nn.Flatten) or (
        isinstance(module, nn.AdaptiveAvgPool2d) and after[2:] == (1, 1)
    )
    if whole_map and len(before) == 4:
        return field.after(before[-1], before[-1], 0, 1)
    if before != after and not isinstance(module, nn.Linear):
        raise ValueError(f"the receptive field of a {type(module).__name__} layer is not known")
    return field


def _is_sequence(model: nn.Module) -> bool:
    """Return whether the layers run one after another, which only a Sequential says."""
    if not any(True for _ in model.children()):
        return type(model).__module__.startswith("torch.nn.")
    return type(model).forward is nn.Sequential.forward and all(map(_is_sequence, model.children()))


def _own_parameters(module: nn.Module) -> int:
    """Return the number of parameters that a module holds itself, not in modules inside it."""
    return sum(each.numel() for each in module.parameters(recurse=False))


def summarize(model: nn.Module, image_shape: tuple[int, int, int] = IMAGE_SHAPE) -> Summary:
    """Return the layer table of a network, in the order in which its layers run.

    Shapes are read by forward hooks on a zero batch (2, *image_shape); `image_shape` is
    (channels, height, width). Weights, BatchNorm's running statistics and the mode (training or
    evaluation) stay as they were.

    The receptive field is known in a Sequential, up to a window that is not square, a padding
    given as a word or a layer of another kind.
    """
    rows: list[Row] = []
    field = ReceptiveField() if _is_sequence(model) else None
    counted = set[nn.Module]()

    def record(module: nn.Module, inputs: tuple[Any, ...], output: object) -> None:
        """Add a layer's row when the layer has been called."""
        nonlocal field
        shape = output.shape if isinstance(output, torch.Tensor) else torch.Size()
        if field:
            try:
                field = _field_after(field, module, inputs[0].shape, shape)
            except ValueError:
                field = None
        own = _own_parameters(module)
        if isinstance(module, ROW_TYPES) or own:
            layer = f"{type(module).__name__}-{len(rows) + 1}"
            rows.append(Row(layer, tuple(shape[1:]), 0 if module in counted else own, field))
            counted.add(module)

    modes = {module: module.training for module in model.modules()}
    with ExitStack() as stack, torch.no_grad():
        for module, training in modes.items():
            stack.callback(setattr, module, "training", training)
            if not any(module.children()) or _own_parameters(module):
                stack.callback(module.register_forward_hook(record).remove)
        model.eval()
        model(torch.zeros(2, *image_shape))
    total, trainable = parameter_count(model), parameter_count(model, trainable_only=True)
    return Summary(tuple(rows), total, trainable, max(image_shape[1:]))
