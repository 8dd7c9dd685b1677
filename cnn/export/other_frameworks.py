"""Networks that are not modules of torch yet: files of ONNX."""

from pathlib import Path
from typing import Any

from cnn.export.onnx_files import is_onnx, read_onnx
from cnn.export.sheets.export_origin import read_origin


def as_network(model: Any, input_shape: Any) -> tuple[Any, Any]:  # noqa: ANN401 - what users give
    """Return the module of a model, and the shape of one of its inputs; others as they are."""
    if is_onnx(model):
        found = read_onnx(model, None if input_shape is None else tuple(input_shape))
        return found.module, found.sides
    return model, input_shape


def as_network_of(model: Any, workbook: Path) -> Any:  # noqa: ANN401
    """Return the module of a model that a workbook was made from; others as they are."""
    return as_network(model, read_origin(workbook).source.output.torch_sides)[0]
