"""Tables of several samples: epochs, batches, the order, and what dragging them down leads to."""

import numpy as np
import openpyxl
import pytest
from conftest import trained
from one_start import Computed
from openpyxl.formula.translate import Translator
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from sheetgen.network import reference
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.engines import EMBEDDED
from sheetgen.spreadsheet.reader import read_cells
from sheetgen.template import template
from sheetgen.verification.verify import read_subject, verify_subject
from sheetgen.workbook.build import build_workbook
from sheetgen.workbook.compose import compose
from sheetgen.workbook.extent import formulas_of
from sheetgen.workbook.plan import Plan

LINE = """
[network]
inputs = 1
{loss}
[[network.layers]]
units = 1
activation = "identity"
weights = [[0.5]]
biases = [0.1]

[data]
inputs = [[1], [2], [3], [4], [5]]
targets = [[3], [5], [7], [9], [11]]
{data}
[training]
learning_rates = [0.01]
iterations = 20
"""


def line(training: str = "", data: str = "", loss: str = ""):
    return template.parse(LINE.format(data=data, loss=loss) + training)


def first_table(source):
    plan = Plan.of(source)
    canvas = next(each for each in compose(plan) if each.name == plan.variants[0].tab)
    return plan, canvas


def by_hand(batches, rate, mean):
    """Gradient descent on E = ½ (a x + b - t)² over lists of samples; the weights after each."""
    a, b = 0.5, 0.1
    found = [(a, b)]
    for batch in batches:
        errors = [(a * x + b - (2 * x + 1), x) for x in batch]
        divisor = len(batch) if mean else 1
        a, b = (
            a - rate * sum(error * x for error, x in errors) / divisor,
            b - rate * sum(error for error, _ in errors) / divisor,
        )
        found.append((a, b))
    return found


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(
    ("size", "batches"),
    [
        (1, [[1], [2], [3], [4], [5], [1]]),
        (2, [[1, 2], [3, 4], [5], [1, 2]]),
        (3, [[1, 2, 3], [4, 5], [1, 2, 3]]),
        ('"full"', [[1, 2, 3, 4, 5], [1, 2, 3, 4, 5]]),
    ],
)
def test_the_rows_of_a_batch_share_their_weights(size, batches, reduction):
    source = line(f'batch_size = {size}\nreduction = "{reduction}"')
    trace = trained(source, 0.01, 20)
    weights = by_hand(batches, 0.01, reduction == "mean")
    row = 0
    for batch, (a, b) in zip(batches, weights, strict=False):
        for x in batch:
            assert trace["i1"][row] == x
            assert trace["w1"][row] == pytest.approx(a, rel=1e-14)
            assert trace["b1"][row] == pytest.approx(b, rel=1e-14)
            row += 1


def test_epochs_and_samples_are_counted_from_1():
    trace = trained(line("batch_size = 2"), 0.01, 11)
    assert trace["epoch"].tolist() == [1] * 5 + [2] * 5 + [3] * 2
    assert trace["sample"].tolist() == [1, 2, 3, 4, 5] * 2 + [1, 2]
    assert trace["batch row"].tolist() == [1, 2, 1, 2, 1] * 2 + [1, 2]
    assert trace["batch size"].tolist() == [2, 2, 2, 2, 1] * 2 + [2, 2]
    assert trace["update"].tolist() == [0, 0, 1, 1, 2, 3, 3, 4, 4, 5, 6, 6]


def test_a_shuffled_order_is_the_same_in_every_epoch_and_every_workbook():
    trace = trained(line("shuffle_seed = 3"), 0.01, 9)
    first, second = trace["sample"][:5].tolist(), trace["sample"][5:].tolist()
    assert first == second
    assert sorted(first) == [1, 2, 3, 4, 5]
    assert first != [1, 2, 3, 4, 5]
    assert trained(line("shuffle_seed = 3"), 0.01, 4)["sample"].tolist() == first


COMBINATIONS = {
    "one sample a row": "",
    "batches of two, shuffled": 'batch_size = 2\noptimizer = "adam"\nshuffle_seed = 3',
    "full batch": 'batch_size = "full"\noptimizer = "momentum"\nschedule = "one-cycle"',
}


