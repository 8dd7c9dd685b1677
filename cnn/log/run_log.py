"""Puts the sheet of a run of `cnn train` into a workbook, during the training and after it.

torch is imported only where the network has to be tested.
"""

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cnn.log.add_log import Placed, add_log
from cnn.log.description import TrainingLog
from cnn.log.kept_results import kept_results
from cnn.log.live_sheet import LiveSheet
from cnn.log.run_description import described_untested, described_with
from cnn.log.run_facts import Facts
from cnn.torch_loading import require_torch
from cnn.training.config import Config
from cnn.training.run import Run
from sheetgen.console import progress

if TYPE_CHECKING:
    from cnn.log.description import Layer

PATIENCE = 50.0
"""Writing the sheet while a run is trained takes at most one part in so many of the time."""
EXPECTED = 0.1
"""Seconds that writing the sheet is taken to need before it was written."""


class LiveRun:
    """The sheet of a run that is being trained, made from the run's files."""

    def __init__(self, run: Path, workbook: Path) -> None:
        self.run = run
        self.sheet = LiveSheet(workbook, run.name, patience=PATIENCE, expected=EXPECTED)

    def update(self) -> None:
        """Update the sheet after an epoch, as often as takes little of the training's time."""
        self.sheet.follow(self._log, Run(self.run).log)

    def _log(self) -> TrainingLog:
        return replace(described_untested(self.run), layers=self._layers)

    @cached_property
    def _layers(self) -> "list[Layer]":
        from cnn.log.tested_run import layers_of  # noqa: PLC0415

        run = Run(self.run)
        return layers_of(Config.from_dict(run.read_config(), run.config))


def put_into_workbook(run: Path, workbook: Path, data_dir: Path | None) -> Placed:
    """Put the sheet of a run into a workbook, which is built from `era-v1` if it does not exist.

    Its network is tested again where no results of it are kept, or the data is named.

    Raises InputError if the run, the data or the workbook cannot be read, RunError if the
    workbook cannot be written, which is then unchanged.
    """
    with progress.step("reading the run"):
        log = _as_kept(run) if data_dir is None else None
        log = log or evaluated(run, data_dir)
    return add_log(log, run, workbook)


def evaluated(run: Path, data_dir: Path | None) -> TrainingLog:
    """Return the description of a run whose network is tested for it; keep the results.

    Raises InputError if the run or the data cannot be read.
    """
    require_torch()
    from cnn.log.tested_run import evaluate_and_keep  # noqa: PLC0415

    return evaluate_and_keep(run, data_dir)


def _as_kept(path: Path) -> TrainingLog | None:
    """Return the description of a run with the results that are kept of it, if there are any."""
    results = kept_results(Run(path))
    if results is None:
        return None
    facts = Facts.of(path)
    return described_with(facts, results, facts.tested(facts.parameters, results.findings.images))
