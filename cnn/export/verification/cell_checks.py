"""Checks the formula cells of an exported workbook: their formulas, and their values for an input.

The sheets are composed again for each input, which gives the expected value of every formula
cell. The activations on the sheets of the layers are compared as arrays instead, in
verify_export.py; of those sheets only that of a softmax is composed, for its helper cells.
"""

import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from cnn.export.network.stages import Softmax
from cnn.export.sheets.accuracy_sheet import ACCURACY, counted
from cnn.export.sheets.cases_sheet import cases_sheet
from cnn.export.sheets.compose_export import input_sheet, layer_sheets, live_sheets, prove
from cnn.export.sheets.export_proof import measured, nearness
from cnn.export.sheets.kernels_sheet import kernels_sheet
from cnn.export.sheets.layout import InputPlaces
from cnn.export.sheets.subject import Subject
from cnn.export.sheets.weights_sheet import WEIGHTS
from cnn.export.verification.exported_file import ExportedFile, spoken, spoken_place
from sheetgen.spreadsheet.agreement import same_text
from sheetgen.spreadsheet.canvas import Canvas, Value
from sheetgen.spreadsheet.engines import Values
from sheetgen.spreadsheet.reader import EMPTY
from sheetgen.spreadsheet.tokens import Token, tokens
from sheetgen.workbook.plan import PROOF
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.proof.proof import AsBuilt

TOLERANCE = 1e-9  # |found - expected| <= TOLERANCE * max(1, |expected|)

LONGEST = 100  # characters of a formula in a message
FORMER = re.compile(r"INDEX\((Samples!)?(\$[A-Z]+\$[0-9]+):\2,\$[A-Z]+\$[0-9]+\)")
"""What version 0.1.0 wrote for a number of the only sample, whose cell is enough."""
LITERAL = 1e-14
"""Relative; programs that save a workbook again keep 15 digits of its numbers."""


def wrong_cells(proven: "AsProven") -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return sentences on cells whose formula or parameter is not that of the export.

    In a file of an earlier version such cells only say that it laid out their sheets differently:
    there are no sentences then, but the names of these sheets. Those of layers are not among
    them, for their activations are compared with those of torch wherever their formulas read.
    """
    exported = proven.exported
    wrong = list(_wrong_cells(proven))
    if not exported.is_older:
        return tuple(sentence for _, sentence in wrong), ()
    different = dict.fromkeys(sheet for sheet, _ in wrong)
    return (), tuple(sheet for sheet in different if sheet not in exported.sheets)


def _wrong_cells(proven: "AsProven") -> Iterator[tuple[str, str]]:
    """Yield the sheet and a sentence for each cell."""
    exported = proven.exported
    blank = exported.blank
    others = proven.sheets(blank, is_new=True)
    for canvas in (*others, *layer_sheets(blank, exported.origin.places)):
        if canvas.name in exported.cells:
            yield from ((canvas.name, each) for each in _wrong_formulas(exported, canvas))
        elif not exported.is_older:
            yield canvas.name, f"the sheet {canvas.name} is missing"
    yield from ((WEIGHTS, each) for each in _wrong_constants(exported, exported.weights))


def constant_sheets(exported: ExportedFile) -> Iterator[Canvas]:
    """Yield the sheets whose values do not depend on the input."""
    if kernels := kernels_sheet(exported.network, exported.sheets):
        yield kernels
    if ACCURACY in exported.origin.sheets:
        yield counted(exported.network, exported.counts())


@dataclass(frozen=True, eq=False)
class AsProven:
    """The sheets of a file as they must be; those of the layers without their formulas.

    `built` is what its `Proof` holds of the workbook as it was exported, None without one.
    """

    exported: ExportedFile
    constant: tuple[Canvas, ...]
    built: AsBuilt | None

    @classmethod
    def of(cls, exported: ExportedFile) -> "AsProven":
        """Compute again what was proven when the file was exported."""
        constant = tuple(constant_sheets(exported))
        if PROOF not in exported.cells:
            return cls(exported, constant, None)
        subject, places = exported.at_first, exported.origin.places
        workings = Workings()
        sheets = [*_sheets(subject, workings), *constant, exported.weights, workings.canvas]
        sheets.sort(key=lambda each: exported.origin.sheets.index(each.name))
        layers = _numbers_of_layers(subject, places)
        built = measured(subject, places, [*sheets, *layers], nearness(subject))
        return cls(exported, constant, built)

    def sheets(self, subject: Subject, is_new: bool = False) -> list[Canvas]:
        """Return the sheets of a subject but those of the layers.

        The numbers of a new workbook are those that are proven.
        """
        workings, places = Workings(), self.exported.origin.places
        first, *others = _sheets(subject, workings)
        sheets = [first, *others, *self.constant]
        if self.built is None:
            workings.fit()
            return [*sheets, workings.canvas]
        _hold(first, self.exported, subject)
        layers = () if is_new else _numbers_of_layers(subject, places)
        proof = prove([*sheets, self.exported.weights, *layers], self.built, workings, is_new)
        return [*sheets, proof, workings.canvas]

    def dependent_sheets(self, subject: Subject) -> Iterator[Canvas]:
        """Yield all sheets with formulas, of the layers' only each softmax."""
        yield from self.sheets(subject)
        yield from layer_sheets(subject, self.exported.origin.places, Softmax)


