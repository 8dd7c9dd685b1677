"""Groups the stages of a network into layers, one sheet each."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cnn.export.network.stages import (
    Activate,
    Convolution,
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


def grouped(
    source: Input,
    read: Sequence[tuple[str, Stage | None]],
    fold_batchnorm: bool,
    probabilities: bool,
) -> Network:
    """Return the network whose layers show as much in one formula as can be there.

    `read` are the torch modules, in words, each with its stage; None if it changes no number. A
    pointwise stage that writes its argument once goes into the formula before it; another has a
    sheet of its own, on which it reads a cell. Torch's numbers are known after every module, so
    that a layer's last module says what its cells must be.
    """
    layers = [Layer("", source, (), (), None)]
    for index, (module, stage) in enumerate(read):
        last = layers.pop()
        if stage is None:
            # The layer still shows the numbers of the module before.
            layers.append(replace(last, modules=(*last.modules, module)))
            continue
        folds = fold_batchnorm and not last.followers
        if folds and isinstance(stage, ScaleAndShift) and isinstance(last.base, Convolution):
            last = replace(last, base=folded(last.base, stage))
        elif layers and _fuses(stage):
            last = replace(last, followers=(*last.followers, stage))
        else:
            layers.append(last)
            last = Layer("", stage, (), (), None)
        layers.append(replace(last, modules=(*last.modules, module), index=index))
    return _with_probabilities(_named(layers), fold_batchnorm, probabilities)


def _with_probabilities(
    layers: tuple[Layer, ...], fold_batchnorm: bool, probabilities: bool
) -> Network:
    last = layers[-1].stages[-1]
    unfolded = tuple(layer.name for layer in layers if fold_batchnorm and layer.find(ScaleAndShift))
    if type(last) is Softmax:
        return Network(layers, layers[-1], unfolded)
    if not probabilities or not isinstance(last, Linear | LogSoftmax):
        return Network(layers, None, unfolded)
    added: Stage = Softmax(last.output)
    if isinstance(last, LogSoftmax):
        added = Activate(last.output, "EXP({})".format, np.exp, "probabilities", "exponential")
    shares = Layer("probabilities", added, (), (), None)
    return Network((*layers, shares), shares, unfolded)


def _fuses(stage: Stage) -> bool:
    return isinstance(stage, ScaleAndShift) or (isinstance(stage, Activate) and stage.uses == 1)


def _named(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """Return the layers with their names, numbered among those of their kind."""
    source, *others = layers
    numbers = Counter[str]()
    named = [replace(source, name=source.base.stem)]
    for layer in others:
        stem = layer.base.stem
        numbers[stem] += 1
        # ELU1 would be the address of a cell; ELUact1 is not.
        long = stem if len(stem) > 3 else f"{stem}act"
        named.append(replace(layer, name=f"{long}{numbers[stem]}"))
    return tuple(named)
