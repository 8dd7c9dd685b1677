"""Random networks with a forward of their own: the workbook's numbers are torch's.

GRAPHS in the environment says how many are tried (12): raise it after a change of the formulas.
"""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from random_graphs import Case, networks
from verified_export import require_torchs

from sheetgen.spreadsheet.engines import Engine

# A network of many graphs takes too long to be made smaller: `networks(1)` finds a small one.
PHASES = [Phase.explicit, Phase.generate]
CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
TOGETHER, MORE = 4, 6
GRAPHS = int(os.environ.get("GRAPHS", "12"))


def of_several_kinds(case: Case, graphs: int) -> bool:
    """Tell whether it is none of the simplest networks, with which Hypothesis begins."""
    return len(set(case.names)) > graphs


@pytest.mark.slow
@given(case=networks(TOGETHER))
@settings(max_examples=GRAPHS // TOGETHER, phases=PHASES, suppress_health_check=CHECKS)
def test_graphs_give_torchs_numbers(case: Case, tmp_path: Path) -> None:
    assume(of_several_kinds(case, TOGETHER))
    require_torchs(case.network, case.shape, tmp_path / "network.xlsx")


@given(case=networks(MORE))
@settings(max_examples=1, phases=PHASES, suppress_health_check=CHECKS)
def test_six_graphs_give_torchs_numbers_in_libreoffice(
    case: Case, tmp_path: Path, libreoffice: Engine
) -> None:
    assume(of_several_kinds(case, MORE))
    require_torchs(case.network, case.shape, tmp_path / "network.xlsx", libreoffice)
