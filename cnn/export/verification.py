"""Verifies an exported network: every activation, recalculated, against torch in float64.

The inputs go in through the file's own cells: a sample by its number, a drawing cell by cell. The
engines get a copy whose cached values are all wrong, so that none can pass for a computed one.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import nn

from cnn.export.from_torch import read_network
from cnn.export.inputs import FIRST_SAMPLE, FIRST_VALUE, SAMPLES, SamplePlaces
from cnn.export.layout import Sheet, sheets_of
from cnn.export.origin import Origin, read_origin
from cnn.export.reference import Reference
from cnn.export.sessions import Changes, recalculations
from cnn.export.stages import Array, Network
from sheetgen.canvas import cell_address
from sheetgen.engines import EMBEDDED, Engine, Values
from sheetgen.errors import InputError
from sheetgen.xlsx import FileCell, read_cells

TOLERANCE = 1e-9  # |found - expected| <= TOLERANCE * max(1, |expected|)

_ERROR = re.compile(r"#[A-Z0-9/]+[!?]?")

Cells = Mapping[str, Mapping[tuple[int, int], FileCell]]


@dataclass(frozen=True)
class LayerResult:
    """What one engine made of one layer: the largest relative difference, the first wrong cell."""

    layer: str
    activations: int
    largest_difference: float
    wrong: str = ""
    """A sentence on the first cell that is wrong; empty if none is."""

    @property
    def passed(self) -> bool:
        """Whether every activation is torch's."""
        return not self.wrong


@dataclass(frozen=True)
class Result:
    """What one engine made of one input; `predicted` and `expected` are the likeliest classes.

    They are None for a network without probabilities.
    """

    engine: str
    shown: str
    layers: tuple[LayerResult, ...]
    predicted: int | None
    expected: int | None
    errors: tuple[str, ...] = ()
    """The formulas of other sheets that come to an error, such as `Digit!C5 comes to #REF!`."""

    @property
    def passed(self) -> bool:
        """Whether every layer passed, the classes are the same and no formula is an error."""
        agrees = all(layer.passed for layer in self.layers) and self.predicted == self.expected
        return agrees and not self.errors

    @property
    def wrong(self) -> str:
        """A sentence on the first thing that is wrong; empty if all passed."""
        return next((layer.wrong for layer in self.layers if layer.wrong), "".join(self.errors[:1]))

    @property
    def activations(self) -> int:
        """Number of activations compared."""
        return sum(layer.activations for layer in self.layers)

    @property
    def largest_difference(self) -> float:
        """The largest |found - expected| / max(1, |expected|) of all activations."""
        return max(layer.largest_difference for layer in self.layers)


@dataclass(frozen=True, eq=False)
class Case:
    """One input: what it is, the changes to the input cells, and its numbers."""

    shown: str
    changes: Changes
    values: Array


@dataclass(frozen=True, eq=False)
class ExportedFile:
    """A workbook to verify: its cells, how it was exported, the network that should be in it."""

    path: Path
    cells: Cells
    origin: Origin
    network: Network
    reference: Reference

    @property
    def sheets(self) -> dict[str, Sheet]:
        """Where each layer's activations stand."""
        return sheets_of(self.network)


def read_exported(path: Path, model: nn.Module) -> ExportedFile:
    """Read a workbook and the network that it should show.

    Raises InputError when the file is no export, lacks a sheet, or has those of other layers.
    """
    origin = read_origin(path)
    network = read_network(
        model,
        origin.source,
        fold_batchnorm=origin.fold_batchnorm,
        probabilities=origin.probabilities,
    )
    cells = read_cells(path)
    for name in (*origin.sheets, *(layer.name for layer in network.layers)):
        if name not in cells:
            raise InputError(f"{path}: the sheet {name} is missing")
    return ExportedFile(path, cells, origin, network, Reference(model, network))


def verify_workbook(
    path: Path | str,
    model: nn.Module,
    engines: Sequence[Engine] = (EMBEDDED,),
    inputs: int = 3,
    seed: int = 0,
) -> list[Result]:
    """Return a result for each engine and each input of an exported workbook.

    Raises InputError as `read_exported` does, RunError when an engine fails.
    """
    exported = read_exported(Path(path), model)
    cases = choose_cases(exported, inputs, np.random.default_rng(seed))
    return [found for engine in engines for found in verify_cases(exported, engine, cases)]


def choose_cases(exported: ExportedFile, count: int, random: np.random.Generator) -> list[Case]:
    """Return some of the file's samples at random and, last, numbers typed cell by cell.

    What is typed is a sample upside down, or noise where there are no samples.
    """
    total = exported.origin.samples
    numbers = 1 + random.permutation(total)[: max(0, count - 1)]
    cases = [sample_case(exported, int(number)) for number in sorted(numbers)]
    while len(cases) < count:
        cases.append(_typed(exported, len(cases), random))
    return cases


