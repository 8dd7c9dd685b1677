"""Infers the network whose quantities the headers of a table name: its layers and its biases."""

from collections.abc import Collection, Iterator
from itertools import chain, combinations, count, pairwise, takewhile

from sheetgen.check.meaning.table_network import Network
from sheetgen.check.tables.headers import family, layer, number

_MISSING = 4  # times as many weights as columns: w999999 is no weight of a table
_MOST_LAYERS = 6  # of which any may be without biases

Layers = tuple[int, ...]


def infer(names: Collection[str]) -> Network | None:
    """Return the network whose quantities have these names, or None if they fit none."""
    greatest: dict[str, int] = {}
    for name in names:
        of = name.removeprefix("∂E/∂")
        greatest[family(of)] = max(greatest.get(family(of), 0), number(of))
    weights = greatest.get("w", 0)
    if weights > _MISSING * len(names):
        return None
    outputs = max(greatest.get(one, 0) for one in ("o", "a_o", "t", "E"))
    hidden = hidden_layers(names)
    if not hidden and (most := max(greatest.get("h", 0), greatest.get("a_h", 0))):
        hidden = (most,)
    for layers in _shapes(weights, greatest.get("i", 0), hidden, outputs):
        if readings := bias_readings(names, layers):
            return Network.sized(layers, readings[0])
    return None


def hidden_layers(names: Collection[str]) -> Layers:
    """Return the sizes of the hidden layers if units are named by them, such as h2_1; else ()."""
    units = [name.removeprefix("∂E/∂") for name in names if layer(name)]
    sizes = {
        one: max(number(unit) for unit in units if layer(unit) == one) for one in map(layer, units)
    }
    known = takewhile(sizes.__contains__, count(1))
    found = tuple(sizes[one] for one in known)
    return found if len(found) == len(sizes) > 1 else ()


def _shapes(weights: int, inputs: int, hidden: Layers, outputs: int) -> list[Layers]:
    """Return every (inputs, hidden …, outputs) with this number of weights.

    0 is unknown, and so is `hidden` if it is empty.
    """
    if inputs and not hidden and weights and weights == inputs * outputs:
        return [(inputs, outputs)]
    if len(hidden) > 1:
        return list(_deep_shapes(weights, inputs, hidden, outputs))
    found = []
    for m in hidden or range(1, weights + 1):
        if weights == 0 or weights % m:
            continue
        for k in [outputs] if outputs else range(1, weights // m):
            n = weights // m - k
            if n > 0 and inputs in (0, n):
                found.append((n, m, k))
    # 2-2-2 is the most likely.
    return sorted(found, key=lambda shape: (abs(shape[0] - shape[2]), abs(shape[1] - shape[0])))


def _deep_shapes(weights: int, inputs: int, hidden: Layers, outputs: int) -> Iterator[Layers]:
    for k in [outputs] if outputs else range(1, weights + 1):
        later = sum(before * after for before, after in pairwise((*hidden, k)))
        n, rest = divmod(weights - later, hidden[0])
        if n > 0 and rest == 0 and inputs in (0, n):
            yield (n, *hidden, k)


def bias_readings(
    names: Collection[str], layers: Layers, numbered: int | None = None
) -> list[dict[str, str]]:
    """Return every way to assign biases of these names to the units, the most usual first.

    One for each unit, one for each layer, or for the units of some layers only; empty if none
    fits. `numbered` is how many biases have a number, if that is not the greatest number of their
    names.
    """
    groups = Network.sized(layers, {}).unit_layers
    units = [unit for group in groups for unit in group]
    named = {name.removeprefix("∂E/∂") for name in names}
    if numbered is None:
        numbered = max((number(one) for one in named if family(one) == "b"), default=0)
    explicit = {
        unit: bias for unit in units for bias in (f"b_{unit}", f"b_{unit[0]}") if bias in named
    }
    if explicit or numbered == 0:
        return [explicit]
    readings = []
    if numbered == len(units):
        readings.append(_one_each(units))
    if numbered == len(groups):
        readings.append(
            {unit: f"b{index}" for index, group in enumerate(groups, 1) for unit in group}
        )
    for chosen in _some(groups):
        own = list(chain.from_iterable(chosen))
        if numbered == len(own):
            readings.append(_one_each(own))
        elif numbered == len(chosen) == 1:
            readings.append(dict.fromkeys(own, "b1"))
    if numbered == 1:
        readings.append(dict.fromkeys(units, "b1"))
    return readings


def _some(groups: list[list[str]]) -> Iterator[tuple[list[str], ...]]:
    """Yield each choice of some but not all layers, single ones first."""
    most = len(groups) if len(groups) <= _MOST_LAYERS else 2
    return chain.from_iterable(combinations(groups, size) for size in range(1, most))


def _one_each(units: list[str]) -> dict[str, str]:
    return {unit: f"b{index}" for index, unit in enumerate(units, 1)}
