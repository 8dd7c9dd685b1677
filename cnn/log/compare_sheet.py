"""Composes the sheet that compares trainings: a metric to choose, curves, means over seeds."""

from dataclasses import replace
from statistics import mean, stdev

from cnn.log.axes import step_axis
from cnn.log.comparison import Comparison, known_numbers, t_quantile
from cnn.log.comparison_data import VALUE, Data, draw_data
from cnn.log.log_charts import HALF, SIZE, SLOT
from cnn.log.log_page import (
    FIRST_ROW,
    GAP_WIDTH,
    GRID,
    GRID_WIDTH,
    HEADER_ROW,
    LEFT,
    MARGIN_WIDTH,
    TABLE,
    grid,
)
from cnn.log.metrics import Metric, is_number
from sheetgen.spreadsheet.address import cell_address, range_address
from sheetgen.spreadsheet.canvas import Canvas, Chart, Series, Value
from sheetgen.spreadsheet.stamp import identifier, stamp_sheet
from sheetgen.spreadsheet.style import (
    INPUT,
    KINDS,
    LABEL,
    NOTE,
    SECTION,
    SERIES_COLOURS,
    SUBTITLE,
    TITLE,
    Style,
    header,
    number,
)

_MOST_NAMED = 8
"""Curves with a name in the legend."""
_NAME, _NUMBER = 6, 2  # cells of the grid
_GROUP_TITLES = ("runs", "last", "± s", "95% from", "to", "best")
_RUN_TITLES = ("epochs", "last", "best", "in epoch")
_TABLE_NUMBER = Style(number_format=VALUE, align="right")
_WHOLE = Style(number_format="0", align="right")
_AT = {"name": 0, "epochs": 6, "last": 8, "best": 10, "in epoch": 12}
_CORNER = {"metric": 0, "rises": 7, "t": 9, "choice": 12}
_FIGURES = FIRST_ROW + SLOT


def compare_sheet(comparison: Comparison, sheet: str) -> tuple[Canvas, str]:
    """Draw the sheet; return it and the mark by which a later one replaces it."""
    canvas = Canvas(sheet, tab_colour=KINDS["gradient"].strong)
    canvas.freeze, canvas.repeat_rows = (FIRST_ROW, 0), (HEADER_ROW, HEADER_ROW)
    canvas.heights |= {0: 28.0, 1: 20.0, HEADER_ROW: 30.0}
    canvas.widths |= {0: MARGIN_WIDTH, TABLE - 1: GAP_WIDTH}
    canvas.widths |= dict.fromkeys(range(LEFT, LEFT + GRID), GRID_WIDTH)
    canvas.write(0, LEFT, comparison.title, TITLE)
    canvas.write(1, LEFT, _subtitle(comparison), SUBTITLE)
    mark = identifier(["comparison", comparison.title])
    drawn = _Drawn(canvas, comparison)
    drawn.draw()
    stamp_sheet(canvas, mark, drawn.corner + drawn.corner_rows + 1, LEFT + 3)
    return canvas, mark


def _subtitle(comparison: Comparison) -> str:
    count, groups = len(comparison.logs), len(comparison.groups)
    trainings = "1 training" if count == 1 else f"{count} trainings"
    if groups == count:
        return f"{trainings} with different settings"
    return f"{trainings} in {groups} {'groups' if groups > 1 else 'group'} that differ in the seed"


