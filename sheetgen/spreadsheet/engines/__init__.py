"""The spreadsheet engines that can recalculate a workbook."""

from sheetgen.errors import InputError
from sheetgen.spreadsheet.engines.engine import Engine, Values, errors_about
from sheetgen.spreadsheet.engines.gnumeric import Gnumeric
from sheetgen.spreadsheet.engines.hyperformula import HyperFormula
from sheetgen.spreadsheet.engines.library_engines import Formualizer, IronCalc
from sheetgen.spreadsheet.engines.libreoffice import LibreOffice

__all__ = [
    "EMBEDDED",
    "ENGINES",
    "Engine",
    "Values",
    "engine",
    "errors_about",
    "installed",
    "usable",
]

EMBEDDED: Engine = IronCalc()
"""The engine that is part of every installation."""

ENGINES: tuple[Engine, ...] = (EMBEDDED, Formualizer(), LibreOffice(), Gnumeric(), HyperFormula())


def engine(name: str) -> Engine:
    """Return the engine with this name, installed or not; InputError if there is none."""
    known = {candidate.name: candidate for candidate in ENGINES}
    if name not in known:
        raise InputError(f"There is no engine named {name!r}; known engines are {', '.join(known)}")
    return known[name]


def usable(name: str) -> Engine:
    """Return the engine with this name; InputError if there is none or it is not installed."""
    chosen = engine(name)
    if reason := chosen.missing():
        raise InputError(reason)
    return chosen


def installed() -> list[Engine]:
    """Return the engines that can run here, in the order of ENGINES."""
    return [candidate for candidate in ENGINES if candidate.missing() is None]
