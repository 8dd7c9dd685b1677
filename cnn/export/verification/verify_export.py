"""Verifies an exported network: every formula cell, recalculated, against torch in float64.

The inputs are set through the file's own cells: a sample by its number, a drawing cell by cell,
the layer that `Layers` shows by its name. The engines get a copy whose cached values are all
wrong, so that none can pass for a computed one. Formulas must also have the text that the export
writes: the inputs that are tried would rarely reveal one that is wrong for few inputs only.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cnn.export.estimators import Known, is_estimator, read_estimator
from cnn.export.network.stages import Input
from cnn.export.other_frameworks import as_network_of
from cnn.export.sheets.layout import Sheet
from cnn.export.sheets.subject import Subject, cases_of
from cnn.export.verification.cases import Case, choose_cases
from cnn.export.verification.cell_checks import (
    TOLERANCE,
    AsProven,
    error_values,
    wrong_cells,
    wrong_values,
)
from cnn.export.verification.exported_file import ExportedFile, read_exported, spoken, spoken_place
from sheetgen.console import progress
from sheetgen.network.activations import Array
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.engines import EMBEDDED, Engine, Values


@dataclass(frozen=True)
class LayerResult:
    """One engine's result for one layer: the largest relative difference, the first wrong cell."""

    layer: str
    activations: int
    largest_difference: float
    wrong: str = ""
    """A sentence on the first cell that is wrong; empty if none is."""


@dataclass(frozen=True)
class Result:
    """One engine's result for one input; `predicted` and `expected` are the likeliest classes.

    They are None for a network without probabilities.
    """

    engine: str
    shown: str
    layers: tuple[LayerResult, ...]
    predicted: int | None
    expected: int | None
    unwritten: tuple[str, ...] = ()
    """A sentence on each cell that does not hold what the export writes."""
    findings: tuple[str, ...] = ()
    """A sentence on each cell, not of a layer, with a wrong value."""
    written_by: str = ""
    """The version that exported the file."""
    not_verified: tuple[str, ...] = ()
    """The sheets that it, being older, laid out differently."""
    classes: tuple[str, ...] = ()
    """The names of the classes, unless they are numbers."""

    def name(self, label: int | None) -> str:
        """Return what a class is called."""
        return self.classes[label] if self.classes and label is not None else str(label)

    @property
    def passed(self) -> bool:
        """Whether no cell is wrong and the classes are the same."""
        return self.predicted == self.expected and not self.wrongs()

    @property
    def wrong(self) -> str:
        """A sentence on the first wrong cell; empty if all passed."""
        return next(iter(self.wrongs()), "")

    def wrongs(self, most: int | None = None) -> list[str]:
        """Return sentences on wrong cells, at most `most` of each kind if that is given.

        The kinds: cells that do not hold what the export writes, the first wrong activation of
        each layer, and other cells.
        """
        layers = [layer.wrong for layer in self.layers if layer.wrong]
        return [*self.unwritten[:most], *layers[:most], *self.findings[:most]]

    @property
    def activations(self) -> int:
        """The number of activations compared."""
        return sum(layer.activations for layer in self.layers)

    @property
    def largest_difference(self) -> float:
        """The largest |found - expected| / max(1, |expected|) of all activations."""
        return max(layer.largest_difference for layer in self.layers)


def verify_workbook(
    path: Path | str,
    model: Any,  # noqa: ANN401 - what export_workbook takes
    engines: Sequence[Engine] = (EMBEDDED,),
    inputs: int = 3,
    seed: int = 0,
    *,
    source: Input | None = None,
    name: str = "the network",
) -> list[Result]:
    """Return a result for each engine and each input of an exported workbook.

    `source` is the input that the network is known to have, `name` what messages call it. Raises
    InputError as `read_exported` and `choose_cases` do, RunError if an engine fails.
    """
    model = as_network_of(model, Path(path))
    known = read_estimator(model) if is_estimator(model) else None
    exported = read_exported(Path(path), known.module if known else model, source, name)
    cases = choose_cases(exported, inputs, np.random.default_rng(seed))
    return [found for engine in engines for found in verify_cases(exported, engine, cases, known)]


