"""The table of `Predictions`: a row for each listed sample, the training samples first."""

from dataclasses import dataclass, replace

from sheetgen.errors import display_width, short_names
from sheetgen.formulas import notation
from sheetgen.network.network import activation_name
from sheetgen.network.trace import CORRECT
from sheetgen.spreadsheet.address import column_letters
from sheetgen.spreadsheet.canvas import Canvas, Rule
from sheetgen.spreadsheet.style import (
    FAIL_FORMAT,
    GENERAL,
    WHOLE,
    Style,
    band,
    header,
    number,
)
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.pass_cells import output_symbols
from sheetgen.workbook.shared.table_cells import FIRST_ROW, HEADER_ROW
from sheetgen.workbook.sheets.predictions.listed_samples import (
    ANSWER_NAME,
    CLASS_NAME,
    LONGEST_CLASS,
    ListedSamples,
)
from sheetgen.workbook.sheets.training_table import BAND_ROW

SAMPLE, SET = "sample", "set"
TRAINING, TEST = "training", "test"
MOST_INPUTS = 8
"""More inputs are on `Data` only, as are those of an autoencoder, which are its targets."""
MARK = '"✓";;"✗"'
"""The format of 1 where the answer is right, and of 0 where it is wrong."""
NARROW, NUMBER, WIDE = 7.5, 11.0, 13.4
"""The least width of a column, that of numbers of any size, the most for a header."""
LONGEST, CUT = 12, 10  # letters of a header, and of those of which some are longer
FINE, SHORT = ("0.0000", NARROW), ("0.000", 6.2)
"""The format of activations and their column's width, and those of very many units."""
MANY_UNITS = 16
PADDING = 1.4  # characters beside a header


@dataclass(frozen=True)
class Group:
    """Neighbouring columns of one kind: their symbols, with their headers and number formats."""

    title: str
    kind: str
    headers: dict[str, str]
    number_format: str
    width: float = NARROW


