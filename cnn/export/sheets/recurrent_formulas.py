"""The formulas of a recurrent layer's sheet: a row for each step, which reads the one before.

Side by side are its gates and states, for an LSTM i, f, g, o, c and h of each unit:

    i  =1/(1+EXP(-(SUMPRODUCT(sequence1!B4:D4,lstm_input_0)+SUMPRODUCT(L3:M3,lstm_hidden_0)+…)))
    c  =D4*J3+B4*F4
    h  =H4*TANH(J4)

The equations are those of torch.nn.LSTM, GRU and RNN.
"""

from collections.abc import Callable

from cnn.export.network.sequence_stages import GATES, Recurrent
from cnn.export.sheets.layout import Sheet, Unit
from sheetgen.network.activations import ACTIVATIONS
from sheetgen.spreadsheet.address import local, relative_address


def recurrent_formula(stage: Recurrent, sheet: Sheet) -> Callable[[Unit], str]:
    """Return a function that returns the formula of each gate or state, without "="."""
    step = _Step(stage, sheet)
    of_gate = {"LSTM": step.of_lstm, "GRU": step.of_gru}.get(stage.kind, step.of_rnn)

    def formula(unit: Unit) -> str:
        gate, number = divmod(unit[0], stage.units)
        return of_gate(GATES[stage.kind][gate], number, unit[1])

    return formula


class _Step:
    """The formulas of one step; `row` is its row of the map."""

    def __init__(self, stage: Recurrent, sheet: Sheet) -> None:
        self.stage, self.sheet = stage, sheet
        self.gates = GATES[stage.kind]
        self.steps = stage.output.height
        arguments = [sheet.arguments(at) for at in range(len(sheet.layer.reads))]
        self.inputs, self.states = arguments[0], arguments[1:]

    def of_lstm(self, gate: str, unit: int, row: int) -> str:
        """Return c = f c + i g, h = o tanh c, or one of the gates."""
        if gate == "h":
            return f"{self.cell('o', unit, row)}*TANH({self.cell('c', unit, row)})"
        if gate == "c":
            new = f"{self.cell('i', unit, row)}*{self.cell('g', unit, row)}"
            before = self.before("c", unit, row)
            return f"{self.cell('f', unit, row)}*{before}+{new}" if before else new
        total = self.plus(self.taken(gate, unit, row), self.kept(gate, unit, row))
        return _applied("tanh" if gate == "g" else "sigmoid", total)

    def of_gru(self, gate: str, unit: int, row: int) -> str:
        """Return h = (1 - z) n + z h, n, or one of the gates."""
        if gate == "h":
            z, new = self.cell("z", unit, row), self.cell("n", unit, row)
            before = self.before("h", unit, row)
            return f"(1-{z})*{new}" + (f"+{z}*{before}" if before else "")
        taken, kept = self.taken(gate, unit, row), self.kept(gate, unit, row)
        if gate != "n":
            return _applied("sigmoid", self.plus(taken, kept))
        if self.stage.hidden_biases is not None:
            kept = self.plus(kept, f"{self.sheet.name}_hidden_bias_{unit}")
        kept = f"{self.cell('r', unit, row)}*({kept})" if kept else ""
        return _applied("tanh", self.plus(taken, kept))

    def of_rnn(self, gate: str, unit: int, row: int) -> str:
        """Return h = tanh(W x + U h + b), or the same with ReLU."""
        total = self.plus(self.taken(gate, unit, row), self.kept(gate, unit, row))
        return _applied("tanh" if self.stage.kind == "RNN" else "relu", total)

    def taken(self, gate: str, unit: int, row: int) -> str:
        """Return what the gate takes from the sequence, with its bias."""
        number = self.gates.index(gate) * self.stage.units + unit
        inputs = self.stage.weights.shape[1]
        cells = _joined(*(self.inputs((column, row, 0)) for column in (0, inputs - 1)))
        product = _product(cells, f"{self.sheet.name}_input_{number}", inputs)
        has_bias = self.stage.biases is not None
        return self.plus(product, f"{self.sheet.name}_bias_{number}" if has_bias else "")

    def kept(self, gate: str, unit: int, row: int) -> str:
        """Return what the gate takes from the hidden states before; nothing if they are 0."""
        number = self.gates.index(gate) * self.stage.units + unit
        first, last = (self.before("h", each, row) for each in (0, self.stage.units - 1))
        if not first:
            return ""
        name = f"{self.sheet.name}_hidden_{number}"
        return _product(_joined(first, last), name, self.stage.units)

    def cell(self, gate: str, unit: int, row: int) -> str:
        """Return the address of a gate or state on the sheet itself."""
        channel = self.gates.index(gate) * self.stage.units + unit
        return relative_address(*self.sheet.cell(channel, row, 0))

    def before(self, state: str, unit: int, row: int) -> str:
        """Return the address of a state at the step before; nothing if that is 0."""
        row += 1 if self.stage.backwards else -1
        if 0 <= row < self.steps:
            return self.cell(state, unit, row)
        if not self.states:
            return ""
        return self.states[-1 if state == "c" else 0]((unit, 0, 0))

    @staticmethod
    def plus(one: str, other: str) -> str:
        """Return the sum of two expressions, of which one may be missing."""
        return f"{one}+{other}" if one and other else one or other


def _applied(name: str, text: str) -> str:
    return ACTIVATIONS[name].formula(f"({text})" if name == "sigmoid" else text)


def _joined(first: str, last: str) -> str:
    """Return the range between two cells, of which the sheet is named once."""
    return f"{first}:{local(last)}"


def _product(cells: str, name: str, count: int) -> str:
    """Return the sum of the products of a row of cells and one of weights."""
    return f"{cells.partition(':')[0]}*{name}" if count == 1 else f"SUMPRODUCT({cells},{name})"
