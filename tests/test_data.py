"""Data is typed in the template or read from a CSV file beside it."""

import re

import numpy as np
import pytest

from sheetgen.errors import InputError
from sheetgen.network.data import Data
from sheetgen.template import template

CSV = "width,height,kind\n1,2,cat\n3.5,-4e-1,dog\n5,6,cat\n"
COLUMNS = 'input_columns = ["width", "height"]\nclass_column = "kind"'
SOFTMAX = ("cross-entropy", "softmax")
SQUARED = ("half-squared-error", "identity")
BINARY = ("binary-cross-entropy", "sigmoid")


def toml(data, inputs=2, units=2, output=SOFTMAX):
    loss, activation = output
    return f"""
        [network]
        inputs = {inputs}
        loss = "{loss}"
        [[network.layers]]
        units = {units}
        activation = "{activation}"
        init = {{ scheme = "normal" }}
        [data]
        {data}
        [training]
        learning_rates = [0.1]
    """


def read(csv, keys=COLUMNS, **network):
    """Return the data of a template that names a CSV file of that text."""
    text = toml(f'file = "mine.csv"\n{keys}', **network)
    return template.parse(text, files={"mine.csv": csv}).data


def refusal(csv, keys=COLUMNS, **network):
    """Return key, finding and expectation of the complaint about such a template."""
    with pytest.raises(InputError) as caught:
        read(csv, keys, **network)
    match = re.fullmatch(r"the template: (\S+): found (.+); expected (.+)", str(caught.value))
    assert match, caught.value
    return match.groups()


def test_samples_are_typed_in_the_template():
    text = toml("inputs = [[1, 2], [3, 4]]\ntargets = [[0.25, 0.75], [1, 0]]")
    data = template.parse(text).data
    assert data == Data(((1.0, 2.0), (3.0, 4.0)), ((0.25, 0.75), (1.0, 0.0)))
    assert data.samples == 2


def test_a_class_column_becomes_one_hot_targets_in_order_of_appearance():
    data = read(CSV)
    assert data.inputs == ((1.0, 2.0), (3.5, -0.4), (5.0, 6.0))
    assert data.targets == ((1.0, 0.0), (0.0, 1.0), (1.0, 0.0))
    assert data.input_labels == ("width", "height")
    assert data.target_labels == ("cat", "dog")
    assert data.is_one_hot


def test_classes_that_are_numbers_are_sorted():
    data = read("x,digit\n1,10\n2,9\n3,10\n4,0\n",
                'input_columns = ["x"]\nclass_column = "digit"', inputs=1, units=3)  # fmt: skip
    assert data.target_labels == ("0", "9", "10")
    assert [row.index(1.0) for row in data.targets] == [2, 1, 2, 0]


def test_one_number_is_one_class_however_it_is_written():
    data = read("x,digit\n1,1\n2,1.0\n3,0\n4,1e0\n5,0.00\n",
                'input_columns = ["x"]\nclass_column = "digit"', inputs=1, units=2)  # fmt: skip
    assert data.target_labels == ("0", "1")
    assert [row.index(1.0) for row in data.targets] == [1, 1, 0, 1, 0]


def test_target_columns_are_numbers():
    keys = 'input_columns = ["height", "width"]\ntarget_columns = ["area"]'
    data = read("width,area,height\n2,6,3\n4,20,5\n", keys, units=1, output=SQUARED)
    assert data.inputs == ((3.0, 2.0), (5.0, 4.0))
    assert data.targets == ((6.0,), (20.0,))
    assert data.target_labels == ("area",)
    assert not data.is_one_hot


@pytest.mark.parametrize(
    "csv",
    [
        CSV.replace("\n", "\r\n"),
        CSV.replace("\n", "\r"),
        CSV.replace("\n", "\n\n"),
        CSV.replace(",", " , "),
        CSV.replace("cat", '"cat"').replace("3.5", '"+3.50"'),
        CSV.removesuffix("\n"),
    ],
    ids=["Windows", "old Mac", "empty lines", "spaces", "quotes", "no last line end"],
)
def test_a_csv_file_may_be_written_in_several_ways(tmp_path, csv):
    (tmp_path / "mine.csv").write_bytes(b"\xef\xbb\xbf" + csv.encode())
    text = toml(f'file = "mine.csv"\n{COLUMNS}')
    assert template.parse(text, folder=tmp_path).data == read(CSV)


