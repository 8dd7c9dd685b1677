"""`sheetgen check` finds training tables wherever they are."""

import random
import re

import pytest
from check_helper import HandMade, mistakes, write
from openpyxl.utils import get_column_letter

from sheetgen.check import check_workbook


@pytest.mark.parametrize(("top", "left"), [(3, 0), (31, 0), (7, 5)])
def test_a_table_may_begin_anywhere(tmp_path, top, left):
    (table,) = check_workbook(write(tmp_path / "a.xlsx", S=HandMade(top=top, left=left))).tables
    assert (table.rows, table.network, len(table.right), table.wrong) == (8, (2, 2, 2), 27, ())


def test_columns_may_stand_in_another_order_with_gaps_and_others_between(tmp_path):
    table = HandMade(gaps=("w5", "E1"))
    order = [*table.order, "Step"]
    random.Random(1).shuffle(order)
    table.order = order
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert report.passed
    assert len(report.tables[0].right) == 27


def test_several_tables_on_one_sheet_are_audited_each(tmp_path):
    beside = HandMade(seed=2, left=33)
    below = HandMade(seed=3, top=30, rate_cell="C29", rate_label="B29", rate=2.0)
    below.formulas["∂E/∂w6"] = below.formulas["∂E/∂w5"]
    cells = HandMade().contents() | beside.contents() | below.contents()
    report = check_workbook(write(tmp_path / "a.xlsx", S=cells))
    assert [table.place for table in report.tables] == ["A5:AE13", "AH5:BL13", "A31:AE39"]
    assert [len(table.wrong) for table in report.tables] == [0, 0, 1]
    assert report.tables[2].learning_rate.value == 2.0


def test_tables_beside_each_other_need_no_gap(tmp_path):
    cells = HandMade().contents() | HandMade(seed=2, left=31).contents()
    report = check_workbook(write(tmp_path / "a.xlsx", S=cells))
    assert [len(table.right) for table in report.tables] == [27, 27]


def test_a_header_that_occurs_twice_is_read_as_the_next_number(tmp_path):
    table = HandMade(headers={"∂E/∂w8": "∂E/∂w7"})
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert report.passed
    assert [remark.kind for remark in report.remarks] == ["duplicate-header"]


def test_a_sheet_without_a_table_is_skipped(tmp_path):
    report = check_workbook(write(tmp_path / "a.xlsx", S=HandMade(), Notes={"A1": "h1 = w1*i1"}))
    assert report.passed
    assert report.skipped == ("Notes",)


def test_matrices_with_their_shapes_are_no_table(tmp_path):
    matrices = {
        "A1": "W₁",
        "A2": "2 × 2",
        "C1": "x",
        "C2": "2 x 1",
        "A5": 0.1,
        "B5": 0.2,
        "C5": 1.0,
    }
    matrices |= {"A6": 0.3, "B6": 0.4, "C6": 0.5}
    report = check_workbook(write(tmp_path / "a.xlsx", S=HandMade(), Matrices=matrices))
    assert report.passed
    assert report.skipped == ("Matrices",)


@pytest.mark.parametrize("biases", [False, True])
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 2, 1), (2, 3, 2), (1, 4, 1), (4, 3, 3)])
def test_the_headers_tell_the_network(tmp_path, shape, biases):
    report = check_workbook(write(tmp_path / "a.xlsx", S=HandMade(*shape, biases=biases)))
    (table,) = report.tables
    assert report.passed
    assert table.network == shape
    assert {column.status for column in table.columns} == {"given", "right"}


def test_labels_of_a_diagram_are_no_table(tmp_path):
    labels = {"H1": "i1", "I1": "w1", "J1": "h1", "K1": "w2", "I2": 0.3, "J2": "a_h1", "K2": "w4"}
    report = check_workbook(write(tmp_path / "a.xlsx", S=HandMade().contents() | labels))
    assert report.passed
    assert len(report.tables) == 1


@pytest.mark.parametrize("names", [["i1", "w1", "w2", "w3"], ["w1", "i1", "w2", "w3"]])
@pytest.mark.parametrize("values_in", ["B", None])
def test_a_list_of_labels_beside_the_table_is_no_part_of_it(tmp_path, names, values_in):
    table = HandMade(left=3, rate_cell="H1", rate_label="G1")
    table.formulas["w3"] = table.formulas["w3"].replace("∂E/∂w3", "∂E/∂w1")
    beside = {f"A{table.top + 1 + row}": name for row, name in enumerate(names)}
    if values_in is not None:
        beside |= {f"B{table.top + 1 + row}": 0.05 * (row + 1) for row in range(len(names))}
    report = check_workbook(write(tmp_path / "a.xlsx", S=table.contents() | beside))
    assert [table.place for table in report.tables] == ["D5:AH13"]
    assert [(one.column, one.kind) for one in report.mistakes] == [("w3", "wrong-gradient")]
    assert len(report.tables[0].columns) == len(table.order)


