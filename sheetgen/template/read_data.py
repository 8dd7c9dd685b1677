"""Reads a template's [data]: samples that the TOML holds, or those of a CSV file."""

import csv
import io
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from sheetgen.errors import InputError, shortened
from sheetgen.files.characters import impossible_character
from sheetgen.network.data import MAXIMUM_SAMPLES, Data, Rows
from sheetgen.network.network import Network
from sheetgen.template.toml_table import NUMBER, Table, chosen, hint, refused, rows_of

KEYS = ("inputs", "targets", "file", "input_columns", "target_columns", "class_column",
        "standardize")  # fmt: skip

# Excel and Python both accept more as a number ("1_000", "1e", "nan"), but not the same.
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


def read_data(
    table: Table, network: Network, files: Mapping[str, str] | None = None, folder: Path = Path()
) -> tuple[Data, dict[str, str]]:
    """Read a template's [data]; return it with the text of its CSV file by that file's name.

    The file is taken from `files`, or from the folder if there are none. Raises InputError if
    the data does not fit the network and its loss.
    """
    table.only(*KEYS)
    standardize = table.boolean("standardize", default=False)
    if "file" not in table:
        return _typed(table, network, standardize), {}
    for key in ("inputs", "targets"):
        if key in table:
            raise table.refused(key, "no such key beside data.file, which has the samples")
    name = table.required("file")
    if not isinstance(name, str) or not name:
        raise table.refused("file", "the name of a CSV file")
    # What somebody else's workbook or key names is never read from this machine.
    if files is not None and name not in files:
        known = _listed([*files]) or "there is none"
        raise table.refused("file", f"a file that came with the template: {known}")
    text = _text(table, folder) if files is None else files[name]
    return _Csv(table, name, text).data(network, standardize), {name: text}


def _typed(table: Table, network: Network, standardize: bool) -> Data:
    for key in ("input_columns", "target_columns", "class_column"):
        if key in table:
            raise table.refused(key, "no such key without data.file")
    inputs = _rows(table, "inputs", network.inputs, "the network's inputs")
    targets = _rows(table, "targets", network.outputs, "the last layer's units")
    if len(targets) != len(inputs):
        expected = f"{len(inputs)} rows, as many as {table.path('inputs')} has"
        raise table.refused("targets", expected)
    for index, row in enumerate(targets):
        _check_target(row, network, f"{table.path('targets')}[{index}]")
    return Data(inputs, targets, standardize=standardize)


def _rows(table: Table, key: str, width: int, why: str) -> Rows:
    found, path = table.required(key), table.path(key)
    expected = f"one row of {width} numbers ({why})"
    if not isinstance(found, list) or not found or not isinstance(found[0], list):
        raise refused(path, found, f"{expected} per sample")
    if len(found) > MAXIMUM_SAMPLES:
        raise InputError(f"{path}: found {len(found):,} rows; expected at most {MAXIMUM_SAMPLES:,}")
    return rows_of(found, width, path, expected)


def _check_target(row: tuple[float, ...], network: Network, path: str, where: str = "") -> None:
    """Raise InputError unless the loss is defined for the target."""
    name = network.loss.name
    if name == "cross-entropy" and (min(row) < 0 or abs(sum(row) - 1) > 1e-6):
        expected = "shares that are not negative and sum to 1, which cross-entropy needs"
    elif name == "binary-cross-entropy" and not all(0 <= target <= 1 for target in row):
        expected = "numbers from 0 to 1, which binary-cross-entropy needs"
    else:
        return
    raise InputError(f"{path}: found {shortened(list(row))}{where}; expected {expected}")


def _text(table: Table, folder: Path) -> str:
    """Return the text of the CSV file, with the line endings of Python."""
    path = folder / str(table.required("file"))
    try:
        if not path.is_file():
            near = hint(path.name, (each.name for each in folder.glob("*.csv")))
            shown = shortened(table.required("file"))
            raise InputError(
                f"{table.path('file')}: found {shown}{near}, which is not a file in {folder}; "
                "expected a CSV file beside the template"
            )
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise table.refused("file", "a CSV file in UTF-8") from None
    except (OSError, ValueError) as error:
        raise table.refused("file", f"a file that can be read ({error})") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


