"""The sheets that explain a network say of any network what PyTorch's autograd says of it.

Every workbook is recalculated by the embedded engine: what is compared are live formulas.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np
import pytest
from conftest import put
from openpyxl.utils.cell import coordinate_to_tuple, get_column_letter

from sheetgen.network.network import activation_name
from sheetgen.spreadsheet.address import local
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.engines import EMBEDDED, Values
from sheetgen.template import template
from sheetgen.template.template import Template
from sheetgen.verification.verify import verify
from sheetgen.workbook.build import build_workbook
from sheetgen.workbook.compose import compose, draw_sources
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.chosen_moment import choose_moment
from sheetgen.workbook.shared.diagram_layout import Layout, meet
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.derivation.derivation import Derivation, derivation_sheet
from sheetgen.workbook.sheets.gradient_check.gradient_check import VERDICT_CELL
from sheetgen.workbook.sheets.training_table import variant_sheet

try:
    import torch
    from autograd import in_torch
    from torch.nn import functional
except ImportError:  # it belongs to the extra "cnn"
    torch = None

needs_torch = pytest.mark.skipif(torch is None, reason="torch is not installed")

EXPLANATIONS = ("Overview", "Derivation", "Gradient check", "Matrices")


@dataclass(frozen=True)
class Kind:
    """A network with random weights: its units from the inputs to the outputs, and so on."""

    widths: tuple[int, ...]
    activations: tuple[str, ...]
    loss: str
    biases: str = "none"  # none, trained or fixed
    samples: int = 1
    scale: float = 1.0
    training: str = ""

    @cached_property
    def template(self) -> Template:
        random = np.random.default_rng(len(self.widths) + sum(self.widths))

        def numbers(*shape: int) -> list:
            return np.round(random.normal(size=shape) * self.scale, 3).tolist()

        lines = ["[network]", f"inputs = {self.widths[0]}", f'loss = "{self.loss}"']
        for fan_in, units, activation in zip(
            self.widths, self.widths[1:], self.activations, strict=False
        ):
            lines += ["[[network.layers]]", f"units = {units}", f'activation = "{activation}"']
            lines.append(f"weights = {numbers(units, fan_in)}")
            if self.biases != "none":
                lines.append(f"biases = {numbers(units)}")
            if self.biases == "fixed":
                lines.append("train_biases = false")
        outputs = self.widths[-1]
        targets = np.eye(outputs)[random.integers(0, outputs, self.samples)].tolist()
        if outputs == 1 or "squared" in self.loss:
            targets = np.abs(np.tanh(numbers(self.samples, outputs))).tolist()
        lines += ["[data]", f"inputs = {numbers(self.samples, self.widths[0])}"]
        lines += [f"targets = {targets}", "[training]", "learning_rates = [0.1]", "iterations = 1"]
        return template.parse("\n".join([*lines, self.training]))


SHUFFLED = "batch_size = 2\nshuffle_seed = 3"
KINDS = {
    "fixed biases": Kind((2, 2, 2), ("sigmoid",) * 2, "half-squared-error", "fixed"),
    "trained biases": Kind((2, 3, 2), ("tanh", "identity"), "mean-squared-error", "trained"),
    "one output": Kind(
        (2, 3, 1), ("tanh", "sigmoid"), "binary-cross-entropy", "trained", 4, training=SHUFFLED
    ),
    "two outputs": Kind((3, 2, 2), ("elu", "sigmoid"), "binary-cross-entropy"),
    "classes": Kind(
        (4, 5, 3), ("gelu", "softmax"), "cross-entropy", "trained", 6, training=SHUFFLED
    ),
    "softmax apart": Kind((3, 4, 3), ("softplus", "softmax"), "mean-squared-error", "fixed"),
    "deep": Kind((2, 4, 4, 1), ("relu", "leaky-relu", "identity"), "half-squared-error", "trained"),
    "matrices": Kind((17, 3, 4), ("tanh", "softmax"), "cross-entropy", "trained", 3, 0.5),
    "matrices, softmax apart": Kind((9, 6, 3), ("tanh", "softmax"), "half-squared-error", "fixed"),
    "matrices, sigmoid": Kind((6, 5, 7), ("relu", "sigmoid"), "binary-cross-entropy", "trained"),
    "by unit": Kind((10, 18, 6), ("relu", "identity"), "mean-squared-error", "trained", 1, 0.4),
    "by unit, deep": Kind(
        (6, 10, 10, 21), ("gelu", "elu", "softmax"), "cross-entropy", "trained", 3, 0.4, SHUFFLED
    ),
    "by unit, fixed": Kind((4, 50, 3), ("sigmoid", "softmax"), "mean-squared-error", "fixed"),
}
SMALL = [name for name, kind in KINDS.items() if "matrices" not in name and "unit" not in name]
LARGE = [name for name in KINDS if name not in SMALL]
MOVED = [
    *("one output", "classes", "softmax apart", "deep"),
    *("matrices", "matrices, softmax apart", "by unit, deep", "by unit, fixed"),
]
"""One for each way to write the equations: the others differ in the numbers only."""


@dataclass(frozen=True)
class Book:
    """A workbook, and what the engine makes of it."""

    plan: Plan
    path: object
    values: Values

    @cached_property
    def derivation(self) -> Derivation:
        return derivation_of(self.plan)

    @cached_property
    def check(self) -> Canvas:
        return sheet(self.plan, "Gradient check")

    def of(self, symbol: str) -> float:
        """The number in the cell that Derivation gives for a symbol."""
        name, _, address = self.derivation.cells[symbol].rpartition("!")
        row, column = coordinate_to_tuple(address.replace("$", ""))
        return self.values[name.strip("'")][row - 1, column - 1]

    def rows(self) -> dict[str, dict[str, object]]:
        """The upper table of Gradient check: what is checked → header → content."""
        cells = self.values["Gradient check"]
        headers = [cells[7, column] for column in range(1, 10)]
        return {
            cells[row, 1]: {header: cells[row, at] for at, header in enumerate(headers, start=1)}
            for row in range(8, max(row for row, _ in cells))
            if (row, 9) in cells and cells[row, 9] in ("PASS", "FAIL", "kink")
        }

    def texts(self, name: str) -> str:
        return "\n".join(v for v in self.values[name].values() if isinstance(v, str))


def derivation_of(plan: Plan) -> Derivation:
    sources = draw_sources(plan)
    tables = [variant_sheet(plan, at, sources, "").table for at in range(len(plan.variants))]
    workings = Workings([table.canvas.name for table in tables])
    return derivation_sheet(choose_moment(Canvas("Overview"), plan, tables, (4, 2), workings))


def sheet(plan: Plan, name: str) -> Canvas:
    (found,) = (canvas for canvas in compose(plan) if canvas.name == name)
    return found


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """A function that returns the workbook of a kind, made once."""
    made: dict[str, Book] = {}
    folder = tmp_path_factory.mktemp("explanations")

    def book(name: str) -> Book:
        if name not in made:
            path = folder / f"{len(made)}.xlsx"
            built = build_workbook(KINDS[name].template, path)
            made[name] = Book(built.plan, path, EMBEDDED.recalculate(path))
        return made[name]

    return book


@dataclass(frozen=True)
class Autograd:
    """The first sample's pass in torch: values and gradients by symbol."""

    values: dict[str, float]
    gradients: dict[str, float]


