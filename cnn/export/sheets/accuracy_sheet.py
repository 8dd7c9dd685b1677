"""The sheet `Accuracy`: test accuracy, confusion matrix, and the misclassified digits."""

from dataclasses import replace

from cnn.export.samples import MISTAKES
from cnn.export.sheets.export_style import height_of, width_of
from cnn.export.sheets.subject import Subject
from cnn.log.record import Record
from cnn.models import CLASSES
from cnn.own_model import label
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
    TITLE,
    Style,
    header,
)

ACCURACY = "Accuracy"
LEFT = 1
RESULT_ROW = 3
MATRIX_ROW = 9
COLUMN = 72  # pixels
PICTURE_SCALE = 2.0
PICTURE_PIXELS = 64  # of the row of a digit's picture
PER_ROW = CLASSES + 2
"""Misclassified digits in a row of pictures."""
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
    """Draw the sheet for a run's network and the digits that it was tested on."""
    canvas = formulas_of(run.evaluation.confusion.tolist())
    canvas.tab_colour = KINDS["error"].strong
    canvas.widths |= {0: 2, **dict.fromkeys(range(LEFT, LEFT + PER_ROW), width_of(COLUMN))}
    canvas.heights[0] = 30
    canvas.write(0, LEFT, "How well it recognises digits", TITLE)
    canvas.write(1, LEFT, f"{label(run.config.model)}: {run.title}, {run.subtitle}", SUBTITLE)
    canvas.write(RESULT_ROW, LEFT + 4, "test loss, mean -ln p of the true digit", LABEL)
    loss = replace(WHOLE, number_format="0.0000")
    canvas.write(RESULT_ROW, LEFT + 8, run.evaluation.loss, loss)
    _mistakes(canvas, subject, run, MATRIX_ROW + CLASSES + 5)
    return canvas


def formulas_of(counts: list[list[int]]) -> Canvas:
    """Draw only a confusion matrix, a row for each digit, and what is computed from it."""
    canvas = Canvas(ACCURACY)
    _result(canvas, counts)
    _matrix(canvas, counts)
    return canvas


def count_place(digit: int, taken: int) -> tuple[int, int]:
    """Return the cell with the number of times that a digit was taken for another."""
    return MATRIX_ROW + 2 + digit, LEFT + 1 + taken


def _result(canvas: Canvas, counts: list[list[int]]) -> None:
    """Write how many digits are right, counted on the diagonal of the matrix."""
    row, column = RESULT_ROW, LEFT + 2
    hits = [count_place(digit, digit) for digit in range(CLASSES)]
    diagonal = "+".join(relative_address(*hit) for hit in hits)
    matrix = range_address(*hits[0], *hits[-1])
    right, total = sum(counts[digit][digit] for digit in range(CLASSES)), sum(map(sum, counts))
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


def _matrix(canvas: Canvas, counts: list[list[int]]) -> None:
    """Draw the confusion matrix with the sums of its rows and columns."""
    title = "Confusion matrix: a row for each digit, a column for what it was taken for"
    canvas.write(MATRIX_ROW, LEFT, title, SECTION)
    head, (first, left) = MATRIX_ROW + 1, count_place(0, 0)
    last, right = count_place(CLASSES - 1, CLASSES - 1)
    canvas.write(head, LEFT, "digit", header("iteration"))
    canvas.write(head, right + 1, "all", header("iteration"))
    canvas.write(head, right + 2, "right", header("unit"))
    canvas.write(last + 1, LEFT, "all", header("iteration"))
    canvas.write(last + 2, LEFT, "right", header("unit"))
    for digit in range(CLASSES):
        row, column = count_place(digit, digit)
        canvas.write(head, column, digit, header("iteration"))
        canvas.write(row, LEFT, digit, header("iteration"))
        for other, count in enumerate(counts[digit], start=left):
            style = RIGHT if other == column else replace(COUNT, number_format="0;;", border=LINE)
            canvas.write(row, other, count, style)
        hit = cell_address(row, column)
        taken = sum(line[digit] for line in counts)
        for cells, total, summed, share in (
            ((row, left, row, right), sum(counts[digit]), (row, right + 1), (row, right + 2)),
            ((first, column, last, column), taken, (last + 1, column), (last + 2, column)),
        ):
            canvas.calculate(*summed, f"=SUM({range_address(*cells)})", total, COUNT)
            whole = cell_address(*summed)
            value = counts[digit][digit] / total if total else 0.0
            canvas.calculate(*share, f"=IF({whole}=0,0,{hit}/{whole})", value, SHARE)
    _shade_errors(canvas, counts)


def _shade_errors(canvas: Canvas, counts: list[list[int]]) -> None:
    """Shade the errors by their number, without the diagonal, beside which none would show."""
    most = max(counts[i][j] for i in range(CLASSES) for j in range(CLASSES) if i != j) or 1
    for digit in range(CLASSES):
        row, column = count_place(digit, digit)
        for start, end in ((LEFT + 1, column - 1), (column + 1, LEFT + CLASSES)):
            if start <= end:
                canvas.heat_maps.append(HeatMap((row, start, row, end), HEAT, (0, most)))


def _mistakes(canvas: Canvas, subject: Subject, run: Record, row: int) -> None:
    """Draw the digits that were taken for another one, with what to type on `Digit`."""
    evaluation = run.evaluation
    wrong = evaluation.mistakes.tolist()
    shown = wrong[:MISTAKES]
    canvas.write(row, LEFT, "The digits it gets wrong", SECTION)
    text = "the surest first; to see one in the network, type its number on Digit"
    if len(shown) < len(wrong):
        text = f"{len(shown)} of {len(wrong)}, {text}"
    canvas.write(row, LEFT + 3, text, NOTE)
    for place, index in enumerate(shown):
        down, across = divmod(place, PER_ROW)
        label, taken = int(evaluation.labels[index]), int(evaluation.predictions[index])
        column, at = LEFT + across, row + 2 + 6 * down
        words = f"{label}, taken for {taken}"
        canvas.heights[at] = height_of(PICTURE_PIXELS)
        picture = run.images.png(index)
        canvas.pictures.append(Picture(at, column, picture, PICTURE_SCALE, words))
        canvas.write(at + 1, column, f"{label} → {taken}", CONFUSED)
        canvas.write(at + 2, column, float(evaluation.certainty[index]), PROBABILITY)
        canvas.write(at + 3, column, index, INDEX)
        number = subject.samples.number_of(index)
        if number is not None:
            canvas.link(at + 4, column, "Digit", f"number {number}", NUMBER)
