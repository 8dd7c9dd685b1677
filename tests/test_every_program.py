"""Gnumeric and HyperFormula find every number, and every letter, that NumPy promises.

So does LibreOffice in German, but for decimal commas. They start for each workbook, so that each
kind is tried once; `python -m benchmarks engines` tries all templates in all engines.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from conftest import require
from exported_network import Exported
from test_compare import training

from cnn.log.compare_sheet import compare_sheet
from cnn.log.comparison import Comparison
from cnn.log.workbook_log import WorkbookLog
from sheetgen.exercises.make import make_exercise
from sheetgen.spreadsheet import engines
from sheetgen.spreadsheet.agreement import DIVERGED
from sheetgen.spreadsheet.engines import Engine, Values
from sheetgen.spreadsheet.engines import libreoffice as office
from sheetgen.spreadsheet.reader import Value, read_cells
from sheetgen.spreadsheet.writer import write_workbook
from sheetgen.template import template
from sheetgen.verification.verify import verify

pytestmark = pytest.mark.slow

TOLERANCE = 1e-9
Differences = dict[tuple[str, int, int], tuple[Value, Value]]


@pytest.fixture(params=["gnumeric", "hyperformula"])
def program(request: pytest.FixtureRequest) -> Engine:
    """Each of the two in turn."""
    chosen = engines.engine(request.param)
    require(chosen.missing())
    return chosen


def differences(path: Path, values: Values) -> Differences:
    """What a file promises and what was found, where the two differ."""
    found: Differences = {}
    for sheet, cells in read_cells(path).items():
        for place, cell in cells.items():
            pair = cell.value, values[sheet].get(place)
            if cell.formula is not None and not same(*pair):
                found[sheet, *place] = pair
    return found


def same(promised: Value, found: Value) -> bool:
    if isinstance(promised, float) and isinstance(found, float):
        difference = abs(found - promised) / max(1.0, abs(promised))
        return abs(promised) > DIVERGED or difference <= TOLERANCE
    return (found or "") == (promised or "")  # an empty text is saved as nothing


@pytest.mark.usefixtures("without_surfaces")
def test_a_built_workbook_and_one_with_moved_inputs(
    program: Engine, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[Values] = []
    recalculate = program.recalculate_all

    def kept(paths: Sequence[Path]) -> Iterator[Values]:
        """Recalculate, and keep what is found."""
        computed.extend(recalculate(paths))
        return iter(computed)

    monkeypatch.setattr(program, "recalculate_all", kept)
    results = verify(bare, [program], perturbations=1)
    assert all(each.passed and each.largest_difference <= TOLERANCE for each in results)
    # What Proof shows as a difference is one of sums, whose size `verify` knows.
    found = differences(bare, computed[0]).values()
    assert [pair for pair in found if isinstance(pair[0], str)] == []


def test_a_program_in_german_writes_commas(
    libreoffice: Engine, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    german = office._REGISTRY.replace("<value>en-US<", "<value>de-DE<")
    monkeypatch.setattr(office, "_REGISTRY", german)
    found = differences(bare, libreoffice.recalculate(bare)).values()
    texts = {str(promised): str(other) for promised, other in found if isinstance(promised, str)}
    assert (texts["E_total = 0.2425"], texts["η = 0.5"]) == ("E_total = 0,2425", "η = 0,5")
    commas = [(one.replace(".", ","), other.replace(".", ",")) for one, other in texts.items()]
    assert [pair for pair in commas if pair[0] != pair[1]] == []


def test_the_solution_of_an_exercise(program: Engine, tmp_path: Path) -> None:
    made = make_exercise(template.load("era-v1"), tmp_path / "exercise.xlsx", solution=True)
    (saved,) = made.solutions
    assert differences(saved.path, program.recalculate(saved.path)) == {}


def test_a_log_with_a_target_and_a_comparison(program: Engine, tmp_path: Path) -> None:
    log, comparison = tmp_path / "log.xlsx", tmp_path / "comparison.xlsx"
    with WorkbookLog(log, target={"accuracy": 0.6}) as written:
        for epoch in range(1, 5):
            written.epoch(loss=1 / epoch, accuracy=1 - 0.5 / epoch)
    runs = [(f"run {seed}", training(rate, seed)) for rate in (0.1, 0.5) for seed in range(3)]
    canvas, _ = compare_sheet(Comparison.of("Rates", runs), "Comparison")
    write_workbook([canvas], comparison, "Rates")
    paths = [log, comparison]
    for path, values in zip(paths, program.recalculate_all(paths), strict=True):
        assert differences(path, values) == {}


def test_an_exported_network(program: Engine, exported: Exported) -> None:
    assert differences(exported.path, program.recalculate(exported.path)) == {}
