"""Reads a class list, such as names.csv, and names the students' files."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sheetgen.errors import InputError, shortened
from sheetgen.exercises.choices import MAXIMUM_SEED
from sheetgen.template.toml_table import hint

MAXIMUM_STUDENTS = 1000  # each gets a workbook, and numbers unlike those of all the others
CLASS_SIZE = f"1 to {MAXIMUM_STUDENTS}, as each has a workbook; a larger class takes several lists"
MAXIMUM_NAME = 100  # characters
MAXIMUM_FILE_NAME = 60  # characters, of up to four bytes each; file systems take 255 bytes
DELIMITERS = ",;\t"

# What Windows forbids in a file name or takes for a device.
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_DEVICE = re.compile(r"(CON|PRN|AUX|NUL|COM\d|LPT\d)(\.|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Name:
    """A line of the list: a name, and a seed if there is one."""

    name: str
    seed: int | None = None


def read_names(path: Path) -> list[Name]:
    """Read a CSV file (RFC 4180, UTF-8) with a column `name` and, if there is one, `seed`.

    Other columns are ignored. Semicolons or tabs may replace the commas, as spreadsheets write them
    where the comma is the decimal mark. Raises InputError if it is not such a file or a line is
    wrong.
    """
    records = _records(path)
    if not records:
        raise InputError(f"{path}: found nothing; expected a line with the column name")
    header = [column.strip().casefold() for column in records[0][1]]
    if header.count("name") != 1 or header.count("seed") > 1:
        near = "" if "name" in header else hint("name", header)
        raise InputError(
            f"{path}: found the columns {shortened(', '.join(header))}{near}; "
            "expected a first line with the column name and, if wanted, seed"
        )
    check_class_size(len(records) - 1, f"{path}: ")
    return [_name(path, line, header, fields) for line, fields in records[1:]]


def check_class_size(students: int, place: str) -> None:
    """Raise InputError, which begins with the place, if there are no students or too many."""
    if not 1 <= students <= MAXIMUM_STUDENTS:
        raise InputError(f"{place}found {students} students; expected {CLASS_SIZE}")


def given_names(names: Sequence[str]) -> list[Name]:
    """Return names that a program gives; raises InputError as read_names does."""
    check_class_size(len(names), "")
    return [
        Name(_checked(name, f"for student {number}")) for number, name in enumerate(names, start=1)
    ]


def _records(path: Path) -> list[tuple[int, list[str]]]:
    """Return the lines that are not empty, with their numbers."""
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{path} cannot be read: it is not a file")
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path} cannot be read: it is not UTF-8 text") from None
    except (OSError, ValueError) as error:  # ValueError for a path with a null character
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{path} cannot be read: {reason}") from None
    first = next(filter(str.strip, text.splitlines()), "")
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return [(reader.line_num, fields) for fields in reader if any(map(str.strip, fields))]
    except csv.Error as error:
        raise InputError(f"{path}: found {error} in line {reader.line_num}") from None


def _name(path: Path, line: int, header: list[str], fields: list[str]) -> Name:
    if len(fields) != len(header):
        raise InputError(
            f"{path}: found {len(fields)} columns in line {line}; expected {len(header)}, as in "
            "the first line"
        )
    found = dict(zip(header, map(str.strip, fields), strict=True))
    try:
        name = _checked(found["name"], f"in line {line}")
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    seed = found.get("seed", "")
    if not seed:
        return Name(name)
    if not re.fullmatch(r"[0-9]{1,19}", seed) or int(seed) > MAXIMUM_SEED:
        raise InputError(
            f"{path}: found the seed {shortened(seed)} in line {line}; expected a whole number "
            f"from 0 to {MAXIMUM_SEED}, or nothing"
        )
    return Name(name, int(seed))


def _checked(name: str, where: str) -> str:
    name = unicodedata.normalize("NFC", name)
    if not name or len(name) > MAXIMUM_NAME or not name.isprintable():
        raise InputError(
            f"found the name {shortened(name)} {where}; expected 1 to {MAXIMUM_NAME} printable "
            "characters"
        )
    return name


def file_names(names: Iterable[str]) -> list[str]:
    """Return a file name for each name, without its ending; all are distinct on every system."""
    taken: set[str] = set()
    found = []
    for name in names:
        stem = free = _safe(name)
        number = 2
        # On Windows and macOS, names that differ only in case are one file.
        while free.casefold() in taken:
            free, number = f"{stem} ({number})", number + 1
        taken.add(free.casefold())
        found.append(free)
    return found


def _safe(name: str) -> str:
    stem = _FORBIDDEN.sub("_", name)[:MAXIMUM_FILE_NAME].rstrip(". ")
    # Shells take a leading hyphen for an option, and programs hide or skip the other characters.
    if not stem or stem[0] in "-.~$ =@+" or _DEVICE.match(stem):
        stem = f"_{stem}"
    return stem
