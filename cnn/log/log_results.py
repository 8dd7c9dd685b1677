"""The lower parts of the sheet `CNN <model>`: layers, settings, confusion matrix, wrong digits."""

from cnn.log.record import Record
from cnn.models import CLASSES
from sheetgen.spreadsheet.address import cell_address, range_address
from sheetgen.spreadsheet.canvas import Canvas, HeatMap, Picture
from sheetgen.spreadsheet.style import LABEL, NOTE, SECTION, Style, band, header, number

LEFT = 1
WRONG_SHOWN = 18
PER_ROW = 9
PICTURE_SCALE = 2.5
PICTURE_HEIGHT = 60.0  # points: 28 pixels, enlarged, and a margin


def draw_layers(canvas: Canvas, record: Record, row: int) -> tuple[str, int]:
    """Draw the layer table; return the cell of the total of the parameters, and the total."""
    canvas.write(row, LEFT, "Layers", SECTION)
    titles = ("layer", "output shape", "parameters", "receptive field")
    for offset, title in enumerate(titles):
        canvas.write(row + 1, LEFT + offset, title, header("unit"))
    first = row + 2
    for at, layer in enumerate(record.layers, start=first):
        canvas.write(at, LEFT, layer.layer, number("unit"))
        canvas.write(at, LEFT + 1, " × ".join(map(str, layer.shape)), number("unit"))
        canvas.write(at, LEFT + 2, layer.parameters, number("unit", "#,##0"))
        canvas.write(at, LEFT + 3, layer.field.size, number("unit", "#,##0"))
    last = first + len(record.layers) - 1
    total = sum(layer.parameters for layer in record.layers)
    cells = range_address(first, LEFT + 2, last, LEFT + 2)
    canvas.write(last + 1, LEFT, "all parameters", Style(bold=True))
    strong = Style(bold=True, number_format="#,##0")
    canvas.calculate(last + 1, LEFT + 2, f"=SUM({cells})", total, strong)
    return cell_address(last + 1, LEFT + 2), total


def draw_settings(canvas: Canvas, record: Record, row: int, column: int) -> None:
    """Draw the configuration, one setting per line."""
    canvas.write(row, column, "Settings", SECTION)
    for at, (name, value) in enumerate(record.settings.items(), start=row + 1):
        canvas.write(at, column, name, LABEL)
        canvas.write(at, column + 1, value, Style(align="left"))


def draw_confusion(canvas: Canvas, record: Record, row: int) -> int:
    """Draw the confusion matrix with precision and recall; return the next free row."""
    title = "Confusion matrix: rows are the digits, columns what they were taken for"
    canvas.write(row, LEFT, title, SECTION)
    counts = record.evaluation.confusion.tolist()
    first, left = row + 2, LEFT + 1
    last, right = first + CLASSES - 1, left + CLASSES - 1
    canvas.write(row + 1, LEFT, "digit", header("iteration"))
    canvas.write(row + 1, right + 1, "recall", header("gradient"))
    canvas.write(last + 1, LEFT, "precision", header("gradient"))
    centred = Style(number_format="0", align="center")
    for digit in range(CLASSES):
        at, column = first + digit, left + digit
        canvas.write(row + 1, column, digit, header("iteration"))
        canvas.write(at, LEFT, digit, header("iteration"))
        for other, count in enumerate(counts[digit], start=left):
            canvas.write(at, other, count, centred)
        hit = cell_address(at, column)
        taken = sum(line[digit] for line in counts)
        for place, cells, total in (
            ((at, right + 1), (at, left, at, right), sum(counts[digit])),
            ((last + 1, column), (first, column, last, column), taken),
        ):
            whole = f"SUM({range_address(*cells)})"
            value = counts[digit][digit] / total if total else 0.0
            formula = f"=IF({whole}=0,0,{hit}/{whole})"
            canvas.calculate(*place, formula, value, number("gradient", "0.00%"))
    canvas.heat_maps.append(HeatMap((first, left, last, right)))
    return last + 4


def draw_gallery(canvas: Canvas, record: Record, row: int) -> None:
    """Draw the digits that were taken for another one with the highest probability."""
    evaluation = record.evaluation
    wrong = evaluation.mistakes.tolist()
    shown = wrong[:WRONG_SHOWN]
    canvas.write(row, LEFT, "Wrong with the highest probability", SECTION)
    canvas.write(row + 1, LEFT, f"{len(shown)} of {len(wrong)} wrong digits", NOTE)
    for place, index in enumerate(shown):
        down, across = divmod(place, PER_ROW)
        at, column = row + 2 + 3 * down, LEFT + across
        canvas.heights[at + 1] = PICTURE_HEIGHT
        label, taken = int(evaluation.labels[index]), int(evaluation.predictions[index])
        text = f"{label} taken for {taken}"
        canvas.write(at, column, text, band("error"))
        picture = record.images.png(index)
        canvas.pictures.append(Picture(at + 1, column, picture, PICTURE_SCALE, text))
        style = Style(number_format="0.0%", colour=LABEL.colour)
        canvas.write(at + 2, column, float(evaluation.certainty[index]), style)
