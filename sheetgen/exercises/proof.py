"""Verifies a written workbook: what an engine makes of its formulas, against the reference."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from sheetgen.errors import RunError
from sheetgen.spreadsheet.address import relative_address
from sheetgen.spreadsheet.agreement import disagreement
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.engines import Engine
from sheetgen.verification.verify import IMPOSSIBLE, tolerance_of
from sheetgen.workbook.plan import Plan


@dataclass(frozen=True)
class Proof:
    """How many formulas of how many workbooks were recalculated, and how far off at most."""

    engine: str
    workbooks: int = 0
    formulas: int = 0
    largest_difference: float = 0.0

    def joined(self, other: "Proof") -> "Proof":
        """Return both as one."""
        return replace(
            self,
            workbooks=self.workbooks + other.workbooks,
            formulas=self.formulas + other.formulas,
            largest_difference=max(self.largest_difference, other.largest_difference),
        )


def prove(path: Path, canvases: Sequence[Canvas], plan: Plan, engine: Engine) -> Proof:
    """Recalculate a workbook without its cached values and compare every formula.

    Raises RunError, naming the first cell that is not what its canvas promises.
    """
    with TemporaryDirectory(prefix="sheetgen-") as folder:
        copy = Path(folder, "without-results.xlsx")
        write_changed(path, copy, {}, IMPOSSIBLE)
        values = engine.recalculate(copy)
    tolerance, count, largest = tolerance_of(plan), 0, 0.0
    for canvas in canvases:
        for row, column, formula, expected in canvas.promised():
            found = values.get(canvas.name, {}).get((row, column))
            if found is None and expected == "":  # as which some engines save an empty text
                found = ""
            scale = canvas.scales.get((row, column), 1.0)
            reason, difference = disagreement(expected, found, scale, tolerance)
            if reason:
                cell = f"{canvas.name}!{relative_address(row, column)}"
                raise RunError(
                    f"does not verify: {cell} with {formula} comes to {found!r} in "
                    f"{engine.version()}; expected {expected!r}"
                )
            count, largest = count + 1, max(largest, difference)
    return Proof(engine.version(), 1, count, largest)
