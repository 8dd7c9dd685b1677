"""The chart of `Predictions` without classes: each sample's outputs over its targets.

Points on the diagonal are exact: there the output is the target.
"""

from collections.abc import Sequence

import numpy as np

from sheetgen.network.network import activation_name
from sheetgen.spreadsheet.canvas import Canvas, Chart, Series
from sheetgen.spreadsheet.style import GREY, SECTION, look
from sheetgen.workbook.shared.alternative_texts import as_built, digits
from sheetgen.workbook.shared.pass_cells import output_symbols
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.predictions.listed_samples import ListedSamples

SIZE = (415, 320)
ROWS = SIZE[1] // 20 + 1
MOST = 7  # outputs that are drawn


def draw_fit(
    canvas: Canvas,
    samples: ListedSamples,
    at: tuple[int, int],
    names: tuple[str, ...],
    workings: Workings,
) -> int:
    """Draw the chart below a heading in a cell; return the last row that it covers.

    `names` are the cells with the names of the kinds of samples.
    """
    row, column = at
    canvas.write(row, column, "Outputs over targets", SECTION)
    network, ends = samples.plan.network, _diagonal(canvas, samples, workings)
    series = [Series(ends, ends, colour=GREY, width=1, in_legend=False)]
    outputs = list(zip(network.target_names, network.unit_names[-1], strict=True))
    by_kind = len(samples.kinds) > 1
    for which, (kind, name) in enumerate(zip(samples.kinds, names, strict=True)):
        for place, (target, unit) in enumerate(outputs[:MOST]):
            output = activation_name(unit)
            title = name if by_kind else samples.header(output)
            drawn_as = look(which if by_kind else place)
            points = Series(
                samples.column(target, kind.listed),
                samples.column(output, kind.listed),
                title,
                drawn_as.colour,
                marker_size=7,
                symbol=drawn_as.symbol,
                marker_fill=drawn_as.colour,
                in_legend=place == 0 or not by_kind,
            )
            series.append(points)
    is_plain = len(series) == 2
    chart = Chart(
        (row + 1, column),
        SIZE,
        tuple(series),
        _told(samples, outputs),
        ("target", "output"),
        legend="" if is_plain else "bottom",
        labels_outside=True,
    )
    canvas.charts.append(chart)
    return row + ROWS


def _told(samples: ListedSamples, outputs: Sequence[tuple[str, str]]) -> str:
    every = range(len(samples.places))
    errors = [
        np.abs(samples.values(activation_name(unit), every) - samples.values(target, every))
        for target, unit in outputs
    ]
    worst, mean = float(np.max(errors)), float(np.mean(errors))
    told = f"the distance from the diagonal, on which they are equal, is at most {digits(worst)}"
    what = f"The outputs of {len(every)} samples over their targets"
    return as_built(what, f"{told} and {digits(mean)} in the mean")


def _diagonal(canvas: Canvas, samples: ListedSamples, workings: Workings) -> str:
    """Write the smallest and the largest of all targets and outputs; return their range."""
    network, every = samples.plan.network, range(len(samples.places))
    corner = workings.block(canvas.name, "The diagonal of the chart", 2)
    corner.headers("end", "value")
    both = network.target_names, output_symbols(network)
    cells = ",".join(samples.columns(symbols, every) for symbols in both)
    numbers = np.array([samples.values(each, every) for symbols in both for each in symbols])
    for down, (name, value) in enumerate((("MIN", numbers.min()), ("MAX", numbers.max())), start=1):
        corner.write(down, 0, {"MIN": "smallest", "MAX": "largest"}[name])
        corner.calculate(down, 1, f"{name}({cells})", float(value))
    return corner.range(1, 1, 2, 1)
