"""Draws a canvas's charts with XlsxWriter.

All are scatter charts with straight lines, because LibreOffice draws category line charts badly.
They have no titles: LibreOffice does not follow a title that is taken from a cell.
"""

from math import ceil, floor, log10
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from sheetgen.files.characters import without_impossible
from sheetgen.spreadsheet.canvas import Chart, Series
from sheetgen.spreadsheet.style import FONT, INK, MUTED, WHITE

GRID = "#E5E7EB"


def round_ends(low: float, high: float) -> tuple[float, float, float]:
    """Return round ends of an axis for numbers from low to high, and the unit of its numbers.

    Of the units that give it 3 to 14 intervals it is that with the shortest axis, else the widest.
    """
    is_point = high - low < 1e-9 * max(1.0, abs(low), abs(high))
    margin = 1.0 if is_point else (high - low) / 50
    low, high = low - margin, high + margin
    power = floor(log10(high - low))
    units = [factor * 10.0**each for each in range(power - 2, power + 1) for factor in (1, 2, 5)]
    # An end that is a round number but for rounding is that number.
    ends = [(unit, floor(low / unit + 1e-9), ceil(high / unit - 1e-9)) for unit in units]
    fitting = [
        (round((last - first) * unit / (high - low), 9), -unit, first, last)
        for unit, first, last in ends
        if 3 <= last - first <= 14
    ]
    _, unit, first, last = min(fitting)
    start, end, step = (float(f"{-unit * count:.12g}") for count in (first, last, 1))
    return start, end, step


def insert_chart(workbook: xlsxwriter.Workbook, worksheet: Worksheet, chart: Chart) -> None:
    """Add a chart to a worksheet."""
    drawn = workbook.add_chart({"type": "scatter", "subtype": "straight"})
    for series in chart.series:
        drawn.add_series(_series(series))
    drawn.set_title({"none": True})
    drawn.set_legend(_legend(chart))
    drawn.set_x_axis(_axis(chart, 0))
    drawn.set_y_axis(_axis(chart, 1))
    drawn.set_chartarea({"border": {"color": GRID}, "fill": {"color": WHITE}})
    plane: dict[str, Any] = {}
    if chart.bare:
        # The diagram's circles have a size in pixels, so its plane must have one too.
        plane["layout"] = {"x": 0.0, "y": 0.0, "width": 1.0, "height": 1.0}
    if chart.transparent:
        plane["fill"] = {"none": True}
        drawn.set_chartarea({"border": {"none": True}, "fill": {"none": True}})
    if plane:
        drawn.set_plotarea(plane)
    drawn.set_size({"width": chart.size[0], "height": chart.size[1]})
    worksheet.insert_chart(
        *chart.at,
        drawn,
        {
            "x_offset": chart.offset[0],
            "y_offset": chart.offset[1],
            "description": without_impossible(chart.description),
            "object_position": 3,  # neither moves nor stretches with the cells below it
        },
    )


def _series(series: Series) -> dict[str, Any]:
    options: dict[str, Any] = {"categories": f"={series.x}", "values": f"={series.y}"}
    if series.name:
        options["name"] = f"={series.name}"
    line = series.colour and not series.marker_size
    options["line"] = {"color": series.colour, "width": series.width} if line else {"none": True}
    if line and series.dash:
        options["line"]["dash_type"] = series.dash
    options["marker"] = {"type": "none"}
    if line and series.dots:
        full = {"color": series.colour}
        how = {"type": series.symbol, "size": series.dots}
        options["marker"] = {**how, "border": full, "fill": full}
    if series.marker_size:
        options["marker"] = {
            "type": series.symbol,
            "size": series.marker_size,
            "border": {"color": series.colour, "width": 1.5},
            "fill": {"color": series.marker_fill},
        }
    if series.label:
        options["data_labels"] = _label(series)
    return options


def _label(series: Series) -> dict[str, Any]:
    font = {"name": FONT, "size": series.label_size, "bold": series.label_bold, "color": INK}
    label: dict[str, Any] = {
        "series_name": True,
        "value": False,
        "position": series.label,
        "font": font,
    }
    if not series.marker_size:
        label["fill"] = {"color": WHITE}
    return label


def _legend(chart: Chart) -> dict[str, Any]:
    if not chart.legend:
        return {"none": True}
    hidden = [place for place, series in enumerate(chart.series) if not series.in_legend]
    options: dict[str, Any] = {"position": chart.legend, "font": {"name": FONT, "size": 9}}
    if hidden:
        options["delete_series"] = hidden
    return options


def _axis(chart: Chart, which: int) -> dict[str, Any]:
    """Return the options of the x axis (0) or the y axis (1)."""
    options: dict[str, Any] = {
        "num_font": {"name": FONT, "size": 9, "color": MUTED},
        "major_gridlines": {"visible": not chart.bare, "line": {"color": GRID, "width": 0.75}},
        "line": {"color": MUTED},
        "visible": not chart.bare,
    }
    title = chart.titles[which]
    if title:
        options["name"] = title
        options["name_font"] = {"name": FONT, "size": 9, "bold": False, "color": INK}
    if chart.limits:
        ends = zip(("min", "max"), chart.limits[2 * which : 2 * which + 2], strict=True)
        options |= {end: limit for end, limit in ends if limit is not None}
    unit = chart.units[which] if chart.units else None
    if unit is not None:
        options["major_unit"] = unit
        if which == 0 and unit < 1:  # a sum of such units is not quite 0 in LibreOffice
            options["num_format"] = f"0.{'0' * -floor(log10(unit))}"
    if which == 1:
        options["num_format"] = chart.number_format
        if chart.logarithmic:
            options["log_base"] = 10
            options["crossing"] = "min"
    if chart.labels_outside or (which == 0 and chart.logarithmic):
        options["label_position"] = "low"
    return options
