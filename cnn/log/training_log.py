"""The sheet `CNN <model>`: a training's log, epoch by epoch, with a live summary and charts."""

from dataclasses import dataclass, replace
from typing import Any

from cnn.log.log_results import draw_confusion, draw_gallery, draw_layers, draw_settings
from cnn.log.record import Record
from sheetgen.spreadsheet.address import cell_address, local
from sheetgen.spreadsheet.canvas import POSITIVE, Canvas, Chart, Series, Value
from sheetgen.spreadsheet.stamp import stamp_sheet
from sheetgen.spreadsheet.style import (
    INPUT,
    KINDS,
    LABEL,
    SECTION,
    SUBTITLE,
    TITLE,
    VERDICT,
    Style,
    band,
    header,
    number,
)

BAND_ROW = 4
HEADER_ROW = 5
FIRST_ROW = 6  # the first epoch
LEFT = 1
PERCENT = "0.00%"
TARGET = 0.994
LIMIT = 20_000
CHART = (480, 300)
# The log's fields: header, kind, number format.
FIELDS: dict[str, tuple[str, str, str]] = {
    "epoch": ("epoch", "iteration", "0"),
    "learning_rate": ("learning rate", "weight", "0.000000"),
    "train_loss": ("train loss", "error", "0.000000"),
    "train_accuracy": ("train accuracy", "unit", PERCENT),
    "test_loss": ("test loss", "error", "0.000000"),
    "test_accuracy": ("test accuracy", "unit", PERCENT),
    "seconds": ("seconds", "helper", "0.0"),
    "samples_per_second": ("samples per second", "helper", "#,##0"),
}
FLAG = LEFT + len(FIELDS)  # the column that marks the epochs at the target
SUMMARY = FLAG + 4  # leaves room for the confusion matrix, which is wider than the log
TARGET_CELL = (FIRST_ROW, SUMMARY + 1)
WHOLE = Style(number_format="#,##0", bold=True)
SHARE = Style(number_format=PERCENT, bold=True)


def training_log_sheet(record: Record) -> Canvas:
    """Draw the sheet."""
    canvas = Canvas(f"CNN {record.config.model}", tab_colour=KINDS["unit"].strong)
    canvas.freeze = (FIRST_ROW, LEFT + 1)
    canvas.heights[0] = 28
    canvas.widths.update({0: 2, SUMMARY: 42, SUMMARY + 1: 16})
    canvas.widths.update(dict.fromkeys(range(FLAG + 1, SUMMARY), 10))
    canvas.write(0, LEFT, f"{canvas.name}: {record.title}", TITLE)
    canvas.write(1, LEFT, record.subtitle, SUBTITLE)
    canvas.write(2, LEFT, "run", LABEL)
    canvas.write(2, LEFT + 1, record.name, Style(bold=True))
    sheet = _Sheet(canvas, record)
    _log(sheet)
    below = max(sheet.last_row, FIRST_ROW + 10) + 2
    layers_row = below + 1 + CHART[1] // 20 + 2
    total = draw_layers(canvas, record, layers_row)
    _summary(sheet, total)
    _charts(sheet, below)
    draw_settings(canvas, record, layers_row, SUMMARY)
    row = layers_row + max(len(record.layers), len(record.settings) + 2) + 5
    draw_gallery(canvas, record, draw_confusion(canvas, record, row))
    stamp_sheet(canvas, record.mark, layers_row + 1 + len(record.settings), SUMMARY)
    return canvas


@dataclass(frozen=True)
class _Sheet:
    canvas: Canvas
    record: Record

    @property
    def last_row(self) -> int:
        return FIRST_ROW + len(self.record.log) - 1

    def values(self, field: str) -> list[Any]:
        return [line[field] for line in self.record.log]

    def column(self, field: str) -> int:
        return LEFT + list(FIELDS).index(field)

    def range(self, field: str) -> str:
        column = self.column(field)
        return self.canvas.range(FIRST_ROW, column, self.last_row, column)

    def here(self, field: str) -> str:
        """Return the range without the sheet's name, so that the sheet may be renamed."""
        return local(self.range(field))


