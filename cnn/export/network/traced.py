"""Reads a module's own forward as operations, by following numbered values through its graph.

The graph of `forward_graph.py` is run with numbers that say where each value is: operators that
only move values (view, cat, chunk, pad) are run by torch itself on these, so that none of them
needs code of ours; the others become stages, most of them by way of the module of torch.nn that
does the same.
"""

import operator
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import fx, nn

from cnn.export.network.computed import WHY_NOT, Computation, Read
from cnn.export.network.forward_graph import (
    IDENTITIES,
    bound,
    graph_of,
    in_double_precision,
    input_type,
    name_of,
    require_same,
)
from cnn.export.network.grouping import Operation
from cnn.export.network.kept_operations import Caller, Operations
from cnn.export.network.modules import UnsupportedError
from cnn.export.network.moves import LIKE, MOVES, like, moved
from cnn.export.network.numbered import Traced, Unknown, unmixed
from cnn.export.network.stages import Input, Places, Shape
from sheetgen.errors import InputError


class Followed(NamedTuple):
    """The operations of a forward in the order of its calls, and the graph that they come from.

    `choices` are how many whole numbers from 0 each input may be, 0 if it is any number.
    """

    operations: list[Operation]
    graph: fx.GraphModule
    choices: Places | None


def follow(model: nn.Module, source: Input, read: Read) -> Followed:
    """Return the operations of a module with a forward of its own.

    The model is in double precision and evaluation mode; `read` returns the stage of a module of
    torch.nn. Raises InputError, naming the module of the model, for a call that is not supported,
    and where torch's graph gives other numbers than the model.
    """
    shape = source.output
    graph = graph_of(model, shape)
    is_whole = input_type(graph) == torch.int64
    tracer = _Tracer(graph, Computation(shape, read, is_whole))
    with torch.no_grad(), in_double_precision(casts=False):
        start = Operations.values(0, shape, shape.torch_sides)
        result = tracer.run(start, enable_io_processing=False)
    operations = tracer.finished(result)
    held = tracer.computation.choices
    choices = held.reshape(shape.sides) if held.any() else None
    require_same(model, graph, _examples(shape, choices).to(input_type(graph)))
    return Followed(operations, graph, choices)


def _examples(shape: Shape, choices: Places | None) -> torch.Tensor:
    """Return three inputs at random, of whole numbers where these are chosen from."""
    random = np.random.default_rng(0)
    values = random.normal(size=(3, *shape.sides))
    if choices is not None:
        values = np.where(
            choices > 0, random.integers(np.maximum(choices, 1), size=values.shape), values
        )
    return torch.from_numpy(values).reshape(3, *shape.torch_sides)


class _Tracer(fx.Interpreter):
    """Runs a graph on numbered values, and keeps the operations that compute new ones."""

    def __init__(self, graph: fx.GraphModule, computation: Computation) -> None:
        super().__init__(graph, garbage_collect_values=False)
        self.extra_traceback = False  # it would add lines to the message of an error
        self.computation, self.kept = computation, computation.kept
        calls = [node for node in graph.graph.nodes if node.op == "call_function"]
        self.indices = {node: index for index, node in enumerate(calls)}

    def run_node(self, node: fx.Node) -> Any:  # noqa: ANN401 - of fx.Interpreter
        """Run a node; raise InputError, naming the module that it is in, if that is impossible."""
        self.node = node
        stack = node.meta.get("nn_module_stack") or {"": ("", "")}
        path, kind = map(str, list(stack.values())[-1])
        kind = kind.rsplit(".", maxsplit=1)[-1]
        self.kept.caller = Caller(path, kind, self.indices.get(node, 0))
        try:
            return super().run_node(node)
        except UnsupportedError as error:
            where = f"the module {path}: {kind}" if path else "the network's own forward"
            raise InputError(f"{where} calls {name_of(node.target)}: {error}") from None

    def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:  # noqa: ANN401
        """Compute constants, move values, or add an operation."""
        name = name_of(target)
        if name.startswith("_assert") or target is operator.getitem:
            return None if name.startswith("_assert") else args[0][args[1]]
        is_known = name in IDENTITIES or name in WHY_NOT
        if torch.Tag.nondeterministic_seeded in target.tags and not is_known:
            raise UnsupportedError("it takes numbers at random")
        if not _has(Traced, (args, kwargs)):
            return super().call_function(target, args, kwargs)
        if _has(Unknown, (args, kwargs)):
            raise UnsupportedError("it takes the places of the largest or smallest values")
        given = bound(target, args, kwargs)
        if name in IDENTITIES:
            return self.converted(given)
        if name in LIKE:
            return like(target, given, name)
        if name in MOVES and not isinstance(given.get("condition"), Traced):
            return moved(target, given, name, self.kept.constants)
        if _type(self.node) == torch.bool:
            # The sum of truth values is one, too.
            name = "logical_or" if name == "add" else name.replace("bitwise", "logical")
        return self.computation.of(name, given)

    def converted(self, given: dict[str, Any]) -> Traced:
        """Return values as they are, or cut to whole numbers or to truth values."""
        if given.get("train"):
            raise UnsupportedError(
                "it drops values at random, also in evaluation mode; expected "
                "training=self.training, or a module Dropout"
            )
        value: Traced = given["self"] if "self" in given else given["input"]
        before, after = _type(self.node.all_input_nodes[0]), _type(self.node)
        found = value
        if after == torch.bool and before != torch.bool:
            found = self.computation.of("ne", {"self": value, "other": 0})
        elif before.is_floating_point and not after.is_floating_point:
            found = self.computation.of("trunc", {"self": value})
        return found

    def finished(self, result: Any) -> list[Operation]:  # noqa: ANN401 - what the forward returns
        """Return the operations that the result needs, with the result as the last."""
        while isinstance(result, tuple | list) and len(result) == 1:
            result = result[0]
        if isinstance(result, torch.Tensor):
            raise InputError("the network's forward returns numbers that its input does not change")
        if not isinstance(result, Traced):
            kind = type(result).__name__
            raise InputError(f"the network's forward returns a {kind}; expected one tensor")
        try:
            self.kept.gathered(Traced(unmixed(result.numbers), result.how))
        except UnsupportedError as error:
            raise InputError(f"the network's own forward: {error}") from None
        return self.kept.found


def _has(kind: type, arguments: Any) -> bool:  # noqa: ANN401
    if isinstance(arguments, Mapping):
        return any(_has(kind, each) for each in arguments.values())
    if isinstance(arguments, tuple | list):
        return any(_has(kind, each) for each in arguments)
    return isinstance(arguments, kind)


def _type(node: fx.Node) -> torch.dtype:
    """Return the type of what a node gives, or of its first result."""
    value = node.meta["val"]
    while isinstance(value, tuple | list):
        value = value[0]
    return value.dtype if isinstance(value, torch.Tensor) else torch.float64
