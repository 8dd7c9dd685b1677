"""Makes the training tables that people type by hand: live formulas, odd headers, odd places.

Nothing here knows `sheetgen`. A formula is a template with quantities in braces:
{w1} in its own row, {w1:-1} in the row above, {w1$0} fixed to row 0, {rate} for the learning
rate, {rate>2,1} for the cell two rows below and one to the right of it. The same template gives
the spreadsheet's formula and, through Python's own arithmetic, the result that is cached with it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell

Content = float | str | None  # a formula's template starts with "="
Place = tuple[str, int, int]  # sheet, row, column, counted from zero

GRADIENTS = (
    *("∂E/∂w", "ðE_t/ðw", "𝜕E/𝜕w", "δE_tot/δw", "∂E∂W", "E∂w", "Edw", "dw", "dE/dw"),
    *("∂E_total/∂W", "∂E_t/∂w", "∂E_tot/∂w"),
)
TOTALS = ("E_total", "E_tot", "E Total", "E_Total", "E_t")
RATES = ("Learning rate", "learning_rate", "lr", "LR", "η", "Learning Rate =", "learning rate:")
STEPS = (None, "Step", "iter", "epoch", "Iteration", "Epoch")
REFERENCE = re.compile(r"\{([^{}:>$]+)(?::([+-]\d+)|\$(\d+)|>(-?\d+),(-?\d+))?\}")
address = cache(xl_rowcol_to_cell)


@cache
def parts(reference: str) -> tuple[str | Any, ...]:
    """The groups of a reference without its braces."""
    match = REFERENCE.fullmatch(f"{{{reference}}}")
    assert match, reference
    return match.groups()


class SheetError(Exception):
    """An error value such as #DIV/0!, on its way through the formulas that refer to it."""


@dataclass(frozen=True)
class Network:
    """One hidden layer; weights are numbered layer by layer, unit by unit, as in the seeds."""

    inputs: int = 2
    hidden: int = 2
    outputs: int = 2
    biases: bool = False

    def names(self, letter: str) -> list[str]:
        """All of i, h, a_h, o, a_o, t or E, in order."""
        counts = {"i": self.inputs, "h": self.hidden, "a_h": self.hidden}
        return [f"{letter}{n + 1}" for n in range(counts.get(letter, self.outputs))]

    def incoming(self, unit: str) -> list[tuple[str, str]]:
        """The (weight, source) of each product in the weighted sum of h1 … or o1 …"""
        number = int(unit[1:]) - 1
        sources = self.names("i" if unit[0] == "h" else "a_h")
        before = 0 if unit[0] == "h" else self.inputs * self.hidden
        first = before + number * len(sources) + 1
        return [(f"w{first + n}", source) for n, source in enumerate(sources)]

    def bias(self, unit: str) -> list[str]:
        """The bias of h1 … or o1 …, if there are any."""
        number = int(unit[1:]) + (self.hidden if unit[0] == "o" else 0)
        return [f"b{number}"] if self.biases else []

    @property
    def units(self) -> list[str]:
        return self.names("h") + self.names("o")

    def weights(self, units: Sequence[str]) -> list[str]:
        return [weight for unit in units for weight, _ in self.incoming(unit)]

    @property
    def parameters(self) -> list[str]:
        return self.weights(self.units) + [bias for unit in self.units for bias in self.bias(unit)]

    def order(self) -> list[str]:
        """Every symbol, in the columns' order of the seeds."""
        columns = self.names("t") + self.names("i")
        for letter in "ho":
            units = self.names(letter)
            columns += self.weights(units) + [bias for unit in units for bias in self.bias(unit)]
            columns += [name for unit in units for name in (unit, f"a_{unit}")]
        return [*columns, *self.names("E"), "E_total", *(f"∂E/∂{p}" for p in self.parameters)]


