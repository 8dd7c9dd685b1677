"""Fixtures that several test modules share."""

import contextlib
import gc
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import click.testing
import pytest
import xlsxwriter
from every_case import EVERY_CASE
from hypothesis import settings
from hypothesis import strategies as st
from lxml import etree
from openpyxl.utils import cell as names
from plain_worksheet import PlainWorksheet
from shared_books import (  # noqa: F401 - fixtures
    bare,
    books,
    built,
    built_once,
    era_v1,
    exported,
    kinds,
    short_book,
    small,
    state,
    without_surfaces,
    workbook,
)
from shared_office import SharedOffice
from shared_runs import copy, finished, folder, logged  # noqa: F401 - fixtures

from cnn.torch_loading import wait_briefly
from sheetgen import cli
from sheetgen.network.trace import Trace
from sheetgen.spreadsheet import engines, render
from sheetgen.spreadsheet.engines import Engine
from sheetgen.spreadsheet.reader import FileCell, read_cells, sheet_names
from sheetgen.template import template
from sheetgen.template.template import Template
from sheetgen.workbook.plan import Plan

if TYPE_CHECKING:
    pass

EXAMPLES = 100 if EVERY_CASE else 40
settings.register_profile(
    "fixed", max_examples=EXAMPLES, derandomize=True, deadline=None, database=None
)
settings.load_profile("fixed")

# Neither this process nor those that tests start need compile modules and tests again each time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Before anything loads torch, as the command does. For networks as small as those of tests one
# thread takes a sixth less of the processor, and each worker of pytest has a core.
wait_briefly()
os.environ.setdefault("OMP_NUM_THREADS", "1")

WRONG = -777.0
"""The cached result that `poisoned` workbooks carry, which no formula here evaluates to."""

Build = Callable[[dict[str, dict[str, str | float]]], Path]