def autograd(plan: Plan, row: int | None = None) -> Autograd:
    """What torch finds in a row of the first batch, whose weights are the initial ones.

    It is the moment's row unless one is given.
    """
    network, data = plan.network, plan.data
    sample = plan.template.order[int(plan.controls.moment_iteration) if row is None else row]
    a = torch.tensor(data.used_inputs()[sample])
    weights, biases, values, z_of = [], [], {}, []
    for layer, units in zip(network.layers, network.unit_names, strict=True):
        weights.append(torch.tensor(layer.weights, dtype=torch.float64, requires_grad=True))
        start = layer.biases or (0.0,) * layer.units
        biases.append(torch.tensor(start, dtype=torch.float64, requires_grad=True))
        z = weights[-1] @ a + biases[-1]
        a = in_torch(layer.activation, z)
        z.retain_grad()
        z_of.append(z)
        values |= dict(zip(units, z.tolist(), strict=True))
        values |= dict(zip(map(activation_name, units), a.tolist(), strict=True))
    target = torch.tensor(data.targets[sample], dtype=torch.float64)
    error = LOSS_IN_TORCH[network.loss.name](z, a, target)
    error.backward()
    values["E_total"] = error.item()
    gradients = {f"∂E/∂{e.name}": weights[e.layer].grad[e.unit, e.position].item()
                 for e in network.connections}  # fmt: skip
    gradients |= {f"∂E/∂{b.name}": biases[b.layer].grad[b.unit].item()
                  for b in network.biases if b.is_trained}  # fmt: skip
    for units, z in zip(network.unit_names, z_of, strict=True):
        gradients |= {f"∂E/∂{name}": z.grad[at].item() for at, name in enumerate(units)}
    return Autograd(values, gradients)


