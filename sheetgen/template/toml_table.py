"""Tables of a TOML document, read key by key.

Every refusal names the key's path, what was found and what was expected.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from sheetgen.errors import InputError, nearest, shortened
from sheetgen.files.characters import require_possible
from sheetgen.network.data import Rows

MAXIMUM_TEXT = 1000  # characters of a title or description, which must fit a cell and a note
MAXIMUM_SEED = 2**63 - 1  # what TOML calls an integer
NUMBER = "a finite number from -1e6 to 1e6"


class Table:
    """A table and the path that leads to it, such as "network.layers[0]".

    All methods raise InputError if the key's value is not what they return.
    """

    TABLE = "a table, [{}]"
    TABLES = "one [[{}]] table per layer"

    def __init__(self, values: Mapping[str, Any], path: str = "") -> None:
        self.values = values
        self._path = path

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def path(self, key: str) -> str:
        """Return the path of one of its keys."""
        return f"{self._path}.{key}" if self._path else key

    def only(self, *known: str) -> None:
        """Refuse all other keys."""
        for key in self.values:
            if key not in known:
                raise InputError(
                    f"{self.path(key)}: found an unknown key{hint(key, sorted(known))}; "
                    f"expected one of {', '.join(sorted(known))}"
                )

    def required(self, key: str) -> Any:  # noqa: ANN401 - whatever TOML holds
        """Return the value of a key."""
        if key not in self.values:
            raise InputError(f"{self.path(key)}: found nothing; expected this key")
        return self.values[key]

    def refused(self, key: str, expected: str) -> InputError:
        """Return the error about the value of a key."""
        return refused(self.path(key), self.values[key], expected)

    def table(self, key: str) -> Self:
        """Return a table within this one."""
        found = self.required(key)
        if not isinstance(found, dict):
            raise self.refused(key, self.TABLE.format(self.path(key)))
        return type(self)(found, self.path(key))

    def tables(self, key: str) -> list[Self]:
        """Return a list of tables, at least one."""
        found, path = self.required(key), self.path(key)
        if not isinstance(found, list) or not found:
            raise self.refused(key, self.TABLES.format(path))
        for index, entry in enumerate(found):
            if not isinstance(entry, dict):
                raise refused(f"{path}[{index}]", entry, self.TABLE.format(f"{path}[{index}]"))
        return [type(self)(entry, f"{path}[{index}]") for index, entry in enumerate(found)]

    def text(self, key: str, default: str) -> str:
        """Return a text that fits a cell and a note."""
        found = self.values.get(key, default)
        if not isinstance(found, str) or len(found) > MAXIMUM_TEXT:
            raise self.refused(key, f"text of at most {MAXIMUM_TEXT} characters")
        require_possible(found, self.path(key))
        return found

    def texts(self, key: str) -> list[str]:
        """Return a list of texts, at least one and each once."""
        found = self.required(key)
        if not isinstance(found, list) or not found:
            raise self.refused(key, "a list of names")
        before: set[str] = set()
        for index, entry in enumerate(found):
            if not isinstance(entry, str):
                raise refused(f"{self.path(key)}[{index}]", entry, "a name")
            if entry in before:
                raise refused(f"{self.path(key)}[{index}]", entry, "each name once")
            before.add(entry)
        return found

    def boolean(self, key: str, default: bool) -> bool:
        """Return true or false."""
        found = self.values.get(key, default)
        if not isinstance(found, bool):
            raise self.refused(key, "true or false")
        return found

    def choice(self, key: str, known: Iterable[str], default: str) -> str:
        """Return one of the known names."""
        return chosen(self.values.get(key, default), known, self.path(key))

    def whole(self, key: str, lowest: int, highest: int, expected: str = "") -> int:
        """Return a whole number within bounds; the key must be there."""
        found = self.required(key)
        if type(found) is not int or not lowest <= found <= highest:
            raise self.refused(key, expected or f"a whole number from {lowest} to {highest}")
        return found

    def number(self, key: str, expected: str = "") -> float:
        """Return a number; the key must be there."""
        return number(self.required(key), self.path(key), expected or NUMBER)

    def numbers(self, key: str) -> tuple[float, ...]:
        """Return a list of numbers; the key must be there."""
        return numbers(self.required(key), self.path(key))


def numbers(found: object, path: str) -> tuple[float, ...]:
    """Return the numbers of a list; raises InputError when it holds anything else."""
    if not isinstance(found, list):
        raise refused(path, found, "a list of numbers")
    return tuple(number(entry, f"{path}[{index}]") for index, entry in enumerate(found))


def rows_of(found: list[object], width: int, path: str, expected: str) -> Rows:
    """Return rows of `width` numbers each; raises InputError for any other row."""
    for index, row in enumerate(found):
        if not isinstance(row, list) or len(row) != width:
            raise refused(f"{path}[{index}]", row, expected)
    return tuple(numbers(row, f"{path}[{index}]") for index, row in enumerate(found))


def number(found: object, path: str, expected: str = NUMBER) -> float:
    """Return a number of moderate size in 16 significant digits; raises InputError for others.

    A workbook holds inputs like that, so we compute with the same numbers.
    """
    if not isinstance(found, int | float) or isinstance(found, bool) or not abs(found) <= 1e6:
        raise refused(path, found, expected)
    return float(f"{float(found):.16G}")


def plain(found: object, path: str) -> Any:  # noqa: ANN401 - whatever TOML holds
    """Return a value as TOML would give it, also of NumPy's or torch's types.

    Raises InputError for what TOML has no value for, such as None.
    """
    if hasattr(found, "tolist"):
        found = found.tolist()
    if isinstance(found, Sequence) and not isinstance(found, str | bytes):
        return [plain(entry, f"{path}[{index}]") for index, entry in enumerate(found)]
    if not isinstance(found, str | bool | int | float):
        raise refused(path, found, "a number, text, true or false, or a list of these")
    return found


def plain_rows(found: object, path: str) -> list[list[float]]:
    """Return rows of numbers, NumPy's and torch's too; raises InputError for anything else."""
    rows = plain(found, path)
    expected = "one row of numbers per sample, such as [[0, 1], [1, 0]]"
    if not isinstance(rows, list):
        raise refused(path, rows, expected)
    for index, row in enumerate(rows):
        if not isinstance(row, list):
            raise refused(f"{path}[{index}]", row, expected)
        for place, number_found in enumerate(row):
            if not isinstance(number_found, bool | int | float):
                raise refused(f"{path}[{index}][{place}]", number_found, NUMBER)
    return [[float(each) for each in row] for row in rows]


def chosen(found: object, known: Iterable[str], path: str, expected: str = "") -> str:
    """Return a known name; raises InputError, with the nearest one, for any other.

    `expected` says in the message what a name is; without it, all known names are listed.
    """
    names = list(known)
    if not isinstance(found, str) or found not in names:
        near = hint(found, names) if isinstance(found, str) else ""
        wanted = expected or " or ".join(names)
        raise InputError(f"{path}: found {shortened(found)}{near}; expected {wanted}")
    return found


def hint(name: str, known: Iterable[str]) -> str:
    """Return a question about the nearest known name, or nothing."""
    near = nearest(name, known)
    return f" (did you mean {near}?)" if near else ""


def refused(path: str, found: object, expected: str) -> InputError:
    """Return the error about what was found under a path."""
    return InputError(f"{path}: found {shortened(found)}; expected {expected}")
