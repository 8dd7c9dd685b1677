"""The inputs to verify a workbook with, set through its own input cells."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cnn.export.network.stages import Input, Places
from cnn.export.sheets.activation_page import KEYS
from cnn.export.sheets.activation_sheet import ACTIVATION
from cnn.export.sheets.cases_sheet import FIRST as FIRST_CASE
from cnn.export.sheets.cases_sheet import LEFT
from cnn.export.sheets.export_style import CASES
from cnn.export.sheets.layers_grid import FIRST, LAYER
from cnn.export.sheets.layers_sheet import LAYERS
from cnn.export.sheets.subject import Pick
from cnn.export.verification.exported_file import ExportedFile, spoken, spoken_place
from sheetgen.errors import InputError
from sheetgen.network.activations import Array
from sheetgen.spreadsheet.canvas import Canvas, Value
from sheetgen.spreadsheet.library_calls import Changes

KEPT = 3
"""Every third row of the table of cases is verified with what it holds."""


@dataclass(frozen=True, eq=False)
class Case:
    """One input: what messages call it, the changes to the input cells, and its numbers.

    `values` are (channels, height, width), `choice` is the number of the sample with these values,
    0 if they are typed in; `layer` is shown on `Layers`, from `first_channel` on, and `pick` is
    what `Activation` takes apart.
    """

    shown: str
    changes: Changes
    values: Array
    choice: int
    layer: str
    first_channel: int
    pick: Pick | None = None
    held: tuple[tuple[Value | None, ...], ...] = ()
    """What the rows of the table of cases hold."""


def choose_cases(exported: ExportedFile, count: int, random: np.random.Generator) -> list[Case]:
    """Return some of the file's samples at random and, last, noise typed cell by cell.

    In the noise every cell has a different number. Each case shows another layer on `Layers`.
    Raises InputError if an input cell holds something unexpected.
    """
    total = exported.origin.samples
    numbers = sorted(1 + random.permutation(total)[: max(0, count - 1)])
    turn = int(random.integers(len(exported.sheets)))
    cases = [sample_case(exported, int(number), turn + at) for at, number in enumerate(numbers)]
    while len(cases) < count:
        values = _usable(exported, noise(exported.origin.source, random, exported.network.choices))
        cases.append(drawing_case(exported, values, "noise, typed in", turn + len(cases)))
    return cases


def _usable(exported: ExportedFile, values: Array) -> Array:
    """Return numbers of which the network has finite results, if need be without their signs.

    A network may take logarithms of its inputs, or roots.
    """
    for tried in (values, abs(values), abs(values) + 1):
        found = exported.reference.activations(tried[None])
        if all(np.isfinite(each).all() for each in found.values()):
            return tried
    return values


def noise(source: Input, random: np.random.Generator, choices: Places | None = None) -> Array:
    """Return numbers for the input's cells (channels, height, width), no two of them the same.

    Those of pictures are from empty to full ink, others have the standard normal distribution once
    they are scaled, or are one of so many whole numbers from 0 where `choices` is not 0.
    """
    shape = source.output
    if not source.normalized:
        values = random.standard_normal(shape.sides)
        if source.scaling is not None:
            values = source.scaling.restored(values, shape.named_axis)
        if choices is None:
            return values
        return np.where(choices > 0, random.integers(np.maximum(choices, 1)), values)
    ink = (1.0 + random.permutation(shape.size)) * source.white / shape.size
    return ink.reshape(shape.sides)


def sample_case(exported: ExportedFile, number: int, turn: int | None = None) -> Case:
    """Return the case of one of the file's samples, counted from 1.

    `turn` says which layer `Layers` shows. Raises InputError if a cell holds no number.
    """
    values = exported.samples.values[number - 1]
    return _case(exported, f"sample {number}", values, number, number if turn is None else turn)


def drawing_case(
    exported: ExportedFile, values: Array, shown: str = "a drawing", turn: int = 0
) -> Case:
    """Return the case of numbers (channels, height, width) typed into the input's cells."""
    return _case(exported, shown, values, 0, turn)


