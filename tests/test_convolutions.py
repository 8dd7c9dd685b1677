"""Networks that look at pictures: their names, their refusals, and what verify says of mistakes.

Their mathematics is compared with PyTorch's, and their workbooks are verified, for random networks
in test_any_network.py.
"""

from pathlib import Path

import numpy as np
import openpyxl
import pytest
from conftest import held, sheetgen
from one_start import Computed
from verify_helper import check, finding, replaced

from sheetgen.errors import InputError
from sheetgen.network.network import Network
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.engines import EMBEDDED
from sheetgen.template import template
from sheetgen.template.template import Template
from sheetgen.verification.verify import verify
from sheetgen.workbook.build import build_workbook
from sheetgen.workbook.compose import compose
from sheetgen.workbook.plan import DERIVATION, EXPLORER, GRADIENT_CHECK, INPUTS, OVERVIEW, Plan

TWICE = """
[network]
inputs = [1, 5, 5]

[[network.layers]]
type = "convolution"
channels = 2
kernel = 2
padding = 1
activation = "tanh"
init = { scheme = "kaiming-normal", seed = 1 }
biases = true

[[network.layers]]
type = "max-pool"
kernel = [2, 3]
stride = [2, 1]

[[network.layers]]
type = "convolution"
channels = 3
kernel = [2, 1]
stride = 2
activation = "relu"
init = { scheme = "kaiming-normal", seed = 2 }

[[network.layers]]
type = "flatten"

[[network.layers]]
units = 2
activation = "softmax"
init = { scheme = "xavier-normal", seed = 3 }

[data]
inputs = [
    [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0],
    [0, 1, 2, 0, 1, 1, 0, 3, 0, 0, 1, 2, 0, 1, 0, 1, 0, 2, 0, 0, 1, 0, 3, 0, 1],
]
targets = [[1, 0], [0, 1]]

[training]
learning_rates = [0.1]
iterations = 3
"""


@pytest.fixture(scope="module")
def twice() -> Template:
    """Two convolutions of different windows, with a pool whose windows overlap between them."""
    return template.parse(TWICE)


@pytest.fixture
def pooled_edges(tmp_path: Path, without_surfaces: None) -> Path:  # noqa: ARG001
    """The smallest of the built-in networks of pictures, with a max pool."""
    source = template.load("edges").source
    for old, new in (("average-pool", "max-pool"), ("kernel = 4", "kernel = 2"),
                     ("[[1.0]]", "[[1.0, 0.5, -0.5, 1.0]]"), ("[0.5, 1.0, 2.0]", "[1]"),
                     ("iterations = 19", "iterations = 3")):  # fmt: skip
        assert old in source
        source = source.replace(old, new)
    path = tmp_path / "edges.xlsx"
    build_workbook(template.parse(source), path)
    return path


def test_what_belongs_to_a_picture_is_named_by_its_place(twice):
    network = twice.network
    assert network.input_names[:6] == ("i1_1", "i1_2", "i1_3", "i1_4", "i1_5", "i2_1")
    assert network.unit_names[0][36 + 7] == "h1_2_2_2"
    assert network.unit_names[1][:2] == ("p2_1_1_1", "p2_1_1_2")
    assert [each.name for each in network.weights][8:12] == [
        "k3_1_1_1_1", "k3_1_1_2_1", "k3_1_2_1_1", "k3_1_2_2_1"
    ]  # fmt: skip
    assert [each.name for each in network.biases] == ["b1", "b2"]
    assert len(network.biases[1].targets) == 36


def test_a_single_kernel_has_short_names():
    names = [each.name for each in template.load("edges").network.weights]
    assert names[:4] == ["k1_1", "k1_2", "k1_3", "k2_1"]
    assert names[9:] == ["w1"]