@pytest.mark.usefixtures("without_surfaces")
@pytest.mark.parametrize("training", COMBINATIONS.values(), ids=COMBINATIONS)
def test_dragging_the_last_rows_down_continues_the_training(training, tmp_path):
    """A table of 20 iterations, dragged to 27, is that of a training of 27 iterations.

    What a schedule spans stays that of the workbook; so the updates are those of 20 iterations.
    """
    source = line(training)
    path, dragged = tmp_path / "book.xlsx", tmp_path / "dragged.xlsx"
    build_workbook(source, path)
    plan, canvas = first_table(source)
    (block,) = canvas.blocks
    bottom = block.first_row + block.rows - 1
    changes = {}
    for place in range(len(block.formulas)):
        column = block.first_column + place
        at = f"{xl_col_to_name(column)}{{}}".format
        for row in range(bottom + 1, bottom + 8):
            formula = Translator(block.formula(bottom, column), at(bottom + 1))
            changes[row, column] = formula.translate_formula(at(row + 1))
    write_with_formulas(path, dragged, canvas.name, changes)
    found = EMBEDDED.recalculate(dragged)[canvas.name]
    expected = longer(plan, 27)
    symbols = list(range(block.first_column, block.first_column + len(block.formulas)))
    names = [canvas.value(block.first_row - 2, column) for column in symbols]
    for column, name in zip(symbols, names, strict=True):
        for row in range(21, 28):
            cell = found[block.first_row - 1 + row, column]
            assert cell == pytest.approx(expected[name][row], rel=1e-10, abs=1e-10), (name, row)


def longer(plan, iterations):
    """The reference of more iterations, with the schedule of the plan's own number of updates."""
    own = plan.training(plan.template.optimizer)

    class Longer(type(own)):
        updates = own.updates

    values = {name: getattr(own, name) for name in own.__dataclass_fields__}
    training = Longer(**values | {"iterations": iterations})
    assert training.updates == own.updates
    return reference.train(plan.network, training, plan.template.learning_rates[0])


def write_with_formulas(path, target, sheet, changes):
    """Copy a workbook with formulas below its table, without any cached value."""
    book = openpyxl.load_workbook(path)
    for (row, column), formula in changes.items():
        book[sheet].cell(row + 1, column + 1, formula)
    saved = target.with_name("saved.xlsx")
    book.save(saved)
    write_changed(saved, target, {}, cached=-7e77)


def test_the_error_of_an_epoch_is_the_mean_of_its_rows():
    plan, canvas = first_table(line("batch_size = 2"))
    trace = plan.traces[0]
    averages = [
        value
        for (_, column), cell in sorted(canvas.cells.items())
        for value in [cell.value]
        if column == 1 and cell.formula and cell.formula.startswith("=AVERAGE(")
    ]
    expected = trace["E_total"][:20].reshape(4, 5).mean(axis=1)
    assert averages == pytest.approx(expected.tolist(), rel=1e-14)


MANY = ("autoencoder", "conv-digits", "digits", "iris", "moons")


# test_verify has era-v1; the first one is in the fast tier.
@pytest.mark.parametrize("name", ["biases", *sorted({*template.built_in()} - {"biases", "era-v1"})])
def test_every_built_in_template_verifies(name, short_book):
    """With its inputs moved, but for those with many samples, which are not composed again either.

    test_surfaces moves samples of several epochs, with a test set.
    """
    book = short_book(name)
    known = book if name in MANY and book.canvases else None
    assert_verifies(book.saved.path, [EMBEDDED], 0 if name in MANY else 1, known)


def test_workbooks_verify_in_every_engine(every_engine, short_book):
    """Optimisers and a fitted curve, and several problems.

    test_surfaces has classes with a test set. The formulas of the other templates are of these
    kinds and of those of test_any_network.
    """
    paths = [short_book(name).saved.path for name in ("line-fit", "logic")]
    (*_, engine) = every_engine  # other tests verify them in the first one, IronCalc
    for path, values in zip(paths, engine.recalculate_all(paths), strict=True):
        assert_verifies(path, [Computed(values)], 0)


def assert_verifies(path, engines, moved, built=None):
    for result in verify_subject(read_subject(path, built), engines, moved):
        findings = [str(each) for sheet in result.sheets for each in sheet.findings]
        assert not findings, "\n".join(findings[:5])


def test_no_built_in_template_has_more_than_300_000_formulas():
    """By the count of which test_extent says how exact it is."""
    for name in template.built_in():
        assert formulas_of(template.load(name)) <= 290_000, name


def test_biases_are_added_and_stay_what_they_are():
    """The widely used step-by-step example: its first error, and the second by one update."""
    source = template.load("biases")
    trace = trained(source, 0.5, 1)
    assert round(trace["E_total"][0], 9) == 0.298371109
    assert round(trace["E_total"][1], 9) == 0.291027774
    assert [trace[name].tolist() for name in ("b1", "b4")] == [[0.35] * 2, [0.6] * 2]


