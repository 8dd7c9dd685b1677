"""Reads a torch network as stages, and says which module it cannot read.

The pages of torch.nn that docstrings name are in https://docs.pytorch.org/docs/stable/generated/.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from torch import nn

from cnn.export.network import pointwise, windows
from cnn.export.network.forward_graph import NotFollowedError
from cnn.export.network.grouping import Operation, grouped
from cnn.export.network.modules import (
    NO_FORMULA,
    MisfitError,
    UnsupportedError,
    exact_copy,
    in_one_line,
    numbers,
    refuse_options,
    require_followable,
    require_plain,
    why_unknown,
)
from cnn.export.network.stages import (
    Input,
    Linear,
    LogSoftmax,
    Network,
    ScaleAndShift,
    Shape,
    Softmax,
    Stage,
    View,
)
from cnn.export.network.traced import follow
from cnn.export.network.written_modules import as_written
from cnn.training.faster_layers import MaskDropout
from sheetgen.errors import InputError, shortened
from sheetgen.files.characters import require_possible
from sheetgen.network.torch_modules import instead_of_network, own_forward

Reader = Callable[[Any, Shape], Stage | None]


@dataclass(frozen=True)
class Leaf:
    """A module of a network that has no modules of its own."""

    path: str
    """Its place in the network, such as `3` or `features.3`."""
    module: nn.Module

    def __str__(self) -> str:
        module = in_one_line(self.module)
        return f"{self.path}: {module}" if self.path else module


def leaves(model: nn.Module, path: str = "", around: tuple[nn.Module, ...] = ()) -> Iterator[Leaf]:
    """Yield the modules of a Sequential, nested ones too, in the order in which they are run.

    A module that is not a Sequential counts as one; whether it can be read is checked later.

    `around` are the Sequentials that hold this one. Raises InputError for a Sequential that does
    anything but run its modules.
    """
    is_sequential = isinstance(model, nn.Sequential)
    if not is_sequential or type(model).forward is not nn.Sequential.forward:
        yield Leaf(path, model)
        return
    with naming(Leaf(path, model)):
        require_plain(model)
    # named_children() leaves out the second place of a module that is in two.
    for name, child in model._modules.items():
        place = f"{path}.{name}" if path else name
        if child is None or any(each is child for each in (*around, model)):
            what = "None" if child is None else "a Sequential that it is in itself"
            raise InputError(f"the module {place} is {what}; expected a module")
        yield from leaves(child, place, (*around, model))


def read_network(
    model: nn.Module,
    source: Input,
    *,
    fold_batchnorm: bool = False,
    probabilities: bool | None = None,
) -> Network:
    """Return a network's layers with their parameters as float64.

    A Sequential is read module by module as long as these files know its modules, any other
    network by its forward. `source` is the input's shape and normalisation. With `fold_batchnorm`
    a BatchNorm that follows a convolution or a fully connected layer becomes part of its weights.
    With `probabilities` a network that ends in logits gets a softmax, one that ends in their
    logarithms an exponential; None is for those that take in pictures, or end in logarithms.

    Raises InputError, naming the module, for one that is not supported or does not fit.
    """
    if not isinstance(model, nn.Module):
        expected = "a fitted estimator of scikit-learn or a torch.nn.Module"
        if model is None or isinstance(model, str | int | float | PurePath):
            raise InputError(f"model: found {shortened(model)}; expected {expected}")
        raise InputError(f"model: {instead_of_network(model, expected)}")
    for path, _ in model.named_modules():
        require_possible(path, f"the name of the module {path!r}")
    if is_traced(model, source.output):
        return _by_its_forward(model, source, fold_batchnorm, probabilities)
    try:
        operations = _module_by_module(model, source)
    except InputError as refusal:
        try:
            return _by_its_forward(model, source, fold_batchnorm, probabilities)
        except InputError as error:
            is_known = not str(refusal).endswith(NO_FORMULA)
            raise refusal if is_known or isinstance(error, NotFollowedError) else error from None
    return grouped(source, operations, fold_batchnorm, probabilities)


def _module_by_module(model: nn.Module, source: Input) -> list[Operation]:
    """Return the operations of a Sequential, the modules that the other files know."""
    shape, before, operations = source.output, 0, list[Operation]()
    for number, leaf in enumerate(leaves(model), start=1):
        with naming(leaf, shape):
            require_plain(leaf.module)
            stage = _stage(leaf.module, shape)
        if isinstance(leaf.module, nn.Flatten):
            shape = Shape(shape.channels, shape.height, shape.width, flat=True)
        reads = (View.of_all(before, shape),)
        operations.append(Operation(str(leaf), stage, reads, index=number - 1))
        if stage is not None:
            shape, before = stage.output, number
    return operations


def _by_its_forward(
    model: nn.Module, source: Input, fold_batchnorm: bool, probabilities: bool | None
) -> Network:
    require_followable(model)
    operations, graph, choices = follow(exact_copy(model), source, _stage)
    written = as_written(model, operations)
    network = grouped(source, written, fold_batchnorm, probabilities)
    return replace(network, graph=graph, choices=choices)


def is_traced(model: nn.Module, shape: Shape) -> bool:
    """Return whether a network is read by its forward: one of its own, or one of lines."""
    every = list(model.modules())
    if shape.line:
        return True
    return any(own_forward(each) and type(each) is not MaskDropout for each in every)


@contextmanager
def naming(leaf: Leaf, shape: Shape | None = None) -> Iterator[None]:
    """Turn an UnsupportedError into an InputError that names the module; `shape` is its input's."""
    try:
        yield
    except MisfitError as error:
        raise InputError(
            f"the module {leaf} does not fit activations of {shape}: {error}"
        ) from None
    except UnsupportedError as error:
        raise InputError(f"the module {leaf} is not supported: {error}") from None


