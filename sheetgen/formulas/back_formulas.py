"""The expression of every quantity on the way back: ∂E/∂a, ∂a/∂z, ∂E/∂z, ∂E/∂w and ∂E/∂b.

Each is one step of the chain rule, from the cells of the step before; quantities.py has the way
forward, and the gradients in closed form.
"""

from sheetgen.formulas import notation, quantities
from sheetgen.formulas.quantities import Cell
from sheetgen.network.network import Network, activation_name
from sheetgen.network.parameters import Bias, Parameter
from sheetgen.network.trace import INNER


def gradient_of_activation(network: Network, unit: str, cell: Cell) -> str:
    """Return the expression of ∂E/∂a of a unit, whose loss is not joint with its activation."""
    layer, place = notation.position(network, unit)
    activated = activation_name(unit)
    if layer == len(network.layers) - 1:
        target = cell(network.target_names[place])
        return network.loss.slope_formula(target, cell(activated), network.outputs)
    edges = network.out_of(activated)
    terms = [f"{cell(edge.name)}*{cell(f'∂E/∂{edge.target}')}" for edge in edges]
    pools = network.pools_of(activated)
    terms += [quantities.pooled_share(network, activated, pool, cell) for pool in pools]
    return "+".join(terms) or "0"


def slope(network: Network, unit: str, cell: Cell) -> str:
    """Return the expression of ∂a/∂z of a unit that has one of its own."""
    layer, _ = notation.position(network, unit)
    activated = cell(activation_name(unit))
    return network.layers[layer].activation.slope_formula(cell(unit), activated)


def delta(network: Network, unit: str, cell: Cell) -> str:
    """Return the expression of ∂E/∂z of a unit."""
    layer, _ = notation.position(network, unit)
    activated = activation_name(unit)
    if notation.has_slope(network, layer):
        return f"{cell(f'∂E/∂{activated}')}*{cell(f'∂{activated}/∂{unit}')}"
    softmax = quantities.output_softmax(network)
    if softmax is None or notation.is_joint(network):
        return quantities.delta_formula(network, unit, cell)
    return softmax.delta_formula(cell(f"∂E/∂{activated}"), cell(activated), cell(INNER))


def inner_sum(network: Network, cell: Cell) -> str:
    """Return the expression of Σ ∂E/∂a·a over the outputs, which a softmax's δ goes through."""
    activated = map(activation_name, network.unit_names[-1])
    return "+".join(f"{cell(f'∂E/∂{each}')}*{cell(each)}" for each in activated)


def gradient(parameter: Parameter, cell: Cell) -> str:
    """Return the expression of ∂E/∂w = δ·a, or of ∂E/∂b = δ; if it is shared, of their sum."""
    if isinstance(parameter, Bias):
        return "+".join(cell(f"∂E/∂{target}") for target in parameter.targets)
    return "+".join(f"{cell(f'∂E/∂{use.target}')}*{cell(use.source)}" for use in parameter.uses)
