"""The diagram's geometry: which units are drawn, at what size, and the places of the labels.

Everything is in pixels from the lower left corner. A layer of many units is condensed: its first
units, one that is looked at, and its last.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from math import hypot

from sheetgen.network.network import Network, activation_name
from sheetgen.network.parameters import Connection
from sheetgen.workbook.shared.diagram_places import (
    Ground,
    Place,
    Texts,
    along,
    around,
    first_clear,
)

MAXIMUM_UNITS = 12  # of a layer that is drawn in full
MAXIMUM_LAYERS = 8
FAIR_CONNECTIONS = 60  # with more, smaller layers are condensed as well
MAXIMUM_CONNECTIONS = 150
FIRST_UNITS = 3  # of a condensed layer, shown at the top
LEAST_UNITS = 8  # of a layer that is condensed
MAXIMUM_LABELS = 40
LINE_OF_TEXT = 16  # pixels of height
CHOSEN_WIDTH = 72  # pixels of the label of the chosen weight
NAME_HEIGHT = 22  # pixels: half the height of an output's class, target and error
FROM_MIDDLE = (0, 0.08, -0.08, 0.16, -0.16, 0.24, -0.24)
BESIDE_BIAS = 42  # pixels to the left of a circle, where the label of its bias is centred
LEAST_SPACING = 112  # pixels from layer to layer
MOST_PITCH, LEAST_HEIGHT = 124, 250  # pixels
MOST_SPREAD = 2.0  # of the distance from unit to unit, against the tallest layer


@dataclass(frozen=True)
class Scale:
    """How units are drawn that are so far apart: the circle's diameter and the text in points.

    `has_lines` tells whether there is room for a line of text above and below each circle, and
    `longest` how many characters a unit's name may have behind "∂E/∂" in the circle.
    """

    pitch: int
    circle: int
    text: int
    decimals: int
    has_lines: bool = False
    longest: int = 2

    @property
    def radius(self) -> float:
        """The circle's radius in pixels."""
        return self.circle / 2 * 96 / 72


SCALES = (
    Scale(110, 56, 10, 4, has_lines=True, longest=5),
    Scale(91, 44, 9, 4, has_lines=True, longest=4),
    Scale(63, 44, 9, 4, longest=4),
    Scale(47, 33, 8, 3, longest=3),
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
        looked_at = self.looked_at.get(layer, self.typical(layer))
        return [*range(FIRST_UNITS), None, looked_at, None, count - 1]

    def typical(self, layer: int) -> int:
        """Return the unit that a condensed layer shows where none of it is looked at."""
        return self.counts[layer] // 2

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
    def dots(self) -> dict[tuple[int, int], Place]:
        """The places of the dots above (0) and below (1) the one looked at, by layer."""
        return {
            (layer, which): place
            for layer in self.condensed
            for which, place in enumerate(
                (x, y) for unit, x, y in self._places(layer) if unit is None
            )
        }

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
    def ground(self) -> Ground:
        """What there is without texts that must find a place: circles, lines, names, targets."""
        radius, last = self.scale.radius, len(self.network.layers)
        nodes, (left, right) = self.nodes.values(), self.margins
        height = min(NAME_HEIGHT, self.pitch_of(last) / 2)
        beside = [
            (node.x + radius + right / 2, node.y, right / 2, height)
            for node in nodes
            if node.layer == last
        ]
        beside += [
            (left / 2, node.y, left / 2, NAME_HEIGHT / 2) for node in nodes if not node.layer
        ]
        circles = [(node.x, node.y, radius) for node in nodes]
        lines = [self.ends(edge) for edge in self.edges]
        return Ground((self.width, self.height), circles, lines, beside)

    @property
    def above(self) -> Texts:
        """A place above each unit for its pre-activation; none where one would cover something."""
        return self._texts[0]

    @property
    def below(self) -> Texts:
        """A place below each unit for its bias, as `above`."""
        return self._texts[1]

    @property
    def labels(self) -> Texts:
        """A place on each weight's line for its label; none where one would cover something.

        Nothing else is there: no other label or line, no circle and no line of text.
        """
        return self._texts[2]

    @cached_property
    def _texts(self) -> tuple[Texts, Texts, Texts]:
        beside = {1: Texts(), -1: Texts()}
        for up in beside if self.scale.has_lines else ():
            nodes = [node for node in self.nodes.values() if node.kind == "unit"]
            places = {
                node.symbol.removeprefix("a_"): list(around(node.x, node.y + up * self.beside, up))
                for node in nodes
            }
            beside[up] = self.ground.place(places)
        labels = Texts()
        if not self.condensed and len(self.edges) <= MAXIMUM_LABELS:
            own = dict(zip((edge.name for edge in self.edges), self.ground.lines, strict=True))
            labels = self.ground.place({name: along(line) for name, line in own.items()}, own)
        return beside[1], beside[-1], labels

    def chosen_place(self, edge: Connection) -> Place:
        """Return a place for a weight's label where only the chosen one has one.

        It is on no circle and on no text, but may be on other lines.
        """
        x_from, x_to, y_from, y_to = self.ends(edge)
        x, y = (x_from + x_to) / 2, (y_from + y_to) / 2
        steps = [(x + s * (x_to - x_from), y + s * (y_to - y_from)) for s in FROM_MIDDLE]
        places = [*steps, *((x, y + up) for up in (12, -12, 20, -20, 28, -28))]
        return first_clear(self.ground, places, CHOSEN_WIDTH / 2)

    def chosen_bias_place(self, node: Node) -> Place:
        """Return a place for a bias' label beside its unit, as `chosen_place`."""
        down, across = self.beside, self.scale.radius + BESIDE_BIAS
        moves = ((0.0, -down), (0.0, down), (-across, 0.0))
        places = [(node.x + x, node.y + y) for x, y in moves]
        return first_clear(self.ground, places, CHOSEN_WIDTH / 2)
