"""Random networks with a forward of their own: the workbook's numbers are torch's."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from random_graphs import Case, networks
from verified_export import require_torchs

from sheetgen.spreadsheet.engines import Engine

# A network of many graphs takes too long to be made smaller: `networks(1)` finds a small one.
PHASES = [Phase.explicit, Phase.generate]
CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.mark.slow
@given(case=networks(10))
@settings(max_examples=6, phases=PHASES, suppress_health_check=CHECKS)
def test_sixty_graphs_give_torchs_numbers(case: Case, tmp_path: Path) -> None:
    require_torchs(case.network, case.shape, tmp_path / "network.xlsx")


@given(case=networks(12))
@settings(max_examples=1, phases=PHASES, suppress_health_check=CHECKS)
def test_twelve_graphs_give_torchs_numbers_in_libreoffice(
    case: Case, tmp_path: Path, libreoffice: Engine
) -> None:
    require_torchs(case.network, case.shape, tmp_path / "network.xlsx", libreoffice)