def sample_case(exported: ExportedFile, number: int) -> Case:
    """Return the case of one of the file's samples, counted from 1.

    Raises InputError if the file has no number in its cells.
    """
    choice = exported.origin.places.choice
    assert choice is not None
    changes = {exported.origin.places.sheet: {choice: float(number)}}
    return Case(f"sample {number}", changes, _sample(exported, number))


def drawing_case(exported: ExportedFile, values: Array, shown: str = "a drawing") -> Case:
    """Return the case of numbers (channels, height, width) typed into the input's cells."""
    places = exported.origin.places
    changes = {places.drawn(*unit): float(value) for unit, value in np.ndenumerate(values)}
    if places.choice is not None:
        changes[places.choice] = 0.0
    return Case(shown, {places.sheet: changes}, values)


def _sample(exported: ExportedFile, number: int) -> Array:
    shape = exported.origin.source.output
    listed = SamplePlaces(exported.origin.samples, shape)
    row, cells = FIRST_SAMPLE + number - 1, exported.cells[SAMPLES]
    values = np.zeros((shape.channels, shape.height, shape.width))
    for unit in np.ndindex(values.shape):
        place = row, FIRST_VALUE + listed.at(*unit)
        found = cells.get(place, FileCell(None, None)).value
        if type(found) is not float:
            where = f"{SAMPLES}!{cell_address(*place)}"
            raise InputError(f"{exported.path}: {where} holds {found!r}; expected a number")
        values[unit] = found
    return values


def _typed(exported: ExportedFile, number: int, random: np.random.Generator) -> Case:
    if exported.origin.samples:
        sample = _sample(exported, 1 + int(random.integers(exported.origin.samples)))
        return drawing_case(exported, sample[:, ::-1].copy(), "a sample upside down")
    shape = exported.origin.source.output
    noise = random.standard_normal((shape.channels, shape.height, shape.width))
    return drawing_case(exported, noise, f"noise {number + 1}")


def verify_cases(exported: ExportedFile, engine: Engine, cases: Sequence[Case]) -> Iterator[Result]:
    """Yield what an engine makes of each input. Raises RunError when it fails."""
    expected = exported.reference.activations(np.stack([case.values for case in cases]))
    found = recalculations(engine, exported.path, [case.changes for case in cases])
    for number, (case, values) in enumerate(zip(cases, found, strict=True)):
        right = {name: numbers[number] for name, numbers in expected.items()}
        yield _compare(exported, engine.version(), case, right, values)


def _compare(
    exported: ExportedFile,
    engine: str,
    case: Case,
    expected: Mapping[str, Array],
    values: Values,
) -> Result:
    layers, maps = [], dict[str, Array]()
    for name, sheet in exported.sheets.items():
        maps[name] = _map(sheet, values.get(name, {}))
        layers.append(_layer(exported.cells[name], sheet, maps[name], expected[name]))
    predicted = right = None
    if shares := exported.network.probabilities:
        if not np.isnan(maps[shares.name]).any():
            predicted = int(maps[shares.name].argmax())
        right = int(expected[shares.name].argmax())
    errors = tuple(_errors(exported, values))
    return Result(engine, case.shown, tuple(layers), predicted, right, errors)


def _errors(exported: ExportedFile, values: Values) -> Iterator[str]:
    """Yield the formulas of the sheets that show no layer which come to an error value."""
    for name in exported.cells.keys() - exported.sheets.keys():
        for place, cell in exported.cells[name].items():
            value = values.get(name, {}).get(place)
            if cell.formula is not None and isinstance(value, str) and _ERROR.fullmatch(value):
                yield f"{name}!{cell_address(*place).replace('$', '')} comes to {value}"


def _map(sheet: Sheet, values: Mapping[tuple[int, int], object]) -> Array:
    """Return a layer's activations as an engine found them, NaN where there is no number."""
    shape = sheet.shape
    found = np.full((shape.channels, shape.height, shape.width), math.nan)
    for unit in sheet.units():
        value = values.get(sheet.cell(*unit))
        if type(value) in (int, float):
            found[unit] = value
    return found


def _layer(
    cells: Mapping[tuple[int, int], FileCell], sheet: Sheet, found: Array, expected: Array
) -> LayerResult:
    differences = np.abs(found - expected) / np.maximum(1.0, np.abs(expected))
    wrong = ""
    for unit in sheet.units():
        place = sheet.cell(*unit)
        where = f"{sheet.name}!{cell_address(*place).replace('$', '')}"
        if cells.get(place, FileCell(None, None)).formula is None:
            wrong = f"{where} holds no formula"
        elif not differences[unit] <= TOLERANCE:
            wrong = f"{where} comes to {found[unit]!r}, torch to {expected[unit]!r}"
        if wrong:
            break
    finite = differences[np.isfinite(differences)]
    largest = float(finite.max()) if finite.size else math.inf
    return LayerResult(sheet.name, found.size, largest, wrong)