def _log(sheet: _Sheet) -> None:
    canvas = sheet.canvas
    for offset, (field, (title, kind, digits)) in enumerate(FIELDS.items()):
        column = LEFT + offset
        canvas.write(BAND_ROW, column, "the log" if offset == 0 else "", band(kind))
        canvas.write(HEADER_ROW, column, title, header(kind))
        canvas.widths[column] = 19 if field == "samples_per_second" else 15
        for row, value in enumerate(sheet.values(field), start=FIRST_ROW):
            canvas.write(row, column, value, number(kind, digits))
    canvas.write(BAND_ROW, FLAG, "", band("helper"))
    canvas.write(HEADER_ROW, FLAG, "at the target", header("helper"))
    canvas.notes[HEADER_ROW, FLAG] = "1 where the test accuracy is at least the target"
    canvas.widths[FLAG] = 14
    for row, accuracy in enumerate(sheet.values("test_accuracy"), start=FIRST_ROW):
        tested = cell_address(row, sheet.column("test_accuracy"))
        formula = f"=IF({tested}>={cell_address(*TARGET_CELL)},1,0)"
        canvas.calculate(row, FLAG, formula, int(accuracy >= TARGET), number("helper", "0"))


def _summary(sheet: _Sheet, total: tuple[str, int]) -> None:
    """Write the results of the training; `total` is the cell and the number of the parameters."""
    canvas = sheet.canvas
    for column, title, subtitle in ((SUMMARY, "summary", "live"), (SUMMARY + 1, "", "")):
        canvas.write(BAND_ROW, column, title, band("unit"))
        canvas.write(HEADER_ROW, column, subtitle, header("unit"))
    canvas.write(TARGET_CELL[0], SUMMARY, "target for the test accuracy", LABEL)
    canvas.ask(*TARGET_CELL, "target", TARGET, replace(INPUT, number_format=PERCENT), **POSITIVE)
    for row, result in enumerate(_results(sheet), start=FIRST_ROW + 1):
        _result(canvas, row, *result)
    row = FIRST_ROW + 7
    parameters, limit = cell_address(row, SUMMARY + 1), (row + 1, SUMMARY + 1)
    _result(canvas, row, "parameters", f"={total[0]}", total[1], WHOLE)
    canvas.write(row + 1, SUMMARY, "limit of parameters", LABEL)
    canvas.ask(*limit, "limit", LIMIT, replace(INPUT, number_format="#,##0"), **POSITIVE)
    formula = f'=IF({parameters}<{cell_address(*limit)},"PASS","FAIL")'
    verdict = "PASS" if total[1] < LIMIT else "FAIL"
    _result(canvas, row + 2, "fewer than the limit", formula, verdict, VERDICT)
    _target_line(sheet)


def _results(sheet: _Sheet) -> list[tuple[str, str, Value, Style]]:
    """Return the lines of the summary: label, formula, the value of that, style."""
    log, accuracies = sheet.record.log, sheet.values("test_accuracy")
    epochs, tested = sheet.here("epoch"), sheet.here("test_accuracy")
    flags = f"{cell_address(FIRST_ROW, FLAG)}:{cell_address(sheet.last_row, FLAG)}"
    best, last = max(accuracies), accuracies[-1]
    reached = [line["epoch"] for line in log if line["test_accuracy"] >= TARGET]
    best_epoch = f"={_found(epochs, f'MAX({tested})', tested)}"
    last_accuracy = _found(tested, f"MAX({epochs})", epochs)
    first = f'=IF(SUM({flags})=0,"not reached",{_found(epochs, "1", flags)})'
    met = f'=IF({last_accuracy}>={cell_address(*TARGET_CELL)},"PASS","FAIL")'
    return [
        ("best epoch", best_epoch, log[accuracies.index(best)]["epoch"], WHOLE),
        ("its test accuracy", f"=MAX({tested})", best, SHARE),
        ("last epoch", f"=MAX({epochs})", log[-1]["epoch"], WHOLE),
        ("its test accuracy", f"={last_accuracy}", last, SHARE),
        ("first epoch at the target", first, (reached or ["not reached"])[0], WHOLE),
        ("target met in the last epoch", met, "PASS" if last >= TARGET else "FAIL", VERDICT),
    ]


