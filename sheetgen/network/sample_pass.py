"""One sample's way through the network and back, as the reference computes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.network.network import Network
from sheetgen.network.parameters import Parameter, Weight
from sheetgen.network.reference import backward, forward
from sheetgen.network.trace import INNER, Backward, Forward, Parameters


@dataclass(frozen=True)
class SamplePass:
    """The forward and backward pass of a sample (inputs) with its target (outputs).

    The sample's inputs are as the network reads them. What overflows is inf or nan.
    """

    network: Network
    parameters: Parameters
    sample: Sequence[float]
    target: Sequence[float]

    @cached_property
    def run(self) -> Forward:
        """The forward pass."""
        return self._forward(self.parameters)

    @cached_property
    def back(self) -> Backward:
        """The backward pass."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return backward(self.network, self.parameters, self.sample, self.target, self.run)

    @cached_property
    def values(self) -> dict[str, float]:
        """All inputs, targets, weights, biases, units, errors and gradients by their symbols."""
        network = self.network
        given = (
            *self.sample,
            *self.target,
            *map(self.value, network.weights),
            *map(self.value, network.biases),
        )
        found = dict(zip(network.given_names, given, strict=True))
        with np.errstate(over="ignore", invalid="ignore"):
            found |= self.run.values(network) | self.back.values(network)
            gradients = self.back.activation_gradients[-1]
            return found | {INNER: float(gradients @ self.run.activations[-1])}

    def value(self, parameter: Parameter) -> float:
        """Return the value of a weight or a bias."""
        if isinstance(parameter, Weight):
            weights = self.parameters.weights[parameter.layer]
            return float(weights[parameter.unit, parameter.position])
        return float(self.parameters.biases[parameter.layer][parameter.unit])

    def sources(self, layer: int) -> Array:
        """Return what a layer's weights multiply: the inputs, or the layer before."""
        return self.run.activations[layer - 1] if layer else np.array(self.sample)

    def moved(self, layer: int, weights: Array | float, biases: Array | float) -> Forward:
        """Return the forward pass with something added to a layer's weights and biases."""
        chosen = Parameters(list(self.parameters.weights), list(self.parameters.biases))
        chosen.weights[layer] = chosen.weights[layer] + weights
        chosen.biases[layer] = chosen.biases[layer] + biases
        return self._forward(chosen)

    def _forward(self, parameters: Parameters) -> Forward:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return forward(self.network, parameters, self.sample, self.target)
