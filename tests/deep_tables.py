"""Tables of networks of any depth as people write them, for the tests of `sheetgen check`.

The formulas are written here from the textbook, cell by cell, and share nothing with the package.
"""

from itertools import pairwise
from random import Random

from check_helper import HandMade

FUNCTIONS = {
    "sigmoid": ("1/(1+EXP(-{z}))", "{a}*(1-{a})"),
    "tanh": ("TANH({z})", "(1-{a}^2)"),
    "relu": ("MAX(0,{z})", "IF({z}>0,1,0)"),
    "identity": ("{z}", "1"),
    "leaky-relu": ("IF({z}>0,{z},0.01*{z})", "IF({z}>0,1,0.01)"),
    "softplus": ("LN(1+EXP({z}))", "1/(1+EXP(-{z}))"),
}


class DeepTable(HandMade):
    """A table of any number of layers, with a softmax if that is the last of its `functions`.

    `batch` is the number of samples after which the weights change, by the mean of their
    gradients. Every unit has a column for ∂E/∂ of its pre-activation.
    """

    def __init__(self, *layers: int, functions: list[str], batch: int = 0, **changes: object):
        self.layers, self.functions, self.batch = layers, functions, batch
        inputs, *_, outputs = layers
        super().__init__(inputs=inputs, outputs=outputs, **changes)  # type: ignore[arg-type]

    def __post_init__(self) -> None:
        random, last = Random(self.seed), len(self.layers) - 1
        stems = [f"h{one}_" if last > 2 else "h" for one in range(last)]
        stems = ["i", *(f"a_{one}" for one in stems[1:]), "a_o"]
        self.names = [
            [f"{stem}{unit}" for unit in range(1, size + 1)]
            for stem, size in zip(stems, self.layers, strict=True)
        ]
        self.given = {name: round(random.uniform(0.1, 1), 2) for name in self.names[0]}
        softmax = self.functions[-1] == "softmax"
        targets = {
            f"t{one}": round(random.uniform(0.1, 0.9), 2) for one in range(1, self.outputs + 1)
        }
        self.given |= {one: float(one == "t1") for one in targets} if softmax else targets
        self.start, self.formulas, self.weights = {}, {}, {}
        for layer, (before, after) in enumerate(pairwise(self.names)):
            for unit in after:
                for source in before:
                    weight = f"w{1 + sum(one[0] == 'w' for one in self.start)}"
                    self.weights[unit, source] = weight
                    self.start[weight] = round(random.uniform(-1, 1), 2)
                terms = [f"{{{self.weights[unit, one]}}}*{{{one}}}" for one in before]
                if self.biases:
                    bias = f"b{1 + sum(one[0] == 'b' for one in self.start)}"
                    self.weights[unit, ""] = bias
                    self.start[bias] = round(random.uniform(-1, 1), 2)
                    terms.append(f"{{{bias}}}")
                self.formulas[unit[2:]] = "+".join(terms)
                if self.functions[layer] != "softmax":
                    value = FUNCTIONS[self.functions[layer]][0]
                    self.formulas[unit] = value.replace("{z}", f"{{{unit[2:]}}}")
        if softmax:
            every = "+".join(f"EXP({{{unit[2:]}}})" for unit in self.names[-1])
            for unit in self.names[-1]:
                self.formulas[unit] = f"EXP({{{unit[2:]}}})/({every})"
        self._errors(softmax)
        self._slopes()
        for name in list(self.start):
            self._update(name)
        counts = {"batch row": 0, "batch size": 0} if self.batch else {}
        self.order = list(dict.fromkeys([*counts, *self.given, *self.start, *self.formulas]))
        self.cells = {}
        for row in range(self.rows if self.batch else 0):
            for name in self.given if not softmax else self.names[0]:
                self.cells[self.address(name, row)] = round(random.uniform(0.1, 0.9), 2)

    def _errors(self, softmax: bool) -> None:
        each = []
        for number, a in enumerate(self.names[-1], 1):
            form = f"-{{t{number}}}*LN({{{a}}})" if softmax else f"0.5*({{t{number}}}-{{{a}}})^2"
            self.formulas[f"E{number}"] = form
            each.append(f"{{E{number}}}")
        self.formulas["E_total"] = "+".join(each)

    def _slopes(self) -> None:
        for layer in range(len(self.layers) - 1, 0, -1):
            for number, a in enumerate(self.names[layer], 1):
                z = a[2:]
                if layer == len(self.layers) - 1:
                    back = f"({{{a}}}-{{t{number}}})"
                else:
                    later = self.names[layer + 1]
                    paths = [f"{{∂E/∂{to[2:]}}}*{{{self.weights[to, a]}}}" for to in later]
                    back = f"({'+'.join(paths)})"
                if self.functions[layer - 1] != "softmax":
                    slope = FUNCTIONS[self.functions[layer - 1]][1]
                    slope = slope.replace("{z}", f"{{{z}}}").replace("{a}", f"{{{a}}}")
                    back = f"{back}*{slope}"
                self.formulas[f"∂E/∂{z}"] = back
        for (unit, source), weight in self.weights.items():
            own = f"{{∂E/∂{unit[2:]}}}"
            self.formulas[f"∂E/∂{weight}"] = f"{own}*{{{source}}}" if source else own

    def _update(self, name: str) -> None:
        if not self.batch:
            self.formulas[name] = f"{{{name}.up}}-{{η}}*{{∂E/∂{name}.up}}"
            return
        total, step = f"Σ∂E/∂{name}", f"{{Σ∂E/∂{name}.up}}/{{batch size.up}}"
        self.formulas[total] = f"IF({{batch row}}=1,0,{{{total}.up}})+{{∂E/∂{name}}}"
        self.formulas[name] = f"IF({{batch row}}=1,{{{name}.up}}-{{η}}*{step},{{{name}.up}})"

    def _content(self, name: str, row: int) -> object:
        if name == "batch row":
            return row % self.batch + 1
        return self.batch if name == "batch size" else super()._content(name, row)

    def formula(self, name: str, row: int, template: str | None = None) -> str:
        """Return the formula of a cell; a sum has nothing before its first row."""
        if template is None and row == 0 and name.startswith("Σ"):
            template = f"{{{name.removeprefix('Σ')}}}"
        return super().formula(name, row, template)


COURSE = {
    "i1": "x1",
    "i2": "x2",
    "t1": "target",
    "o1": "net",
    "a_o1": "prediction",
    "b1": "bias",
    "E1": "error",
}


def course_table(function: str, error: str = "{t1}-{a_o1}", **changes: object) -> DeepTable:
    """A single unit as courses have it, a row for each sample: without gradients, in words."""
    table = DeepTable(
        *(2, 1), functions=["sigmoid"], biases=True, headers=COURSE, rows=6, **changes
    )
    table.formulas["a_o1"] = function.replace("{z}", "{o1}")
    table.formulas["E1"] = error
    for name in list(table.formulas):
        if name.startswith("∂E/∂") or name == "E_total":
            del table.formulas[name]
            table.order.remove(name)
    for source, weight in (("i1", "w1"), ("i2", "w2"), ("", "b1")):
        factor = f"*{{{source}.up}}" if source else ""
        table.formulas[weight] = f"{{{weight}.up}}+{{η}}*{{E1.up}}{factor}"
    random = Random(table.seed)
    for row in range(table.rows):
        for name in table.given:
            value = random.choice((0, 1)) if name == "t1" else round(random.uniform(-1, 1), 2)
            table.cells[table.address(name, row)] = value
    return table
