"""The records that an audit returns, from a single finding to the report on a whole file."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["mistake", "remark"]
Status = Literal["right", "wrong", "given", "unchecked"]
IS_EMPTY = "it is empty"
"""The reason why a column without any cell was not checked."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake or remark, with its place in the workbook.

    `kind` is one of the stable identifiers of `mistake_kinds.KINDS` or, for a remark, `REMARKS`.
    `table` is the range of the table with its header row, such as "A32:AE132". `column` is the
    header as the file writes it and `symbol` what it was read as ("∂E/∂w3"); both are empty where
    the finding is about the table as a whole. `cell` is the first wrong cell, `formula` what it
    holds (with "=", or None if that is not a formula) and `expected` the formula that it should be,
    written with the file's own addresses. `cells` is the number of wrong cells in the column.
    `difference` is the largest relative difference of the column's cells.
    """

    severity: Severity
    kind: str
    words: str
    sheet: str
    table: str = ""
    column: str = ""
    symbol: str = ""
    cell: str | None = None
    formula: str | None = None
    expected: str | None = None
    value: float | str | None = None
    expected_value: float | None = None
    difference: float | None = None
    cells: int = 0


@dataclass(frozen=True, slots=True)
class Column:
    """The verdict on one column of a table.

    `status`: "right" or "wrong" if it could be recomputed, "given" for inputs, targets and other
    starting values, "unchecked" with the `reason` otherwise. `symbol` is empty if neither the
    header nor the formulas say what the column is.
    `largest_difference` is relative: |found - recomputed| / max(|recomputed|, scale of rounding).
    """

    header: str
    symbol: str
    cells: str
    status: Status
    largest_difference: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LearningRate:
    """The learning rate of a table, and where it was found.

    `source`: "cell" (a labelled cell), "column" (of the table), "formula" (the formulas refer to
    an unlabelled `cell`, or hold the number), "inferred" (from the updates), or "unknown".
    """

    value: float | None
    source: Literal["cell", "column", "formula", "inferred", "unknown"]
    cell: str | None = None


class _Report:
    """What the reports on a table and on a workbook have in common."""

    __slots__ = ()

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Every finding of the report."""
        raise NotImplementedError

    @property
    def mistakes(self) -> tuple[Finding, ...]:
        """The findings that make the table or the workbook wrong."""
        return tuple(one for one in self.all_findings if one.severity == "mistake")

    @property
    def remarks(self) -> tuple[Finding, ...]:
        """The findings that do not."""
        return tuple(one for one in self.all_findings if one.severity == "remark")


@dataclass(frozen=True, slots=True)
class TableReport(_Report):
    """The audit of one table: its place, size, learning rate, columns and findings.

    `network` is (inputs, units of each hidden layer …, outputs), empty if unknown; `rows` counts
    the rows below the header.
    """

    sheet: str
    place: str
    rows: int
    network: tuple[int, ...]
    learning_rate: LearningRate
    activation: str
    columns: tuple[Column, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """The same as `findings`."""
        return self.findings

    @property
    def checked(self) -> bool:
        """Whether any column could be recomputed."""
        return any(column.status in ("right", "wrong") for column in self.columns)

    @property
    def unchecked(self) -> tuple[Column, ...]:
        """The columns that could not be recomputed although they should be."""
        return tuple(column for column in self.columns if column.status == "unchecked")

    @property
    def conclusive(self) -> bool:
        """Whether columns were recomputed, and every gradient and every update was."""
        learning = ("∂E/∂", "w", "b")
        return self.checked and not any(one.symbol.startswith(learning) for one in self.unchecked)

    @property
    def right(self) -> tuple[Column, ...]:
        """The columns that were recomputed and agree."""
        return tuple(column for column in self.columns if column.status == "right")

    @property
    def wrong(self) -> tuple[Column, ...]:
        """The columns with at least one wrong cell."""
        return tuple(column for column in self.columns if column.status == "wrong")

    @property
    def largest_difference(self) -> float:
        """The largest relative difference of any recomputed column; 0 without one."""
        known = (column.largest_difference for column in self.columns)
        return max((one for one in known if one is not None), default=0.0)


@dataclass(frozen=True, slots=True)
class WorkbookReport(_Report):
    """The audit of one file.

    `findings` are those about the workbook as a whole, such as inputs that differ between its
    sheets; `all_findings` has them and those of every table. `reader` says how the file was read.
    """

    path: str
    tables: tuple[TableReport, ...]
    findings: tuple[Finding, ...] = ()
    reader: str = ""
    skipped: tuple[str, ...] = ()
    """The sheets without a training table."""
    damage: str = ""
    """What is wrong with the file: it was read as far as possible, and some may be missing."""

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Every finding, table by table, and then those about the workbook."""
        return (*(one for table in self.tables for one in table.findings), *self.findings)

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong; where nothing could be checked, `checked` says so."""
        return not self.mistakes

    @property
    def checked(self) -> bool:
        """Whether any column of any table could be recomputed."""
        return any(table.checked for table in self.tables)

    @property
    def conclusive(self) -> bool:
        """Whether every gradient and every update of every table could be recomputed.

        Only then, and of a whole file, does `passed` mean that the training is right.
        """
        return not self.damage and all(table.conclusive for table in self.tables)