@pytest.mark.usefixtures("without_surfaces")
def test_a_changed_sample_changes_the_training(tmp_path):
    source = line("batch_size = 2", data="standardize = true")
    path, copy = tmp_path / "book.xlsx", tmp_path / "copy.xlsx"
    build_workbook(source, path)
    plan = Plan.of(source)
    data = next(canvas for canvas in compose(plan) if canvas.name == "Data")
    place = data.inputs[plan.data_key("i1", 2)]
    write_changed(path, copy, {"Data": {place: 7.0}}, cached=-7e77)
    table = first_table(source)[1]
    found = EMBEDDED.recalculate(copy)[table.name]
    changed = plan.with_values(
        {key: canvas.value(*at) for canvas in compose(plan) for key, at in canvas.inputs.items()}
        | {plan.data_key("i1", 2): 7.0}
    )
    (block,) = table.blocks
    names = [table.value(block.first_row - 2, block.first_column + at) for at in range(12)]
    column = block.first_column + names.index("E_total")
    errors = [found[block.first_row + row, column] for row in range(block.rows)]
    np.testing.assert_allclose(errors, changed.traces[0]["E_total"][1:], rtol=1e-12, atol=1e-12)
    assert not np.allclose(errors, plan.traces[0]["E_total"][1:])
    assert read_cells(path)["Data"][place].value == 3.0


@pytest.mark.parametrize("schedule", ["cosine", "one-cycle"])
def test_a_scheduled_rate_is_shown_with_its_digits_and_its_whole_name(schedule):
    _, canvas = first_table(line(f'schedule = "{schedule}"'))
    (block,) = canvas.blocks
    (column,) = [at for (_, at), cell in canvas.cells.items() if cell.value == "learning_rate"]
    assert canvas.widths[column] > len("learning_rate")
    style = block.formats[column - block.first_column]
    assert style.number_format == "0.000000"
    first = xl_rowcol_to_cell(block.first_row - 1, column)
    place = block.first_row - 1, column, block.first_row + block.rows - 1, column
    (rule,) = [each for each in canvas.rules if each.place == place]
    assert rule.formula == f"=AND({first}<>0,ABS({first})<0.0001)"
    assert rule.properties == {"num_format": "0.00E+00"}


@pytest.mark.parametrize(
    ("iterations", "title"), [(3, "mean E_total, 4 of 5 samples"), (8, "mean E_total, epoch 1")]
)
def test_before_the_second_epoch_ends_the_chart_shows_every_iteration(iterations, title):
    plan, canvas = first_table(line("batch_size = 2").with_training(iterations=iterations))
    errors = plan.traces[0]["E_total"]
    (chart,) = canvas.charts
    assert chart.titles[0] == "iteration"
    assert chart.series[0].y.endswith(f"${5 + len(errors)}")
    labels = {cell.value: row for (row, column), cell in canvas.cells.items() if column == 0}
    assert f"E_total at iteration {iterations}" in labels
    assert "reduction of E_total" not in labels, "they are errors of different samples"
    assert canvas.value(labels[title], 1) == pytest.approx(errors[:5].mean())
    comparison = next(each for each in compose(plan) if each.name == "Learning rates")
    assert comparison.value(4, 2) == "mean E_total"
    assert comparison.value(5, 2) == pytest.approx(errors[:5].mean())


def test_from_two_epochs_on_the_chart_shows_their_means():
    _, canvas = first_table(line().with_training(iterations=9))
    assert canvas.charts[0].titles[0] == "epoch"
    labels = [cell.value for (_, column), cell in canvas.cells.items() if column == 0]
    assert "reduction of E_total" in labels


@pytest.mark.parametrize("rates", [[0.01], [0.00123456789], [0.01, 0.02], [0.01, 0.02, 0.03]])
def test_the_titles_of_a_comparison_fit_their_columns(rates):
    plan = Plan.of(line().with_training(rates))
    canvas = next(each for each in compose(plan) if each.name == "Learning rates")
    starts = {at: cell.value for (row, at), cell in canvas.cells.items() if row == 3 and cell.value}
    for column, title in starts.items():
        end = column
        while (3, end + 1) in canvas.cells and end + 1 not in starts:
            end += 1
        assert sum(canvas.widths[at] for at in range(column, end + 1)) >= len(title), title
    for index in range(len(rates)):
        assert canvas.widths[9 + index] > len(str(canvas.value(4, 9 + index)))