def test_a_weight_is_used_at_every_position(twice):
    """Of a 2 × 2 kernel over 5 × 5 with zeros around: 6 × 6 positions, some over the zeros."""
    corner, *_ = twice.network.weights
    assert len(corner.uses) == 25
    assert {use.source for use in corner.uses} == set(twice.network.input_names)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("inputs = [1, 5, 5]", "inputs = [5]", "network.inputs: found [5]; expected a whole"),
        ("inputs = [1, 5, 5]", "inputs = 25", 'found "convolution"; expected a picture to look at'),
        ("inputs = [1, 5, 5]", "inputs = [40, 40]", "found 1,600 inputs in all; expected at most"),
        ('"max-pool"', '"pool"', 'found "pool" (did you mean max-pool?); expected dense or'),
        ("kernel = [2, 3]", "kernel = [9, 1]", "found [9, 1]; expected a window in 6 by 6"),
        ("kernel = [2, 3]", 'kernel = "2"', 'found "2"; expected a whole number from 1 to'),
        (
            "kernel = [2, 3]",
            "padding = 1",
            "network.layers[1].padding: found an unknown key; expected one of kernel, stride",
        ),
        (
            "kernel = [2, 3]",
            "size = 2",
            "network.layers[1].size: found an unknown key; expected kernel, the sides",
        ),
        ("stride = 2", "stride = 0", "network.layers[2].stride: found 0; expected a whole"),
        ("padding = 1", "padding = 2", "a window in 5 by 5, larger than the padding"),
        (
            "units = 2",
            'type = "flatten"',
            "network.layers[4].activation: found an unknown key; expected one of type",
        ),
        ("[data]", "[data]\nimage = [1, 25]", "data.image: found [1, 25]; expected [5, 5], as net"),
        ("kernel = 2\n", "", "network.layers[0].kernel: found nothing; expected this key"),
        (
            "units = 2",
            'type = "convolution"\nchannels = 2\nkernel = 1',
            "network.layers[4].type: found convolution; expected a picture to look at",
        ),
        (
            'type = "flatten"\n\n[[network.layers]]\nunits = 2',
            'type = "convolution"\nchannels = 2\nkernel = 1',
            "network.layers[3].type: found convolution; expected dense for the last layer",
        ),
    ],
)
def test_what_is_no_layer_is_refused_in_one_line(old, new, said, tmp_path):
    assert old in TWICE
    path = tmp_path / "mine.toml"
    path.write_text(TWICE.replace(old, new, 1), encoding="utf-8")
    result = sheetgen("build", path, "-o", tmp_path / "out" / "mine.xlsx")
    assert result.exit_code == 2
    (line,) = (each for each in result.stderr.splitlines() if each.startswith("Error"))
    assert said.replace('"', "") in line.replace('"', "").replace("'", "")
    assert not (tmp_path / "out").exists()


def test_weights_of_a_kernel_are_in_pytorchs_order():
    kernels = np.arange(2 * 1 * 2 * 2).reshape(2, 1, 2, 2) / 10
    given = TWICE.replace(
        'init = { scheme = "kaiming-normal", seed = 1 }\nbiases = true',
        f"weights = {kernels.tolist()}",
    )
    assert template.parse(given).network.layers[0].weights == (
        (0, 0.1, 0.2, 0.3),
        (0.4, 0.5, 0.6, 0.7),
    )
    for wrong, said in (
        ("[0.6]", r"weights\[1\]\[0\]\[1\]: found \[0.6\]; expected 2 kernels .* x 2 x 2 numbers"),
        ("[0.6, nan]", r"weights\[1\]\[0\]\[1\]\[1\]: found nan; expected a finite number"),
    ):
        with pytest.raises(InputError, match=said):
            template.parse(given.replace("[0.6, 0.7]", wrong))


