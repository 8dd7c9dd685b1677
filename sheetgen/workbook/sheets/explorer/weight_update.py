"""The update of the chosen weight on `Explorer`: from ∂E/∂w to the new weight.

Gradient descent is written out. Another optimiser's update also depends on its state, which is in
the helper columns of the training table: its new weight is taken from the next row.
"""

from sheetgen.network.trace import BATCH_ROW, BATCH_SIZE, sum_name
from sheetgen.workbook.shared.live_text import NOTHING, Fact, Words, joined, literal
from sheetgen.workbook.shared.table_cells import Table
from sheetgen.workbook.sheets.explorer.chain_rule import Chain
from sheetgen.workbook.sheets.explorer.shown_lines import (
    ALWAYS,
    Condition,
    agreement,
    both,
    negated,
)


def is_plain(table: Table) -> bool:
    """Tell whether a table's new weight is w − η·∂E/∂w and nothing else."""
    training = table.training
    return training.optimizer.name == "sgd" and "weight_decay" not in training.hyperparameters


class Update:
    """Adds its lines to those of the chain rule."""

    def __init__(self, chain: Chain) -> None:
        self.add, self.choice, self.instant = chain.add, chain.choice, chain.instant
        self.values, self.moment = chain.values, chain.values.moment
        self.training = self.moment.tables[0].training
        self.name = self.choice.parameter.name
        self.tab = Words(self.moment.tab, self.moment.table.canvas.name)
        self.goes_on: Condition = (
            f"{self.moment.row}<{self.training.iterations}",
            not self.moment.is_last,
        )

    def collect(self) -> None:
        """Add the lines in their order."""
        of_row = " of this row" if self.training.is_scheduled else ""
        rate = literal(f"the learning rate{of_row}")
        self.add("rate", ALWAYS, literal("η"), rate, NOTHING, self.choice.numbers["η"])
        at_end = self._batch() if self.training.is_batched else ALWAYS
        there = self.values.fetch(self.choice.name.expression, f"({self.moment.row}+1)")
        value = 0.0 if self.moment.is_last else self.instant.next(self.name)
        self.next_row = self.choice.number("w, next row", f"IF({self.goes_on[0]},{there},0)", value)
        plain = [is_plain(table) for table in self.moment.tables]
        flags = [str(int(each)) for each in plain]
        is_chosen = plain[self.moment.tables.index(self.moment.table)]
        chosen: Condition = f"{self.moment.chosen(flags)}=1", is_chosen
        if any(plain):
            self._plain_update(both(at_end, ALWAYS if all(plain) else chosen))
        if not all(plain):
            self._other_update(both(at_end, negated(chosen) if any(plain) else ALWAYS))
        if at_end != ALWAYS:
            self._waiting(negated(at_end))

    def _batch(self) -> Condition:
        """Add the sum over the batch so far; return the condition that its last row is chosen."""
        choice, cells = self.choice, self.values.cells
        place = Fact(cells[BATCH_ROW], self.instant[BATCH_ROW])
        size = Fact(cells[BATCH_SIZE], self.instant[BATCH_SIZE])
        at_end = f"{place.cell}={size.cell}", place.number == size.number
        name = joined("Σ∂E/∂", choice.name)
        expression = self.values.fetch(f'"Σ∂E/∂"&{choice.name.expression}', self.moment.row)
        total = choice.number("Σ∂E/∂w", expression, self.instant[sum_name(self.name)])
        symbols = joined("over the batch so far, row ", place.words, " of ", size.words)
        self.add("batch", ALWAYS, name, symbols, NOTHING, total)
        if self.training.reduction == "mean":
            mean = choice.number("mean", f"{total.cell}/{size.cell}", total.number / size.number)
            symbols, numbers = (joined(each, " / ", size.words) for each in (name, total.words))
            self.add("batch", at_end, literal("mean"), symbols, numbers, mean)
        return at_end

    @property
    def _direction(self) -> tuple[Words, Fact]:
        """The name of the gradient that the update goes by, and the gradient."""
        numbers = self.choice.numbers
        if "mean" in numbers:
            return literal("mean"), numbers["mean"]
        if "Σ∂E/∂w" in numbers:
            return joined("Σ∂E/∂", self.choice.name), numbers["Σ∂E/∂w"]
        return joined("∂E/∂", self.choice.name), numbers["∂E/∂w"]

    def _plain_update(self, when: Condition) -> None:
        choice, name = self.choice, self.choice.name
        w, rate = choice.numbers["w"], choice.numbers["η"]
        called, direction = self._direction
        symbols = joined(name, " ← ", name, " − η · ", called)
        numbers = joined(w.words, " − ", rate.factor, " · ", direction.factor)
        expression = f"{w.cell}-{rate.cell}*{direction.cell}"
        number = w.number - rate.number * direction.number
        new = choice.number("new w", expression, number)
        self.add("new", when, joined("new ", name), symbols, numbers, new)
        self._next(when, new)

    def _other_update(self, when: Condition) -> None:
        name = joined("new ", self.choice.name)
        symbols, where = literal("by the rule below"), joined("in the next row of ", self.tab)
        self.add("new", both(when, self.goes_on), name, symbols, where, self.next_row)
        self._end(when)

    def _waiting(self, when: Condition) -> None:
        name, w = self.choice.name, self.choice.numbers["w"]
        symbols = literal("not before the batch ends")
        self.add("new", when, joined("new ", name), symbols, w.words, w)
        self._next(when, w)

    def _next(self, when: Condition, new: Fact) -> None:
        """Compare the new weight with that of the next row, if there is one."""
        where, same = joined("in the next row of ", self.tab), agreement(new, self.next_row)
        self.add("check", both(when, self.goes_on), self.choice.name, where, same, self.next_row)
        self._end(when)

    def _end(self, when: Condition) -> None:
        there_is_none = both(when, negated(self.goes_on))
        self.add("check", there_is_none, self.tab, literal("ends with this row"))
