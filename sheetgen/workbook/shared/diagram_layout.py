"""The diagram's geometry: which units are drawn, at what size, and the places of the labels.

Everything is in pixels from the lower left corner. A layer of many units is condensed: its first
units, the one that is looked at, and its last.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from math import hypot

from sheetgen.network.network import Connection, Network, activation_name

MAXIMUM_UNITS = 12  # of a layer that is drawn in full
MAXIMUM_LAYERS = 8
FAIR_CONNECTIONS = 60  # with more, smaller layers are condensed as well
MAXIMUM_CONNECTIONS = 150
FIRST_UNITS = 3  # of a condensed layer, shown at the top
LEAST_UNITS = 8  # of a layer that is condensed
MAXIMUM_LABELS = 40
LINE_OF_TEXT = 16  # pixels of height
LABEL_WIDTH, LABEL_HEIGHT = 76, 14  # pixels of a weight's label
BESIDE_BIAS = 42  # pixels to the left of a circle, where the label of its bias is centred
LEAST_SPACING = 112  # pixels from layer to layer
MOST_PITCH, LEAST_HEIGHT = 124, 250  # pixels
MOST_SPREAD = 2.0  # of the distance from unit to unit, against the tallest layer
Place = tuple[float, float]
Box = tuple[float, float, float, float]
"""The centre's x and y, half the width and half the height."""


@dataclass(frozen=True)
class Scale:
    """How units are drawn that are so far apart: the circle's diameter and the text in points.

    `has_lines` tells whether there is room for a line of text above and below each circle.
    """

    pitch: int
    circle: int
    text: int
    decimals: int
    has_lines: bool = False

    @property
    def radius(self) -> float:
        """The circle's radius in pixels."""
        return self.circle / 2 * 96 / 72


SCALES = (
    Scale(110, 56, 10, 4, has_lines=True),
    Scale(91, 44, 9, 4, has_lines=True),
    Scale(63, 44, 9, 4),
    Scale(47, 33, 8, 3),
    Scale(38, 27, 7, 2),
    Scale(0, 21, 6, 2),
)


@dataclass(frozen=True)
class Node:
    """An input or a unit, and its place; `layer` counts from the inputs, `place` in its layer.

    `follows` tells whether it is the one of a condensed layer that is looked at.
    """

    symbol: str
    kind: str
    layer: int
    place: int
    x: float
    y: float
    follows: bool = False


