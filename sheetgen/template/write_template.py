"""Writes a template: the TOML text of a network, its data and its training."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sheetgen.network.layer import AnyLayer
from sheetgen.network.network import Network
from sheetgen.network.planes import Pool, Windowed

Rows = Sequence[Sequence[float]]


def template_text(
    network: Network,
    inputs: Rows,
    targets: Rows,
    title: str,
    description: str,
    data: dict[str, Any],
    training: dict[str, Any],
) -> str:
    """Return the TOML that describes all of it.

    `training` has the keys of its table, `data` those of [data] besides inputs and targets.

    Follows TOML 1.0, https://toml.io/en/v1.0.0; it needs text, numbers and lists only.
    """
    lines = [f"title = {_value(title)}", f"description = {_value(description)}", "", "[network]"]
    lines += [
        f"inputs = {_value(network.planes or network.inputs)}",
        f"loss = {_value(network.loss.name)}",
    ]
    for layer in network.layers:
        lines += _layer(layer)
    lines += ["", "[data]", f"inputs = {_rows(inputs)}", f"targets = {_rows(targets)}"]
    lines += _keys(data)
    lines += ["", "[training]", *_keys(training)]
    return "\n".join(lines) + "\n"


def _keys(values: dict[str, Any]) -> list[str]:
    return [f"{key} = {_value(value)}" for key, value in values.items()]


def _layer(layer: AnyLayer) -> list[str]:
    lines = ["", "[[network.layers]]", *_keys(_kind(layer))]
    if not layer.weights:
        return lines
    lines.append(f"activation = {_value(layer.activation.name)}")
    if layer.activation.parameter is not None:
        lines.append(f"slope = {_value(layer.activation.parameter)}")
    lines.append(f"weights = {_value(_nested(layer))}")
    if layer.biases is not None:
        lines.append(f"biases = {_value(layer.biases)}")
        lines.append(f"train_biases = {_value(layer.train_biases)}")
    return lines


def _kind(layer: AnyLayer) -> dict[str, Any]:
    if not isinstance(layer, Windowed):
        return {"units": layer.units}
    window = {"kernel": layer.window, "stride": layer.stride}
    if isinstance(layer, Pool):
        return {"type": f"{layer.kind}-pool", **window}
    return {"type": "convolution", "channels": layer.maps, **window, "padding": layer.padding}


def _nested(layer: AnyLayer) -> object:
    """Return the weights as a template gives them: those of a kernel in PyTorch's order."""
    if not isinstance(layer, Windowed):
        return layer.weights
    shape = (layer.maps, layer.planes.channels, *layer.window)
    return np.array(layer.weights).reshape(shape).tolist()


def _rows(rows: Rows) -> str:
    """Return a list of lists of numbers; the rows may also be NumPy's or torch's."""
    return _value([[float(number) for number in row] for row in rows])


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Sequence):
        return f"[{', '.join(map(_value, value))}]"
    return repr(float(value))  # type: ignore[arg-type]  # NumPy's numbers too


def _text(text: str) -> str:
    """Return a basic string: quotes, backslashes and control characters escaped."""
    escaped = "".join(
        f"\\u{ord(sign):04X}" if ord(sign) < 32 or ord(sign) == 127 or sign in '"\\' else sign
        for sign in text
    )
    return f'"{escaped}"'
