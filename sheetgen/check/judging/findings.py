"""What the audit of a workbook says: small records, from a single finding to the whole file."""

from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["mistake", "remark"]
Status = Literal["right", "wrong", "given", "unchecked"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say about a table, with the place where a person can look at it.

    `kind` is one of the stable identifiers of `mistakes.KINDS` or, for a remark, of
    `mistakes.REMARKS`. `table` is the range of the table with its header row, such as "A32:AE132".
    `column` is the header as the file writes it and `symbol` what it was read as ("∂E/∂w3"); both
    are empty where the finding is about the table as a whole. `cell` is the first wrong cell,
    `formula` what stands in it (with "=", or None where it holds no formula) and `expected` the
    formula that it should be, written with the file's own addresses. `cells` counts the wrong
    cells of the column. `difference` is the largest relative difference of the column's cells.
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
    """One column of a table and what became of it.

    `status`: "right" or "wrong" where it could be recomputed, "given" for inputs, targets and
    whatever else a table starts from, "unchecked" where `reason` says why not.
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


@dataclass(frozen=True, slots=True)
class TableReport:
    """The audit of one table: its place, size, learning rate, columns and findings.

    `network` is (inputs, hidden units, outputs); `rows` counts the rows below the header.
    """

    sheet: str
    place: str
    rows: int
    network: tuple[int, int, int]
    learning_rate: LearningRate
    activation: str
    columns: tuple[Column, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def mistakes(self) -> tuple[Finding, ...]:
        """The findings that make the table wrong."""
        return tuple(finding for finding in self.findings if finding.severity == "mistake")

    @property
    def remarks(self) -> tuple[Finding, ...]:
        """The findings that do not."""
        return tuple(finding for finding in self.findings if finding.severity == "remark")

    @property
    def checked(self) -> bool:
        """Whether any column could be recomputed."""
        return any(column.status in ("right", "wrong") for column in self.columns)

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
class WorkbookReport:
    """The audit of one file.

    `findings` are those about the workbook as a whole, such as inputs that differ between its
    sheets; `all_findings` has them and those of every table. `reader` says how the file was read.
    """

    path: str
    tables: tuple[TableReport, ...]
    findings: tuple[Finding, ...] = ()
    reader: str = ""
    skipped: tuple[str, ...] = field(default=())
    """The sheets without a training table."""

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Every finding, table by table, and then those about the workbook."""
        return (*(one for table in self.tables for one in table.findings), *self.findings)

    @property
    def mistakes(self) -> tuple[Finding, ...]:
        """The findings that make the workbook wrong."""
        return tuple(finding for finding in self.all_findings if finding.severity == "mistake")

    @property
    def remarks(self) -> tuple[Finding, ...]:
        """The findings that do not."""
        return tuple(finding for finding in self.all_findings if finding.severity == "remark")

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong; where nothing could be checked, `checked` says so."""
        return not self.mistakes

    @property
    def checked(self) -> bool:
        """Whether any column of any table could be recomputed."""
        return any(table.checked for table in self.tables)
