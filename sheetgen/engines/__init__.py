"""The spreadsheet engines that can recalculate a workbook."""

from sheetgen.engines.base import Engine, Values
from sheetgen.engines.formualizer import Formualizer
from sheetgen.engines.ironcalc import IronCalc
from sheetgen.engines.libreoffice import LibreOffice
from sheetgen.errors import InputError

__all__ = ["EMBEDDED", "ENGINES", "Engine", "Values", "engine", "installed"]

EMBEDDED: Engine = IronCalc()
"""The engine that every installation has."""

ENGINES: tuple[Engine, ...] = (EMBEDDED, Formualizer(), LibreOffice())


def engine(name: str) -> Engine:
    """Return the engine of that name, whether it is installed or not; InputError if unknown."""
    for candidate in ENGINES:
        if candidate.name == name:
            return candidate
    known = ", ".join(candidate.name for candidate in ENGINES)
    raise InputError(f"There is no engine named {name!r}; known engines are {known}")


def installed() -> list[Engine]:
    """Return the engines that can run here, in the order of ENGINES."""
    return [candidate for candidate in ENGINES if candidate.missing() is None]
