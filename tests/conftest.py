"""Fixtures that several test modules share."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from sheetgen import engines, render
from sheetgen.engines import Engine

WRONG = -777.0
"""The cached result that `poisoned` workbooks carry, which no formula here evaluates to."""

Build = Callable[[dict[str, dict[str, str | float]]], Path]


def require(reason: str | None) -> None:
    """Skip the test for that reason, if there is one; where CI is true that is a failure."""
    if reason and os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@pytest.fixture(params=[candidate.name for candidate in engines.ENGINES])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each of the engines in turn."""
    chosen = engines.engine(request.param)
    require(chosen.missing())
    return chosen


@pytest.fixture
def libreoffice() -> Engine:
    """LibreOffice, for tests that need just that."""
    chosen = engines.engine("libreoffice")
    require(chosen.missing())
    return chosen


@pytest.fixture
def renderer(libreoffice: Engine) -> None:
    """LibreOffice and pdftoppm, for tests that draw pictures."""
    require(libreoffice.missing())
    found = shutil.which("pdftoppm")
    require(None if found else f"pdftoppm is not installed: {render.INSTALL}")


@pytest.fixture
def poisoned(tmp_path: Path) -> Build:
    """A function that writes sheet → address → content, every cached result being WRONG."""

    def build(sheets: dict[str, dict[str, str | float]]) -> Path:
        path = tmp_path / "poisoned.xlsx"
        with xlsxwriter.Workbook(path) as workbook:
            for name, cells in sheets.items():
                sheet = workbook.add_worksheet(name)
                for address, content in cells.items():
                    if isinstance(content, str) and content.startswith("="):
                        sheet.write_formula(address, content, None, WRONG)
                    else:
                        sheet.write(address, content)
        return path

    return build
