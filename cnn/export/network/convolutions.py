"""Reads convolutions, and folds a BatchNorm that follows one into its weights."""

from dataclasses import replace

import numpy as np
from torch import nn

from cnn.export.network.modules import MisfitError, numbers, pair, refuse_options
from cnn.export.network.stages import Array, Border, Convolution, ScaleAndShift, Shape


def convolution(module: nn.Conv2d, shape: Shape) -> Convolution:
    """Return a Conv2d; dilation and groups become zeros in its kernels. Page torch.nn.Conv2d.

    Raises MisfitError where it does not fit maps of the shape.
    """
    refuse_options(module, {"padding_mode": ("zeros",)})
    if shape.flat or module.in_channels != shape.channels:
        raise MisfitError(f"it takes in {module.in_channels} channels; here are {shape}")
    kernels = _dilated(_ungrouped(numbers(module.weight), module.groups), pair(module.dilation))
    height, width = kernels.shape[2:]
    border = _border(module, height, width)
    stride = pair(module.stride)
    output = Shape(
        len(kernels),
        (shape.height + border.top + border.bottom - height) // stride[0] + 1,
        (shape.width + border.left + border.right - width) // stride[1] + 1,
    )
    if min(output.height, output.width) < 1:
        raise MisfitError(f"its kernel is larger than maps of {shape} with their padding")
    biases = None if module.bias is None else numbers(module.bias)
    return Convolution(output, kernels, biases, stride, border)


def _ungrouped(weight: Array, groups: int) -> Array:
    """Return kernels over all channels, those of other groups being zeros."""
    outputs, inputs, height, width = weight.shape
    kernels = np.zeros((outputs, inputs * groups, height, width))
    for output in range(outputs):
        first = output // (outputs // groups) * inputs
        kernels[output, first : first + inputs] = weight[output]
    return kernels


def _dilated(kernels: Array, steps: tuple[int, int]) -> Array:
    """Return kernels with zeros between their rows and columns."""
    outputs, inputs, height, width = kernels.shape
    spread = np.zeros((outputs, inputs, (height - 1) * steps[0] + 1, (width - 1) * steps[1] + 1))
    spread[:, :, :: steps[0], :: steps[1]] = kernels
    return spread


def _border(module: nn.Conv2d, height: int, width: int) -> Border:
    """Return the padding of each side; "same" puts an odd one at the bottom and the right."""
    if module.padding == "valid":
        return Border()
    if module.padding == "same":
        top, left = (height - 1) // 2, (width - 1) // 2
        return Border(top, height - 1 - top, left, width - 1 - left)
    vertical, horizontal = pair(module.padding)
    return Border(vertical, vertical, horizontal, horizontal)


def folded(stage: Convolution, norm: ScaleAndShift) -> Convolution:
    """Return the convolution whose result is the BatchNorm's, (k ∗ x + b) · scale + shift.

    Jacob et al., "Quantization and training of neural networks for efficient integer-arithmetic-
    only inference" (2018), section 3.2. The padding, zeros before the convolution, is not touched.
    """
    biases = 0.0 if stage.biases is None else stage.biases
    return replace(
        stage,
        kernels=stage.kernels * norm.scale[:, None, None, None],
        biases=biases * norm.scale + norm.shift,
    )
