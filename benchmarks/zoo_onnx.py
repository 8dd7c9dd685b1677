"""Three of the zoo's networks as files of ONNX, written by torch.onnx.export for any batch."""

import io
import warnings
from typing import Any

import onnx
import torch
from torch import nn
from zoo_networks import ZOO, made

FROM_ONNX = ("MNIST example of PyTorch", "ResNet, two stages", "signals")
"""Their names in the zoo."""


def graph_of(name: str) -> Any:
    """Return the ONNX model of a network; BatchNorm is in its convolutions, in float32."""
    make, shape = ZOO[name]
    model: nn.Module = made(make)
    written = io.BytesIO()
    with warnings.catch_warnings(action="ignore"):
        torch.onnx.export(
            model,
            (torch.rand(1, *shape),),
            written,
            dynamo=False,
            input_names=["x"],
            dynamic_axes={"x": {0: "batch"}},
        )
    return onnx.load_from_string(written.getvalue())