if torch is not None:
    LOSS_IN_TORCH = {
        "half-squared-error": lambda _, a, t: ((t - a) ** 2).sum() / 2,
        "mean-squared-error": lambda _, a, t: functional.mse_loss(a, t),
        "binary-cross-entropy": lambda z, _, t: functional.binary_cross_entropy_with_logits(z, t),
        "cross-entropy": lambda z, _, t: functional.cross_entropy(z, t),
    }


@needs_torch
@pytest.mark.parametrize("name", KINDS)
def test_the_derivation_comes_to_what_autograd_finds(name, books):
    book = books(name)
    expected = autograd(book.plan)
    shown = expected.gradients
    if name == "by unit, deep":
        assert len(shown) == 6 * 10 + 10 * 10 + 10 * 21 + 2 * (10 + 10 + 21)
    for symbol, value in (expected.values | shown).items():
        assert book.of(symbol) == pytest.approx(value, rel=1e-11, abs=1e-13), symbol


@needs_torch
@pytest.mark.parametrize("name", SMALL)
def test_the_gradient_check_has_every_weight_and_trained_bias(name, books):
    book = books(name)
    rows, batch = book.rows(), range(book.plan.template.batch_size)
    of_each = [autograd(book.plan, row).gradients for row in batch]
    expected = {name: np.mean([each[name] for each in of_each]) for name in of_each[0]}
    assert list(rows) == [parameter.gradient for parameter in book.plan.network.parameters]
    for gradient, row in rows.items():
        for way in ("analytic", "closed form"):
            assert row[way] == pytest.approx(expected[gradient], rel=1e-11, abs=1e-13)
        assert row["central difference"] == pytest.approx(expected[gradient], rel=1e-5, abs=1e-7)
        assert row["verdict"] == "PASS"


@pytest.mark.parametrize("name", KINDS)
def test_the_check_passes_and_the_overview_says_so(name, books):
    values = books(name).values
    assert values["Gradient check"][VERDICT_CELL] == "PASS"
    assert values["Overview"][18, 1] == "PASS"


@pytest.mark.parametrize("name", MOVED)
def test_the_sheets_follow_their_inputs(name, books):
    book = books(name)
    for result in verify(book.path, [EMBEDDED], perturbations=1):
        for each in result.sheets:
            assert each.sheet not in EXPLANATIONS or not each.findings, each.findings[:3]


@pytest.mark.parametrize("name", [name for name in LARGE if "unit" in name])
def test_the_check_by_unit_notices_every_wrong_gradient(name, books, tmp_path):
    """A gradient of the table that is a little off fails its unit, whichever it is."""
    book = books(name)
    network = book.plan.network
    table = sheet(book.plan, "lr 0.1")
    columns = {cell.value: at for (row, at), cell in table.cells.items() if row == 4}
    chosen = [network.connections[0], network.connections[-2], network.parameters[-1]]
    for number, parameter in enumerate(chosen):
        path = tmp_path / f"{number}.xlsx"
        path.write_bytes(book.path.read_bytes())
        column = get_column_letter(columns[parameter.gradient] + 1)
        right = book.values["lr 0.1"][5, columns[parameter.gradient]]
        put(path, "lr 0.1", f"{column}6", right + 1e-3)
        cells = EMBEDDED.recalculate(path)["Gradient check"]
        assert cells[VERDICT_CELL] == "FAIL"
        failing = {cells[row, 1] for row in range(8, 200) if cells.get((row, 9)) == "FAIL"}
        assert failing == {parameter.target}


