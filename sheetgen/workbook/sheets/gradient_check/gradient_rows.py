"""The upper part of `Gradient check`: a row of gradients that must agree for each probe."""

from dataclasses import dataclass
from typing import Any

from sheetgen.spreadsheet.address import cell_address
from sheetgen.spreadsheet.canvas import POSITIVE, Canvas, Value
from sheetgen.spreadsheet.style import (
    FINE,
    LABEL,
    NOTE,
    SCIENTIFIC,
    VERDICT,
    WHOLE,
    Style,
    band,
    header,
    label,
    number,
)
from sheetgen.workbook.shared.chosen_moment import STATE
from sheetgen.workbook.shared.live_text import joined
from sheetgen.workbook.shared.page import column_range, write_title
from sheetgen.workbook.sheets.gradient_check.batch import Checked
from sheetgen.workbook.sheets.gradient_check.evaluations import Evaluations
from sheetgen.workbook.sheets.gradient_check.probes import SMALLEST, Probe, has_kinks, verdict_of

VERDICT_CELL = (3, 3)
KINKS_CELL = (4, 3)
EPSILON = (3, 7)
TOLERANCE = (4, 7)
BAND_ROW = 6
HEADER_ROW = 7
FIRST_ROW = 8
VERDICT_COLUMN = 9
AIRY = 22  # points of a row between blocks
EPSILON_LIMITS: dict[str, Any] = {
    "criteria": "between",
    "minimum": 1e-6,
    "maximum": 0.5,
    "error_message": "Type a number from 0.000001 to 0.5.",
}


@dataclass(frozen=True)
class Texts:
    """The sheet's texts about its rows; `headers` are the first columns' titles and notes.

    `remark` follows the moment, after a space.
    """

    subtitle: str
    remark: str
    rows: str
    bands: tuple[str, str]
    headers: dict[str, str]


@dataclass(frozen=True)
class Gradients:
    """What the first columns of a row hold: a text, and formulas without the sign =."""

    name: str
    value_formula: str
    value: float
    analytic: str
    closed: str


