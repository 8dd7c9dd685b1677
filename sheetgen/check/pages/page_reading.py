"""Reads a sheet on which a network lies in blocks, wherever they are, by its formulas."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sheetgen.check.meaning.functions import losses
from sheetgen.check.meaning.table_network import Network
from sheetgen.check.meaning.table_reading import Reading
from sheetgen.check.pages.page_gradients import Backward
from sheetgen.check.pages.page_layers import Instance, Layers
from sheetgen.check.pages.page_places import Forward
from sheetgen.check.pages.page_units import Units
from sheetgen.check.pages.page_values import in_order
from sheetgen.check.pages.page_weights import Weights
from sheetgen.check.pages.sheet_formulas import SheetFormulas
from sheetgen.check.reading.cells import Book
from sheetgen.check.tables.headers import family, is_parameter
from sheetgen.check.tables.page_of_blocks import Page

_LEAST_FORMULAS = 4
_MOST_NETWORKS = 6  # on a sheet
_GIVEN = ("i", "t", "w", "b")


def pages_of(book: Book, sheet: str) -> Iterator[Reading]:
    """Yield what a sheet means that shows networks in blocks: each of its networks."""
    cells = book.sheets[sheet]
    if sum(one.formula is not None for one in cells.values()) < _LEAST_FORMULAS:
        return
    formulas = SheetFormulas(book, sheet)
    layers = Layers(formulas, Units(formulas))
    for steps in layers.networks()[:_MOST_NETWORKS]:
        reading = _reading(book, layers, steps)
        if reading is not None:
            yield reading


def _reading(book: Book, layers: Layers, steps: list[list[Instance]]) -> Reading | None:
    found = list(_possible(layers, steps))
    if not found:
        return None
    best, most = max(found, key=lambda one: one[1])
    if best.network.samples > 1:
        other = Backward(best.forward, replace(best.network, is_mean_error=True))
        best = other if other.score() > most else best
    best.find()
    if not _is_network(best):
        return None
    best = _with_better_sum(best)
    return Reading.of(book, _page(best), _network(best))


def _with_better_sum(backward: Backward) -> Backward:
    """Return the same with the way to sum up samples that most learning rates agree with.

    A wrong cell may make all updates wrong, as long as it is not known what it should be.
    """
    if backward.network.samples == 1:
        return backward
    other = Backward(
        backward.forward,
        replace(backward.network, is_mean=not backward.network.is_mean),
        backward.found,
        backward.unread,
        backward.guessed,
    )
    return other if other.written_rates() > backward.written_rates() else backward


def _possible(layers: Layers, steps: list[list[Instance]]) -> Iterator[tuple[Backward, int]]:
    for arrangement in Weights(layers).arrangements(steps):
        forward = Forward(layers, arrangement)
        network = forward.network
        if network is not None:
            is_distribution = _is_distribution(forward, network)
            yield _best_error(forward, replace(network, is_distribution=is_distribution))


def _best_error(forward: Forward, network: Network) -> tuple[Backward, int]:
    """Return the errors and gradients with which most formulas are right, and their number.

    Gradients are negated where that makes more formulas right. Without its slope, the δ of squares
    is that of a cross-entropy: then the cells of the errors decide.
    """
    best: dict[bool, tuple[Backward, int]] = {}
    for is_negated in (False, True):
        if is_negated and any(one.rates() for one, _ in best.values()):
            break
        for loss in losses(network.outputs, network.is_softmax, network.is_unit):
            plain = replace(network, loss=loss, is_negated=is_negated, has_slopes=True)
            is_entropy = "entropy" in loss.name
            for one in _sums(plain):
                candidate = Backward(forward, one)
                score = candidate.score()
                if is_entropy not in best or score > best[is_entropy][1]:
                    best[is_entropy] = candidate, score
    return max(best.values(), key=lambda one: (one[0].has_errors(), one[1]))


def _sums(network: Network) -> Iterator[Network]:
    """Yield the network with each way to sum up samples."""
    yield network
    if network.samples > 1:
        share = network.loss.whole / network.samples
        yield replace(network, is_mean=True)
        yield replace(network, loss=replace(network.loss, whole=share))


def _is_distribution(forward: Forward, network: Network) -> bool:
    """Return whether the targets of every sample add up to 1."""
    sums: dict[tuple[int, int], float] = {}
    for sample in range(1, network.samples + 1):
        for number in range(1, network.outputs + 1):
            cell = forward.places.get((forward.named(f"t{number}", sample), 0))
            value = None if cell is None else forward.formulas.content(cell).number
            sums[sample, 0] = sums.get((sample, 0), 0.0) + (np.nan if value is None else value)
    return all(np.isnan(one) or abs(one - 1) < 1e-6 for one in sums.values())


def _is_network(backward: Backward) -> bool:
    """Return whether there is enough of a network: hidden layers, or a single unit's training."""
    return (
        len(backward.network.layers) > 2
        or any(is_parameter(name.removeprefix("∂E/∂")) for name in backward.found[0])
        or bool(backward.rates())
    )


def _network(backward: Backward) -> Network:
    found = {name for each in backward.found.values() for name in each}
    return replace(backward.network, has_slopes=any(one.startswith("∂a_") for one in found))


def _page(backward: Backward) -> Page:
    """Return the table whose rows are the steps of the page."""
    forward = backward.forward
    places = dict(forward.places)
    for step, found in backward.found.items():
        places |= {(name, step): cell for name, cell in found.items()}
    unread = dict.fromkeys(backward.unread, "")
    updated = [name for name, step in places if step == 1 and is_parameter(name)]
    if 2 * len(backward.rates()) < len(updated):  # not by gradient descent on this error
        late = {quantity for quantity in places if quantity[1] > 0}
        unread |= {places[one]: one[0] for one in late if one[1] == 1 and is_parameter(one[0])}
        places = {one: cell for one, cell in places.items() if one not in late}
    names = dict.fromkeys(name for name, _ in places)
    order = {name: number for number, name in enumerate(backward.network.definitions())}
    given = sorted(names, key=lambda one: (_rank(one), order.get(one, 0)))
    cells = forward.formulas.book.sheets[forward.formulas.sheet]
    top = min(cell.row for cell in places.values())
    return Page(
        forward.formulas.sheet,
        cells,
        top,
        {name: number for number, name in enumerate(given)},
        {},
        first=top,
        last=max(cell.row for cell in places.values()),
        places={one: (cell.row, cell.column) for one, cell in places.items()},
        steps=max(step for _, step in places) + 1,
        guessed=frozenset(backward.guessed),
        unread_cells={(one.row, one.column): unread[one] for one in in_order(unread)},
    )


def _rank(name: str) -> int:
    return _GIVEN.index(family(name)) if family(name) in _GIVEN else len(_GIVEN)
