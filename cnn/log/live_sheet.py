"""Keeps the sheet of a growing log up to date, without holding up the training."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cnn.log.add_log import add_log
from cnn.log.description import TrainingLog
from sheetgen.console.terminal import say
from sheetgen.errors import InputError, RunError
from sheetgen.files.saving import is_open_elsewhere


class LiveSheet:
    """The sheet of a training that goes on, in a workbook that is written now and then.

    No error of the disk ends the training: it is said once on standard error, and what it leads to
    is not said until the sheet is written again.
    """

    def __init__(
        self,
        workbook: Path,
        title: str,
        *,
        patience: float,
        quick: float = 0.0,
        expected: float = 0.0,
        alone: bool = False,
    ) -> None:
        """Say how much of the training's time may be spent on writing.

        After a writing of s seconds the next one is `patience` · s seconds later, or at once if s
        is at most `quick`; the first one is taken to need `expected` seconds. With `alone` a
        workbook that does not exist gets the sheet alone, else it is built from `era-v1`.
        """
        self.workbook, self.title, self.alone = workbook, title, alone
        self.is_written = True
        """Whether the workbook has all that there is to show."""
        self.has_built = False
        """Whether the workbook was built for the sheet."""
        self._patience, self._quick = patience, quick
        self._seconds = expected
        """How long writing the sheet took the last time, without building the workbook."""
        self._written_at = time.monotonic()
        self._said = set[str]()
        self._is_in_trouble = False

    def follow(self, log: Callable[[], TrainingLog], journal: Path, is_news: bool = True) -> None:
        """Write the sheet, unless it is too early; `journal` is where the log is meanwhile.

        What is no news, such as a value of a later step in an epoch, is never written at once.
        """
        self.is_written = False
        waited = time.monotonic() - self._written_at
        is_quick = is_news and self._seconds <= self._quick
        if is_quick or waited >= self._patience * self._seconds:
            self.write(log, journal)

    def write(self, log: Callable[[], TrainingLog], journal: Path, is_last: bool = False) -> None:
        """Write the sheet; the last time under another name if the workbook is open elsewhere."""
        start, built = time.monotonic(), False
        try:
            if is_open_elsewhere(self.workbook) and not is_last:
                self.say(f"{self.workbook} is open elsewhere; the log goes on in {journal}")
                return
            placed = add_log(log(), journal, self.workbook, alone=self.alone)
            built = placed.built
            self.has_built |= built
        except (InputError, RunError, OSError) as error:
            self.say(f"the sheet of {self.title} is not written: {error}; the log is in {journal}")
            return
        finally:
            self._written_at = time.monotonic()
            if not built:
                self._seconds = self._written_at - start
        if not placed.saved.reason:
            self.is_written, self._is_in_trouble = True, False
        elif is_last:
            self.is_written = True
            say(
                f"{self.workbook} is left as it was: {placed.saved.reason}; "
                f"the log is the sheet {placed.sheet} of {placed.saved.path}",
                err=True,
            )
        else:
            with suppress(OSError):
                placed.saved.path.unlink()
            self.say(f"{self.workbook}: {placed.saved.reason}; the log goes on in {journal}")

    def say(self, text: str) -> None:
        """Say what is wrong on standard error, once, and not what else is wrong meanwhile."""
        if text not in self._said and not self._is_in_trouble:
            self._said.add(text)
            say(f"{text}; the training goes on", err=True)
        self._is_in_trouble = True
