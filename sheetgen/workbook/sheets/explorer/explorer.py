"""The sheet `Explorer`: one moment of a training, chosen by learning rate and iteration.

On the left is the network's diagram with all values, and below it the gradient flowing back, and
the moment's values; on the right the chain rule of a chosen weight and the forward pass, with their
numbers. All of it is live: it reads the training tables. It is no wider than a screen of 1366 × 768
pixels, on which the first diagram and the chain rule are in sight together.
"""

from collections.abc import Sequence
from math import ceil, isfinite

from sheetgen.formulas.quantities import softmax_helpers
from sheetgen.network.trace import BATCH_ROW, BATCH_SIZE
from sheetgen.spreadsheet.address import cell_address
from sheetgen.spreadsheet.canvas import Canvas, Rule
from sheetgen.spreadsheet.style import KINDS, LABEL, SECTION, SUBTITLE, Style
from sheetgen.workbook.plan import EXPLORER
from sheetgen.workbook.shared import diagram
from sheetgen.workbook.shared.live_text import (
    DIVERGED_HERE,
    Words,
    compact,
    decimal,
    joined,
    literal,
    only_if,
    significant,
)
from sheetgen.workbook.shared.moment import Moment
from sheetgen.workbook.shared.page import fit_errors, rule_lines
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.shared.table_cells import Table
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.explorer.chain_rule import MOST_SHARES, Chain, Shares
from sheetgen.workbook.sheets.explorer.chosen_weight import Choice
from sheetgen.workbook.sheets.explorer.explorer_diagrams import SIZE, Diagrams, layout_at
from sheetgen.workbook.sheets.explorer.forward_pass import FITTING, Panel, is_written_out
from sheetgen.workbook.sheets.explorer.input_pictures import InputPictures
from sheetgen.workbook.sheets.explorer.moment_values import RATE, Values
from sheetgen.workbook.sheets.explorer.shown_lines import Lines
from sheetgen.workbook.sheets.explorer.weight_update import Update, is_plain

CONTROLS = (2, 3)  # the cell of the first drop-down
TOP = 6  # the row below the frozen ones
LEFT, STATE, FILLER, PANEL = 1, 4, 8, 9  # columns
EDGE, GAP = 1.3, 2  # characters of width
VALUE_WIDTHS = (11, 12, 14, 1, 11, 12, 13)  # of two groups of values, and of what is between
LEAST_FILLER = 0.5
TITLE_HEIGHT, GAP_HEIGHT = 22, 6  # points
MARGIN = 12  # pixels
PIXELS_OF_CHARACTER, PIXELS_OF_COLUMN = 7, 5
PIXELS_OF_ROW = 20


def explorer_sheet(sources: Sources, tables: Sequence[Table], workings: Workings) -> Canvas:
    """Draw the sheet; `tables` are those of the sheets that are compared."""
    return _Sheet(sources, tables, workings).draw()