class SampleColumns:
    """The columns from one on; `next_column` and `last_row` say where they end."""

    def __init__(self, canvas: Canvas, plan: Plan, samples: ListedSamples, column: int) -> None:
        """Place the columns, but write nothing yet."""
        self._canvas, self._plan, self._samples = canvas, plan, samples
        self._groups = self._ordered()
        symbols = [symbol for group in self._groups for symbol in group.headers]
        self._columns = {symbol: at for at, symbol in enumerate(symbols, start=column)}
        self.next_column = column + len(symbols)
        # On paper the outputs may be on another page than the samples that they are of.
        canvas.repeat_columns = column, column + len(self._groups[0].headers) - 1
        self.last_row = FIRST_ROW + len(samples.places) - 1
        samples.show(self._columns, FIRST_ROW)

    def _ordered(self) -> list[Group]:
        """Return the groups in their order."""
        plan, network, data = self._plan, self._plan.network, self._plan.data
        tested = {SET: "set"} if data.test_samples else {}
        sample = Group("sample", "iteration", {SAMPLE: "sample"} | tested, WHOLE)
        inputs = Group("inputs", "input", _named(network.input_names, data.input_labels), GENERAL)
        right = {CORRECT: "right?"} if self._samples.has_right else {}
        if plan.classes:
            names = {CLASS_NAME: "class", ANSWER_NAME: "answer"}
            given = [Group("class", "target", names | right, MARK)]
            right = {}
        else:
            targets = _named(network.target_names, data.target_labels)
            given = [Group("targets", "target", targets, GENERAL)]
        labels = plan.classes if len(plan.classes) == network.outputs else data.target_labels
        outputs = _named(output_symbols(network), labels)
        results = [
            Group("outputs", "unit", outputs, *self._look(-1)),
            Group("error", "error", {"E_total": "E_total"}, "0.000000", NUMBER),
            *([Group("answer", "unit", right, MARK)] if right else []),
        ]
        layers = self._layers()
        code = [layers.pop(plan.code)] if plan.code is not None else []
        first = [inputs] if network.inputs <= MOST_INPUTS and not code else []
        return [sample, *first, *given, *code, *results, *layers]

    def _layers(self) -> list[Group]:
        """Return a group for each hidden layer, but for pictures, which `Explorer` shows."""
        network, code = self._plan.network, self._plan.code
        groups = []
        for layer, units in enumerate(network.unit_names[:-1]):
            if not network.layers[layer].is_dense:
                continue
            title = "code" if layer == code else notation.layer_title(network, layer)
            names = {name: name for name in map(activation_name, units)}
            names = {name: name for name in map(activation_name, units)}
            groups.append(Group(title, "unit", names, *self._look(layer)))
        return groups

    def _look(self, layer: int) -> tuple[str, float]:
        """Return the format of a layer's activations, and the width that they need."""
        layers = self._plan.network.layers
        number_format, width = SHORT if sum(each.units for each in layers) > MANY_UNITS else FINE
        return number_format, width if layers[layer].activation.limits else NUMBER

    def draw(self) -> None:
        """Write the columns, and mark the rows of wrong answers."""
        for group in self._groups:
            texts = [*group.headers.values()]
            if max(map(display_width, texts)) > LONGEST:
                texts = short_names(texts, CUT)
            shown = dict(zip(group.headers, texts, strict=True))
            for symbol, text in group.headers.items():
                column = self._columns[symbol]
                title = group.title if symbol == next(iter(group.headers)) else ""
                self._canvas.write(BAND_ROW, column, title, band(group.kind))
                self._header(column, symbol, (text, shown[symbol]), group)
                self._column(column, symbol, number(group.kind, group.number_format))
                if group.width == NUMBER:
                    self._canvas.numbers.append((FIRST_ROW, column, self.last_row, column))
        first, last = min(self._columns.values()), max(self._columns.values())
        if CORRECT in self._columns:
            place = (FIRST_ROW, first, self.last_row, last)
            formula = f"=${column_letters(self._columns[CORRECT])}{FIRST_ROW + 1}=0"
            self._canvas.rules.append(Rule(place, formula, dict(FAIL_FORMAT)))

    def _header(self, column: int, symbol: str, texts: tuple[str, str], group: Group) -> None:
        """Write a header: a name, and the same shortened."""
        canvas, (text, shown) = self._canvas, texts
        canvas.write(HEADER_ROW, column, shown, header(group.kind))
        longest, widest = display_width(shown), WIDE
        if symbol in (CLASS_NAME, ANSWER_NAME):
            longest, widest = max(longest, *map(display_width, self._samples.called)), LONGEST_CLASS
        elif text != symbol and symbol not in (SAMPLE, SET, CORRECT):
            canvas.notes[HEADER_ROW, column] = f"{symbol}: {text}"
        canvas.widths[column] = min(widest, max(group.width, longest + PADDING))

    def _column(self, column: int, symbol: str, style: Style) -> None:
        samples, training = self._samples, self._samples.extent.training
        if symbol in (CLASS_NAME, ANSWER_NAME, CORRECT, SET):
            style = replace(style, align="center")
        for at, place in enumerate(samples.places):
            row = FIRST_ROW + at
            if symbol == SAMPLE:
                self._canvas.write(row, column, place + 1, style)
            elif symbol == SET:
                is_test = at >= training
                text = TEST if is_test else TRAINING
                self._canvas.write(row, column, text, replace(style, bold=is_test))
            else:
                formula, value = samples.formula(symbol, at), samples.value(symbol, at)
                self._canvas.calculate(row, column, formula, value, style)


def _named(symbols: tuple[str, ...], labels: tuple[str, ...]) -> dict[str, str]:
    """Return the header of each symbol: its name in the data, or the symbol itself."""
    return dict(zip(symbols, labels or symbols, strict=True))
