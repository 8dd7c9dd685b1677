"""The nodes of an ONNX graph that its result needs, and the modules that they come from."""

import ast
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from onnx import GraphProto, NodeProto, helper

from sheetgen.network.activations import Array


def needed_nodes(graph: GraphProto, constants: Mapping[str, Array]) -> list[NodeProto]:
    """Return the nodes that the result needs, in their order.

    Nodes that together are one layer or activation are one: a product of matrices and its bias,
    x · σ(x), and a softplus that is x itself for large x, as torch.onnx.export writes it.
    """
    makers = {name: node for node in graph.node for name in node.output if name}
    readers = Counter(name for node in graph.node for name in node.input)
    joined = [_joined(node, makers, readers, constants) for node in graph.node]
    wanted, kept = {each.name for each in graph.output}, list[NodeProto]()
    for node in reversed(joined):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            kept.append(node)
    return kept[::-1]


def _joined(
    node: NodeProto,
    makers: Mapping[str, NodeProto],
    readers: Mapping[str, int],
    constants: Mapping[str, Array],
) -> NodeProto:
    """Return the node that does what a node and those before it do; it itself if that is all."""

    def made_by(kind: str, name: str) -> NodeProto | None:
        found = makers.get(name)
        return found if found is not None and found.op_type == kind else None

    pairs = [node.input[:2], node.input[1::-1]] if len(node.input) == 2 else []
    for one, other in pairs:
        product, share = made_by("MatMul", one), made_by("Sigmoid", one)
        if node.op_type == "Mul" and share is not None and share.input[0] == other:
            return _like(node, "Swish", [other])
        if node.op_type != "Add" or product is None or readers[one] > 1:
            continue
        weight, bias = (constants.get(name) for name in (product.input[1], other))
        if weight is not None and bias is not None and bias.ndim == 1 and weight.ndim == 2:
            return _like(node, "Gemm", [*product.input, other], product.name)
    if node.op_type == "Where":
        condition, curve = made_by("Greater", node.input[0]), made_by("Softplus", node.input[2])
        if condition is not None and curve is not None:
            value = node.input[1]
            if condition.input[0] == value == curve.input[0]:
                return _like(node, "Softplus", [value])
    return node


def _like(node: NodeProto, kind: str, inputs: Sequence[str], name: str = "") -> NodeProto:
    """Return a node with the results of another."""
    made = helper.make_node(kind, inputs, list(node.output), name or node.name)
    made.metadata_props.extend(node.metadata_props)
    return made


def paths_of(nodes: Sequence[NodeProto], constants: Collection[str]) -> Iterator[str]:
    """Yield the path of each node's module; that of one alone in its scope is the scope."""
    scopes = [_scope(node, constants) for node in nodes]
    counts = Counter(scopes)
    for node, scope in zip(nodes, scopes, strict=True):
        alone = scope and counts[scope] == 1
        yield scope if alone else ".".join(filter(None, (scope, node.op_type.lower())))


def _scope(node: NodeProto, constants: Collection[str]) -> str:
    """Return the path of the module that a node comes from, as far as names say it.

    torch.onnx.export writes it into the node's metadata, or into its name: /layer1/layer1.0/Relu.
    """
    said = {each.key: each.value for each in node.metadata_props}
    if found := said.get("pkg.torch.onnx.name_scopes"):
        scopes = [str(each) for each in ast.literal_eval(found)]
        return _clean(scopes[-2]) if len(scopes) > 1 else ""
    *around, last = node.name.split("/")
    if around:
        after = [*around[1:], ""]
        kept = zip(around, after, strict=True)
        return _clean(".".join(part for part, inner in kept if not inner.startswith(f"{part}.")))
    if last and not re.fullmatch(rf"(node_)?{node.op_type}_?\d*|n\d+(_\d+)?", last, re.IGNORECASE):
        return _clean(last)
    for name in node.input[1:]:
        if name in constants and re.fullmatch(r"[\w.]+\.(weight|kernel)", name):
            return _clean(name.rpartition(".")[0])
    return ""


def _clean(path: str) -> str:
    """Return a path of parts that are words."""
    parts = (re.sub(r"\W+", "_", part).strip("_") for part in path.split("."))
    return ".".join(filter(None, parts))
