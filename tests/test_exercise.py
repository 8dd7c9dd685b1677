"""The exercise as a learner meets it: blanks, hints and marks, and nothing that tells an answer."""

import os
import re
from itertools import product
from zipfile import ZipFile

import pytest
from every_case import some
from handed_in import (
    always,
    assignment_of,
    blank_columns,
    exercise,
    hand_in,
    in_turn,
    right_formula,
    right_number,
    typical,
)
from hypothesis import HealthCheck, given, settings
from networks import templates
from openpyxl import load_workbook
from page_layout import page_count, points
from sheet_file import read
from sheet_layout import problems

from sheetgen.errors import InputError
from sheetgen.exercises import make_exercise
from sheetgen.exercises.assignment import exercise as exercise_module
from sheetgen.exercises.assignment.exercise import Exercise, is_right
from sheetgen.exercises.assignment.table_layout import stage_of
from sheetgen.exercises.choices import TOPICS
from sheetgen.exercises.sheets.exercise_paper import FIRST, SYMBOL
from sheetgen.exercises.sheets.exercise_workbook import compose
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.engines import EMBEDDED
from sheetgen.spreadsheet.reader import read_cells, sheet_names, visible_sheets
from sheetgen.spreadsheet.writer import write_workbook
from sheetgen.template import template
from sheetgen.template.template import parse
from sheetgen.verification.verify import verify_canvases

EXERCISES = int(os.environ.get("EXERCISES", "4"))
"""How many networks are drawn."""

