"""The sheet `Data`: the samples to train on and to test on, and if asked standardised inputs."""

import numpy as np

from sheetgen.network.network import Network
from sheetgen.spreadsheet.address import column_letters, range_address
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import (
    FINE,
    INPUT,
    KINDS,
    LABEL,
    NOTE,
    Style,
    band,
    header,
    label,
    number,
)
from sheetgen.workbook.plan import DATA, Plan
from sheetgen.workbook.shared.page import write_title
from sheetgen.workbook.shared.sources import DEVIATION_ROW, MEAN_ROW, DataSheet
from sheetgen.workbook.sheets.inputs import target_limits

BAND_ROW = 3
NAME_ROW = 4  # what the columns are called in the file that the data came from
HEADER_ROW = 5
FIRST_ROW = 8


def data_sheet(plan: Plan) -> DataSheet:
    """Draw the sheet; its input keys are those of `Plan.data_key`."""
    canvas = Canvas(DATA, tab_colour=KINDS["input"].strong, freeze=(FIRST_ROW, 2))
    canvas.widths.update({0: 2, 1: 10})
    text = f"{_counted(plan)}. Change a yellow cell: every sheet follows at once."
    write_title(canvas, 1, "Data", text)
    sheet = DataSheet(canvas, {}, FIRST_ROW, plan.data.samples, plan.data.test_samples)
    _count(sheet, 1, "sample", range(1, len(sheet.rows) + 1))
    network = plan.network
    column = _samples(sheet, plan, 2, "targets", network.target_names, plan.data.target_labels)
    column = _samples(
        sheet, plan, column + 1, "inputs", network.input_names, plan.data.input_labels
    )
    if plan.data.standardize:
        column = _standardized(sheet, plan, network, column + 1)
    if plan.template.order != tuple(range(plan.data.samples)):
        places = [place + 1 for place in plan.template.order]
        _count(sheet, column + 1, "order", places)
        canvas.write(BAND_ROW, column + 1, "shuffled", band("iteration"))
        canvas.notes[HEADER_ROW, column + 1] = "the order of the samples in an epoch"
        sheet.columns["order"] = column + 1
    if plan.data.test_samples:
        _test_band(sheet, max(sheet.columns.values()))
    return sheet


def _counted(plan: Plan) -> str:
    """Return how many samples there are."""
    samples, test = plan.data.samples, plan.data.test_samples
    return f"{samples} samples to train on, and {test} to test on" if test else f"{samples} samples"


def _count(sheet: DataSheet, column: int, title: str, numbers: range | list[int]) -> None:
    canvas = sheet.canvas
    canvas.write(HEADER_ROW, column, title, header("iteration"))
    canvas.widths[column] = 10
    for row, value in zip(sheet.rows, numbers, strict=False):
        canvas.write(row, column, value, label("iteration"))


def _test_band(sheet: DataSheet, last_column: int) -> None:
    """Write above the test samples what they are."""
    row = sheet.last_row + 1
    text = "test samples: never trained on, only evaluated at the end of each epoch"
    for column in range(1, last_column + 1):
        sheet.canvas.write(row, column, text if column == 1 else "", band("helper"))


def _samples(
    sheet: DataSheet,
    plan: Plan,
    column: int,
    title: str,
    names: tuple[str, ...],
    labels: tuple[str, ...],
) -> int:
    """Write the columns of the inputs or the targets; return the next free column."""
    canvas, kind = sheet.canvas, title.removesuffix("s")
    data = plan.data
    if kind == "input":
        samples = data.inputs + data.test_inputs
    else:
        samples = data.targets + data.test_targets
    limits = target_limits(plan) if kind == "target" else {}
    for place, name in enumerate(names):
        at = column + place
        canvas.write(BAND_ROW, at, title if place == 0 else "", band(kind))
        if labels:
            canvas.write(NAME_ROW, at, labels[place], NOTE)
        canvas.write(HEADER_ROW, at, name, header(kind))
        canvas.widths[at] = max(11, len(labels[place]) + 2) if labels else 11
        for sample, (row, values) in enumerate(zip(sheet.rows, samples, strict=True)):
            canvas.ask(row, at, plan.data_key(name, sample), values[place], INPUT, **limits)
        sheet.columns[name] = at
    canvas.widths[column + len(names)] = 3
    return column + len(names)


def _standardized(sheet: DataSheet, plan: Plan, network: Network, column: int) -> int:
    """Write (x − mean) / deviation of each input, with the mean and deviation above."""
    canvas = sheet.canvas
    values = np.array(plan.data.inputs)
    used = np.concatenate([plan.data.used_inputs(), plan.data.used_test_inputs()])
    canvas.write(MEAN_ROW, 1, "mean", LABEL)
    canvas.write(DEVIATION_ROW, 1, "deviation", LABEL)
    for place, name in enumerate(network.input_names):
        at, raw = column + place, sheet.columns[name]
        cells = range_address(FIRST_ROW, raw, sheet.last_row, raw)
        canvas.write(BAND_ROW, at, "inputs, standardised" if place == 0 else "", band("helper"))
        canvas.write(HEADER_ROW, at, f"{name} standardised", header("helper"))
        canvas.widths[at] = 15
        fine = Style(number_format=FINE, border="#E2E8F0")
        # Rounding can leave a constant column a deviation that is not quite 0.
        constant = f"MAX({cells})=MIN({cells})"
        mean, deviation = values[:, place].mean(), values[:, place].std()
        if values[:, place].max() == values[:, place].min():
            mean, deviation = values[0, place], 1.0
        average = f"=IF({constant},MIN({cells}),AVERAGE({cells}))"
        canvas.calculate(MEAN_ROW, at, average, float(mean), fine)
        spread = f"=IF({constant},1,STDEVP({cells}))"
        canvas.calculate(DEVIATION_ROW, at, spread, float(deviation), fine)
        top, source = column_letters(at), column_letters(raw)
        for sample, row in enumerate(sheet.rows):
            formula = f"=({source}{row + 1}-{top}${MEAN_ROW + 1})/{top}${DEVIATION_ROW + 1}"
            value = float(used[sample, place])
            canvas.calculate(row, at, formula, value, number("helper", FINE))
        sheet.columns[name] = at
    canvas.widths[column + network.inputs] = 3
    return column + network.inputs
