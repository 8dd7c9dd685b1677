"""What comes back to the chosen unit of `Explorer`: ∂E/∂z · w through each unit that it feeds.

∂E/∂a_h = Σ ∂E/∂z · ∂z/∂a_h over the units of the next layer, where ∂z/∂a_h is the weight between
(Goodfellow, Bengio and Courville, "Deep Learning" (2016), algorithm 6.4).
"""

from dataclasses import dataclass, field

from sheetgen.network.network import Connection
from sheetgen.spreadsheet.address import cell_address
from sheetgen.spreadsheet.style import header
from sheetgen.workbook.shared.live_text import Words, joined, only_if
from sheetgen.workbook.sheets.explorer.choice import Choice, Fact

HEADERS = ("unit behind", "its weight", "∂E/∂ of it", "the weight's value", "share")


@dataclass(frozen=True)
class Share:
    """One row: the unit behind, the weight that leads there, and the product of the two numbers."""

    condition: str
    is_there: bool
    unit: Words
    weight: Words
    gradient: Fact
    weight_value: Fact
    product: Fact


@dataclass
class Shares:
    """A table of them, as long as the widest layer behind another; others' rows are empty."""

    choice: Choice
    row: int
    column: int
    rows: list[Share] = field(default_factory=list)

    @property
    def count(self) -> Fact:
        """How many units the chosen unit feeds."""
        return self.choice.numbers["behind"]

    def draw(self) -> None:
        """Write the table."""
        for offset, text in enumerate(HEADERS):
            self.choice.canvas.write(self.row, self.column + offset, text, header("helper"))
        network = self.choice.network
        widest = max((layer.units for layer in network.layers[1:]), default=0)
        edges = [] if self.choice.is_output else network.out_of(self._activated)
        for place in range(widest):
            self._share(place, edges[place] if place < len(edges) else None)

    @property
    def _activated(self) -> str:
        return str(self.choice.names["activation"].text)

    def _share(self, place: int, edge: Connection | None) -> None:
        """Write a row, for an edge or for none."""
        choice, values, row = self.choice, self.choice.values, self.row + 1 + place
        is_there, there = edge is not None, f"{self.count.cell}>{place}"
        numbers, put = choice.numbers, choice.put
        unit = joined(choice.names["called"], f"{place + 1}")
        unit = self._words(row, 0, only_if(there, is_there, unit))
        # Weights are numbered layer by layer and unit by unit, over that unit's inputs.
        before = f"{numbers['weights before'].cell}+{place}*{numbers['units'].cell}"
        name = Words(f'"w"&({before}+{numbers["unit"].cell})', edge.name if edge else "")
        weight = self._words(row, 1, only_if(there, is_there, name))
        delta = values.instant.gradients[edge.target] if edge else 0.0
        looked_up = values.lookup_gradient(unit.expression, is_unit=True)
        gradient = Fact(put(row, self.column + 2, f"IF({there},{looked_up},0)", delta), delta)
        w = values.instant[edge.name] if edge else 0.0
        looked_up = values.lookup(weight.expression)
        value = Fact(put(row, self.column + 3, f"IF({there},{looked_up},0)", w), w)
        product = put(row, self.column + 4, f"{gradient.cell}*{value.cell}", delta * w)
        share = Share(there, is_there, unit, weight, gradient, value, Fact(product, delta * w))
        self.rows.append(share)

    def _words(self, row: int, offset: int, words: Words) -> Words:
        cell = self.choice.put(row, self.column + offset, words.expression, words.text)
        return Words(cell, words.text)

    def total(self, first: int = 0) -> tuple[str, float]:
        """Return the expression and the value of the sum, from one of the rows on."""
        cells = [share.product.cell for share in self.rows[first:]]
        number = sum(share.product.number for share in self.rows[first:])
        return f"SUM({cells[0]}:{cells[-1]})", number

    @property
    def last_row(self) -> int:
        """The last row of the table."""
        return self.row + len(self.rows)

    @property
    def end(self) -> str:
        """The address below the table."""
        return cell_address(self.last_row + 1, self.column)
