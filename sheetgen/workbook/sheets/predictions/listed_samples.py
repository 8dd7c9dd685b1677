"""The listed samples at the chosen moment: the formulas of their passes, and NumPy's values.

Activations, errors and the names of classes are on the sheet itself. What leads to them, the
outputs' sums and the places of the classes, is in a block of the workings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sheetgen.errors import short_names
from sheetgen.network.activations import Array
from sheetgen.network.answers import THRESHOLD, classes_of, is_labelling
from sheetgen.network.many_passes import run
from sheetgen.network.trace import CORRECT, is_right
from sheetgen.spreadsheet.address import local, relative_address
from sheetgen.spreadsheet.agreement import DIVERGED
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import WHOLE, number
from sheetgen.template.template import Template
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.moment import Moment, Snapshot
from sheetgen.workbook.shared.page import write_headers
from sheetgen.workbook.shared.pass_cells import (
    output_symbols,
    pass_formula,
    pass_values,
    pictured_symbols,
    sum_symbols,
)
from sheetgen.workbook.shared.sources import InputColumn, Sources
from sheetgen.workbook.shared.workings import Workings

MOST_SAMPLES = 1_000
"""The most samples that are listed; of more, the first ones."""
MOST_FORMULAS = 20_000
"""The most formulas of the listed samples, unless there are only two of these."""
CLASS, ANSWER, PAIR = "class", "answer", "pair"
"""The place of a sample's class, from 1, that of the network's answer, and a number for both."""
CLASS_NAME, ANSWER_NAME = "name of the class", "name of the answer"
MISTAKES = "wrong so far"
"""The numbers of the first samples of a kind whose answers are wrong, as a text."""
LONGEST_CLASS = 18  # characters of a class's name; a longer one is cut
LONGEST = 30
"""Once that text has more characters, nothing is added to it."""
NUMBER_OF = {CLASS_NAME: CLASS, ANSWER_NAME: ANSWER}


@dataclass(frozen=True)
class Extent:
    """How many samples are listed: of those to train on, and of those to test on."""

    training: int
    test: int

    @property
    def all(self) -> int:
        """How many are listed in all."""
        return self.training + self.test

    @classmethod
    def of(cls, template: Template) -> "Extent":
        """Return as many as there are, or as the two bounds allow."""
        data = template.data
        most = max(2, min(MOST_SAMPLES, MOST_FORMULAS // formulas_of_sample(template)))
        test = min(data.test_samples, max(most // 2, most - data.samples))
        return cls(min(data.samples, most - test), test)


def formulas_of_sample(template: Template) -> int:
    """Return how many formulas a listed sample has, or a few more."""
    network = template.network
    units = sum(layer.units for layer in network.layers)
    return units + len(sum_symbols(network)) + network.inputs + network.outputs + 8


@dataclass(frozen=True)
class Kind:
    """The listed samples of one kind, to train on or to test on, and how many there are in all."""

    name: str
    listed: range
    total: int

    @property
    def words(self) -> str:
        """What they are called after their number."""
        return f"{self.name} sample{'' if len(self.listed) == 1 else 's'}".strip()


def called(plan: Plan) -> list[str]:
    """Return the names of the classes, cut where they are long."""
    return short_names(plan.classes, LONGEST_CLASS)


class ListedSamples:
    """The listed samples: the first of those to train on, then the first of those to test on.

    `places` are their places among all samples.
    """

    def __init__(
        self,
        canvas: Canvas,
        plan: Plan,
        sources: Sources,
        moment: Moment,
        workings: Workings,
        names: str,
    ) -> None:
        """Write the weights at the moment; `names` is the range of the names of the classes.

        `has_weights` is the condition that no weight has diverged, and whether it is so.
        """
        self._canvas, self.plan, self._sources, self._names = canvas, plan, sources, names
        self.extent = Extent.of(plan.template)
        tested = range(plan.data.samples, plan.data.samples + self.extent.test)
        self.places = [*range(self.extent.training), *tested]
        corner = workings.block(canvas.name, "Weights at the moment", 2)
        snapshot = Snapshot(corner.canvas, plan.network, moment, (corner.row, corner.column))
        self._weights = {
            name: f"{corner.canvas.name}!{local(address)}"
            for name, address in snapshot.addresses.items()
        }
        # COUNTIF ignores what is no number. ironcalc counts nothing in a range of one cell.
        last = corner.row + len(self._weights)
        weights = corner.canvas.range(corner.row, corner.column + 1, last, corner.column + 1)
        small = f'COUNTIF({weights},"<={DIVERGED:.0f}")-COUNTIF({weights},"<-{DIVERGED:.0f}")'
        is_small = bool(np.isfinite(snapshot.parameters.weights[0]).all())
        self.has_weights = f"{small}={len(self._weights)}", is_small
        self._values = self._run(snapshot)
        classes = (CLASS, ANSWER, PAIR) if plan.classes else ()
        mistakes = (MISTAKES,) if self.has_right else ()
        pictured = pictured_symbols(plan.network)
        self._behind = (*pictured, *sum_symbols(plan.network), *classes, *mistakes)
        if self._behind:
            title = "What leads to each prediction"
            self._corner = workings.block(canvas.name, title, len(self._behind))
        self._columns: dict[str, int] = {}
        self._first_row = 0

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of samples that there are."""
        data, extent = self.plan.data, self.extent
        trained = range(extent.training)
        if not data.test_samples:
            return (Kind("", trained, data.samples),)
        tested = range(extent.training, len(self.places))
        return Kind("training", trained, data.samples), Kind("test", tested, data.test_samples)

    @cached_property
    def _given(self) -> set[str]:
        """The inputs and targets, which formulas read from `Data`."""
        return {*self.plan.network.input_names, *self.plan.network.target_names}

    @property
    def called(self) -> list[str]:
        """What the classes are called on the sheet."""
        return called(self.plan)

    @property
    def has_right(self) -> bool:
        """Whether an answer is right or wrong."""
        return bool(self.plan.classes) or is_labelling(self.plan.network)

    def _run(self, snapshot: Snapshot) -> dict[str, Array]:
        """Return an array (samples) for each symbol, of inputs as the data has them."""
        data, extent, network = self.plan.data, self.extent, self.plan.network
        given = data.inputs[: extent.training] + data.test_inputs[: extent.test]
        rows = data.targets[: extent.training] + data.test_targets[: extent.test]
        used = (data.used_inputs()[: extent.training], data.used_test_inputs()[: extent.test])
        sums, activations = run(network, snapshot.parameters, np.concatenate(used))
        targets = np.array(rows, dtype=np.float64)
        values = pass_values(network, targets, sums, activations)
        values |= dict(zip(network.input_names, np.array(given, dtype=np.float64).T, strict=True))
        values |= dict(zip(network.target_names, targets.T, strict=True))
        is_promised = np.isfinite(activations[-1]).all(axis=1)
        right = is_right(network, targets, activations[-1])
        if self.plan.classes:
            values[CLASS] = classes_of(targets) + 1.0
            values[ANSWER] = np.where(is_promised, classes_of(activations[-1]) + 1.0, np.nan)
            values[PAIR] = (values[CLASS] - 1) * len(self.plan.classes) + values[ANSWER]
            right = (values[CLASS] == values[ANSWER]).astype(np.float64)
        return values | {CORRECT: np.where(is_promised, right, np.nan)}

    def show(self, columns: dict[str, int], first_row: int) -> None:
        """Take the columns of all that the sheet itself shows, and their first row."""
        self._columns, self._first_row = columns, first_row

    def column(self, symbol: str, samples: range) -> str:
        """Return the range, for a chart, of a quantity that the sheet itself shows."""
        return self.columns((symbol,), samples)

    def columns(self, symbols: Sequence[str], samples: range) -> str:
        """Return the range of quantities that the sheet shows side by side."""
        left, right, first = *(self._columns[symbols[at]] for at in (0, -1)), self._first_row
        return self._canvas.range(first + samples[0], left, first + samples[-1], right)

    def header(self, symbol: str) -> str:
        """Return the address, for a chart, of a column's header."""
        return self._canvas.absolute(self._first_row - 1, self._columns[symbol])

    def cell(self, symbol: str, at: int, is_behind: bool = False) -> str:
        """Return the address of a quantity of a listed sample; of an input as it is read.

        `is_behind` tells whether the formula that has it is in the workings.
        """
        if symbol in self._columns and symbol not in self._given:
            address = relative_address(self._first_row + at, self._columns[symbol])
            return f"{self._canvas.name}!{address}" if is_behind else address
        if symbol in self._behind:
            return self._corner.absolute(1 + at, self._behind.index(symbol))
        return self._weights.get(symbol) or self._sources.sample(symbol, self.places[at])

    def area(self, symbol: str, samples: range) -> str:
        """Return the address of a quantity of several listed samples."""
        first, last = self.cell(symbol, samples[0]), self.cell(symbol, samples[-1])
        return first if first == last else f"{first}:{local(last)}"

    def value(self, symbol: str, at: int) -> float | str:
        """Return the value of a quantity of a listed sample; nan where nothing is promised."""
        if symbol == MISTAKES:
            return self._mistakes[at]
        found = float(self._values[NUMBER_OF.get(symbol, symbol)][at])
        if symbol not in NUMBER_OF or np.isnan(found):
            return found
        return self.called[int(found) - 1]

    def values(self, symbol: str, samples: range) -> Array:
        """Return the values of several listed samples."""
        return self._values[symbol][samples.start : samples.stop]

    def formula(self, symbol: str, at: int) -> str:
        """Return the formula of a quantity of a listed sample; of an input as the data has it."""
        return f"={self._expression(symbol, at)}"

    def _expression(self, symbol: str, at: int) -> str:
        network = self.plan.network
        if symbol in network.input_names:
            place = network.input_names.index(symbol)
            return InputColumn(self.plan, self._sources, place).cell(self.places[at])
        if symbol in network.target_names:
            return self._sources.sample(symbol, self.places[at])
        if symbol == MISTAKES:
            return self._mistakes_expression(at)
        if self.plan.classes and symbol in (*NUMBER_OF, CLASS, ANSWER, PAIR, CORRECT):
            return self._about_classes(symbol, at)
        is_behind = symbol in self._behind
        return pass_formula(network, symbol, lambda name: self.cell(name, at, is_behind))

    def _about_classes(self, symbol: str, at: int) -> str:
        """Return the expression of what there is only with classes."""
        network, own, answer = self.plan.network, self.cell(CLASS, at), self.cell(ANSWER, at)
        return {
            CLASS: self._class(network.target_names, at),
            ANSWER: self._class(output_symbols(network), at),
            CLASS_NAME: f"INDEX({self._names},{own})",
            ANSWER_NAME: f"INDEX({self._names},{answer})",
            PAIR: f"({own}-1)*{len(self.plan.classes)}+{answer}",
            CORRECT: f"IF({own}={answer},1,0)",
        }[symbol]

    def _mistakes_expression(self, at: int) -> str:
        right, number = self.cell(CORRECT, at, is_behind=True), self.places[at] + 1
        if self._is_first(at):
            return f'IF({right}=1,"","{number}")'
        former = self.cell(MISTAKES, at - 1)
        longer = f'{former}&IF({former}="","",", ")&"{number}"'
        return f"IF(OR({right}=1,LEN({former})>{LONGEST}),{former},{longer})"

    @cached_property
    def _mistakes(self) -> list[str | float]:
        """The values of MISTAKES; nan from the first answer on of which nothing is promised."""
        found: list[str | float] = []
        for at, right in enumerate(self._values[CORRECT].tolist()):
            former = "" if self._is_first(at) else found[-1]
            if isinstance(former, float) or np.isnan(right):
                found.append(np.nan)
            elif right == 1 or len(former) > LONGEST:
                found.append(former)
            else:
                found.append(f"{former}{', ' if former else ''}{self.places[at] + 1}")
        return found

    def _is_first(self, at: int) -> bool:
        """Tell whether a listed sample is the first of its kind."""
        return at in (0, self.extent.training)

    def _class(self, symbols: Sequence[str], at: int) -> str:
        """Return the expression of the place, from 1, of the class that numbers name."""
        first, last = (self.cell(symbols[place], at, is_behind=True) for place in (0, -1))
        if len(symbols) == 1:
            return f"IF({first}>={THRESHOLD},2,1)"
        area = f"{first}:{local(last)}"
        return f"MATCH(MAX({area}),{area},0)"

    def draw_behind(self) -> None:
        """Write what is in the workings."""
        if not self._behind:
            return
        corner = self._corner
        write_headers(corner.canvas, corner.row, corner.column, self._behind)
        for column, symbol in enumerate(self._behind, start=corner.column):
            style = number("helper", WHOLE if symbol in (CLASS, ANSWER, PAIR) else "0.0000")
            for at in range(len(self.places)):
                place = corner.row + 1 + at, column
                formula = self.formula(symbol, at)
                corner.canvas.calculate(*place, formula, self.value(symbol, at), style)
