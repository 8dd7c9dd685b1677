"""A template that cannot be used is refused with its key, what was found, what was expected."""

import re

import pytest
from conftest import build_small, refusal, sheetgen

from sheetgen.template import template

ERA_V1 = (template.folder() / "era-v1.toml").read_text(encoding="utf-8")
WEIGHTS = "weights = [[0.15, 0.20], [0.25, 0.30]]"
LAYER_2 = 'activation = "sigmoid"\nweights = [[0.40, 0.45], [0.50, 0.55]]'
RATES = "learning_rates = [0.1, 0.2, 0.5, 0.8, 1.0, 2.0]"


def altered(tmp_path, old, new):
    """Return a copy of era-v1's template with something replaced."""
    assert old in ERA_V1
    path = tmp_path / "mine.toml"
    path.write_text(ERA_V1.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "key", "found", "expected"),
    [
        pytest.param(
            WEIGHTS,
            "weights = [[0.15, 0.20]]",
            "network.layers[0].weights",
            "[[0.15, 0.2]]",
            "2 rows (units) of 2 numbers",
            id="too few rows of weights",
        ),
        pytest.param(
            LAYER_2,
            LAYER_2.replace("0.50, 0.55", "0.50, 0.55, 0.60"),
            "network.layers[1].weights[1]",
            "[0.5, 0.55, 0.6]",
            "2 rows (units) of 2 numbers",
            id="too many weights in a row",
        ),
        pytest.param(
            WEIGHTS,
            "weights = 0.15",
            "network.layers[0].weights",
            "0.15",
            "2 rows (units) of 2 numbers",
            id="weights that are no list",
        ),
        pytest.param(
            WEIGHTS,
            "weights = [[0.15, nan], [0.25, 0.30]]",
            "network.layers[0].weights[0][1]",
            "nan",
            "a finite number",
            id="NaN weight",
        ),
        pytest.param(
            WEIGHTS,
            "weights = [[0.15, 0.20], [-inf, 0.30]]",
            "network.layers[0].weights[1][0]",
            "-inf",
            "a finite number",
            id="infinite weight",
        ),
        pytest.param(
            WEIGHTS,
            'weights = [["0.15", 0.20], [0.25, 0.30]]',
            "network.layers[0].weights[0][0]",
            "'0.15'",
            "a finite number",
            id="weight in quotes",
        ),
        pytest.param(
            WEIGHTS,
            "weights = [[true, 0.20], [0.25, 0.30]]",
            "network.layers[0].weights[0][0]",
            "True",
            "a finite number",
            id="Boolean weight",
        ),
        pytest.param(
            "inputs = [[0.05, 0.10]]",
            "inputs = [[inf, 0.10]]",
            "data.inputs[0][0]",
            "inf",
            "a finite number",
            id="infinite input",
        ),
        pytest.param(
            "inputs = [[0.05, 0.10]]",
            "inputs = [[0.05, 0.10], [0.20, 0.30]]",
            "data.targets",
            "[[0.01, 0.99]]",
            "2 rows, as many as data.inputs has",
            id="fewer targets than inputs",
        ),
        pytest.param(
            "targets = [[0.01, 0.99]]",
            "targets = [[0.01]]",
            "data.targets[0]",
            "[0.01]",
            "one row of 2 numbers",
            id="too few targets",
        ),
        pytest.param(
            RATES,
            "learning_rates = [0.1, 0]",
            "training.learning_rates",
            "0",
            "numbers above 0",
            id="learning rate 0",
        ),
        pytest.param(
            RATES,
            "learning_rates = [-0.5]",
            "training.learning_rates",
            "-0.5",
            "numbers above 0",
            id="negative learning rate",
        ),
        pytest.param(
            RATES,
            'learning_rates = ["abc"]',
            "training.learning_rates[0]",
            "'abc'",
            "a finite number",
            id="learning rate that is a word",
        ),
        pytest.param(
            RATES,
            "learning_rates = [0.1, 0.10]",
            "training.learning_rates",
            "0.1 twice",
            "each rate once",
            id="learning rate twice",
        ),
        pytest.param(
            RATES,
            "learning_rates = []",
            "training.learning_rates",
            "none",
            "at least one number",
            id="no learning rate",
        ),
        pytest.param(
            "iterations = 100",
            "iterations = 0",
            "training.iterations",
            "0",
            "1 to ",
            id="no iterations",
        ),
        pytest.param(
            "iterations = 100",
            "iterations = 2_000_000",
            "training.iterations",
            "2000000",
            "what a worksheet holds",
            id="more iterations than rows",
        ),
        pytest.param(
            "iterations = 100",
            "iterations = 1.5",
            "training.iterations",
            "1.5",
            "a whole number",
            id="half an iteration",
        ),
        pytest.param(
            "iterations = 100",
            "iteration = 100",
            "training.iteration",
            "an unknown key (did you mean iterations?)",
            "iterations",
            id="unknown key",
        ),
        pytest.param(
            RATES,
            "lr = 0.1",
            "training.lr",
            "an unknown key (did you mean learning_rates?)",
            "learning_rates",
            id="the usual name of a key",
        ),
        pytest.param(
            LAYER_2,
            LAYER_2.replace("activation", "activatoin"),
            "network.layers[1].activatoin",
            "an unknown key (did you mean activation?)",
            "activation",
            id="unknown key of a layer",
        ),
        pytest.param(
            "[data]",
            "[dta]",
            "dta",
            "an unknown key (did you mean data?)",
            "data",
            id="unknown table",
        ),
        pytest.param(
            'activation = "sigmoid"',
            'activation = "sigmiod"',
            "network.layers[0].activation",
            "'sigmiod' (did you mean sigmoid?)",
            "sigmoid",
            id="unknown activation",
        ),
        pytest.param(
            'loss = "half-squared-error"',
            'loss = "hinge"',
            "network.loss",
            "'hinge'",
            "half-squared-error",
            id="unknown loss",
        ),
        pytest.param(
            "inputs = 2",
            "inputs = 0",
            "network.inputs",
            "0",
            "a whole number from 1",
            id="no inputs",
        ),
        pytest.param(
            'title = "Backpropagation in a 2-2-2 network"',
            "title = 7",
            "title",
            "7",
            "text",
            id="title that is a number",
        ),
        pytest.param(
            f"{RATES}\n",
            "",
            "training.learning_rates",
            "nothing",
            "this key",
            id="key that is missing",
        ),
    ],
)
def test_a_template_error_has_the_key_what_was_found_and_what_was_expected(
    tmp_path, output, old, new, key, found, expected
):
    path = altered(tmp_path, old, new)
    line = refusal(output, path)
    match = re.fullmatch(r"Error: (.+?): (\S+): found (.+); expected (.+)", line)
    assert match, line
    assert match.group(1, 2, 3) == (str(path), key, found)
    assert expected in match[4]