def pytest_collection_finish() -> None:
    """Let the garbage collector leave alone what was imported, and come less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(500_000, 20, 20)


def pytest_runtest_setup() -> None:
    """Take back the threads that a training in this process was told to use."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.get_num_threads() != 1:
        torch.set_num_threads(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out of the fast tier, `pytest -m "not slow"`, all but the first case of each test.

    And what runs in another engine than IronCalc, but for the tests of the engines themselves.
    """
    cases = Counter[str]()
    for item in items:
        test = item.nodeid.partition("[")[0]
        cases[test] += 1
        chosen = item.callspec.params.get("engine") if hasattr(item, "callspec") else None
        others = {"libreoffice", "every_engine", "renderer"} & set(item.fixturenames)
        is_other = bool(others) or chosen in SLOWER
        if cases[test] > 1 or (is_other and item.path.stem != "test_engines"):
            item.add_marker(pytest.mark.slow)


def require(reason: str | None) -> None:
    """Skip the test for that reason, if there is one; where CI is true that is a failure."""
    if reason and os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session", autouse=True)
def without_waiting_for_the_disk() -> Iterator[None]:
    """Let `fsync` return at once: no file of a test need survive a power cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def libreoffice_started_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let conversions be those of one LibreOffice that runs, but in the tests of its start."""
    shared = SharedOffice(tmp_path_factory.mktemp("office"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sheetgen.spreadsheet.engines.libreoffice.office", shared.office)
        yield
    shared.end()


@pytest.fixture(scope="session", autouse=True)
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what commands write by default, such as output/backprop.xlsx, out of the checkout."""
    with contextlib.chdir(tmp_path_factory.mktemp("elsewhere")):
        yield


PROGRAMS = ("libreoffice", "gnumeric", "hyperformula")
SLOWER = ("formualizer", *PROGRAMS)
QUICK = tuple(each for each in engines.ENGINES if each.name not in PROGRAMS)
"""The engines that start at once. test_libreoffice runs all tests with `engine` in LibreOffice,
test_every_program a few in the others."""


@pytest.fixture(params=[candidate.name for candidate in QUICK])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each of the engines that start at once in turn: see QUICK."""
    chosen = engines.engine(request.param)
    require(chosen.missing())
    return chosen


@pytest.fixture
def every_engine() -> tuple[Engine, ...]:
    """The engines of QUICK at once, for what is the same work in front of each of them."""
    for each in QUICK:
        require(each.missing())
    return QUICK


@pytest.fixture(scope="session")
def libreoffice() -> Engine:
    """LibreOffice, for tests that need just that."""
    chosen = engines.engine("libreoffice")
    require(chosen.missing())
    return chosen


@pytest.fixture(scope="session")
def renderer(libreoffice: Engine) -> None:
    """LibreOffice and pdftoppm, for tests that draw pictures."""
    require(libreoffice.missing())
    found = shutil.which("pdftoppm")
    require(None if found else f"pdftoppm is not installed: {render.INSTALL}")


def mnist_folder() -> Path:
    """The folder with MNIST/raw in it, for --data-dir; skips the test where there is none."""
    repository = Path(__file__).resolve().parents[1]
    data = Path(os.environ.get("MNIST_DIR", repository.parent / "shared" / "data"))
    if not (data / "MNIST" / "raw").is_dir():
        pytest.skip("MNIST is not here: name the folder with MNIST/raw in MNIST_DIR")
    return data


@pytest.fixture(scope="session")
def mnist() -> Path:
    """The folder with MNIST/raw in it, for --data-dir."""
    return mnist_folder()


@pytest.fixture
def poisoned(tmp_path: Path) -> Build:
    """A function that writes sheet → address → content, every cached result being WRONG.

    Each workbook has a name of its own.
    """
    number = count(1)

    def build(sheets: dict[str, dict[str, str | float]]) -> Path:
        path = tmp_path / f"poisoned-{next(number)}.xlsx"
        with xlsxwriter.Workbook(path, {"in_memory": True}) as book:
            for name, cells in sheets.items():
                sheet = book.add_worksheet(name, PlainWorksheet)
                for address, content in cells.items():
                    if isinstance(content, str) and content.startswith("="):
                        sheet.write_formula(address, content, None, WRONG)
                    else:
                        sheet.write(address, content)
        return path

    return build


def numbers(lowest: float, highest: float) -> st.SearchStrategy[float]:
    """Numbers of few digits, which read well in a failing example."""
    return st.floats(lowest, highest).map(lambda number: round(number, 4))


def trained(source: Template, learning_rate: float, iterations: int) -> Trace:
    """The reference's training of a template, whatever its own rates and iterations are."""
    plan = Plan.of(source.with_training(iterations=iterations))
    return plan.train(learning_rate, source.optimizer)


def with_sample(source: Template, **changes: Sequence[float]) -> Template:
    """A template of one sample with another `inputs` or `targets`."""
    rows = {name: (tuple(values),) for name, values in changes.items()}
    return replace(source, data=replace(source.data, **rows))


def sigmoid_network(
    matrices: list[list[list[float]]],
    sample: list[float],
    target: list[float],
    learning_rate: float = 0.5,
    iterations: int = 3,
) -> Template:
    """The template of a network of sigmoid layers, each given by its weights."""
    layers = (
        f'[[network.layers]]\nunits = {len(matrix)}\nactivation = "sigmoid"\nweights = {matrix}\n'
        for matrix in matrices
    )
    return template.parse(
        f"[network]\ninputs = {len(sample)}\n{''.join(layers)}"
        f"[data]\ninputs = [{sample}]\ntargets = [{target}]\n"
        f"[training]\nlearning_rates = [{learning_rate}]\niterations = {iterations}\n"
    )


def sheetgen(*args: object) -> click.testing.Result:
    """Run the console command; an uncaught exception fails the test."""
    runner = click.testing.CliRunner()
    return runner.invoke(cli.main, [str(arg) for arg in args], catch_exceptions=False)


def held(path: Path, sheet: str, address: str) -> FileCell:
    """Return what a file holds in a cell."""
    row, column = names.coordinate_to_tuple(address)
    return read_cells(path, [sheet])[sheet][row - 1, column - 1]


def put(
    path: Path, sheet: str, address: str, content: str | float | None, cached: float | None = None
) -> None:
    """Put a formula, a number, a text or nothing into a cell of a workbook that we built.

    All else stays as it was, byte for byte. A formula keeps the cached result that is in its
    cell, or gets the one that is given. A new cell must be below all others.
    """
    part = f"xl/worksheets/sheet{sheet_names(path).index(sheet) + 1}.xml"
    with ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    root = etree.fromstring(parts[part])
    main = f"{{{root.nsmap[None]}}}"
    cell = root.find(f".//{main}c[@r='{address}']")
    if cell is None:
        rows = root.find(f"{main}sheetData")
        row = etree.SubElement(rows, f"{main}row", r=str(names.coordinate_to_tuple(address)[0]))
        cell = etree.SubElement(row, f"{main}c", r=address)
    is_formula = isinstance(content, str) and content.startswith("=")
    for child in list(cell):
        if not is_formula or child.tag != f"{main}v" or cached is not None:
            cell.remove(child)
    if not is_formula or cached is not None:
        cell.attrib.pop("t", None)
    if is_formula:
        formula = etree.Element(f"{main}f")
        formula.text = content[1:]
        cell.insert(0, formula)
    elif isinstance(content, str):
        cell.set("t", "inlineStr")
        etree.SubElement(etree.SubElement(cell, f"{main}is"), f"{main}t").text = content
    number = cached if is_formula else content
    if isinstance(number, (int, float)):
        etree.SubElement(cell, f"{main}v").text = repr(number)
    parts[part] = etree.tostring(root, encoding="UTF-8", xml_declaration=True, standalone=True)
    with ZipFile(path, "w") as archive:
        for name, content_of_part in parts.items():
            archive.writestr(name, content_of_part)


@pytest.fixture
def output(tmp_path):
    """A place in a folder that is not there, and must not be there afterwards."""
    return tmp_path / "new folder" / "book.xlsx"


def refusal(output, *args):
    """Build, which must be refused; return the one line that says why."""
    result = sheetgen("build", "-o", output, *args)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = [line for line in result.stderr.splitlines() if not usage(line)]
    assert line.startswith("Error: ")
    assert not output.parent.exists()
    return line


def usage(line):
    return line.startswith(("Usage: ", "Try '")) or not line


def build_small(output, *args):
    result = sheetgen("build", *args, "--iterations", 2, "--no-verify", "-o", output)
    assert (result.exit_code, result.stderr) == (0, "")
    return read_cells(output)
