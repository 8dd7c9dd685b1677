"""The interface of the spreadsheet engines that can recalculate a workbook."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from sheetgen.errors import RunError
from sheetgen.spreadsheet.reader import Value

Values = dict[str, dict[tuple[int, int], Value]]
"""Sheet → zero-based (row, column) → value; an error value is its text, such as "#DIV/0!"."""


class Engine(ABC):
    """A spreadsheet program or library that evaluates the formulas of workbooks."""

    name: ClassVar[str]

    @abstractmethod
    def missing(self) -> str | None:
        """Return None if the engine can run here, else a sentence that says how to install it."""

    @abstractmethod
    def version(self) -> str:
        """Return name and version, such as "ironcalc 0.9.1"; RunError if it is not installed."""

    @abstractmethod
    def recalculate(self, path: Path) -> Values:
        """Evaluate every formula from scratch and return all cells; the file is not changed.

        Every tab has an entry, and every cell with a formula or a value is in it.

        Raises:
            InputError: the file cannot be read as a workbook.
            RunError: the engine is not installed or failed.

        """

    def recalculate_all(self, paths: Sequence[Path]) -> Iterator[Values]:
        """Yield what `recalculate` returns for each workbook in turn, with its errors.

        An engine that is slow to start does so once, and gives each workbook the same time.
        """
        return map(self.recalculate, paths)

    def require(self) -> None:
        """Raise RunError, which says how to install the engine, if it cannot run here."""
        if reason := self.missing():
            raise RunError(reason)


@contextmanager
def errors_about(path: Path, copies: Sequence[Path]) -> Iterator[None]:
    """Let RunErrors name the user's file in place of copies, which are gone when one is read."""
    try:
        yield
    except RunError as error:
        message = str(error)
        for copy in copies:
            message = message.replace(str(copy), str(path))
        raise RunError(message) from error
