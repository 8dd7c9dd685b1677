"""The sheet `Proof`: NumPy's checksums of every sheet beside those that live formulas compute.

It proves the numbers in any program that opens the file, for the inputs that the workbook was built
with: each input is compared with a stored copy of it, and where one differs nothing is judged that
depends on it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sheetgen.spreadsheet.address import local, relative_address
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import (
    KINDS,
    NOTE,
    SCIENTIFIC,
    SUBTITLE,
    VERDICT,
    Style,
    number,
)
from sheetgen.workbook.plan import PROOF
from sheetgen.workbook.shared.live_text import Words, joined, literal, only_if
from sheetgen.workbook.shared.page import write_band, write_title
from sheetgen.workbook.shared.workings import Corner, Workings
from sheetgen.workbook.sheets.proof.checksums import (
    Computed,
    Numbers,
    Part,
    Terms,
    parts_of,
    weights,
)
from sheetgen.workbook.sheets.proof.given import Line, compare_inputs, lines_of

VERDICT_CELL = (3, 1)
SENTENCE_CELL = (4, 1)
BAND_ROW = 8
FIRST_ROW = 10
SHEET, TITLE, FORMULAS, COUNT, COUNTED, SUM, SUMMED, APART, ALLOWED, LARGEST, FOUND, JUDGED = range(
    1, 13
)
FORMULAS_OF_PART = 5
HEADERS = {
    SHEET: ("What is summed", ("sheet", "part", "formulas"), "iteration"),
    COUNT: ("numbers", ("{by}", "here"), "unit"),
    SUM: ("checksum: Σ weight · number", ("{by}", "here", "difference", "allowed"), "error"),
    LARGEST: ("largest |number|", ("{by}", "here"), "unit"),
    JUDGED: ("", ("verdict",), "iteration"),
}
WIDTHS: dict[int, float] = {
    **{SHEET: 18, TITLE: 38, FORMULAS: 9, COUNT: 9, COUNTED: 9, SUM: 16, SUMMED: 16},
    **{APART: 9, ALLOWED: 9, LARGEST: 14, FOUND: 14, JUDGED: 11},
}
PASS, FAIL, CHANGED, OPEN = "PASS", "FAIL", "inputs changed", "not judged"
TEXT = "Each number of this workbook twice: stored by {by}, and by the live formulas."
EXPLANATION = (
    "{by} computed the numbers in its columns when the workbook was built; the formulas beside "
    "them read the cells that you see.",
    "A checksum is the sum of all numbers, each times a weight between 1 and 2 (on Workings): a "
    "wrong sign in one cell, or a value pasted over a formula, changes it.",
)
MOST_NAMED = 5
NOTHING = Computed(0, 0, 0)
COUNTS = Style(number_format="#,##0")
SMALL = Style(number_format=SCIENTIFIC)
CHECKSUM = Style(number_format="#,##0.00000000")
LARGE = Style(number_format="#,##0.000000")
BIG = Style(bold=True, size=20, align="center", border=VERDICT.border)


@dataclass(frozen=True)
class AsBuilt:
    """What a workbook proves: the parts with NumPy's numbers, and the inputs that these are for.

    The first `sources` of the inputs are those that the sheets in `tables` depend on; all others
    depend on every input. `untold` are sheets of which nothing is promised.
    """

    parts: tuple[Part, ...]
    inputs: tuple[Line, ...]
    sources: int
    tables: frozenset[str]
    untold: tuple[str, ...]

    by: str = "NumPy"
    """Who computed the numbers."""
    because: str = "A training is chaotic or diverges, so that rounding alone decides their digits."
    """Why nothing is promised of some sheets."""

    @classmethod
    def of(
        cls,
        canvases: Sequence[Canvas],
        terms: Mapping[str, Terms],
        inputs: Mapping[str, Collection[tuple[int, int]]],
        sources: Collection[str],
        tables: Collection[str],
    ) -> "AsBuilt":
        """Measure the sheets.

        `terms` and `inputs` are what is promised of each sheet, by its name, and the places of its
        inputs; `sources` are those with the inputs that `tables` depend on.
        """
        found = {canvas.name: tuple(parts_of(canvas, terms[canvas.name])) for canvas in canvases}
        lines = [
            line
            for canvas in sorted(canvases, key=lambda each: each.name not in sources)
            for line in lines_of(canvas, inputs[canvas.name])
        ]
        return cls(
            tuple(part for parts in found.values() for part in parts),
            tuple(lines),
            sum(each.sheet in sources for each in lines),
            frozenset(tables),
            tuple(
                canvas.name
                for canvas in canvases
                if not found[canvas.name] and _has_numbers(canvas)
            ),
        )

    def and_of(self, more: "AsBuilt") -> "AsBuilt":
        """Return what is proven together with that of further sheets, which have no inputs."""
        return replace(self, parts=self.parts + more.parts, untold=self.untold + more.untold)


def _has_numbers(canvas: Canvas) -> bool:
    """Tell whether a formula of a sheet gives a number."""
    return any(not isinstance(value, str) for *_, value in canvas.promised())


NOTHING_BUILT = AsBuilt((), (), 0, frozenset(), ())


@dataclass
class ProofCanvas(Canvas):
    """The sheet, and what it holds of the workbook as it was built."""

    built: AsBuilt = NOTHING_BUILT


def as_built(canvases: Sequence[Canvas]) -> AsBuilt | None:
    """Return what the `Proof` among a workbook's sheets holds, None without one."""
    return next((each.built for each in canvases if isinstance(each, ProofCanvas)), None)