def _sheets(subject: Subject, workings: Workings) -> list[Canvas]:
    """Return the sheets whose values depend on the input, but those of the layers."""
    first, places = input_sheet(subject)
    cases = [cases_sheet(subject)] if subject.cases else []
    return [first, *cases, *live_sheets(subject, places, workings)]


def _numbers_of_layers(subject: Subject, places: InputPlaces) -> list[Canvas]:
    """Return the sheets of the layers, all of whose formulas are empty."""
    return list(layer_sheets(subject, places, formula=lambda _: "="))


def _hold(canvas: Canvas, exported: ExportedFile, subject: Subject) -> None:
    """Let the cells to type in hold what the file does, while a sample is chosen."""
    places = exported.origin.places
    for unit in np.ndindex(subject.network.input.output.sides) if subject.choice else ():
        place = places.drawn(*unit)
        value = exported.cell(places.sheet, place).value
        canvas.write(*place, "" if value is None else value, canvas.cells[place].style)


def wrong_values(canvas: Canvas, values: Values) -> Iterator[str]:
    """Yield a sentence on each formula cell that does not have the promised value."""
    found = values.get(canvas.name, {})
    for row, column, _, expected in canvas.promised():
        value = found.get((row, column))
        if not _agrees(expected, value, canvas.scales.get((row, column), 1.0)):
            where = spoken_place(canvas.name, (row, column))
            yield f"{where} is {spoken(value)}; expected {spoken(expected)}"


def error_values(
    exported: ExportedFile, values: Values, but: Mapping[str, Collection[tuple[int, int]]]
) -> Iterator[str]:
    """Yield the formulas with an error value on sheets that are not those of layers.

    The cells in `but` are left out.
    """
    for name in sorted(exported.cells.keys() - exported.sheets.keys()):
        for place, cell in exported.cells[name].items():
            if place in but.get(name, ()):
                continue
            value = values.get(name, {}).get(place)
            if cell.formula is not None and _is_error(value):
                yield f"{spoken_place(name, place)} is {value}"


def _is_error(value: object) -> bool:
    return isinstance(value, str) and [token.kind for token in tokens(value)] == ["error"]


def same_formula(expected: str, found: str) -> bool:
    """Compare formulas without "=", ignoring case, spaces and the notation of numbers.

    Two numbers are the same if they differ by no more than `LITERAL`.
    """
    if expected == found:
        return True
    one, other = ([t for t in tokens(text) if t.kind != "space"] for text in (expected, found))
    return len(one) == len(other) and all(map(_same_token, one, other))


def _same_token(one: Token, other: Token) -> bool:
    if one.kind == other.kind == "number":
        return math.isclose(float(one.text), float(other.text), rel_tol=LITERAL)
    if one.kind == "text":
        return one == other
    return one.kind == other.kind and one.text.upper() == other.text.upper()


def _agrees(expected: Value, found: object, scale: float) -> bool:
    if isinstance(expected, str):
        text = "" if found is None else found
        return isinstance(text, str) and same_text(expected, text)
    if type(found) not in (int, float):
        return False
    assert isinstance(found, (int, float))
    if math.isnan(expected):  # what Proof sums is too large
        return True
    return abs(found - expected) <= TOLERANCE * max(1.0, abs(expected), scale)


def _wrong_formulas(exported: ExportedFile, canvas: Canvas) -> Iterator[str]:
    promised = {(row, column): formula for row, column, formula, _ in canvas.promised()}
    for place, formula in promised.items():
        cell, where = exported.cell(canvas.name, place), spoken_place(canvas.name, place)
        if cell.formula is None:
            found = spoken(cell.value)
            yield f"{where} holds {found} instead of a formula; expected {_short(formula)}"
        elif not same_formula(formula[1:], FORMER.sub(r"\1\2", cell.formula)):
            yield f"{where} holds {_short('=' + cell.formula)}; expected {_short(formula)}"
    for place, cell in exported.cells[canvas.name].items():
        if cell.formula is not None and place in canvas.cells and place not in promised:
            where = spoken_place(canvas.name, place)
            yield f"{where} holds {_short('=' + cell.formula)} where no formula belongs"


def _short(formula: str) -> str:
    return formula if len(formula) <= LONGEST else f"{formula[:LONGEST]}…"


def _wrong_constants(exported: ExportedFile, canvas: Canvas) -> Iterator[str]:
    cells = exported.cells[canvas.name]
    for row, column, right in canvas.numbers_written():
        place = row, column
        cell = cells.get(place, EMPTY)
        if type(cell.value) is float and cell.value == right and cell.formula is None:
            continue
        same = type(cell.value) is float and math.isclose(cell.value, right, rel_tol=LITERAL)
        if cell.formula is not None or not same:
            found = spoken(cell.value) if cell.formula is None else f"={cell.formula}"
            where = spoken_place(canvas.name, place)
            yield f"{where} holds {found}; the network has {spoken(right)}"
