"""Reads samples from a CSV file, by the columns that a template names."""

import csv
import io
import re
from collections.abc import Iterable
from decimal import Decimal

from sheetgen.errors import InputError, shortened
from sheetgen.files.characters import impossible_character
from sheetgen.network.data import MAXIMUM_SAMPLES, Rows
from sheetgen.network.network import Network
from sheetgen.template.toml_table import NUMBER, Table, chosen, refused

# Excel and Python both accept more as a number ("1_000", "1e", "nan"), but not the same.
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


class CsvFile:
    """A CSV file (RFC 4180): a header, then a sample in each line that is not empty.

    `key` is the key of the template's [data] that names it. All methods raise InputError if the
    file does not have what they return.
    """

    def __init__(self, table: Table, key: str, name: str, text: str) -> None:
        self._table, self._key, self._name = table, key, name
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

    def input_columns(self, network: Network) -> tuple[str, ...]:
        """Return the names of the columns of inputs."""
        return self._columns("input_columns", network.inputs, "the network's inputs")

    def target_columns(self, network: Network) -> tuple[str, ...]:
        """Return the names of the columns of targets."""
        return self._columns("target_columns", network.outputs, "the last layer's units")

    def classes(self, outputs: int) -> tuple[str, ...]:
        """Return the names in the column of classes, in order: one for each output."""
        names = list(dict.fromkeys(name for _, name in self._class_fields()))
        if _are_numbers(names):
            # 1 and 1.0 are one class, named as it is first written.
            written = {Decimal(name): name for name in reversed(names)}
            names = [written[number] for number in sorted(written)]
        if len(names) != outputs:
            expected = f"{outputs}, one per unit of the last layer"
            raise InputError(
                f"{self._table.path('class_column')}: found {len(names)} classes, "
                f"{listed(names)}; expected {expected}"
            )
        return tuple(names)

    def one_hot(self, classes: tuple[str, ...]) -> Rows:
        """Return the targets: 1 for the sample's own class, 0 for the others."""
        are_numbers = _are_numbers(classes)
        rows = {
            Decimal(name) if are_numbers else name: tuple(float(name == each) for each in classes)
            for name in classes
        }
        found = []
        for line, name in self._class_fields():
            row = rows.get(Decimal(name) if are_numbers and _NUMBER.fullmatch(name) else name)
            if row is None:
                field = self._field(name, line, str(self._table.values["class_column"]))
                raise self._refused(field, f"a class of the training samples: {listed(classes)}")
            found.append(row)
        return tuple(found)

    def targets(self, columns: tuple[str, ...], network: Network) -> Rows:
        """Return the numbers in the columns of targets, for which the loss is defined."""
        rows = self.numbers(columns)
        path = self._table.path("target_columns")
        for (line, _), row in zip(self._lines, rows, strict=True):
            check_target(row, network, path, f" in line {line} of {self._name}")
        return rows

    def _class_fields(self) -> list[tuple[int, str]]:
        """Return the number of each sample's line and the name of its class there."""
        path = self._table.path("class_column")
        column = self._known(self._table.required("class_column"), path)
        place = self._header.index(column)
        found = [(line, fields[place].strip()) for line, fields in self._lines]
        for line, name in found:
            if not name:
                raise self._refused(self._field(name, line, column), "the name of a class")
        return found

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
        column = chosen(name, columns, path, f"a column of {self._name}: {listed(columns)}")
        if self._header.count(column) > 1:
            raise refused(path, column, f"a column that {self._name} has once")
        return column

    def numbers(self, columns: tuple[str, ...]) -> Rows:
        """Return the numbers in some columns, a row for each sample."""
        places = [(self._header.index(column), column) for column in columns]
        return tuple(
            tuple(self._number(fields[place], line, column) for place, column in places)
            for line, fields in self._lines
        )

    def _number(self, text: str, line: int, column: str) -> float:
        if not _NUMBER.fullmatch(text.strip()) or abs(float(text)) > 1e6:
            raise self._refused(self._field(text, line, column), NUMBER)
        return float(f"{float(text):.16G}")

    def _field(self, text: str, line: int, column: str) -> str:
        return f"{shortened(text)} in column {column}, line {line} of {self._name}"

    def _refused(self, found: str, expected: str) -> InputError:
        return InputError(f"{self._table.path(self._key)}: found {found}; expected {expected}")


def check_target(row: tuple[float, ...], network: Network, path: str, where: str = "") -> None:
    """Raise InputError unless the loss is defined for the target."""
    name = network.loss.name
    if name == "cross-entropy" and (min(row) < 0 or abs(sum(row) - 1) > 1e-6):
        expected = "shares that are not negative and sum to 1, which cross-entropy needs"
    elif name == "binary-cross-entropy" and not all(0 <= target <= 1 for target in row):
        expected = "numbers from 0 to 1, which binary-cross-entropy needs"
    else:
        return
    raise InputError(f"{path}: found {shortened(list(row))}{where}; expected {expected}")


def listed(names: Iterable[str]) -> str:
    """Return names as a message lists them."""
    every = list(names)
    return ", ".join(every if len(every) <= 12 else [*every[:12], "…"])


def _are_numbers(names: Iterable[str]) -> bool:
    return all(map(_NUMBER.fullmatch, names))
