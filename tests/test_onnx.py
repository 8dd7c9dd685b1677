"""Files of ONNX as workbooks: their graphs compute what onnxruntime does, cell by cell."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_models import DOUBLE, graph, of_torch
from own_forwards import NETWORKS, Attention, Norms, Signal, trained
from torch import nn

import cnn
from cnn.export.network.read_network import read_network
from cnn.export.network.stages import Input, Network, Shape
from cnn.export.onnx_files import read_onnx
from cnn.export.verification.verify_export import verify_workbook

BATCH = "batch"
RANDOM = np.random.default_rng(3)
ACTIVATIONS: dict[str, dict[str, Any]] = {
    "Relu": {},
    "Sigmoid": {},
    "Tanh": {},
    "Exp": {},
    "Neg": {},
    "Abs": {},
    "Sin": {},
    "Cos": {},
    "Softplus": {},
    "Softsign": {},
    "Mish": {},
    "HardSwish": {},
    "LeakyRelu": {"alpha": 0.2},
    "Elu": {"alpha": 0.7},
    "Celu": {"alpha": 0.7},
    "Selu": {},
    "HardSigmoid": {},
    "Gelu": {"approximate": "tanh"},
}


def stages(model: Any, shape: tuple[int, ...] | None = None) -> Network:
    """Return the network of a model that agrees with onnxruntime."""
    module, sides = read_onnx(model, shape)
    assert str(module.agreement).startswith("onnxruntime, in float")
    return read_network(module, Input(Shape.of(sides)))


def weight(*sides: int) -> Any:
    return RANDOM.normal(size=sides)


def test_a_file_becomes_a_workbook_that_verifies(tmp_path: Path) -> None:
    path, book = tmp_path / "model.onnx", tmp_path / "model.xlsx"
    nodes = [
        ("Conv", "x k b > a", {"name": "/stem/Conv", "pads": [1, 1, 1, 1]}),
        ("Relu", "a > r", {}),
        ("Add", "r x > s", {"name": "/block/Add"}),
        ("GlobalAveragePool", "s > p", {}),
        ("Flatten", "p > f", {}),
        ("Gemm", "f fc.weight > y", {}),
    ]
    constants = {"k": weight(2, 2, 3, 3), "b": weight(2), "fc.weight": weight(2, 2)}
    model = graph(nodes, [BATCH, 2, 4, 4], constants=constants)
    path.write_bytes(model.SerializeToString())
    exported = cnn.export_workbook(str(path), None, book, weight(1, 2, 4, 4))
    (found,) = verify_workbook(book, path, inputs=1)
    assert found.passed, found.wrong
    assert found.largest_difference < 1e-9
    assert exported.network.layers[1].name.startswith("stem")


@pytest.mark.parametrize(
    ("kind", "any_batch", "opset"), [(Attention, False, 20), (Norms, True, 17), (Signal, False, 13)]
)
def test_a_graph_that_torch_exports_gives_the_stages_of_its_module(
    kind: type[nn.Module], any_batch: bool, opset: int
) -> None:
    sides = NETWORKS[kind]
    network = stages(of_torch(trained(kind), *sides, any_batch=any_batch, opset=opset))
    module = read_network(trained(kind), Input(Shape.of(sides)))
    assert network.layers[-1].output == module.layers[-1].output


def test_activations_are_those_of_onnxruntime() -> None:
    nodes = [(kind, f"x > {kind}", attributes) for kind, attributes in ACTIVATIONS.items()]
    every = " ".join(ACTIVATIONS)
    network = stages(graph([*nodes, ("Concat", f"{every} > y", {"axis": 1})], [BATCH, 3]))
    assert network.layers[-1].output.size == 3 * len(ACTIVATIONS)


@pytest.mark.parametrize("opset", [11, 13, 18])
def test_settings_are_read_from_attributes_and_from_inputs(opset: int) -> None:
    """Opset 13 and 18 moved them."""
    constants: dict[str, Any] = {"w": weight(4, 6)}
    added: dict[str, dict[str, Any]] = {}
    names = {"Unsqueeze": 13, "Squeeze": 13, "ReduceSum": 13, "ReduceMean": 18, "Split": 13}
    values = {"Split": ("split", [1, 3]), "ReduceMean": ("axes", [3])}
    for kind, moved in names.items():
        name, numbers = values.get(kind, ("axes", [2]))
        added[kind] = {name: numbers} if opset < moved else {}
        constants |= {} if opset < moved else {kind: np.array(numbers)}

    def inputs(kind: str) -> str:
        return kind if kind in constants else ""

    nodes = [
        ("MatMul", "x w > a", {}),
        ("Unsqueeze", f"a {inputs('Unsqueeze')} > b", added["Unsqueeze"]),
        ("ReduceSum", f"b {inputs('ReduceSum')} > c", added["ReduceSum"]),
        ("ReduceMean", f"c {inputs('ReduceMean')} > d", added["ReduceMean"] | {"keepdims": 1}),
        ("Squeeze", f"d {inputs('Squeeze')} > e", added["Squeeze"]),
        ("Split", f"e {inputs('Split')} > f g", added["Split"] | {"axis": 1}),
        ("Softmax", "g > y", {}),
    ]
    assert stages(graph(nodes, [BATCH, 4, 4], constants=constants, opset=opset)).layers


def test_windows_may_be_padded_more_on_one_side() -> None:
    constants = {"k": weight(3, 2, 3, 2), "t": weight(3, 2, 3, 3), "b": weight(2)}
    nodes = [
        ("Conv", "x k > a", {"auto_pad": "SAME_UPPER", "strides": [2, 1]}),
        ("MaxPool", "a > b1", {"kernel_shape": [2, 2], "pads": [0, 0, 1, 1], "strides": [2, 2]}),
        ("MaxPool", "b1 > c", {"kernel_shape": [2, 2], "auto_pad": "SAME_UPPER"}),
        ("ConvTranspose", "c t b > d", {"strides": [2, 2], "pads": [0, 1, 1, 0]}),
        ("AveragePool", "d > e", {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
        ("LayerNormalization", "e s > y", {"axis": -2}),
    ]
    constants["s"] = weight(4, 6)
    assert stages(graph(nodes, [BATCH, 2, 7, 6], constants=constants)).layers[-1].output.size == 48


def test_numbers_are_moved_as_onnxruntime_moves_them() -> None:
    far = np.iinfo(np.int64).min
    constants = {
        "pads": np.array([0, 0, 1, 0, 0, 0, 0, 2]),
        **{"from": np.array([-1, 1]), "to": np.array([far, 3]), "axes": np.array([1, 2])},
        **{"steps": np.array([-1, 1]), "places": np.array([[0, 2], [1, 1]])},
        **{"shape": np.array([0, -1, 2]), "times": np.array([1, 2, 1])},
        **{"sizes": np.array([1, 1, 2, 2], dtype=float), "wide": np.array([1, 1, 1])},
    }
    nodes = [
        ("Pad", "x pads > a", {"mode": "reflect"}),
        ("Slice", "a from to axes steps > b", {}),
        ("Resize", "b - sizes > c", {"mode": "nearest"}),
        ("DepthToSpace", "c > d", {"blocksize": 2}),
        ("Transpose", "d > e", {"perm": [0, 2, 1, 3]}),
        ("Gather", "e places > f", {"axis": 3}),
        ("Flatten", "f > g", {}),
        ("Shape", "g > h", {"end": 1}),
        ("Concat", "h minus two > i", {"axis": 0}),
        ("Reshape", "g i > j", {}),
        ("Tile", "j times > k", {}),
        ("Expand", "k wide > y", {}),
    ]
    constants |= {"minus": np.array([-1]), "two": np.array([2])}
    assert stages(graph(nodes, [BATCH, 4, 5, 4], constants=constants)).layers


def test_a_graph_in_double_precision_agrees_to_nine_digits() -> None:
    nodes = [("Gemm", "x w c > a", {"alpha": 0.5, "beta": 2.0}), ("Log", "a > b", {})]
    ends = {"low": 0.1, "high": 0.9}
    nodes += [("Clip", "b low high > d", {}), ("Pow", "d two > y", {})]
    constants = {"w": weight(3, 2), "c": [9.0], "two": 2.0, **ends}
    module, _ = read_onnx(graph(nodes, [BATCH, 3], constants=constants, kind=DOUBLE))
    assert float(str(module.agreement).rpartition(" ")[2]) < 1e-12


def test_a_convolution_in_double_precision_is_compared_with_onnxs_own_reference() -> None:
    """onnxruntime has it for float32 only."""
    nodes = [("Conv", "x k > y", {})]
    module, _ = read_onnx(graph(nodes, [1, 1, 4], constants={"k": weight(1, 1, 2)}, kind=DOUBLE))
    assert str(module.agreement).startswith("ONNX's reference implementation, in float64, differs")


def test_sheets_are_named_by_the_nodes_and_joined_ones_are_one_sheet() -> None:
    nodes = [
        ("MatMul", "x w > a", {"name": "/dense_1/MatMul"}),
        ("Add", "b a > c", {"name": "/dense_1/Add"}),
        ("Sigmoid", "c > d", {"name": "/Sigmoid"}),
        ("Mul", "c d > e", {"name": "/Mul"}),
        ("Gemm", "e head.out.weight > f", {"name": "Gemm_7", "transB": 1}),
        ("Softplus", "f > g", {}),
        ("Greater", "f twenty > h", {}),
        ("Where", "h f g > y", {"name": "curve"}),
    ]
    constants = {"w": weight(3, 4), "b": weight(4), "head.out.weight": weight(2, 4)}
    network = stages(graph(nodes, [BATCH, 3], constants=constants | {"twenty": 20.0}))
    said = {layer.name.split(".")[0]: layer.modules for layer in network.layers[1:]}
    assert list(said) == ["dense_1", "swish", "head", "curve"]
    assert said["dense_1"] == ("dense_1: Linear(in_features=3, out_features=4, bias=True)",)


def test_a_fixed_batch_and_a_free_size() -> None:
    nodes = [("Reshape", "x shape > a", {}), ("Gemm", "a w > y", {})]
    fixed = graph(nodes, [3, 2, 2], constants={"shape": np.array([3, 4]), "w": weight(4, 2)})
    assert stages(fixed).layers[-1].output.size == 2
    free = graph([("GlobalAveragePool", "x > y", {})], [BATCH, 2, "height", "width"])
    assert read_onnx(free, (2, 3, 4))[1] == (2, 3, 4)
