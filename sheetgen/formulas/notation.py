"""Every quantity of a network in textbook notation, for headers, notes and the derivation."""

from sheetgen.network.network import Network, activation_name
from sheetgen.network.parameters import Bias, Parameter
from sheetgen.network.planes import Convolution, Planes
from sheetgen.network.trace import EXPONENTIALS, GREATEST, winner_name

TIMES = " · "
WINNER = winner_name("")
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
LETTERS = {GREATEST: "m", EXPONENTIALS: "S"}
HEADINGS = {GREATEST: "m = greatest o", EXPONENTIALS: "S = Σ e^(o − m)"}
WRITTEN_POSITIONS = 4  # at most, of a kernel's: the others are told by their number
SUBSTITUTED_OUTPUTS = 2  # at most, if ∂E/∂a_h is written out in full: some 75 characters


def layer_title(network: Network, layer: int) -> str:
    """Return "output layer", "hidden layer" or, with several, "hidden layer 2".

    A layer of another kind is called what it is: "convolution", "max pool 2".
    """
    if layer == len(network.layers) - 1:
        return "output layer"
    if title := network.layers[layer].title:
        return title if len(network.layers) == 2 else f"{title} {layer + 1}"
    return "hidden layer" if len(network.layers) == 2 else f"hidden layer {layer + 1}"


def ends(network: Network, parameter: Parameter) -> tuple[str, ...]:
    """Return what a weight leads from and to, such as i1 and h2, or what a bias belongs to.

    A kernel leads from a map to a map: from i, or from p2_3 if that has several, to h4_1.
    """
    layer = network.layers[parameter.layer]
    if not isinstance(layer, Convolution):
        if isinstance(parameter, Bias):
            return (parameter.target,)
        return parameter.source, parameter.target
    to = map_name(network.unit_names[parameter.layer], layer.shape, parameter.unit)
    if isinstance(parameter, Bias):
        return (to,)
    channel = parameter.position // (layer.window[0] * layer.window[1])
    return map_name(network.source_names[parameter.layer], layer.planes, channel), to


def map_name(units: tuple[str, ...], shape: Planes, channel: int) -> str:
    """Return what the names of a map's values begin with: h1_2 for h1_2_1_1, or i for i1_1."""
    first = units[shape.place(channel, 0, 0)].removeprefix("a_")
    return first.removesuffix("1_1").removesuffix("_")


def letter(symbol: str) -> str:
    """Return a symbol as equations have it: m for the greatest o, else the symbol itself."""
    return LETTERS.get(symbol, symbol)


def heading(symbol: str) -> str:
    """Return a symbol as the heading of its numbers: m = greatest o, else the symbol itself."""
    return HEADINGS.get(symbol, symbol)


def indexed(symbol: str, layer: int) -> str:
    """Return the symbol of a layer's vector or matrix: W₁ for the weights of layer 0."""
    return symbol + str(layer + 1).translate(SUBSCRIPTS)


def bare(product: str) -> str:
    """Return a textbook's expression without the parentheses that a factor needs."""
    inner = product[1:-1]
    is_wrapped = product.startswith("(") and product.endswith(")")
    return inner if is_wrapped and "(" not in inner else product


def position(network: Network, unit: str) -> tuple[int, int]:
    """Return the layer and the place in it of a unit named as in `Network.unit_names`."""
    return network.positions[unit]


def weighted_sum(network: Network, unit: str) -> str:
    """Return w1·i1 + w2·i2 + b1, the right side of h1 = …, or max(a_h1_1, a_h1_2) of a pool."""
    if pool := network.pool_of(unit):
        pooled = network.pooled(unit)
        if pool.kind == "max":
            return f"max({', '.join(pooled)})"
        return f"({' + '.join(pooled)}) / {len(pooled)}"
    terms = [f"{edge.name}·{edge.source}" for edge in network.into(unit)]
    bias = network.bias_of(unit)
    return " + ".join(terms + ([bias.name] if bias else []))


def activation(network: Network, unit: str) -> str:
    """Return σ(h1), the right side of a_h1 = …"""
    layer, _ = position(network, unit)
    return network.layers[layer].activation.notation(unit)


def error(network: Network, output: int) -> str:
    """Return ½·(t1 − a_o1)², the right side of E1 = …"""
    target, unit, activated = _output(network, output)
    return network.loss.notation(target, unit, activated, network.outputs)


def total_error(network: Network) -> str:
    """Return E1 + E2, the right side of E_total = …"""
    return " + ".join(network.error_names)


def forward(network: Network, symbol: str) -> str:
    """Return the right side of any quantity of the forward pass, from h1 to E_total."""
    if symbol in network.error_names:
        return error(network, network.error_names.index(symbol))
    if symbol == "E_total":
        return total_error(network)
    if symbol.startswith("a_"):
        return activation(network, symbol.removeprefix("a_"))
    if symbol.startswith(WINNER):
        unit = symbol.removeprefix(WINNER)
        return f"the place of {unit} in its window: {', '.join(network.pooled(unit))}"
    return weighted_sum(network, symbol)


def activation_slope(network: Network, unit: str) -> str:
    """Return a_h1·(1 − a_h1), the right side of ∂a_h1/∂h1 = …"""
    layer, _ = position(network, unit)
    return network.layers[layer].activation.slope_notation(unit, activation_name(unit))


def loss_slope(network: Network, output: int) -> str:
    """Return (a_o1 − t1), the right side of ∂E/∂a_o1 = …

    A loss that is computed together with its activation has none.
    """
    target, _, activated = _output(network, output)
    return network.loss.slope_notation(target, activated, network.outputs)