def test_a_csv_file_is_found_beside_its_template(tmp_path, monkeypatch):
    beside = tmp_path / "lesson" / "data"
    beside.mkdir(parents=True)
    (beside / "mine.csv").write_text(CSV, encoding="utf-8")
    path = tmp_path / "lesson" / "mine.toml"
    path.write_text(toml(f'file = "data/mine.csv"\n{COLUMNS}'), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    chosen = template.load(str(path))
    assert chosen.files == {"data/mine.csv": CSV}
    assert template.parse(chosen.source, files=chosen.files) == chosen


def test_standardised_inputs_have_mean_0_and_deviation_1():
    data = Data(((1.0, 7.0), (2.0, 7.0), (6.0, 7.0)), ((0.0,),) * 3, standardize=True)
    used = data.used_inputs()
    # The mean of 1, 2, 6 is 3 and their population variance (4 + 1 + 9) / 3.
    assert used[:, 0] == pytest.approx(np.array([-2, -1, 3]) / np.sqrt(14 / 3))
    assert (used[:, 1] == 0).all()


def test_a_constant_column_is_0_when_standardised_however_its_mean_is_rounded():
    data = Data(((0.1,),) * 3, ((0.0,),) * 3, standardize=True)
    assert np.std([0.1] * 3) > 0
    assert (data.used_inputs() == 0).all()


def test_inputs_are_used_as_they_are_unless_standardised():
    assert (Data(((1.0, 7.0), (2.0, 7.0)), ((0.0,),) * 2).used_inputs() == [[1, 7], [2, 7]]).all()


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (((0.0, 1.0), (1.0, 0.0)), True),
        (((1.0,), (1.0,)), False),
        (((0.0, 0.0), (1.0, 0.0)), False),
        (((1.0, 1.0), (1.0, 0.0)), False),
        (((0.5, 0.5), (1.0, 0.0)), False),
    ],
)
def test_one_hot_targets_are_told_from_others(targets, expected):
    assert Data(((0.0,), (0.0,)), targets).is_one_hot is expected


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (("3.5", "tall"), "'tall' in column width, line 3 of mine.csv"),
        (("3.5", "nan"), "'nan' in column width, line 3 of mine.csv"),
        (("3.5", "-inf"), "'-inf' in column width, line 3 of mine.csv"),
        (("3.5", "1e999"), "'1e999' in column width, line 3 of mine.csv"),
        (("-4e-1", ""), "'' in column height, line 3 of mine.csv"),
        (("-4e-1", "1_000"), "'1_000' in column height, line 3 of mine.csv"),
        (("-4e-1", '"0,5"'), "'0,5' in column height, line 3 of mine.csv"),
        (("-4e-1", "2000000"), "'2000000' in column height, line 3 of mine.csv"),
    ],
    ids=lambda change: change[1] if isinstance(change, tuple) else None,
)
def test_what_is_no_number_is_refused_with_its_line_and_column(change, found):
    assert refusal(CSV.replace(*change)) == ("data.file", found, "a finite number from -1e6 to 1e6")


@pytest.mark.parametrize(
    ("csv", "found", "expected"),
    [
        (CSV.replace("5,6,cat", "5,6"), "2 columns in line 4 of mine.csv", "3, as in"),
        (CSV.replace("dog", ""), "'' in column kind, line 3 of mine.csv", "the name of a class"),
        ("", "nothing in mine.csv", "a line with the names"),
        ("width,height,kind\n", "0 samples in mine.csv", "1 to 200,000 below"),
        (CSV.replace(",", ";"), "semicolons between the columns of mine.csv", "commas"),
        (CSV.replace(",", "\t"), "tabs between the columns of mine.csv", "commas"),
        (CSV.replace("dog", '"dog'), "unexpected end of data in line 4 of mine.csv", "comma"),
    ],
    ids=["short line", "no class", "empty", "no samples", "semicolons", "tabs", "open quote"],
)
def test_a_file_that_is_no_table_is_refused(csv, found, expected):
    key, *rest = refusal(csv)
    assert (key, rest[0]) == ("data.file", found)
    assert rest[1].startswith(expected)


@pytest.mark.parametrize(
    ("keys", "key", "found", "expected"),
    [
        pytest.param(
            COLUMNS.replace("height", "heigth"),
            "data.input_columns[1]",
            "'heigth' (did you mean height?)",
            "a column of mine.csv: width, height, kind",
            id="missing input column",
        ),
        pytest.param(
            COLUMNS.replace("kind", "species"),
            "data.class_column",
            "'species'",
            "a column of mine.csv",
            id="missing class column",
        ),
        pytest.param(
            'input_columns = ["width"]\nclass_column = "kind"',
            "data.input_columns",
            "['width']",
            "2 columns (the network's inputs)",
            id="too few columns",
        ),
        pytest.param(
            'input_columns = ["width", "width"]\nclass_column = "kind"',
            "data.input_columns[1]",
            "'width'",
            "each name once",
            id="column twice",
        ),
        pytest.param(
            'input_columns = "width"\nclass_column = "kind"',
            "data.input_columns",
            "'width'",
            "a list of names",
            id="columns that are no list",
        ),
        pytest.param(
            'class_column = "kind"',
            "data.input_columns",
            "nothing",
            "this key",
            id="no input columns",
        ),
        pytest.param(
            'input_columns = ["width", "height"]',
            "data.target_columns",
            "nothing",
            "either this key or class_column",
            id="no targets",
        ),
        pytest.param(
            f'{COLUMNS}\ntarget_columns = ["kind"]',
            "data.target_columns",
            "this and class_column",
            "either this key or class_column",
            id="targets twice",
        ),
        pytest.param(
            f"{COLUMNS}\ninputs = [[1, 2]]",
            "data.inputs",
            "[[1, 2]]",
            "no such key beside data.file",
            id="typed samples too",
        ),
        pytest.param(
            f"{COLUMNS}\nstandardize = 1",
            "data.standardize",
            "1",
            "true or false",
            id="standardize that is a number",
        ),
    ],
)
def test_keys_that_do_not_suit_the_file_are_refused(keys, key, found, expected):
    refused = refusal(CSV, keys)
    assert refused[:2] == (key, found)
    assert refused[2].startswith(expected)


