"""Finds the network that a table's headers name, even where one of them is mistyped or missing."""

from collections.abc import Collection, Iterator
from itertools import pairwise

from sheetgen.check.meaning.network_names import Layers, bias_readings, hidden_layers, infer
from sheetgen.check.meaning.table_network import Network, is_helper, names_of
from sheetgen.check.tables.headers import family, number

_FAMILIES = ("i", "t", "w", "b", "b_h", "b_o", "h", "a_h", "o", "a_o", "E")
_MOST_CONTRADICTIONS = 0.2  # of the names


def nearest_network(names: Collection[str]) -> Network | None:
    """Return the network that the names fit, or that the fewest of them contradict; or None."""
    strict = infer(names)
    if strict is not None and _contradictions(strict, names) == 0:
        return strict
    candidates = [] if strict is None else [strict]
    candidates.extend(_near(names))
    scores = [_contradictions(one, names) for one in candidates]
    best = min(scores, default=0)
    if not candidates or (strict is None and best > 1 + _MOST_CONTRADICTIONS * len(names)):
        return None
    return candidates[scores.index(best)]


def surplus_names(network: Network, names: Collection[str]) -> set[str]:
    """Return the names that no quantity of the network has, such as w12 where there are 8."""
    known = set(names_of(network.definitions())) | set(network.biases.values())
    return {
        one for one in names if family(one.removeprefix("∂E/∂")) in _FAMILIES and one not in known
    }


def _contradictions(network: Network, names: Collection[str]) -> int:
    """Count the names that the network lacks, and its own that are missing in a family named."""
    families = {family(one) for one in names}
    expected = {*names_of(network.definitions()), *network.biases.values()}
    wanted = {one for one in expected if family(one) in families and not is_helper(one)}
    return len(surplus_names(network, names)) + len(wanted - set(names))


def _near(names: Collection[str]) -> Iterator[Network]:
    """Yield the networks of the sizes that the names of each family make likely."""
    likely = {one: _likely(names, one) for one in _FAMILIES}
    named = hidden_layers(names)
    for hidden in [named] if named else [(one,) for one in sorted(likely["h"] | likely["a_h"])]:
        for outputs in sorted(likely["o"] | likely["a_o"] | likely["t"] | likely["E"]):
            after = (*hidden, outputs)
            later = sum(one * other for one, other in pairwise(after))
            by_weights = {
                (one - later) // hidden[0] for one in likely["w"] if (one - later) % hidden[0] == 0
            }
            for inputs in sorted(likely["i"] | by_weights):
                # A header such as w77 makes no large network of a small table.
                if inputs > 0 and inputs * hidden[0] + later <= 2 * len(names):
                    yield from _with_biases(names, (inputs, *after), likely["b"])


def _likely(names: Collection[str], wanted: str) -> set[int]:
    """Return the sizes that a family's numbers suggest if one of its headers may be wrong."""
    numbers = sorted({number(of) for of in map(_quantity, names) if family(of) == wanted} - {0})
    if not numbers:
        return set()
    return {one + more for one in (*numbers[-2:], len(numbers)) for more in (0, 1)}


def _quantity(name: str) -> str:
    return name.removeprefix("∂E/∂")


def _with_biases(
    names: Collection[str], layers: Layers, likely: Collection[int]
) -> Iterator[Network]:
    for numbered in sorted(likely) or [0]:
        for biases in bias_readings(names, layers, numbered)[:1]:
            yield Network.sized(layers, biases)
