"""Groups the stages of a network into layers, one sheet each."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from cnn.export.network.stages import (
    Activate,
    Convolution,
    Exponential,
    Input,
    Layer,
    Linear,
    LogSoftmax,
    Network,
    ScaleAndShift,
    Softmax,
    Stage,
)
from cnn.export.network.windows import folded


@dataclass(frozen=True)
class Read:
    """A torch module, in words, and its stage; None if it changes no number."""

    module: str
    stage: Stage | None


@dataclass
class _Group:
    """A layer while its modules are collected."""

    stages: list[Stage]
    modules: list[str] = field(default_factory=list)
    index: int | None = None


def grouped(
    source: Input, read: Sequence[Read], fold_batchnorm: bool, probabilities: bool
) -> Network:
    """Return the network whose layers show as much in one formula as can stand there.

    A pointwise stage that writes its argument once goes into the formula before it; another has
    a sheet of its own, on which it reads a cell. Torch's numbers are known after every module,
    so that a layer's last module says what its cells must come to.
    """
    groups = [_Group([source])]
    for number, each in enumerate(read):
        if each.stage is None:
            groups[-1].modules.append(each.module)
            # What changes no number still is the last module whose numbers are shown.
            continue
        last = groups[-1]
        if fold_batchnorm and _folds(last, each.stage):
            last.stages = [_fold(last.stages[0], each.stage)]
        elif len(groups) > 1 and _fuses(each.stage):
            last.stages.append(each.stage)
        else:
            groups.append(_Group([each.stage]))
        groups[-1].modules.append(each.module)
        groups[-1].index = number
    layers = _named(groups)
    last_stage = layers[-1].stages[-1]
    unfolded = tuple(layer.name for layer in layers if fold_batchnorm and layer.find(ScaleAndShift))
    if isinstance(last_stage, Softmax) and not isinstance(last_stage, LogSoftmax):
        return Network(layers, layers[-1], unfolded)
    if not probabilities or not isinstance(last_stage, Linear | LogSoftmax):
        return Network(layers, None, unfolded)
    added = Exponential if isinstance(last_stage, LogSoftmax) else Softmax
    shares = Layer("probabilities", added(last_stage.output), (), (), None)
    return Network((*layers, shares), shares, unfolded)


def _fuses(stage: Stage) -> bool:
    if isinstance(stage, Activate):
        return stage.uses == 1
    return isinstance(stage, ScaleAndShift)


def _folds(group: _Group, stage: Stage) -> bool:
    return (
        isinstance(stage, ScaleAndShift)
        and len(group.stages) == 1
        and isinstance(group.stages[0], Convolution)
    )


def _fold(convolution: Stage, norm: Stage) -> Stage:
    assert isinstance(convolution, Convolution) and isinstance(norm, ScaleAndShift)
    return folded(convolution, norm)


def _named(groups: Sequence[_Group]) -> tuple[Layer, ...]:
    """Return the layers with their names, numbered among those of their kind."""
    numbers = Counter[str]()
    layers = []
    for group in groups:
        base = group.stages[0]
        stem = base.name.replace("-", "") if isinstance(base, Activate) else base.stem
        numbers[stem] += 1
        name = stem if isinstance(base, Input) else f"{_long(stem)}{numbers[stem]}"
        followers = tuple(group.stages[1:])
        layers.append(Layer(name, base, followers, tuple(group.modules), group.index))
    return tuple(layers)


def _long(stem: str) -> str:
    """Return a stem that no number makes the address of a cell: ELU1 is one, ELUact1 is not."""
    return stem if len(stem) > 3 else f"{stem}act"
