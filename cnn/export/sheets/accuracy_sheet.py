"""The sheet `Accuracy`: test accuracy, confusion matrix, and the misclassified images."""

from collections.abc import Sequence
from dataclasses import replace

from cnn.export.network.stages import Network
from cnn.export.sheets.export_style import height_of, input_tab, width_of, write_links
from cnn.export.sheets.subject import Subject
from cnn.log.record import Record
from cnn.model_names import label
from sheetgen.errors import short
from sheetgen.spreadsheet.address import cell_address, range_address, relative_address
from sheetgen.spreadsheet.canvas import Canvas, HeatMap, Picture
from sheetgen.spreadsheet.style import (
    HEAT,
    KINDS,
    LABEL,
    LINE,
    LINK,
    NOTE,
    SECTION,
    SUBTITLE,
    Style,
    header,
)

ACCURACY = "Accuracy"
LEFT = 1
RESULT_ROW = 3
MATRIX_ROW = 9
COLUMN = 72  # pixels
PICTURE_SIDE, PICTURE_PIXELS = 56, 64  # of a picture, and of its row
PER_ROW = 12
"""Misclassified images in a row of pictures."""
LETTERS, CAPTION_LETTERS = 11, 14
"""Of a class, that a column has room for in a line, and in three lines with another."""
MOST_LARGE = 8  # letters of the usual size in a column
CAPTION_LINE = 17  # pixels
COUNT = Style(number_format="#,##0", align="center")
RIGHT = Style(
    number_format="#,##0", align="center", bold=True, fill=KINDS["unit"].tint, border=LINE
)
SHARE = Style(number_format="0.00%", align="center")
LARGE = Style(size=18, bold=True, number_format="0.00%", align="left")
WHOLE = Style(bold=True, number_format="#,##0", align="left")
CONFUSED = Style(size=10, align="center", bold=True)
PROBABILITY = Style(size=9, align="center", number_format='"p = "0.00')
INDEX = Style(size=9, align="center", number_format='"test "0', colour=LABEL.colour)
NUMBER = replace(LINK, size=9, align="center")


def accuracy_sheet(subject: Subject, run: Record) -> Canvas:
    """Draw the sheet for a run's network and the images that it was tested on."""
    images = run.images.format
    counts = run.findings.confusion
    canvas = formulas_of(counts, [short(name, LETTERS) for name in images.classes])
    canvas.tab_colour = KINDS["error"].strong
    columns = range(LEFT, LEFT + max(PER_ROW, len(counts) + 3))
    canvas.widths |= {0: 2, **dict.fromkeys(columns, width_of(COLUMN))}
    canvas.heights[0] = 30
    canvas.title(f"How well it recognises {images.nouns}", LEFT)
    canvas.write(1, LEFT, f"{label(run.config.model)}: {run.title}, {run.subtitle}", SUBTITLE)
    write_links(canvas, 2, LEFT, [input_tab(subject.network), "Layers", "Network"])
    tested_on = run.config.tested_on
    canvas.write(RESULT_ROW, LEFT, f"{tested_on} accuracy", LABEL)
    told = f"{tested_on} loss, mean -ln p of the true {images.noun}"
    canvas.write(RESULT_ROW, LEFT + 4, told, LABEL)
    loss = replace(WHOLE, number_format="0.0000")
    canvas.write(RESULT_ROW, LEFT + 8, run.findings.loss, loss)
    _mistakes(canvas, subject, run, MATRIX_ROW + len(counts) + 5)
    return canvas


def counted(network: Network, counts: list[list[int]]) -> Canvas:
    """Return what `formulas_of` does, with the names that the network's classes have."""
    return formulas_of(counts, network.input.classes or None)


def formulas_of(counts: list[list[int]], names: Sequence[str] | None = None) -> Canvas:
    """Draw only a confusion matrix, a row for each class, and what is computed from it."""
    canvas = Canvas(ACCURACY)
    _result(canvas, counts)
    _matrix(canvas, counts, names or [str(label) for label in range(len(counts))])
    return canvas


def count_place(label: int, taken: int) -> tuple[int, int]:
    """Return the cell with the number of times that a class was taken for another."""
    return MATRIX_ROW + 2 + label, LEFT + 1 + taken


def _result(canvas: Canvas, counts: list[list[int]]) -> None:
    """Write how many images are right, counted on the diagonal of the matrix."""
    row, column = RESULT_ROW, LEFT + 2
    hits = [count_place(label, label) for label in range(len(counts))]
    diagonal = "+".join(relative_address(*hit) for hit in hits)
    matrix = range_address(*hits[0], *hits[-1])
    right, total = sum(counts[label][label] for label in range(len(counts))), sum(map(sum, counts))
    right_cell, total_cell = cell_address(row + 1, column), cell_address(row + 2, column)
    lines: list[tuple[str, str, float, Style]] = [
        ("test accuracy", f"={right_cell}/{total_cell}", right / max(total, 1), LARGE),
        ("right", f"={diagonal}", right, WHOLE),
        ("of", f"=SUM({matrix})", total, WHOLE),
        ("wrong", f"={total_cell}-{right_cell}", total - right, WHOLE),
    ]
    canvas.heights[row] = 26
    canvas.merges.append((row, column, row, column + 1))
    for at, (text, formula, value, style) in enumerate(lines, start=row):
        canvas.write(at, LEFT, text, LABEL)
        canvas.calculate(at, column, formula, value, style)