def test_derivation_says_where_the_gradient_of_a_kernels_weight_comes_from(twice):
    canvases = {canvas.name: canvas for canvas in compose(Plan.of(twice))}
    texts = [str(cell.value) for cell in canvases[DERIVATION].cells.values()]
    assert "How a kernel’s weight gets its gradient" in texts
    assert any("∂E/∂k[y, x] = Σ ∂E/∂z[r, c]·∂z[r, c]/∂k[y, x]" in text for text in texts)
    assert {"k, i→h1_1", "k, i→h1_2", "k, p2_1→h3_1", "∂E/∂k, p2_2→h3_3"} <= set(texts)
    assert not any("f(x) = x" in text for text in texts)  # a pool has no activation
    longest = max(len(weight.gradient) for weight in twice.network.weights)
    assert canvases[GRADIENT_CHECK].widths[1] > longest
    assert canvases[INPUTS].widths[1] > longest - len("∂E/∂")
    # Its planes are shades without numbers, also of numbers that are large.
    assert not any("num_format" in rule.properties for rule in canvases[OVERVIEW].rules)


@pytest.mark.slow
@pytest.mark.usefixtures("without_surfaces")
def test_any_unit_and_any_weight_are_written_out(twice, tmp_path):
    """Whichever layer they are of: the sums on Explorer follow, and agree with the table.

    Derivation names each unit of the weight's map, and says why a term is 0.
    """
    path, moved = tmp_path / "twice.xlsx", tmp_path / "moved.xlsx"
    built = build_workbook(twice, path)
    plan, sheets = built.plan, {each.name: each for each in built.canvases}
    explorer, derivation = sheets[EXPLORER].inputs, sheets[DERIVATION].inputs
    for unit, weight, positions in (
        ("h1_2_6_6", "k1_2_1_1", 36),
        ("h3_2_1_2", "k3_2_2_2_1", 2),
    ):
        chosen = {explorer["explorer_unit"]: unit, explorer["explorer_weight"]: weight}
        chosen_there = {derivation["derivation_weight"]: weight}
        write_changed(path, moved, {EXPLORER: chosen, DERIVATION: chosen_there})
        found = EMBEDDED.recalculate(moved)
        (result,) = verify(moved, [Computed(found)], 0)
        assert result.passed, [str(each) for sheet in result.sheets for each in sheet.findings][:3]
        cells, trace = found[EXPLORER], plan.trace_of("lr 0.1")
        row = int(plan.controls.explorer_iteration)
        shown = [value for value in cells.values() if isinstance(value, float)]
        labels = {place for place, value in cells.items() if value == "layer"}
        assert {cells[row, column + 1] for row, column in labels} == {int(unit[1])}
        for symbol in (unit, f"∂E/∂{weight}"):
            assert min(abs(value - trace[symbol][row]) for value in shown) < 1e-12
        texts = list(found[DERIVATION].values())
        assert sum(str(each).startswith(f"h{unit[1]}_2_") for each in texts) == positions
        assert any(str(each).startswith(f"∂E/∂{weight} = Σ ") for each in texts)
        assert ("outside" in map(str, texts)) == (weight == "k1_2_1_1")


@pytest.mark.slow
@pytest.mark.usefixtures("without_surfaces")
def test_a_gradient_that_forgets_a_position_is_named(tmp_path):
    """The fourth one, at which the kernel's left column is on the bar of the third picture."""
    path = tmp_path / "edges.xlsx"
    build_workbook(template.load("edges").with_training([1], 3), path)
    cell = f"{column_of(path, 'lr 1', '∂E/∂k2_1')}8"
    terms = held(path, "lr 1", cell).formula.split("+")
    assert len(terms) == 16
    replaced(path, "lr 1", cell, f"+{terms[3]}+", "+")
    result = check(path)
    assert result.exit_code == 1
    assert finding(result, "lr 1", cell)


@pytest.mark.slow
def test_a_pool_that_sends_its_gradient_to_two_cells_is_named(pooled_edges):
    """Below each other on the first picture's bar two are the largest: only the first gets it."""
    cell = f"{column_of(pooled_edges, 'lr 1', '∂E/∂h1_2_2')}6"
    replaced(pooled_edges, "lr 1", cell, "<", "<=")
    result = check(pooled_edges)
    assert result.exit_code == 1
    assert finding(result, "lr 1", cell)


