"""Exports a network and verifies the workbook; the network is read once only."""

from pathlib import Path

import numpy as np
from torch import nn

import cnn
from cnn.export.network.torch_reference import Reference
from cnn.export.sheets.export_origin import read_origin
from cnn.export.verification.cases import choose_cases
from cnn.export.verification.exported_file import ExportedFile
from cnn.export.verification.verify_export import verify_cases
from sheetgen.spreadsheet.engines import EMBEDDED, Engine
from sheetgen.spreadsheet.reader import read_cells


def require_torchs(
    model: nn.Module, shape: tuple[int, ...], path: Path, engine: Engine = EMBEDDED
) -> None:
    """Every cell of every sheet is torch's, for a random input, in an engine."""
    network = cnn.export_workbook(model, shape, path, force=True).network
    # As `verify_workbook` does, but torch does not follow the network a second time.
    reference = Reference(model, network)
    exported = ExportedFile(path, read_cells(path), read_origin(path), network, reference)
    cases = choose_cases(exported, 1, np.random.default_rng(0))
    [result] = verify_cases(exported, engine, cases)
    assert result.passed, result.wrong
    assert result.largest_difference < 1e-9
