"""Reads the trainings that `cnn compare` compares, whatever wrote them."""

from collections.abc import Sequence
from pathlib import Path

from cnn.log.add_log import Placed, add_sheet
from cnn.log.compare_sheet import compare_sheet
from cnn.log.comparison import Comparison
from cnn.log.description import TrainingLog
from cnn.log.metrics_file import read_metrics, sheet_name
from sheetgen.console import progress
from sheetgen.errors import InputError

MOST = 100
"""Trainings of a comparison."""


def compare(paths: Sequence[Path], workbook: Path, title: str) -> Placed:
    """Put the sheet that compares trainings into a workbook.

    Each path is the directory of a run of `cnn train`, which needs torch, or a file of metrics.

    Raises InputError if one of them cannot be read, if they are too few or too many, or if they
    have no metric in common; RunError if the workbook cannot be written.
    """
    if not 2 <= len(paths) <= MOST:
        raise InputError(f"found {len(paths)} to compare; expected 2 to {MOST} trainings")
    with progress.step("reading the trainings", len(paths)) as advance:
        named = []
        for path in paths:
            named.append(_read(path))
            advance(1)
    canvas, mark = compare_sheet(Comparison.of(title, named), sheet_name(title))
    return add_sheet(canvas, mark, workbook, workbook)


def _read(path: Path) -> tuple[str, TrainingLog]:
    if path.is_file():
        log = read_metrics(path)
        return log.title, log
    from cnn.log.run_log import described_untested  # noqa: PLC0415 - needs torch

    return path.resolve().name, described_untested(path)
