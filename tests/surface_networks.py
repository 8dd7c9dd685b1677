"""The networks of the surfaces, written with PyTorch."""

from collections.abc import Mapping

import torch


def xor(weights: Mapping[str, float], x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The 2-3-1 network's last pre-activation in PyTorch, its weights read from the columns."""
    hidden = [
        torch.tanh(
            weights[f"w{2 * unit + 1}"] * x
            + weights[f"w{2 * unit + 2}"] * y
            + weights[f"b{unit + 1}"]
        )
        for unit in range(3)
    ]
    return sum(weights[f"w{7 + unit}"] * a for unit, a in enumerate(hidden)) + weights["b4"]


def iris(weights: Mapping[str, float], x: torch.Tensor) -> torch.Tensor:
    """The logits of the 4-5-3 network in PyTorch, its weights read from the columns."""
    numbers = torch.tensor([weights[f"w{k}"] for k in range(1, 36)], dtype=torch.float64)
    biases = torch.tensor([weights[f"b{k}"] for k in range(1, 9)], dtype=torch.float64)
    hidden = torch.tanh(x @ numbers[:20].view(5, 4).T + biases[:5])
    return hidden @ numbers[20:].view(3, 5).T + biases[5:]
