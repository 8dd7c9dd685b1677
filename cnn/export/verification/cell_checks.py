"""Checks the formula cells of an exported workbook: their formulas, and their values for an input.

The sheets are composed again for each input, which gives the expected value of every formula
cell. The activations on the sheets of the layers are compared as arrays instead, in
verify_export.py; of those sheets only that of a softmax is composed, for its helper cells.
"""

import math
import re
from collections.abc import Collection, Iterator, Mapping

from cnn.export.network.stages import Softmax
from cnn.export.sheets.accuracy_sheet import ACCURACY, formulas_of
from cnn.export.sheets.cases_sheet import cases_sheet
from cnn.export.sheets.compose_export import input_sheet, layer_sheets, live_sheets
from cnn.export.sheets.kernels_sheet import kernels_sheet
from cnn.export.sheets.subject import Subject
from cnn.export.sheets.weights_sheet import WEIGHTS
from cnn.export.verification.exported_file import ExportedFile, spoken, spoken_place
from sheetgen.spreadsheet.agreement import same_text
from sheetgen.spreadsheet.canvas import Canvas, Value
from sheetgen.spreadsheet.engines import Values
from sheetgen.spreadsheet.reader import EMPTY
from sheetgen.spreadsheet.tokens import Token, tokens

TOLERANCE = 1e-9  # |found - expected| <= TOLERANCE * max(1, |expected|)

LONGEST = 100  # characters of a formula in a message
FORMER = re.compile(r"INDEX\((Samples!)?(\$[A-Z]+\$[0-9]+):\2,\$[A-Z]+\$[0-9]+\)")
"""What version 0.1.0 wrote for a number of the only sample, whose cell is enough."""
LITERAL = 1e-14
"""Relative; programs that save a workbook again keep 15 digits of its numbers."""


def wrong_cells(exported: ExportedFile) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return sentences on cells whose formula or parameter is not that of the export.

    In a file of an earlier version such cells only say that it laid out their sheets differently:
    there are no sentences then, but the names of these sheets. Those of layers are not among
    them, for their activations are compared with those of torch wherever their formulas read.
    """
    wrong = list(_wrong_cells(exported))
    if not exported.is_older:
        return tuple(sentence for _, sentence in wrong), ()
    different = dict.fromkeys(sheet for sheet, _ in wrong)
    return (), tuple(sheet for sheet in different if sheet not in exported.sheets)


def _wrong_cells(exported: ExportedFile) -> Iterator[tuple[str, str]]:
    """Yield the sheet and a sentence for each cell."""
    blank = exported.blank
    first, places = input_sheet(blank)
    cases = [cases_sheet(blank)] if blank.cases else []
    others = constant_sheets(exported)
    live = live_sheets(blank, places)
    for canvas in (first, *cases, *live, *others, *layer_sheets(blank, places)):
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
        yield formulas_of(exported.counts())


def dependent_sheets(subject: Subject) -> Iterator[Canvas]:
    """Yield the sheets whose values depend on the input, of the layers' only each softmax."""
    first, places = input_sheet(subject)
    yield first
    if subject.cases:
        yield cases_sheet(subject)
    yield from live_sheets(subject, places)
    yield from layer_sheets(subject, places, Softmax)


def wrong_values(canvas: Canvas, values: Values) -> Iterator[str]:
    """Yield a sentence on each formula cell that does not have the promised value."""
    found = values.get(canvas.name, {})
    for row, column, _, expected in canvas.promised():
        value = found.get((row, column))
        if not _agrees(expected, value):
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


def _agrees(expected: Value, found: object) -> bool:
    if isinstance(expected, str):
        text = "" if found is None else found
        return isinstance(text, str) and same_text(expected, text)
    if type(found) not in (int, float):
        return False
    assert isinstance(found, (int, float))
    return abs(found - expected) <= TOLERANCE * max(1.0, abs(expected))


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
