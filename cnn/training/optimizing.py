"""The optimiser, schedule and moving average of a training, and how their states are restored."""

from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from cnn.training.recipes import Recipe
from cnn.training.run import State


def new_optimizer(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Return what a recipe trains a network with; only weights decay."""
    weights = [parameter for parameter in model.parameters() if parameter.dim() > 1]
    others = [parameter for parameter in model.parameters() if parameter.dim() <= 1]
    groups: list[dict[str, Any]] = [
        {"params": weights, "weight_decay": recipe.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    if recipe.optimizer != "sgd":
        kind = torch.optim.Adam if recipe.optimizer == "adam" else torch.optim.AdamW
        betas = (recipe.momentum, 0.999)
        return kind(groups, lr=recipe.learning_rate, betas=betas, fused=True)
    return torch.optim.SGD(
        groups,
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        nesterov=recipe.nesterov,
        fused=True,
    )


def load_optimizer(optimizer: torch.optim.Optimizer, state: State) -> None:
    """Restore an optimiser's state. Raises ValueError if it is of other weights or settings."""
    settings = [_settings(group) for group in optimizer.param_groups]
    optimizer.load_state_dict(state)
    for group, expected in zip(optimizer.param_groups, settings, strict=True):
        if expected.items() - _settings(group).items():
            raise ValueError("it has other settings")
    for weight, buffers in optimizer.state.items():
        # Adam counts its steps for each tensor of weights.
        momenta = [each for name, each in buffers.items() if each is not None and name != "step"]
        if any(each.shape != weight.shape for each in momenta):
            raise ValueError("a momentum has another shape than its weights")


def _settings(group: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in group.items() if name not in ("params", "lr")}


def load_schedule(schedule: LambdaLR, state: State) -> None:
    """Restore a schedule's state. Raises ValueError if it has another peak or no step."""
    peaks = schedule.base_lrs
    schedule.load_state_dict(state)
    if schedule.base_lrs != peaks or type(schedule.last_epoch) is not int:
        raise ValueError("it is another schedule")


def moving_average(model: nn.Module, recipe: Recipe) -> AveragedModel | None:
    """Return the average of the weights over the steps; None if the recipe has none."""
    if not recipe.ema_decay:
        return None
    # BatchNorm's statistics are averaged too: those of the latest weights would not match.
    average = get_ema_multi_avg_fn(recipe.ema_decay)
    return AveragedModel(model, multi_avg_fn=average, use_buffers=True)
