"""The sheet `Explorer` shows the moment of a training that the user chooses.

The choice is typed into the file. What the engines then make of the sheet is compared with what
`verify` expects of every cell and, by the training's trace alone, with what the lines must say.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from conftest import sigmoid_network
from explorer_moments import (
    ALL,
    CASES,
    CHARACTERS,
    FIRST_LINE,
    IRONCALC,
    MOST_FORMULAS,
    NAME,
    NUMBERS,
    SYMBOLS,
    VALUE,
    Book,
    corners,
    plan_of,
    sheets,
    sheets_at,
    with_choice,
)

from sheetgen.errors import InputError
from sheetgen.network.parameters import Bias
from sheetgen.network.trace import BATCH_ROW, BATCH_SIZE
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.style import ABOVE, BELOW, GREY
from sheetgen.template import template
from sheetgen.template.template import Template
from sheetgen.verification.verify import read_subject, verify
from sheetgen.workbook.compose import compose
from sheetgen.workbook.plan import EXPLORER, WORKINGS, Plan
from sheetgen.workbook.shared import diagram_lines
from sheetgen.workbook.shared.diagram_lines import NEGATIVE, ZERO
from sheetgen.workbook.sheets.explorer import explorer_diagrams
from sheetgen.workbook.sheets.explorer.explorer import CONTROLS, STATE


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Book]:
    @cache
    def book(name: str) -> Book:
        return Book(plan_of(name), tmp_path_factory.mktemp(name), CASES[name][1])

    return book


@pytest.mark.parametrize(("name", "moment"), ALL)
def test_every_cell_is_what_the_reference_says_of_the_chosen_moment(name, moment, books):
    book = books(name)
    assert book.wrong(moment, book.shown(moment).values) == []


def libreoffice_shows_the_same(books, libreoffice):
    """Run by test_libreoffice."""
    chosen = {name: CASES[name][1][1] for name in ("iris", "line-fit")}
    found = libreoffice.recalculate_all([books(each).at(chosen[each]) for each in chosen])
    for (name, moment), values in zip(chosen.items(), found, strict=True):
        assert books(name).wrong(moment, values) == [], name


def test_verify_reads_the_choice_from_the_file_and_moves_it(small):
    results = verify(small, [IRONCALC], perturbations=3)
    shown = [
        sheet for each in results for sheet in each.sheets if sheet.sheet in (EXPLORER, WORKINGS)
    ]
    assert [sheet.findings for sheet in shown] == [[]] * 8
    assert all(sheet.formulas > 100 for sheet in shown)


@pytest.mark.parametrize(("name", "moment"), ALL)
def test_the_factors_multiply_to_the_gradient_and_lead_to_the_next_rows_weight(name, moment, books):
    shown = books(name).shown(moment)
    iteration, weight = shown.iteration, shown.weight
    gradient = shown.trace[f"∂E/∂{weight}"][iteration]
    assert len(shown.factors) in (2, 3)
    assert np.prod(shown.factors) == pytest.approx(gradient, rel=1e-9, abs=1e-12)
    assert shown.line(f"∂E/∂{weight}")[3] == pytest.approx(gradient, rel=1e-9, abs=1e-12)
    if iteration < CASES[name][0]:
        following = shown.trace[weight][iteration + 1]
        assert shown.line(f"new {weight}")[3] == pytest.approx(following, rel=1e-9, abs=1e-12)
    assert "not the same" not in {line[2] for line in shown.lines}


@pytest.mark.parametrize(("name", "moment"), ALL)
def test_what_comes_back_through_the_next_layer_adds_up(name, moment, books):
    shown, network = books(name).shown(moment), plan_of(name).network
    parameter = next(each for each in network.parameters if each.name == shown.weight)
    shares = [value for name, *_, value in shown.lines if name.startswith("via ")]
    if parameter.layer == len(network.layers) - 1:
        assert shares == []
        return
    edges = network.out_of(f"a_{parameter.target}")
    assert len(shares) == len(edges)
    assert sum(shares) == pytest.approx(shown.factors[0], rel=1e-9, abs=1e-12)
    x = 1.0 if isinstance(parameter, Bias) else shown.trace[parameter.source][shown.iteration]
    assert shown.factors[-1] == pytest.approx(x, rel=1e-12)


def test_gradient_descent_is_written_out_in_numbers(books):
    shown = books("era-v1").shown((2, 4, "w6"))
    w, g = shown.trace["w6"][4], shown.trace["∂E/∂w6"][4]
    _, symbols, numbers, value = shown.line("new w6")
    assert symbols == "w6 ← w6 − η · ∂E/∂w6"
    assert numbers == f"{w:.4g} − 0.5 · {g:.4g}"
    assert value == pytest.approx(w - 0.5 * g, rel=1e-12)


def test_at_the_last_iteration_the_table_ends_and_gradient_descent_goes_on(books):
    shown = books("era-v1").shown((2, 6, "w8"))
    w, g = shown.trace["w8"][6], shown.trace["∂E/∂w8"][6]
    assert shown.line("new w8")[3] == pytest.approx(w - 0.5 * g, rel=1e-12)
    assert ("lr 0.5", "ends with this row") in [line[:2] for line in shown.lines]
    adamw = books("line-fit").shown((6, 12, "w1"))
    assert "new w1" not in {line[0] for line in adamw.lines if line[1] == "by the rule below"}


def test_a_weight_waits_for_the_last_row_of_its_batch(books):
    waiting, ready = (books("iris").shown((0, row, "w30")) for row in (3, 9))
    w = waiting.trace["w30"]
    assert waiting.line("new w30")[1:] == (
        "not before the batch ends", f"{w[3]:.4g}", pytest.approx(w[0])
    )  # fmt: skip
    mean = ready.trace["∂E/∂w30"][:10].mean()
    assert ready.line("mean")[3] == pytest.approx(mean)
    assert ready.line("new w30")[3] == pytest.approx(w[0] - 0.5 * mean)


def test_another_optimisers_new_weight_is_the_next_rows_and_its_rule_is_given(books):
    shown = books("line-fit").shown((5, 9, "b1"))
    assert shown.line("new b1")[1:3] == ("by the rule below", "in the next row of adam")
    texts = [text for text in shown.values[EXPLORER].values() if isinstance(text, str)]
    assert any(text.startswith("adam: m ← ") for text in texts)


def test_a_schedules_rate_is_that_of_the_row(books):
    shown = books("sine").shown((1, 17, "w12"))
    rate = shown.trace["learning_rate"][17]
    assert rate != shown.trace["learning_rate"][0]
    assert shown.line("η")[3] == pytest.approx(rate)


@pytest.mark.parametrize("name", ["era-v1", "deep", "iris"])
def test_each_connection_is_drawn_once_with_its_gradients_sign_and_size(name, books):
    """The lines in the chart read cells; what they come to is where each line leads."""
    moment = CASES[name][1][0]
    shown, canvas = books(name).shown(moment), books(name).explorer
    network, cells = shown.plan.network, shown.values[WORKINGS]
    gradients = [shown.trace[each.gradient][shown.iteration] for each in network.connections]
    largest = max(map(abs, gradients))
    widths = diagram_lines.line_widths(len(gradients))
    backward = canvas.charts[1]
    lines = [series for series in backward.series if not series.name]
    drawn = [[] for _ in gradients]
    for line in lines[1:]:  # the first one is the frame around the chosen weight
        (top, left), (bottom, _) = corners(line.x)
        for place in range((bottom - top + 1) // 3):
            points = [(cells[top + 3 * place + end, left], cells[top + 3 * place + end, left + 1])
                      for end in (0, 1)]  # fmt: skip
            if points[0] != points[1]:
                drawn[place].append(((line.colour, line.dash), line.width))
    for gradient, looks in zip(gradients, drawn, strict=True):
        ((look, width),) = looks
        other = (BELOW, NEGATIVE) if gradient < 0 else (GREY, ZERO)
        assert look == ((ABOVE, "") if gradient > 0 else other)
        share = abs(gradient) / largest if largest else 0
        assert width == widths[3 if share >= 0.4 else 2 if share >= 0.08 else 1]


def test_the_diagrams_labels_are_the_chosen_moments(books):
    shown = books("era-v1").shown((5, 4, "w6"))
    trace = shown.trace
    texts = {str(each).strip() for each in shown.values[WORKINGS].values()}
    numbers = {each: f"{trace[each][4]:.4f}" for each in ("w6", "h1", "a_o2")}
    labels = [f"w6 = {numbers['w6']}", f"h1 = {numbers['h1']}", f"a_o2\n{numbers['a_o2']}"]
    labels.append(f"w6: {trace['∂E/∂w6'][4]:#.3g}")
    assert trace["w6"][4] < 0
    assert set(labels) <= texts


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"table": "lr 3"}, "lr 0.1 or lr 0.5"),
        ({"iteration": 6}, "a whole number from 0 to 5"),
        ({"iteration": -1}, "a whole number from 0 to 5"),
        ({"iteration": 2.5}, "a whole number from 0 to 5"),
        ({"weight": "w9"}, "w1, w2"),
        ({"weight": "i1"}, "w1, w2"),
    ],
)
def test_a_choice_that_is_none_is_refused_in_one_line(choice, expected, workbook):
    (canvas,) = (each for each in compose(read_subject(workbook).plan) if each.name == EXPLORER)
    cells = {canvas.inputs[f"explorer_{key}"]: value for key, value in choice.items()}
    path = workbook.with_name("chosen.xlsx")
    write_changed(workbook, path, {EXPLORER: cells})
    with pytest.raises(InputError, match="the input cell Explorer!") as refused:
        verify(path, [IRONCALC])
    assert expected in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", template.built_in())
def test_the_sheet_stays_small(name):
    plan = Plan.of(template.load(name).with_training(iterations=3))
    canvases = sheets(plan)
    canvas, workings = canvases[0], canvases[-1]
    assert len([*canvas.promised(), *workings.promised()]) <= MOST_FORMULAS
    assert len(canvas.charts) == (2 if plan.network.is_dense else 0)
    assert all(len(chart.series) <= 255 for chart in canvas.charts)


def larger(*sizes: int) -> Template:
    random = np.random.default_rng(1)
    matrices = [random.uniform(-1, 1, (b, a)).round(3).tolist() for a, b in pairwise(sizes)]
    sample, target = random.uniform(0, 1, sizes[0]), random.uniform(0, 1, sizes[-1])
    return sigmoid_network(matrices, sample.round(3).tolist(), target.round(3).tolist())


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [(3, 300, 2), (3, 20, 60), (12, 12, 12), (2, *(1,) * 9)])
def test_a_large_network_is_drawn_in_parts_and_has_the_chain_of_every_weight(sizes, tmp_path):
    plan = Plan.of(larger(*sizes))
    moments = [(0, 2, weight) for weight in ("w5", plan.network.connections[-1].name)]
    book = Book(plan, tmp_path, moments)
    assert len(book.explorer.charts) == (0 if len(sizes) > 9 else 2)
    assert sum(1 for _ in book.explorer.promised()) <= MOST_FORMULAS
    for moment in moments:
        shown = book.shown(moment)
        assert book.wrong(moment, shown.values) == []
        gradient = shown.trace[f"∂E/∂{shown.weight}"][2]
        assert np.prod(shown.factors) == pytest.approx(gradient, rel=1e-9, abs=1e-12)


def test_a_training_that_diverges_is_shown_as_far_as_it_goes(tmp_path):
    text = larger(2, 3, 2).source.replace('"sigmoid"', '"identity"')
    wild = template.parse(text).with_training([0.1, 60.0], 40)
    moments = [(1, iteration, "w2") for iteration in (1, 4, 40)]
    book = Book(Plan.of(wild), tmp_path, moments)
    assert not np.isfinite(book.plan.traces[1]["E_total"][-1])
    for moment in moments:
        assert book.wrong(moment, book.shown(moment).values) == []
    errors = [book.shown((1, at, "w2")).values[EXPLORER][CONTROLS[0], STATE] for at in (4, 40)]
    assert str(errors[0]).startswith("E_total = ")
    assert errors[1] == "diverged here: choose an earlier iteration"


@pytest.mark.parametrize(("name", "moment"), ALL)
def test_every_line_fits_its_column(name, moment):
    canvas = sheets_at(plan_of(name), moment)[0]
    for (row, column), cell in canvas.cells.items():
        if column not in (NAME, SYMBOLS, NUMBERS) or row < FIRST_LINE:
            continue
        if cell.style.fill and not cell.style.border and cell.style.colour == "#FFFFFF":
            continue  # a title across the columns
        behind = next(at for at in range(column + 1, VALUE + 2)
                      if (row, at) in canvas.cells or at > VALUE)  # fmt: skip
        room = sum(canvas.widths[at] for at in range(column, behind))
        assert len(str(cell.value)) <= CHARACTERS * room, cell.value


@pytest.mark.parametrize("name", CASES)
def test_it_opens_at_a_moment_at_which_the_weight_has_a_gradient_and_changes(name):
    plan = plan_of(name)
    trace, weight = plan.trace_of(plan.controls.explorer_table), plan.controls.explorer_weight
    gradients, values = trace[f"∂E/∂{weight}"], trace[weight]
    first = int(plan.controls.explorer_iteration)
    assert gradients[first] != 0
    if first < plan.template.iterations:
        assert values[first + 1] != values[first]
    assert len(set(values[: first + 1])) == 1


def test_it_opens_at_the_end_of_a_batch_even_where_that_row_has_no_gradient():
    """Each row of an autoencoder of one-hot inputs has a gradient of another weight."""
    plan = Plan.of(replace(template.load("autoencoder"), iterations=12, batch_size=8))
    trace, weight = plan.trace_of(plan.controls.explorer_table), plan.controls.explorer_weight
    first = int(plan.controls.explorer_iteration)
    assert trace[BATCH_ROW][first] == trace[BATCH_SIZE][first]
    assert trace[weight][first + 1] != trace[weight][first]


@pytest.mark.parametrize("name", CASES)
def test_controls_diagram_and_chain_rule_are_in_sight_together(name):
    """On a screen of 1366 × 768 pixels some 1,320 × 560 of them are cells."""
    canvas = sheets(plan_of(name))[0]
    right = sum(int(canvas.widths[column] * 7 + 0.5) + 5 for column in range(VALUE + 1))
    assert right <= 1320
    tops = [0.0]
    for row in range(60):
        tops.append(tops[-1] + canvas.heights.get(row, 15) * 4 / 3)
    forward, backward = canvas.charts
    assert tops[forward.at[0]] + forward.size[1] <= 560
    named = {row for row, column in canvas.cells if column == NAME and row >= FIRST_LINE - 1}
    end = next(row for row in range(FIRST_LINE, 60) if row not in named)
    assert tops[end] <= 590 and sum(canvas.value(row, NAME) != "" for row in named) > 8
    assert tops[backward.at[0]] <= 620


def test_the_sample_and_the_first_weights_of_images_are_pictures(books):
    moment = CASES["digits"][1][0]
    shown, canvas = books("digits").shown(moment), books("digits").explorer
    plan, cells = shown.plan, shown.values[EXPLORER]
    pictures = [
        [cells[row, at] for row in range(top, bottom + 1) for at in range(left, right + 1)]
        for top, left, bottom, right in (each.place for each in canvas.heat_maps)
    ]
    sample = int(shown.trace["sample"][shown.iteration]) - 1
    assert pictures[0] == list(plan.data.inputs[sample])
    assert len(pictures) == 1 + len(plan.network.unit_names[0])
    for unit, picture in zip(plan.network.unit_names[0], pictures[1:], strict=True):
        weights = [shown.trace[edge.name][shown.iteration] for edge in plan.network.into(unit)]
        assert picture == pytest.approx(weights, rel=1e-12)


@pytest.mark.parametrize(("weight", "ends"), [("w70", "i6 h5"), ("w200", "a_h8 o9"), ("b7", "h7")])
def test_a_condensed_layer_shows_the_chosen_weights_unit(weight, ends):
    plan = with_choice(plan_of("digits"), (0, 1, weight))
    layout = explorer_diagrams.layout_at(plan)
    assert layout.condensed == (0, 1, 2)
    drawn = {node.symbol.removeprefix("a_") for node in layout.nodes.values()}
    assert {end.removeprefix("a_") for end in ends.split()} <= drawn
    assert weight in {edge.name for edge in layout.edges} | {"b7"}
    for layer in (0, 1, 2):
        assert sum(node.layer == layer for node in layout.nodes.values()) == 5


def test_large_numbers_are_short_in_the_diagrams_and_fit_the_column_of_values(tmp_path):
    text = larger(2, 3, 2).source.replace('"sigmoid"', '"identity"')
    book = Book(Plan.of(template.parse(text).with_training([60.0], 8)), tmp_path)
    values, moment = IRONCALC.recalculate(book.at((0, 4, "w2"))), (0, 4, "w2")
    assert abs(with_choice(book.plan, moment).trace_of("lr 60")["h1"][4]) > 1e6
    texts = [str(each).strip() for each in values[WORKINGS].values()]
    labels = [text for text in texts if text.startswith("h1 = ")]
    assert labels and all(re.fullmatch(r"h1 = -?\d\.?\d*E\d+", label) for label in labels)
    formats = {str(each.properties.get("num_format")) for each in book.explorer.rules}
    assert "0.000E+00" in formats
    assert 1e9 < with_choice(book.plan, moment).trace_of("lr 60")["E_total"][4] < np.inf
    shown = [each for sheet in (EXPLORER, WORKINGS) for each in values[sheet].values()]
    texts = [each for each in shown if isinstance(each, str)]
    assert any(re.search(r"\dE\d", text) for text in texts)
    assert [text for text in texts if re.search(r"0{7}|\d{10}|E\+", text)] == []
