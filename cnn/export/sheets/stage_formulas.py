"""The formula of each activation, as text; the positions of the numbers are those of layout.py.

A layer's formula is that of its first stage, a window or a cell of the sheet before, wrapped in
those of the pointwise stages after it:

    =MAX(0,SUMPRODUCT(conv1!B4:AW6,conv2_kernel_0)*conv2_scale_0+conv2_shift_0)
"""

import re
from collections.abc import Callable, Sequence
from functools import singledispatch
from itertools import accumulate

import numpy as np

from cnn.export.network.joining_stages import Combine, MatrixProduct
from cnn.export.network.sequence_stages import Embedding, Recurrent
from cnn.export.network.stages import (
    Activate,
    AveragePool,
    Convolution,
    Input,
    Layer,
    LogSoftmax,
    MaxPool,
    Pool,
    ScaleAndShift,
    Softmax,
    Stage,
)
from cnn.export.sheets.layout import InputPlaces, SamplePlaces, Sheet, Unit
from cnn.export.sheets.recurrent_formulas import recurrent_formula
from sheetgen.spreadsheet.address import cell_address, indexed, relative_address
from sheetgen.spreadsheet.tokens import tokens

MOST_ARGUMENTS = 255  # of one function, in Excel
MOST_LISTED, MOST_MASKED = 16, 4096
"""Cells of a pooling that a formula lists, and cells of all channels that a mask is wide for."""
HOLE = "\0"
"""The placeholder for the argument of a pointwise stage."""

Core = Callable[[Unit], str]
"""The formula of a layer's first stage for one unit, without "="."""


def unit_formulas(sheet: Sheet, inputs: InputPlaces) -> Callable[[Unit], str]:
    """Return a function that returns the formula ("=…") of each unit of a layer.

    The input layer reads `inputs`.
    """
    base = sheet.layer.base
    return row_formulas(sheet) if sheet.layer.reads else _formulas(sheet, _input(base, inputs))


def row_formulas(sheet: Sheet) -> Callable[[Unit], str]:
    """Return that function of a layer after the input."""
    return _formulas(sheet, _core(sheet.layer.base, sheet))


def _formulas(sheet: Sheet, core: Core) -> Callable[[Unit], str]:
    layer = sheet.layer
    norms = [stage for stage, _ in parameter_roles(layer.stages)]
    frames: dict[tuple[int, ...], str] = {}

    def formula(unit: Unit) -> str:
        inner = core(unit)
        indices = tuple(parameter_index(stage, unit) for stage in norms)
        if indices not in frames:
            frames[indices] = _frame(layer, indices, inner)
        return "=" + frames[indices].replace(HOLE, inner)

    return formula


def pixel_formula(places: InputPlaces, samples: SamplePlaces, unit: tuple[int, ...]) -> str:
    """Return the formula of a cell that the network reads: the user's number or a sample's."""
    drawn = relative_address(*places.drawn(*unit))
    if places.choice is None:
        return f"={drawn}"
    choice = cell_address(*places.choice)
    return f"=IF({choice}=0,{drawn},{indexed(samples.column(*unit), choice)})"


def parameter_roles(stages: Sequence[Stage]) -> list[tuple[ScaleAndShift, str]]:
    """Return the BatchNorms of a layer, each with the suffix of its parameters' names."""
    norms = [stage for stage in stages if isinstance(stage, ScaleAndShift)]
    return [(stage, str(number) if number > 1 else "") for number, stage in enumerate(norms, 1)]


def parameter_index(stage: ScaleAndShift, unit: Unit) -> int:
    """Return the index of a unit's parameter of a BatchNorm, in torch's order."""
    return stage.output.index(*unit) if stage.output.flat else unit[0]


def _frame(layer: Layer, indices: Sequence[int], example: str) -> str:
    """Return a layer's formula with a hole for that of its first stage, if not pointwise."""
    roles = parameter_roles(layer.stages)
    parameters = {
        id(stage): (f"{layer.name}_scale{role}_{at}", f"{layer.name}_shift{role}_{at}")
        for (stage, role), at in zip(roles, indices, strict=True)
    }
    text, tight = HOLE, _is_tight(example)
    for stage in layer.stages:
        if isinstance(stage, ScaleAndShift):
            scale, shift = parameters[id(stage)]
            text, tight = f"{_enclosed(text, tight)}*{scale}+{shift}", False
        elif isinstance(stage, Activate):
            text = _applied(stage, text, tight)
            tight = _is_tight(text)
    return text


def _applied(stage: Activate, text: str, tight: bool) -> str:
    """Return an activation's formula, without superfluous brackets around its argument."""
    formula = stage.formula(HOLE)
    between_commas = re.fullmatch(rf"[^{HOLE}]*[(,]{HOLE}[),][^{HOLE}]*", formula)
    return formula.replace(HOLE, text if between_commas else _enclosed(text, tight))


def _enclosed(text: str, tight: bool) -> str:
    return text if tight else f"({text})"


def _is_tight(text: str) -> bool:
    """Tell whether a formula is one cell or one function call, which needs no brackets."""
    parts = tokens(text)
    if parts[0].kind != "function":
        return [part.kind for part in parts if part.kind != "sheet"] in (["cell"], ["name"])
    depths = accumulate(part.text.endswith("(") - (part.text == ")") for part in parts)
    return 0 not in list(depths)[:-1]


