"""Workbooks that several test modules share, each built once: fixtures of conftest."""

import contextlib
import os
import pickle
import re
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest
from network_kinds import KINDS
from network_kinds import Book as KindOfBook

from sheetgen.files.locking import in_turn
from sheetgen.files.saving import Saved
from sheetgen.spreadsheet import engines
from sheetgen.template import template
from sheetgen.template.template import Template
from sheetgen.workbook.build import Built, build_workbook
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.sheets.predictions.predictions import predictions_sheet

FORMULA = re.compile("<f>(.*?)</f>", re.DOTALL)

if TYPE_CHECKING:
    from exported_network import Exported
    from surface_states import States


def common_folder(factory: pytest.TempPathFactory, name: str) -> Path:
    """Return a folder that all workers of this run of pytest have in common."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Template], Built]:
    """A function that builds a workbook, called by a name, once for all workers of a run.

    The workbooks are not to be written to.
    """
    folder = common_folder(tmp_path_factory, "books")

    def build(name: str, source: Template) -> Built:
        path = folder / f"{name}.xlsx"
        with in_turn(path):
            if not path.exists():
                return build_workbook(source, path)
        return Built(Saved(path), Plan.of(source))

    return build


@pytest.fixture(scope="session")
def short_book(built_once: Callable[[str, Template], Built]) -> Callable[[str], Built]:
    """A function that returns a built-in template's workbook, trained into its second epoch.

    That is enough for all that is on its sheets, and two learning rates are as good as four. Of
    those with many samples there are a few rows: others have epochs and tests too.
    """

    def build(name: str) -> Built:
        return built_once(f"short {name}", short_source(name))

    return build


def formulas_in(path: Path) -> Iterator[str]:
    """Yield each formula that is in a cell of a workbook, without "="."""
    with ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/sheet"):
                yield from map(unescape, FORMULA.findall(archive.read(name).decode()))


def short_source(name: str) -> Template:
    """Return the template of what `short_book` returns."""
    few = {"conv-digits": 6, "digits": 6, "iris": 12, "moons": 12}
    source = template.load(name)
    rows = few.get(name, min(source.iterations, source.data.samples + 5))
    return source.with_training(source.learning_rates[:2], rows)


@pytest.fixture(scope="session", params=["era-v1", "era-v2"])
def built(request: pytest.FixtureRequest, built_once: Callable[[str, Template], Built]) -> Built:
    """Each seed's workbook in turn; not to be written to."""
    return built_once(request.param, template.load(request.param))


@pytest.fixture(scope="session")
def era_v1(built_once: Callable[[str, Template], Built]) -> Built:
    """The workbook of era-v1; not to be written to."""
    return built_once("era-v1", template.load("era-v1"))


@pytest.fixture(scope="session")
def state(built_once: Callable[[str, Template], Built]) -> "States":
    """A function that returns a state of STATES; its `path` is the workbook of a template."""
    from surface_states import States  # noqa: PLC0415 - slow to import

    return States(built_once)


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> "Exported":
    """A small network with its workbook; not to be written to."""
    from exported_network import Exported  # noqa: PLC0415 - slow to import

    return Exported(tmp_path_factory.mktemp("exported"))


@pytest.fixture(scope="session")
def small(built_once: Callable[[str, Template], Built]) -> Path:
    """The workbook of era-v1 with two rates and five iterations; not to be written to."""
    return built_once("small", template.load("era-v1").with_training([0.1, 0.5], 5)).saved.path


@pytest.fixture(scope="session")
def bare(built_once: Callable[[str, Template], Built]) -> Path:
    """What `small` returns, without the surfaces."""
    with no_surfaces():
        return built_once("bare", template.load("era-v1").with_training([0.1, 0.5], 5)).saved.path


@contextlib.contextmanager
def no_surfaces() -> Iterator[None]:
    """Leave the surfaces out of what is composed: most cells of a small workbook are behind them.

    No other sheet reads them, so that tests of the others find the same without them.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sheetgen.workbook.compose.PICTURES", (predictions_sheet,))
        yield


@pytest.fixture
def without_surfaces() -> Iterator[None]:
    """Leave the surfaces out of what a test composes."""
    with no_surfaces():
        yield


@pytest.fixture
def books(
    kinds: Callable[[str], KindOfBook],
    without_surfaces: None,  # noqa: ARG001
) -> Callable[[str], KindOfBook]:
    """A function that returns the workbook of one of KINDS, built and recalculated once."""
    return kinds


@pytest.fixture(scope="session")
def kinds(built_once: Callable[[str, Template], Built]) -> Callable[[str], KindOfBook]:
    """What `books` returns, when the surfaces are left out."""

    @cache
    def book(name: str) -> KindOfBook:
        built = built_once(f"kind {list(KINDS).index(name)}", KINDS[name].template)
        path = built.saved.path
        values = path.with_suffix(".values")
        with in_turn(values):
            if not values.exists():
                values.write_bytes(pickle.dumps(engines.EMBEDDED.recalculate(path)))
        return KindOfBook(built.plan, path, pickle.loads(values.read_bytes()))

    return book


@pytest.fixture
def workbook(small: Path, tmp_path: Path) -> Path:
    """A copy of `small` in a folder of its own, to tamper with."""
    return Path(shutil.copy(small, tmp_path / "book.xlsx"))