def test_the_check_by_unit_notices_two_exchanged_gradients(books, tmp_path):
    book = books("by unit")
    edges = book.plan.network.into("o2")
    one, other = [edge for edge in edges if book.of(edge.source) > 0.1][:2]
    table = sheet(book.plan, "lr 0.1")
    columns = {cell.value: at for (row, at), cell in table.cells.items() if row == 4}
    path = tmp_path / "exchanged.xlsx"
    path.write_bytes(book.path.read_bytes())
    for from_, to in ((one, other), (other, one)):
        value = book.values["lr 0.1"][5, columns[from_.gradient]]
        put(path, "lr 0.1", f"{get_column_letter(columns[to.gradient] + 1)}6", value)
    assert EMBEDDED.recalculate(path)["Gradient check"][VERDICT_CELL] == "FAIL"


KINKED = """
[network]
inputs = 1
loss = "half-squared-error"
[[network.layers]]
units = 2
activation = "{activation}"
weights = [[{weight}], [1.0]]
biases = [-0.5, 0.25]
[[network.layers]]
units = 1
activation = "identity"
weights = [[1.0, 2.0]]
[data]
inputs = [[0.5]]
targets = [[0.2]]
[training]
learning_rates = [0.1]
iterations = 1
"""


def kinked_book(weight: float, path, activation: str = "relu") -> Book:
    source = KINKED.format(weight=weight, activation=activation)
    built = build_workbook(template.parse(source), path)
    return Book(built.plan, path, EMBEDDED.recalculate(path))


def verdicts(book: Book) -> dict[str, object]:
    return {gradient[4:]: row["verdict"] for gradient, row in book.rows().items()}


@pytest.mark.parametrize(
    ("activation", "weight"),
    [
        ("relu", 1.0), ("relu", 1.0001), ("relu", 0.9999),
        ("hardswish", 7.0), ("hardswish", 7.0001), ("hardswish", -5.0),
    ],
)  # fmt: skip
def test_at_a_kink_there_is_no_derivative_to_compare_with(activation, weight, tmp_path):
    """w1·0.5 + b1 is at, or within the step of, 0, or ±3 of hardswish: w1 and b1 move it."""
    book = kinked_book(weight, tmp_path / "kink.xlsx", activation)
    assert verdicts(book) == {
        "w1": "kink", "w2": "PASS", "w3": "PASS", "w4": "PASS", "b1": "kink", "b2": "PASS"
    }  # fmt: skip
    cells = book.values["Gradient check"]
    assert (cells[VERDICT_CELL], cells[4, 3]) == ("PASS", 2)
    assert "at a kink, not counted" in book.texts("Gradient check")


def test_in_a_batch_a_sample_at_a_kink_leaves_no_derivative_to_compare_with(tmp_path):
    source = KINKED.format(weight=1.0, activation="relu").replace("[[0.5]]", "[[0.7], [0.5], [3]]")
    source = (
        source.replace("[[0.2]]", "[[0.2], [0.4], [0.1]]") + "batch_size = 2\nreduction = 'sum'"
    )
    built = build_workbook(template.parse(source), tmp_path / "kink.xlsx")
    book = Book(built.plan, built.saved.path, EMBEDDED.recalculate(built.saved.path))
    assert verdicts(book) == {
        "w1": "kink", "w2": "PASS", "w3": "PASS", "w4": "PASS", "b1": "kink", "b2": "PASS"
    }  # fmt: skip
    assert "the gradient of the batch's sum error" in book.texts("Gradient check")
    found = verify(built.saved.path, perturbations=2)  # also where the batch is a short one
    assert not [finding for each in found for s in each.sheets for finding in s.findings]


def test_a_batch_that_would_need_too_many_cells_is_checked_by_one_sample():
    kind = Kind((4, 20, 2), ("tanh", "identity"), "mean-squared-error", "trained", 40)
    plan = Plan.of(replace(kind.template, batch_size=40))
    canvas = sheet(plan, "Gradient check")
    assert "of this sample alone (the batch is too large to check)" in canvas.cells[1, 1].value
    assert max(row for row, _ in canvas.cells) < 8 + 3 * 142 + 10


