"""Logs any training loop as a sheet of a workbook, epoch by epoch."""

import atexit
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import gettempdir
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import numpy as np

from cnn.log.add_log import require_usable
from cnn.log.description import TrainingLog
from cnn.log.journal import Journal
from cnn.log.journal_results import Picture, confusion_of, pictures_of
from cnn.log.live_sheet import LiveSheet
from cnn.log.metrics import BEST, Logged, is_number
from cnn.log.metrics_file import (
    JOURNAL,
    RESULTS,
    STEPS,
    Known,
    Row,
    by_step,
    describe,
    sheet_name,
)
from sheetgen.console.terminal import say
from sheetgen.errors import InputError, shortened
from sheetgen.files.characters import require_possible, without_impossible

_QUICK = 0.1
"""Seconds that writing the sheet may take at each epoch."""
_PATIENCE = 20
"""A sheet that takes longer is written when this many times as long has passed since."""


class WorkbookLog:
    """The log of a training: a sheet of a workbook, and a journal beside that.

        log = cnn.WorkbookLog("runs.xlsx", title="ResNet", target={"val_acc": 0.94})
        for epoch in range(20):
            log.epoch(loss=…, val_loss=…, val_acc=…)
        log.results(confusion=…)  # if there are classes
        log.close()

    Each call puts the epoch's row on disk, in the journal, before it returns. The sheet follows at
    once, or where writing it takes longer than a tenth of a second, every now and then and at the
    end, which `close`, the end of a `with` block and the end of the program are. While the workbook
    is open in another program, only the journal grows. Whatever happens, `cnn log JOURNAL` makes
    the sheet. No error of the disk ends the training: it is said once on standard error. What is
    logged after `close` goes on with the same log.
    """

    def __init__(
        self,
        workbook: str | os.PathLike[str],
        *,
        title: str = "Training",
        settings: Mapping[str, Any] | None = None,
        target: Mapping[str, float] | None = None,
        best: Mapping[str, str] | None = None,
        layers: Any = None,  # noqa: ANN401 - a module of PyTorch, which need not be installed
    ) -> None:
        """Say what the log is of.

        `target` is what one metric is meant to reach, `layers` a module of PyTorch. `best` says of
        metrics whose names do not tell whether their "max" or their "min" is best. A dictionary
        among the settings is a group. Nothing is written before the first epoch.

        Raises InputError if the workbook or one of the options cannot be used.
        """
        self.workbook = Path(workbook)
        require_usable(self.workbook)
        require_possible(title, "title")
        for name, given in (("settings", settings), ("target", target), ("best", best)):
            if given is not None and not isinstance(given, Mapping):
                raise InputError(f"{name}: found {shortened(given)}; expected names with values")
        if layers is not None and not hasattr(layers, "named_modules"):
            raise InputError(f"layers: found {shortened(layers)}; expected a module of PyTorch")
        targets = list((target or {}).items())
        if len(targets) > 1 or not all(is_number(value) and value > 0 for _, value in targets):
            raise InputError(f"target: found {target}; expected one metric with a number above 0")
        if not all(value in list(BEST) for value in (best or {}).values()):
            raise InputError(f"best: found {best}; expected max or min for each metric")
        self.title = title.strip() or "Training"
        self._known: Known = {
            JOURNAL: 1,
            "title": self.title,
            "mark": uuid4().hex[:16],
            "settings": _kept(settings or {}),
            "target": dict(targets),
            "best": {str(name): value for name, value in (best or {}).items()},
            "layers": _layers(layers),
        }
        self._journal = Journal(self.workbook, sheet_name(self.title))
        self._sheet = LiveSheet(
            self.workbook, self.title, patience=_PATIENCE, quick=_QUICK, alone=True
        )
        self._rows: list[Row] = []
        self._process: int | None = None
        """The process that logs, None before the first epoch and after `close`."""

    @property
    def journal(self) -> Path:
        """The file with the rows so far; `cnn log` makes a sheet of it."""
        return self._journal.path

    def epoch(self, /, **metrics: Any) -> None:  # noqa: ANN401 - numbers of any library, or texts
        """Log an epoch, or a step, under any names.

        Numbers of NumPy and tensors of one number are taken as such. NaN and infinities are kept.
        The epochs are counted from 1 unless `epoch`, `step` or `iteration` is among the names;
        calls one after the other with the same number are one row.
        """
        row: Row = {without_impossible(name): _logged(value) for name, value in metrics.items()}
        if not any(name.lower() in STEPS for name in row):
            row = {"epoch": self._next, **row}
        if not self._rows:
            self._keep(self._known)
        is_news = self._add(row)
        self._keep(row)
        if self._journal.failure:
            reason = self._journal.failure
            self._sheet.say(f"the journal {self.journal} cannot be written: {reason}")
        elif self._journal.exile:
            folder, reason = self.workbook.parent, self._journal.exile
            self._sheet.say(f"{folder} cannot be written: {reason}; the log is in {self.journal}")
        self._sheet.follow(self._log, self.journal, is_news)

    def add_settings(self, settings: Mapping[str, Any]) -> None:
        """Add settings to those that were given at first, or change them."""
        added = self._known["settings"] | _kept(settings)
        if added == self._known["settings"]:
            return
        self._known["settings"] = added
        if self._rows:
            self._keep({RESULTS: 1, "settings": added})

    def results(
        self,
        confusion: Any = None,  # noqa: ANN401 - a matrix of any library
        classes: Sequence[object] | None = None,
        images: Sequence[Picture] = (),
    ) -> None:
        """Add what came of the network: a confusion matrix, and pictures of what it got wrong.

        The sheet is written at once. A row of the matrix is a class, a column what it was taken
        for. Each image is (picture, class, taken for, probability), the picture a PNG or an array
        of pixels.

        Raises InputError for anything else.
        """
        found: Known = {RESULTS: 1}
        if confusion is not None:
            found["confusion"] = confusion_of(confusion, classes)
            counts = np.asarray(found["confusion"]["counts"])
            found["wrong"] = int(counts.sum() - counts.trace())
        if len(images):
            found["images"] = pictures_of(images)
            found.setdefault("wrong", len(images))
        if not self._rows:
            raise InputError("results: found no epoch; expected to be called after the first")
        self._known |= found
        self._keep(found)
        self._sheet.write(self._log, self.journal)

    def close(self) -> None:
        """Write the sheet if it lacks epochs."""
        if os.getpid() != self._process:
            return  # a copy of the process has a copy of the log, but not the last word
        self._process = None
        atexit.unregister(self.close)
        self._journal.flush()
        if not self._sheet.is_written:
            self._sheet.write(self._log, self.journal, is_last=True)
        self._journal.close()
        if self._journal.failure and not self._sheet.is_written:
            self._rescue()

    def _rescue(self) -> None:
        """Write the whole log among the temporary files: it is neither here nor in the workbook."""
        journal = Journal(Path(gettempdir(), self.workbook.name), sheet_name(self.title))
        for line in (self._known, *self._rows):
            journal.add(line)
        journal.close()
        lost = f"the end of the log is lost: {journal.failure}"
        say(lost if journal.failure else f"the whole log is in {journal.path}", err=True)

    def __enter__(self) -> Self:
        """Return the log."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Write the sheet, also when the training has failed."""
        self.close()

    @property
    def _next(self) -> float:
        """The number of the epoch that comes now, if nobody says another."""
        last = self._rows[-1].get("epoch") if self._rows else 0
        return last + 1 if isinstance(last, (int, float)) else len(self._rows) + 1

    def _add(self, row: Row) -> bool:
        """Add to the last row what has the same number; tell whether there is more than before."""
        last = self._rows[-1] if self._rows else Row()
        counters = [name for name in last | row if name.lower() in STEPS]
        if not last or any(last.get(name) != row.get(name) for name in counters):
            self._rows.append(row)
            return True
        is_news = not row.keys() <= last.keys()
        last |= {name: value for name, value in row.items() if value is not None}
        return is_news

    def _keep(self, line: Mapping[str, Any]) -> None:
        """Put a line on disk; the sheet has it at the end of the program at the latest."""
        if self._process is None:
            self._process = os.getpid()
            atexit.register(self.close)
        self._sheet.is_written = False
        self._journal.add(line)

    def _log(self) -> TrainingLog:
        """Return the description of what is logged so far."""
        step, rows = by_step(self._rows)
        return describe(self._known, rows, step, self.title, "")


