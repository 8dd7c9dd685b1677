"""Reads CSV files with a row of names and a row for each epoch, whatever their separators."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from cnn.log.metrics import Logged
from sheetgen.errors import InputError, shortened
from sheetgen.files.characters import without_impossible
from sheetgen.spreadsheet.address import MAXIMUM_COLUMNS, MAXIMUM_ROWS

LONGEST_TEXT = 200
_MOST_METRICS = MAXIMUM_COLUMNS - 100
_MOST_ROWS = MAXIMUM_ROWS // 2
_TENSORBOARD = ["Wall time", "Step", "Value"]


def rows_of_csv(path: Path, text: str) -> list[dict[str, Logged]]:
    """Return the rows of a CSV file by the names in its first row. Raises InputError."""
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        lines = [line for line in csv.reader(text.splitlines(), delimiter=delimiter) if any(line)]
    except csv.Error as error:
        raise InputError(f"{path} is no CSV file: {error}") from error
    if not lines or not any(name.strip() for name in lines[0]):
        raise InputError(f"{path} is empty; expected a row of names and a row for each epoch")
    if len(lines[0]) == 1 and len(lines[0][0].split()) > 2:
        raise InputError(
            f"{path}: found {shortened(lines[0][0])} in its first row; expected names with commas, "
            "semicolons or tabs between them"
        )
    names = _names(path, lines[0])
    require_size(path, len(lines), len(names))
    for number, line in enumerate(lines[1:], start=2):
        if len(line) > len(names) and any(each.strip() for each in line[len(names) :]):
            raise InputError(
                f"{path}, row {number}: found {len(line)} values; expected {len(names)}, one for "
                f"each of {listed(names)}"
            )
    commas = delimiter != ","
    return [
        {name: read_number(value, commas) for name, value in zip(names, line, strict=False) if name}
        for line in lines[1:]
    ]


def _names(path: Path, cells: Sequence[str]) -> list[str]:
    """Return the names of the columns, different from each other; "" for one to leave out."""
    names = [without_impossible(cell).strip()[:LONGEST_TEXT] for cell in cells]
    if names == _TENSORBOARD:
        return ["", "step", re.sub(r".*tag[-_]", "", path.stem)]
    if all(_is_text_number(name) for name in names if name):
        raise InputError(f"{path} has no names: found {listed(names)} in its first row")
    found: list[str] = []
    for place, name in enumerate(names, start=1):
        known = name or f"column {place}"
        others = (known, *(f"{known} ({number})" for number in range(2, place + 1)))
        found.append(next(each for each in others if each not in found))
    return found


def _is_text_number(text: str) -> bool:
    return not isinstance(read_number(text, commas=False), str)


def read_number(text: str, commas: bool) -> Logged:
    """Return a cell of a file as a number, if it is one; `commas` says that it may have one."""
    text = text.strip()
    if not text:
        return None
    plain = text.replace(",", ".") if commas and text.count(",") == 1 else text
    try:
        # Python also reads 1_000.
        return float(plain) if "_" not in plain else without_impossible(text)
    except ValueError:
        return without_impossible(text)[:LONGEST_TEXT]


def require_size(path: Path, rows: int, columns: int) -> None:
    """Raise InputError for a file of more rows or columns than a sheet has room for."""
    for found, most, what in ((rows, _MOST_ROWS, "rows"), (columns, _MOST_METRICS, "columns")):
        if found > most:
            raise InputError(f"{path} has {found:,} {what}; expected at most {most:,}")


def listed(names: Sequence[str], most: int = 12) -> str:
    """Return names as a message lists them."""
    return ", ".join([*names[:most], *(["…"] if len(names) > most else [])])
