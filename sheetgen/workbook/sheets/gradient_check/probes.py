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

from sheetgen.formulas import quantities
from sheetgen.network.activations import Array
from sheetgen.network.network import Network
from sheetgen.network.parameters import Parameter, Weight
from sheetgen.network.sample_pass import SamplePass
from sheetgen.network.trace import Forward, winner_name
from sheetgen.network.training import Training
from sheetgen.workbook.controls import Controls

MAXIMUM_PARAMETERS = 250
EVALUATED = 100_000  # cells, at most, of the evaluations that each move one unit's weights
MOST_IN_BATCH = 20_000  # cells of the evaluations with a batch; with more, one sample is checked
GOLDEN = (5**0.5 - 1) / 2
# Differences are relative to the gradient, or to this part of E_total (or of 1) if that is more:
# the central difference of a gradient of 0 is rounding of that size.
SMALLEST = 1e-4
# A central difference cannot be better than the rounding of E, some ten units in its last place,
# over ε; as a multiple of the promised tolerance of 1e-12.
ROUNDING = 4e-3


@dataclass(frozen=True)
class Subject:
    """What is checked: the reference's passes of a sample or of a batch.

    `share` is what each sample's error is multiplied by: 1, or for a mean 1 over their number.
    """

    passes: Sequence[SamplePass]
    controls: Controls
    share: float = 1.0

    @property
    def network(self) -> Network:
        """The network."""
        return self.passes[0].network

    def total_error(self, runs: Sequence[Forward]) -> float:
        """Return the error of some passes: their mean or their sum."""
        return self.share * sum(run.total_error for run in runs)

    @cached_property
    def floor(self) -> float:
        """The smallest gradient to which a difference is relative."""
        return SMALLEST * max(1.0, self.total_error([each.run for each in self.passes]))

    @cached_property
    def magnitude(self) -> float:
        """The size of the numbers that the error comes from, to which its rounding is relative."""
        return self.share * sum(map(_magnitude, self.passes))


@dataclass(frozen=True)
class Probe:
    """One row of the check: the reference's passes with something moved up and down.

    `layer` and `unit` are the place of the unit whose pre-activation moves; `rise` is the
    difference of what is moved between above and below.
    """

    subject: Subject
    layer: int
    unit: int
    gradient: float
    step: float
    rise: float
    above: Sequence[Forward]
    below: Sequence[Forward]

    @property
    def central(self) -> float:
        """The central difference."""
        above, below = map(self.subject.total_error, (self.above, self.below))
        return (above - below) / self.rise

    @cached_property
    def noise(self) -> float:
        """The size of the central difference's rounding, as `Canvas.calculate` takes it."""
        return ROUNDING * self.subject.magnitude / self.step

    @property
    def allowed(self) -> float:
        """The largest difference between the gradients that passes."""
        return self.subject.controls.tolerance * max(abs(self.gradient), self.subject.floor)

    @property
    def kinks(self) -> list[tuple[str, float]]:
        """The units whose pre-activation may move across a kink, each with that z."""
        return [(name, kink) for *_, name, kink in self._kinks()]

    @property
    def has_kinks(self) -> bool:
        """Whether there may be one."""
        return bool(self.kinks or self.winners)

    @property
    def winners(self) -> list[str]:
        """The names of the places in pools' windows that may change: a kink too."""
        network = self.subject.network
        return [
            winner_name(unit) for unit in network.winners if network.positions[unit][0] > self.layer
        ]

    def crosses(self, place: int) -> bool:
        """Tell whether a unit's pre-activation moves across a kink in one of the passes."""
        if self.winners:
            runs = (self.above[place], self.below[place])
            high, low = (run.values(self.subject.network) for run in runs)
            if any(high[each] != low[each] for each in self.winners):
                return True
        for layer, unit, _, kink in self._kinks():
            runs = self.above[place], self.below[place]
            high, low = (run.pre_activations[layer][unit] for run in runs)
            if np.sign(high - kink) != np.sign(low - kink):
                return True
        return False

    @cached_property
    def verdict(self) -> str:
        """PASS, FAIL, or kink if there is no derivative to compare with."""
        if any(map(self.crosses, range(len(self.above)))):
            return "kink"
        return "PASS" if abs(self.gradient - self.central) <= self.allowed else "FAIL"

    def _kinks(self) -> Iterator[tuple[int, int, str, float]]:
        network = self.subject.network
        for layer, names in enumerate(network.unit_names):
            for unit, name in enumerate(names):
                is_moved = network.layers[layer].bias_row(unit) == self.unit
                if layer > self.layer or (layer == self.layer and is_moved):
                    for kink in network.layers[layer].activation.kinks:
                        yield layer, unit, name, kink


def is_by_parameter(network: Network) -> bool:
    """Tell whether weights are moved one by one: those of a kernel always are."""
    return not network.is_dense or len(network.parameters) <= MAXIMUM_PARAMETERS