def proof_sheet(
    canvases: Sequence[Canvas], as_built: AsBuilt, workings: Workings, is_new: bool = False
) -> ProofCanvas:
    """Draw the sheet about the other `canvases`.

    Their inputs may have changed since they were measured, unless the workbook is new.
    """
    return _Proof(canvases, as_built, workings, is_new).draw()


class _Proof:
    def __init__(
        self, canvases: Sequence[Canvas], as_built: AsBuilt, workings: Workings, is_new: bool
    ) -> None:
        self.canvas = ProofCanvas(PROOF, tab_colour=KINDS["unit"].strong, built=as_built)
        self.canvases = {canvas.name: canvas for canvas in canvases}
        self.numbers: dict[str, Numbers] = {}
        self.built, self.workings, self.is_new = as_built, workings, is_new

    def draw(self) -> ProofCanvas:
        """Draw everything."""
        canvas, parts = self.canvas, self.built.parts
        by = self.built.by
        write_title(canvas, 1, PROOF, TEXT.format(by=by))
        for offset, sentence in enumerate(EXPLANATION):
            canvas.write(SENTENCE_CELL[0] + 1 + offset, 1, sentence.format(by=by), NOTE)
        canvas.widths |= {0: 2} | WIDTHS
        for column, (title, headers, kind) in HEADERS.items():
            titles = [text.format(by=by) for text in headers]
            write_band(canvas, BAND_ROW, column, title, titles, kind)
        canvas.freeze = (FIRST_ROW, TITLE)
        canvas.repeat_rows = (BAND_ROW, FIRST_ROW - 1)
        self.weights = self._weights()
        built = self.built
        self.changes = compare_inputs(built.inputs, built.sources, self.canvases, self.workings)
        if self.built.untold:
            names, rest = self.built.untold[:MOST_NAMED], self.built.untold[MOST_NAMED:]
            listed = ", ".join(names) + (f" and {len(rest)} more" if rest else "")
            canvas.write(BAND_ROW - 1, 1, f"Not here: {listed}. {self.built.because}", NOTE)
        last = FIRST_ROW + len(parts) - 1
        canvas.numbers += [(FIRST_ROW, SUM, last, SUMMED), (FIRST_ROW, LARGEST, last, FOUND)]
        judged = [self._part(FIRST_ROW + at, part) for at, part in enumerate(parts)]
        self._verdict(judged)
        return canvas

    def _weights(self) -> Corner:
        count = max((part.rows for part in self.built.parts), default=1)
        corner = self.workings.block(PROOF, "The weights of the checksums", 1)
        corner.headers("weight")
        values = weights(count)[:, None]
        corner.canvas.fill(corner.row + 1, corner.column, values, number("helper"))
        return corner

    def _part(self, row: int, part: Part) -> str:
        """Write a row; return its verdict."""
        canvas, built = self.canvas, part.built
        found = built if self.is_new else part.computed(self._numbers(part.sheet))
        canvas.write(row, SHEET, part.sheet)
        canvas.write(row, TITLE, part.title)
        canvas.write(row, FORMULAS, part.formulas, COUNTS)
        canvas.write(row, COUNT, int(built.count), COUNTS)
        canvas.calculate(row, COUNTED, f"=COUNT({part.ranges})", found.count, COUNTS)
        canvas.write(row, SUM, built.checksum, CHECKSUM)
        formula = f"={part.checksum(self._weight)}"
        canvas.calculate(row, SUMMED, formula, found.checksum, CHECKSUM, part.size)
        stored, here = relative_address(row, SUM), relative_address(row, SUMMED)
        apart = abs(found.checksum - built.checksum)
        canvas.calculate(row, APART, f"=ABS({here}-{stored})", apart, SMALL, part.size)
        canvas.write(row, ALLOWED, part.allowed, SMALL)
        canvas.write(row, LARGEST, built.largest, LARGE)
        formula = f"=MAX(MAX({part.ranges}),-MIN({part.ranges}))"
        canvas.calculate(row, FOUND, formula, found.largest, LARGE)
        is_table = part.sheet in self.built.tables
        address, changed = self.changes.of_tables if is_table else self.changes.every
        verdict = OPEN if changed else _verdict(part, found)
        formula = f'=IF({address}>0,"{OPEN}",{_judgement(row)})'
        canvas.calculate(row, JUDGED, formula, verdict, VERDICT)
        return verdict

    def _numbers(self, sheet: str) -> Numbers:
        if sheet not in self.numbers:  # only one sheet's: they are as large as the workbook
            self.numbers = {sheet: Numbers(self.canvases[sheet])}
        return self.numbers[sheet]

    def _weight(self, offset: int, rows: int) -> str:
        return self.weights.range(1 + offset, 0, offset + rows, 0)

    def _verdict(self, judged: Sequence[str]) -> None:
        canvas, last = self.canvas, FIRST_ROW + len(judged) - 1
        canvas.heights[VERDICT_CELL[0]] = 32
        if not judged:
            canvas.write(*VERDICT_CELL, OPEN, BIG)
            return
        # With the empty row below, so that no range is of one cell, which ironcalc takes for none.
        verdicts = local(canvas.range(FIRST_ROW, JUDGED, last + 1, JUDGED))
        address, changed = self.changes.every
        word = FAIL if FAIL in judged else CHANGED if changed else PASS
        fails = f'COUNTIF({verdicts},"{FAIL}")'
        formula = f'=IF({fails}>0,"{FAIL}",IF({address}>0,"{CHANGED}","{PASS}"))'
        canvas.calculate(*VERDICT_CELL, formula, word, BIG)
        canvas.verdicts += [(*VERDICT_CELL, *VERDICT_CELL), (FIRST_ROW, JUDGED, last, JUDGED)]
        sentence = only_if(f"{fails}>0", word == FAIL, self._failed(judged, last), self._others())
        canvas.calculate(*SENTENCE_CELL, sentence.formula, sentence.text, SUBTITLE)

    def _failed(self, judged: Sequence[str], last: int) -> Words:
        """Return the sentence on the first part that fails."""
        verdicts, sheets, titles = (
            local(self.canvas.range(FIRST_ROW, column, last + 1, column))
            for column in (JUDGED, SHEET, TITLE)
        )
        place, part = f'MATCH("{FAIL}",{verdicts},0)', Part("", "", (), 0, 0, 0, NOTHING)
        if FAIL in judged:
            part = self.built.parts[judged.index(FAIL)]
        sheet = Words(f"INDEX({sheets},{place})", part.sheet)
        title = Words(f"INDEX({titles},{place})", part.title)
        wrong = f"At least one number is not {self.built.by}'s. The first is in "
        return joined(wrong, sheet, ", ", title, ".")

    def _others(self) -> Words:
        """Return the sentence on what has changed, or that all is well."""
        (address, count), name = self.changes.every, self.changes.first
        more = Words(f"{address}-1", str(count - 1))
        more = only_if(f"{address}>1", count > 1, joined(" and ", more, " more"))
        text = "The proof is for the inputs that the workbook was built with. Changed since then: "
        formulas = sum(part.formulas for part in self.built.parts)
        sheets = len({part.sheet for part in self.built.parts})
        fine = (
            f"The numbers of {formulas:,} formulas on {sheets} sheets are those of {self.built.by}."
        )
        return only_if(f"{address}>0", count > 0, joined(text, name, more, "."), literal(fine))