class _Sheet:
    def __init__(self, sources: Sources, tables: Sequence[Table], workings: Workings) -> None:
        self.sources, self.plan, self.network = sources, sources.plan, sources.plan.network
        plan = self.plan
        self.canvas = Canvas(EXPLORER, tab_colour=KINDS["gradient"].strong)
        self.moment = Moment.ask(
            self.canvas, plan, tables, "explorer", CONTROLS, workings, label=LEFT
        )
        self.layout = layout_at(plan)
        at = self._below_diagrams(), LEFT
        self.values = Values(self.canvas, plan, self.moment, at, workings)
        at = CONTROLS[0] + 2, CONTROLS[1]
        self.choice = Choice(self.values, at, workings)
        self.panel = Panel(self.values, PANEL, TOP)

    def draw(self) -> Canvas:
        canvas = self.canvas
        canvas.freeze = (TOP, 0)
        canvas.heights |= {0: TITLE_HEIGHT, TOP - 1: GAP_HEIGHT}
        canvas.title("Explorer: one moment of the training", LEFT, EDGE)
        what = "weight or bias" if self.network.biases else "weight"
        table = "an optimiser" if self.plan.template.compare else "a learning rate"
        instruction = f"Choose {table}, an iteration and a {what} in the yellow cells"
        canvas.write(1, LEFT, f"{instruction}: everything here shows that moment.", SUBTITLE)
        canvas.write(self.choice.at[0], LEFT, what, LABEL)
        self.choice.ask()
        self.values.draw()
        self.state()
        self.written_out()
        self.diagrams()
        pictures, last_column = self.pictures(), self.panel.last_column
        fit_errors(canvas, (TOP, last_column, self.panel.row, last_column))
        last = max(self.panel.row - 1, self.values.last_row)
        if pictures:
            last, last_column = max(last, pictures.row), pictures.last_column
            canvas.column_breaks.append(pictures.column)
        canvas.print_area = (0, 0, last, last_column)
        return canvas

    def state(self) -> None:
        """Describe the moment, beside the controls."""
        values, instant, row = self.values, self.values.instant, CONTROLS[0]
        cell, total = values.cells["E_total"], instant["E_total"]
        error = only_if(
            f"ISNUMBER({cell})",
            isfinite(total),
            joined("E_total = ", compact(cell, total, 6), self.moment.divergence),
            literal(DIVERGED_HERE),
        )
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
        self.canvas.calculate(row, STATE, words.formula, words.text, style)

    def written_out(self) -> None:
        """Write the chain rule and the forward pass."""
        panel, choice, workings = self.panel, self.choice, self.choice.workings
        helpers = softmax_helpers(self.network)
        as_texts = self.values.cells if is_written_out(self.network) else helpers
        self.values.write_list([each for each in as_texts if each in self.values.cells])
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
        if is_written_out(self.network):
            panel.row += 1
            panel.section("Forward pass", "unit")
            panel.forward()

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
        room = round(FITTING * sum(panel.widths().values()))
        rules = [rule_lines(text, room) for text in texts]
        at = tables.index(self.moment.table)
        for place in range(max(map(len, rules))):
            of_each = [literal(lines[place] if place < len(lines) else "") for lines in rules]
            words = of_each[at]
            if len(set(texts)) > 1:
                words = Words(self.moment.chosen(each.expression for each in of_each), words.text)
            self._rule_line(words)

    def _rule_line(self, words: Words) -> None:
        """Write a line of the chosen optimiser's rule, which has a ground if it is not empty."""
        canvas, row, last = self.canvas, self.panel.row, self.panel.last_column
        canvas.calculate(row, PANEL, words.formula, words.text, Style(indent=1))
        is_there = f'={cell_address(row, PANEL)}<>""'
        ground: dict[str, object] = {"bg_color": KINDS["weight"].tint}
        canvas.rules.append(Rule((row, PANEL, row, last), is_there, ground))
        self.panel.row += 1

    def widths(self, pixels: int) -> None:
        """Set the columns' widths, with a diagram of so many pixels."""
        canvas, count = self.canvas, FILLER + 1 - LEFT
        fitting = (pixels + MARGIN - count * PIXELS_OF_COLUMN) / PIXELS_OF_CHARACTER
        filler = max(LEAST_FILLER, round(fitting - sum(VALUE_WIDTHS), 1))
        canvas.widths = {0: EDGE, **dict(enumerate((*VALUE_WIDTHS, filler), start=LEFT))}
        canvas.widths |= self.panel.widths()

    def pictures(self) -> InputPictures | None:
        """Draw the sample and the first weights as pictures, where the data are images."""
        if not self.plan.data.image:
            return None
        column = self.panel.last_column + 2
        self.canvas.widths[column - 1] = GAP
        pictures = InputPictures(self.values, self.sources, TOP, column)
        pictures.draw()
        return pictures

    def _below_diagrams(self) -> int:
        """Return the row below both diagrams, or below what is written in their place."""
        if self.layout.too_many:
            return TOP + len(self.network.layers) + 3
        return self._second_diagram() + 1 + ceil((self._diagram_height() + MARGIN) / PIXELS_OF_ROW)

    def _diagram_height(self) -> int:
        return self.layout.height + diagram.LEGEND_PIXELS

    def _second_diagram(self) -> int:
        """Return the row of the second diagram's title."""
        return TOP + 2 + ceil(self._diagram_height() / PIXELS_OF_ROW)

    def diagrams(self) -> None:
        """Draw the diagrams, or say why not."""
        canvas, layout = self.canvas, self.layout
        if why := layout.too_many:
            diagram.note(canvas, self.network, TOP, LEFT, why)
            self.widths(SIZE[0])
            return
        self.widths(layout.width)
        diagrams = Diagrams(self.values, self.choice, layout)
        when = Words(f'{self.moment.row}&""', f"{self.moment.iteration}")
        title = joined("Forward at iteration ", when, ": inputs, weights, activations, errors")
        canvas.calculate(TOP, LEFT, title.formula, title.text, SECTION)
        diagrams.forward((TOP + 1, LEFT))
        row = self._second_diagram()
        title = joined("Backward at iteration ", when, ": ∂E/∂ of every weight and unit")
        canvas.calculate(row, LEFT, title.formula, title.text, SECTION)
        diagrams.backward((row + 1, LEFT))
