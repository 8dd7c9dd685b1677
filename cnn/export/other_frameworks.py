"""Networks that are not plain modules of torch: files of ONNX, models and files of Keras."""

from pathlib import Path
from typing import Any

import numpy as np

from cnn.export.keras_models import channels_first, is_keras, read_keras
from cnn.export.onnx_files import is_onnx, read_onnx
from cnn.export.sheets.export_origin import read_origin


def is_other(model: object) -> bool:
    """Return whether this is a file or a model of another framework."""
    return is_onnx(model) or is_keras(model)


def as_network(model: Any, input_shape: Any) -> tuple[Any, Any]:  # noqa: ANN401 - what users give
    """Return the module of a model, and the shape of one of its inputs; others as they are.

    The module says by its attribute `agreement` how well it fits the original.
    """
    if not is_other(model):
        return model, input_shape
    shape = None if input_shape is None else tuple(input_shape)
    return read_onnx(model, shape) if is_onnx(model) else read_keras(model, shape)


def as_network_of(model: Any, workbook: Path) -> Any:  # noqa: ANN401
    """Return the module of a model that a workbook was made from; others as they are."""
    sides = read_origin(workbook).source.output.torch_sides
    return as_network(model, (*sides[1:], *sides[:1]) if is_keras(model) else sides)[0]


def in_its_order(model: Any, samples: object) -> object:  # noqa: ANN401
    """Return samples for a model with the channels first, where Keras has them last."""
    return channels_first(np.asarray(samples)) if is_keras(model) else samples