class _Csv:
    """A CSV file (RFC 4180): a header, then a sample in each line that is not empty."""

    def __init__(self, table: Table, name: str, text: str) -> None:
        self._table, self._name = table, name
        # Counted before anything is read; a quotation mark may have line breaks behind it.
        if '"' not in text and (lines := sum(map(bool, text.split("\n")))) > MAXIMUM_SAMPLES + 1:
            raise self._too_many(lines - 1)
        records = self._records(text)
        if not records:
            raise self._refused(f"nothing in {name}", "a line with the names of the columns")
        self._header = [column.strip() for column in records[0][1]]
        self._lines = records[1:]
        for sign, signs in ((";", "semicolons"), ("\t", "tabs")):
            if len(self._header) == 1 and sign in self._header[0]:
                raise self._refused(f"{signs} between the columns of {name}", "commas")
        if not 1 <= len(self._lines) <= MAXIMUM_SAMPLES:
            raise self._too_many(len(self._lines))
        for line, fields in self._lines:
            if len(fields) != len(self._header):
                found = f"{len(fields)} columns in line {line} of {name}"
                raise self._refused(found, f"{len(self._header)}, as in its first line")
        self._check_characters(records)

    def _check_characters(self, records: list[tuple[int, list[str]]]) -> None:
        """Raise InputError, naming line and column, for a character that no workbook can hold."""
        names = [str(place) for place in range(1, len(self._header) + 1)]
        for line, fields in records:
            for name, field in zip(names, fields, strict=True):
                if character := impossible_character(field):
                    found = f"{character}, in column {name}, line {line} of {self._name}"
                    raise self._refused(found, "text that a workbook can hold")
            names = self._header  # which the first line has, and so is fine by now

    def _too_many(self, samples: int) -> InputError:
        expected = f"1 to {MAXIMUM_SAMPLES:,} below the names of the columns"
        return self._refused(f"{samples:,} samples in {self._name}", expected)

    def data(self, network: Network, standardize: bool) -> Data:
        """Return the samples of the columns that the template names."""
        inputs = self._columns("input_columns", network.inputs, "the network's inputs")
        if ("target_columns" in self._table) == ("class_column" in self._table):
            found = "this and class_column" if "class_column" in self._table else "nothing"
            path = self._table.path("target_columns")
            raise InputError(f"{path}: found {found}; expected either this key or class_column")
        if "class_column" in self._table:
            labels, targets = self._classes(network.outputs)
        else:
            labels = self._columns("target_columns", network.outputs, "the last layer's units")
            targets = self._numbers(labels)
            path = self._table.path("target_columns")
            for (line, _), row in zip(self._lines, targets, strict=True):
                _check_target(row, network, path, f" in line {line} of {self._name}")
        return Data(self._numbers(inputs), targets, inputs, labels, standardize)

    def _records(self, text: str) -> list[tuple[int, list[str]]]:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        try:
            return [(reader.line_num, fields) for fields in reader if fields]
        except csv.Error as error:
            found = f"{error} in line {reader.line_num} of {self._name}"
            raise self._refused(found, "comma-separated values") from None

    def _columns(self, key: str, width: int, why: str) -> tuple[str, ...]:
        names = self._table.texts(key)
        path = self._table.path(key)
        if len(names) != width:
            raise refused(path, names, f"{width} columns ({why})")
        return tuple(self._known(name, f"{path}[{index}]") for index, name in enumerate(names))

    def _known(self, name: object, path: str) -> str:
        columns = list(dict.fromkeys(self._header))
        column = chosen(name, columns, path, f"a column of {self._name}: {_listed(columns)}")
        if self._header.count(column) > 1:
            raise refused(path, column, f"a column that {self._name} has once")
        return column

    def _numbers(self, columns: tuple[str, ...]) -> Rows:
        places = [(self._header.index(column), column) for column in columns]
        return tuple(
            tuple(self._number(fields[place], line, column) for place, column in places)
            for line, fields in self._lines
        )

    def _number(self, text: str, line: int, column: str) -> float:
        if not _NUMBER.fullmatch(text.strip()) or abs(float(text)) > 1e6:
            raise self._refused(self._field(text, line, column), NUMBER)
        return float(f"{float(text):.16G}")

    def _classes(self, outputs: int) -> tuple[tuple[str, ...], Rows]:
        """Return the class names, in order, and the one-hot targets."""
        path = self._table.path("class_column")
        column = self._known(self._table.required("class_column"), path)
        place = self._header.index(column)
        found = [fields[place].strip() for _, fields in self._lines]
        for (line, _), name in zip(self._lines, found, strict=True):
            if not name:
                raise self._refused(self._field(name, line, column), "the name of a class")
        classes = list(dict.fromkeys(found))
        if all(map(_NUMBER.fullmatch, classes)):
            # 1 and 1.0 are one class, named as it is first written.
            written = {Decimal(name): name for name in reversed(classes)}
            found = [written[Decimal(name)] for name in found]
            classes = [written[number] for number in sorted(written)]
        if len(classes) != outputs:
            expected = f"{outputs}, one per unit of the last layer"
            raise InputError(
                f"{path}: found {len(classes)} classes, {_listed(classes)}; expected {expected}"
            )
        one_hot = {name: tuple(float(name == each) for each in classes) for name in classes}
        return tuple(classes), tuple(one_hot[name] for name in found)

    def _field(self, text: str, line: int, column: str) -> str:
        return f"{shortened(text)} in column {column}, line {line} of {self._name}"

    def _refused(self, found: str, expected: str) -> InputError:
        return InputError(f"{self._table.path('file')}: found {found}; expected {expected}")


def _listed(names: list[str]) -> str:
    shown = names if len(names) <= 12 else [*names[:12], "…"]
    return ", ".join(shown)
