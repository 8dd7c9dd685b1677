"""Recurrent layers as one operator for each layer and direction, which keeps every gate.

`torch.export` has LSTM, GRU and RNN as single operators that give only their hidden states. These
are replaced by an operator of this module, whose result has the gates and states of every step
side by side, so that torch's own numbers are known for all cells of the layer's sheet.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from cnn.export.network.modules import numbers, tensor_of
from cnn.export.network.sequence_stages import GATES, Recurrent
from cnn.export.network.stages import Shape


def _lstm(x: Tensor, h: Tensor, state: Tensor) -> list[Tensor]:
    """Return i, f, g, o, c and h of a step from its pre-activations. See torch.nn.LSTM."""
    i, f, g, o = (x + h).chunk(4, -1)
    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
    c = f * state + i * g
    return [i, f, g, o, c, o * c.tanh()]


def _gru(x: Tensor, h: Tensor, state: Tensor) -> list[Tensor]:
    """Return r, z, n and h of a step. See torch.nn.GRU."""
    (x_r, x_z, x_n), (h_r, h_z, h_n) = x.chunk(3, -1), h.chunk(3, -1)
    r, z = (x_r + h_r).sigmoid(), (x_z + h_z).sigmoid()
    n = (x_n + r * h_n).tanh()
    return [r, z, n, (1 - z) * n + z * state]


STEPS: dict[str, Callable[[Tensor, Tensor, Tensor], list[Tensor]]] = {
    "LSTM": _lstm,
    "GRU": _gru,
    "RNN": lambda x, h, _: [(x + h).tanh()],
    "RNN with ReLU": lambda x, h, _: [(x + h).relu()],
}
"""What each kind does in a step, with the last state kept (c of an LSTM, else h)."""


@torch.library.custom_op("cnn_export::recurrent", mutates_args=())
def recurrent(
    kind: str,
    x: Tensor,
    hidden: Tensor,
    cell: Tensor,
    weight: Tensor,
    hidden_weight: Tensor,
    bias: Tensor | None,
    hidden_bias: Tensor | None,
    backwards: bool,
) -> Tensor:
    """Return the gates and states (N, steps, columns) of a layer that reads x (N, steps, inputs).

    `hidden` and `cell` are the states before the first step; the last columns are the hidden ones.
    """
    found = [torch.empty(0)] * x.shape[1]
    units = hidden.shape[-1]
    for step in reversed(range(len(found))) if backwards else range(len(found)):
        taken = torch.nn.functional.linear(x[:, step], weight, bias)
        kept = torch.nn.functional.linear(hidden, hidden_weight, hidden_bias)
        columns = STEPS[kind](taken, kept, cell if kind == "LSTM" else hidden)
        found[step] = torch.cat(columns, -1)
        hidden, cell = columns[-1], columns[-2] if kind == "LSTM" else cell
        assert hidden.shape[-1] == units
    return torch.stack(found, 1)


@recurrent.register_fake
def _shape(kind: str, x: Tensor, hidden: Tensor, *_: Any) -> Tensor:  # noqa: ANN401
    return x.new_empty(*x.shape[:2], len(GATES[kind]) * hidden.shape[-1])


def _layers(
    kind: str,
    x: Tensor,
    states: Sequence[Tensor],
    parameters: Sequence[Tensor],
    per_layer: int,
    directions: int,
    batch_first: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the hidden states of the last layer, and all layers' final hidden and cell states.

    `states` (layers · directions, N, units) are those before the first step.
    """
    x = x if batch_first else x.transpose(0, 1)
    ends: list[Tensor] = []
    while (at := len(ends)) * per_layer < len(parameters):
        outputs = []
        for direction in range(directions):
            weight, hidden_weight, *biases = parameters[(at + direction) * per_layer :][:per_layer]
            hidden, cell = states[0][at + direction], states[-1][at + direction]
            tensors = hidden, cell, weight, hidden_weight, *(biases or (None, None))
            found = recurrent(kind, x, *tensors, direction == 1)
            ends.append(found[:, 0 if direction else -1])
            outputs.append(found[..., -hidden.shape[-1] :])
        x = torch.cat(outputs, -1)
    units = states[0].shape[-1]
    final = torch.stack([end[:, -units:] for end in ends])
    cells = torch.stack([end[:, -2 * units :][:, :units] for end in ends])
    return (x if batch_first else x.transpose(0, 1)), final, cells


def _of_kind(kind: str) -> Callable[..., Any]:
    def layers(
        x: Tensor,
        states: Tensor | Sequence[Tensor],
        parameters: Sequence[Tensor],
        has_biases: bool,
        count: int,
        dropout: float,
        train: bool,
        bidirectional: bool,
        batch_first: bool,
    ) -> Any:  # noqa: ANN401
        per_layer, directions = 4 if has_biases else 2, 1 + bidirectional
        if len(parameters) != per_layer * directions * count or (train and dropout):
            return NotImplemented  # with projections, or at random
        held = [states] if isinstance(states, Tensor) else states
        found = _layers(kind, x, held, parameters, per_layer, directions, batch_first)
        return found if kind == "LSTM" else found[:2]

    return layers


def _cell_of_kind(kind: str) -> Callable[..., Any]:
    def cell(
        x: Tensor,
        states: Tensor | Sequence[Tensor],
        weight: Tensor,
        hidden_weight: Tensor,
        bias: Tensor | None = None,
        hidden_bias: Tensor | None = None,
    ) -> Any:  # noqa: ANN401
        held = [states] if isinstance(states, Tensor) else states
        tensors = held[0], held[-1], weight, hidden_weight, bias, hidden_bias
        found = recurrent(kind, x.unsqueeze(1), *tensors, False)[:, 0]
        units = held[0].shape[-1]
        if kind == "LSTM":
            return found[:, -units:], found[:, -2 * units : -units]
        return found[:, -units:]

    return cell


_aten = torch.ops.aten
DECOMPOSITIONS: dict[Any, Callable[..., Any]] = {
    _aten.lstm.input: _of_kind("LSTM"),
    _aten.gru.input: _of_kind("GRU"),
    _aten.rnn_tanh.input: _of_kind("RNN"),
    _aten.rnn_relu.input: _of_kind("RNN with ReLU"),
    _aten.lstm_cell.default: _cell_of_kind("LSTM"),
    _aten.gru_cell.default: _cell_of_kind("GRU"),
    _aten.rnn_tanh_cell.default: _cell_of_kind("RNN"),
    _aten.rnn_relu_cell.default: _cell_of_kind("RNN with ReLU"),
}
"""By the operators of ATen."""


def stage_of(given: Mapping[str, Any], states: bool) -> Recurrent:
    """Return the stage of a call of the operator; `states` says that it reads those before."""
    weights, hidden = (numbers(tensor_of(given, key)) for key in ("weight", "hidden_weight"))
    kind, units = given["kind"], hidden.shape[1]
    biases = hidden_biases = None
    if given["bias"] is not None:
        biases, before = (numbers(tensor_of(given, key)) for key in ("bias", "hidden_bias"))
        shared = 2 * units if kind == "GRU" else len(biases)
        biases[:shared] += before[:shared]
        hidden_biases = before[shared:] if kind == "GRU" else None
    steps = given["x"].numbers.shape[1]
    output = Shape(len(GATES[kind]) * units, steps, 1)
    options = given["backwards"], states
    return Recurrent(output, kind, weights, hidden, biases, hidden_biases, *options)
