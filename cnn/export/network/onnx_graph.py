"""Makes a module of torch of an ONNX graph, which torch.export follows like any other.

What is constant is computed once, by ONNX's own reference implementation; every other node becomes
a module that calls one function of torch, named as in the framework that the graph comes from.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import torch
from onnx import ModelProto, NodeProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import Tensor, nn

from cnn.export.network.modules import UnsupportedError
from cnn.export.network.numbered import EXAMPLES
from cnn.export.network.onnx_calls import Call, Computed, Held
from cnn.export.network.onnx_moves import MOVES
from cnn.export.network.onnx_nodes import needed_nodes, paths_of
from cnn.export.network.onnx_operators import OPERATORS
from cnn.export.network.onnx_windows import WINDOWS
from sheetgen.errors import InputError
from sheetgen.network.activations import Array

DOMAINS = ("", "ai.onnx")
FUNCTIONS = OPERATORS | WINDOWS | MOVES


class GraphNode(nn.Module):
    """A node of the graph, with its constants."""

    def __init__(self, kind: str, call: Call) -> None:
        super().__init__()
        self.kind, self.call = kind, call
        for place, held in enumerate(call.constants):
            if not isinstance(held, Computed | None):
                self.register_buffer(f"input{place}", torch.from_numpy(held))

    def forward(self, *computed: Tensor) -> Any:  # noqa: ANN401 - one tensor or several
        """Return what the operator gives for the inputs that are not constant."""
        values = iter(computed)
        inputs = [
            next(values) if isinstance(held, Computed) else getattr(self, f"input{place}", None)
            for place, held in enumerate(self.call.constants)
        ]
        return FUNCTIONS[self.kind](self.call, *inputs)


class OnnxGraph(nn.Module):
    """The graph: its nodes in their order, each with the names of its values."""

    agreement = ""
    """How far what another program computes is from the module, in words."""

    def __init__(self, model: ModelProto, sides: tuple[int, ...], batch: int = 0) -> None:
        """Make the nodes, for an input of these sides without the batch.

        `batch` is the number of examples that the graph is written for; 0 is any.

        Raises InputError, naming the node, for one that no formula is written for.
        """
        super().__init__()
        constants = {each.name: _numbers(each) for each in model.graph.initializer}
        (self.source,) = (each.name for each in model.graph.input if each.name not in constants)
        self.result = model.graph.output[0].name
        opset = next(each.version for each in model.opset_import if each.domain in DOMAINS)
        needed = needed_nodes(model.graph, constants)
        nodes = [*zip(needed, paths_of(needed, constants), strict=True)]
        written: dict[str, Tensor] = {}
        for examples in (batch, EXAMPLES) if batch else (EXAMPLES,):
            self.steps: list[tuple[str, list[str], list[str]]] = []
            self._modules.clear()
            x = torch.zeros(examples, *sides, dtype=torch.float64)
            reader = _Reader(self, {self.source: x}, dict(constants), opset, written)
            for node, path in nodes:
                reader.add(node, path)
            written = reader.values
        if self.result not in written:
            raise InputError("the result of the graph does not depend on its input")

    def forward(self, x: Tensor) -> Tensor:
        """Return the graph's result; its nodes are made for a batch of `EXAMPLES`."""
        if len(x) == EXAMPLES:
            return self.run(x)
        alike = (each.expand(EXAMPLES, *each.shape) for each in x)
        return torch.cat([self.run(each)[:1] for each in alike])

    def run(self, x: Tensor) -> Tensor:
        """Return the graph's result for that batch."""
        values = {self.source: x}
        for path, reads, outputs in self.steps:
            found = self.get_submodule(path)(*(values[name] for name in reads))
            values.update(zip(outputs, _several(found), strict=False))
        return values[self.result]


