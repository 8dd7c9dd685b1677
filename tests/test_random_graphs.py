"""Random networks with a forward of their own: the workbook's numbers are torch's."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from random_graphs import Case, networks

import cnn
from cnn.export import verify_workbook
from sheetgen.spreadsheet.engines import EMBEDDED, Engine

CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


def require_torchs(case: Case, path: Path, engine: Engine) -> None:
    """Every cell of every layer, for a random input, in an engine."""
    cnn.export_workbook(case.network, case.shape, path, force=True)
    [result] = verify_workbook(path, case.network, (engine,), inputs=1)
    assert result.passed, result.wrong
    assert result.largest_difference < 1e-9


@pytest.mark.slow
@given(case=networks(5))
@settings(max_examples=12, suppress_health_check=CHECKS)
def test_sixty_graphs_give_torchs_numbers(case: Case, tmp_path: Path) -> None:
    require_torchs(case, tmp_path / "network.xlsx", EMBEDDED)


@given(case=networks(12))
@settings(max_examples=1, suppress_health_check=CHECKS)
def test_twelve_graphs_give_torchs_numbers_in_libreoffice(
    case: Case, tmp_path: Path, libreoffice: Engine
) -> None:
    require_torchs(case, tmp_path / "network.xlsx", libreoffice)
