"""Groups the operations of a network into layers, one sheet each."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from cnn.export.network.pointwise import Scale
from cnn.export.network.stages import (
    Activate,
    Convolution,
    Input,
    Layer,
    Linear,
    LogSoftmax,
    Network,
    Places,
    ScaleAndShift,
    Softmax,
    Stage,
    View,
)
from cnn.export.network.windows import folded

RESERVED = [
    "activation",
    "products",
    "kernels",
    "layers",
    "network",
    "accuracy",
    "samples",
    "weights",
    "digit",
    "inputs",
    "cases",
    "values",
    "probabilities",
    "workings",
    "history",
]
"""The names, in small letters, of the workbook's other sheets."""


LONGEST = 28
"""Letters of a sheet's name that comes from a module's path: of 31, three are for a number."""


@dataclass(frozen=True, eq=False)
class Operation:
    """What one torch module or call does; `words` name it.

    `stage` is None if it changes no number. `reads` are the numbers that it takes in, by the
    numbers of the operations: 0 is the input.
    """

    words: str
    stage: Stage | None
    reads: tuple[View, ...]
    path: str = ""
    """The module whose forward it is in, if that has one; without it its sheet is numbered."""
    name: str = ""
    """What is added to the path for its sheet, if the module has several."""
    index: int | None = None
    """The number of torch's result that it shows; None for values that are only moved."""
    order: Places | None = field(default=None, repr=False)
    """The places on the maps of two examples of torch's numbers; None if that is torch's order."""


def grouped(
    source: Input,
    operations: Sequence[Operation],
    fold_batchnorm: bool,
    probabilities: bool | None,
) -> Network:
    """Return the network whose layers show as much in one formula as can be there.

    A pointwise stage that writes its argument once goes into the formula before it, if nothing
    else reads that; another has a sheet of its own, on which it reads cells. Torch's numbers are
    known after every operation, so that a layer's last one says what its cells must be.
    """
    drafts = _Drafts(fold_batchnorm, [Layer("", source, (), (), None)], [("", "")], [0], [0])
    for operation in operations:
        if operation.stage is not None:
            drafts.readers.update({int(at) for view in operation.reads for at in _sources(view)})
    for number, operation in enumerate(operations, start=1):
        drafts.add(number, operation)
    layers = [
        replace(layer, reads=tuple(view.numbered(drafts.layer_of) for view in layer.reads))
        for layer in drafts.layers
    ]
    return _with_probabilities(_named(layers, drafts.paths()), fold_batchnorm, probabilities)


def _sources(view: View) -> set[int]:
    return {view.whole} if view.whole is not None else set(np.unique(view.sources).tolist())


@dataclass
class _Drafts:
    """The layers so far, with their names."""

    fold_batchnorm: bool
    layers: list[Layer]
    names: list[tuple[str, str]]
    """The path of the module that begins each layer, and what may be added to it."""
    ends: list[int]
    """The last operation of each layer."""
    layer_of: list[int]
    """The layer of each operation."""
    readers: Counter[int] = field(default_factory=Counter)
    """How many operations read each operation."""
    homes: dict[str, set[int]] = field(default_factory=dict)
    """The layers that each module's own operations are in."""

    def paths(self) -> list[str]:
        """Return the names for the layers' sheets, empty where there is no path.

        What a module without others does has its path, if that is all on one sheet.
        """
        around = {path[:at] for path in self.homes for at, sign in enumerate(path) if sign == "."}
        return [
            path if len(self.homes.get(path, ())) < 2 and path not in around else f"{path}.{name}"
            for path, name in self.names
        ]

    def add(self, number: int, operation: Operation) -> None:
        """Add an operation to the layer that it reads, or as a layer of its own."""
        stage, before = operation.stage, operation.reads[0].whole
        place = None if before is None else self.layer_of[before]
        if stage is None:
            assert place is not None
            # The layer still shows the numbers of the module before.
            last = self.layers[place]
            self.layers[place] = replace(last, modules=(*last.modules, operation.words))
            self.layer_of.append(place)
        elif place is not None and (joined := self.joined(place, operation)):
            self.layers[place] = replace(joined, index=operation.index, order=operation.order)
            self.layer_of.append(place)
            self.ends[place] = number
        else:
            self.begin(number, operation)
        if operation.path:
            self.homes.setdefault(operation.path, set()).add(self.layer_of[-1])

    def joined(self, place: int, operation: Operation) -> Layer | None:
        """Return a layer with an operation on what it gives, None if that is a layer of its own."""
        last, stage = self.layers[place], operation.stage
        before = operation.reads[0].whole
        if before != self.ends[place] or self.readers[before] > 1 or len(operation.reads) > 1:
            return None
        modules = (*last.modules, operation.words)
        if isinstance(stage, ScaleAndShift):
            is_bias = isinstance(stage, Scale) and bool((stage.scale == 1).all())
            folds = (is_bias or self.fold_batchnorm) and not last.followers
            if folds and isinstance(last.base, Convolution) and _fits(stage, last.base):
                return replace(last, base=folded(last.base, stage), modules=modules)
            before_it = last.stages[-1]
            if isinstance(stage, Scale) and isinstance(before_it, Scale):
                both = before_it.then(stage)
                return None if both is None else last.ending(both)
        if place > 0 and stage is not None and _fuses(stage):
            return replace(last, followers=(*last.followers, stage), modules=modules)
        return None

    def begin(self, number: int, operation: Operation) -> None:
        """Begin a layer with an operation."""
        assert operation.stage is not None
        modules = (operation.words,) if operation.words else ()
        layer = Layer("", operation.stage, (), modules, operation.index, operation.reads)
        self.layer_of.append(len(self.layers))
        self.layers.append(replace(layer, order=operation.order))
        self.names.append((operation.path, operation.name))
        self.ends.append(number)


