"""The left side of `Predictions`: how many answers are right, and which classes are confused.

Without classes it has the mean errors, and a chart of the outputs over their targets.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sheetgen.errors import display_width
from sheetgen.network.trace import CORRECT
from sheetgen.spreadsheet.address import cell_address
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import (
    LINE,
    NOTE,
    PERCENT,
    WHOLE,
    Style,
    header,
    label,
)
from sheetgen.workbook.plan import PREDICTIONS
from sheetgen.workbook.shared.live_text import Words, is_promised, joined, only_if, significant
from sheetgen.workbook.shared.moment import Moment
from sheetgen.workbook.shared.table_cells import HEADER_ROW
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.predictions.confusion_matrix import draw_matrix
from sheetgen.workbook.sheets.predictions.fit_chart import draw_fit
from sheetgen.workbook.sheets.predictions.listed_samples import (
    LONGEST,
    MISTAKES,
    Kind,
    ListedSamples,
)

LEFT = 1  # the column of the labels
TOP = HEADER_ROW + 2  # the row with the names of the two kinds of samples
MOST_CLASSES = 12  # of a confusion matrix
LONGEST_NAME, LONGEST_OF_MANY = 10, 4  # letters of a class above a column
SUMS = 6.5  # the width of the column right of a matrix
FEW_CLASSES = 4  # with columns as wide as a number; those of more classes are narrower
RESULT = Style(size=11, bold=True)


class Summary:
    """The columns from LEFT to `next_column`; `last_row` is the last that `draw` has used."""

    def __init__(
        self, canvas: Canvas, samples: ListedSamples, moment: Moment, workings: Workings
    ) -> None:
        """Set the widths of the columns; the two cells of the moment are written already."""
        self._canvas, self._samples, self._moment = canvas, samples, moment
        self._workings = workings
        classes = samples.plan.classes
        self._classes = classes if len(classes) <= MOST_CLASSES else ()
        self._span = 2 if len(self._classes) > FEW_CLASSES else 1
        longest = max((display_width(name) + 1 for name in self._classes), default=0)
        width = 4.2 if self._span > 1 else max(9.5, min(LONGEST_NAME + 1, longest))
        columns = len(self._classes) + 1 if samples.has_right else CHART_COLUMNS
        columns = max(columns, len(samples.kinds) * self._span)
        self.next_column = LEFT + 1 + columns + 1
        # The names are bold there.
        beside = max(
            (display_width(name) + 3 for name in samples.called if self._classes), default=0
        )
        canvas.widths |= {0: 2, LEFT: max(18, beside)}
        canvas.widths |= dict.fromkeys(range(LEFT + 1, self.next_column - 1), width)
        if self._classes:
            canvas.widths[self.next_column - 2] = min(width, SUMS)
        canvas.widths[self.next_column - 1] = 2
        for row in (HEADER_ROW - 1, HEADER_ROW):
            self._widen(row, LEFT + 1)
        self.last_row = TOP

    def _widen(self, row: int, column: int) -> None:
        """Let a cell take as many columns as a number needs."""
        if self._span > 1:
            self._canvas.merges.append((row, column, row, column + self._span - 1))

    def draw(self) -> None:
        """Write the counts, the sentence with the result, and the confusion matrices."""
        canvas = self._canvas
        canvas.heights[0] = 28
        canvas.title(PREDICTIONS, LEFT)
        results = [self._counts(place, kind) for place, kind in enumerate(self._samples.kinds)]
        self._sentence(results)
        row = self.last_row + 2
        if not self._samples.has_right:
            columns = range(LEFT + 1, LEFT + 1 + len(self._samples.kinds))
            names = tuple(canvas.absolute(TOP, column) for column in columns)
            row = draw_fit(canvas, self._samples, (row, LEFT), names, self._workings) + 2
        for kind in self._samples.kinds:
            if self._classes:
                longest = LONGEST_OF_MANY if self._span > 1 else LONGEST_NAME
                row = draw_matrix(canvas, self._samples, kind, (row, LEFT), longest) + 1
            if self._samples.has_right:
                self._mistakes(row, kind)
                row += 2
        for text in self._notes():
            canvas.write(row, LEFT, text, NOTE)
            row += 1
        self.last_row = row

    def _mistakes(self, row: int, kind: Kind) -> None:
        """Write the numbers of the first samples whose answers are wrong."""
        last = kind.listed[-1]
        cell, text = self._samples.cell(MISTAKES, last), self._samples.value(MISTAKES, last)
        more = f'IF(LEN({cell})>{LONGEST},", …","")'
        called = f"wrong {kind.name} samples".replace("  ", " ")
        formula = f'=IF({cell}="","no {called}","{called}: "&{cell}&{more})'
        shown: str | float = f"no {called}"
        if isinstance(text, float):
            shown = text
        elif text:
            shown = f"{called}: {text}{', …' if len(text) > LONGEST else ''}"
        self._canvas.calculate(row, LEFT, formula, shown, NOTE)

    def _counts(self, place: int, kind: Kind) -> tuple[str, float]:
        """Write a column of the counts; return the cell of the number right or the mean error."""
        canvas, column = self._canvas, LEFT + 1 + place * self._span
        errors = self._samples.area("E_total", kind.listed)
        canvas.write(TOP, LEFT, "", header("iteration"))
        canvas.write(TOP, column, kind.name or "all", header("iteration"))
        self._widen(TOP, column)
        count = len(kind.listed)
        mean = float(self._samples.values("E_total", kind.listed).mean())
        rows = [("mean E_total", f"=AVERAGE({errors})", mean, "0.000000")]
        if self._samples.has_right:
            number = float(self._samples.values(CORRECT, kind.listed).sum())
            right = self._samples.area(CORRECT, kind.listed)
            cell = cell_address(TOP + 2, column)
            rows = [
                ("right", f"=SUM({right})", number, WHOLE),
                ("accuracy", f"={cell}/{count}", number / count, PERCENT),
                *rows,
            ]
        canvas.write(TOP + 1, LEFT, "samples", label("iteration"))
        canvas.write(TOP + 1, column, count, COUNT)
        self._widen(TOP + 1, column)
        for row, (text, formula, value, number_format) in enumerate(rows, start=TOP + 2):
            canvas.write(row, LEFT, text, label("error" if "E_" in text else "unit"))
            style = replace(COUNT, number_format=number_format)
            canvas.calculate(row, column, formula, value, style)
            self._widen(row, column)
        self.last_row = TOP + 1 + len(rows)
        canvas.numbers.append((self.last_row, column, self.last_row, column))
        return cell_address(TOP + 2, column), rows[0][2]

    def _sentence(self, results: list[tuple[str, float]]) -> None:
        """Write below the title how good the network is."""
        iteration = Words(self._moment.row, str(self._moment.iteration))
        parts: list[Words | str] = []
        for kind, (cell, value) in zip(self._samples.kinds, results, strict=True):
            parts.append(", " if parts else "")
            if self._samples.has_right:
                number = str(int(value)) if is_promised(value) else np.nan
                parts += [Words(cell, number), f" of {len(kind.listed)} {kind.words} right"]
            else:
                parts += ["" if len(parts) > 1 else "mean E_total ", significant(cell, value)]
                parts.append(f" of {len(kind.listed)} {kind.words}")
        said = joined("At iteration ", iteration, ": ", *parts)
        lost = joined("At iteration ", iteration, " the training has diverged: ", NO_WEIGHTS)
        condition, has_weights = self._samples.has_weights
        words = only_if(condition, has_weights, said, lost)
        self._canvas.calculate(1, LEFT, words.formula, words.text, RESULT)

    def _notes(self) -> Iterator[str]:
        """Yield what the numbers are of, and what is not shown."""
        plan, last = self._samples.plan, self._moment.last
        training = plan.training(plan.template.optimizer)
        is_after = last > plan.template.iterations
        more = f"; {last:,} is after the last update" if is_after else ""
        yield f"all with the weights at this iteration{more}"
        if training.is_by_epoch and training.batches > 1:
            yield f"{plan.comparison} has means over an epoch, while it learns"
        for kind in self._samples.kinds:
            if len(kind.listed) < kind.total:
                name = f"{kind.name} samples".strip()
                yield f"the first {len(kind.listed):,} of {kind.total:,} {name} are listed, counted"
        if len(self._samples.plan.classes) > MOST_CLASSES:
            yield f"a confusion matrix is drawn for at most {MOST_CLASSES} classes"


NO_WEIGHTS = "a weight is above 1,000,000, or no number any more"
CHART_COLUMNS = 4  # that the chart of the fit takes
COUNT = Style(align="center", number_format="#,##0", border=LINE)