@dataclass
class _Reader:
    """Makes the modules of a graph from its nodes, with the values that they give for zeros."""

    graph: OnnxGraph
    values: dict[str, Tensor]
    constants: dict[str, Array]
    opset: int
    written: Mapping[str, Tensor]
    """The values for the batch that the graph is written for, if it is for one only."""

    def add(self, node: NodeProto, path: str) -> None:
        """Compute what is constant, or make a module for a node."""
        if not any(name in self.values for name in node.input):
            self.constants.update(_evaluated(node, self.constants, self.opset))
        elif node.op_type in ("Shape", "Size"):
            self.constants[node.output[0]] = _shape(node, self.values[node.input[0]])
        else:
            self.compute(node, path)

    def compute(self, node: NodeProto, path: str) -> None:
        """Make a module for a node, and keep what it gives."""
        where = f"the node {node.name or node.output[0]}"
        if node.domain not in DOMAINS or node.op_type not in FUNCTIONS:
            kind = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
            raise InputError(f"{where}: no formula is written for the operator {kind}")
        reads = [name for name in node.input if name in self.values]
        step = GraphNode(node.op_type, self.call(node)).double()
        try:
            found = _several(step(*(self.values[name] for name in reads)))
        except UnsupportedError as error:
            raise InputError(f"{where}: {node.op_type}: {error}") from None
        except Exception as error:  # of any kind, where a node is not what its operator expects
            reason = str(error).split("\n", maxsplit=1)[0]
            raise InputError(f"{where}: torch cannot compute {node.op_type}: {reason}") from error
        self.values.update(zip(node.output, found, strict=False))
        self.graph.steps.append((_register(self.graph, path, step), reads, list(node.output)))

    def call(self, node: NodeProto) -> Call:
        """Return a node's settings."""
        attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        if node.op_type == "Reshape" and node.input[0] in self.written:
            before, after = (self.written[each].shape for each in (node.input[0], node.output[0]))
            attributes["sides"] = _for_batch(before, after, self.values[node.input[0]].shape)
        held: list[Held] = [
            Computed.INPUT if name in self.values else self.constants.get(name)
            for name in node.input
        ]
        return Call(attributes, held, self.opset, len(node.output))


def _several(found: Any) -> Sequence[Tensor]:  # noqa: ANN401 - one tensor or several
    return (found,) if isinstance(found, Tensor) else found


def _for_batch(before: Sequence[int], after: Sequence[int], given: Sequence[int]) -> list[int]:
    """Return the sides after a reshaping for another batch than that of a graph.

    `before` and `after` are those in the graph, `given` are those there are: one side differs,
    that with the examples. It becomes the rows of a matrix, or a side of its own if there is one,
    or else the first of those that are made of it.
    """
    sides = list(after)
    for axis, (old, new) in enumerate(zip(before, given, strict=True)):
        if old == new:
            continue
        outer = math.prod(before[:axis])
        within = [
            at for at in range(len(sides)) if outer <= math.prod(sides[: at + 1]) <= outer * old
        ]
        alone = [at for at in within if sides[at] == 1 and math.prod(sides[:at]) >= outer]
        exact = [at for at in range(len(sides)) if math.prod(sides[:at]) == outer]
        places = alone or exact or [0]
        place = 0 if len(sides) == 2 else axis if axis in places else places[0]
        sides[place] = sides[place] * new // old
    return sides


def _numbers(tensor: onnx.TensorProto) -> Array:
    return _exact(numpy_helper.to_array(tensor))


def _exact(found: Any) -> Array:  # noqa: ANN401 - an array of any numbers
    """Return numbers with a point as float64; whole ones and truths as they are."""
    array = np.array(found)
    return array if array.dtype.kind in "iub" else array.astype(np.float64)


def _evaluated(node: NodeProto, constants: Mapping[str, Array], opset: int) -> dict[str, Array]:
    """Return the results of a node whose inputs are constant."""
    names = [name for name in node.input if name]
    inputs = [helper.make_tensor_value_info(name, 1, None) for name in names]
    outputs = [helper.make_tensor_value_info(name, 1, None) for name in node.output if name]
    graph = helper.make_graph([node], "constant", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    try:
        found = ReferenceEvaluator(model).run(None, {name: constants[name] for name in names})
    except Exception as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        raise InputError(f"the node {node.name} cannot be computed: {reason}") from error
    return {each.name: _exact(held) for each, held in zip(outputs, found, strict=True)}


def _shape(node: NodeProto, value: Tensor) -> Array:
    if node.op_type == "Size":
        return np.array(value.numel())
    given = {each.name: each.i for each in node.attribute}
    return np.array(value.shape[given.get("start", 0) : given.get("end")], dtype=np.int64)


def _register(model: nn.Module, path: str, step: nn.Module) -> str:
    """Put a module at a path, numbered if there is one, and return its path."""
    *around, name = path.split(".")
    for each in around:
        if each not in model._modules:
            model.add_module(each, nn.Module())
        model = model._modules[each]  # type: ignore[assignment]
    number, given = 0, name
    while given in model._modules:
        number += 1
        given = f"{name}{number}"
    model.add_module(given, step)
    return ".".join((*around, given))
