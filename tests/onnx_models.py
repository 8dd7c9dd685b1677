"""Small graphs of ONNX, made node by node or by torch."""

import io
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

onnx: Any = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

FLOAT, DOUBLE = 1, 11
Node = tuple[str, str, dict[str, Any]]
"""An operator, its inputs and results such as `x w > y`, and its attributes."""


def graph(
    nodes: Sequence[Node],
    sides: Sequence[int | str],
    *,
    constants: dict[str, Any] | None = None,
    opset: int = 20,
    kind: int = FLOAT,
) -> Any:
    """Return the model from x, of these sides with the batch, to y.

    Whole constants are int64, others of the type `kind`.
    """
    helper = onnx.helper
    numbers = {FLOAT: np.float32, DOUBLE: np.float64}[kind]
    held = []
    for name, values in (constants or {}).items():
        array = np.asarray(values)
        array = array.astype(np.int64 if array.dtype.kind in "iu" else numbers)
        held.append(onnx.numpy_helper.from_array(array, name))
    made = []
    for number, (operator, names, attributes) in enumerate(nodes):
        inputs, results = (part.split() for part in names.split(">"))
        inputs = ["" if name == "-" else name for name in inputs]
        name = attributes.pop("name", f"{operator}_{number}")
        made.append(helper.make_node(operator, inputs, results, name, **attributes))
    x = helper.make_tensor_value_info("x", kind, sides)
    y = helper.make_tensor_value_info("y", kind, None)
    whole = helper.make_graph(made, "network", [x], [y], held)
    return helper.make_model(whole, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)


def of_torch(model: nn.Module, *sides: int, any_batch: bool = True, opset: int = 20) -> Any:
    """Return the model that torch.onnx.export makes, for any batch or a batch of one."""
    written = io.BytesIO()
    axes = {"x": {0: "batch"}} if any_batch else None
    with warnings.catch_warnings(action="ignore"):
        torch.onnx.export(
            model.eval(),
            (torch.rand(1, *sides),),
            written,
            dynamo=False,
            input_names=["x"],
            dynamic_axes=axes,
            opset_version=opset,
            verbose=False,
        )
    return onnx.load_from_string(written.getvalue())