def verify_cases(
    exported: ExportedFile, engine: Engine, cases: Sequence[Case], known: Known | None = None
) -> Iterator[Result]:
    """Yield an engine's result for each input, compared with what an estimator predicts too.

    Raises RunError if the engine fails.
    """
    expected = exported.reference.activations(np.stack([case.values for case in cases]))
    proven = AsProven.of(exported)
    wrong, different = wrong_cells(proven)
    found = engine.recalculate_changed(exported.path, [case.changes for case in cases])
    counted = progress.counted(cases, f"recalculating with {engine.name}")
    for number, (case, values) in enumerate(zip(counted, found, strict=True)):
        right = {name: numbers[number] for name, numbers in expected.items()}
        subject = replace(
            exported.blank,
            values=right,
            choice=case.choice,
            shown=case.values,
            layer=case.layer,
            first_channel=case.first_channel,
            pick=case.pick,
            cases=cases_of(exported.reference, case.held) if case.held else None,
        )
        every = proven.dependent_sheets(subject)
        sheets = [sheet for sheet in every if _is_compared(exported, sheet, different)]
        findings = tuple(_findings(exported, sheets, values))
        findings += tuple(_predictions(exported, subject, known)) if known else ()
        layers, taken = _layers(exported, right, values)
        yield Result(
            engine.version(),
            case.shown,
            layers,
            *taken,
            wrong,
            findings,
            exported.origin.written_by,
            different,
            exported.origin.source.classes,
        )


def _is_compared(exported: ExportedFile, sheet: Canvas, different: Collection[str]) -> bool:
    """Return whether a sheet's values are compared: not those that are laid out differently."""
    return not exported.is_older or (sheet.name in exported.cells and sheet.name not in different)


def _findings(exported: ExportedFile, sheets: Sequence[Canvas], values: Values) -> Iterator[str]:
    for sheet in sheets:
        yield from wrong_values(sheet, values)
    promised = {
        sheet.name: {(row, column) for row, column, *_ in sheet.promised()} for sheet in sheets
    }
    yield from error_values(exported, values, promised)


def _predictions(exported: ExportedFile, subject: Subject, known: Known) -> Iterator[str]:
    """Yield where an estimator predicts something else than the numbers that cells must have.

    The inputs and the outputs are in their units, unless these were scaled outside of it.
    """
    quantities, scaling = subject.quantities, exported.origin.source.scaling
    given = subject.shown.reshape(1, -1)
    if scaling is not None and known.scaling is None:
        given = scaling.scaled(given)
    predicted = known.predicted(given)
    if known.quantities.output_scaling is None:
        predicted = quantities.restored(predicted)
    for output, found, expected in zip(
        quantities.outputs, subject.outputs, predicted[0].tolist(), strict=False
    ):
        if not abs(found - expected) <= TOLERANCE * max(1.0, abs(expected)):
            yield f"{output.name} is {spoken(found)}; {known.name} predicts {spoken(expected)}"
    for expected in known.classes(given):
        at = quantities.classes.index(quantities.answer(subject.outputs))
        if known.quantities.classes[at] != expected:
            yield f"the answer is {quantities.classes[at]}; {known.name} predicts {expected}"


def _layers(
    exported: ExportedFile, expected: Mapping[str, Array], values: Values
) -> tuple[tuple[LayerResult, ...], tuple[int | None, int | None]]:
    """Return the results of the layers, and the likeliest class as found and as expected."""
    layers, maps = [], dict[str, Array]()
    for name, sheet in exported.sheets.items():
        maps[name] = _map(sheet, values.get(name, {}))
        layers.append(_layer(exported, sheet, maps[name], expected[name]))
    predicted = right = None
    if shares := exported.network.probabilities:
        if not np.isnan(maps[shares.name]).any():
            predicted = int(maps[shares.name].argmax())
        right = int(expected[shares.name].argmax())
    return tuple(layers), (predicted, right)


def _map(sheet: Sheet, values: Mapping[tuple[int, int], object]) -> Array:
    """Return a layer's activations as an engine computed them, NaN for cells without a number."""
    found = np.full(sheet.shape.sides, math.nan)
    for unit in sheet.units():
        value = values.get(sheet.cell(*unit))
        if type(value) in (int, float):
            found[unit] = value
    return found


def _layer(exported: ExportedFile, sheet: Sheet, found: Array, expected: Array) -> LayerResult:
    differences = np.abs(found - expected) / np.maximum(1.0, np.abs(expected))
    wrong = ""
    for unit in sheet.units():
        place = sheet.cell(*unit)
        where = spoken_place(sheet.name, place)
        if exported.cell(sheet.name, place).formula is None:
            wrong = f"{where} holds no formula"
        elif not differences[unit] <= TOLERANCE:
            held = "no number" if math.isnan(found[unit]) else spoken(found[unit])
            wrong = f"{where} is {held}; torch has {spoken(expected[unit])}"
        if wrong:
            break
    finite = differences[np.isfinite(differences)]
    largest = float(finite.max()) if finite.size else math.inf
    return LayerResult(sheet.name, found.size, largest, wrong)
