"""The sheet `Explorer`: one moment of a training, chosen by learning rate and iteration.

On the left is the network's diagram with all values, and below it the gradient flowing back; in
the middle the forward pass and the chain rule of a chosen weight, with their numbers; on the right
the moment's values. All of it is live: it reads the training tables.
"""

from collections.abc import Sequence
from dataclasses import replace

from sheetgen.formulas.quantities import softmax_helpers
from sheetgen.network.trace import BATCH_ROW, BATCH_SIZE
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import KINDS, LABEL, SECTION, SUBTITLE, TITLE, Style
from sheetgen.workbook.plan import EXPLORER, Plan
from sheetgen.workbook.shared import diagram
from sheetgen.workbook.shared.live_text import Words, decimal, joined, literal, significant
from sheetgen.workbook.shared.moment import Moment
from sheetgen.workbook.shared.table_cells import Table
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.explorer.chain_rule import MOST_SHARES, Chain, Shares
from sheetgen.workbook.sheets.explorer.chosen_weight import Choice
from sheetgen.workbook.sheets.explorer.explorer_diagrams import (
    Diagrams,
    plane_of,
    why_not,
)
from sheetgen.workbook.sheets.explorer.forward_pass import Panel, is_written_out
from sheetgen.workbook.sheets.explorer.moment_values import RATE, Values
from sheetgen.workbook.sheets.explorer.shown_lines import Lines
from sheetgen.workbook.sheets.explorer.weight_update import Update, is_plain

CONTROLS = (2, 2)  # the cell of the first drop-down
TOP = 6  # the row below the frozen ones
LEFT, FILLER, PANEL = 1, 3, 4  # columns
LABELS, INPUTS = 24, 14  # characters of width
MARGIN = 20  # pixels
PIXELS_OF_CHARACTER, PIXELS_OF_COLUMN = 7, 5
PIXELS_OF_ROW = 20
WITHOUT_DIAGRAM = 30  # characters


def explorer_sheet(plan: Plan, tables: Sequence[Table], workings: Workings) -> Canvas:
    """Draw the sheet; `tables` are those of the sheets that are compared."""
    return _Sheet(plan, tables, workings).draw()