def _judgement(row: int) -> str:
    """Return the expression of a row's verdict, which fails where an error makes numbers errors."""
    count, counted, apart, allowed, largest, found = (
        relative_address(row, column) for column in (COUNT, COUNTED, APART, ALLOWED, LARGEST, FOUND)
    )
    good = f"AND({counted}={count},{apart}<={allowed},ABS({found}-{largest})<={allowed})"
    return f'IF(ISNUMBER({apart}+{found}),IF({good},"{PASS}","{FAIL}"),"{FAIL}")'


def _verdict(part: Part, found: Computed) -> str:
    """Return what the reference says of a part: nan where a number is not promised."""
    built = part.built
    is_near = abs(found.checksum - built.checksum) <= part.allowed
    is_near &= abs(found.largest - built.largest) <= part.allowed
    return PASS if is_near and found.count == built.count else FAIL


def write_state(canvas: Canvas, row: int, proof: ProofCanvas) -> None:
    """Write the verdict into a cell of Overview, and what it is about."""
    formula, value = f"={proof.absolute(*VERDICT_CELL)}", proof.value(*VERDICT_CELL)
    canvas.calculate(row, 1, formula, value, VERDICT)
    canvas.verdicts.append((row, 1, row, 1))
    canvas.write(row, 2, f"every number against {proof.built.by}'s, live", Style(indent=1))