@dataclass(frozen=True)
class Layout:
    """What is drawn of a network, and where.

    `size` is the width and the height that there are, of which small networks use less of the
    height and deep ones more of the width; `margins` is the room to the left of the inputs and to
    the right of the outputs. `looked_at` gives, by layer, the unit that a condensed layer shows.
    """

    network: Network
    size: tuple[int, int]
    margins: tuple[int, int]
    looked_at: Mapping[int, int] = field(default_factory=dict)

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """The number of inputs, and of units in each layer."""
        return self.network.inputs, *(layer.units for layer in self.network.layers)

    @cached_property
    def _limit(self) -> int:
        """The most units of a layer that is drawn in full."""
        for limit in range(MAXIMUM_UNITS, LEAST_UNITS - 2, -1):
            if self._connections(limit) <= FAIR_CONNECTIONS:
                break
        return limit

    def _connections(self, limit: int) -> int:
        drawn = [count if count <= limit else FIRST_UNITS + 2 for count in self.counts]
        return sum(one * other for one, other in pairwise(drawn))

    @property
    def too_many(self) -> str:
        """Say why the network is too large to be drawn, or nothing."""
        if len(self.network.layers) > MAXIMUM_LAYERS:
            return "not drawn: too many layers"
        return "not drawn: too many weights" * (
            self._connections(self._limit) > MAXIMUM_CONNECTIONS
        )

    @property
    def condensed(self) -> tuple[int, ...]:
        """The layers that are condensed."""
        return tuple(at for at, count in enumerate(self.counts) if count > self._limit)

    def _slots(self, layer: int) -> list[int | None]:
        """Return the units of a layer from top to bottom, and None for dots between them."""
        count = self.counts[layer]
        if layer not in self.condensed:
            return list(range(count))
        first, last = list(range(FIRST_UNITS)), count - 1
        return [*first, None, self.looked_at.get(layer, FIRST_UNITS), None, last]

    @cached_property
    def _tallest(self) -> int:
        return max(len(self._slots(layer)) for layer in range(len(self.counts)))

    @property
    def width(self) -> int:
        """The diagram's width."""
        spacing = LEAST_SPACING * len(self.network.layers)
        return max(self.size[0], sum(self.margins) + spacing + 2 * round(self.scale.radius))

    @property
    def height(self) -> int:
        """The diagram's height."""
        return min(self.size[1], max(LEAST_HEIGHT, self._tallest * MOST_PITCH))

    @property
    def pitch(self) -> float:
        """The distance from unit to unit in the tallest layer."""
        return min(MOST_PITCH, self.height / self._tallest)

    def pitch_of(self, layer: int) -> float:
        """Return the distance from unit to unit in a layer, which is wider in a small one."""
        return min(MOST_PITCH, self.height / len(self._slots(layer)), MOST_SPREAD * self.pitch)

    @cached_property
    def scale(self) -> Scale:
        """How units are drawn."""
        return next(scale for scale in SCALES if scale.pitch <= self.pitch)

    def _places(self, layer: int) -> Iterator[tuple[int | None, float, float]]:
        """Yield the units of a layer, None for dots, with x and y."""
        left, right = self.margins
        radius = self.scale.radius
        spacing = (self.width - left - right - 2 * radius) / len(self.network.layers)
        slots, pitch = self._slots(layer), self.pitch_of(layer)
        top = self.height / 2 + pitch * (len(slots) - 1) / 2
        for at, unit in enumerate(slots):
            yield unit, left + radius + layer * spacing, top - at * pitch

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """The inputs and activations by their symbols, layer by layer."""
        found = {}
        for layer in range(len(self.counts)):
            kind = "unit" if layer else "input"
            for unit, x, y in self._places(layer):
                if unit is None:
                    continue
                symbol = self._symbol(layer, unit)
                follows = layer in self.condensed and FIRST_UNITS <= unit < self.counts[layer] - 1
                found[symbol] = Node(symbol, kind, layer, unit, x, y, follows)
        return found

    def _symbol(self, layer: int, unit: int) -> str:
        network = self.network
        if layer == 0:
            return network.input_names[unit]
        return activation_name(network.unit_names[layer - 1][unit])

    @property
    def dots(self) -> list[Place]:
        """The places of the dots between the units of condensed layers."""
        places = (place for layer in range(len(self.counts)) for place in self._places(layer))
        return [(x, y) for unit, x, y in places if unit is None]

    @cached_property
    def edges(self) -> list[Connection]:
        """The connections between what is drawn, from layer to layer."""
        drawn = self.nodes.values()
        return [
            self.network.into(end.symbol.removeprefix("a_"))[start.place]
            for layer in range(1, len(self.counts))
            for end in drawn
            if end.layer == layer
            for start in drawn
            if start.layer == layer - 1
        ]

    def ends(self, edge: Connection) -> tuple[float, float, float, float]:
        """Return an edge from circle to circle: x from, x to, y from, y to."""
        start, end = self.nodes[edge.source], self.nodes[activation_name(edge.target)]
        across, up = end.x - start.x, end.y - start.y
        cut = self.scale.radius / hypot(across, up)
        x, y = cut * across, cut * up
        return start.x + x, end.x - x, start.y + y, end.y - y

    @property
    def beside(self) -> float:
        """The distance of a line of text from the centre of the circle above or below it."""
        return self.scale.radius + LINE_OF_TEXT / 2

    @cached_property
    def labels(self) -> dict[str, Place]:
        """A place for each weight's label, or nothing where they would cover something.

        No label is on another, on a circle or on a line of text, and of the other connections
        it hides at most one.
        """
        if self.condensed or len(self.edges) > MAXIMUM_LABELS:
            return {}
        return _search([self.ends(edge) for edge in self.edges], self._taken(), self.edges)

    def _taken(self) -> list[Box]:
        """Return where circles and the texts above and below them are."""
        radius, found = self.scale.radius, []
        for node in self.nodes.values():
            found.append((node.x, node.y, radius, radius))
            if node.kind == "unit" and self.scale.has_lines:
                for y in (node.y + self.beside, node.y - self.beside):
                    found.append((node.x, y, LABEL_WIDTH / 2, LABEL_HEIGHT / 2))
        return found


AT = tuple(range(20, 81, 3))  # where along its edge a label may be, in percent
BEST_AT = 32
MOST_HIDDEN = 1


def _search(
    lines: Sequence[tuple[float, ...]], taken: Sequence[Box], edges: Sequence[Connection]
) -> dict[str, Place]:
    """Return a place on each line for its label; nothing if one finds none."""
    occupied, found = list(taken), {}
    for line, edge in zip(lines, edges, strict=True):
        x_from, x_to, y_from, y_to = line
        best = None
        for at in AT:
            share = at / 100
            x, y = x_from + share * (x_to - x_from), y_from + share * (y_to - y_from)
            box = (x, y, LABEL_WIDTH / 2, LABEL_HEIGHT / 2)
            if any(meet(box, other) for other in occupied):
                continue
            hidden = sum(_passes(other, box) for other in lines if other is not line)
            wide = x, y, LABEL_WIDTH / 2, LABEL_HEIGHT
            near = sum(meet(wide, other) for other in occupied[len(taken) :])
            rank = hidden + near, abs(at - BEST_AT)
            if hidden <= MOST_HIDDEN and (best is None or rank < best[0]):
                best = rank, box
        if best is None:
            return {}
        occupied.append(best[1])
        found[edge.name] = best[1][:2]
    return found


def meet(one: Box, other: Box) -> bool:
    """Tell whether two boxes cover each other."""
    return abs(one[0] - other[0]) < one[2] + other[2] and abs(one[1] - other[1]) < one[3] + other[3]


def _passes(line: tuple[float, ...], box: Box) -> bool:
    """Tell whether a line from left to right passes through a box."""
    x_from, x_to, y_from, y_to = line
    x, y, across, up = box
    left, right = max(x_from, x - across), min(x_to, x + across)
    if left > right:
        return False
    slope = (y_to - y_from) / (x_to - x_from)
    ys = sorted(y_from + slope * (each - x_from) for each in (left, right))
    return ys[0] < y + up and ys[1] > y - up
