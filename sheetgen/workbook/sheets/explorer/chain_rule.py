"""The chain rule of the chosen weight on `Explorer`, factor by factor.

Which lines there are depends on the chosen weight's layer. So `Workings` holds every line that may
be needed, and shown_lines.py shows those whose condition holds.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field

from sheetgen.formulas import notation
from sheetgen.network.losses import CrossEntropy
from sheetgen.network.parameters import Connection
from sheetgen.network.trace import INNER
from sheetgen.workbook.shared.live_text import (
    NOTHING,
    Fact,
    Words,
    filled,
    joined,
    literal,
    only_if,
)
from sheetgen.workbook.sheets.explorer.chosen_weight import SLOPE, Choice
from sheetgen.workbook.sheets.explorer.forward_pass import activation_template, is_written_out
from sheetgen.workbook.sheets.explorer.shown_lines import (
    ALWAYS,
    Condition,
    Line,
    agreement,
)

MOST_SHARES = 10  # lines, at most, of what comes back through the next layer
WRITTEN_SUM = 3  # terms, at most, of a sum that is written out
SHORT_NAME = 2  # characters of a unit's name, such as h1
SHARE_HEADERS = ("unit behind", "its weight", "∂E/∂ of it", "the weight's value", "share")


@dataclass(frozen=True)
class Share:
    """One row: the unit behind, the weight that leads there, and ∂E/∂z · w.

    A sum of them is ∂E/∂a_h = Σ ∂E/∂z · ∂z/∂a_h over the units of the next layer, where ∂z/∂a_h is
    the weight between (Goodfellow, Bengio and Courville, "Deep Learning" (2016), algorithm 6.4).
    """

    when: Condition
    unit: Words
    weight: Words
    gradient: Fact
    weight_value: Fact
    product: Fact


@dataclass
class Shares:
    """What comes back to the chosen unit through each unit that it feeds: a table of shares.

    It has as many rows as the widest layer after the first; surplus rows are empty.
    """

    choice: Choice
    rows: list[Share] = field(default_factory=list)

    @property
    def count(self) -> Fact:
        """The number of units that the chosen unit feeds."""
        return self.choice.numbers["behind"]

    def draw(self) -> None:
        """Write the table."""
        choice, network = self.choice, self.choice.network
        self._corner = choice.block("Through the next layer", len(SHARE_HEADERS))
        self._corner.headers(*SHARE_HEADERS)
        activated = str(choice.names["activation"].text)
        edges = [] if choice.is_output else network.out_of(activated)
        for place in range(max((layer.units for layer in network.layers[1:]), default=0)):
            self._share(place, edges[place] if place < len(edges) else None)

    def _share(self, place: int, edge: Connection | None) -> None:
        """Write a row, for an edge or empty."""
        choice, values, down = self.choice, self.choice.values, place + 1
        is_there, there = edge is not None, f"{self.count.cell}>{place}"
        numbers, put = choice.numbers, self._corner.calculate
        unit = joined(choice.names["called"], f"{place + 1}")
        unit = self._corner.words(down, 0, only_if(there, is_there, unit))
        # Weights are numbered layer by layer and unit by unit, over that unit's inputs.
        before = f"{numbers['weights before'].cell}+{place}*{numbers['units'].cell}"
        name = Words(f'"w"&({before}+{numbers["unit"].cell})', edge.name if edge else "")
        weight = self._corner.words(down, 1, only_if(there, is_there, name))
        delta = values.instant.gradients[edge.target] if edge else 0.0
        found = values.lookup_gradient(unit.expression, is_unit=True)
        gradient = Fact(put(down, 2, f"IF({there},{found},0)", delta), delta)
        w = values.instant[edge.name] if edge else 0.0
        found = values.lookup(weight.expression)
        value = Fact(put(down, 3, f"IF({there},{found},0)", w), w)
        product = put(down, 4, f"{gradient.cell}*{value.cell}", delta * w)
        when = there, is_there
        self.rows.append(Share(when, unit, weight, gradient, value, Fact(product, delta * w)))

    def total(self, first: int = 0) -> tuple[str, float]:
        """Return the expression and the value of the sum, from one of the rows on."""
        number = sum(share.product.number for share in self.rows[first:])
        return f"SUM({self._corner.range(first + 1, 4, len(self.rows), 4)})", number


@dataclass
class Chain:
    """Collects the lines, which read the cells of the chosen weight."""

    choice: Choice
    shares: Shares
    lines: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.network, self.values = self.choice.network, self.choice.values
        self.instant = self.values.instant

    def collect(self) -> None:
        """Collect the lines in their order."""
        if not is_written_out(self.network):
            self._forward()
        for place, share in enumerate(self.shares.rows[:MOST_SHARES]):
            self._share(place, share)
        if len(self.shares.rows) > MOST_SHARES:
            self._other_shares()
        self._outer()
        self._inner()
        self._product()

    def add(
        self,
        kind: str,
        when: Condition,
        name: Words,
        symbols: Words,
        numbers: Words = NOTHING,
        value: Fact | None = None,
    ) -> None:
        """Add a line; without a value its last cell is empty."""
        self.lines.append(Line(kind, when, name, symbols, numbers, value))

    # The forward pass, where not all of it is written out

    def _forward(self) -> None:
        """Add the weighted sum and the activation of the unit that the weight leads into."""
        names, numbers = self.choice.names, self.choice.numbers
        z, a = numbers["z"], numbers["a"]
        layers = self.network.layers
        sums, symbols, in_numbers = [], [], []
        keys: list[Hashable] = [(each.fan_in, bool(each.biases)) for each in layers]
        for here, layer in self.choice.kinds("kind of sum", keys):
            added = " and the bias" if layers[layer].biases else ""
            count = layers[layer].fan_in
            words = literal(
                f"{f'the sum of {count} products' if count > 1 else 'the product'}{added}"
            )
            sums.append(only_if(*here, words))
        keys = [each.activation.notation("z") for each in layers]
        kinds = list(self.choice.kinds("kind of activation", keys))
        # A text has a long formula: where several would hold it, it gets a cell of its own.
        written = z.words if len(kinds) == 1 else self.choice.text("z in numbers", z.words)
        for here, layer in kinds:
            each = layers[layer]
            template = each.activation.notation("{z}")
            symbols.append(only_if(*here, filled(template, z=names["into"])))
            template, parts = activation_template(each.activation, self.values)
            in_numbers.append(only_if(*here, filled(template, z=written, **parts)))
        self.add("forward", ALWAYS, names["into"], joined(*sums), NOTHING, z)
        texts = joined(*symbols), joined(*in_numbers)
        self.add("forward", ALWAYS, names["activation"], *texts, a)

    # What comes back from the next layer

    def _share(self, place: int, share: Share) -> None:
        names, count = self.choice.names, self.shares.count
        when = share.when
        if place == MOST_SHARES - 1 and len(self.shares.rows) > MOST_SHARES:
            when = f"{count.cell}={MOST_SHARES}", count.number == MOST_SHARES
        delta = joined("∂E/∂", share.unit)
        slope = joined("∂", share.unit, "/∂", names["activation"])
        symbols = joined(delta, " · ", share.weight)
        longest = max(len(unit) for units in self.network.unit_names for unit in units)
        if longest <= SHORT_NAME:
            symbols = joined(delta, " · ", slope, " = ", symbols)
        numbers = joined(share.gradient.factor, " · ", share.weight_value.factor)
        self.add("share", when, joined("via ", share.unit), symbols, numbers, share.product)

    def _other_shares(self) -> None:
        count, first = self.shares.count, MOST_SHARES - 1
        left = count.number - first
        total, number = self.shares.total(first)
        self.add(
            "share",
            (f"{count.cell}>{MOST_SHARES}", left > 1),
            literal("via the others"),
            joined("the sum over the other ", Words(f"({count.cell}-{first})", f"{left:g}")),
            NOTHING,
            self.choice.number("other shares", total, number),
        )

    # The factors

    def _outer(self) -> None:
        """Add ∂E/∂a, or ∂E/∂o of an output that has no ∂a/∂o of its own."""
        choice, activated = self.choice, self.choice.names["activation"]
        self._output_outer()
        if self.shares.rows:
            hidden = f"{self.shares.count.cell}>0", not choice.is_output
            number = self.choice.number("∂E/∂a, hidden", *self.shares.total())
            symbols, numbers = self._sum_in_words()
            self.add("factor", hidden, joined("∂E/∂", activated), symbols, numbers, number)

    def _sum_in_words(self) -> tuple[Words, Words]:
        count, rows = self.shares.count, self.shares.rows
        several = joined("the sum of these ", Words(count.cell, f"{count.number:g}"))
        symbols = only_if(f"{count.cell}=1", count.number == 1, literal("this alone"), several)
        numbers = rows[0].product.factor
        for share in rows[1:WRITTEN_SUM]:
            more = joined(" + ", share.product.factor)
            numbers = joined(numbers, only_if(*share.when, more))
        if len(rows) > WRITTEN_SUM:
            is_short = count.number <= WRITTEN_SUM
            numbers = only_if(f"{count.cell}<={WRITTEN_SUM}", is_short, numbers)
        return symbols, self.choice.text("the sum in numbers", numbers)

    def _output_outer(self) -> None:
        """Add ∂E/∂a of an output, or ∂E/∂o where that is one factor."""
        choice, network, names = self.choice, self.network, self.choice.names
        when = choice.of_output, choice.is_output
        if notation.has_slope(network, len(network.layers) - 1):
            of = names["activation"]
            template = network.loss.slope_notation("{t}", "{a}", network.outputs)
            t, a = choice.numbers["t"].cell, choice.numbers["a"].cell
            expression = network.loss.slope_formula(t, a, network.outputs)
        else:
            of, template = names["into"], self._joint_template()
            expression = self.values.lookup_gradient(of.expression, is_unit=True)
        value = self.instant.gradients[str(of.text)] if choice.is_output else 0.0
        number = choice.number("∂E/∂ of an output", f"IF({when[0]},{expression},0)", value)
        symbols, in_numbers = self._output_in_words(template)
        self.add("factor", when, joined("∂E/∂", of), symbols, in_numbers, number)

    def _joint_template(self) -> str:
        """Return ∂E/∂o with its parts in braces."""
        network = self.network
        if not notation.is_joint(network):
            return "{a}·({g} − {n})"
        template = network.loss.delta_notation("{t}", "{z}", "{a}", network.outputs)
        return template.replace("Σt", "{s}")

    def _output_in_words(self, template: str) -> tuple[Words, Words]:
        """Return an output's ∂E/∂a or ∂E/∂o in symbols and in numbers."""
        names, numbers, activated = self.choice.names, self.choice.numbers, "activation"
        target = joined("t", Words(numbers["unit"].cell, f"{numbers['unit'].number:g}"))
        symbols = filled(
            template,
            z=names["into"],
            a=names[activated],
            t=target,
            s=literal("Σt"),
            g=joined("∂E/∂", names[activated]),
            n=literal(INNER),
        )
        parts = {name: numbers[name].factor for name in ("z", "a", "t")}
        if "{s}" in template:
            parts["s"] = self._sum_of_targets()
        if "{n}" in template:
            if not self.values.is_complete:
                return symbols, NOTHING
            parts |= self._softmax_parts()
        return symbols, filled(template, **parts)

    def _softmax_parts(self) -> dict[str, Words]:
        """Return ∂E/∂a of the chosen output, and its sum over all of them."""
        choice, when = self.choice, self.choice.of_output
        name = choice.names["activation"]
        value = self.instant.gradients[str(name.text)] if choice.is_output else 0.0
        found = self.values.lookup_gradient(name.expression)
        gradient = choice.number("∂E/∂a of an output", f"IF({when},{found},0)", value)
        inner = Fact(self.values.cells[INNER], self.instant[INNER])
        return {"g": gradient.factor, "n": inner.factor}

    def _sum_of_targets(self) -> Words:
        network, cells = self.network, self.values.cells
        if not isinstance(network.loss, CrossEntropy) or network.target_names[0] not in cells:
            return literal("Σt")
        total = "+".join(cells[name] for name in network.target_names)
        number = sum(self.instant[name] for name in network.target_names)
        return self.choice.number("Σt", total, number).words

    def _inner(self) -> None:
        """Add ∂a/∂z and ∂z/∂w."""
        choice = self.choice
        names, numbers = choice.names, choice.numbers
        choice.draw_slope()
        if SLOPE in numbers:
            name = joined("∂", names["activation"], "/∂", names["into"])
            words = names[f"{SLOPE} in symbols"], names[f"{SLOPE} in numbers"]
            when = choice.of_slope, choice.has_slope
            self.add("factor", when, name, *words, numbers[SLOPE])
        name, x = joined("∂", names["into"], "/∂", choice.name), numbers["x"]
        self.add("factor", ALWAYS, name, names["from"], x.words, x)

    def _product(self) -> None:
        """Add ∂E/∂w, and compare it with the table's."""
        choice = self.choice
        factors = [line for line in self.lines if line.kind == "factor"]
        *outer, inner = factors
        assert inner.value
        number, in_numbers = inner.value.number, inner.value.factor
        symbols, expression = inner.name, inner.value.cell
        for line in reversed(outer):
            assert line.value
            symbols = joined(only_if(*line.when, joined(line.name, " · ")), symbols)
            before = joined(line.value.factor, " · ")
            in_numbers = joined(only_if(*line.when, before), in_numbers)
            expression = f"IF({line.when[0]},{line.value.cell},1)*{expression}"
        for line in outer:
            number *= line.value.number if line.value and line.when[1] else 1.0
        name = joined("∂E/∂", choice.name)
        product = choice.number("∂E/∂w", expression, number)
        in_numbers = choice.text("the product in numbers", in_numbers)
        self.add("product", ALWAYS, name, symbols, in_numbers, product)
        table = self.values.lookup_gradient(choice.name.expression)
        gradient = self.instant.gradients[choice.parameter.name]
        held = choice.number("∂E/∂w in the table", table, gradient)
        moment = self.values.moment
        where = joined("in the table ", Words(moment.tab, moment.table.canvas.name))
        self.add("check", ALWAYS, name, where, agreement(product, held), held)
