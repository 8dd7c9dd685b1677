"""The engines that are Rust libraries, IronCalc and Formualizer, each in a worker process.

A formula that is nested too deeply overflows their stack, which would end this process.
"""

import importlib.util
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from pathlib import Path
from typing import ClassVar, TypeVar

from sheetgen.errors import RunError
from sheetgen.files.leftovers import scratch_folder
from sheetgen.processes.workers import EndedError, run_each
from sheetgen.spreadsheet import reader
from sheetgen.spreadsheet.address import relative_address
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.engines.engine import IMPOSSIBLE, Engine, Values, errors_about
from sheetgen.spreadsheet.library_calls import (
    Changes,
    formualizer_values,
    ironcalc_values,
    ironcalc_values_after,
)

_Item = TypeVar("_Item")


class LibraryEngine(Engine):
    """An engine that is a Python package with the engine's name."""

    install: ClassVar[str]

    @staticmethod
    @abstractmethod
    def compute(path: Path) -> Values:
        """Evaluate every formula of a workbook: what a worker does."""

    def missing(self) -> str | None:
        """Return None if the package is installed, else a sentence that says how to install it."""
        if importlib.util.find_spec(self.name):
            return None
        return f"The engine {self.name} is not installed: {self.install}"

    def version(self) -> str:
        """Return name and version, such as "ironcalc 0.9.1"; RunError if it is not installed."""
        self.require()
        return f"{self.name} {_version_of(self.name)}"

    def recalculate(self, path: Path) -> Values:
        """Evaluate every formula from scratch; see Engine.recalculate."""
        (values,) = self.recalculate_all([path])
        return values

    def recalculate_all(self, paths: Sequence[Path]) -> Iterator[Values]:
        """Yield what `recalculate` returns for each workbook in turn, with its errors.

        While the caller looks at one, the next is computed.
        """
        self.require()
        found = self.in_worker(
            type(self).compute, paths, paths, max(map(_seconds, paths), default=0)
        )
        for path in paths:
            # Whatever an engine says of it, a file that is no workbook is the user's mistake.
            names = reader.sheet_names(path)
            values = next(found)
            yield {name: values.get(name, {}) for name in names}

    def in_worker(
        self,
        function: Callable[[_Item], Values],
        items: Iterable[_Item],
        paths: Iterable[Path],
        seconds: float,
    ) -> Iterator[Values]:
        """Yield a function's values for each item, or raise RunError, which names its path.

        Each may take `seconds` of processor time.
        """
        outcomes = run_each(function, items, seconds=seconds)
        for outcome, path in zip(outcomes, paths, strict=False):
            if isinstance(outcome.error, EndedError):
                message = f"{self.name} {outcome.error.reason} while recalculating {path}"
                raise RunError(f"{message}{_suspect(outcome.error, path)}") from outcome.error
            yield outcome.result()


def _version_of(package: str) -> str:
    """Return the version of an installed package.

    The name of the folder beside it tells that; the module that reads what is in the folder takes
    longer to import than a small workbook to evaluate.
    """
    spec = importlib.util.find_spec(package)
    around = Path(spec.origin).parents[1] if spec and spec.origin else Path()
    match [*around.glob(f"{package}-*.dist-info")]:
        case [folder]:
            return folder.name.removeprefix(f"{package}-").removesuffix(".dist-info")
    from importlib import metadata  # noqa: PLC0415

    return metadata.version(package)


def _seconds(path: Path) -> float:
    """Return the processor time that a workbook may take, by its size: many times the usual.

    A workbook of a million formulas has 20 MB and takes 11 seconds; but =COMBIN(1E15,5E14), in a
    small one, takes for ever.
    """
    try:
        return 30 + path.stat().st_size / 50_000
    except OSError:  # the reader says what is wrong with it
        return 30


def _suspect(error: EndedError, path: Path) -> str:
    """Return a guess at the formula that made an engine crash, the longest, for a message."""
    if not error.has_crashed:
        return ""
    longest, place = "", ""
    for sheet, row, column, cell in reader.iterate_cells(path):
        if cell.formula is not None and len(cell.formula) > len(longest):
            longest, place = cell.formula, f"{sheet!r}!{relative_address(row, column)}"
    return f"; its longest formula is that of {place}, with {len(longest):,} characters"


class IronCalc(LibraryEngine):
    """Evaluates with the ironcalc package, which every installation has, in double precision.

    It loads no cached results: a formula that it cannot evaluate is "#ERROR!" or "#NAME?".
    """

    name = "ironcalc"
    install = "pip install ironcalc"
    compute = staticmethod(ironcalc_values)

    def recalculate_changed(self, path: Path, cases: Iterable[Changes]) -> Iterator[Values]:
        """Yield the values after each of the changes; see Engine.recalculate_changed.

        Loading a workbook takes longer than computing it: one copy is loaded once.
        """
        self.require()
        with scratch_folder() as folder:
            copy = Path(folder, "copy.xlsx")
            write_changed(path, copy, {}, IMPOSSIBLE, packed=False, shared=True)
            requests = ((copy, changes) for changes in cases)
            with errors_about(path, [copy]):
                yield from self.in_worker(
                    ironcalc_values_after, requests, repeat(copy), _seconds(path)
                )


class Formualizer(LibraryEngine):
    """Evaluates with the formualizer package, in full double precision.

    It shares no code with IronCalc, so its results are an independent check. It loads no cached
    results: a formula that it cannot evaluate is an error value, and a reference to another
    workbook makes the whole recalculation fail.
    """

    name = "formualizer"
    install = "pip install 'sheetgen[dev]'"
    compute = staticmethod(formualizer_values)