def _case(exported: ExportedFile, shown: str, values: Array, choice: int, turn: int) -> Case:
    places = exported.origin.places
    layers = exported.layers
    drawn = () if choice else np.ndenumerate(values)
    typed: dict[tuple[int, int], float | str]
    typed = {places.drawn(*unit): float(x) for unit, x in drawn}
    if places.choice:
        typed[places.choice] = float(choice)
    names, channel = layers.options[LAYER], 0
    layer = names[turn % len(names)]
    chosen: dict[tuple[int, int], float | str] = {layers.inputs[LAYER]: layer}
    if FIRST in layers.inputs:
        # Seven does not divide the usual numbers of channels.
        channel = 7 * turn % exported.network.layer(layer).output.channels
        chosen[layers.inputs[FIRST]] = float(channel)
    changes: dict[str, dict[tuple[int, int], float | str]]
    changes = {places.sheet: typed, LAYERS: chosen}
    pick = None
    if exported.activation is not None:
        pick = _pick(exported, exported.activation, turn)
        cells = exported.activation.inputs
        changes[ACTIVATION] = {cells[LAYER]: pick.layer}
        for key, number in zip(KEYS[1:], pick[1:], strict=True):
            changes[ACTIVATION][cells[key]] = float(number)
    held = exported.held
    if held:
        changes[CASES], held = _table(exported, turn)
    if exported.is_older:  # sheets that are laid out differently are not verified
        changes = {
            sheet: cells
            for sheet, cells in changes.items()
            if sheet == places.sheet or not any(_unusable(exported, {sheet: cells}))
        }
    for sentence in _unusable(exported, changes):
        raise InputError(f"{exported.path}: {sentence}")
    return Case(shown, changes, values, choice, layer, channel, pick, held)


def _table(
    exported: ExportedFile, turn: int
) -> tuple[dict[tuple[int, int], float | str], tuple[tuple[Value | None, ...], ...]]:
    """Return new numbers for two thirds of the rows of the table, and what all rows then hold.

    The same rows stay as they are each time, also those with texts or formulas of the user's: no
    engine empties a cell again.
    """
    source = exported.origin.source
    random, typed, held = np.random.default_rng(turn), dict[tuple[int, int], float | str](), []
    for at, former in enumerate(exported.held):
        places = [(FIRST_CASE + at, LEFT + column) for column in range(len(former))]
        cells = [exported.cell(CASES, place) for place in places]
        is_free = all(each.formula is None and not isinstance(each.value, str) for each in cells)
        if not is_free or at % KEPT == KEPT - 1:
            held.append(former)
            continue
        numbers = noise(source, random, exported.network.choices).reshape(-1).tolist()
        typed |= dict(zip(places, numbers, strict=True))
        held.append(tuple(numbers))
    return typed, tuple(held)


def _pick(exported: ExportedFile, canvas: Canvas, turn: int) -> Pick:
    """Return what is chosen on `Activation`: another layer each time, and other places."""
    names = canvas.options[LAYER]
    layer = names[turn % len(names)]
    sheet = exported.sheets[layer]
    assert sheet.before is not None
    # Seven and five do not divide the usual numbers of channels and pixels.
    channel = 7 * turn % sheet.shape.channels
    row, column = 5 * turn % sheet.shape.height, 7 * turn % sheet.shape.width
    return Pick(layer, channel, row, column, 5 * turn % sheet.before.shape.channels)


def _unusable(exported: ExportedFile, changes: Changes) -> Iterator[str]:
    """Yield what is wrong with the cells that will be changed. Empty ones count as 0."""
    for sheet, cells in changes.items():
        for place, new in cells.items():
            cell = exported.cell(sheet, place)
            kind = "text" if isinstance(new, str) else "number"
            fits = type(cell.value) is (str if kind == "text" else float)
            where = spoken_place(sheet, place)
            if cell.formula is not None:
                yield f"the input cell {where} holds ={cell.formula}"
            elif not fits and (kind == "text" or cell.value is not None):
                yield f"the input cell {where} holds {spoken(cell.value)}; expected a {kind}"
