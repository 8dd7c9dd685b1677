"""Draws what is known of a trained network: layers, confusion matrix, wrong samples."""

from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from struct import unpack

from cnn.log.description import Confusion, Example, Layer, TrainingLog
from cnn.log.log_page import GRID, Area, Half, Page, grid
from sheetgen.errors import short
from sheetgen.spreadsheet.address import cell_address, range_address
from sheetgen.spreadsheet.canvas import POSITIVE, Picture, Place, Value
from sheetgen.spreadsheet.style import (
    HEAT,
    INPUT,
    LABEL,
    LINE,
    NOTE,
    SECTION,
    VERDICT,
    Style,
    header,
    number,
)

_COLUMNS = ((0, 2), (2, 2), (4, 2), (6, 2))
"""First cell and number of cells of each column of the layer table."""
_PICTURE_SIDE = 56
"""Pixels of the longer side of a picture."""
_PICTURE_ROWS = 3
_LABELS = 2
"""Cells of the grid that the name of a class has, and a share."""
MOST_CLASSES = GRID - 2 * _LABELS
"""Classes that the matrix has room for."""
_SHORT = 5
"""Letters of a name that a square has room for."""
_ROW_LETTERS = 18
"""Letters of a name that have room in two lines beside the squares."""
_PAIRS = 20
_SHADES = 5
_COUNT = Style(number_format="#,##0;;", align="center", size=9, border=LINE)
_HIT = Style(number_format="#,##0", align="center", size=9, border=LINE, bold=True, fill="#F1F5F9")
_SHARE = Style(number_format="0.0%", align="center", size=9)
_CAPTION = Style(bold=True, size=9, align="center")
_CAPTION_LENGTH = 10
"""Letters that a picture is as wide as."""
_PROBABILITY = Style(size=8, align="center", number_format="0.0%", colour=LABEL.colour)


def draw_layers(half: Half, log: TrainingLog) -> None:
    """Draw the layer table with the number of all parameters."""
    layers, area, row = log.layers, half.area, half.row
    half.row += len(layers) + (5 if log.most_parameters else 4)
    area.say(row, 0, "Layers", SECTION)
    has_field = any(layer.receptive_field for layer in layers)
    titles = ["layer", "output shape", "parameters", "receptive field"][: 4 if has_field else 3]
    for title, (cell, width) in zip(titles, _COLUMNS, strict=False):
        area.write(row + 1, cell, title, header("unit"), width)
    first = row + 2
    for at, layer in enumerate(layers, start=first):
        _layer(area, at, layer, has_field)
    last, column = first + len(layers) - 1, area.at(_COLUMNS[2][0])
    total = sum(layer.parameters for layer in layers)
    area.say(last + 1, 0, "all parameters", Style(bold=True))
    strong = Style(bold=True, number_format="#,##0")
    cell, width = _COLUMNS[2]
    whole = range_address(first, column, last, column)
    counted = area.calculate(last + 1, cell, f"=SUM({whole})", total, strong, width)
    if log.most_parameters is not None:
        _limit(area, last + 2, counted, total, log.most_parameters)


def _layer(area: Area, row: int, layer: Layer, has_field: bool) -> None:
    values: list[tuple[Value, Style]] = [
        (layer.name, number("unit")),
        (" × ".join(map(str, layer.shape)), number("unit")),
        (layer.parameters, number("unit", "#,##0")),
    ]
    if has_field:
        values.append((layer.receptive_field or "", number("unit", "#,##0")))
    for (value, style), (cell, width) in zip(values, _COLUMNS, strict=False):
        area.write(row, cell, value, style, width)


def _limit(area: Area, row: int, counted: str, total: int, most: int) -> None:
    canvas, (cell, width) = area.canvas, _COLUMNS[2]
    area.say(row, 0, "fewer than the limit of", LABEL)
    column = area.merged(row, cell, width)
    canvas.ask(row, column, "limit", most, replace(INPUT, number_format="#,##0"), **POSITIVE)
    formula = f'=IF({counted}<{cell_address(row, column)},"PASS","FAIL")'
    verdict = "PASS" if total < most else "FAIL"
    area.calculate(row, cell + width, formula, verdict, VERDICT, width)
    canvas.verdicts.append((row, area.at(cell + width), row, area.at(cell + width)))


def draw_confusion(page: Page, confusion: Confusion) -> None:
    """Draw the confusion matrix as squares with recall and precision; of many classes the errors.

    The errors are shaded by their number, without the diagonal, beside which none would show.
    """
    if len(confusion.classes) > MOST_CLASSES:
        _draw_pairs(page.shorter, confusion)
        return
    row, names, counts = page.left.row, confusion.classes, confusion.counts
    noun = confusion.noun
    area, first, size = grid(page.left.area.canvas), row + 2, len(names)
    most = max(count for _, _, count in _errors(confusion)) if size > 1 else 0
    area.say(row, 0, "Confusion matrix", SECTION)
    text = f"a row for each {noun}, a column for what it was taken for; errors are shaded"
    area.say(row, 4, text, NOTE)
    area.write(row + 1, 0, noun, header("iteration"), _LABELS)
    area.write(row + 1, _LABELS + size, "recall", header("gradient"), _LABELS)
    is_long = any(len(name) > _SHORT for name in names)
    for place, name in enumerate(names):
        shown = str(place + 1) if is_long else name
        area.write(row + 1, _LABELS + place, shown, header("iteration"))
        label = f"{shown} {short(name, _ROW_LETTERS)}" if is_long else name
        style = replace(header("iteration"), size=9 if is_long else 10, wrap=True)
        area.write(first + 2 * place, 0, label, style, _LABELS, 2)
        _matrix_row(area, first + 2 * place, place, counts[place], most)
    last = first + 2 * size
    area.write(last, 0, "precision", header("gradient"), _LABELS)
    for place in range(size):
        column = area.at(_LABELS + place)
        taken = sum(counts[each][place] for each in range(size))
        cells, hit = (first, column, last - 1, column), (first + 2 * place, column)
        formula, value = _share(cells, hit, counts[place][place], taken)
        area.calculate(last, _LABELS + place, formula, value, replace(_SHARE, size=8))
    page.left.row = last + 3


