"""Finds places for the texts of a diagram: on no line, on no circle, and on no other text.

Everything is in pixels from the lower left corner. A text of 9 points is meant.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import hypot

Place = tuple[float, float]
Line = tuple[float, ...]
"""x from, x to, y from, y to."""
Box = tuple[float, float, float, float]
"""The centre's x and y, half the width and half the height."""

DECIMALS = (4, 3, 2)
"""Of the numbers in texts, of which the first is taken for which all find a place."""
DIGIT, SIGNS, LETTER = 6.7, 33.0, 8.7  # pixels: of a digit; of " = −0." and room; of a "w"
HALF_HEIGHT = 7
ALONG = tuple(range(14, 87, 2))  # where along its line a text may be, in percent
BEST_ALONG = 32
ASIDE = (0, 6, -6, 12, -12, 18, -18, 24, -24, 30, -30, 36, -36, 42, -42)
AWAY = (0, 4, 8)


@dataclass(frozen=True)
class Texts:
    """The places of texts by what they name, and the decimals of their numbers."""

    places: Mapping[str, Place] = field(default_factory=dict)
    decimals: int = DECIMALS[0]


@dataclass
class Ground:
    """A frame of some width and height with circles (x, y, radius), lines, and texts (boxes)."""

    size: tuple[float, float]
    circles: Sequence[tuple[float, float, float]]
    lines: Sequence[Line]
    boxes: list[Box]

    def place(
        self, named: Mapping[str, Sequence[Place]], own: Mapping[str, Line] | None = None
    ) -> Texts:
        """Place a text for each name at one of some places, the best first; all or none.

        A text may be on its `own` line. The places that are taken are added to the boxes.
        """
        options = tuple((name, tuple(places)) for name, places in named.items())
        found, boxes = _placed(
            self.size, tuple(self.circles), tuple(self.lines), tuple(self.boxes), options,
            tuple((own or {}).items()),
        )  # fmt: skip
        self.boxes += boxes
        return found

    def places(
        self, named: Mapping[str, Sequence[Place]], half: float, own: Mapping[str, Line]
    ) -> dict[str, Place]:
        """Return the places; those that have the fewest to choose from come first."""
        options: dict[str, list[Place]] = {}
        for name, places in named.items():
            boxes = ((*place, half, HALF_HEIGHT) for place in places)
            options[name] = [box[:2] for box in boxes if self.is_free(box, own.get(name))]
            if not options[name]:
                return {}
        found: dict[str, Place] = {}
        for name in sorted(options, key=lambda each: len(options[each])):
            taken = [(*place, half, HALF_HEIGHT + 1) for place in found.values()]
            boxes = ((*place, half, HALF_HEIGHT) for place in options[name])
            box = next((box for box in boxes if not any(meet(box, other) for other in taken)), None)
            if box is None:
                return {}
            found[name] = box[:2]
        return {name: found[name] for name in named}

    def is_free(self, box: Box, own: Line | None = None) -> bool:
        """Tell whether nothing is in a box but the line that is its own."""
        return self.is_clear(box) and all(
            line is own or not passes(line, box) for line in self.lines
        )

    def is_clear(self, box: Box) -> bool:
        """Tell whether a box is within the frame, and neither a circle nor a text is in it."""
        x, y, across, up = box
        width, height = self.size
        return (
            across <= x <= width - across
            and up <= y <= height - up
            and not any(_covers(circle, box) for circle in self.circles)
            and not any(meet(box, other) for other in self.boxes)
        )


@lru_cache(128)
def _placed(
    size: tuple[float, float],
    circles: tuple[tuple[float, float, float], ...],
    lines: tuple[Line, ...],
    boxes: tuple[Box, ...],
    options: tuple[tuple[str, tuple[Place, ...]], ...],
    own: tuple[tuple[str, Line], ...],
) -> tuple[Texts, tuple[Box, ...]]:
    """Return what `Ground.place` does, and the boxes that it adds.

    A workbook is composed again to verify it, and with each of its moved inputs: its diagrams, and
    all that is in them, are where they were.
    """
    ground, named = Ground(size, circles, lines, [*boxes]), dict(options)
    longest = max(map(len, named), default=0)
    for decimals in DECIMALS:
        half = (LETTER + DIGIT * (longest - 1 + decimals) + SIGNS) / 2
        found = ground.places(named, half, dict(own))
        if found:
            taken = tuple((*place, half, HALF_HEIGHT) for place in found.values())
            return Texts(found, decimals), taken
    return Texts(), ()


def along(line: Line) -> list[Place]:
    """Return places on a line, the best first."""
    x_from, x_to, y_from, y_to = line
    shares = (at / 100 for at in sorted(ALONG, key=lambda at: abs(at - BEST_ALONG)))
    return [(x_from + s * (x_to - x_from), y_from + s * (y_to - y_from)) for s in shares]


def around(x: float, y: float, up: int) -> Iterator[Place]:
    """Yield places near a point: to either side, and further up (1) or down (-1)."""
    places = ((abs(aside) + 2 * away, aside, away) for aside in ASIDE for away in AWAY)
    yield from ((x + aside, y + up * away) for _, aside, away in sorted(places))


def meet(one: Box, other: Box) -> bool:
    """Tell whether two boxes cover each other."""
    return abs(one[0] - other[0]) < one[2] + other[2] and abs(one[1] - other[1]) < one[3] + other[3]


def passes(line: Line, box: Box) -> bool:
    """Tell whether a line from left to right passes through a box."""
    x_from, x_to, y_from, y_to = line
    x, y, across, up = box
    left = x - across if x - across > x_from else x_from
    right = x + across if x + across < x_to else x_to
    if left > right:
        return False
    slope = (y_to - y_from) / (x_to - x_from)
    one, other = y_from + slope * (left - x_from), y_from + slope * (right - x_from)
    return (one < y + up or other < y + up) and (one > y - up or other > y - up)


def first_clear(ground: Ground, places: Iterable[Place], half: float) -> Place:
    """Return the first of some places at which no circle and no text is, else the first of all."""
    listed = list(places)
    clear = (place for place in listed if ground.is_clear((*place, half, HALF_HEIGHT)))
    return next(clear, listed[0])


def _covers(circle: tuple[float, float, float], box: Box) -> bool:
    """Tell whether a circle and a box cover each other."""
    x, y, radius = circle
    across, up = abs(x - box[0]) - box[2], abs(y - box[1]) - box[3]
    if across >= radius or up >= radius:
        return False
    return hypot(max(across, 0), max(up, 0)) < radius