@pytest.mark.parametrize("batch_size", [1, 2])
def test_the_check_by_unit_says_that_it_takes_one_sample_of_a_batch(batch_size):
    kind = Kind((4, 60, 2), ("tanh", "identity"), "mean-squared-error", "trained", 4)
    canvas = sheet(Plan.of(replace(kind.template, batch_size=batch_size)), "Gradient check")
    texts = [str(cell.value) for cell in canvas.cells.values()]
    said = "E is the error of this sample alone: in a network of this size no batch is checked."
    assert (said in texts) == (batch_size == 2)


def test_away_from_the_kink_the_same_rows_pass(tmp_path):
    book = kinked_book(1.1, tmp_path / "pass.xlsx")
    assert set(verdicts(book).values()) == {"PASS"}
    assert book.values["Gradient check"][4, 3] == 0


def test_a_wrong_gradient_fails_at_a_kink_too(tmp_path):
    book = kinked_book(1.0, tmp_path / "wrong.xlsx")
    table = sheet(book.plan, "lr 0.1")
    (column,) = (at for (row, at), c in table.cells.items() if row == 4 and c.value == "∂E/∂w1")
    put(book.path, "lr 0.1", f"{get_column_letter(column + 1)}6", 0.3)
    cells = EMBEDDED.recalculate(book.path)["Gradient check"]
    assert (cells[8, 9], cells[VERDICT_CELL]) == ("FAIL", "FAIL")


def test_of_a_moment_after_divergence_nothing_is_said_to_fail(tmp_path):
    source = KINKED.format(weight=1.0, activation="identity")
    source = source.replace("[0.1]", "[50]").replace("iterations = 1", "iterations = 30")
    built = build_workbook(template.parse(source), tmp_path / "diverging.xlsx")
    overview = sheet(built.plan, "Overview")
    last = {overview.inputs["moment_iteration"]: 30.0}
    write_changed(built.saved.path, tmp_path / "last.xlsx", {"Overview": last}, cached=-777.0)
    values = EMBEDDED.recalculate(tmp_path / "last.xlsx")
    warning = "diverged here: choose an earlier iteration"
    assert warning in values["Overview"].values()
    for verdicts in (values["Overview"], values["Gradient check"]):
        assert "diverged" in verdicts.values()
        assert not {"PASS", "FAIL", "#DIV/0!"} & {
            v for v in verdicts.values() if isinstance(v, str)
        }
    central = [values["Gradient check"][row, 5] for row in range(8, 12)]
    assert set(central) == {"diverged"}
    assert not [
        f for each in verify(tmp_path / "last.xlsx") for s in each.sheets for f in s.findings
    ]


def test_the_moment_shown_at_first_has_gradients_that_are_not_0():
    """The first sample of XOR is (0, 0), of which every weight's gradient is 0."""
    plan = Plan.of(template.load("xor"))
    trace, row = plan.trace_of(plan.controls.moment_table), int(plan.controls.moment_iteration)
    assert all(trace[each.gradient][row] != 0 for each in plan.network.parameters)


def test_biases_that_are_not_trained_are_said_to_stay(books):
    book = books("fixed biases")
    text = book.texts("Derivation")
    assert "b1 and b2 are not trained: they keep their values from Inputs." in text
    assert "h1" in book.derivation.cells and "∂E/∂b1" not in book.derivation.cells
    assert "w1·i1 + w2·i2 + b1" in text


def test_a_trained_bias_has_a_chain_rule_that_ends_in_1(books):
    cells = books("trained biases").values["Derivation"]
    ((row, _),) = (at for at, value in cells.items() if value == "∂h1/∂b1")
    assert [cells[row + 1, 8], cells[row + 2, 8]] == ["1", 1]


@pytest.mark.parametrize(
    ("name", "delta"), [("one output", "(a_o1 − t1)"), ("classes", "(a_o1·Σt − t1)")]
)
def test_a_joint_loss_leads_to_the_pre_activation_at_once(name, delta, books):
    book = books(name)
    text = book.texts("Derivation")
    assert "are differentiated together" in text and "a − t" in text
    assert delta in text.splitlines()
    assert "∂E/∂a_o1" not in text
    a, t = book.of("a_o1"), book.of("t1")
    assert book.of("∂E/∂o1") == pytest.approx(a - t, abs=1e-12)


