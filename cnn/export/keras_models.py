"""Makes modules of torch of Keras' models, whose backend torch can be.

With the backend torch a model of Keras 3 is a `torch.nn.Module` already: see
https://keras.io/guides/custom_train_step_in_torch/. What is missing is that torch.export knows the
names of its layers, and that channels come first, as they do on the sheets.
"""

import copy
import importlib
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cnn.export.framework_agreement import agreement
from cnn.export.network.forward_graph import in_double_precision
from cnn.export.network.modules import exact_copy
from sheetgen.errors import InputError
from sheetgen.network.activations import Array

SUFFIX = ".keras"
TRIES = 4
"""Inputs that Keras predicts for."""
CHOOSE = 'choose it before Keras is imported: os.environ["KERAS_BACKEND"] = "torch"'


class KerasNetwork(nn.Module):
    """A model of Keras that takes in maps with the channels first."""

    agreement = ""
    """How far what Keras predicts is from the module, in words."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - a keras.Model
        super().__init__()
        self.model = copy.deepcopy(model)
        for layer in self.model._flatten_layers(include_self=False):
            if not getattr(layer, "layers", None):
                # Keras' layers do not call torch's Module.__call__, by which names are known.
                named = _Named(layer.call)
                setattr(self, layer.name, named)
                layer.__dict__["call"] = named

    def __deepcopy__(self, memo: object) -> "KerasNetwork":
        """Return a copy; Keras copies a model by its configuration, without the names."""
        return KerasNetwork(self.model)

    def forward(self, x: Tensor) -> Tensor:
        """Return what the model does, for inputs with the channels first."""
        found: Tensor = self.model(x if x.dim() < 3 else x.movedim(1, -1))
        return found


class _Named(nn.Module):
    """A layer's call, as a module of torch."""

    def __init__(self, call: Any) -> None:  # noqa: ANN401 - a method of the layer
        super().__init__()
        self.call = call

    def forward(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        return self.call(*args, **kwargs)


def is_keras(model: object) -> bool:
    """Return whether this names a file of Keras, or is a model of it."""
    if isinstance(model, str | Path):
        return str(model).lower().endswith(SUFFIX)
    kinds = {kind.__module__.split(".")[0] for kind in type(model).__mro__}
    return "keras" in kinds and hasattr(model, "_flatten_layers")


def read_keras(model: Any, input_shape: Any = None) -> tuple[nn.Module, tuple[int, ...]]:  # noqa: ANN401
    """Return the module of a model or file of Keras, and the sides of its input.

    The sides have the channels first; `input_shape` is Keras' own, (height, width, channels), for
    a model that leaves it open.

    Raises InputError, in one line, for a file that cannot be read, another backend than torch and
    several inputs or results, and if `predict` gives something else than the module.
    """
    name = str(model) if isinstance(model, str | Path) else "the model"
    found: Any = _loaded(Path(model)) if isinstance(model, str | Path) else model
    if "torch" not in {kind.__module__.split(".")[0] for kind in type(found).__mro__}:
        raise InputError(f"{name}: it has another backend than torch; {CHOOSE}")
    for each, what in ((found.inputs, "inputs"), (found.outputs, "results")):
        if len(each or [0]) != 1:
            raise InputError(f"{name}: found {len(each)} {what}; expected one")
    known = tuple((found.input_shape if found.inputs else (None, None))[1:])
    sides = known if input_shape is None else tuple(input_shape)
    if None in sides or not sides:
        words = ", ".join("?" if side is None else str(side) for side in known)
        raise InputError(
            f"{name}: its input is ({words}); give it whole as input_shape (on the command line "
            "--input-shape), as Keras has it, with the channels last"
        )
    wanted = tuple(one or other for one, other in zip(known, sides, strict=False))
    if found.inputs and wanted != sides:
        raise InputError(f"{name}: input_shape: found {sides}; its input is {known}")
    module = KerasNetwork(found)
    module.eval()
    inputs = np.random.default_rng(0).normal(size=(TRIES, *sides)).astype("float32")
    expected = np.asarray(found.predict(inputs, verbose=0), dtype=np.float64)
    with torch.no_grad(), in_double_precision():
        given = torch.from_numpy(channels_first(inputs)).double()
        result = exact_copy(module)(given).double().numpy()
    module.agreement = agreement(name, "Keras", "float32", result, expected)
    return module, (*sides[-1:], *sides[:-1])


def channels_first(values: Array) -> Array:
    """Return inputs (N, …, channels) as (N, channels, …)."""
    return values if values.ndim < 3 else np.moveaxis(values, -1, 1)


def _loaded(path: Path) -> Any:  # noqa: ANN401 - a keras.Model
    """Return the model in a file."""
    if not path.is_file():
        found = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(f"{path} {found}; expected a file of Keras")
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "torch"
    try:
        keras = importlib.import_module("keras")
    except ModuleNotFoundError as error:
        if error.name != "keras":
            raise
        raise InputError("files of Keras need keras: pip install keras") from error
    if keras.backend.backend() != "torch":
        raise InputError(f"{path}: Keras has another backend than torch; {CHOOSE}")
    try:
        return keras.saving.load_model(path, compile=False)
    except Exception as error:  # of any kind, depending on the damage
        reason = str(error).strip().split("\n")[0]
        raise InputError(f"{path} cannot be read: {reason}") from error