def column_of(path: Path, sheet: str, header: str) -> str:
    """Return the letters of a training table's column."""
    rows = openpyxl.load_workbook(path)[sheet].iter_rows(max_row=10)
    (column,) = {cell.column_letter for row in rows for cell in row if cell.value == header}
    return str(column)


def test_exercises_and_check_say_that_they_do_not_know_convolutions(pooled_edges, tmp_path):
    result = sheetgen("exercise", "edges", "-o", tmp_path / "exercise.xlsx")
    assert result.exit_code == 2
    assert "Error: found a convolution or a pool in the exercise’s network" in result.stderr
    assert "the headers name a convolution’s kernel" in sheetgen("check", pooled_edges).stdout


def test_a_sequential_of_torch_becomes_a_training_workbook():
    torch = pytest.importorskip("torch")
    nn = torch.nn
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(2, 3, (2, 3), stride=2, padding=1), nn.Sigmoid(), nn.MaxPool2d(2, 1),
        nn.Conv2d(3, 1, 1, bias=False), nn.ReLU(), nn.AvgPool2d((1, 2)), nn.Flatten(),
        nn.Linear(2, 2),
    ).double()  # fmt: skip
    network = Network.from_torch(model, nn.CrossEntropyLoss(), input_shape=(2, 5, 6))
    pictures = torch.rand(2, 2, 5, 6, dtype=torch.float64)
    chosen = Template.of(network, pictures.flatten(1), torch.eye(2), iterations=1)
    trace = Plan.of(chosen).traces[0]
    loss = nn.functional.cross_entropy(model(pictures[:1]), torch.eye(2, dtype=torch.float64)[:1])
    loss.backward()
    assert trace["E_total"][0] == pytest.approx(loss.item(), abs=1e-14)
    gradients = [trace[each.gradient][0] for each in network.weights if each.layer == 0]
    np.testing.assert_allclose(gradients, model[0].weight.grad.ravel(), atol=1e-14)


def test_modules_with_settings_that_have_no_counterpart_are_refused():
    torch = pytest.importorskip("torch")
    nn = torch.nn
    flat = nn.Flatten()
    cases = {
        "model[0]: found Conv2d without planes to read": ([nn.Conv2d(1, 1, 2), flat], ()),
        "input_shape: found (4, 4); expected (channels, rows": ([nn.Conv2d(1, 1, 2)], (4, 4)),
        "found Conv2d with groups 2": ([nn.Conv2d(2, 2, 2, groups=2), flat], (2, 4, 4)),
        "found Conv2d with padding_mode 'reflect'": (
            [nn.Conv2d(1, 1, 2, padding=1, padding_mode="reflect")], (1, 4, 4)
        ),
        "found a Conv2d of 3 channels; expected 1": ([nn.Conv2d(3, 1, 2), flat], (1, 4, 4)),
        "found MaxPool2d with ceil_mode True": ([nn.MaxPool2d(2, ceil_mode=True)], (1, 5, 5)),
        "model[1]: found a Linear after planes; expected a Flatten": (
            [nn.Conv2d(1, 1, 2), nn.Linear(3, 1)], (1, 4, 4)
        ),
        "model[0]: found a Conv2d whose padding is not smaller than its window": (
            [nn.Conv2d(1, 1, 2, padding=2), flat, nn.Linear(49, 1)], (1, 4, 4)
        ),
        "found padding 'same'; expected a": ([nn.Conv2d(1, 1, 3, padding="same")], (1, 4, 4)),
        "model[1]: found ReLU; expected a Linear or Conv2d before it": (
            [nn.MaxPool2d(2), nn.ReLU()], (1, 4, 4)
        ),
        "model: found no Linear at its end": ([nn.Conv2d(1, 1, 2), flat], (1, 4, 4)),
    }  # fmt: skip
    for said, (modules, shape) in cases.items():
        with pytest.raises(InputError) as refused:
            Network.from_torch(nn.Sequential(*modules), input_shape=shape)
        assert said in str(refused.value)
        assert "\n" not in str(refused.value)