@pytest.mark.parametrize("name", ["classes", "matrices"])
def test_what_is_printed_of_softmax_gives_the_numbers_beside_it(name, books):
    """m = greatest o, S = Σ e^(o − m), a = e^(o − m) / S and E = t·(m + ln S − o)."""
    book = books(name)
    outputs = range(1, book.plan.network.outputs + 1)
    o, a, t, errors = (
        np.array([book.of(f"{symbol}{unit}") for unit in outputs])
        for symbol in ("o", "a_o", "t", "E")
    )
    m, total = book.of("greatest o"), book.of("Σ e^o")
    assert m == o.max()
    assert total == pytest.approx(np.exp(o - m).sum(), rel=1e-14)
    assert a == pytest.approx(np.exp(o - m) / total, rel=1e-14)
    assert errors == pytest.approx(t * (m + np.log(total) - o), abs=1e-14)
    for canvas in compose(book.plan):
        if canvas.name not in ("Derivation", "Playground"):
            continue
        cells = (cell.value for cell in canvas.cells.values())
        texts = [text for text in (*cells, *canvas.notes.values()) if isinstance(text, str)]
        assert not [text for text in texts if "Σ e^o" in text], "Σ e^(o − m) is meant"
        assert any("t1·(m + ln S − o1)" in text or "t·(m + ln S − z" in text for text in texts)
        assert any("S = Σ e^(o − m)" in text for text in texts)


def test_softmax_with_another_loss_goes_through_the_sum_over_all_outputs(books):
    book = books("softmax apart")
    a = np.array([book.of(f"a_o{unit}") for unit in (1, 2, 3)])
    gradient = np.array([book.of(f"∂E/∂a_o{unit}") for unit in (1, 2, 3)])
    delta = [book.of(f"∂E/∂o{unit}") for unit in (1, 2, 3)]
    assert delta == pytest.approx(a * (gradient - (gradient * a).sum()), abs=1e-13)


@pytest.mark.parametrize("name", ["one output", "classes", "by unit, deep"])
def test_of_several_samples_that_of_the_chosen_row_is_shown(name, books):
    book = books(name)
    iteration = int(book.plan.controls.moment_iteration)
    sample = book.plan.template.order[iteration]
    shown = f"iteration {iteration} of lr 0.1, sample {sample + 1} of {book.plan.data.samples}"
    for sheet_name in ("Derivation", "Gradient check"):
        assert shown in book.texts(sheet_name)
    inputs = [book.of(name) for name in book.plan.network.input_names]
    assert inputs == list(book.plan.data.inputs[sample])


@pytest.mark.parametrize("name", KINDS)
def test_the_derivation_gives_the_diagram_all_that_it_shows(name, books):
    network, cells = books(name).plan.network, books(name).derivation.cells
    units = [unit for units in network.unit_names for unit in units]
    shown = [*network.input_names, *network.target_names, *map(activation_name, units)]
    shown += [edge.name for edge in network.connections] + [bias.name for bias in network.biases]
    assert set(shown) <= set(cells)


@needs_torch
@pytest.mark.parametrize("name", SMALL)
def test_each_gradient_is_below_what_it_belongs_to_in_the_matrices(name, books):
    """∂E/∂W is as far below W as ∂E/∂b is below b and δ is below z."""
    book = books(name)
    network, expected, cells = book.plan.network, autograd(book.plan), book.values["Matrices"]
    titles = {title: at for at, title in cells.items() if isinstance(title, str)}
    down = titles["∂E/∂W₁"][0] - titles["W₁"][0]
    found = {
        at: value
        for at, value in cells.items()
        if not isinstance(value, str) and at[0] < titles["∂E/∂W₁"][0]
    }
    values = book.plan.start.values | expected.values
    pairs = [*network.parameters, *(z for units in network.unit_names for z in units)]
    for each in pairs:
        symbol = each if isinstance(each, str) else each.name
        places = [at for at, value in found.items() if value == pytest.approx(values[symbol])]
        below = [cells.get((row + down, column)) for row, column in places]
        gradient = pytest.approx(expected.gradients[f"∂E/∂{symbol}"], rel=1e-11, abs=1e-13)
        assert any(value == gradient for value in below if isinstance(value, float)), symbol