TOO_WIDE = ("autoencoder", "digits", "moons")
OF_PICTURES = ("conv-digits", "edges")
"""Templates whose whole table is too much for an exercise."""
COLOURS = {"FFBBF7D0": "green", "FFFECACA": "red"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """era-v1's exercises with their solutions, by level; not to be written to."""
    folder = tmp_path_factory.mktemp("exercises")
    return {
        level: make_exercise(
            template.load("era-v1"), folder / f"level {level}.xlsx", level=level, solution=True
        )
        for level in (1, 2, 3)
    }


@pytest.mark.slow
def test_the_workbook_holds_the_exercise_and_the_very_hidden_protected_answers(made):
    path = made[1].workbooks[0].path
    visible = ["Overview", "Inputs", "Exercise", "Worksheet", "Workings"]
    assert sheet_names(path) == [*visible, "_answers"]
    assert visible_sheets(path) == visible
    workbook = load_workbook(path)
    assert workbook["_answers"].sheet_state == "veryHidden"
    assert all(sheet.protection.sheet for sheet in workbook)
    assert not any("answers" in str(name.value) for name in workbook.defined_names.values())


def test_only_the_blanks_can_be_typed_into(made):
    assignment = assignment_of(made[2])
    blanks = {assignment.layout.cell(blank) for blank in made[2].exercise.blanks}
    workbook = load_workbook(made[2].workbooks[0].path)
    for sheet in workbook:
        unlocked = {
            c.coordinate for row in sheet.iter_rows() for c in row if not c.protection.locked
        }
        assert unlocked == (blanks if sheet.title == "Exercise" else set())


@pytest.mark.parametrize("topic", TOPICS)
def test_level_1_leaves_one_cell_of_a_column_blank_and_gives_what_it_is_computed_from(topic):
    chosen = exercise(topic=topic)
    layout, blanks = typical(chosen).layout, set(chosen.blanks)
    assert all(len(rows) == 1 for rows in blank_columns(chosen).values())
    for blank in blanks:
        assert not layout.operands(blank) & blanks
    places = {layout.place(blank) for blank in blanks}
    assert not places & {(row, column + 1) for row, column in places}, "the neighbours are given"


def test_level_1_asks_for_every_quantity_of_the_topic():
    forward = ["h1", "a_h1", "h2", "a_h2", "o1", "a_o1", "o2", "a_o2", "E1", "E2", "E_total"]
    weights = [f"w{number}" for number in range(1, 9)]
    gradients = [f"∂E/∂{weight}" for weight in weights]
    assert set(blank_columns(exercise(topic="forward"))) == set(forward)
    assert set(blank_columns(exercise(topic="backward"))) == set(gradients)
    assert set(blank_columns(exercise(topic="update"))) == set(weights)
    assert set(blank_columns(exercise(topic="all"))) == {*forward, *gradients, *weights}


def test_level_2_leaves_every_other_column_blank():
    chosen = exercise(level=2)
    columns = blank_columns(chosen)
    assert all(rows == ([1, 2] if name[0] == "w" else [0, 1, 2]) for name, rows in columns.items())
    assert set(columns) == {
        "h1", "a_h2", "o1", "a_o2", "E1", "E_total", "w2", "w4", "w6", "w8",
        "∂E/∂w1", "∂E/∂w3", "∂E/∂w5", "∂E/∂w7",
    }  # fmt: skip


def test_level_3_gives_nothing_but_inputs_and_the_first_weights():
    chosen = exercise(level=3)
    layout, blanks = typical(chosen).layout, set(chosen.blanks)
    for column in layout.columns:
        for row in range(layout.rows):
            is_given = column.band.kind in ("iteration", "target", "input")
            is_given = is_given or (column.band.kind == "weight" and row == 0)
            assert ((column.symbol, row) in blanks) != is_given


@pytest.mark.parametrize(
    ("level", "name"),
    some(product([1, 2, 3], sorted({*template.built_in()} - {*TOO_WIDE, *OF_PICTURES})), 3),
)
def test_nothing_that_is_shown_tells_an_answer(name, level):
    assignment = typical(exercise(name, level=level))
    assignment = assignment.exercise.closed([assignment.student]).assigned(assignment.student)
    layout, blanks = assignment.layout, set(assignment.exercise.blanks)
    *seen, _ = compose(assignment, solved=False).canvases
    (sheet,) = [canvas for canvas in seen if canvas.name == "Exercise"]
    given = {
        row: [
            assignment.value((column.symbol, row))
            for column in layout.columns
            if stage_of(column) != "given" and (column.symbol, row) not in blanks
        ]
        for row in range(layout.rows)
    }
    for blank in blanks:
        value = assignment.value(blank)
        assert sheet.cells[layout.place(blank)].value == ""
        assert value in (0, 1) or value not in given[blank[1]]
        assert not re.search(r"\d\.\d", sheet.notes[layout.place(blank)]), "a hint has no numbers"
    right = {layout.formula(blank) for blank in blanks}
    shown = {formula for canvas in seen for *_, formula, _ in canvas.promised()}
    assert not right & shown


def test_the_diagram_shows_an_activation_when_it_is_found(made, tmp_path):
    empty = EMBEDDED.recalculate(made[3].workbooks[0].path)["Workings"].values()
    assert {"a_h1\n?", "a_o2\n?"} <= {value for value in empty if isinstance(value, str)}
    answers = right_number(made[3])
    path = hand_in(
        made[3],
        tmp_path / "book.xlsx",
        lambda blank: answers(blank) if blank[0] == "a_h1" else None,
    )
    texts = [v for v in EMBEDDED.recalculate(path)["Workings"].values() if isinstance(v, str)]
    value = round(assignment_of(made[3]).value(("a_h1", 0)), 4)
    assert f"a_h1\n{value:g}" in texts and "a_o2\n?" in texts


def test_the_marks_follow_what_is_typed(made, engine, tmp_path):
    """Right numbers and formulas, six digits, values off by 1e-3, texts, errors and nothing."""
    book, assignment = made[3], assignment_of(made[3])
    number = right_number(book)
    kinds = [
        (number, 1),
        (right_formula(book), None),
        (lambda blank: float(f"{number(blank):.6g}"), 1),
        (lambda blank: number(blank) * 1.001, 0),
        (lambda blank: number(blank) + 1e-3, 0),
        (always("no idea"), 0),
        (always("#N/A"), 0),
        (always("=1/0"), 0),
        (always('=""'), 0),
        (always(True), 0),
        (always(None), ""),
    ]
    path = hand_in(book, tmp_path / "book.xlsx", in_turn(book, [kind for kind, _ in kinds]))
    sheet = engine.recalculate(path)["Exercise"]
    marks = [sheet.get(assignment.layout.mark(blank)) for blank in book.exercise.blanks]
    for place, (blank, mark) in enumerate(zip(book.exercise.blanks, marks, strict=True)):
        expected = kinds[place % len(kinds)][1]
        if expected is None:  # a right formula is right where it reads nothing wrong
            value = sheet[assignment.layout.place(blank)]
            expected = int(isinstance(value, float) and is_right(value, number(blank)))
        assert (mark or 0, mark in ("", None)) == (expected or 0, expected == ""), blank
    right = sum(mark for mark in marks if mark)
    empty = sum(mark in ("", None) for mark in marks)
    score = f"{right:g} of 73 right, {73 - right - empty:g} wrong, {empty} still empty"
    assert right > 15 and sheet[2, 1] == score


def test_blanks_turn_green_and_red_by_marks_on_their_own_sheet(made):
    sheet = load_workbook(made[1].workbooks[0].path)["Exercise"]
    assignment = assignment_of(made[1])
    rules = {}
    for area in sheet.conditional_formatting:
        for rule in area.rules:
            assert "!" not in "".join(rule.formula), "Excel 2007 looks at the same sheet only"
            if rule.type == "expression" and rule.dxf.fill:
                colour = COLOURS[rule.dxf.fill.bgColor.rgb]
                rules.setdefault(colour, []).append((area, rule.formula[0]))
    for blank in made[1].exercise.blanks:
        cell = assignment.layout.cell(blank)
        for colour in COLOURS.values():
            assert sum(cell in area for area, _ in rules[colour]) == 1
    first, last = assignment.layout.place(("iteration", 0)), assignment.layout.marks_row
    assert (rules["green"][0][1], first) == (f"C{last + 1}=1", (14, 1))


def test_the_solution_stays_right_when_the_inputs_move(made, tmp_path):
    """The expected values are live: they follow Inputs, as typed numbers do not."""
    solution, assignment = made[3].solutions[0].path, assignment_of(made[3])
    inputs = read_cells(solution, ["Inputs"])["Inputs"]
    places = assignment.sources.inputs.inputs.values()
    changes = {place: inputs[place].value * 1.1 for place in places}
    moved = tmp_path / "moved.xlsx"
    write_changed(solution, moved, {"Inputs": changes})
    total = len(made[3].exercise.blanks)
    assert EMBEDDED.recalculate(moved)["Exercise"][2, 1] == f"{total} of {total} right"
    typed = hand_in(made[3], tmp_path / "typed.xlsx", right_number(made[3]))
    write_changed(typed, moved, {"Inputs": changes})
    assert EMBEDDED.recalculate(moved)["Exercise"][2, 1].startswith("0 of")


def test_hints_give_the_equation_and_later_levels_the_chain_rule_only(made):
    notes = {}
    for level in (1, 3):
        sheet = load_workbook(made[level].workbooks[0].path)["Exercise"]
        assignment = assignment_of(made[level])
        notes[level] = {
            symbol: sheet[assignment.layout.cell((symbol, row))].comment.text
            for symbol, row in made[level].exercise.blanks
        }
    assert notes[1]["h1"] == "h1 = w1·i1 + w2·i2"
    assert notes[1]["∂E/∂w5"] == "∂E/∂w5 = (a_o1 − t1) · a_o1·(1 − a_o1) · a_h1"
    assert notes[3]["∂E/∂w5"] == "∂E/∂w5 = ∂E/∂a_o1 · ∂a_o1/∂o1 · ∂o1/∂w5"
    assert (
        notes[3]["∂E/∂w1"].splitlines()[1] == "∂E/∂a_h1 = ∂E/∂o1 · ∂o1/∂a_h1 + ∂E/∂o2 · ∂o2/∂a_h1"
    )


def test_given_cells_do_not_show_how_they_are_computed(made):
    sheet = load_workbook(made[1].workbooks[0].path)["Exercise"]
    for row in sheet.iter_rows():
        for cell in row:
            if "_answers" in str(cell.value):
                assert cell.protection.hidden and cell.protection.locked


def test_another_network_verifies_in_every_engine(every_engine, tmp_path):
    made = make_exercise(template.load("iris"), tmp_path / "book.xlsx", level=2, solution=True)
    assert "Data" in sheet_names(made.workbooks[0].path)
    composed = compose(assignment_of(made), solved=True)
    plan = assignment_of(made).plan
    for engine in every_engine:
        result = verify_canvases(made.solutions[0].path, composed.canvases, plan, engine)
        assert result.findings == []
        assert result.formulas > 1500 and result.largest_difference < 1e-12


@pytest.mark.slow
@settings(max_examples=EXERCISES, suppress_health_check=[HealthCheck.too_slow])
@given(text=templates())
def test_an_exercise_can_be_made_of_any_small_network(text, tmp_path_factory):
    path = tmp_path_factory.mktemp("any") / "book.xlsx"
    for level, solved in ((1, False), (3, True)):  # most is given, and most is answered
        try:
            chosen = Exercise.of(parse(text), level=level)
            student = chosen.student("", 1, "book")
        except InputError as error:
            assert re.search("columns|leaves the numbers", str(error))
            continue
        assignment = chosen.closed([student]).assigned(student)
        composed = compose(assignment, solved)
        write_workbook(composed.canvases, path, composed.title)
        result = verify_canvases(path, composed.canvases, assignment.plan, EMBEDDED)
        assert result.formulas and result.findings == []


@pytest.mark.parametrize(
    ("name", "topic", "said"),
    [
        ("digits", "all", "208 weights"),
        ("autoencoder", "all", "181 columns"),
        ("iris", "update", "batch_size"),
        ("xor", "sideways", "topic"),
    ],
)
def test_what_cannot_be_made_is_refused_in_a_sentence(name, topic, said, tmp_path):
    with pytest.raises(InputError, match=said):
        make_exercise(template.load(name), tmp_path / "book.xlsx", topic=topic)
    assert not list(tmp_path.iterdir())


def test_every_link_leads_to_a_sheet_of_the_exercise(made):
    path = made[1].workbooks[0].path
    with ZipFile(path) as archive:
        text = "".join(archive.read(f"xl/worksheets/sheet{n}.xml").decode() for n in (1, 2, 3))
    targets = re.findall(r'location="([^"!]+)!', text)
    assert targets and set(targets) <= set(sheet_names(path))


def test_only_the_rows_of_an_exercise_are_trained_however_long_its_schedule_is():
    sine = template.load("sine")
    short, long = (
        typical(Exercise.of(sine.with_training(iterations=count), "forward"))
        for count in (sine.iterations, 1_000_000)
    )
    assert len(long.trace["w1"]) == long.exercise.rows
    whole = short.plan.train(short.student.numbers["learning_rate"], sine.optimizer)
    for symbol, values in short.trace.values.items():
        assert values.tolist() == whole[symbol][: short.exercise.rows].tolist()
    assert long.plan.train(1.0, sine.optimizer, 2)["learning_rate"][1] != 1.0


def test_a_network_with_more_weights_than_an_exercise_has_columns_is_refused_at_once(monkeypatch):
    monkeypatch.setattr(exercise_module, "draw", None)  # it would take minutes
    layer = '[[network.layers]]\nunits = 90\ninit = { scheme = "normal" }\n'
    row = [0.1] * 90
    wide = parse(
        f"[network]\ninputs = 90\n{layer}[data]\ninputs = [{row}]\ntargets = [{row}]\n"
        "[training]\nlearning_rates = [0.1]\n"
    )
    with pytest.raises(InputError, match=r"found 8,100 weights .* expected at most 150 columns"):
        Exercise.of(wide)


def test_the_worksheet_is_two_pages_to_fill_in_with_a_pen(made):
    (paper,) = [sheet for sheet in read(made[1].workbooks[0].path) if sheet.name == "Worksheet"]
    texts = [cell.text for cell in paper.cells.values()]
    assert {"Name", "Number", "Equations", "h1 = w1·i1 + w2·i2"} <= set(texts)
    assert not paper.paper.landscape
    assert (page_count(paper), points(paper)) == (2, 10)
    assert not list(problems(made[1].workbooks[0].path, ("Worksheet",)))


def test_the_worksheet_shows_what_is_given_and_leaves_the_blanks_empty(made):
    assignment, (saved,) = assignment_of(made[2]), made[2].workbooks
    shown = EMBEDDED.recalculate(saved.path)["Worksheet"]
    rows = {text: row for (row, column), text in shown.items() if column == SYMBOL}
    for symbol, iteration in assignment.layout.quantities:
        if symbol == "iteration":
            continue
        found = shown.get((rows[symbol], FIRST + iteration))
        if (symbol, iteration) in made[2].exercise.blanks:
            assert found is None
        else:
            assert found == pytest.approx(assignment.value((symbol, iteration)), abs=1e-12)
