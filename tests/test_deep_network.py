"""Deep networks: the work grows with the number of layers, and every formula stays right."""

import pytest

from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.engines import EMBEDDED
from sheetgen.template import template
from sheetgen.verification.verify import read_subject, verify, verify_subject
from sheetgen.workbook.build import build_workbook
from sheetgen.workbook.compose import compose
from sheetgen.workbook.plan import EXPLORER, GRADIENT_CHECK, Plan

KINDS = ("tanh", "sigmoid", "relu", "gelu")


def deep(layers, units=2, iterations=2, kinds=KINDS):
    """A network of so many layers; every third has biases, and the last is a sigmoid's."""
    text = "[network]\ninputs = 2\n"
    for number in range(layers):
        kind = kinds[number % len(kinds)] if number < layers - 1 else "sigmoid"
        biases = "biases = true\n" if number % 3 == 0 else ""
        text += f'[[network.layers]]\nunits = {units}\nactivation = "{kind}"\n{biases}'
        text += f'init = {{ scheme = "xavier-normal", seed = {number} }}\n'
    data = f"inputs = [[0.3, -0.6]]\ntargets = [{[0.8] * units}]"
    training = f"learning_rates = [0.5]\niterations = {iterations}"
    return template.parse(f"{text}[data]\n{data}\n[training]\n{training}\n")


@pytest.mark.slow
def test_a_deep_workbook_verifies_with_its_inputs_moved_too(tmp_path):
    for result in verify(build_workbook(deep(15), tmp_path / "deep.xlsx").saved.path):
        assert result.passed, result.sheets


@pytest.mark.slow
def test_explorer_shows_any_layer_of_a_deep_network(tmp_path, without_surfaces):  # noqa: ARG001
    """A network of more layers than Explorer has a part of a formula for each."""
    built, copy = build_workbook(deep(23), tmp_path / "deep.xlsx"), tmp_path / "copy.xlsx"
    network = built.plan.network
    place = explorer(read_subject(built.saved.path)).inputs["explorer_weight"]
    for weight in ("b8", "w92"):
        write_changed(built.saved.path, copy, {EXPLORER: {place: weight}})
        subject = read_subject(copy)
        (result,) = verify_subject(subject, [EMBEDDED], perturbations=0)
        assert result.passed, result.sheets
        # The reference knows which layer that is by another way than the sheet.
        (chosen,) = [each for each in network.parameters if each.name == weight]
        texts = [cell.value for cell in explorer(subject).cells.values()]
        layer = network.layers[chosen.layer]
        bias = " and the bias" if layer.biases else ""
        assert f"the sum of {layer.fan_in} products{bias}" in texts
        assert layer.activation.notation(chosen.target) in texts


def explorer(subject):
    return next(each for each in subject.canvases if each.name == EXPLORER)


@pytest.mark.parametrize("layers", [40, 150])
def test_the_formulas_of_a_deep_network_grow_with_its_layers(layers):
    """Such networks never came to an end: a formula was written that doubles with each layer."""
    canvases = compose(Plan.of(deep(layers, kinds=("tanh",))))
    assert sum(1 for each in canvases for _ in each.promised()) < 200_000
    (check,) = [each for each in canvases if each.name == GRADIENT_CHECK]
    rows = [str(cell.value) for (row, _), cell in check.cells.items() if row < 4]
    assert any("one unit in" in text for text in rows) == (layers == 150)
