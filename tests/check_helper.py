"""Training tables as people write them, for the tests of `sheetgen check`.

The formulas are written here from the textbook, cell by cell, and share nothing with the package.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import xlsxwriter
from openpyxl.utils import get_column_letter
from plain_worksheet import PlainWorksheet

_NAME = re.compile(r"\{([^{}]+?)(\.up|\.down|)\}")


@dataclass
class HandMade:
    """A table of one hidden layer; change `formulas` to put mistakes in, then `write` it.

    `formulas` holds a template for each computed column, with {name} for the cell of this row and
    {name.up} for the cell above.
    """

    inputs: int = 2
    hidden: int = 2
    outputs: int = 2
    biases: bool = False
    rows: int = 8
    rate: float = 0.5
    seed: int = 0
    top: int = 4
    left: int = 0
    rate_cell: str | None = "C1"
    rate_label: str | None = "B1"
    gaps: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    hidden_in: list[str] = field(default_factory=list)

    def __post_init__(self):
        random = np.random.default_rng(self.seed)
        n, m, k = self.inputs, self.hidden, self.outputs
        self.given = {f"t{j}": round(random.uniform(0.05, 0.95), 2) for j in range(1, k + 1)}
        self.given |= {f"i{j}": round(random.uniform(0.05, 1), 2) for j in range(1, n + 1)}
        self.start = {f"w{j}": round(random.uniform(-1, 1), 2) for j in range(1, m * (n + k) + 1)}
        if self.biases:
            self.start |= {f"b{j}": round(random.uniform(-1, 1), 2) for j in range(1, m + k + 1)}
        self.formulas = {}
        self._forward()
        self._backward()
        self._updates()
        self.order = self.order or [*self.given, *self.start, *self.formulas]
        self.order = list(dict.fromkeys(self.order))
        self.cells = {}

    def hidden_weight(self, unit, source):
        return f"w{(unit - 1) * self.inputs + source}"

    def output_weight(self, unit, source):
        return f"w{self.hidden * self.inputs + (unit - 1) * self.hidden + source}"

    def _forward(self):
        n, m, k = self.inputs, self.hidden, self.outputs
        for j in range(1, m + 1):
            terms = [f"{{{self.hidden_weight(j, s)}}}*{{i{s}}}" for s in range(1, n + 1)]
            terms += [f"{{b{j}}}"] if self.biases else []
            self.formulas[f"h{j}"] = "+".join(terms)
            self.formulas[f"a_h{j}"] = f"1/(1+EXP(-{{h{j}}}))"
        for j in range(1, k + 1):
            terms = [f"{{{self.output_weight(j, s)}}}*{{a_h{s}}}" for s in range(1, m + 1)]
            terms += [f"{{b{m + j}}}"] if self.biases else []
            self.formulas[f"o{j}"] = "+".join(terms)
            self.formulas[f"a_o{j}"] = f"1/(1+EXP(-{{o{j}}}))"
        for j in range(1, k + 1):
            self.formulas[f"E{j}"] = f"0.5*({{t{j}}}-{{a_o{j}}})^2"
        self.formulas["E_total"] = "+".join(f"{{E{j}}}" for j in range(1, k + 1))

    def delta_o(self, j):
        return f"({{a_o{j}}}-{{t{j}}})*{{a_o{j}}}*(1-{{a_o{j}}})"

    def delta_h(self, j):
        paths = (
            f"{self.delta_o(u)}*{{{self.output_weight(u, j)}}}" for u in range(1, self.outputs + 1)
        )
        return f"({'+'.join(paths)})*{{a_h{j}}}*(1-{{a_h{j}}})"

    def _backward(self):
        n, m, k = self.inputs, self.hidden, self.outputs
        for j in range(1, m + 1):
            for s in range(1, n + 1):
                name = f"∂E/∂{self.hidden_weight(j, s)}"
                self.formulas[name] = f"{self.delta_h(j)}*{{i{s}}}"
        for j in range(1, k + 1):
            for s in range(1, m + 1):
                name = f"∂E/∂{self.output_weight(j, s)}"
                self.formulas[name] = f"{self.delta_o(j)}*{{a_h{s}}}"
        if self.biases:
            for j in range(1, m + 1):
                self.formulas[f"∂E/∂b{j}"] = self.delta_h(j)
            for j in range(1, k + 1):
                self.formulas[f"∂E/∂b{m + j}"] = self.delta_o(j)

    def _updates(self):
        for name in self.start:
            self.formulas[name] = f"{{{name}.up}}-{{η}}*{{∂E/∂{name}.up}}"

    # -- places

    def column(self, name):
        """Return the zero-based column; there is a gap before the columns named in `gaps`."""
        at = self.order.index(name)
        gaps = sum(one in self.gaps for one in self.order[: at + 1]) if self.gaps else 0
        return self.left + at + gaps

    def address(self, name, row):
        """Return the address of a column's cell; row 0 is the first below the header."""
        return f"{get_column_letter(self.column(name) + 1)}{self.top + 2 + row}"

    def fixed_rate(self):
        if self.rate_cell is None:
            return repr(self.rate)
        return f"${self.rate_cell[0]}${self.rate_cell[1:]}"

    def formula(self, name, row, template=None):
        """Return the formula of a cell, with "="."""
        text = self.formulas[name] if template is None else template
        return "=" + _NAME.sub(lambda found: self._meaning(*found.groups(), row), text)

    def _meaning(self, name, moved, row):
        """Return the cell of {name}, {name.up} or {name.down} in a row."""
        if name == "η":
            return self.fixed_rate()
        rows = {"": 0, ".up": -1, ".down": 1}[moved]
        return self.address(name, row + rows) if name in self.order else f"{{{name}{moved}}}"

    # -- cells

    def contents(self):
        """Return address → content, and afterwards what `cells` puts in place of it."""
        found = {}
        if self.rate_cell is not None:
            found[self.rate_cell] = self.rate
        if self.rate_label is not None:
            found[self.rate_label] = "η ="
        for name in self.order:
            header = f"{get_column_letter(self.column(name) + 1)}{self.top + 1}"
            found[header] = self.headers.get(name, name)
            for row in range(self.rows):
                found[self.address(name, row)] = self._content(name, row)
        return {key: value for key, value in (found | self.cells).items() if value is not None}

    def _content(self, name, row):
        if name == "Step":
            return row
        if name in self.given:
            return self.given[name]
        if name in self.start and row == 0:
            return self.start[name]
        return self.formula(name, row)

    def values(self):
        """Return name → the numbers of the column, trained in NumPy."""
        n, m, k = self.inputs, self.hidden, self.outputs
        x = np.array([self.given[f"i{j}"] for j in range(1, n + 1)])
        t = np.array([self.given[f"t{j}"] for j in range(1, k + 1)])
        flat = np.array([self.start[f"w{j}"] for j in range(1, m * (n + k) + 1)])
        first, second = flat[: m * n].reshape(m, n), flat[m * n :].reshape(k, m)
        bias = np.array([self.start.get(f"b{j}", 0.0) for j in range(1, m + k + 1)])
        table = {name: [] for name in [*self.given, *self.start, *self.formulas]}
        for _ in range(self.rows):
            h = first @ x + bias[:m]
            a = 1 / (1 + np.exp(-h))
            o = second @ a + bias[m:]
            y = 1 / (1 + np.exp(-o))
            error = (t - y) ** 2 / 2
            delta = (y - t) * y * (1 - y)
            hidden = (second.T @ delta) * a * (1 - a)
            gradients = (np.outer(hidden, x), np.outer(delta, a), np.append(hidden, delta))
            weights = np.append(first.ravel(), second.ravel())
            slopes = np.append(gradients[0].ravel(), gradients[1].ravel())
            series = {
                "i": x, "t": t, "w": weights, "h": h, "a_h": a, "o": o, "a_o": y, "E": error,
                "∂E/∂w": slopes, "b": bias, "∂E/∂b": gradients[2],
            }  # fmt: skip
            for stem, numbers in series.items():
                for index, number in enumerate(numbers, 1):
                    if f"{stem}{index}" in table:
                        table[f"{stem}{index}"].append(float(number))
            table["E_total"].append(float(error.sum()))
            first = first - self.rate * gradients[0]
            second = second - self.rate * gradients[1]
            bias = bias - self.rate * gradients[2] if self.biases else bias
        return table

    def paste(self, digits=None):
        """Put the trained numbers in place of all formulas, rounded to `digits` decimals."""
        for name, numbers in self.values().items():
            if name in self.order:
                for row, number in enumerate(numbers):
                    pasted = number if digits is None else round(number, digits)
                    self.cells[self.address(name, row)] = pasted


def write(path: Path, **sheets: HandMade | dict) -> Path:
    """Write a workbook of one table on each sheet; XlsxWriter leaves 0 as every result."""
    with xlsxwriter.Workbook(path, {"in_memory": True}) as workbook:
        for name, table in sheets.items():
            sheet = workbook.add_worksheet(name.replace("_", " "), PlainWorksheet)
            contents = table if isinstance(table, dict) else table.contents()
            for address, content in contents.items():
                if isinstance(content, str) and content.startswith("="):
                    sheet.write_formula(address, content)
                else:
                    sheet.write(address, content)
    return path


def mistakes(report):
    """Return (column, kind) of every mistake."""
    return [(one.column, one.kind) for one in report.mistakes]
