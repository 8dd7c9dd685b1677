"""Loads a network of the user's own, from a Python file or an installed module."""

import hashlib
import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType

import torch
from torch import nn
from torch.nn.functional import nll_loss

from cnn.model_names import is_own, label, located, origin
from sheetgen.console.commands import suggestion
from sheetgen.errors import InputError, RunError
from sheetgen.files.characters import require_possible

EXPECTED = "path/to/file.py:Net or package.module:Net"
_IMAGES = 4
"""In the batch that a network is tried with."""


def build_own(model: str, shape: tuple[int, int, int], classes: int) -> nn.Module:
    """Return a new network of the user's own, in training mode, that gives log-probabilities.

    One that gives logits gets a `LogSoftmax`. Raises InputError if it cannot be built, or does
    not map (N, *shape) to (N, classes).
    """
    network = built(model)
    with _own_folder(model):
        output = _output(model, network, shape, classes)
    if not any(each.requires_grad for each in network.parameters()):
        raise InputError(f"{model} has no parameters to train; expected some")
    totals = output.exp().sum(dim=1)
    if torch.allclose(totals, torch.ones_like(totals), atol=1e-4):
        return network
    if bool((output >= 0).all()) and torch.allclose(
        output.sum(dim=1), torch.ones_like(totals), atol=1e-4
    ):
        raise InputError(
            f"{model} gives probabilities; expected logits or log-probabilities: "
            "leave the softmax out"
        )
    return nn.Sequential(network, nn.LogSoftmax(dim=1)).train()


def built(model: str) -> nn.Module:
    """Return a new network of the user's own, whatever it maps. Raises InputError if that fails."""
    with _own_folder(model):
        network = _called(model, "be built", _factory(model))
    if not isinstance(network, nn.Module):
        found = type(network).__name__
        raise InputError(f"{model} gives a {found}; expected a torch.nn.Module")
    return network


def require_trainable(
    model: str, network: nn.Module, shape: tuple[int, int, int], classes: int
) -> None:
    """Try forward and backward pass in training mode; the network is not to be used after that.

    Raises InputError if one fails. The random state stays as it was.
    """
    with torch.random.fork_rng(devices=[]), _own_folder(model):
        images, labels = torch.rand(_IMAGES, *shape), torch.arange(_IMAGES) % classes
        _called(model, "be trained", lambda: nll_loss(network(images), labels).backward())


@contextmanager
def running(model: str) -> Iterator[None]:
    """Turn an error of the user's own network, after it was tried, into a RunError of one line."""
    try:
        yield
    except (InputError, RunError):
        raise
    except Exception as error:
        if not is_own(model):
            raise
        raise RunError(f"{model} failed while it was trained: {_reason(model, error)}") from error


def source_checksum(model: str) -> str:
    """Return the SHA-256 of the file that has an own model; "" if it is in none."""
    file = _module(*_place(model)).__file__
    return hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else ""


def _output(
    model: str, network: nn.Module, shape: tuple[int, int, int], classes: int
) -> torch.Tensor:
    """Return what the network gives for a few images, in evaluation mode."""
    network.eval()
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        images = torch.rand(_IMAGES, *shape)
        output = _called(model, f"take in images of {'×'.join(map(str, shape))}", network, images)
    network.train()
    expected = f"expected {classes} for each image, a tensor of shape (N, {classes})"
    if not isinstance(output, torch.Tensor):
        raise InputError(f"{model} gives a {type(output).__name__}; {expected}")
    if output.shape != (_IMAGES, classes):
        found = ", ".join(
            ["N" if output.shape[:1] == (_IMAGES,) else "?", *map(str, output.shape[1:])]
        )
        raise InputError(f"{model} gives a tensor of shape ({found}); {expected}")
    return output.float()


def _called(model: str, purpose: str, function: Callable[..., object], *inputs: object) -> object:
    """Return what the user's code gives. Raises InputError, in one line, for any error of it."""
    try:
        return function(*inputs)
    except (Exception, SystemExit) as error:
        raise InputError(f"{model} cannot {purpose}: {_reason(model, error)}") from error


def _reason(model: str, error: BaseException) -> str:
    """Return an error in one line, with the line of the user's file that it came from."""
    words = str(error).strip().split("\n")[0]
    reason = f"{type(error).__name__}: {words}" if words else type(error).__name__
    file = model.rpartition(":")[0]
    if isinstance(error, SyntaxError) or not file.endswith(".py"):
        return reason  # a SyntaxError says its line
    own = Path(file).absolute()
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename) == own
    ]
    return f"{reason} (line {lines[-1]})" if lines else reason


def _factory(model: str) -> Callable[[], object]:
    """Return the class or function that a model names, which takes no arguments."""
    module, name = _module(*_place(model)), label(model)
    if not hasattr(module, name):
        known = [
            key
            for key, value in vars(module).items()
            if isinstance(value, type) and issubclass(value, nn.Module)
        ]
        advice = suggestion(name, known) if known else "it has no class of torch.nn.Module"
        raise InputError(f"{origin(model)} has no {name}; {advice}")
    factory = getattr(module, name)
    if isinstance(factory, nn.Module) or not callable(factory):
        kind = "a network already" if isinstance(factory, nn.Module) else type(factory).__name__
        raise InputError(f"{model} is {kind}; expected a class, or a function that returns one")
    if needed := _needed(factory):
        raise InputError(
            f"{model} needs arguments ({', '.join(needed)}); expected none: give them defaults, "
            "or name a function that returns the network"
        )
    found: Callable[[], object] = factory
    return found


def _needed(factory: Callable[..., object]) -> list[str]:
    """Return the arguments of a function that have no defaults."""
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):  # such as a function written in C
        return []
    return [
        each.name
        for each in parameters
        if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]


def _place(model: str) -> tuple[str, float]:
    """Return the file or module that has an own model, and when the file was changed."""
    source, _, name = model.rpartition(":")
    if not source or not name.isidentifier():
        raise InputError(f'found the model "{model}"; expected {EXPECTED}')
    require_possible(located(model), "the model's name")  # which the sheet of a run says
    if not source.endswith(".py"):
        return source, 0.0
    path = Path(source).absolute()
    if not path.is_file():
        raise InputError(f"there is no file {path}; expected the one with the network {name}")
    return str(path), path.stat().st_mtime


@contextmanager
def _own_folder(model: str) -> Iterator[None]:
    """Let imports find what is beside the file of a model, or in the current folder."""
    source = model.rpartition(":")[0]
    before = list(sys.path)
    folder = Path(source).absolute().parent if source.endswith(".py") else Path.cwd()
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path[:] = before


@cache
def _module(source: str, changed: float) -> ModuleType:  # noqa: ARG001 - a part of the key
    """Return the module of a file or of a name. Raises InputError, in one line, if that fails."""
    model = f"{source}:"

    def loaded() -> ModuleType:
        """Return the module, which runs its code."""
        if not source.endswith(".py"):
            return importlib.import_module(source)
        name = f"cnn_own_{Path(source).stem}"
        spec = importlib.util.spec_from_file_location(name, source)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # where dataclasses, for one, look for it
        spec.loader.exec_module(module)
        return module

    try:
        # Only the first import draws the random numbers of its top level.
        with torch.random.fork_rng(devices=[]):
            return loaded()
    except (Exception, SystemExit) as error:
        raise InputError(f"{source} cannot be imported: {_reason(model, error)}") from error
