"""The sheets that explain a network say of any network what PyTorch's autograd says of it.

Every workbook is recalculated by the embedded engine: what is compared are live formulas.
"""

import numpy as np
import pytest
from network_kinds import KINDS, LARGE, MOVED, SMALL, Kind, derivation_of, sheet
from openpyxl.utils.cell import coordinate_to_tuple

from sheetgen.network.network import activation_name
from sheetgen.spreadsheet.address import local
from sheetgen.spreadsheet.engines import EMBEDDED
from sheetgen.spreadsheet.sheet_sizes import column_pixels
from sheetgen.template import template
from sheetgen.verification.verify import verify
from sheetgen.workbook.compose import compose
from sheetgen.workbook.plan import Plan

try:
    from autograd import autograd
except ImportError:  # torch belongs to the extra "cnn"
    autograd = None

needs_torch = pytest.mark.skipif(autograd is None, reason="torch is not installed")

EXPLANATIONS = ("Overview", "Derivation", "Gradient check", "Matrices")


@needs_torch
@pytest.mark.parametrize("name", KINDS)
def test_the_derivation_comes_to_what_autograd_finds(name, books):
    book = books(name)
    expected = autograd(book.plan)
    shown = expected.gradients
    if name == "by unit, deep":
        assert len(shown) == 4 * 7 + 7 * 7 + 7 * 21 + 2 * (7 + 7 + 21)
    for symbol, value in (expected.values | shown).items():
        assert book.of(symbol) == pytest.approx(value, rel=1e-11, abs=1e-13), symbol


@pytest.mark.parametrize("name", MOVED)
def test_the_sheets_follow_their_inputs(name, books):
    book = books(name)
    for result in verify(book.path, [EMBEDDED], perturbations=1):
        for each in result.sheets:
            assert each.sheet not in EXPLANATIONS or not each.findings, each.findings[:3]


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
    assert max(column for _, column in canvas.cells) <= 17
    assert sum(map(column_pixels, canvas.widths.values())) * canvas.zoom / 100 <= 1320
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


@pytest.mark.parametrize("name", KINDS)
def test_the_diagram_shows_all_units_or_the_first_and_the_last_of_many(name, books):
    book = books(name)
    network, canvas = book.plan.network, book.canvases["Overview"]
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
