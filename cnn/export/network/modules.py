"""Reads options and parameters of torch modules, and refuses those that are not supported."""

import copy
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.utils import parametrize, prune
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm
from torch.optim.swa_utils import AveragedModel

from sheetgen.errors import InputError
from sheetgen.network.activations import Array
from sheetgen.network.torch_modules import own_forward

REMOVALS: dict[type, str] = {
    WeightNorm: "torch.nn.utils.remove_weight_norm(module)",
    SpectralNorm: "torch.nn.utils.remove_spectral_norm(module)",
    prune.BasePruningMethod: 'torch.nn.utils.prune.remove(module, "weight")',
}
"""The call that turns a module whose weights a hook computes into a plain one.

See torch.nn.utils.
"""


REASONS: dict[tuple[type[nn.Module], ...], str] = {
    (nn.RNNBase, nn.MultiheadAttention): (
        "it returns several tensors; expected a module whose forward takes one of them"
    ),
    (nn.RNNCellBase, nn.Transformer, nn.TransformerDecoder, nn.TransformerDecoderLayer): (
        "it takes in several tensors; expected a module whose forward gives them to it"
    ),
    (nn.modules.loss._Loss,): "it is a loss, which is for the training; leave it out",
    (nn.ModuleList, nn.ModuleDict): (
        "it does not say in which order its modules run; expected a Sequential"
    ),
    (nn.DataParallel, nn.parallel.DistributedDataParallel, AveragedModel): (
        "it only holds a network; expected that, its attribute module"
    ),
}
"""Why no formula is written for modules of these classes."""


NO_FORMULA = "no formula is written for it"


class UnsupportedError(Exception):
    """A module, or one of its options, that no formula is written for; the message says why."""


class MisfitError(UnsupportedError):
    """A module that does not fit the maps that it would get; the message says why."""


def in_one_line(module: nn.Module) -> str:
    """Return a module as torch prints it, but only its class if that takes several lines."""
    try:
        lines = str(module).splitlines()
    except Exception:  # a class may have any __repr__ of its own
        lines = []
    return lines[0] if len(lines) == 1 else f"{type(module).__name__}(…)"


def refuse_options(module: nn.Module, allowed: Mapping[str, tuple[Any, ...]]) -> None:
    """Raise UnsupportedError if one of a module's options has another value than those allowed."""
    for name, values in allowed.items():
        found = getattr(module, name)
        if found not in values:
            expected = " or ".join(map(repr, values))
            raise UnsupportedError(f"{name} is {found!r}; expected {expected}")


def pair(value: Any) -> tuple[int, int]:  # noqa: ANN401 - an int or two, as torch takes them
    """Return an option for the height and the width; one number is for both."""
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))


def numbers(values: torch.Tensor) -> Array:
    """Return a tensor's numbers as float64; UnsupportedError if not all of them are finite."""
    if values.is_meta:
        raise UnsupportedError("its parameters are on the device meta, which holds no numbers")
    if values.is_complex():
        raise UnsupportedError("its parameters are complex numbers")
    if not bool(torch.isfinite(values).all()):
        raise UnsupportedError("its parameters are not all finite numbers")
    return values.detach().double().cpu().numpy().copy()


def tensor_of(given: Mapping[str, Any], key: str) -> torch.Tensor:
    """Return a call's argument, which must not depend on the input."""
    tensor = given[key]
    if not isinstance(tensor, torch.Tensor):
        raise UnsupportedError(f"its {key.replace('_', ' ')} is computed from the input")
    return tensor


def require_plain(module: nn.Module) -> None:
    """Raise UnsupportedError if a module's forward is not that of its class alone.

    Forward hooks, and a `forward` that was set on the module itself, change what it gives.
    See torch.nn.Module.
    """
    for reason in _oddities(module):
        raise UnsupportedError(reason)


def require_followable(model: nn.Module) -> None:
    """Raise InputError if a network's forward is not that of a module as Python runs it."""
    for path, module in model.named_modules():
        for reason in _unusable(module):
            where = f"{path}: {in_one_line(module)}" if path else in_one_line(module)
            raise InputError(f"the module {where} is not supported: {reason}")


def _unusable(module: nn.Module) -> Iterator[str]:
    if isinstance(module, torch.jit.ScriptModule):
        yield "it is TorchScript; expected the module that it was made from"
    if hasattr(module, "_orig_mod"):
        yield "it was compiled; expected the module that torch.compile was given"
    if isinstance(module, LazyModuleMixin):
        yield "its parameters have no shape yet; run the network once first"


def _oddities(module: nn.Module) -> Iterator[str]:
    yield from _unusable(module)
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
        yield own_forward(module)


def why_unknown(module: nn.Module, known: Collection[type[nn.Module]]) -> str:
    """Return in words why no formula is written for a module of a class that is not known."""
    kind = type(module)
    if reason := own_forward(module):
        return reason
    if base := next((each.__name__ for each in kind.__mro__ if each in known), None):
        return f"it is a kind of {base} that may compute something else; expected a {base} itself"
    for kinds, reason in REASONS.items():
        if isinstance(module, kinds):
            return reason
    flat = f"{kind.__name__[:-2]}2d"
    if kind.__name__.endswith(("1d", "3d")) and hasattr(nn, flat):
        return f"it is not for pictures; expected {flat}"
    return NO_FORMULA


def exact_copy(model: nn.Module) -> nn.Module:
    """Return a copy of a model in double precision and evaluation mode, on the CPU.

    Raises InputError if torch cannot copy it.
    """
    try:
        copied = copy.deepcopy(model)
        for module in copied.modules():
            if isinstance(module, nn.RMSNorm) and module.eps is None:
                # By default it depends on the precision.
                dtype = torch.float32 if module.weight is None else module.weight.dtype
                module.eps = torch.finfo(dtype).eps
        return copied.cpu().double().eval()
    except RuntimeError as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        raise InputError(f"torch cannot copy the network: {reason}") from error