def test_a_syntax_error_has_its_line(tmp_path, output):
    path = altered(tmp_path, "[data]", "[data")
    number = ERA_V1[: ERA_V1.index("[data]")].count("\n") + 1
    line = refusal(output, path)
    assert "is not valid TOML" in line
    assert f"line {number}," in line


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("era-v3", "did you mean era-v"),
        ("ERA-V2", "did you mean era-v2?"),
        ("zzz", "nor one of autoencoder, biases, conv-digits, deep,"),
        ("no/such/file.toml", "it is neither a file nor one of"),
        ("", "template"),
    ],
)
def test_an_unknown_template_gets_the_nearest_name(output, name, said):
    assert said in refusal(output, name)


def test_a_binary_file_is_no_template(small, output):
    assert "not UTF-8 text" in refusal(output, small)


def test_a_folder_is_no_template(tmp_path, output):
    assert f"{tmp_path} is not a file; expected a TOML file" in refusal(output, tmp_path)


def test_an_empty_file_is_no_template(tmp_path, output):
    path = tmp_path / "empty.toml"
    path.touch()
    assert "network: found nothing; expected" in refusal(output, path)


def test_brackets_without_end_are_no_template(tmp_path, output):
    path = tmp_path / "deep.toml"
    path.write_text("title = " + "[" * 20_000)
    assert str(path) in refusal(output, path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("toml", "title"),
    [
        ('"=1+1"', "=1+1"),
        ('"""\n=1+1"""', "=1+1"),
        ('"_x0041_"', "_x0041_"),
        ('"  +η <&> \\" 😀  "', '  +η <&> " 😀  '),
    ],
    ids=["formula", "line that is a formula", "escape of Excel", "odd characters"],
)
@pytest.mark.usefixtures("without_surfaces")
def test_any_text_may_be_the_title(tmp_path, output, toml, title):
    path = altered(tmp_path, '"Backpropagation in a 2-2-2 network"', toml)
    cell = build_small(output, path)["Overview"][0, 0]
    assert (cell.formula, cell.value) == (None, title)
    build_small(output, path)  # which would refuse a file that does not hold what was written


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.usefixtures("without_surfaces")
def test_a_template_that_windows_wrote_is_read(tmp_path, output, encoding):
    path = tmp_path / "mine.toml"
    path.write_text(ERA_V1, encoding=encoding, newline="\r\n")
    build_small(output, path)
    assert sheetgen("verify", output, "--engine", "ironcalc").exit_code == 0