def _found(cells: str, key: str, keys: str) -> str:
    """Return the formula of the cell whose place among others is that of a key among keys.

    Of one cell it is that: neither MATCH nor INDEX works on one in every spreadsheet program.
    """
    first, _, last = cells.partition(":")
    return first if last in ("", first) else f"INDEX({cells},MATCH({key},{keys},0))"


def _result(canvas: Canvas, row: int, label: str, formula: str, value: Value, style: Style) -> None:
    canvas.write(row, SUMMARY, label, LABEL)
    canvas.calculate(row, SUMMARY + 1, formula, value, style)
    if style == VERDICT:
        canvas.verdicts.append((row, SUMMARY + 1, row, SUMMARY + 1))


def _target_line(sheet: _Sheet) -> None:
    """Write the two points of the target's line in the chart of the accuracies."""
    canvas, column = sheet.canvas, SUMMARY + 3
    canvas.widths[column - 1] = 3
    canvas.write(HEADER_ROW, column, "target", header("helper"))
    canvas.write(HEADER_ROW, column + 1, "accuracy", header("helper"))
    canvas.write(BAND_ROW, column, "the target's line", band("helper"))
    canvas.write(BAND_ROW, column + 1, "", band("helper"))
    epochs, target = sheet.here("epoch"), f"={cell_address(*TARGET_CELL)}"
    for row, function, line in ((FIRST_ROW, "MIN", 0), (FIRST_ROW + 1, "MAX", -1)):
        value = sheet.record.log[line]["epoch"]
        canvas.calculate(row, column, f"={function}({epochs})", value, number("helper", "0"))
        canvas.calculate(row, column + 1, target, TARGET, number("helper", PERCENT))


def _charts(sheet: _Sheet, row: int) -> None:
    canvas = sheet.canvas
    target = Series(
        canvas.range(FIRST_ROW, SUMMARY + 3, FIRST_ROW + 1, SUMMARY + 3),
        canvas.range(FIRST_ROW, SUMMARY + 4, FIRST_ROW + 1, SUMMARY + 4),
        canvas.absolute(HEADER_ROW, SUMMARY + 3),
        "#6B7280",
        1.25,
        "dash",
    )
    losses = _curve(sheet, "train_loss", "#E69F00"), _curve(sheet, "test_loss", "#0072B2")
    trained = _curve(sheet, "train_accuracy", "#E69F00")
    tested = _curve(sheet, "test_accuracy", "#0072B2")
    rate = _curve(sheet, "learning_rate", "#009E73")
    groups: tuple[tuple[str, str, tuple[Series, ...]], ...] = (
        ("Loss", "loss", losses),
        ("Accuracy and the target", "accuracy", (trained, tested, target)),
        ("Learning rate", "learning rate", (rate,)),
    )
    canvas.write(row, LEFT, "Loss, accuracy and the target, learning rate", SECTION)
    for place, (title, y_title, series) in enumerate(groups):
        titles, offset = ("epoch", y_title), (place * (CHART[0] + 10), 0)
        at, description = (row + 1, LEFT), f"{title} by epoch"
        canvas.charts.append(Chart(at, CHART, series, description, titles, offset=offset))


def _curve(sheet: _Sheet, field: str, colour: str) -> Series:
    name = sheet.canvas.absolute(HEADER_ROW, sheet.column(field))
    return Series(sheet.range("epoch"), sheet.range(field), name, colour)