def _input(stage: Stage, inputs: InputPlaces) -> Core:
    assert isinstance(stage, Input)
    if not stage.normalized:
        return lambda unit: inputs.pixel_address(*unit)
    return lambda unit: f"({inputs.pixel_address(*unit)}/input_white-input_mean)/input_deviation"


@singledispatch
def _core(stage: Stage, sheet: Sheet) -> Core:  # noqa: ARG001
    """Return the formula of a pointwise stage's argument: a cell of the sheet before."""
    return sheet.arguments()


@_core.register
def _combined(stage: Combine, sheet: Sheet) -> Core:
    arguments = [sheet.arguments(at) for at in range(len(sheet.layer.reads))]
    return lambda unit: stage.formula.format(*(each(unit) for each in arguments))


@_core.register
def _matrix_product(stage: MatrixProduct, sheet: Sheet) -> Core:  # noqa: ARG001
    first, second = sheet.arguments(0), sheet.arguments(1)
    inner = range(sheet.layer.reads[0].indices.shape[2])

    def core(unit: Unit) -> str:
        channel, row, column = unit
        return "+".join(f"{first((channel, row, k))}*{second((channel, k, column))}" for k in inner)

    return core


def _before(sheet: Sheet) -> Sheet:
    """Return the sheet of the map over which a layer's windows move."""
    assert sheet.before is not None
    return sheet.before


@_core.register
def _convolution(stage: Convolution, sheet: Sheet) -> Core:
    before = _before(sheet)
    height, width = stage.kernels.shape[2:]
    down, across = stage.stride
    product = "{0}*{1}" if height * width * before.shape.channels == 1 else "SUMPRODUCT({0},{1})"
    bias = "" if stage.biases is None else "+{2}_bias_{3}"

    def core(unit: Unit) -> str:
        channel, row, column = unit
        top, left = row * down - stage.padding.top, column * across - stage.padding.left
        window, kernel = before.window(top, left, height, width), f"{sheet.name}_kernel_{channel}"
        return (product + bias).format(window, kernel, sheet.name, channel)

    return core


@_core.register
def _embedding(stage: Embedding, sheet: Sheet) -> Core:
    chosen, sides = sheet.arguments(), sheet.layer.reads[0].indices.shape
    table = f"{sheet.name}_table_0"

    def core(unit: Unit) -> str:
        column, row, _ = unit
        number = chosen(tuple(np.unravel_index(row, sides)))  # type: ignore[arg-type]
        return table if stage.table.size == 1 else f"INDEX({table},{number}+1,{column + 1})"

    return core


@_core.register
def _recurrent(stage: Recurrent, sheet: Sheet) -> Core:
    return recurrent_formula(stage, sheet)


@_core.register
def _max_pool(stage: MaxPool, sheet: Sheet) -> Core:
    before = _before(sheet)
    return lambda unit: _listed("MAX", _window(stage, before, unit))


@_core.register
def _average_pool(stage: AveragePool, sheet: Sheet) -> Core:
    before = _before(sheet)

    def core(unit: Unit) -> str:
        channel, row, column = unit
        height, width = len(stage.rows[row]), len(stage.columns[column])
        divisor = stage.divisors[row, column]
        if is_masked(before, height, width):
            cells = before.window(stage.rows[row].start, stage.columns[column].start, height, width)
            mask = mask_name(sheet.name, height, width, channel)
            return f"SUMPRODUCT({cells},{mask})/{divisor:.0f}"
        return f"{_listed('SUM', _window(stage, before, unit))}/{divisor:.0f}"

    return core


def is_masked(before: Sheet, height: int, width: int) -> bool:
    """Return whether an average has too many cells to list, so that a mask selects its channel.

    That multiplies the cells of all channels, so a long list is quicker where these are many.
    """
    channels, cells = before.shape.channels, height * width
    is_long = cells > MOST_LISTED and cells * channels <= MOST_MASKED
    return channels > 1 and (is_long or cells > MOST_ARGUMENTS)


def mask_name(layer: str, height: int, width: int, channel: int) -> str:
    """Return the name of the mask that selects one channel in a window of that size."""
    return f"{layer}_mask_{height}x{width}_{channel}"


def _window(stage: Pool, before: Sheet, unit: Unit) -> list[str]:
    """Return the cells of a window, as one range if there is one channel and no gaps."""
    channel, row, column = unit
    rows, columns = stage.rows[row], stage.columns[column]
    gaps = rows.step > 1 or columns.step > 1
    if before.shape.channels == 1 and not gaps:
        return [before.window(rows.start, columns.start, len(rows), len(columns))]
    return [before.address(channel, y, x) for y in rows for x in columns]


def _listed(function: str, cells: Sequence[str]) -> str:
    """Return a function of many cells, nested where there are more than it can take."""
    while len(cells) > MOST_ARGUMENTS:
        parts = range(0, len(cells), MOST_ARGUMENTS)
        cells = [f"{function}({','.join(cells[at : at + MOST_ARGUMENTS])})" for at in parts]
    return f"{function}({','.join(cells)})"


@_core.register
def _softmax(stage: Softmax, sheet: Sheet) -> Core:
    argument = sheet.arguments()
    greatest, total = sheet.helper(sheet.greatest), sheet.helper(sheet.total)
    if isinstance(stage, LogSoftmax):
        return lambda unit: f"{argument(unit)}-{greatest}-LN({total})"
    return lambda unit: f"{relative_address(*sheet.exponential(*unit))}/{total}"