@dataclass(frozen=True)
class Comparisons:
    """The upper table: a row for each probe."""

    canvas: Canvas
    checked: Checked
    probes: list[Probe]
    evaluations: Evaluations

    def evaluation(self, place: int, side: int) -> int:
        """Return the first row in which the network is evaluated, moved up (1) or down (-1).

        There is a row for each sample.
        """
        return self.evaluations.row + 1 + (2 * place + (side < 0)) * len(self.checked.known)

    def moved_unit(self, place: int) -> str:
        """Return the unit whose weights are moved together, or nothing if each moves alone."""
        probe = self.probes[place]
        is_by_unit = self.evaluations.is_by_unit
        return self.checked.chosen.network.unit_names[probe.layer][probe.unit] if is_by_unit else ""

    def frame(self, texts: Texts) -> None:
        """Write everything but the rows."""
        canvas = self.canvas
        longest = max(
            len(parameter.gradient) for parameter in self.checked.chosen.network.parameters
        )
        names = max(12, longest + 3)
        canvas.widths = {
            0: 2,
            1: names,
            2: 12,
            **dict.fromkeys(range(3, 9), 18),
            VERDICT_COLUMN: 12,
        }
        canvas.heights |= {2: AIRY, 5: AIRY}
        write_title(canvas, 1, "Gradient check", texts.subtitle)
        words = joined("At ", self.checked.chosen.place, f", chosen on Overview.{texts.remark}")
        canvas.calculate(2, 1, words.formula, words.text, NOTE)
        self._verdict(texts.rows)
        canvas.write(3, 5, "ε, by which a weight is moved", LABEL)
        canvas.ask(*EPSILON, "epsilon", self.checked.chosen.plan.controls.epsilon, **EPSILON_LIMITS)
        canvas.write(4, 5, "largest difference allowed, relative", LABEL)
        canvas.ask(*TOLERANCE, "tolerance", self.checked.chosen.plan.controls.tolerance, **POSITIVE)
        self._headers(texts)

    def _verdict(self, rows: str) -> None:
        canvas, count = self.canvas, len(self.probes)
        last = FIRST_ROW + count - 1
        canvas.write(3, 1, rows, LABEL)
        results = column_range(VERDICT_COLUMN, FIRST_ROW, last)
        passed = f'COUNTIF({results},"PASS")'
        if has_kinks(self.checked.chosen.network):
            kinks = f'COUNTIF({results},"kink")'
            least = f'IF({passed}=0,"kink","PASS")'
            formula = f'IF({passed}+{kinks}={count},{least},"FAIL")'
            self._kinks(f"={kinks}")
        else:
            formula = f'IF({passed}={count},"PASS","FAIL")'
        verdict = verdict_of(self.probes)
        canvas.calculate(*VERDICT_CELL, *self._unless_diverged(formula, verdict), VERDICT)
        canvas.verdicts.append((*VERDICT_CELL, *VERDICT_CELL))
        canvas.verdicts.append((FIRST_ROW, VERDICT_COLUMN, last, VERDICT_COLUMN))
        canvas.numbers.append((FIRST_ROW, 2, last, 5))

    def _unless_diverged(self, formula: str, value: Value) -> tuple[str, Value]:
        """Return the formula and the value of what there is while nothing has diverged."""
        formula = f'=IF({self.checked.chosen.cells[STATE]}=1,"{STATE}",{formula})'
        return formula, STATE if self.checked.chosen.has_diverged else value

    def _kinks(self, formula: str) -> None:
        canvas = self.canvas
        canvas.write(4, 1, "at a kink, not counted", LABEL)
        diverged = self.checked.chosen.has_diverged
        count = 0 if diverged else sum(probe.verdict == "kink" for probe in self.probes)
        canvas.calculate(*KINKS_CELL, formula, count, Style(bold=True, align="center"))
        text = (
            "kink: within ±ε a unit's pre-activation passes a point where its activation has a "
            "corner; across a corner the central difference is not the derivative."
        )
        canvas.write(5, 1, text, NOTE)

    def _headers(self, texts: Texts) -> None:
        canvas = self.canvas
        passes = "PASS if both differences are within what is allowed"
        if has_kinks(self.checked.chosen.network):
            passes += "; kink if there is no derivative to compare with"
        comparison = {
            "|analytic − central|": "must be small compared with the gradient",
            "|analytic − closed|": "must be 0 except for rounding",
            "allowed": "the relative difference above, times |gradient| or the size of rounding",
            "verdict": passes,
        }
        bands = {1: texts.bands[0], 3: texts.bands[1], 6: "comparison"}
        for column, (text, note) in enumerate((texts.headers | comparison).items(), start=1):
            kind = "weight" if column < 3 else "gradient" if column < 6 else "helper"
            canvas.write(BAND_ROW, column, bands.get(column, ""), band(kind))
            canvas.write(HEADER_ROW, column, text, header(kind))
            canvas.notes[HEADER_ROW, column] = note

    def row(self, place: int, gradients: Gradients) -> None:
        """Write the row of a probe, by its place among them."""
        canvas, probe, row = self.canvas, self.probes[place], FIRST_ROW + place
        gradient, fine = probe.gradient, number("gradient", FINE)
        canvas.write(row, 1, gradients.name, label("weight"))
        value = gradients.value
        canvas.calculate(row, 2, f"={gradients.value_formula}", value, number("weight"))
        canvas.calculate(row, 3, f"={gradients.analytic}", gradient, fine)
        canvas.calculate(row, 4, f"={gradients.closed}", gradient, fine)
        rows = [self.evaluation(place, side) for side in (1, -1)]
        above, below = map(self._error, rows)
        high, low = (self.evaluations.seen(each, self.evaluations.to) for each in rows)
        # Where the training has diverged, w + ε may be w.
        central = self._unless_diverged(f"({above}-{below})/({high}-{low})", probe.central)
        canvas.calculate(row, 5, *central, fine, probe.noise)
        analytic, closed, numeric = (cell_address(row, column) for column in (3, 4, 5))
        small = number("helper", SCIENTIFIC)
        difference = self._unless_diverged(
            f"ABS({analytic}-{numeric})", abs(gradient - probe.central)
        )
        canvas.calculate(row, 6, *difference, small, probe.noise)
        canvas.calculate(row, 7, f"=ABS({analytic}-{closed})", 0.0, small)
        floor = f"{SMALLEST:.4f}*MAX(1,{self.checked.total_error()})"
        formula = f"={cell_address(*TOLERANCE)}*MAX(ABS({analytic}),{floor})"
        canvas.calculate(row, 8, formula, probe.allowed, small)
        verdict = self._unless_diverged(self._agreement(place), probe.verdict)
        canvas.calculate(row, VERDICT_COLUMN, *verdict, VERDICT)

    def _crossing(self, place: int, sample: int) -> str:
        """Return the condition that a unit moves across a kink in a sample's two evaluations."""
        above, below = (self.evaluation(place, side) + sample for side in (1, -1))
        moved = self.moved_unit(place)
        signs = []
        for unit, kink in self.probes[place].kinks:
            high, low = (self.evaluations.place(row, unit, moved) for row in (above, below))
            beyond = f"{-kink:+g}" if kink else ""
            signs.append(f"(SIGN({high}{beyond})<>SIGN({low}{beyond}))")
        for name in self.probes[place].winners:
            high, low = (self.evaluations.place(row, name, moved) for row in (above, below))
            signs.append(f"({high}<>{low})")
        return "+".join(signs)

    def crossings(self, place: int) -> None:
        """Write beside the lower evaluations whether they cross a kink, if there are any."""
        probe, checked, table = self.probes[place], self.checked, self.evaluations
        if not probe.has_kinks:
            return
        row, counted = self.evaluation(place, -1), len(checked.passes)
        for sample in range(len(checked.known)):
            counts = checked.counts(sample) if checked.is_batch else "1"
            formula = f"=IF({self._crossing(place, sample)},{counts},0)"
            crosses = int(sample < counted and probe.crosses(sample))
            style = number("helper", WHOLE)
            table.canvas.calculate(row + sample, table.crossing, formula, crosses, style)

    def _error(self, row: int) -> str:
        """Return the expression of the error in an evaluation that begins in a row."""
        checked, table = self.checked, self.evaluations
        if not checked.is_batch:
            return table.seen(row, table.total)
        errors = table.seen(row, table.total, len(checked.known))
        return checked.reduced(f"SUMPRODUCT({checked.counted},{errors})")

    def _agreement(self, place: int) -> str:
        row = FIRST_ROW + place
        central, closed, allowed = (cell_address(row, column) for column in (6, 7, 8))
        if not self.probes[place].has_kinks:
            return f'IF(MAX({central},{closed})<={allowed},"PASS","FAIL")'
        first, table = self.evaluation(place, -1), self.evaluations
        crossing = f"SUM({table.seen(first, table.crossing, len(self.checked.known))})>0"
        agree = f'IF({central}<={allowed},"PASS","FAIL")'
        return f'IF({closed}>{allowed},"FAIL",IF({crossing},"kink",{agree}))'
