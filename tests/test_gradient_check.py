"""The sheet `Gradient check` passes what PyTorch finds, fails what is wrong, and tells of kinks."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import put
from network_kinds import KINDS, LARGE, SMALL, Book, Kind, sheet
from openpyxl.utils.cell import get_column_letter

from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.engines import EMBEDDED
from sheetgen.template import template
from sheetgen.verification.verify import verify
from sheetgen.workbook.build import build_workbook
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.sheets.gradient_check.gradient_check import VERDICT_CELL

try:
    from autograd import autograd
except ImportError:  # torch belongs to the extra "cnn"
    autograd = None

pytestmark = pytest.mark.usefixtures("without_surfaces")
needs_torch = pytest.mark.skipif(autograd is None, reason="torch is not installed")


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


@pytest.mark.parametrize("name", [name for name in LARGE if "unit" in name])
def test_the_check_by_unit_notices_every_wrong_gradient(name, books, tmp_path):
    """Gradients of the table that are a little off fail their units and no others."""
    book = books(name)
    network = book.plan.network
    table = book.canvases["lr 0.1"]
    columns = {cell.value: at for (row, at), cell in table.cells.items() if row == 4}
    before_last = network.into(network.unit_names[-1][-2])[-1]
    chosen = [network.connections[0], before_last, network.parameters[-1]]
    row = 5 + int(book.plan.controls.moment_iteration)
    path = tmp_path / "wrong.xlsx"
    path.write_bytes(book.path.read_bytes())
    for parameter in chosen:
        column = get_column_letter(columns[parameter.gradient] + 1)
        right = book.values["lr 0.1"][row, columns[parameter.gradient]]
        put(path, "lr 0.1", f"{column}{row + 1}", right + 1e-3)
    cells = EMBEDDED.recalculate(path)["Gradient check"]
    assert cells[VERDICT_CELL] == "FAIL"
    failing = {cells[row, 1] for row in range(8, 200) if cells.get((row, 9)) == "FAIL"}
    assert failing == {parameter.target for parameter in chosen}
    assert len(failing) == 3


def test_the_check_by_unit_notices_two_exchanged_gradients(books, tmp_path):
    book = books("by unit")
    edges = book.plan.network.into("o2")
    one, other = [edge for edge in edges if book.of(edge.source) > 0.1][:2]
    table = book.canvases["lr 0.1"]
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


@pytest.mark.slow
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
    assert "The gradient of the batch's sum error" in book.texts("Gradient check")
    found = verify(built.saved.path, perturbations=2)  # also where the batch is a short one
    assert not [finding for each in found for s in each.sheets for finding in s.findings]


def test_a_batch_that_would_need_too_many_cells_is_checked_by_one_sample():
    kind = Kind((4, 20, 2), ("tanh", "identity"), "mean-squared-error", "trained", 40)
    plan = Plan.of(replace(kind.template, batch_size=40))
    canvas = sheet(plan, "Gradient check")
    assert "of this sample alone: the batch is too large to check." in canvas.cells[2, 1].value
    assert max(row for row, _ in canvas.cells) == 8 + 142 - 1


@pytest.mark.parametrize("batch_size", [1, 2])
def test_the_check_by_unit_says_that_it_takes_one_sample_of_a_batch(batch_size):
    kind = Kind((4, 60, 2), ("tanh", "identity"), "mean-squared-error", "trained", 4)
    canvas = sheet(Plan.of(replace(kind.template, batch_size=batch_size)), "Gradient check")
    texts = [str(cell.value) for cell in canvas.cells.values()]
    said = "E is the error of this sample alone: in a network of this size no batch is checked."
    assert any(text.endswith(said) for text in texts) == (batch_size == 2)


def test_away_from_the_kink_the_same_rows_pass(tmp_path):
    book = kinked_book(1.1, tmp_path / "pass.xlsx")
    assert set(verdicts(book).values()) == {"PASS"}
    assert book.values["Gradient check"][4, 3] == 0


def test_a_wrong_gradient_fails_at_a_kink_too(tmp_path):
    book = kinked_book(1.0, tmp_path / "wrong.xlsx")
    table = book.canvases["lr 0.1"]
    (column,) = (at for (row, at), c in table.cells.items() if row == 4 and c.value == "∂E/∂w1")
    put(book.path, "lr 0.1", f"{get_column_letter(column + 1)}6", 0.3)
    cells = EMBEDDED.recalculate(book.path)["Gradient check"]
    assert (cells[8, 9], cells[VERDICT_CELL]) == ("FAIL", "FAIL")


@pytest.mark.slow
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