def _matrix_row(area: Area, row: int, place: int, counts: Sequence[int], most: int) -> None:
    for other, count in enumerate(counts):
        style = _HIT if other == place else _shaded(count, most)
        area.write(row, _LABELS + other, count, style, 1, 2)
    left, right = area.at(_LABELS), area.at(_LABELS + len(counts) - 1)
    hit, whole = (row, area.at(_LABELS + place)), (row, left, row, right)
    formula, value = _share(whole, hit, counts[place], sum(counts))
    area.calculate(row, _LABELS + len(counts), formula, value, _SHARE, _LABELS, 2)


def _share(cells: Place, hit: tuple[int, int], right: int, total: int) -> tuple[str, float]:
    """Return the formula of the share of right ones among the counts of a row or a column."""
    whole = f"SUM({range_address(*cells)})"
    return f"=IF({whole}=0,0,{cell_address(*hit)}/{whole})", right / total if total else 0.0


def _errors(confusion: Confusion) -> list[tuple[int, int, int]]:
    """Return row, column and count of what is off the diagonal."""
    return [
        (row, column, count)
        for row, counts in enumerate(confusion.counts)
        for column, count in enumerate(counts)
        if row != column
    ]


def _shaded(count: int, most: int) -> Style:
    """Return the style of an error, in one of a few shades by its number.

    A colour scale would do it, but LibreOffice shades only the first row of a merged cell.
    """
    share = ceil(_SHADES * count / most) / _SHADES if most else 0.0
    ends = (_channels(colour) for colour in HEAT)
    mixed = (round(a + (b - a) * share) for a, b in zip(*ends, strict=True))
    return replace(_COUNT, fill="#" + "".join(f"{channel:02X}" for channel in mixed))


def _channels(colour: str) -> list[int]:
    return list(bytes.fromhex(colour[1:]))


def _draw_pairs(half: Half, confusion: Confusion) -> None:
    """Draw the pairs of classes that are taken for each other most often."""
    names, area, row = confusion.classes, half.area, half.row
    errors = ((-count, row, column) for row, column, count in _errors(confusion) if count)
    pairs = sorted(errors)[:_PAIRS]
    half.row += len(pairs) + 4
    area.say(row, 0, f"Taken for another {confusion.noun} most often", SECTION)
    for cell, title in ((0, confusion.noun), (3, "taken for"), (6, "times")):
        area.write(row + 1, cell, title, header("error"), 2 if cell == 6 else 3)
    for at, (count, one, other) in enumerate(pairs, start=row + 2):
        area.write(at, 0, names[one], number("error"), 3)
        area.write(at, 3, names[other], number("error"), 3)
        area.write(at, 6, -count, number("error", "#,##0"), 2)


def draw_examples(half: Half, log: TrainingLog) -> None:
    """Draw the samples that were taken for another class with the highest probability."""
    examples, area, row = log.examples, half.area, half.row
    # The column of the epochs is too narrow for a picture.
    start = 1 if area.span == 1 else 0
    # A long name has a line of its own, above and below the picture.
    is_long = any(len(_caption(example)) > _CAPTION_LENGTH for example in examples)
    per_row, height = half.cells - start, _PICTURE_ROWS + (4 if is_long else 3)
    half.row += 2 + height * ceil(len(examples) / per_row)
    area.say(row, 0, "The surest mistakes", SECTION)
    some = "" if len(examples) == log.wrong else f"{len(examples)} of {log.wrong:,}; "
    area.say(row, 4, f"{some}what it is → what it was taken for", NOTE)
    for place, example in enumerate(examples):
        down, across = divmod(place, per_row)
        at = row + 1 + height * down, start + across
        _example(area, *at, place + 1, example, is_long)


def _caption(example: Example) -> str:
    return f"{example.label} → {example.taken_for}"


def _example(area: Area, row: int, cell: int, number: int, example: Example, is_long: bool) -> None:
    below = row + 1 + _PICTURE_ROWS
    area.write(
        row, cell, short(example.label, _CAPTION_LENGTH) if is_long else _caption(example), _CAPTION
    )
    if is_long:
        area.write(below, cell, short(f"→ {example.taken_for}", _CAPTION_LENGTH), _CAPTION)
        below += 1
    certainty = f"with a probability of {example.probability:.1%}"
    words = f"Mistake {number}: {example.label} taken for {example.taken_for} {certainty}"
    scale = _PICTURE_SIDE / max(unpack(">II", example.picture[16:24]))  # width and height in a PNG
    picture = Picture(row + 1, area.at(cell), example.picture, scale, words)
    area.canvas.pictures.append(picture)
    area.write(below, cell, example.probability, _PROBABILITY)
