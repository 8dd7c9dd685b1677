"""The spreadsheet's own account of a network: the expression of every quantity of one row.

`cell` gives the address or the expression of a symbol. The names are those of network.py and
trace.py; nothing of reference.py's mathematics is used here.
"""

from collections.abc import Callable, Iterator

from sheetgen.formulas import notation
from sheetgen.network.activations import Softmax
from sheetgen.network.network import Network, activation_name
from sheetgen.network.parameters import Bias, Parameter
from sheetgen.network.trace import EXPONENTIALS, GREATEST, INNER, winner_name

Cell = Callable[[str], str]

WINNER = winner_name("")
LONGEST_SLOPE = 40
"""The most characters of an activation's slope that is repeated in several gradients."""


def uses_delta_columns(network: Network) -> bool:
    """Tell whether gradients go through helper columns ∂E/∂z.

    With one hidden layer and few outputs they are written out in full; in a larger network they
    would be unreadable and, in the end, too long for a cell.
    """
    return (
        len(network.layers) > 2
        or not network.is_dense
        or network.outputs > 4
        or output_softmax(network) is not None
        or any(
            len(layer.activation.slope_formula("AB1", "AC1")) > LONGEST_SLOPE
            for layer in network.layers[:-1]
        )
    )


def of_unit(unit: str) -> tuple[str, ...]:
    """Return the symbols of a unit's values: z and a, or what a pool finds, which is both."""
    return tuple(dict.fromkeys((unit, activation_name(unit))))


def pre_activation_formula(network: Network, unit: str, cell: Cell) -> str:
    """Return the expression of a unit's weighted sum with its bias, or of what a pool finds."""
    if pool := network.pool_of(unit):
        function = "MAX" if pool.kind == "max" else "AVERAGE"
        return f"{function}({','.join(map(cell, network.pooled(unit)))})"
    terms = [f"{cell(edge.name)}*{cell(edge.source)}" for edge in network.into(unit)]
    bias = network.bias_of(unit)
    return "+".join(terms + ([cell(bias.name)] if bias else []))


def activation_formula(network: Network, unit: str, cell: Cell) -> str:
    """Return the expression of a unit's activation."""
    layer, _ = notation.position(network, unit)
    activation = network.layers[layer].activation
    if isinstance(activation, Softmax):
        return activation.formula_in_layer(cell(unit), cell(GREATEST), cell(EXPONENTIALS))
    return activation.formula(cell(unit))


def winner_formula(network: Network, unit: str, cell: Cell) -> str:
    """Return the expression of the place of the first that is the largest of a pool's window."""
    *others, _ = network.pooled(unit)
    expression = "1"
    for source in reversed(others):
        expression = f"IF({cell(source)}={cell(unit)},1,1+{expression})"
    return expression


def error_formula(network: Network, output: int, cell: Cell) -> str:
    """Return the expression of one output's error."""
    unit = network.unit_names[-1][output]
    target, activated = cell(network.target_names[output]), cell(activation_name(unit))
    z, log_sum = cell(unit), ""
    if output_softmax(network):
        # The logarithm comes first: with z first, tables of 100 rows and more whose rows share
        # weights become #VALUE! in LibreOffice 7.4, which computes columns in several threads.
        log_sum, z = f"LN({cell(EXPONENTIALS)})", f"({z}-{cell(GREATEST)})"
    return network.loss.formula(target, z, activated, network.outputs, log_sum)


def total_error_formula(network: Network, cell: Cell) -> str:
    """Return the expression of E_total."""
    return "+".join(map(cell, network.error_names))


def forward_formula(network: Network, symbol: str, cell: Cell) -> str:
    """Return the expression of any quantity of the forward pass, from a pre-activation to E_total.

    Raises KeyError for any other symbol.
    """
    if symbol in (GREATEST, EXPONENTIALS):
        helpers = softmax_helper_formulas(network, cell)
        return next(formula for name, formula, _ in helpers if name == symbol)
    if symbol in network.error_names:
        return error_formula(network, network.error_names.index(symbol), cell)
    if symbol == "E_total":
        return total_error_formula(network, cell)
    if symbol.startswith("a_"):
        return activation_formula(network, symbol.removeprefix("a_"), cell)
    if symbol.startswith(WINNER):
        return winner_formula(network, symbol.removeprefix(WINNER), cell)
    return pre_activation_formula(network, symbol, cell)


def gradient_formula(network: Network, parameter: Parameter, cell: Cell) -> str:
    """Return the expression of ∂E/∂w or ∂E/∂b, with the address that `cell` gives for a symbol."""
    if not uses_delta_columns(network):
        delta = delta_formula(network, parameter.target, cell)
        return delta if isinstance(parameter, Bias) else f"{delta}*{cell(parameter.source)}"
    if isinstance(parameter, Bias):
        return "+".join(cell(f"∂E/∂{target}") for target in parameter.targets)
    terms = [f"{cell(f'∂E/∂{use.target}')}*{cell(use.source)}" for use in parameter.uses]
    return "+".join(terms) or "0"


