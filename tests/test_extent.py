"""What is too large is refused before any work is done, and what is large is announced."""

import pytest
from conftest import put, sheetgen
from shared_books import formulas_in

from sheetgen.errors import InputError
from sheetgen.network import reference
from sheetgen.template import template
from sheetgen.workbook.compose import compose
from sheetgen.workbook.extent import MANY, announcement, formulas_of
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.sheets.origin import NAME as ORIGIN


def number_of_formulas(canvases):
    """Counted by the blocks of tables, which is quick for a million."""
    cells = sum(each.formula is not None for canvas in canvases for each in canvas.cells.values())
    blocks = [block for canvas in canvases for block in canvas.blocks]
    return cells + sum(block.rows * len(block.formulas) for block in blocks)


@pytest.mark.parametrize("name", ["era-v1", "iris", "sine"])
def test_the_number_of_formulas_is_known_before_any_is_composed(name):
    """Within 1 % where the tables are most of them, as in every workbook that is announced."""
    chosen = template.load(name).with_training(iterations=1000)
    found = number_of_formulas(compose(Plan.of(chosen)))
    assert formulas_of(chosen) == pytest.approx(found, rel=0.01)


@pytest.mark.parametrize("name", template.built_in())
def test_so_is_that_of_the_sheets_without_long_tables(name, short_book):
    """Within 15 %: most of what is left are the sheets that show one moment."""
    book = short_book(name)
    found = sum(1 for _ in formulas_in(book.saved.path))
    assert formulas_of(book.plan.template) == pytest.approx(found, rel=0.15)


def network(layers, units, samples=1, **training):
    text = "[network]\ninputs = 2\n"
    for _ in range(layers):
        text += f'[[network.layers]]\nunits = {units}\ninit = {{ scheme = "normal", seed = 1 }}\n'
    rows = f"inputs = {[[0.1, 0.2]] * samples}\ntargets = {[[0.5] * units] * samples}\n"
    settings = {"learning_rates": [0.5], "iterations": 10} | training
    lines = "".join(f"{key} = {value!r}\n" for key, value in settings.items())
    return f"{text}[data]\n{rows}[training]\n{lines}"


TOO_LARGE = {
    "layers": (network(1001, 2), "network.layers: found 1,001 layers; expected at most 1,000"),
    "weights": (
        network(900, 300),
        "network.layers: found 80,910,600 weights in all; expected at most 8,192: each takes two "
        "columns, and a worksheet has 16,384",
    ),
    "units": (network(1, 5000), "network.layers[0].units: found 5000; expected a whole number"),
    "inputs": (
        network(1, 2).replace("inputs = 2", "inputs = 16000", 1),
        "network.inputs: found 16000; expected a whole number from 1 to 1000",
    ),
    "sum": (
        network(1, 1)
        .replace("inputs = 2", "inputs = 1000", 1)
        .replace("[0.1, 0.2]", f"{[0.1] * 1000}"),
        "the sum over 1,000 weights of a unit would have at least 18,000 characters; a cell holds",
    ),
    "columns": (network(75, 10), "the network's table needs 17,"),
    "iterations": (network(1, 2, iterations=10**9), "iterations: found 1000000000; expected 1 to"),
    "rates": (
        network(1, 2, learning_rates=[0.1] * 10_000),
        "learning_rates: found 10000; expected at most 100",
    ),
    "batch": (network(1, 2, batch_size=10**9), "batch_size: found 1000000000; expected a whole"),
    "formulas": (
        network(2, 60, iterations=10**6),
        "the workbook would have 15,852,033,416 formulas; expected at most 20,000,000: fewer",
    ),
    "samples": (network(1, 1, samples=200_001), "found 200,001 rows; expected at most 200,000"),
}


@pytest.fixture
def no_work(monkeypatch):
    """Fail where weights or a training are computed: refusals come by arithmetic."""

    def computed(*_):
        pytest.fail("something was computed before the refusal")

    monkeypatch.setattr(reference, "train", computed)
    monkeypatch.setattr("sheetgen.workbook.build.compose", computed)


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize("what", TOO_LARGE)
def test_what_is_too_large_is_refused_before_any_work(what, tmp_path):
    text, said = TOO_LARGE[what]
    path = tmp_path / "large.toml"
    path.write_text(text)
    result = sheetgen("build", path, "-o", tmp_path / "new" / "book.xlsx")
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert said in line
    assert not (tmp_path / "new").exists()


def test_a_data_file_with_too_many_samples_is_refused_before_it_is_read(tmp_path):
    (tmp_path / "data.csv").write_text("a,b,y\n" + "0,1,not read\n" * 200_001)
    text = network(1, 1).partition("[data]")[0] + '[data]\nfile = "data.csv"\n'
    text += 'input_columns = ["a", "b"]\ntarget_columns = ["y"]\n[training]\nlearning_rates=[1]\n'
    with pytest.raises(InputError) as refusal:
        template.parse(text, folder=tmp_path)
    assert "found 200,001 samples in data.csv; expected 1 to 200,000" in str(refusal.value)


def test_more_than_a_million_formulas_are_announced_before_they_are_composed(tmp_path, monkeypatch):
    def stopped(*_):
        raise InputError("this is where composing begins")

    monkeypatch.setattr("sheetgen.workbook.build.Plan.of", stopped)
    result = sheetgen("build", "--iterations", 4500, "-o", tmp_path / "book.xlsx")
    first, second = result.stderr.splitlines()
    assert (
        first.startswith("about 1,1") and " formulas to write and verify: about a minute" in first
    )
    assert second == "Error: this is where composing begins"
    few = sheetgen("build", "--iterations", 100, "-o", tmp_path / "book.xlsx")
    assert few.stderr.splitlines() == [second]


def test_the_announcement_says_how_long_it_takes():
    assert "about a minute and 0.6 GB of memory, at 35,000 a second" in announcement(MANY)
    assert "about 10 minutes and 12.0 GB of memory" in announcement(20 * MANY)


@pytest.mark.usefixtures("no_work")
def test_a_small_file_that_claims_millions_of_formulas_is_refused(workbook):
    """Composing what it describes would need gigabytes."""
    put(workbook, ORIGIN, "B6", 50_000)
    result = sheetgen("verify", workbook)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: {workbook} cannot be verified: found 5,")
    assert "; expected about 5,2" in line