def _stage(module: nn.Module, shape: Shape) -> Stage | None:
    """Return what a module does to maps of a shape, None where it changes no number."""
    reader = READERS.get(type(module))
    if reader is None:
        raise UnsupportedError(why_unknown(module, READERS))
    return reader(module, shape)


def _nothing(module: nn.Module, shape: Shape) -> None:
    """Dropout and Identity change nothing in evaluation mode."""


def _flatten(module: nn.Flatten, shape: Shape) -> None:  # noqa: ARG001
    last = module.end_dim if module.end_dim < 0 else module.end_dim - 4
    if module.start_dim not in (1, -3) or last != -1:
        raise UnsupportedError("expected a Flatten of all dimensions but the first")


def _linear(module: nn.Linear, shape: Shape) -> Stage:
    if not shape.flat:
        raise MisfitError(f"it takes in maps of {shape}; put a Flatten before it")
    if module.in_features != shape.size:
        raise MisfitError(f"it takes in {module.in_features} units; here are {shape.size}")
    weights = numbers(module.weight)
    kernels = weights.reshape(len(weights), shape.channels, shape.height, shape.width)
    biases = None if module.bias is None else numbers(module.bias)
    return Linear(Shape(len(weights), flat=True), kernels, biases)


def _batchnorm(module: nn.BatchNorm1d | nn.BatchNorm2d, shape: Shape) -> Stage:
    """Return a BatchNorm's running statistics as scale and shift. See torch.nn.BatchNorm2d."""
    if shape.flat is not isinstance(module, nn.BatchNorm1d):
        raise MisfitError("it takes in " + ("maps" if shape.flat else "units"))
    count = shape.size if shape.flat else shape.channels
    if module.num_features != count:
        raise MisfitError(f"it takes in {module.num_features} channels; here are {count}")
    if module.running_mean is None or module.running_var is None:
        raise UnsupportedError("it keeps no running statistics (track_running_stats=False)")
    deviation = (module.running_var.detach().double() + module.eps).sqrt()
    scale = 1 / deviation if module.weight is None else module.weight.detach().double() / deviation
    shift = -module.running_mean.detach().double() * scale
    if module.bias is not None:
        shift = shift + module.bias.detach().double()
    return ScaleAndShift(shape, numbers(scale), numbers(shift))


def _softmax(module: nn.Softmax | nn.LogSoftmax, shape: Shape) -> Stage:
    refuse_options(module, {"dim": (1, -1)})
    if not shape.flat:
        raise MisfitError(f"it takes in maps of {shape}; put a Flatten before it")
    return (Softmax if isinstance(module, nn.Softmax) else LogSoftmax)(shape)


READERS: dict[type[nn.Module], Reader] = {
    **pointwise.MODULES,
    **dict.fromkeys((nn.Identity, nn.Dropout, MaskDropout, nn.Dropout2d), _nothing),
    nn.Flatten: _flatten,
    nn.Linear: _linear,
    nn.BatchNorm1d: _batchnorm,
    nn.BatchNorm2d: _batchnorm,
    nn.Softmax: _softmax,
    nn.LogSoftmax: _softmax,
    **windows.READERS,
}
