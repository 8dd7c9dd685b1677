"""The results of verifying a workbook: by engine, by sheet, by wrong cell."""

from dataclasses import dataclass, field

from sheetgen.spreadsheet.canvas import Value


@dataclass(frozen=True)
class Finding:
    """A cell that is wrong: why, the formula in it, the expected and the found value."""

    sheet: str
    cell: str
    reason: str
    formula: str
    expected: Value
    found: Value | None

    def __str__(self) -> str:
        shown = self.formula or "(no formula)"
        return (
            f"{self.sheet}!{self.cell}: {self.reason}; formula {shown}, "
            f"expected {self.expected!r}, found {self.found!r}"
        )


@dataclass
class SheetResult:
    """The result of one engine for one sheet: its formulas, the largest relative difference.

    `changed` of the findings are in cells with another formula than `build` writes.
    `reworded` are cells whose formula is not the one that `build` writes but has the same value;
    `extra` are formulas where `build` writes none, such as rows that a user dragged down.
    `sensitive` are cells with build's own formula that are off, but no more than rounding can
    explain; they do not count in the largest difference. None of the three is a failure.
    """

    sheet: str
    formulas: int = 0
    largest_difference: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    changed: int = 0
    reworded: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    sensitive: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every formula has the value that the reference expects."""
        return not self.findings


@dataclass(frozen=True)
class Result:
    """The result of one engine for the file as it is (perturbation 0) or with moved inputs.

    `written_by` is the version that built the file; `not_verified` are the sheets that it, being
    older, laid out differently.
    """

    engine: str
    perturbation: int
    sheets: tuple[SheetResult, ...]
    written_by: str = ""
    not_verified: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every sheet passed."""
        return all(sheet.passed for sheet in self.sheets)

    @property
    def findings(self) -> list[Finding]:
        """The wrong cells of all sheets."""
        return [finding for sheet in self.sheets for finding in sheet.findings]

    @property
    def formulas(self) -> int:
        """Number of formulas compared."""
        return sum(sheet.formulas for sheet in self.sheets)

    @property
    def largest_difference(self) -> float:
        """The largest |found - expected| / max(1, |expected|) of all sheets."""
        return max((sheet.largest_difference for sheet in self.sheets), default=0.0)