def _matrix(canvas: Canvas, counts: list[list[int]], names: Sequence[str]) -> None:
    """Draw the confusion matrix with the sums of its rows and columns."""
    title = "Confusion matrix: a row for each class, a column for what it was taken for"
    canvas.write(MATRIX_ROW, LEFT, title, SECTION)
    head, (first, left) = MATRIX_ROW + 1, count_place(0, 0)
    size = len(counts)
    last, right = count_place(size - 1, size - 1)
    canvas.write(head, LEFT, "class", header("iteration"))
    canvas.write(head, right + 1, "all", header("iteration"))
    canvas.write(head, right + 2, "right", header("unit"))
    canvas.write(last + 1, LEFT, "all", header("iteration"))
    canvas.write(last + 2, LEFT, "right", header("unit"))
    for true, name in enumerate(names):
        row, column = count_place(true, true)
        shown = int(name) if name.isdecimal() else name
        style = replace(header("iteration"), size=10 if len(name) <= MOST_LARGE else 9)
        canvas.write(head, column, shown, style)
        canvas.write(row, LEFT, shown, style)
        for other, count in enumerate(counts[true], start=left):
            style = RIGHT if other == column else replace(COUNT, number_format="0;;", border=LINE)
            canvas.write(row, other, count, style)
        hit = cell_address(row, column)
        taken = sum(line[true] for line in counts)
        for cells, total, summed, share in (
            ((row, left, row, right), sum(counts[true]), (row, right + 1), (row, right + 2)),
            ((first, column, last, column), taken, (last + 1, column), (last + 2, column)),
        ):
            canvas.calculate(*summed, f"=SUM({range_address(*cells)})", total, COUNT)
            whole = cell_address(*summed)
            value = counts[true][true] / total if total else 0.0
            canvas.calculate(*share, f"=IF({whole}=0,0,{hit}/{whole})", value, SHARE)
    _shade_errors(canvas, counts)


def _shade_errors(canvas: Canvas, counts: list[list[int]]) -> None:
    """Shade the errors by their number, without the diagonal, beside which none would show."""
    classes = range(len(counts))
    most = max(counts[i][j] for i in classes for j in classes if i != j) or 1
    for true in classes:
        row, column = count_place(true, true)
        for start, end in ((LEFT + 1, column - 1), (column + 1, LEFT + len(counts))):
            if start <= end:
                canvas.heat_maps.append(HeatMap((row, start, row, end), HEAT, (0, most)))


def _mistakes(canvas: Canvas, subject: Subject, run: Record, row: int) -> None:
    """Draw the images that were taken for another class, with what to type on the first sheet."""
    shown, wrong = run.findings.mistakes, run.findings.wrong
    names = run.images.format.classes
    scale = PICTURE_SIDE / max(run.images.format.shape[1:])
    is_long = any(len(name) > 1 for name in names)
    canvas.write(row, LEFT, f"The {run.images.format.nouns} it gets wrong", SECTION)
    tab = input_tab(subject.network)
    text = f"the surest first; to see one in the network, type its number on {tab}"
    if len(shown) < wrong:
        text = f"{len(shown)} of {wrong}, {text}"
    canvas.write(row, LEFT + 3, text, NOTE)
    for place, mistake in enumerate(shown):
        down, across = divmod(place, PER_ROW)
        index = mistake.index
        label, taken = run.images.name(index), names[mistake.taken_for]
        column, at = LEFT + across, row + 2 + 6 * down
        certainty = f"with a probability of {mistake.probability:.1%}"
        words = f"Picture {index} of the test: {label}, taken for {taken} {certainty}"
        canvas.heights[at] = height_of(PICTURE_PIXELS)
        if is_long:
            canvas.heights[at + 1] = height_of(3 * CAPTION_LINE)
        picture = run.images.png(index)
        canvas.pictures.append(Picture(at, column, picture, scale, words))
        shown_names = (short(name, CAPTION_LETTERS) for name in (label, taken))
        canvas.write(at + 1, column, " → ".join(shown_names), replace(CONFUSED, wrap=is_long))
        canvas.write(at + 2, column, mistake.probability, PROBABILITY)
        canvas.write(at + 3, column, index, INDEX)
        number = subject.samples.number_of(index)
        if number is not None:
            canvas.link(at + 4, column, tab, f"number {number}", NUMBER)
