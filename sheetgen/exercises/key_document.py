"""Reads the JSON of a key file, which people edit by hand, into a table that names every path."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sheetgen.errors import InputError, shortened
from sheetgen.exercises.assignment.class_list import check_class_size
from sheetgen.files.characters import impossible_character
from sheetgen.template.toml_table import Table

LARGEST_FILE = 64 * 2**20  # bytes; a class of 1000 with the largest table takes a tenth of that
DEEPEST = 20  # objects and lists within each other, of which a key has five
LONGEST_NAME = 255  # of a key of the JSON; the longest are names of data files
LONGEST_DIGITS = 300  # of a whole number; Python refuses to read thousands of them

_STUDENT = re.compile(rb'"numbers"\s*:')
_STEP = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{\]}]', re.DOTALL)


class Object(Table):
    """An object of a JSON document and the path that leads to it."""

    TABLE = "an object, {{…}}"
    TABLES = "a list of objects, at least one"

    def line(self, key: str, longest: int, shortest: int = 0) -> str:
        """Return a text of one line; raises InputError unless it is there and of that length."""
        found = self.required(key)
        is_line = isinstance(found, str) and found.isprintable()
        if not is_line or not shortest <= len(found) <= longest:
            raise self.refused(key, f"a text of {shortest} to {longest} printable characters")
        return str(found)

    def texts_by_name(self) -> dict[str, str]:
        """Return the object itself, all of whose values are texts; raises InputError if not."""
        for key, found in self.values.items():
            if not isinstance(found, str):
                raise self.refused(key, "a text")
        return dict(self.values)


class _Pairs(dict[str, Any]):
    """An object as the file has it; `twice` are its keys that are there more than once."""

    twice: frozenset[str] = frozenset()


def read_document(path: Path, kind: str) -> Object:
    """Return the document whose key "format" is `kind`; raises InputError if there is none.

    It is bounded in depth and in its number of students, and its texts can be shown and written.
    """
    data = _data(path)
    if kind.encode() in data:
        # Counted before it is read: reading a file of so many takes longer than refusing it.
        check_class_size(max(1, len(_STUDENT.findall(data))), "students: ")
    document = _parsed(data)
    found = document.get("format") if isinstance(document, dict) else document
    if not isinstance(document, dict) or found != kind:
        where = "format: " if isinstance(document, dict) else ""
        raise InputError(
            f"it is not a key file that `sheetgen exercise` wrote: {where}found "
            f"{_shown(found)}; expected {kind!r}"
        )
    if isinstance(students := document.get("students"), list):
        check_class_size(len(students), "students: ")
    for complaint in _complaints(document, "", 0):
        raise InputError(complaint)
    return Object(document)


def _data(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise InputError("it cannot be read: it is not a file")
        if (size := path.stat().st_size) > LARGEST_FILE:
            raise InputError(
                f"it is not a key file: found {size:,} bytes; expected at most {LARGEST_FILE:,}"
            )
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError for a path with a null character
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"it cannot be read: {reason}") from None


def _parsed(data: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("it is not a key file: it is not UTF-8 text") from None
    try:
        return json.loads(text, object_pairs_hook=_pairs, parse_int=_whole)
    except json.JSONDecodeError as error:
        where = f"in line {error.lineno}, column {error.colno}"
        raise InputError(f"it is not a key file: it is not JSON, {error.msg} {where}") from None
    except RecursionError:
        line = _line_too_deep(text)
        raise InputError(
            f"it is not a key file: found brackets nested more than {DEEPEST} deep in line {line}"
        ) from None


def _pairs(pairs: list[tuple[str, Any]]) -> _Pairs:
    found = _Pairs(pairs)
    if len(found) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        found.twice = frozenset(key for key, count in counts.items() if count > 1)
    return found


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST_DIGITS else math.inf


def _line_too_deep(text: str) -> int:
    """Return the number of the line in which brackets are nested too deep, or of the last one."""
    depth = 0
    for found in _STEP.finditer(text):
        depth += (found[0] in "[{") - (found[0] in "]}")
        if depth > DEEPEST:
            return text.count("\n", 0, found.start()) + 1
    return text.count("\n") + 1


def _complaints(found: object, path: str, depth: int) -> Iterator[str]:
    """Yield what is wrong with a value whatever the key, each as a sentence with the path."""
    if depth > DEEPEST:
        yield f"{path}: found brackets nested more than {DEEPEST} deep; expected {DEEPEST} at most"
    elif isinstance(found, str) and (wrong := impossible_character(found)):
        yield f"{path}: found {wrong}; expected text that a workbook can hold"
    elif isinstance(found, list):
        for place, entry in enumerate(found):
            yield from _complaints(entry, f"{path}[{place}]", depth + 1)
    elif isinstance(found, _Pairs):
        for key, value in found.items():
            if not key.isprintable() or len(key) > LONGEST_NAME:
                where = f"{path}: " if path else ""
                yield (
                    f"{where}found the key {shortened(key)}; expected keys of at most "
                    f"{LONGEST_NAME} printable characters"
                )
            deeper = f"{path}.{key}" if path else key
            if key in found.twice:
                yield f"{deeper}: found this key more than once; expected it once"
            yield from _complaints(value, deeper, depth + 1)


def _shown(found: object) -> str:
    # Deeper values may be nested as deep as the parser bears, which `repr` does not.
    return f"a {type(found).__name__}" if isinstance(found, dict | list) else shortened(found)
