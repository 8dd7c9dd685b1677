"""Says what is wrong with what is given as a network or as a module of PyTorch, without torch.

See torch.nn.Module: https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
"""

from collections.abc import Collection, Mapping
from typing import Any

from sheetgen.errors import InputError, shortened

HOOKS = ("_forward_hooks", "_forward_pre_hooks")
"""The dicts of a module with the functions that run before or after its forward."""


def instead_of_network(found: object, expected: str) -> str:
    """Return what was found where a network or a module is expected, and how to get one.

    The numbers in a state_dict are not shown.
    """
    name = getattr(found, "__name__", "")
    if isinstance(found, Mapping):
        what = _kind_of_mapping(found)
        return f"found {what}; expected {expected}, into which load_state_dict loads such numbers"
    if isinstance(found, type):
        return f"found the class {name}; expected {expected}, such as its instance {name}()"
    if name and callable(found):
        return f"found the function {name}; expected {expected}"
    return f"found {type(found).__name__}; expected {expected}"


def _kind_of_mapping(found: Mapping[Any, Any]) -> str:
    """Return in words whether a dict is a state_dict, or may be a checkpoint."""
    if not found:
        return "an empty dict"
    if all(hasattr(value, "shape") for value in found.values()):
        return f"a state_dict ({len(found)} tensors, the first {shortened(next(iter(found)))})"
    names = ", ".join(shortened(name) for name in list(found)[:3])
    return f"a dict with the keys {names}{', …' if len(found) > 3 else ''}"


def is_module(found: object) -> bool:
    """Return whether this is a module, and not its class."""
    return not isinstance(found, type) and hasattr(found, "forward")


def own_forward(module: object) -> str:
    """Return why a module may compute something else than the one of torch that it is, or "".

    The module itself, its class or one that it derives from may have another forward.
    """
    if "forward" in vars(module):
        return "it has a forward of its own, set on the module; delete that first"
    forward = next((kind for kind in type(module).__mro__ if "forward" in vars(kind)), object)
    if forward.__module__.split(".")[0] == "torch":
        return ""
    return "it has its own forward; only modules of torch.nn, one after the other, can be read"


def require_torchs(module: object, path: str) -> None:
    """Raise InputError, naming `path`, unless a module computes what its class in torch.nn does."""
    for reason in _oddities(module):
        raise InputError(f"{path}: found {type(module).__name__}; {reason}")


def _oddities(module: Any) -> list[str]:  # noqa: ANN401 - any module
    reasons = [own_forward(module)]
    if hasattr(module, "has_uninitialized_params"):
        reasons.append("its parameters have no shape yet; run the network once first")
    if hasattr(module, "parametrizations"):
        reasons.append("its weights are computed by a parametrisation; remove that first")
    if any(getattr(module, name, None) for name in HOOKS):
        reasons.append("it has forward hooks, which may change its numbers; remove them first")
    return [reason for reason in reasons if reason]


def require_known(module: object, known: Collection[str], path: str) -> None:
    """Raise InputError, naming `path`, for a module of a class that is not known by its name."""
    name, *others = (kind.__name__ for kind in type(module).__mro__)
    if name in known:
        return
    base = next((each for each in others if each in known), None)
    if base:
        reason = f"expected a {base} itself, as a kind of it may compute something else"
    else:
        reason = "expected a Linear, an activation, Conv2d, a pool or Flatten; "
        reason += "no formula is written for this module"
    raise InputError(f"{path}: found {name}; {reason}")


def require_numbers(module: Any, path: str) -> None:  # noqa: ANN401 - any module
    """Raise InputError, naming `path`, unless a module's weight and bias are real numbers."""
    kind = type(module).__name__
    for name in ("weight", "bias"):
        tensor = getattr(module, name)
        for is_odd, what in (("is_meta", "no numbers"), ("is_quantized", "quantized numbers")):
            if getattr(tensor, is_odd, False):
                raise InputError(f"{path}: found a {kind} whose {name} holds {what}")
        if tensor is not None and tensor.is_complex():
            raise InputError(f"{path}: found a {kind} whose {name} holds complex numbers")


def weights_and_biases(
    module: Any,  # noqa: ANN401 - a Linear or Conv2d
    path: str,
) -> tuple[tuple[tuple[float, ...], ...], tuple[float, ...] | None, bool]:
    """Return a module's weights, a row for each output, its biases, and whether those are trained.

    Raises InputError, naming `path`, for what are no real numbers, and for frozen weights.
    """
    require_numbers(module, path)
    if not module.weight.requires_grad:
        raise InputError(
            f"{path}: found a {type(module).__name__} whose weight needs no gradient; "
            "expected one that is trained"
        )
    weights = tuple(map(tuple, module.weight.detach().double().flatten(1).tolist()))
    if module.bias is None:
        return weights, None, True
    biases = tuple(module.bias.detach().double().tolist())
    return weights, biases, bool(module.bias.requires_grad)


def require_settings(module: object, expected: Mapping[str, tuple[object, ...]], path: str) -> None:
    """Raise InputError, naming `path`, for settings with which a module computes something else."""
    for name, known in expected.items():
        found = getattr(module, name)
        parts = found if isinstance(found, tuple) else (found,)
        is_setting = all(isinstance(each, str | int | float | None) for each in parts)  # no tensor
        if not is_setting or found not in known:
            kind, shown = type(module).__name__, " ".join(shortened(found).split())
            raise InputError(f"{path}: found {kind} with {name} {shown}; expected {known[0]!r}")
