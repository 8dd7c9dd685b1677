"""The diagram's geometry: what is drawn, its size, and the places of its labels."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import hypot

from sheetgen.network.network import Network, activation_name

MAXIMUM_UNITS = 12  # in a layer
MAXIMUM_LAYERS = 8
MAXIMUM_SERIES = 250  # a chart takes 255
MAXIMUM_LABELLED_EDGES = 40
HEIGHT = 430  # pixels
PIXELS_PER_LAYER = 287
# Where along its edge a weight's label is put: before the edges cross, if there is room.
LABEL_AT = (0.3, 0.26, 0.34, 0.38, 0.42, 0.46, 0.5, 0.54, 0.58, 0.62, 0.66, 0.7, 0.74)
LABEL_WIDTH, LABEL_HEIGHT = 76, 14  # pixels of such a label
BIAS_PIXELS = 16  # of height, of a line of text above or below a circle


@dataclass(frozen=True)
class Scale:
    """How large a unit is drawn: the circle's diameter in points, the text on it."""

    circle: int
    text: int
    pixels: int
    """Of height, at least, so that circles do not touch."""

    @property
    def radius(self) -> float:
        """The circle's radius in pixels."""
        return self.circle / 2 * 96 / 72


LARGE = Scale(56, 10, 90)
SMALL = Scale(44, 9, 68)  # where a layer has more than UNITS_AT_LARGE units
UNITS_AT_LARGE = 6


@dataclass(frozen=True)
class Node:
    """An input or a unit, and its place in the plane."""

    symbol: str
    kind: str
    x: float
    y: float


@dataclass(frozen=True)
class Plane:
    """The chart's coordinates: x from 0 (inputs) to the output layer, y up; its pixels."""

    left: float
    right: float
    half_height: float
    width: int
    height: int
    scale: Scale

    @classmethod
    def of(cls, network: Network, lines: int = 0, least: int = HEIGHT) -> "Plane":
        """Return the plane that a network needs; its height is at `least` that.

        `lines` is the number of lines of text above each circle, besides its bias below.
        """
        tallest = max(network.inputs, *(layer.units for layer in network.layers))
        scale = LARGE if tallest <= UNITS_AT_LARGE else SMALL
        pixels = scale.pixels + BIAS_PIXELS * (lines + bool(network.biases))
        half = (tallest - 1) / 2 + 0.6
        height = max(least, round(2 * half * pixels))
        layers = len(network.layers)
        return cls(-0.3, layers + 0.7, half, (layers + 1) * PIXELS_PER_LAYER, height, scale)

    def up(self, pixels: float) -> float:
        """Return the height of some pixels in the plane."""
        return pixels * 2 * self.half_height / self.height

    @property
    def across(self) -> float:
        """The width of one pixel in the plane."""
        return (self.right - self.left) / self.width

    @property
    def beside(self) -> float:
        """The distance of a line of text from the centre of the circle above or below it."""
        return self.up(self.scale.radius + BIAS_PIXELS / 2)

    def meet(self, one: tuple[float, float], other: tuple[float, float]) -> bool:
        """Tell whether labels at two places would cover each other."""
        across, up = abs(one[0] - other[0]) / self.across, abs(one[1] - other[1]) / self.up(1)
        return across < LABEL_WIDTH and up < LABEL_HEIGHT

    def shortened(self, start: Node, end: Node) -> tuple[float, float, float, float]:
        """Return the edge from circle to circle: x from, x to, y from, y to."""
        across, up = end.x - start.x, end.y - start.y
        cut = self.scale.radius / hypot(across / self.across, up / self.up(1))
        x, y = cut * across, cut * up
        return start.x + x, end.x - x, start.y + y, end.y - y


def is_drawn(network: Network) -> bool:
    """Tell whether the network is small enough to be drawn."""
    return not too_many(network)


def too_many(network: Network) -> str:
    """Say why the network is too large to be drawn, or nothing."""
    if max(network.inputs, *(layer.units for layer in network.layers)) > MAXIMUM_UNITS:
        return f"not drawn: over {MAXIMUM_UNITS} units in a layer"
    sources = sum(len(names) for names in network.source_names)
    edges = 2 * len(network.connections) if labels_weights(network) else sources
    series = edges + sources + 2 * network.outputs + len(network.biases)
    if len(network.layers) > MAXIMUM_LAYERS or series > MAXIMUM_SERIES:
        return "not drawn: too many layers"
    return ""


def labels_weights(network: Network) -> bool:
    """Tell whether the diagram has room for a label on every weight."""
    return bool(label_places(network))


def label_places(
    network: Network, plane: Plane | None = None, taken: Iterable[tuple[float, float]] = ()
) -> dict[str, tuple[float, float]]:
    """Return a place for each weight's label so that none covers another; nothing if some do.

    `plane` is the network's own unless given; other labels are at the `taken` places.
    """
    if len(network.connections) > MAXIMUM_LABELLED_EDGES:
        return {}
    plane = plane or Plane.of(network)
    units = [network.inputs, *(layer.units for layer in network.layers)]
    occupied = list(taken)
    placed: dict[str, tuple[float, float]] = {}
    for edge in network.connections:
        start = height_of(edge.position, units[edge.layer])
        end = height_of(edge.unit, units[edge.layer + 1])
        places = ((edge.layer + at, start + at * (end - start)) for at in LABEL_AT)
        free = (place for place in places if not any(plane.meet(place, p) for p in occupied))
        found = next(free, None)
        if found is None:
            return {}
        placed[edge.name] = found
        occupied.append(found)
    return placed


def nodes_of(network: Network) -> dict[str, Node]:
    """Return the inputs and the units' activations by their symbols, layer by layer."""
    nodes = [
        Node(name, "input", 0, height_of(place, network.inputs))
        for place, name in enumerate(network.input_names)
    ]
    nodes += [
        Node(activation_name(unit), "unit", layer, height_of(place, len(units)))
        for layer, units in enumerate(network.unit_names, start=1)
        for place, unit in enumerate(units)
    ]
    return {node.symbol: node for node in nodes}


def height_of(place: int, count: int) -> float:
    """Return the y of one of a layer's units, the first one at the top."""
    return (count - 1) / 2 - place
