"""The forward pass of many samples, or of many networks of one shape, at once."""

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.network.network import Network
from sheetgen.network.parameters import Bias, Parameter
from sheetgen.network.reference import initial
from sheetgen.network.trace import Parameters, Trace


def weights_in_row(network: Network, trace: Trace, iteration: int) -> Parameters:
    """Return the weights and biases in a row of a training; a layer without biases adds zeros."""
    parameters = initial(network)
    weights, biases = parameters.weights, parameters.biases
    for weight in network.weights:
        weights[weight.layer][weight.unit, weight.position] = trace[weight.name][iteration]
    for bias in network.biases:
        biases[bias.layer][bias.unit] = trace[bias.name][iteration]
    return parameters


def value_of(parameters: Parameters, parameter: Parameter) -> float:
    """Return a weight or a bias among all of them."""
    if isinstance(parameter, Bias):
        return float(parameters.biases[parameter.layer][parameter.unit])
    return float(parameters.weights[parameter.layer][parameter.unit, parameter.position])


def run(
    network: Network, parameters: Parameters, samples: Array
) -> tuple[list[Array], list[Array]]:
    """Return each layer's pre-activations and activations (…, samples, units).

    `samples` (samples, inputs) are inputs as the network reads them. Weights (…, units, fan-in)
    and biases (…, units) may be those of several networks of one shape. What overflows is inf or
    nan.
    """
    pre_activations, activations = [], []
    a = samples
    layers = zip(network.layers, parameters.weights, parameters.biases, strict=True)
    with np.errstate(over="ignore", invalid="ignore"):
        for layer, matrix, bias in layers:
            z = layer.pre_activations(matrix[..., None, :, :], bias[..., None, :], a)
            a = layer.activation.value(z)
            pre_activations.append(z)
            activations.append(a)
    return pre_activations, activations


def sample_errors(
    network: Network, targets: Array, sums: list[Array], activations: list[Array]
) -> Array:
    """Return E_total of each sample (…, samples), from what `run` returns and their targets."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        errors = network.loss.value(targets, sums[-1], activations[-1])
    return np.asarray(errors.sum(axis=-1))
