"""What is refused of files of ONNX and of saved weights, in one line that says what to do."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from onnx_models import graph, onnx
from test_export_refusals import invoke, refused
from torch import nn

import cnn
from cnn.export.onnx_files import read_onnx
from sheetgen.errors import InputError
from sheetgen.spreadsheet.reader import sheet_names

BATCH = "batch"
RELU = [("Relu", "x > y", {})]
NET = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 2)

    def forward(self, x):
        return self.fc(x * 2)

def zeros():
    net = Net()
    nn.init.zeros_(net.fc.weight), nn.init.zeros_(net.fc.bias)
    return net
"""


def without(name: str) -> Any:
    """Return a model whose node for `name` reads a value that nothing makes."""
    return graph([("Add", f"x {name} > y", {})], [BATCH, 3])


def several(what: str) -> Any:
    model = graph(RELU, [BATCH, 3])
    getattr(model.graph, what).append(onnx.helper.make_tensor_value_info("z", 1, [1, 3]))
    return model


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (graph([("Det", "x > y", {"name": "/head/Det"})], [BATCH, 3, 3]),
         "the node /head/Det: no formula is written for the operator Det"),
        (graph([("Cast", "x > y", {"to": 7})], [BATCH, 3]), "Cast_0: Cast: it makes int64 numbers"),
        (graph([("MaxPool", "x > y", {"kernel_shape": [2, 2, 2]})], [1, 1, 3, 3, 3]),
         "the node MaxPool_0: MaxPool: it is for 3 dimensions; expected 1 or 2"),
        (graph([("Reshape", "x s > y", {})], [1, 3], constants={"s": np.array([1, 7])}),
         "the node Reshape_0: torch cannot compute Reshape: shape '[1, 7]' is invalid"),
        (without("gone"), "the node Add_0: torch cannot compute Add"),
        (several("input"), "found 2 inputs (x, z); expected one, as onnx.utils.extract_model"),
        (several("output"), "found 2 results (y, z); expected one"),
        (graph(RELU, [BATCH, 3, "height", "width"]),
         "its input x has the shape (batch, 3, height, width); give that of one input"),
        (graph(RELU, [4]), "its input x has the shape (4); expected a batch first"),
        (graph([("Identity", "c > y", {})], [1, 2], constants={"c": [[1.0, 2.0]]}),
         "the result of the graph does not depend on its input"),
    ],
    ids=lambda found: found if isinstance(found, str) else "",
)  # fmt: skip
def test_a_graph_without_formulas_is_refused_by_its_node(model: Any, words: str) -> None:
    with pytest.raises(InputError) as found:
        read_onnx(model)
    assert words in str(found.value)
    assert "\n" not in str(found.value)


def test_a_graph_that_computes_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file is compared with onnxruntime before it is used."""
    from cnn.export.network import onnx_graph  # noqa: PLC0415

    monkeypatch.setitem(onnx_graph.FUNCTIONS, "Relu", lambda _, x: x)
    with pytest.raises(InputError, match="onnxruntime computes something else than the module"):
        read_onnx(graph(RELU, [BATCH, 3]))


def test_a_shape_must_be_that_of_the_file() -> None:
    with pytest.raises(
        InputError, match=r"found \(4\); its input has \(batch, 3\), with the batch"
    ):
        read_onnx(graph(RELU, [BATCH, 3]), (4,))


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    book, path = tmp_path / "book.xlsx", tmp_path / "model.onnx"
    refused(invoke("export", path, "-o", book), f"{path} does not exist; expected a file of ONNX")
    path.write_bytes(b"\x08\x09PK nothing")
    refused(invoke("export", path, "-o", book), f"{path} is damaged, or no file of ONNX")
    model = graph([("MatMul", "x w > y", {})], [BATCH, 3], constants={"w": np.ones((3, 2))})
    onnx.save(model, path, save_as_external_data=True, location="far.data", size_threshold=0)
    (tmp_path / "far.data").rename(tmp_path / "moved.data")
    refused(invoke("export", path, "-o", book), f"{path} has its weights in far.data, which is")
    assert not book.exists()


def test_options_of_another_kind_are_refused(tmp_path: Path) -> None:
    book, path = tmp_path / "book.xlsx", tmp_path / "model.onnx"
    path.write_bytes(graph(RELU, [BATCH, 3]).SerializeToString())
    for words, text in (
        (("--weights", "last"), "has its own weights; leave the option out"),
        (("--data-dir", tmp_path), "--data-dir is for a run, but"),
        (("--input-shape", "3;4"), "--input-shape: found 3;4; expected such as 1,28,28"),
    ):
        refused(invoke("export", path, "-o", book, *words), text)
    refused(invoke("export", tmp_path, "-o", book, "--input-shape", "3"), "a run knows its own")
    refused(invoke("export", tmp_path, "-o", book, "--rows", "5"), "a run takes in pictures")
    refused(invoke("export", tmp_path, "-o", book, "--weights", "x"), "expected last or best")


def test_without_onnx_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(InputError, match=r"need onnxruntime: pip install 'sheetgen\[onnx\]'"):
        cnn.export_workbook("model.onnx", None, "model.xlsx")


def test_a_network_of_ones_own_is_exported_with_its_saved_weights(tmp_path: Path) -> None:
    net, book = tmp_path / "net.py", tmp_path / "net.xlsx"
    net.write_text(NET)
    state = {"fc.weight": torch.rand(2, 3), "fc.bias": torch.rand(2)}
    torch.save({"epoch": 3, "state_dict": state}, plain := tmp_path / "plain.pt")
    renamed = {f"module.{name}": each for name, each in state.items()}
    safetensors.torch.save_file(renamed, parallel := tmp_path / "parallel.safetensors")
    given = (f"{net}:Net", "--weights", plain)
    written = invoke("export", *given, "--input-shape", "3", "-o", book, "--rows", "3")
    assert written.exit_code == 0, written.output
    assert "largest difference to torch" in written.stdout
    assert sheet_names(book)[:2] == ["Inputs", "Cases"]
    same = invoke("verify", book, f"{net}:Net", "--weights", parallel, "--engine", "ironcalc")
    assert same.exit_code == 0, same.output
    other = invoke("verify", book, f"{net}:zeros", "--engine", "ironcalc")
    assert other.exit_code == 1 and "FAIL" in other.stdout


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    net, book, path = tmp_path / "net.py", tmp_path / "net.xlsx", tmp_path / "state.pt"
    net.write_text(NET)
    given = ("export", f"{net}:Net", "-o", book, "--input-shape", "3")
    refused(invoke(*given[:4]), "does not say the shape of its input; give it by --input-shape")
    refused(invoke(*given), f"{net}:Net has other weights each time it is built; give the file")
    refused(invoke(*given, "--weights", path), f"--weights: {path} does not exist; expected a file")
    for held, words in (
        (nn.Linear(3, 2), "other Python objects than numbers, texts and tensors; expected what"),
        ({"epoch": 3}, "holds no state_dict; expected what torch.save(model.state_dict()"),
        ({"fc.weight": torch.ones(2, 3)}, "do not fit"),
        ({"fc.weight": torch.ones(2, 2), "fc.bias": torch.ones(2)}, "those of another network"),
    ):
        torch.save(held, path)
        refused(invoke(*given, "--weights", path), words)
    assert not book.exists()