@dataclass(frozen=True)
class Spelling:
    """How one person writes the same formula: each field picks one of several ways."""

    sigmoid: int = 0
    error: int = 0
    difference: int = 0
    slope: int = 0
    update: int = 0
    reverse: bool = False
    helpers: bool = False

    def activation(self, unit: str) -> str:
        ways = (
            "1/(1+EXP(-{x}))",
            "(1/(1+EXP(-1*{x})))",
            "EXP({x})/(1+EXP({x}))",
            "1/(1+EXP(0-{x}))",
        )
        return (*ways, "(1+EXP(-{x}))^-1")[self.sigmoid].replace("{x}", f"{{{unit}}}")

    def squared(self, t: str, a: str) -> str:
        ways = ("0.5*({t}-{a})^2", "1/2*({t}-{a})^2", "({a}-{t})^2/2", "(1/2)*POWER(({t}-{a}),2)")
        way = (*ways, "0.5*({t}-{a})*({t}-{a})")[self.error]
        return way.replace("{t}", f"{{{t}}}").replace("{a}", f"{{{a}}}")

    def minus(self, a: str, t: str) -> str:
        return (f"({{{a}}}-{{{t}}})", f"-1*({{{t}}}-{{{a}}})", f"(-({{{t}}}-{{{a}}}))")[
            self.difference
        ]

    def derivative(self, a: str) -> str:
        return (f"{{{a}}}*(1-{{{a}}})", f"({{{a}}}*(1-{{{a}}}))", f"(1-{{{a}}})*{{{a}}}")[
            self.slope
        ]

    def product(self, factors: Sequence[str]) -> str:
        return "*".join(reversed(factors) if self.reverse else factors)

    def weighted(self, network: Network, unit: str) -> str:
        products = [f"{{{weight}}}*{{{source}}}" for weight, source in network.incoming(unit)]
        return "+".join(products + [f"{{{bias}}}" for bias in network.bias(unit)])

    def delta(self, output: str) -> list[str]:
        """The factors of ∂E/∂o."""
        return [self.minus(f"a_{output}", f"t{output[1:]}"), self.derivative(f"a_{output}")]

    def paths(self, network: Network, hidden: str) -> list[list[str]]:
        """The factors of every output's share in ∂E/∂a_h."""
        place = int(hidden[1:]) - 1
        outputs = network.names("o")
        return [[*self.delta(o), f"{{{network.incoming(o)[place][0]}}}"] for o in outputs]

    def back(self, paths: Sequence[Sequence[str]]) -> str:
        return f"({'+'.join(self.product(path) for path in paths)})"

    def factors(self, network: Network, parameter: str) -> list[str]:
        """The factors of ∂E/∂w: what arrives at the unit, for h its slope, and for w its source."""
        unit, last = next(
            (unit, [f"{{{source}}}"] if source else [])
            for unit in network.units
            for name, source in [*network.incoming(unit), *((b, "") for b in network.bias(unit))]
            if name == parameter
        )
        if unit[0] == "o":
            return [*self.delta(unit), *last]
        back = f"{{∂E/∂a_{unit}}}" if self.helpers else self.back(self.paths(network, unit))
        return [back, self.derivative(f"a_{unit}"), *last]

    def updated(self, parameter: str) -> str:
        ways = ("{w:-1}-{rate}*{g:-1}", "{w:-1}-({rate}*{g:-1})", "({w:-1}-{g:-1}*{rate})")
        way = (*ways, "-{rate}*{g:-1}+{w:-1}")[self.update]
        return way.replace("{g", f"{{∂E/∂{parameter}").replace("{w", f"{{{parameter}")

    def formula(self, network: Network, symbol: str) -> str:
        """What a computed column holds; a parameter's is its update."""
        if symbol.startswith("∂E/∂a_"):
            return self.back(self.paths(network, symbol[6:]))
        if symbol.startswith("∂E/∂"):
            return self.product(self.factors(network, symbol[4:]))
        if symbol == "E_total":
            return "+".join(f"{{{name}}}" for name in network.names("E"))
        if symbol[0] == "E":
            return self.squared(f"t{symbol[1:]}", f"a_o{symbol[1:]}")
        if symbol[0] in "wb":
            return self.updated(symbol)
        return self.activation(symbol[2:]) if symbol[:2] == "a_" else self.weighted(network, symbol)


@dataclass(frozen=True)
class Layout:
    """The position of a table on its sheet, and its names for things."""

    row: int = 0
    column: int = 0
    total: str = "E_total"
    gradient: str = "∂E/∂w"
    activation: str = "a_"
    zero: bool = False  # a typed a_02 for a_o2
    case: Callable[[str], str] = str
    shuffle: int | None = None
    gaps: bool = False
    extras: bool = False
    step: str | None = None
    rate: str = "labelled"  # or unlabelled, formula, column
    label: str = "Learning rate"
    given: str = "constant"  # or anchored (to a list of the numbers beside the table), above
    notes: bool = False
    digits: int | None = None  # values are pasted and rounded
    gap: int | None = None  # there is an empty row above this row of the table

    def header(self, symbol: str) -> str:
        if symbol == "E_total":
            text = self.total
        elif symbol.startswith("∂E/∂a_"):
            text = symbol
        elif symbol.startswith("∂E/∂"):
            letter = symbol[4].upper() if self.gradient[-1].isupper() else symbol[4]
            text = f"{self.gradient[:-1]}{letter}{symbol[5:]}"
        else:
            text = symbol.replace("a_o", "a_0") if self.zero else symbol
            text = text.replace("a_", self.activation)
        return re.sub("[A-Za-z]+", lambda word: self.case(word[0]), text)