def test_a_network_too_large_for_a_screen_has_no_matrices(books):
    for name in ("matrices", "by unit"):
        assert "Matrices" not in books(name).values


@pytest.mark.parametrize("name", LARGE)
def test_a_large_network_is_written_in_matrices_of_a_readable_width(name, books):
    book = books(name)
    canvas, text = book.derivation.canvas, book.texts("Derivation")
    assert "∂E/∂W₁ = δ₁·a₀ᵀ" in text and "⊙ f′(z₁)" in text and "W₂ᵀ·δ₂" in text
    assert max(column for _, column in canvas.cells) == 17
    assert len(canvas.heat_maps) == len(book.plan.network.layers)


def test_of_a_matrix_too_large_to_be_read_the_sheet_only_gives_the_formula():
    plan = Plan.of(Kind((90, 12, 2), ("tanh", "identity"), "mean-squared-error").template)
    derivation = derivation_of(plan)
    texts = {str(cell.value) for cell in derivation.canvas.cells.values()}
    assert any("12 × 90 numbers are too many" in text for text in texts)
    assert "∂E/∂w1" not in derivation.cells and "∂E/∂w1081" in derivation.cells


def test_the_widest_sums_stay_within_a_cell():
    """compose refuses a formula of more than 8,192 characters."""
    plan = Plan.of(Kind((340, 2, 30), ("relu", "sigmoid"), "binary-cross-entropy").template)
    longest = max(len(c.formula or "") for s in compose(plan) for c in s.cells.values())
    assert longest < 8192


def test_the_weights_labels_cover_no_label_and_no_circle(books):
    layouts = [Layout(books(name).plan.network, (700, 400), (12, 100)) for name in SMALL]
    assert any(layout.labels for layout in layouts)
    for layout in layouts:
        assert len(layout.labels) in (0, len(layout.network.connections))
        boxes = [(x, y, 35, 7) for x, y in layout.labels.values()]
        assert not any(meet(*pair) for pair in combinations(boxes, 2))
        radius = layout.scale.radius
        circles = [(node.x, node.y, radius, radius) for node in layout.nodes.values()]
        assert not any(meet(box, circle) for box in boxes for circle in circles)


@pytest.mark.parametrize("name", KINDS)
def test_the_diagram_shows_all_units_or_the_first_and_the_last_of_many(name, books):
    book = books(name)
    network, canvas = book.plan.network, sheet(book.plan, "Overview")
    (chart,) = canvas.charts
    assert len(chart.series) <= 255
    cells = book.values["Workings"]
    names = (local(series.name) for series in chart.series if series.name)
    addresses = (coordinate_to_tuple(name.replace("$", "")) for name in names)
    labels = [cells[row - 1, column - 1] for row, column in addresses]
    shown = {label.strip().replace("\n", " = ").split(" = ")[0] for label in labels}
    for units in (network.input_names, *network.unit_names):
        symbols = units if units == network.input_names else list(map(activation_name, units))
        if len(units) <= 7:
            assert set(symbols) <= shown
        assert {*symbols[:3], symbols[-1]} <= shown
        assert ("⋮" in shown) or set(symbols) <= shown


@pytest.mark.parametrize("widths", [(12, 12, 12), (3, 40, 2), (6, 6, 6, 6, 6), (1, 16, 1)])
def test_a_diagram_has_no_more_series_than_a_chart_takes(widths):
    activations = (*("relu",) * (len(widths) - 2), "identity")
    kind = Kind(widths, activations, "mean-squared-error", "trained", 1, 0.4)
    (chart,) = sheet(Plan.of(kind.template), "Overview").charts
    assert len(chart.series) <= 255


def test_the_overview_leads_to_the_data_where_there_are_several_samples(books):
    assert "Data" not in books("fixed biases").texts("Overview")
    text = books("classes").texts("Overview")
    assert "6 samples to train on: change them here" in text
    assert "Change a yellow cell on Inputs or Data" in text