class _Sheet:
    def __init__(self, plan: Plan, tables: Sequence[Table], workings: Workings) -> None:
        self.plan = plan
        self.canvas = Canvas(EXPLORER, tab_colour=KINDS["gradient"].strong, zoom=90)
        self.moment = Moment.ask(self.canvas, plan, tables, "explorer", CONTROLS, workings)
        self.values = Values(self.canvas, plan, self.moment, TOP + 1, PANEL + 5)
        at = CONTROLS[0] + 2, CONTROLS[1]
        self.choice = Choice(self.values, at, workings)
        self.panel = Panel(self.values, PANEL, TOP)
        self.network = plan.network

    def draw(self) -> Canvas:
        canvas = self.canvas
        canvas.freeze = (TOP, 0)
        canvas.heights |= {0: 30, 1: 22}
        canvas.write(0, LEFT, "Explorer: one moment of the training", TITLE)
        what = "weight or bias" if self.network.biases else "weight"
        table = "an optimiser" if self.plan.template.compare else "a learning rate"
        instruction = f"Choose {table}, an iteration and a {what} in the yellow cells"
        style = replace(SUBTITLE, vertical="top")
        canvas.write(1, LEFT, f"{instruction}: everything here shows that moment.", style)
        canvas.write(self.choice.at[0], LEFT, what, LABEL)
        self.choice.ask()
        self.values.draw()
        self.state()
        self.written_out()
        self.widths()
        last = self.diagrams()
        canvas.shorten(self.panel.last_column, self.panel.last_column)
        canvas.write(TOP, self.values.column, "Values of this moment", SECTION)
        last = max(last, self.panel.row, min(self.values.last_row, max(last, self.panel.row) + 30))
        canvas.print_area = (0, 0, last, self.values.column + 2)
        return canvas

    def state(self) -> None:
        """Describe the moment, beside the controls."""
        values, instant, row = self.values, self.values.instant, CONTROLS[0]
        error = joined("E_total = ", decimal(values.cells["E_total"], instant["E_total"], 6))
        rate = joined("η = ", significant(values.cells[RATE], instant[RATE], 6))
        self._text(row, error, Style(bold=True, indent=2, colour=KINDS["error"].strong))
        self._text(row + 1, rate, Style(indent=2))
        if "sample" in values.cells:
            sample = joined("sample ", self._count("sample"), f" of {self.plan.data.samples}")
            where = joined(sample, ", epoch ", self._count("epoch"))
            if BATCH_ROW in values.cells:
                batch = joined(self._count(BATCH_ROW), " of ", self._count(BATCH_SIZE))
                where = joined(where, ", row ", batch, " of its batch")
            self._text(row + 2, where, Style(indent=2))

    def _count(self, symbol: str) -> Words:
        return decimal(self.values.cells[symbol], self.values.instant[symbol], 0)

    def _text(self, row: int, words: Words, style: Style) -> None:
        self.canvas.calculate(row, FILLER, words.formula, words.text, style)

    def written_out(self) -> None:
        """Write the forward pass and the chain rule."""
        panel, choice, workings = self.panel, self.choice, self.choice.workings
        if is_written_out(self.network):
            self.values.write_texts(self.values.cells, workings)
            panel.section("Forward pass", "unit")
            panel.forward()
            panel.row += 1
        else:
            helpers = softmax_helpers(self.network)
            shown = [each for each in helpers if each in self.values.cells]
            self.values.write_texts(shown, workings)
        choice.draw()
        shares = Shares(choice)
        shares.draw()
        chain = Chain(choice, shares)
        chain.collect()
        Update(chain).collect()
        title = joined("The chain rule of ", choice.name, ", from the error to the new value")
        if not is_written_out(self.network):
            forward = joined("Forward through ", choice.names["into"])
            title = joined(forward, ", and the chain rule of ", choice.name)
        panel.section(title, "gradient")
        lines = Lines(self.canvas.name, chain.lines, workings)
        lines.show(panel, self._most_lines())
        self._rules()

    def _most_lines(self) -> int:
        """Return the most lines that there can be at once."""
        widest = max((layer.units for layer in self.network.layers[1:]), default=0)
        batched = self.moment.tables[0].training.is_batched
        forward = 0 if is_written_out(self.network) else 2
        return forward + min(widest, MOST_SHARES) + 3 + 2 + 1 + 2 * batched + 2

    def _rules(self) -> None:
        """Write the rules of the tables' optimisers if they are more than w − η·∂E/∂w."""
        tables, panel = self.moment.tables, self.panel
        if all(map(is_plain, tables)):
            return
        training = tables[0].training
        gradient = "∂E/∂w"
        if training.is_batched:
            gradient = "mean" if training.reduction == "mean" else "Σ∂E/∂w"
        trainings = [table.training for table in tables]
        texts = [
            f"{each.optimizer.name}: "
            + each.optimizer.rule("w", gradient, "weight_decay" in each.hyperparameters)
            for each in trainings
        ]
        chosen = texts[tables.index(self.moment.table)]
        words = literal(chosen)
        if len(set(texts)) > 1:
            words = Words(self.moment.chosen(literal(text).expression for text in texts), chosen)
        style = Style(wrap=True, vertical="top", fill=KINDS["weight"].tint, indent=1)
        row = panel.row
        for column in range(PANEL, panel.last_column + 1):
            self.canvas.write(row, column, "", style)
        self.canvas.merges.append((row, PANEL, row, panel.last_column))
        self.canvas.calculate(row, PANEL, words.formula, words.text, style)
        self.canvas.heights[row] = 32
        panel.row += 1

    def widths(self) -> None:
        canvas = self.canvas
        left = LABELS + INPUTS
        filler = float(WITHOUT_DIAGRAM)
        if not why_not(self.network):
            pixels = plane_of(self.network).width + MARGIN - 2 * PIXELS_OF_COLUMN
            filler = (pixels - PIXELS_OF_COLUMN) / PIXELS_OF_CHARACTER - left
        canvas.widths = {0: 2, LEFT: LABELS, LEFT + 1: INPUTS, FILLER: round(filler, 1)}
        canvas.widths |= self.panel.widths()
        column = self.values.column
        canvas.widths |= {column - 1: 3, column: 12, column + 1: 13, column + 2: 15}

    def diagrams(self) -> int:
        """Draw the diagrams, or say why not; return the last row that they cover."""
        canvas = self.canvas
        if why := why_not(self.network):
            diagram.note(canvas, self.network, TOP, LEFT, why)
            return TOP + 6
        moment = self.moment
        diagrams = Diagrams(self.values, self.choice)
        when = Words(f'{moment.row}&""', f"{moment.iteration}")
        title = joined("Forward at iteration ", when, ": inputs, weights, activations, errors")
        canvas.calculate(TOP, LEFT, title.formula, title.text, SECTION)
        diagrams.forward((TOP + 1, LEFT))
        row = self._below(TOP + 1, diagrams.plane.height) + 1
        widths = " (a line's width: in % of the largest ∂E/∂w)" if diagrams.shows_widths else ""
        title = joined("Backward at iteration ", when, f": ∂E/∂ of every weight and unit{widths}")
        canvas.calculate(row, LEFT, title.formula, title.text, SECTION)
        diagrams.backward((row + 1, LEFT))
        return self._below(row + 1, diagrams.plane.height + MARGIN)

    def _below(self, row: int, pixels: float) -> int:
        """Return the first row that is at least so far below the top of another."""
        while pixels > 0:
            points = self.canvas.heights.get(row)
            pixels -= PIXELS_OF_ROW if points is None else points * 4 / 3
            row += 1
        return row
