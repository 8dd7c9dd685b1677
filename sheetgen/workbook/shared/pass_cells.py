"""The cells of a sample's forward pass: which quantities have one, and what is written in each.

A pass is narrow here: each activation has its weighted sum written out in its own formula, except
where a softmax, or a loss that is computed together with its activation, needs the sums.
"""

from collections.abc import Callable

import numpy as np

from sheetgen.formulas import notation, quantities
from sheetgen.network.activations import Array
from sheetgen.network.network import Network, activation_name
from sheetgen.network.trace import CORRECT, EXPONENTIALS, GREATEST

Values = dict[str, Array]
"""An array (samples) for each symbol."""


def hidden_symbols(network: Network) -> tuple[str, ...]:
    """Return the activations of all hidden layers."""
    return tuple(activation_name(unit) for units in network.unit_names[:-1] for unit in units)


def pictured_symbols(network: Network) -> tuple[str, ...]:
    """Return the activations of the layers that put out planes: too many for a row to be read."""
    return tuple(
        activation_name(unit)
        for layer, units in zip(network.layers, network.unit_names, strict=True)
        if not layer.is_dense
        for unit in units
    )


def sum_symbols(network: Network) -> tuple[str, ...]:
    """Return the outputs' weighted sums and what a softmax computes of them, if they have cells."""
    softmax = quantities.output_softmax(network)
    if not softmax and not notation.is_joint(network):
        return ()
    return (*network.unit_names[-1], *((GREATEST, EXPONENTIALS) if softmax else ()))


def output_symbols(network: Network) -> tuple[str, ...]:
    """Return the activations of the output layer."""
    return tuple(map(activation_name, network.unit_names[-1]))


def pass_formula(network: Network, symbol: str, cell: Callable[[str], str]) -> str:
    """Return the expression of one of those symbols, of E_total, or of whether it is CORRECT.

    `cell` gives the address of an input, a target, a weight or a bias, and of the symbols that
    have cells.
    """
    if symbol == "E_total":
        unneeded = {} if sum_symbols(network) else dict.fromkeys(network.unit_names[-1], "")
        errors = (
            quantities.error_formula(
                network, output, lambda name: unneeded[name] if name in unneeded else cell(name)
            )
            for output in range(network.outputs)
        )
        return "+".join(errors)
    if symbol == CORRECT:
        return quantities.correct_formula(network, cell)
    unit = symbol.removeprefix("a_")
    if symbol == unit or unit in sum_symbols(network):
        return quantities.forward_formula(network, symbol, cell)
    z = quantities.pre_activation_formula(network, unit, cell)
    return quantities.activation_formula(network, unit, lambda _: f"({z})")


def pass_values(
    network: Network, targets: Array, sums: list[Array], activations: list[Array]
) -> Values:
    """Return the values of all those symbols: targets (samples, outputs), sums (samples, units)."""
    values: Values = {}
    for units, z, a in zip(network.unit_names, sums, activations, strict=True):
        values |= dict(zip(units, z.T, strict=True))
        values |= dict(zip(map(activation_name, units), a.T, strict=True))
    z = sums[-1]
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        values[GREATEST] = z.max(axis=1)
        values[EXPONENTIALS] = np.exp(z - values[GREATEST][:, None]).sum(axis=1)
        errors = network.loss.value(targets, z, activations[-1])
    return values | {"E_total": np.asarray(errors.sum(axis=1))}