def delta_formula(network: Network, unit: str, cell: Cell) -> str:
    """Return the expression of ∂E/∂z of a unit, as a factor of a product."""
    layer, place = notation.position(network, unit)
    activated = cell(activation_name(unit))
    if layer == len(network.layers) - 1:
        return _output_delta(network, place, cell)
    if network.pool_of(unit):
        return _activation_gradient(network, unit, cell)
    slope = network.layers[layer].activation.slope_formula(cell(unit), activated)
    return f"{_activation_gradient(network, unit, cell)}*{slope}"


def _output_delta(network: Network, output: int, cell: Cell) -> str:
    unit = network.unit_names[-1][output]
    target, activated = cell(network.target_names[output]), cell(activation_name(unit))
    if notation.is_joint(network):
        return network.loss.delta_formula(
            target, activated, network.outputs, _target_sum(network, cell)
        )
    gradient = network.loss.slope_formula(target, activated, network.outputs)
    if softmax := output_softmax(network):
        return softmax.delta_formula(gradient, activated, cell(INNER))
    slope = network.layers[-1].activation.slope_formula(cell(unit), activated)
    return f"{gradient}*{slope}"


def _activation_gradient(network: Network, unit: str, cell: Cell) -> str:
    """Return ∂E/∂a of a hidden unit: the sum over the units that it feeds."""
    source = activation_name(unit)
    terms = [pooled_share(network, source, pool, cell) for pool in network.pools_of(source)]
    for edge in network.out_of(source):
        helper = uses_delta_columns(network)
        name = edge.target
        delta = cell(f"∂E/∂{name}") if helper else delta_formula(network, name, cell)
        terms.append(f"{delta}*{cell(edge.name)}")
    if not terms:  # no window looks at it
        return "0"
    return terms[0] if len(terms) == 1 else f"({'+'.join(terms)})"


def pooled_share(network: Network, source: str, unit: str, cell: Cell) -> str:
    """Return the part of ∂E/∂p of a pool's unit that comes back to one of those that it looks at.

    The first of those that are the largest gets all of it.
    """
    delta, largest = cell(f"∂E/∂{unit}"), cell(unit)
    pooled, pool = network.pooled(unit), network.pool_of(unit)
    if pool and pool.kind == "average":
        return f"{delta}/{len(pooled)}"
    earlier = [f"{cell(each)}<{largest}" for each in pooled[: pooled.index(source)]]
    wins = ",".join([*earlier, f"{cell(source)}={largest}"])
    return f"IF({f'AND({wins})' if earlier else wins},{delta},0)"


def softmax_helpers(network: Network) -> tuple[str, ...]:
    """Return the symbols of the helper cells that a softmax output layer goes through."""
    if not output_softmax(network):
        return ()
    return (
        (GREATEST, EXPONENTIALS) if notation.is_joint(network) else (GREATEST, EXPONENTIALS, INNER)
    )


def softmax_helper_formulas(network: Network, cell: Cell) -> Iterator[tuple[str, str, str]]:
    """Yield each helper symbol of `softmax_helpers`, its expression and its notation."""
    softmax = output_softmax(network)
    if softmax is None:
        return
    units = network.unit_names[-1]
    cells = [cell(unit) for unit in units]
    greatest = "greatest o, taken off every exponent to avoid overflow"
    yield GREATEST, softmax.greatest_formula(cells), greatest
    total = softmax.total_formula(cells, cell(GREATEST))
    yield EXPONENTIALS, total, "Σ e^(o − m)"
    if not notation.is_joint(network):
        terms = []
        for target, unit in zip(network.target_names, units, strict=True):
            activated = cell(activation_name(unit))
            slope = network.loss.slope_formula(cell(target), activated, network.outputs)
            terms.append(f"{slope}*{activated}")
        yield INNER, "+".join(terms), "Σ ∂E/∂a·a over the outputs"


def correct_formula(network: Network, cell: Cell) -> str:
    """Return the expression that is 1 if the network's answer is the target's, else 0."""
    activated = [cell(activation_name(unit)) for unit in network.unit_names[-1]]
    targets = [cell(target) for target in network.target_names]
    if output_softmax(network):
        chosen = "+".join(f"{t}*{a}" for t, a in zip(targets, activated, strict=True))
        return f"IF({chosen}>=MAX({','.join(activated)}),1,0)"
    # Compared as numbers: ironcalc drops the parentheses of (a>=0.5)=(t>=0.5).
    same = (f"IF({a}>=0.5,1,0)=IF({t}>=0.5,1,0)" for t, a in zip(targets, activated, strict=True))
    return f"IF(AND({','.join(same)}),1,0)"


def _target_sum(network: Network, cell: Cell) -> str:
    return f"({'+'.join(map(cell, network.target_names))})" if network.outputs > 1 else ""


def output_softmax(network: Network) -> Softmax | None:
    """Return the activation of the output layer if it is a softmax."""
    activation = network.layers[-1].activation
    return activation if isinstance(activation, Softmax) else None
