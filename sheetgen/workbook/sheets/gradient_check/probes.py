"""Chooses what the gradient check moves, and computes the effect with the reference.

In a small network each weight is moved by itself. A large one is checked by directional
derivatives, as Goodfellow, Bengio and Courville, "Deep Learning" (2016), section 11.5, and
torch.autograd.gradcheck with fast_mode suggest: all weights into a unit, and its bias, are moved
at once, each by its own multiple of one step, and Σ d·∂E/∂w is compared with the difference of E.
As the multiples differ, two exchanged gradients are noticed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count

import numpy as np

from sheetgen.network.activations import Array
from sheetgen.network.network import Network, Parameter
from sheetgen.network.reference import forward, initial
from sheetgen.network.trace import Forward
from sheetgen.workbook.plan import Plan

MAXIMUM_PARAMETERS = 250
EVALUATED = 100_000  # cells, at most, of the evaluations that each move one unit's weights
GOLDEN = (5**0.5 - 1) / 2
# Differences are relative to the gradient, or to this part of E_total (or of 1) if that is more:
# the central difference of a gradient of 0 is rounding of that size.
SMALLEST = 1e-4
# A central difference cannot be better than the rounding of E, some ten units in its last place,
# over ε; as a multiple of the promised tolerance of 1e-12.
ROUNDING = 4e-3


@dataclass(frozen=True)
class Probe:
    """One row of the check: the reference's E with something moved up (above) and down (below).

    `layer` and `unit` are the place of the unit whose pre-activation moves; `rise` is the
    difference of what is moved between above and below.
    """

    plan: Plan
    layer: int
    unit: int
    gradient: float
    step: float
    rise: float
    above: Forward
    below: Forward

    @property
    def central(self) -> float:
        """The central difference."""
        return (self.above.total_error - self.below.total_error) / self.rise

    @cached_property
    def noise(self) -> float:
        """The size of the central difference's rounding, as `Canvas.calculate` takes it."""
        return ROUNDING * _magnitude(self.plan) / self.step

    @property
    def allowed(self) -> float:
        """The largest difference between the gradients that passes."""
        floor = SMALLEST * max(1.0, self.plan.start.total_error)
        return self.plan.controls.tolerance * max(abs(self.gradient), floor)

    @property
    def kinks(self) -> list[tuple[str, float]]:
        """The units whose pre-activation may move across a kink, each with that z."""
        return [(name, kink) for *_, name, kink in self._kinks()]

    @cached_property
    def verdict(self) -> str:
        """PASS, FAIL, or kink if there is no derivative to compare with."""
        for layer, unit, _, kink in self._kinks():
            high, low = (run.pre_activations[layer][unit] for run in (self.above, self.below))
            if np.sign(high - kink) != np.sign(low - kink):
                return "kink"
        return "PASS" if abs(self.gradient - self.central) <= self.allowed else "FAIL"

    def _kinks(self) -> Iterator[tuple[int, int, str, float]]:
        network = self.plan.network
        for layer, names in enumerate(network.unit_names):
            for unit, name in enumerate(names):
                if layer > self.layer or (layer, unit) == (self.layer, self.unit):
                    for kink in network.layers[layer].activation.kinks:
                        yield layer, unit, name, kink


def is_by_parameter(network: Network) -> bool:
    """Tell whether every weight is moved by itself."""
    return len(network.parameters) <= MAXIMUM_PARAMETERS


def has_kinks(network: Network) -> bool:
    """Tell whether a central difference may meet a kink."""
    return any(layer.activation.kinks for layer in network.layers)


def probes(plan: Plan) -> list[Probe]:
    """Return what is moved, in the order of the rows."""
    network = plan.network
    if is_by_parameter(network):
        return [_of_parameter(plan, parameter) for parameter in network.parameters]
    places = list(network.positions.values())[:: units_per_probe(network)]
    return [_of_unit(plan, layer, unit) for layer, unit in places]


