"""A network changed to train faster on a CPU and compute the same."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import convert_conv2d_weight_memory_format

DROPOUT_LEVELS = 1 << 16
"""The number of values of a 16-bit number."""

Context = Any
"""What torch hands from a forward to its backward pass; any attribute may be set on it."""


def speed_up(model: nn.Module) -> nn.Module:
    """Return a network of ours that trains faster and computes the same to the last bit.

    Its layers keep their numbers, and so the state dict its names.
    """
    speed_up_dropout(model)
    if isinstance(model, nn.Sequential):
        join_relu_and_dropout(model)
        pool_before_relu(model)
    for module in model.modules():
        # Neither a convolution nor BatchNorm needs its output for the backward pass.
        if isinstance(module, nn.ReLU):
            module.inplace = True
    return convert_conv2d_weight_memory_format(model, torch.channels_last)


def speed_up_dropout(model: nn.Module) -> None:
    """Replace every `nn.Dropout` inside the network by a `MaskDropout` of the same probability."""
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if type(child) is nn.Dropout:
                setattr(module, name, MaskDropout(child.p))


def join_relu_and_dropout(model: nn.Sequential) -> None:
    """Replace every ReLU with a `MaskDropout` right after it by one module and an empty one."""
    for number, (layer, following) in enumerate(pairwise(list(model))):
        if type(layer) is nn.ReLU and type(following) is MaskDropout:
            model[number], model[number + 1] = ReluDropout(following.p), nn.Identity()


def pool_before_relu(model: nn.Sequential) -> None:
    """Swap every ReLU and a max-pool right after it, which leaves ReLU a quarter of the units.

    max(0, max(a, b)) = max(max(0, a), max(0, b)). The gradient goes to the largest unit if it is
    positive, and to none otherwise, in both orders.
    """
    for number, (layer, following) in enumerate(pairwise(list(model))):
        if type(layer) is nn.ReLU and type(following) is nn.MaxPool2d:
            model[number], model[number + 1] = following, layer


class MaskDropout(nn.Dropout):
    """`nn.Dropout` with masks drawn as 16-bit random numbers.

    On a CPU torch's own dropout makes a mask with `bernoulli_`, one 64-bit draw per unit; here a
    64-bit draw serves four units. The probability of dropping a unit is p rounded to a multiple
    of 2^-16, so within 8e-6 of p. The state dict is empty, like that of `nn.Dropout`.
    """

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Return the input with some units 0 and the others divided by 1 - p; unchanged in eval."""
        if not self._is_quick(input):
            return super().forward(input)
        last_dropped = self._dropped - 1 - DROPOUT_LEVELS // 2
        # Clamping whole numbers to the last that drops a unit and the next one leaves only these
        # two. It is several times as fast as a comparison, and float32 holds them exactly.
        mask = _random_numbers(input).clamp_(last_dropped, last_dropped + 1).sub_(last_dropped)
        return input * mask.mul_(DROPOUT_LEVELS / (DROPOUT_LEVELS - self._dropped))

    @property
    def _dropped(self) -> int:
        """How many of the equally likely random numbers drop a unit."""
        return round(self.p * DROPOUT_LEVELS)

    def _is_quick(self, input: torch.Tensor) -> bool:
        """Return whether this mask is to be drawn, and the other way to do it is slower."""
        quick = input.device.type == "cpu" and input.dtype in (torch.float32, torch.float64)
        return quick and self.training and 0 < self._dropped < DROPOUT_LEVELS


class ReluDropout(MaskDropout):
    """ReLU and then `MaskDropout`, the same to the last bit, in half the passes over memory."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Return max(0, input) with some units 0 and the others divided by 1 - p."""
        if not self._is_quick(input):
            return super().forward(functional.relu(input))
        apply: Callable[[torch.Tensor, int], torch.Tensor] = _ReluDropout.apply
        return apply(input, self._dropped)


class _ReluDropout(torch.autograd.Function):
    """y = max(0, x) · k with a k, drawn for each unit, that is 0 or 1 / (1 - p).

    dy/dx is 1 / (1 - p) where y > 0, else 0, so the backward pass needs y only, not the mask.
    """

    @staticmethod
    def forward(context: Context, input: torch.Tensor, dropped: int) -> torch.Tensor:
        """Return y, keeping what the backward pass needs in the context."""
        context.factor = DROPOUT_LEVELS / (DROPOUT_LEVELS - dropped)
        numbers = _random_numbers(input)
        last_dropped = dropped - 1 - DROPOUT_LEVELS // 2
        # ReLU's backward pass is a choice in one step: the input where the number is larger.
        choose = torch.ops.aten.threshold_backward.grad_input
        output: torch.Tensor = choose(input, numbers, last_dropped, grad_input=numbers)
        output.relu_().mul_(context.factor)
        context.save_for_backward(output)
        return output

    @staticmethod
    def backward(context: Context, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        """Return the gradient of the input; none of `dropped`, a whole number.

        It takes the memory of the output's gradient, which nothing else reads where one layer
        follows the other.
        """
        (output,) = context.saved_tensors
        if gradient.stride() != output.stride():
            gradient = torch.empty_like(output).copy_(gradient)
        # That of ELU with slope 0 below 0 and a scale: the gradient times the scale where y > 0.
        scale = torch.ops.aten.elu_backward.grad_input
        scale(gradient, 0.0, context.factor, 1.0, True, output, grad_input=gradient)
        return gradient, None


def _random_numbers(like: torch.Tensor) -> torch.Tensor:
    """Return numbers from -2^15 to 2^15 - 1, equally likely, in shape, type and order of `like`."""
    numbers = torch.empty((like.numel() + 3) // 4, dtype=torch.int64)
    # From -2^63 with no upper limit means all 64 bits; plain random_() leaves out the sign.
    bits = numbers.random_(-(2**63), None).view(torch.int16)[: like.numel()]
    result = torch.empty_like(like)
    return result.copy_(bits.as_strided(like.size(), result.stride()))
