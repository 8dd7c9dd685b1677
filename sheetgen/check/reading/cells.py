"""The cells of a workbook as the audit holds them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sheetgen.check.formula.parsing import Formula

Value = float | str | bool | None

_ERROR = re.compile(r"#(?:DIV/0!|VALUE!|REF!|NAME\?|NUM!|N/A|NULL!|ERROR!|CIRC!|N/IMPL!|SPILL!)")
_NUMBER = re.compile(r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?\s*%?$")


@dataclass(slots=True)
class Content:
    """What a cell holds: a (cached) value, and its formula if it has one.

    An error value is its text, such as "#DIV/0!".
    """

    value: Value
    formula: Formula | None = None

    @property
    def number(self) -> float | None:
        """The value as a number; None for a text, an error or nothing."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            return None
        return float(self.value)

    @property
    def is_error(self) -> bool:
        """Whether the value is an error such as #DIV/0!."""
        return isinstance(self.value, str) and _ERROR.match(self.value) is not None

    @property
    def text(self) -> str:
        """The text; empty for a number, an error or nothing."""
        return self.value if isinstance(self.value, str) and not self.is_error else ""


Cells = dict[tuple[int, int], Content]


@dataclass(slots=True)
class Book:
    """A workbook: the cells of each sheet by zero-based (row, column), and its defined names."""

    sheets: dict[str, Cells]
    names: Mapping[str, str] = field(default_factory=dict)
    reader: str = ""


def number_in(text: str) -> float | None:
    """Return the number that a text consists of, with a decimal point or comma, or None."""
    stripped = text.strip()
    if not _NUMBER.match(stripped):
        return None
    factor = 0.01 if stripped.endswith("%") else 1.0
    return float(stripped.rstrip("% ").replace(",", ".")) * factor
