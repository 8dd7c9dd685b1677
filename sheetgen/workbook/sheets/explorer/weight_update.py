"""The update of the chosen weight on `Explorer`: from ∂E/∂w to the new weight.

Gradient descent is written out. What another optimiser makes of the gradient depends on what it
remembers, which the training table has in its helper columns: its new weight is the next row's.
"""

from dataclasses import dataclass

from sheetgen.network.trace import BATCH_ROW, BATCH_SIZE, sum_name
from sheetgen.workbook.shared.live_text import Words, joined, literal
from sheetgen.workbook.sheets.explorer.chain import Chain
from sheetgen.workbook.sheets.explorer.choice import Choice, Fact
from sheetgen.workbook.sheets.explorer.lines import (
    ALWAYS,
    NOTHING,
    Condition,
    agreement,
    both,
    negated,
)
from sheetgen.workbook.sheets.explorer.moment_values import Instant, Values
from sheetgen.workbook.sheets.training_table import Table


def is_plain(table: Table) -> bool:
    """Tell whether a table's new weight is w − η·∂E/∂w and nothing else."""
    training = table.training
    return training.optimizer.name == "sgd" and "weight_decay" not in training.hyperparameters


@dataclass
class Update:
    """Adds its lines to those of the chain rule."""

    chain: Chain

    @property
    def choice(self) -> Choice:
        """The chosen weight."""
        return self.chain.choice

    @property
    def values(self) -> Values:
        """The values of the moment."""
        return self.chain.values

    @property
    def instant(self) -> Instant:
        """The reference's account of the moment."""
        return self.chain.instant

    @property
    def _name(self) -> str:
        return str(self.choice.name.text)

    @property
    def _tab(self) -> Words:
        moment = self.values.moment
        return Words(moment.tab, moment.table.canvas.name)

    def collect(self) -> None:
        """Note the lines in their order."""
        self._rate()
        self._update()

    def _rate(self) -> None:
        scheduled = self.values.moment.tables[0].training.is_scheduled
        text = "the learning rate of this row" if scheduled else "the learning rate"
        self.chain.add(
            "rate", ALWAYS, literal("η"), literal(text), NOTHING, self.choice.numbers["η"]
        )

    def _update(self) -> None:
        moment = self.values.moment
        at_end = self._batch() if moment.tables[0].training.is_batched else ALWAYS
        goes_on = f"{moment.row}<{moment.tables[0].iterations}", not moment.is_last
        there = self.values.fetch(self.choice.name.expression, f"({moment.row}+1)")
        value = 0.0 if moment.is_last else self.instant.next(self._name)
        next_row = self.choice.number("w, next row", f"IF({goes_on[0]},{there},0)", value)
        plain = [is_plain(table) for table in moment.tables]
        is_chosen_plain = plain[moment.tables.index(moment.table)]
        if any(plain):
            here = ALWAYS if all(plain) else self._plain(plain, is_chosen_plain)
            self._plain_update(both(at_end, here), next_row, goes_on)
        if not all(plain):
            here = ALWAYS if not any(plain) else negated(self._plain(plain, is_chosen_plain))
            self._other_update(both(at_end, here), next_row, goes_on)
        if at_end != ALWAYS:
            self._waiting(negated(at_end), next_row, goes_on)

    def _plain(self, plain: list[bool], is_chosen_plain: bool) -> Condition:
        flags = ",".join(str(int(each)) for each in plain)
        return f"CHOOSE({self.values.moment.place},{flags})=1", is_chosen_plain

    def _batch(self) -> Condition:
        """Add the sum over the batch so far; return the condition that its last row is chosen."""
        choice, cells = self.choice, self.values.cells
        place = Fact(cells[BATCH_ROW], self.instant[BATCH_ROW])
        size = Fact(cells[BATCH_SIZE], self.instant[BATCH_SIZE])
        at_end = f"{place.cell}={size.cell}", place.number == size.number
        name = joined("Σ∂E/∂", choice.name)
        expression = self.values.fetch(f'"Σ∂E/∂"&{choice.name.expression}', self.values.moment.row)
        total = choice.number("Σ∂E/∂w", expression, self.instant[sum_name(self._name)])
        symbols = joined("over the batch so far, row ", place.words, " of ", size.words)
        self.chain.add("batch", ALWAYS, name, symbols, NOTHING, total)
        if self.values.moment.tables[0].training.reduction == "mean":
            mean = choice.number("mean", f"{total.cell}/{size.cell}", total.number / size.number)
            numbers = joined(total.words, " / ", size.words)
            self.chain.add(
                "batch", at_end, literal("mean"), joined(name, " / ", size.words), numbers, mean
            )
        return at_end

    @property
    def _direction(self) -> tuple[Words, Fact]:
        """The gradient that the update goes by, and what it is called."""
        numbers = self.choice.numbers
        if "mean" in numbers:
            return literal("mean"), numbers["mean"]
        if "Σ∂E/∂w" in numbers:
            return joined("Σ∂E/∂", self.choice.name), numbers["Σ∂E/∂w"]
        return joined("∂E/∂", self.choice.name), numbers["∂E/∂w"]

    def _plain_update(self, when: Condition, next_row: Fact, goes_on: Condition) -> None:
        choice, name = self.choice, self.choice.name
        w, rate = choice.numbers["w"], choice.numbers["η"]
        called, direction = self._direction
        symbols = joined(name, " ← ", name, " − η · ", called)
        numbers = joined(w.words, " − ", rate.factor, " · ", direction.factor)
        expression = f"{w.cell}-{rate.cell}*{direction.cell}"
        number = w.number - rate.number * direction.number
        new = choice.number("new w", expression, number)
        self.chain.add("new", when, joined("new ", name), symbols, numbers, new)
        self._next(both(when, goes_on), new, next_row)
        self._end(both(when, negated(goes_on)))

    def _other_update(self, when: Condition, next_row: Fact, goes_on: Condition) -> None:
        name = joined("new ", self.choice.name)
        symbols, where = literal("by the rule below"), joined("in the next row of ", self._tab)
        self.chain.add("new", both(when, goes_on), name, symbols, where, next_row)
        self._end(both(when, negated(goes_on)))

    def _waiting(self, when: Condition, next_row: Fact, goes_on: Condition) -> None:
        name, w = self.choice.name, self.choice.numbers["w"]
        symbols = literal("unchanged until the batch is complete")
        self.chain.add("new", when, joined("new ", name), symbols, w.words, w)
        self._next(both(when, goes_on), w, next_row)
        self._end(both(when, negated(goes_on)))

    def _next(self, when: Condition, new: Fact, next_row: Fact) -> None:
        where = joined("in the next row of ", self._tab)
        self.chain.add("check", when, self.choice.name, where, agreement(new, next_row), next_row)

    def _end(self, when: Condition) -> None:
        self.chain.add("check", when, self._tab, literal("ends with this row"))