@pytest.mark.parametrize(("units", "classes"), [(1, "2 classes, cat, dog"), (3, "2 classes")])
def test_every_class_needs_an_output_unit(units, classes):
    key, found, expected = refusal(CSV, units=units)
    assert (key, expected) == ("data.class_column", f"{units}, one per unit of the last layer")
    assert found.startswith(classes)


def test_a_column_that_is_there_twice_cannot_be_named():
    refused = refusal(CSV.replace("height", "width"), COLUMNS.replace(', "height"', ""), inputs=1)
    assert refused == ("data.input_columns[0]", "'width'", "a column that mine.csv has once")


def test_a_file_that_is_not_there_is_refused_with_the_nearest(tmp_path):
    (tmp_path / "iris.csv").write_text(CSV, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        template.parse(toml(f'file = "irs.csv"\n{COLUMNS}'), folder=tmp_path)
    assert "data.file: found 'irs.csv' (did you mean iris.csv?)" in str(caught.value)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("content", [b"width\xff", b"PK\x03\x04\x00\x80\x81"])
def test_a_file_that_is_no_text_is_refused(tmp_path, content):
    (tmp_path / "mine.csv").write_bytes(content)
    with pytest.raises(InputError, match=r"data\.file: found 'mine\.csv'; expected a CSV file"):
        template.parse(toml(f'file = "mine.csv"\n{COLUMNS}'), folder=tmp_path)


def test_columns_are_for_files_only():
    with pytest.raises(InputError, match=r"data\.class_column: found 'kind'; expected no such key"):
        template.parse(toml('inputs = [[1, 2]]\ntargets = [[0, 1]]\nclass_column = "kind"'))


@pytest.mark.parametrize(
    ("output", "row", "expected"),
    [
        (SOFTMAX, "[0.5, 0.4]", "shares that are not negative and sum to 1"),
        (SOFTMAX, "[-0.5, 1.5]", "shares that are not negative and sum to 1"),
        (BINARY, "[0.5, 1.5]", "numbers from 0 to 1"),
        (BINARY, "[-0.5, 1.0]", "numbers from 0 to 1"),
    ],
)
def test_targets_for_which_the_loss_is_not_defined_are_refused(output, row, expected):
    typed = toml(f"inputs = [[1, 2], [3, 4]]\ntargets = [[0, 1], {row}]", output=output)
    with pytest.raises(InputError) as caught:
        template.parse(typed)
    assert f"data.targets[1]: found {row}; expected {expected}" in str(caught.value)
    first, second = row.strip("[]").split(", ")
    keys = 'input_columns = ["i", "j"]\ntarget_columns = ["s", "t"]'
    refused = refusal(f"i,j,s,t\n1,2,0,1\n3,4,{first},{second}\n", keys, output=output)
    assert refused[:2] == ("data.target_columns", f"{row} in line 3 of mine.csv")
    assert refused[2].startswith(expected)


@pytest.mark.parametrize(("output", "row"), [(SQUARED, [-0.5, 1.5]), (BINARY, [0.25, 1])])
def test_other_targets_are_as_free_as_the_loss_is(output, row):
    data = template.parse(toml(f"inputs = [[1, 2]]\ntargets = [{row}]", output=output)).data
    assert data.targets == (tuple(row),)


@pytest.mark.parametrize(
    ("inputs", "targets", "labels"),
    [
        ((), (), ()),
        (((1.0,),), ((1.0,), (2.0,)), ()),
        (((1.0,), (1.0, 2.0)), ((1.0,), (2.0,)), ()),
        (((1.0,),), ((1.0,),), ("a", "b")),
    ],
)
def test_rows_that_do_not_fit_each_other_are_no_data(inputs, targets, labels):
    with pytest.raises(ValueError, match="need"):
        Data(inputs, targets, input_labels=labels)
