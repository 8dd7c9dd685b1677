"""Reads files of ONNX as modules of torch, and compares them with onnxruntime.

The graph becomes a module in double precision (onnx_graph.py). onnxruntime computes a file in its
own precision, mostly float32, so that the two agree to about 1e-7 there; every later comparison,
of cells with the module, is one of float64 with float64.
"""

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import nn

from cnn.export.framework_agreement import agreement
from sheetgen.errors import InputError
from sheetgen.network.activations import Array

SUFFIX = ".onnx"
TRIES = 6
"""Inputs that onnxruntime computes, or two batches of a graph for a larger one."""
PRECISIONS = {1: "float32", 11: "float64"}
"""By the type of the input, as onnx.TensorProto.DataType numbers them."""


def is_onnx(model: object) -> bool:
    """Return whether this names a file of ONNX, or is a model of the package onnx."""
    if isinstance(model, str | Path):
        return str(model).lower().endswith(SUFFIX)
    return type(model).__name__ == "ModelProto" and type(model).__module__.startswith("onnx")


def read_onnx(model: Any, input_shape: Any = None) -> tuple[nn.Module, tuple[int, ...]]:  # noqa: ANN401
    """Return the module of a file of ONNX, or of a ModelProto, and the sides of its input.

    `input_shape` is that of one input, without the batch; it may be None if the file says it.

    Raises InputError, in one line, for a file that cannot be read, a graph that has several inputs
    or results, or an operator for which no formula is written, and if onnxruntime computes
    anything else than the module.
    """
    onnx = _required("onnx")
    _required("onnxruntime")
    from cnn.export.network.onnx_graph import OnnxGraph  # noqa: PLC0415 - it imports onnx

    name = str(model) if isinstance(model, str | Path) else "the model"
    proto = _loaded(onnx, Path(model)) if isinstance(model, str | Path) else model
    if proto.functions:
        proto = importlib.import_module("onnx.inliner").inline_local_functions(proto)
    try:
        batch, sides, kind = _input(proto, input_shape)
        module = OnnxGraph(proto, sides, batch)
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    module.agreement = _agreement(name, proto, module.eval(), (batch, *sides), kind)
    return module, sides


def _required(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != name:
            raise
        raise InputError(f"files of ONNX need {name}: pip install 'sheetgen[onnx]'") from error


def _loaded(onnx: ModuleType, path: Path) -> Any:  # noqa: ANN401 - a ModelProto
    """Return a file's model, checked, with the numbers that are in files beside it."""
    if not path.is_file():
        found = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(f"{path} {found}; expected a file of ONNX")
    try:
        proto = onnx.load(path, load_external_data=False)
        if not proto.graph.node:
            raise ValueError("it has no graph")
    except Exception as error:  # protobuf's own, whose classes depend on its version
        raise InputError(f"{path} is damaged, or no file of ONNX") from error
    external = importlib.import_module("onnx.external_data_helper")
    files = {
        each.value
        for tensor in proto.graph.initializer
        if tensor.data_location == onnx.TensorProto.EXTERNAL
        for each in tensor.external_data
        if each.key == "location"
    }
    if missing := sorted(each for each in files if not path.with_name(each).is_file()):
        raise InputError(f"{path} has its weights in {missing[0]}, which is missing beside it")
    try:
        external.load_external_data_for_model(proto, str(path.parent))
    except Exception as error:  # of any kind, depending on the damage
        reason = str(error).strip().split("\n")[0]
        raise InputError(f"{path} is damaged: {reason}") from error
    return proto


def _input(
    proto: Any,  # noqa: ANN401 - a ModelProto
    input_shape: tuple[int, ...] | None,
) -> tuple[int, tuple[int, ...], int]:
    """Return the batch that a graph is for, 0 for any, the other sides, and the type of numbers."""
    held = {each.name for each in proto.graph.initializer}
    inputs = [each for each in proto.graph.input if each.name not in held]
    for found, what in ((inputs, "inputs"), (proto.graph.output, "results")):
        if len(found) != 1:
            names = ", ".join(each.name for each in found)
            raise InputError(
                f"found {len(found)} {what} ({names}); expected one, as "
                "onnx.utils.extract_model makes of a larger model"
            )
    (source,) = inputs
    tensor = source.type.tensor_type
    if tensor.elem_type not in PRECISIONS:
        raise InputError(f"its input {source.name} takes no float32 or float64 numbers")
    dims = list(tensor.shape.dim)
    words = ", ".join(str(each.dim_value or each.dim_param or "?") for each in dims)
    if len(dims) == 1:
        raise InputError(f"its input {source.name} has the shape ({words}); expected a batch first")
    known = tuple(each.dim_value for each in dims[1:])
    sides = known if input_shape is None else input_shape
    if not sides or not all(sides):
        raise InputError(
            f"its input {source.name} has the shape ({words}); give that of one input, without "
            "the batch, as input_shape (on the command line --input-shape, such as 3,32,32)"
        )
    wanted = [one or other for one, other in zip(known, sides, strict=False)]
    if dims and (len(known) != len(sides) or wanted != list(sides)):
        shape = ", ".join(map(str, sides))
        raise InputError(f"input_shape: found ({shape}); its input has ({words}), with the batch")
    return dims[0].dim_value if dims else 0, sides, tensor.elem_type


def _agreement(
    name: str,
    proto: Any,  # noqa: ANN401 - a ModelProto
    module: nn.Module,
    shape: tuple[int, ...],
    kind: int,
) -> str:
    """Return how far the module is from onnxruntime, for random inputs, in words.

    Where that cannot run the file, as for convolutions in float64 and versions that are newer than
    it, ONNX's own reference implementation does. Raises InputError if they disagree.
    """
    batch, *sides = shape
    count = TRIES if batch < 2 else 2 * batch
    inputs = np.random.default_rng(0).normal(size=(count, *sides)).astype(PRECISIONS[kind])
    program, expected = _computed(name, proto, inputs.reshape(-1, batch or count, *sides))
    with torch.no_grad():
        found = module(torch.from_numpy(inputs).double()).numpy()
    return agreement(name, program, PRECISIONS[kind], found, expected)


def _computed(name: str, proto: Any, inputs: Array) -> tuple[str, Array]:  # noqa: ANN401
    """Return the results of batches, one after the other, and the program that computed them."""
    runtime = _required("onnxruntime")
    options = runtime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    try:
        session = runtime.InferenceSession(
            proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        (given,) = session.get_inputs()
        found = [session.run(None, {given.name: batch})[0] for batch in inputs]
        return "onnxruntime", np.concatenate(found, dtype=float)
    except Exception:  # of onnxruntime, which has no base class for them
        pass
    reference = importlib.import_module("onnx.reference").ReferenceEvaluator(proto)
    try:
        (given,) = reference.input_names
        found = [reference.run(None, {given: batch})[0] for batch in inputs]
        return "ONNX's reference implementation", np.concatenate(found, dtype=float)
    except Exception as error:
        reason = str(error).strip().split("\n")[0]
        raise InputError(f"{name}: neither onnxruntime nor onnx can run it: {reason}") from error
