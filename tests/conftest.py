"""Fixtures that several test modules share."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from sheetgen import engines
from sheetgen.engines import Engine

WRONG = -777.0
"""The cached result that `poisoned` workbooks carry, which no formula here evaluates to."""

Build = Callable[[dict[str, dict[str, str | float]]], Path]


def require(needed: Engine) -> Engine:
    """Skip the test if the engine is not installed; where CI is true that is a failure."""
    if reason := needed.missing():
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return needed


@pytest.fixture(params=[candidate.name for candidate in engines.ENGINES])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each of the engines in turn."""
    return require(engines.engine(request.param))


@pytest.fixture
def libreoffice() -> Engine:
    """LibreOffice, for tests that need just that."""
    return require(engines.engine("libreoffice"))


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