@dataclass
class Table:
    """A table with what each cell holds; a mistake is another content."""

    network: Network
    numbers: dict[str, float]  # inputs, targets, initial parameters
    rate: float
    rows: int
    layout: Layout = Layout()
    spelling: Spelling = Spelling()
    sheet: str = "Sheet1"
    contents: dict[str, list[Content]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    columns: dict[str, int] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)  # of rate, other, and the given numbers

    def __post_init__(self) -> None:
        symbols = self.network.order()
        for symbol in symbols:
            self.headers[symbol] = self.layout.header(symbol)
            self.contents[symbol] = [self._content(symbol, row) for row in range(self.rows)]
        if self.spelling.helpers:
            symbols += self._add_helpers()
        if self.layout.extras:
            symbols += self._add_extras()
        if self.layout.rate == "column":
            symbols += self._add("rate", self.layout.label, [self.rate] * self.rows)
        if self.layout.shuffle is not None:
            Random(self.layout.shuffle).shuffle(symbols)
        if self.layout.step:
            first = int(self.layout.step == "Step")
            steps = [first + row for row in range(self.rows)]
            symbols = self._add("step", self.layout.step, steps) + symbols
        place = self.layout.column
        for number, symbol in enumerate(symbols):
            self.columns[symbol] = place
            place += 2 if self.layout.gaps and number % 7 == 3 else 1
        self._place_numbers()

    def _content(self, symbol: str, row: int) -> Content:
        if symbol not in self.numbers or (row and symbol[0] in "wb"):
            return f"={self.spelling.formula(self.network, symbol)}"
        if self.layout.given == "anchored":
            return f"={{given.{symbol}}}"
        return f"={{{symbol}:-1}}" if row and self.layout.given == "above" else self.numbers[symbol]

    def _add(self, symbol: str, header: str, contents: Sequence[Content]) -> list[str]:
        self.headers[symbol], self.contents[symbol] = header, list(contents)
        return [symbol]

    def _add_helpers(self) -> list[str]:
        names = [f"∂E/∂a_{unit}" for unit in self.network.names("h")]
        for name in names:
            self._add(name, name, [f"={self.spelling.formula(self.network, name)}"] * self.rows)
        return names

    def _add_extras(self) -> list[str]:
        change: list[Content] = ["={E_total}-{E_total:-1}"] * self.rows
        notes: list[Content] = [None] * self.rows
        notes[self.rows // 2] = "half way"
        return [
            *self._add("change", "change of E", [None, *change[1:]]),
            *self._add("notes", "Notes", notes),
            *self._add("sum", "w1+w2" if self.rows % 2 else "", ["={w1}*2"] * self.rows),
        ]

    @property
    def last(self) -> int:
        return max(self.columns.values())

    def _place_numbers(self) -> None:
        row, column = self.layout.row, self.layout.column
        if self.layout.rate in ("labelled", "unlabelled"):
            above = row >= 4
            at = (row - 3, column + 1) if above else (row + 1, self.last + 3)
            self.places["rate"] = (self.sheet, *at)
        if self.layout.given == "anchored":
            for number, symbol in enumerate(self.numbers):
                self.places[f"given.{symbol}"] = (self.sheet, row + 2 + number, self.last + 6)

    def where(self, symbol: str, row: int) -> tuple[int, int]:
        """The zero-based cell of a symbol in a row of the table, which are counted from zero."""
        below = self.layout.gap is not None and row >= self.layout.gap
        return self.layout.row + 1 + row + below, self.columns[symbol]

    def cell(self, symbol: str, row: int) -> str:
        return str(address(*self.where(symbol, row)))

    def resolve(self, reference: str, row: int) -> tuple[Place | float, str]:
        """What {reference} means in that row: a place or a number, and how a formula writes it."""
        name, shift, fixed, down, right = parts(reference)
        if name == "rate" and self.layout.rate == "formula":
            return self.rate, repr(self.rate)
        if name in self.places:
            sheet, y, x = self.places[name]
            y, x = y + int(down or 0), x + int(right or 0)
            prefix = "" if sheet == self.sheet else f"'{sheet}'!"
            anchored = down is None
            return (sheet, y, x), prefix + str(address(y, x, anchored, anchored))
        at = self.where(name, int(fixed) if fixed else row + int(shift or 0))
        return (self.sheet, *at), str(address(*at, bool(fixed), bool(fixed)))

    def surroundings(self) -> Iterator[tuple[int, int, Content]]:
        """Titles, labels and numbers around the table."""
        row, column = self.layout.row, self.layout.column
        if self.layout.notes and row >= 12:
            yield 0, column, "Backpropagation in a spreadsheet"
            lines = ("h1 = w1*i1 + w2*i2", "a_h1 = σ(h1)", "E1 = ½(t1 − a_o1)²", "w1", "E_total")
            for number, line in enumerate(lines):
                yield 2 + number, column, line
        if "rate" in self.places:
            _, y, x = self.places["rate"]
            yield y, x, self.rate
            if self.layout.rate == "labelled":
                yield y, x - 1, self.layout.label
        for name, (_, y, x) in self.places.items():
            if name.startswith("given."):
                yield y, x - 1, name[6:]
                yield y, x, self.numbers[name[6:]]