def is_joint(network: Network) -> bool:
    """Tell whether the loss and the output activation are computed as one, to ∂E/∂o at once."""
    return network.loss.activation is not None


def output_delta(network: Network, output: int) -> str:
    """Return ∂E/∂o of an output in activations and targets, as factors of a product."""
    target, unit, activated = _output(network, output)
    if is_joint(network):
        return network.loss.delta_notation(target, unit, activated, network.outputs)
    if network.layers[-1].activation.acts_on_layer:
        return f"{activated}·(∂E/∂{activated} − Σ ∂E/∂a_o·a_o)"
    return TIMES.join((loss_slope(network, output), activation_slope(network, unit)))


def delta(network: Network, unit: str) -> str:
    """Return the right side of ∂E/∂h1 = …, as factors of a product."""
    layer, place = position(network, unit)
    if layer == len(network.layers) - 1:
        return output_delta(network, place)
    inner = substituted_activation_gradient(network, unit)
    if network.pool_of(unit):
        return inner
    inner = f"({inner})" if " + " in inner else inner
    return TIMES.join((inner, activation_slope(network, unit)))


def chain_of_activation_gradient(network: Network, unit: str) -> str:
    """Return ∂E/∂o1 · ∂o1/∂a_h1 + ∂E/∂o2 · ∂o2/∂a_h1, the chain rule for ∂E/∂a_h1."""
    activated = activation_name(unit)
    return " + ".join(
        f"∂E/∂{edge.target}{TIMES}∂{edge.target}/∂{activated}" for edge in network.out_of(activated)
    )


def substituted_activation_gradient(network: Network, unit: str) -> str:
    """Return ∂E/∂a of a unit in activations, targets and weights only.

    A layer that feeds a small output layer is substituted in full; in other layers the ∂E/∂z of
    the next layer remain, because the text would grow with each unit and each layer.
    """
    layer, place = position(network, unit)
    last = len(network.layers) - 1
    if layer == last:
        return loss_slope(network, place)
    is_full = layer == last - 1 and network.outputs <= SUBSTITUTED_OUTPUTS and network.is_dense
    source = activation_name(unit)
    terms = [_pooled_share(network, source, pool) for pool in network.pools_of(source)]
    terms += [
        (output_delta(network, edge.unit) if is_full else f"∂E/∂{edge.target}") + TIMES + edge.name
        for edge in network.out_of(source)
    ]
    return " + ".join(terms)


def _pooled_share(network: Network, source: str, unit: str) -> str:
    """Return the part of ∂E/∂p of a pool's unit that comes back to one of those it looks at."""
    pool = network.pool_of(unit)
    if pool and pool.kind == "average":
        return f"∂E/∂{unit} / {len(network.pooled(unit))}"
    return f"∂E/∂{unit}{TIMES}[{source} is the largest]"


def gradient(network: Network, parameter: Parameter) -> str:
    """Return the closed form of ∂E/∂w, from the error back to the weight's source.

    A kernel's weight has a sum over its positions instead.
    """
    if not network.layers[parameter.layer].is_dense:
        return shared_gradient(parameter)
    outer = delta(network, parameter.target)
    return outer if isinstance(parameter, Bias) else TIMES.join((outer, parameter.source))


def shared_gradient(parameter: Parameter) -> str:
    """Return the sum over the positions at which a kernel's weight or a map's bias is used."""
    if isinstance(parameter, Bias):
        terms = [f"∂E/∂{target}" for target in parameter.targets]
    else:
        terms = [f"∂E/∂{use.target}·{use.source}" for use in parameter.uses]
    if len(terms) <= WRITTEN_POSITIONS:
        return " + ".join(terms)
    written = " + ".join((*terms[:2], "…", terms[-1]))
    return f"{written}, the sum over {len(terms)} positions"


def _output(network: Network, output: int) -> tuple[str, str, str]:
    """Return the target, the pre-activation and the activation of an output."""
    unit = network.unit_names[-1][output]
    return network.target_names[output], unit, activation_name(unit)


def chain_rule(network: Network, parameter: Parameter) -> tuple[str, ...]:
    """Return the factors of ∂E/∂w: ∂E/∂a, ∂a/∂z and ∂z/∂w, or ∂E/∂z and ∂z/∂w.

    There are two where an output has no ∂a/∂z of its own.
    """
    unit = parameter.target
    inner = f"∂{unit}/∂{parameter.name}"
    if not has_slope(network, parameter.layer):
        return f"∂E/∂{unit}", inner
    activated = activation_name(unit)
    return f"∂E/∂{activated}", f"∂{activated}/∂{unit}", inner


def substituted_chain_rule(network: Network, parameter: Parameter) -> tuple[str, ...]:
    """Return the factors of `chain_rule` in activations, targets and weights."""
    inner = "1" if isinstance(parameter, Bias) else parameter.source
    if not has_slope(network, parameter.layer):
        return output_delta(network, parameter.unit), inner
    outer = substituted_activation_gradient(network, parameter.target)
    outer = f"({outer})" if " + " in outer else outer
    return outer, activation_slope(network, parameter.target), inner


def has_slope(network: Network, layer: int) -> bool:
    """Tell whether each unit of a layer has a ∂a/∂z of its own, which ∂E/∂z goes through.

    An output layer has none where its loss is computed together with its activation, or where
    each activation depends on all units.
    """
    if layer < len(network.layers) - 1:
        return True
    return not is_joint(network) and not network.layers[-1].activation.acts_on_layer
