"""Every quantity of a network in textbook notation, for headers, notes and the derivation."""

from sheetgen.network import Connection, Network, activation_name

TIMES = " · "
SUBSTITUTED_OUTPUTS = 2  # for which ∂E/∂a_h is written out in full: some 75 characters


def layer_title(network: Network, layer: int) -> str:
    """Return "output layer", "hidden layer" or, with several, "hidden layer 2"."""
    if layer == len(network.layers) - 1:
        return "output layer"
    return "hidden layer" if len(network.layers) == 2 else f"hidden layer {layer + 1}"


def position(network: Network, unit: str) -> tuple[int, int]:
    """Return the layer and the place in it of a unit named as in `Network.unit_names`."""
    for layer, names in enumerate(network.unit_names):
        if unit in names:
            return layer, names.index(unit)
    raise KeyError(unit)


def weighted_sum(network: Network, unit: str) -> str:
    """Return w1·i1 + w2·i2, the right side of h1 = …"""
    return " + ".join(f"{edge.name}·{edge.source}" for edge in network.into(unit))


def activation(network: Network, unit: str) -> str:
    """Return σ(h1), the right side of a_h1 = …"""
    layer, _ = position(network, unit)
    return network.layers[layer].activation.notation(unit)


def error(network: Network, output: int) -> str:
    """Return ½·(t1 − a_o1)², the right side of E1 = …"""
    return network.loss.notation(
        network.target_names[output], activation_name(network.unit_names[-1][output])
    )


def total_error(network: Network) -> str:
    """Return E1 + E2, the right side of E_total = …"""
    return " + ".join(network.error_names)


def activation_slope(network: Network, unit: str) -> str:
    """Return a_h1·(1 − a_h1), the right side of ∂a_h1/∂h1 = …"""
    layer, _ = position(network, unit)
    return network.layers[layer].activation.slope_notation(unit, activation_name(unit))


def loss_slope(network: Network, output: int) -> str:
    """Return (a_o1 − t1), the right side of ∂E/∂a_o1 = …"""
    return network.loss.slope_notation(
        network.target_names[output], activation_name(network.unit_names[-1][output])
    )


def terms_of_activation_gradient(network: Network, unit: str) -> list[str]:
    """Return what adds up to ∂E/∂a of a hidden unit: ∂E/∂o1 · w5, and so on."""
    edges = network.out_of(activation_name(unit))
    return [f"∂E/∂{edge.target}{TIMES}{edge.name}" for edge in edges]


def chain_of_activation_gradient(network: Network, unit: str) -> str:
    """Return ∂E/∂o1 · ∂o1/∂a_h1 + ∂E/∂o2 · ∂o2/∂a_h1, the chain rule for ∂E/∂a_h1."""
    activated = activation_name(unit)
    return " + ".join(
        f"∂E/∂{edge.target}{TIMES}∂{edge.target}/∂{activated}" for edge in network.out_of(activated)
    )


def substituted_activation_gradient(network: Network, unit: str) -> str:
    """Return ∂E/∂a of a unit in activations, targets and weights only.

    A layer that feeds a small output layer is substituted in full; elsewhere the ∂E/∂z of the
    next layer stay as they are, because the text would grow with each unit and each layer.
    """
    layer, place = position(network, unit)
    last = len(network.layers) - 1
    if layer == last:
        return loss_slope(network, place)
    if layer < last - 1 or network.outputs > SUBSTITUTED_OUTPUTS:
        return " + ".join(terms_of_activation_gradient(network, unit))
    return " + ".join(
        TIMES.join(
            (
                substituted_activation_gradient(network, edge.target),
                activation_slope(network, edge.target),
                edge.name,
            )
        )
        for edge in network.out_of(activation_name(unit))
    )


def gradient(network: Network, edge: Connection) -> str:
    """Return the closed form of ∂E/∂w, from the error back to what the weight multiplies."""
    inner = substituted_activation_gradient(network, edge.target)
    if " + " in inner:
        inner = f"({inner})"
    return TIMES.join((inner, activation_slope(network, edge.target), edge.source))


def chain_rule(edge: Connection) -> tuple[str, str, str]:
    """Return the three factors of ∂E/∂w: ∂E/∂a, ∂a/∂z and ∂z/∂w."""
    activated = activation_name(edge.target)
    return f"∂E/∂{activated}", f"∂{activated}/∂{edge.target}", f"∂{edge.target}/∂{edge.name}"