class _Drawn:
    """The sheet while it is drawn: the rows of its tables are known before they are filled."""

    def __init__(self, canvas: Canvas, comparison: Comparison) -> None:
        self.canvas, self.comparison, self.area = canvas, comparison, grid(canvas)
        count, groups = len(comparison.logs), len(comparison.groups)
        self.group_row = _FIGURES + 2
        self.run_row = self.group_row + groups + 3
        self.setting_row = self.run_row + count + 2
        below = self.setting_row + count + 1 if comparison.differing else self.setting_row
        self.corner = max(below, FIRST_ROW + len(comparison.steps) + 1)
        largest = max(map(len, comparison.groups))
        self.freedoms = max(2, largest - 1)
        self.corner_rows = 1 + max(len(comparison.metrics), self.freedoms)
        self.data = Data(canvas, comparison, self._corner_cell("choice", 0))

    def draw(self) -> None:
        """Draw everything but the stamp."""
        self._corner()
        self._choice()
        draw_data(self.data)
        self._runs()
        self._groups()
        if self.comparison.differing:
            self._settings()
        self._charts()

    def _corner_cell(self, name: str, place: int) -> str:
        return cell_address(self.corner + 1 + place, self.area.at(_CORNER[name]))

    def _corner_range(self, name: str, count: int) -> str:
        column = self.area.at(_CORNER[name])
        return range_address(self.corner + 1, column, self.corner + count, column)

    def _corner(self) -> None:
        """Write the cells behind the tables: metrics, whether more is better, Student's t."""
        names = self.comparison.metrics
        for title, column in _CORNER.items():
            self.area.say(self.corner, column, title, NOTE)
        for row, name in enumerate(names, start=self.corner + 1):
            self.area.say(row, _CORNER["metric"], name, LABEL)
            self.area.say(row, _CORNER["rises"], int(Metric(name, ()).rises), _WHOLE)
        for freedom in range(1, self.freedoms + 1):
            row, style = self.corner + freedom, Style(number_format="0.00", align="right")
            self.area.say(row, _CORNER["t"], t_quantile(freedom), style)
        # MATCH and INDEX do not find anything in a single cell in every program.
        metrics = self._corner_range("metric", len(names))
        chosen = cell_address(HEADER_ROW, self.area.at(2))
        formula = f"=MATCH({chosen},{metrics},0)" if len(names) > 1 else "=1"
        column = self.area.at(_CORNER["choice"])
        self.canvas.calculate(self.corner + 1, column, formula, 1, _WHOLE)
        rises = self._corner_range("rises", len(names))
        formula = (
            f"=INDEX({rises},{self._corner_cell('choice', 0)})" if len(names) > 1 else f"={rises}"
        )
        value = int(Metric(names[0], ()).rises)
        self.canvas.calculate(self.corner + 2, column, formula, value, _WHOLE)

    def _choice(self) -> None:
        self.area.say(HEADER_ROW, 0, "metric", LABEL)
        names = self.comparison.metrics
        column = self.area.merged(HEADER_ROW, 2, 8)
        source = self._corner_range("metric", len(names))
        self.canvas.choose(HEADER_ROW, column, "metric", names[0], names, INPUT, source)

    def _runs(self) -> None:
        """Draw what came of each training."""
        row, data = self.run_row, self.data
        self.area.say(row - 1, 0, "Trainings", SECTION)
        self.area.write(row, 0, "training", header("unit"), _NAME)
        for title in _RUN_TITLES:
            self.area.write(row, _AT[title], title, header("unit"), _NUMBER)
        for place, name in enumerate(self.comparison.names):
            at, cells = row + 1 + place, data.range(data.run(place))
            steps, numbers = data.range(TABLE), known_numbers(data.chosen(place))
            rises = Metric(self.comparison.metrics[0], ()).rises
            best = max(numbers) if rises else min(numbers)
            best_step = self.comparison.steps[data.chosen(place).index(best)]
            self.area.write(at, 0, name, number("unit", "@"), _NAME)
            # Of the steps with a number, which is less than any text, the last one.
            last_step = f"SUMPRODUCT(MAX(({cells}<9E+307)*{steps}))"
            last = f"SUMIF({steps},{last_step},{cells})" if ":" in cells else cells
            found = f"IF({self._corner_cell('choice', 1)}=1,MAX({cells}),MIN({cells}))"
            best_cell = cell_address(at, self.area.at(_AT["best"]))
            place_of = f"INDEX({steps},MATCH({best_cell},{cells},0))" if ":" in cells else steps
            written: tuple[tuple[str, str, Value, Style], ...] = (
                ("epochs", f"=COUNT({cells})", len(numbers), _WHOLE),
                ("last", f"={last}", numbers[-1], _TABLE_NUMBER),
                ("best", f"={found}", best, _TABLE_NUMBER),
                ("in epoch", f"={place_of}", best_step, _WHOLE),
            )
            for title, formula, value, style in written:
                self.area.calculate(at, _AT[title], formula, value, style, _NUMBER)

    def _results(self, title: str, group: range) -> tuple[str, list[float]]:
        """Return the cells of a column of the trainings of a group, and what they come to."""
        first, column = self.run_row + 1, self.area.at(_AT[title])
        cells = range_address(first + group[0], column, first + group[-1], column)
        values = [self.canvas.value(first + place, column) for place in group]
        return cells, [float(value) for value in values]

    def _groups(self) -> None:
        """Draw mean, deviation and 95 % interval of the trainings that differ in the seed."""
        row = self.group_row
        self.area.say(row - 1, 0, "The same settings, other seeds", SECTION)
        self.area.say(row - 1, 8, "mean, standard deviation and 95% interval of the mean", NOTE)
        self.area.write(row, 0, "settings", header("gradient"), _NAME)
        for place, title in enumerate(_GROUP_TITLES):
            self.area.write(row, _NAME + _NUMBER * place, title, header("gradient"), _NUMBER)
        for place, group in enumerate(self.comparison.groups):
            self._group(row + 1 + place, group)

    def _group(self, row: int, group: range) -> None:
        cells, values = self._results("last", group)
        best_cells, best = self._results("best", group)
        count = len(values)
        several = count > 1
        average, spread = mean(values), stdev(values) if several else 0.0
        half = t_quantile(count - 1) * spread / count**0.5 if several else 0.0
        at = [cell_address(row, self.area.at(_NAME + _NUMBER * place)) for place in range(6)]
        table = self._corner_range("t", self.freedoms)
        width = f"INDEX({table},{at[0]}-1)*{at[2]}/SQRT({at[0]})"
        written: list[tuple[str, Value]] = [
            (f"=COUNT({cells})", count),
            (f"=AVERAGE({cells})", average),
            (f'=IF({at[0]}<2,"",STDEV({cells}))', spread if several else ""),
            (f'=IF({at[0]}<2,"",{at[1]}-{width})', average - half if several else ""),
            (f'=IF({at[0]}<2,"",{at[1]}+{width})', average + half if several else ""),
            (f"=AVERAGE({best_cells})", mean(best)),
        ]
        name = self.comparison.called(group)
        self.area.write(row, 0, name, number("gradient", "@"), _NAME)
        for place, (formula, value) in enumerate(written):
            style = _TABLE_NUMBER if place else _WHOLE
            cell = _NAME + _NUMBER * place
            self.area.calculate(row, cell, formula, value, style, _NUMBER, scale=abs(average))

    def _settings(self) -> None:
        """Write what the settings differ in, a line for each training."""
        row, comparison = self.setting_row, self.comparison
        self.area.say(row, 0, "What their settings differ in", SECTION)
        for place, name in enumerate(comparison.names):
            told = [f"{each} {comparison.setting(place, each)}" for each in comparison.differing]
            self.area.say(row + 1 + place, 0, name, LABEL)
            self.area.say(row + 1 + place, _NAME, "; ".join(told)[:90])

    def _charts(self) -> None:
        x_axis = step_axis(self.comparison.steps)
        step = self.comparison.logs[0].step
        curves, means = self._curves(), self._means()
        for place, (series, words) in enumerate(((curves, "each training"), (means, "means"))):
            named = [each for each in series if each.in_legend]
            self.canvas.charts.append(
                Chart(
                    (FIRST_ROW, LEFT + HALF * place),
                    SIZE,
                    tuple(series),
                    f"{words} by {step}",
                    (step, "each training" if place == 0 else "mean ± s"),
                    legend="bottom" if len(named) <= _MOST_NAMED else "",
                    labels_outside=True,
                    limits=(x_axis.low, x_axis.high, None, None),
                    units=(x_axis.unit, None),
                    offset=(0, 8),
                )
            )

    def _series(self, column: int, length: int, colour: str, width: float = 1.25) -> Series:
        canvas, last = self.canvas, FIRST_ROW + length - 1
        return Series(
            canvas.range(FIRST_ROW, TABLE, last, TABLE),
            canvas.range(FIRST_ROW, column, last, column),
            canvas.absolute(HEADER_ROW, column),
            colour,
            width,
            dots=4 if length == 1 else 0,
        )

    def _curves(self) -> list[Series]:
        """Return a curve for each training, in the colour of its group if there are several."""
        found = []
        for rank, group in enumerate(self.comparison.groups):
            for place in group:
                known = [at for at, value in enumerate(self.data.chosen(place)) if is_number(value)]
                colour = rank if len(self.comparison.groups) > 1 else place
                shade = SERIES_COLOURS[colour % len(SERIES_COLOURS)]
                found.append(self._series(self.data.run(place), known[-1] + 1, shade))
        return found

    def _means(self) -> list[Series]:
        """Return the mean of each group, with the band of one standard deviation around it."""
        found = []
        for place, group in enumerate(self.comparison.groups):
            colour, column = SERIES_COLOURS[place % len(SERIES_COLOURS)], self.data.group(place)
            length = len(self.comparison.steps)
            found.append(self._series(column, length, colour, 2.25))
            for offset in (1, 2) if len(group) > 1 else ():
                edge = self._series(column + offset, length, colour, 0.75)
                found.append(replace(edge, dash="dash", in_legend=False))
        return found
