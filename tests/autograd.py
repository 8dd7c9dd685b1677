"""The activations as PyTorch computes them, to compare with."""

import torch

from sheetgen.network.activations import Activation


def in_torch(chosen: Activation, z: torch.Tensor) -> torch.Tensor:
    """An activation as PyTorch's module of the same name computes it."""
    settings = {name: values[0] for name, values in chosen.torch_settings.items()}
    if "threshold" in settings:
        settings["threshold"] = 1e9  # above it PyTorch's softplus is z itself, ours never
    if chosen.parameter is not None:
        settings[chosen.torch_parameter] = chosen.parameter
    found: torch.Tensor = getattr(torch.nn, type(chosen).__name__)(**settings)(z)
    return found
