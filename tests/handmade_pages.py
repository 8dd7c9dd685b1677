"""Pages as teachers make them: a network's matrices side by side, for the tests of `check`.

The formulas are written here from the textbook and share nothing with the package.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from string import ascii_uppercase

import xlsxwriter
from openpyxl.utils import get_column_letter

Block = list[list[str]]  # the addresses of a matrix, row by row
WAYS = ("sums", "sumproduct", "mmult")


@dataclass
class HandMadePage:
    """A network in blocks: X, W, b, z, a, δ, ∂E/∂W and the updated W, for each step below.

    `way` is how sums of products are written. With `across`, a row is a unit and a column a sample,
    else a row is a sample; with `turned`, W has a row for each source in place of each unit.
    """

    layers: tuple[int, ...] = (2, 2, 1)
    samples: int = 1
    steps: int = 2
    way: str = "sums"
    across: bool = True
    turned: bool = False
    biases: bool = True
    is_mean: bool = False
    shown: tuple[str, ...] = ("z", "δ", "∂W")
    labels: bool = True
    activation: str = "1/(1+EXP(-{z}))"
    slope: str = "{a}*(1-{a})"
    seed: int = 0
    cells: dict[str, str | float] = field(default_factory=dict)
    arrays: dict[str, tuple[str, str]] = field(default_factory=dict)
    at: dict[tuple[str, int], Block] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self._top, self._left, self._height = 3, 1, 0
        self.cells |= {"A1": "learning rate", "B1": 0.5}
        self.x = self._typed("X", self.layers[0], self.samples)
        self.t = self._typed("target", self.layers[-1], self.samples)
        last = len(self.layers) - 1
        self.w = [self._weights(layer) for layer in range(1, last + 1)]
        self.b = [self._biases(layer) for layer in range(1, last + 1)]
        for step in range(self.steps):
            self._new_row()
            self._forward(step)
            self._errors(step)
            self._backward(step)
            self._new_row()
            self._update()

    # -- blocks

    def _block(self, label: str, rows: int, columns: int) -> Block:
        """Take room for a matrix, beside the one before."""
        if self.labels:
            self.cells[f"{get_column_letter(self._left)}{self._top}"] = label
        found = [
            [f"{get_column_letter(self._left + c)}{self._top + 1 + r}" for c in range(columns)]
            for r in range(rows)
        ]
        self._left += columns + 1
        self._height = max(self._height, rows + 2)
        return found

    def _new_row(self) -> None:
        self._top, self._left, self._height = self._top + self._height, 1, 0

    def _oriented(self, label: str, units: int, samples: int) -> Block:
        """A matrix of units and samples; block[unit][sample] is its address either way."""
        if self.across:
            return self._block(label, units, samples)
        return _transposed(self._block(label, samples, units))

    def _typed(self, label: str, units: int, samples: int) -> Block:
        block = self._oriented(label, units, samples)
        self._type(block)
        return block

    def _type(self, block: Block) -> None:
        for address in (one for row in block for one in row):
            self.cells[address] = round(self._random.uniform(0.05, 0.95), 2)

    def _weight_block(self, label: str, layer: int) -> Block:
        rows, columns = self.layers[layer], self.layers[layer - 1]
        if self.turned:
            return _transposed(self._block(label, columns, rows))
        return self._block(label, rows, columns)

    def _weights(self, layer: int) -> Block:
        block = self._weight_block(f"W{layer}", layer)
        self._type(block)
        return block

    def _biases(self, layer: int) -> Block:
        if not self.biases:
            return []
        block = self._oriented(f"b{layer}", self.layers[layer], 1)
        self._type(block)
        return block

    # -- formulas

    def _grid(self, units: int, formula: Callable[[int, int], str]) -> Block:
        """The formula of each unit and sample."""
        return [[formula(u, s) for s in range(self.samples)] for u in range(units)]

    def _sum(self, pairs: list[tuple[str, str]]) -> str:
        """A sum of products, also by SUMPRODUCT where both sides lie in a line alike."""
        ranges = [(side[0], side[-1]) for side in zip(*pairs, strict=True)]
        if self.way != "sums" and len(pairs) > 1 and _alike(*ranges):
            return f"SUMPRODUCT({','.join(f'{first}:{last}' for first, last in ranges)})"
        return "+".join(f"{one}*{other}" for one, other in pairs)

    def _forward(self, step: int) -> None:
        self.a: list[Block] = []
        source = self.x
        for layer, (w, b) in enumerate(zip(self.w, self.b, strict=True), 1):
            source = self._layer(step, layer, w, b, source)
            self.a.append(source)

    def _layer(self, step: int, layer: int, w: Block, b: Block, source: Block) -> Block:
        units = self.layers[layer]

        def whole(u: int, s: int) -> str:
            """W·x + b of a unit and a sample."""
            pairs = [(w[u][k], source[k][s]) for k in range(len(source))]
            return f"{self._sum(pairs)}+{b[u][0]}" if b else self._sum(pairs)

        z = self._grid(units, lambda u, s: f"({whole(u, s)})")
        if "z" in self.shown:
            z = self._oriented(f"z{layer}", units, self.samples)
            self._write(z, self._grid(units, whole))
            if self.way == "mmult":
                self._multiply(z, w, source, b)
            self.at[f"z{layer}", step] = z
        a = self._oriented(f"a{layer}", units, self.samples)
        self._write(a, self._grid(units, lambda u, s: self.activation.format(z=z[u][s])))
        self.at[f"a{layer}", step] = a
        return a

    def _errors(self, step: int) -> None:
        """Half the squared error of each output and sample."""
        block = self._oriented("E", self.layers[-1], self.samples)
        self._write(block, self._grid(
            len(block), lambda u, s: f"0.5*({self.t[u][s]}-{self.a[-1][u][s]})^2"))  # fmt: skip
        self.at["E", step] = block

    def _multiply(self, block: Block, w: Block, source: Block, b: Block) -> None:
        """Write W·X + b as one array formula over the block."""
        left, right = _area(w), _area(source)
        if self.turned:
            left = f"TRANSPOSE({left})"
        if not self.across:
            right = f"TRANSPOSE({right})"
        product = f"MMULT({left},{right})"
        if not self.across:
            product = f"TRANSPOSE({product})"
        self._array(block, f"{product}{'+' + _area(b) if b else ''}")

    def _array(self, block: Block, formula: str) -> None:
        first = block[0][0]
        for address in (one for row in block for one in row):
            self.cells.pop(address, None)
        self.arrays[first] = (_area(block), formula)

    def _backward(self, step: int) -> None:
        last = len(self.layers) - 1
        delta: Block = []
        deltas = []
        for layer in range(last, 0, -1):
            delta = self._delta(step, layer, delta)
            deltas.append(delta)
        self.dw, self.db = [], []
        for layer, delta in enumerate(reversed(deltas), 1):
            self._gradients(layer, step, delta)

    def _delta(self, step: int, layer: int, later: Block) -> Block:
        units, a = self.layers[layer], self.a[layer - 1]

        def arriving(u: int, s: int) -> str:
            """∂E/∂a of a unit and a sample."""
            if not later:
                return f"({a[u][s]}-{self.t[u][s]})"
            pairs = [(self.w[layer][n][u], later[n][s]) for n in range(len(later))]
            return f"({self._sum(pairs)})"

        slopes = self._grid(units, lambda u, s: self.slope.format(a=a[u][s]))
        if "slope" in self.shown:
            block = self._oriented(f"f'(z{layer})", units, self.samples)
            self._write(block, slopes)
            self.at[f"slope{layer}", step] = slopes = block
        block = self._oriented(f"δ{layer}", units, self.samples)
        self._write(block, self._grid(units, lambda u, s: f"{arriving(u, s)}*{slopes[u][s]}"))
        self.at[f"δ{layer}", step] = block
        return block

    def _gradients(self, layer: int, step: int, delta: Block) -> None:
        source = self.x if layer == 1 else self.a[layer - 2]
        share = f"/{self.samples}" if self.is_mean else ""
        whole = [
            [self._mean(self._sum(list(zip(row, each, strict=True))), share) for each in source]
            for row in delta
        ]
        bias = [[self._mean("+".join(row), share)] for row in delta]
        if "∂W" in self.shown:
            block = self._weight_block(f"∂E/∂W{layer}", layer)
            self._write(block, whole)
            self.at[f"∂W{layer}", step] = whole = block
            if self.biases:
                block = self._oriented(f"∂E/∂b{layer}", len(delta), 1)
                self._write(block, bias)
                self.at[f"∂b{layer}", step] = bias = block
        self.dw.append(whole)
        self.db.append(bias)

    def _mean(self, total: str, share: str) -> str:
        return f"({total}){share}" if share else total

    def _update(self) -> None:
        for layer in range(1, len(self.layers)):
            self.w[layer - 1] = self._updated(
                self._weight_block(f"new W{layer}", layer), self.w[layer - 1], self.dw[layer - 1]
            )
            if self.biases:
                block = self._oriented(f"new b{layer}", self.layers[layer], 1)
                self.b[layer - 1] = self._updated(block, self.b[layer - 1], self.db[layer - 1])

    def _updated(self, block: Block, old: Block, gradient: Block) -> Block:
        in_one = "({})".format if gradient[0][0] not in self.cells else str
        self._write(block, [[f"{o}-$B$1*{in_one(g)}" for o, g in zip(*rows, strict=True)]
                            for rows in zip(old, gradient, strict=True)])  # fmt: skip
        return block

    def _write(self, block: Block, formulas: Block) -> None:
        for row, texts in zip(block, formulas, strict=True):
            for address, text in zip(row, texts, strict=True):
                self.cells[address] = f"={text}"

    def save(self, path: Path) -> Path:
        """Write it as a workbook without results, which `check` then computes."""
        workbook = xlsxwriter.Workbook(path)
        sheet = workbook.add_worksheet("Page")
        for address, content in self.cells.items():
            if isinstance(content, str) and content.startswith("="):
                sheet.write_formula(address, content, None, "")
            else:
                sheet.write(address, content)
        for area, formula in self.arrays.values():
            sheet.write_array_formula(area, f"{{={formula}}}", None, "")
        workbook.close()
        return path


def _transposed(block: Block) -> Block:
    return [list(one) for one in zip(*block, strict=True)]


def _area(block: Block) -> str:
    corners = block[0][0], block[-1][-1]
    return ":".join(corners) if corners[0] != corners[1] else corners[0]


def _alike(first: tuple[str, str], second: tuple[str, str]) -> bool:
    """Whether two ranges are both in a row or both in a column."""
    in_row = [one.lstrip(ascii_uppercase) == last.lstrip(ascii_uppercase)
              for one, last in (first, second)]  # fmt: skip
    return in_row[0] == in_row[1]
