"""Decides how a table's weights change: in batches or not, by which optimiser, with which numbers.

The headers name what an optimiser remembers; which numbers it uses, the columns decide.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, product

import numpy as np

from sheetgen.check.formula.expressions import Cell, Expression, Leaf, Number, Symbol, walk
from sheetgen.check.formula.expressions import replace as with_nodes
from sheetgen.check.meaning.column_values import Numbers
from sheetgen.check.meaning.resolving import Resolver
from sheetgen.check.meaning.table_network import Network, expanded, is_helper
from sheetgen.check.meaning.training_steps import STATES, Steps, is_state
from sheetgen.check.tables.headers import BATCH_ROW, BATCH_SIZE, PARAMETERS, family

_FEW = 3  # parameters whose columns decide
_MOST_NUMBERS = 6


def with_steps(
    network: Network, numbers: Numbers, resolver: Resolver, rate: float | None
) -> tuple[Network, dict[Cell, str]]:
    """Return the network with the steps that most columns agree with, and its settings' cells."""
    usual = _usual(resolver)
    settings = _settings(resolver)
    if usual == Steps() and not settings:
        return network, {}
    constants = {} if rate is None else {"η": rate}
    known = replace(numbers, constants=numbers.constants | constants)
    best, most = replace(network, steps=usual), -1.0
    for steps in _candidates(resolver, usual, list(settings)):
        candidate = replace(network, steps=steps)
        votes = _votes(candidate, known, resolver)
        if votes > most:
            best, most = candidate, votes
        if votes == 1:
            break
    cells = {
        leaf: name
        for name, value in best.steps.settings
        if isinstance(leaf := settings[value], Cell)
    }
    return best, cells


def _usual(resolver: Resolver) -> Steps:
    """Return gradient descent, in batches if the columns of these are there."""
    columns = resolver.table.columns
    summed = any(one.startswith("Σ∂E/∂") for one in columns)
    return Steps(batches=summed and {BATCH_ROW, BATCH_SIZE} <= columns.keys())


def _settings(resolver: Resolver) -> dict[float, Leaf | None]:
    """Return the numbers that the updates refer to beside the learning rate's, with their cells."""
    table = resolver.table
    found: dict[float, Leaf | None] = {}
    followed = [one for one in table.columns if is_state(one) or family(one) in PARAMETERS]
    has_states = any(map(is_state, followed))
    for symbol in followed if table.rows > 1 else ():
        tree = resolver.of(symbol, 1)
        for part in walk(tree) if tree is not None else ():
            if isinstance(part, Cell):
                found.setdefault(resolver.number(part), part)
            elif isinstance(part, Number) and has_states and part.value not in (0, 1, 2):
                found.setdefault(part.value, None)
    return dict(islice(((one, cell) for one, cell in found.items() if one), _MOST_NUMBERS))


def _candidates(resolver: Resolver, usual: Steps, values: list[float]) -> Iterator[Steps]:
    """Yield the likely steps, the plain ones first."""
    states = {one.rpartition(" ")[0] for one in resolver.table.columns if is_state(one)}
    fitting = [one for one, needed in STATES.items() if set(needed) == states] or ["sgd"]
    for decay, optimizer, is_mean in product(
        ("", "gradient", "weight"), fitting, (True, False) if usual.batches else (True,)
    ):
        steps = replace(usual, optimizer=optimizer, decay=decay, is_mean=is_mean)
        for chosen in product(values, repeat=len(steps.names)):
            yield replace(steps, settings=tuple(zip(steps.names, chosen, strict=True)))


def _votes(network: Network, numbers: Numbers, resolver: Resolver) -> float:
    """Return the share of rows that agree in the columns of the first parameters."""
    columns = resolver.table.columns
    settings = dict(network.steps.settings)
    definitions = network.definitions()
    kept = {one for one in columns if not is_helper(one)} | numbers.constants.keys()

    def as_number(part: Expression) -> Expression | None:
        """Return the number of a setting: what depends on the others too is computed once."""
        if isinstance(part, Symbol) and part.name in settings:
            return Number(settings[part.name])
        return None

    shares: list[float] = []
    for parameter in list(resolver.table.columns_of(*PARAMETERS))[:_FEW]:
        for name in dict(network.steps.definitions(parameter)):
            if name in columns:
                right = expanded(definitions[name], definitions, kept | settings.keys())
                difference, agrees = numbers.agreement(name, with_nodes(right, as_number))
                judged = np.isfinite(difference)
                shares.append(float(np.mean(agrees[judged])) if judged.any() else 0.0)
    return float(np.mean(shares)) if shares else 0.0