def _kept(settings: Mapping[str, Any]) -> Known:
    """Return settings as JSON holds them: a dictionary is a group, which holds no other groups."""
    return {
        str(name): dict(_flat(value)) if isinstance(value, Mapping) else _setting(value)
        for name, value in settings.items()
    }


def _flat(values: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Logged]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}/")
        else:
            yield f"{prefix}{key}", _setting(value)


def _setting(value: Any) -> Logged:  # noqa: ANN401 - see above
    """Return a setting as JSON holds it; a class or a function is known by its name."""
    if isinstance(value, bool):
        return value
    return _logged(getattr(value, "__name__", value) if callable(value) else value)


def _logged(value: Any) -> Logged:  # noqa: ANN401 - whatever a training computes
    """Return a value as a number if it is one, also one of NumPy or PyTorch, else as a text."""
    if value is None or isinstance(value, str):
        return None if value is None else without_impossible(value)
    try:
        # A tensor with a gradient warns where it is taken as a number.
        number = float(value.detach() if hasattr(value, "detach") else value)
    except OverflowError:
        return float("inf")
    except (TypeError, ValueError, RuntimeError):
        return without_impossible(str(value))
    return int(number) if isinstance(value, int) and number.is_integer() else number


def _layers(model: Any) -> list[tuple[str, Sequence[int], int]]:  # noqa: ANN401 - see above
    """Return name, shape and parameters of the modules that hold parameters of their own."""
    if model is None:
        return []
    found: list[tuple[str, Sequence[int], int]] = []
    for name, module in model.named_modules():
        count = sum(each.numel() for each in module.parameters(recurse=False))
        if count:
            found.append((f"{name or 'model'}: {type(module).__name__}", (), count))
    return found
