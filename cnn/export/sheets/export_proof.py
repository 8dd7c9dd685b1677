"""The sheet `Proof` of an exported network: torch's numbers beside those of the live formulas.

It is the one of `sheetgen build`, for the input that the workbook was exported with.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cnn.export.sheets.accuracy_sheet import ACCURACY
from cnn.export.sheets.cases_sheet import FIRST, LEFT
from cnn.export.sheets.export_style import CASES
from cnn.export.sheets.kernels_sheet import KERNELS
from cnn.export.sheets.layout import InputPlaces, Sheet
from cnn.export.sheets.network_sheet import NETWORK
from cnn.export.sheets.subject import Subject
from cnn.export.sheets.weights_sheet import WEIGHTS
from sheetgen.spreadsheet.agreement import DIVERGED, OTHER_TOLERANCE, TOLERANCE
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.workbook.plan import WORKINGS
from sheetgen.workbook.promise import MARGIN, closeness
from sheetgen.workbook.sheets.proof.checksums import SIZES, Terms, most_of
from sheetgen.workbook.sheets.proof.given import formulas_of
from sheetgen.workbook.sheets.proof.measured import BLOCKS, everywhere, titles_of
from sheetgen.workbook.sheets.proof.proof import FORMULAS_OF_PART, AsBuilt

LARGEST = 1e15
"""A larger number is not promised. Masks of attention and prices are large, and summed apart."""
BECAUSE = "Rounding alone may change their digits, or their numbers are too large."
CONSTANT = (KERNELS, WEIGHTS, ACCURACY)
"""The sheets that do not depend on the input."""


def nearness(subject: Subject) -> dict[str, float]:
    """Return by how much the activations of each layer may differ, relative to max(1, |value|).

    It is inf from the layer on in which rounding alone decides the digits, for the input that is
    shown or one of the cases.
    """
    assert subject.reference is not None
    shown, cases = subject.shown[None], subject.cases
    if cases:
        shown = np.concatenate([shown, np.array(cases.complete).reshape(-1, *shown.shape[1:])])
    movement = []
    for name, found in subject.reference.moved_activations(shown).items():
        exact = subject.values[name][None]
        if cases and len(shown) > 1:
            exact = np.concatenate([exact, cases.values[name]])
        apart = np.abs(found - exact) / np.maximum(1.0, np.abs(exact))
        movement.append(np.inf if np.isnan(apart).any() else apart.max(initial=0.0))
    near = closeness(OTHER_TOLERANCE, np.array(movement)).tolist()
    return dict(zip(subject.sheets, near, strict=True))


def measured(
    subject: Subject, places: InputPlaces, canvases: Sequence[Canvas], near: Mapping[str, float]
) -> AsBuilt:
    """Return the checksums of sheets as torch computes them for the input that is shown.

    `near` is the nearness of the layers.
    """
    apart = dict.fromkeys((canvas.name for canvas in canvases), max(near.values()))
    apart |= dict.fromkeys(CONSTANT, MARGIN * TOLERANCE) | dict(near)
    sizes = (*SIZES, (DIVERGED, LARGEST))
    terms = {
        canvas.name: Terms(
            titles_of(canvas, BLOCKS if canvas.name == WORKINGS else None),
            everywhere(apart[canvas.name]),
            sizes,
            canvas.name == WEIGHTS,
        )
        for canvas in canvases
    }
    inputs = {canvas.name: [*canvas.inputs.values()] for canvas in canvases}
    for name, cells in ((places.sheet, _typed(subject, places)), (CASES, _cases(subject))):
        if name in inputs:
            inputs[name] += cells
    tables = {places.sheet, NETWORK, *CONSTANT, *subject.sheets}
    found = AsBuilt.of(canvases, terms, inputs, [places.sheet], tables)
    return replace(found, by="PyTorch", because=BECAUSE)


def _typed(subject: Subject, places: InputPlaces) -> Iterable[tuple[int, int]]:
    """Yield the cells into which the user types an input."""
    return (places.drawn(*unit) for unit in np.ndindex(subject.network.input.output.sides))


def _cases(subject: Subject) -> Iterable[tuple[int, int]]:
    """Yield the cells of the table of cases."""
    held = subject.cases.held if subject.cases else ()
    return (
        (FIRST + row, LEFT + column) for row, line in enumerate(held) for column in range(len(line))
    )


@dataclass(frozen=True)
class Foretold:
    """What `Proof` will have: formulas, rows, and ranges that are summed."""

    formulas: int
    rows: int
    ranges: int


def foretold(pictures: AsBuilt, sheets: Iterable[Sheet]) -> Foretold:
    """Return what `Proof` will have before the layers are composed.

    `pictures` is what the other sheets prove.
    """
    columns = {sheet.name: sheet.shape.channels * sheet.shape.width for sheet in sheets}
    rows = len(pictures.parts) + sum(-(-count // most_of(name)) for name, count in columns.items())
    ranges = sum(len(part.runs) for part in pictures.parts) + sum(columns.values())
    # With the verdict, its sentence, and the verdict on `Network`.
    formulas = FORMULAS_OF_PART * rows + formulas_of(pictures.inputs) + 3
    return Foretold(formulas, rows, ranges)