def _with_probabilities(
    layers: tuple[Layer, ...], fold_batchnorm: bool, probabilities: bool | None
) -> Network:
    last = layers[-1].stages[-1]
    if probabilities is None:
        # What comes out of rows of features and of signals may be any quantities.
        source = layers[0].output
        probabilities = isinstance(last, LogSoftmax) or not (source.flat or source.line)
    unfolded = tuple(layer.name for layer in layers if fold_batchnorm and layer.find(ScaleAndShift))
    if type(last) is Softmax:
        return Network(layers, layers[-1], unfolded)
    if not probabilities or not isinstance(last, Linear | LogSoftmax):
        return Network(layers, None, unfolded)
    added: Stage = Softmax(last.output)
    if isinstance(last, LogSoftmax):
        added = Activate(last.output, "EXP({})".format, np.exp, "probabilities", "exponential")
    reads = (View.of_all(len(layers) - 1, last.output),)
    shares = Layer("probabilities", added, (), (), None, reads)
    return Network((*layers, shares), shares, unfolded)


def _fits(norm: ScaleAndShift, stage: Convolution) -> bool:
    """Return whether there is one scale for each kernel."""
    return len(norm.scale) == len(stage.kernels)


def _fuses(stage: Stage) -> bool:
    return isinstance(stage, ScaleAndShift) or (isinstance(stage, Activate) and stage.uses == 1)


def _named(layers: Sequence[Layer], names: Sequence[str]) -> tuple[Layer, ...]:
    """Return the layers with their names, numbered among those of their kind if they have none."""
    source, *others = layers
    numbers = Counter[str]()
    named = [replace(source, name=source.base.stem)]
    taken = {*RESERVED, source.base.stem}
    for layer, name in zip(others, names[1:], strict=True):
        stem = layer.base.stem
        if len(stem) < 4:  # ELU1 and SUM1 would be addresses of cells; ELUact1 and SUM_1 are not
            stem += "act" if isinstance(layer.base, Activate) else "_"
        given = _fitting(name) if name else ""
        base = given or stem
        while not given or given.lower() in taken:
            numbers[base] += 1
            given = f"{base}{numbers[base]}"
        taken.add(given.lower())
        named.append(replace(layer, name=given))
    return tuple(named)


def _fitting(path: str) -> str:
    """Return a module's path as the name of a sheet, with room for a number behind it.

    Defined names are made of it, so that there are letters, digits and dots only, and a letter at
    the start: module 0 of the model itself is `model.0`. A long path loses its beginning.
    """
    parts = [re.sub(r"\W", "_", part) for part in path.split(".")]
    whole = parts if parts[0][:1].isalpha() else ["model", *parts]
    while len(".".join(whole)) > LONGEST or not whole[0][0].isalpha():
        if len(whole) == 1:
            return f"model.{whole[0]}"[:LONGEST]
        whole = whole[1:]
    return ".".join(whole)