def checked_parameters(network: Network) -> list[Parameter]:
    """Return what is moved by itself: every kernel's weight and bias, and as many as may be."""
    kernels, others = list[Parameter](), list[Parameter]()
    for each in network.parameters:
        (others if network.layers[each.layer].is_dense else kernels).append(each)
    if len(kernels) + len(others) <= MAXIMUM_PARAMETERS:
        return list(network.parameters)
    return kernels + others[:: -(-len(others) // max(1, MAXIMUM_PARAMETERS - len(kernels)))]


def has_kinks(network: Network) -> bool:
    """Tell whether a central difference may meet a kink."""
    return bool(network.winners) or any(layer.activation.kinks for layer in network.layers)


def probes(subject: Subject) -> list[Probe]:
    """Return what is moved, in the order of the rows."""
    network = subject.network
    if is_by_parameter(network):
        return [_of_parameter(subject, each) for each in checked_parameters(network)]
    places = (network.positions[unit] for unit in checked_units(network))
    return [_of_unit(subject, layer, unit) for layer, unit in places]


def checked_units(network: Network) -> list[str]:
    """Return the units whose weights are moved together."""
    return list(network.positions)[:: units_per_probe(network)]


def units_per_probe(network: Network) -> int:
    """Return k: one unit in k is checked, all of them unless that would need too many cells.

    An evaluation computes all layers behind its unit, so these cells grow with the square of the
    number of layers.
    """
    costs = _costs(network)
    return next(step for step in count(1) if sum(costs[::step]) <= EVALUATED)


def rows_checked(network: Network, training: Training) -> int:
    """Return how many samples the error is taken over at most: 1 or those of a batch."""
    size = min(training.batch_size, training.samples)
    cells = len(checked_parameters(network)) * 2 * size * (_cells_of_pass(network) + 3)
    return size if is_by_parameter(network) and cells <= MOST_IN_BATCH else 1


def evaluated_cells(network: Network, training: Training) -> int:
    """Return about how many formulas the gradient check has."""
    units = sum(layer.units for layer in network.layers)
    if is_by_parameter(network):
        size = rows_checked(network, training)
        return len(checked_parameters(network)) * (8 + 2 * size * (_cells_of_pass(network) + 2))
    step = units_per_probe(network)
    return sum(_costs(network)[::step]) + 12 * (units // step) + units


def _cells_of_pass(network: Network) -> int:
    """Return how many cells the units of one evaluation have: z and a, or what a pool finds."""
    units = sum(len(quantities.of_unit(unit)) for unit in network.positions)
    return units + len(network.winners)


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


def sources_of(reference: SamplePass, layer: int) -> Array:
    """Return what a layer's weights multiply, and 1 for trained biases."""
    values = reference.sources(layer)
    return np.append(values, 1.0) if trains_biases(reference.network, layer) else values


def _of_parameter(subject: Subject, parameter: Parameter) -> Probe:
    """Move a weight by ε, or less if its input is large.

    The truncation error of a central difference grows with the square of step times input.
    """
    layer, unit, passes = parameter.layer, parameter.unit, subject.passes
    step, size = subject.controls.epsilon, len(subject.network.layers[layer].weights[0])
    place = size
    if isinstance(parameter, Weight):
        place = parameter.position
        sources = [each.values[use.source] for each in passes for use in parameter.uses]
        step /= max(1.0, *map(abs, sources))
    chosen = np.zeros(size + 1)
    chosen[place] = step
    above, below = (
        [_moved(each, layer, unit, side * chosen) for each in passes] for side in (1, -1)
    )
    gradient = subject.share * sum(each.values[parameter.gradient] for each in passes)
    value = passes[0].value(parameter)
    rise = (value + step) - (value - step)
    return Probe(subject, layer, unit, gradient, step, rise, above, below)


def _of_unit(subject: Subject, layer: int, unit: int) -> Probe:
    """Move along `direction`, by a step for which the pre-activation moves by at most ε."""
    (reference,) = subject.passes
    chosen, sources = direction(subject.network, layer), sources_of(reference, layer)
    slope = float(chosen @ sources)  # of the pre-activation along the direction
    gradient = float(reference.back.deltas[layer][unit]) * slope
    step = subject.controls.epsilon / max(1.0, abs(slope))
    above, below = (_moved(reference, layer, unit, side * step * chosen) for side in (1, -1))
    return Probe(subject, layer, unit, gradient, step, 2 * step, [above], [below])


def _moved(reference: SamplePass, layer: int, unit: int, by: Array) -> Forward:
    """Return the forward pass with a unit's weights moved, and its bias by what is left of `by`."""
    chosen = reference.network.layers[layer]
    weights, biases = np.zeros(np.shape(chosen.weights)), np.zeros(len(chosen.weights))
    weights[unit] = by[: weights.shape[1]]
    biases[unit] = by[weights.shape[1] :].sum()
    return reference.moved(layer, weights, biases)


def _magnitude(reference: SamplePass) -> float:
    """Return the size of the numbers that E comes from, to which its rounding is relative."""
    run, deltas = reference.run, reference.back.deltas
    through = sum(
        float(np.abs(z * delta).sum()) for z, delta in zip(run.pre_activations, deltas, strict=True)
    )
    joint = reference.network.loss.activation is not None
    largest = float(np.abs(run.pre_activations[-1]).max()) if joint else 0.0
    return max(run.total_error, through, largest)
