"""Random networks with a forward of their own: the workbook's numbers are torch's."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from random_graphs import Case, networks

import cnn
from cnn.export.network.torch_reference import Reference
from cnn.export.sheets.export_origin import read_origin
from cnn.export.verification.cases import choose_cases
from cnn.export.verification.exported_file import ExportedFile
from cnn.export.verification.verify_export import verify_cases
from sheetgen.spreadsheet.engines import EMBEDDED, Engine
from sheetgen.spreadsheet.reader import read_cells

# A network of many graphs takes too long to be made smaller: `networks(1)` finds a small one.
PHASES = [Phase.explicit, Phase.generate]
CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


def require_torchs(case: Case, path: Path, engine: Engine) -> None:
    """Every cell of every sheet, for a random input, in an engine."""
    network = cnn.export_workbook(case.network, case.shape, path, force=True).network
    # As `verify_workbook` does, but the network is not read a second time.
    reference = Reference(case.network, network)
    exported = ExportedFile(path, read_cells(path), read_origin(path), network, reference)
    cases = choose_cases(exported, 1, np.random.default_rng(0))
    [result] = verify_cases(exported, engine, cases)
    assert result.passed, result.wrong
    assert result.largest_difference < 1e-9


@pytest.mark.slow
@given(case=networks(10))
@settings(max_examples=6, phases=PHASES, suppress_health_check=CHECKS)
def test_sixty_graphs_give_torchs_numbers(case: Case, tmp_path: Path) -> None:
    require_torchs(case, tmp_path / "network.xlsx", EMBEDDED)


@given(case=networks(12))
@settings(max_examples=1, phases=PHASES, suppress_health_check=CHECKS)
def test_twelve_graphs_give_torchs_numbers_in_libreoffice(
    case: Case, tmp_path: Path, libreoffice: Engine
) -> None:
    require_torchs(case, tmp_path / "network.xlsx", libreoffice)