def units_per_probe(network: Network) -> int:
    """Return k: one unit in k is checked, all of them unless that would need too many cells.

    An evaluation computes all layers behind its unit, so these cells grow with the square of the
    number of layers.
    """
    costs = _costs(network)
    return next(step for step in count(1) if sum(costs[::step]) <= EVALUATED)


def evaluated_cells(network: Network) -> int:
    """Return about how many formulas the gradient check has."""
    units = sum(layer.units for layer in network.layers)
    if is_by_parameter(network):
        return len(network.parameters) * (8 + 2 * (2 * units + 2))
    step = units_per_probe(network)
    return sum(_costs(network)[::step]) + 12 * (units // step) + units


def _costs(network: Network) -> list[int]:
    """Return for each unit how many cells its two evaluations have: z and a, there and behind."""
    later, costs = 0, list[int]()
    for layer in reversed(network.layers):
        costs += [4 * (later + 1)] * layer.units
        later += layer.units
    return costs[::-1]


def verdict_of(found: Sequence[Probe]) -> str:
    """Return the verdict of all rows: FAIL if one fails, PASS if others pass, else kink."""
    verdicts = {probe.verdict for probe in found}
    return next(verdict for verdict in ("FAIL", "PASS", "kink") if verdict in verdicts)


def direction(network: Network, layer: int) -> Array:
    """Return the multiples of a step by which the weights into a unit and its trained bias move.

    The multiples are spread evenly from 0.5 to 1.5 by the golden ratio, their signs alternate.
    """
    size = network.layers[layer].fan_in + trains_biases(network, layer)
    spread = 0.5 + np.arange(1, size + 1) * GOLDEN % 1
    signs = np.where(np.arange(size) % 2, -1, 1)
    return np.asarray(np.round(spread, 3) * signs)


def trains_biases(network: Network, layer: int) -> bool:
    """Tell whether a layer has biases that are trained."""
    chosen = network.layers[layer]
    return chosen.biases is not None and chosen.train_biases


def sources_of(plan: Plan, layer: int) -> Array:
    """Return what a layer's weights multiply at iteration 0, and 1 for trained biases."""
    values = [plan.sample, *plan.start.activations][layer]
    return np.append(values, 1.0) if trains_biases(plan.network, layer) else values


def _of_parameter(plan: Plan, parameter: Parameter) -> Probe:
    step, value = plan.step(parameter), plan.value(parameter)
    return Probe(
        plan,
        parameter.layer,
        parameter.unit,
        plan.start_values[parameter.gradient],
        step,
        (value + step) - (value - step),
        plan.moved(parameter, step),
        plan.moved(parameter, -step),
    )


def _of_unit(plan: Plan, layer: int, unit: int) -> Probe:
    """Move along `direction`, by a step for which the pre-activation moves by at most ε."""
    chosen, sources = direction(plan.network, layer), sources_of(plan, layer)
    slope = float(chosen @ sources)  # of the pre-activation along the direction
    gradient = float(plan.start_gradients.deltas[layer][unit]) * slope
    step = plan.controls.epsilon / max(1.0, abs(slope))
    above, below = (_moved(plan, layer, unit, side * step * chosen) for side in (1, -1))
    return Probe(plan, layer, unit, gradient, step, 2 * step, above, below)


def _moved(plan: Plan, layer: int, unit: int, by: Array) -> Forward:
    parameters = initial(plan.network)
    fan_in = plan.network.layers[layer].fan_in
    parameters.weights[layer][unit] += by[:fan_in]
    parameters.biases[layer][unit] += by[fan_in:].sum()
    return forward(plan.network, parameters, plan.sample.tolist(), plan.target)


def _magnitude(plan: Plan) -> float:
    """Return the size of the numbers that E comes from, to which its rounding is relative."""
    start, deltas = plan.start, plan.start_gradients.deltas
    through = sum(
        float(np.abs(z * delta).sum())
        for z, delta in zip(start.pre_activations, deltas, strict=True)
    )
    joint = plan.network.loss.activation is not None
    largest = float(np.abs(start.pre_activations[-1]).max()) if joint else 0.0
    return max(start.total_error, through, largest)
