"""Refuses modules that do something else than their class says, which no formula would show."""

from collections.abc import Iterator

import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.utils import parametrize, prune
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

from cnn.export.network.modules import UnsupportedError

REMOVALS: dict[type, str] = {
    WeightNorm: "torch.nn.utils.remove_weight_norm(module)",
    SpectralNorm: "torch.nn.utils.remove_spectral_norm(module)",
    prune.BasePruningMethod: 'torch.nn.utils.prune.remove(module, "weight")',
}
"""What makes a plain module of one whose weights a hook computes. Pages torch.nn.utils."""


def require_plain(module: nn.Module) -> None:
    """Raise UnsupportedError if a module's forward is not that of its class alone.

    Forward hooks, and a `forward` that was set on the module itself, change what it gives.
    Page torch.nn.Module.
    """
    for reason in _oddities(module):
        raise UnsupportedError(reason)


def _oddities(module: nn.Module) -> Iterator[str]:
    if isinstance(module, torch.jit.ScriptModule):
        yield "it is TorchScript; expected the module that it was made from"
    if hasattr(module, "_orig_mod"):
        yield "it was compiled; expected the module that torch.compile was given"
    if isinstance(module, LazyModuleMixin):
        yield "its parameters have no shape yet; run the network once first"
    if parametrize.is_parametrized(module):
        yield (
            "its weights are computed by a parametrisation; call "
            'torch.nn.utils.parametrize.remove_parametrizations(module, "weight") first'
        )
    for hook in module._forward_pre_hooks.values():
        for kind, call in REMOVALS.items():
            if isinstance(hook, kind):
                yield f"its weights are computed by a {type(hook).__name__} hook; call {call} first"
    if module._forward_hooks or module._forward_pre_hooks:
        yield "it has forward hooks, which may change its numbers; remove them first"
    if "forward" in vars(module):
        yield "it has a forward of its own, set on the module; delete that first"