def test_rows_may_be_samples(tmp_path):
    table = HandMade(rows=8)
    for name in table.given:
        for row in range(table.rows):
            table.cells[table.address(name, row)] = round(0.1 + 0.07 * (row * len(name)), 2) % 1
    table.cells[table.address("t1", 3)] = 0.9
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert report.passed, report.mistakes
    assert "several-samples" in {one.kind for one in report.remarks}


def samples(table):
    """Put other inputs and targets into every row."""
    for name in table.given:
        for row in range(table.rows):
            value = round((0.1 + 0.07 * row * len(name) + 0.13 * int(name[1:])) % 1, 2)
            table.cells[table.address(name, row)] = value


def test_weights_that_do_not_follow_each_sample_tell_no_learning_rate(tmp_path):
    table = HandMade(rows=8)
    samples(table)
    table.cells["E2"] = 2
    for name in table.start:
        update = f"$E$2*{{∂E/∂{name}.up}}"
        table.formulas[name] = f"{{{name}.up}}-IF(MOD(ROW(),4)=0,{update},0)"
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert report.passed, report.mistakes
    assert report.tables[0].learning_rate.value is None
    assert {one.kind for one in report.remarks} == {"several-samples", "unchecked"}


def test_the_outputs_of_a_softmax_depend_on_each_other(tmp_path):
    table = HandMade(rows=8)
    for unit in (1, 2):
        table.formulas[f"a_o{unit}"] = f"EXP({{o{unit}}})/(EXP({{o1}})+EXP({{o2}}))"
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    # The gradients have a·(1 − a), as if each output had an activation of its own.
    gradients = [name for name in table.formulas if name.startswith("∂E/∂")]
    assert [one.column for one in report.mistakes] == gradients
    (said,) = (one.words for one in report.remarks if one.kind == "activation")
    assert said == "the hidden activation is sigmoid, the output activation is softmax"


def fed_by_another_sheet(changed: str = "", old: str = "", new: str = "") -> dict[str, object]:
    """A table whose gradients are on a sheet of their own, row by row; one may be changed."""
    table = HandMade(rows=4)
    gradients = [name for name in table.formulas if name.startswith("∂E/∂")]
    table.order = [name for name in table.order if name not in gradients]
    other: dict[str, object] = {}
    for index, name in enumerate(gradients, 1):
        column, template = get_column_letter(index), table.formulas[name]
        template = template.replace(old, new) if name == changed else template
        other[f"{column}5"] = name
        for row in range(table.rows):
            text = table.formula(name, row, template)
            other[f"{column}{6 + row}"] = re.sub(r"([A-Z]+\d+)", r"S!\1", text)
            if row:
                weight = name.removeprefix("∂E/∂")
                update = f"{{{weight}.up}}-{{η}}*Slopes!{column}{5 + row}"
                table.cells[table.address(weight, row)] = table.formula(weight, row, update)
    return {"S": table, "Slopes": other}


def test_tables_of_two_sheets_may_feed_each_other(tmp_path):
    report = check_workbook(write(tmp_path / "a.xlsx", **fed_by_another_sheet()))
    assert mistakes(report) == []
    assert len(report.tables[0].right) == 19


def test_a_mistake_on_the_other_sheet_is_found_where_it_is_used(tmp_path):
    sheets = fed_by_another_sheet("∂E/∂w5", "{a_h1}", "{a_h2}")
    report = check_workbook(write(tmp_path / "a.xlsx", **sheets))
    assert mistakes(report) == [("w5", "wrong-activation-index")]


def test_weights_may_be_numbered_source_by_source(tmp_path):
    table = HandMade(rows=4)
    other = {"w2": "w3", "w3": "w2", "w6": "w7", "w7": "w6"}
    swapped = re.compile(r"w[2367]\b")
    table.formulas = {
        swapped.sub(lambda one: other[one[0]], name): swapped.sub(lambda one: other[one[0]], text)
        for name, text in table.formulas.items()
    }
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert mistakes(report) == []
    assert len(report.tables[0].right) == 27
