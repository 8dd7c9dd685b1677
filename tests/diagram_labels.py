"""Measures the diagrams of a built workbook, from the charts in the file: labels that overprint.

Everything is in pixels from a diagram's lower left corner.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import hypot

from lxml import etree
from sheet_file import SheetFile
from shown_text import PIXELS_PER_POINT, width

from sheetgen.spreadsheet.style import INPUT

CLOSE = 1  # pixels that do not count
GAP = 6  # pixels between a point and a label beside it
INK, LINE = 0.72, 1.15  # the height of capitals and of a line, of the font's
FRAME = INPUT.border.removeprefix("#")
"""The colour of the frame around the chosen weight: its label may lie on other lines."""
Line = tuple[float, float, float, float]
"""x and y of the one end and of the other."""


@dataclass(frozen=True)
class Box:
    """A line of text: its ink."""

    text: str
    left: float
    bottom: float
    right: float
    top: float

    def overlaps(self, other: "Box") -> bool:
        """Tell whether two texts cover each other."""
        across = min(self.right, other.right) - max(self.left, other.left)
        up = min(self.top, other.top) - max(self.bottom, other.bottom)
        return min(across, up) > CLOSE

    def is_crossed(self, line: Line) -> bool:
        """Tell whether a line passes through the text (Liang and Barsky's clipping)."""
        x, y, x_to, y_to = line
        first, last = 0.0, 1.0
        for start, step, least, most in (
            (x, x_to - x, self.left + CLOSE, self.right - CLOSE),
            (y, y_to - y, self.bottom + CLOSE, self.top - CLOSE),
        ):
            if not step:
                if not least < start < most:
                    return False
                continue
            ends = sorted(((least - start) / step, (most - start) / step))
            first, last = max(first, ends[0]), min(last, ends[1])
        return first < last


@dataclass(frozen=True)
class Label:
    """A text of one or more lines around a point, in a circle or on its own."""

    text: str
    x: float
    y: float
    points: float
    bold: bool
    position: str
    radius: float

    @cached_property
    def boxes(self) -> list[Box]:
        """The lines of text."""
        lines, size = self.text.split("\n"), self.points * PIXELS_PER_POINT
        found = []
        for place, line in enumerate(each.strip("\u00a0") for each in lines):
            wide = width(line, self.points, self.bold)
            left = {"l": self.x - GAP - wide, "r": self.x + GAP}.get(
                self.position, self.x - wide / 2
            )
            middle = self.y + ((len(lines) - 1) / 2 - place) * LINE * size
            found.append(Box(line, left, middle - INK * size / 2, left + wide,
                             middle + INK * size / 2))  # fmt: skip
        return found

    def is_on(self, line: Line) -> bool:
        """Tell whether a line runs through the middle of the label: it is its own."""
        x, y, x_to, y_to = line
        length = hypot(x_to - x, y_to - y)
        away = abs((x_to - x) * (y - self.y) - (x - self.x) * (y_to - y)) / length
        return not self.radius and away < CLOSE

    def hides(self, line: Line) -> bool:
        """Tell whether the part of a line that is in the text is below the text's own circle."""
        x, y, x_to, y_to = line
        points = ((x + t / 50 * (x_to - x), y + t / 50 * (y_to - y)) for t in range(51))
        return all(
            hypot(x - self.x, y - self.y) < self.radius + CLOSE
            for x, y in points
            if any(b.left < x < b.right and b.bottom < y < b.top for b in self.boxes)
        )

    def meets_circle(self, other: "Label") -> bool:
        """Tell whether a line of the text is on another label's circle."""
        for box in self.boxes:
            across = max(box.left - other.x, other.x - box.right, 0)
            up = max(box.bottom - other.y, other.y - box.top, 0)
            if hypot(across, up) < other.radius - CLOSE:
                return True
        return False


@dataclass(frozen=True)
class Diagram:
    """The size of the frame, and what is drawn in it."""

    limits: Line
    lines: list[Line]
    labels: list[Label]
    chosen: tuple[float, float]
    """The middle of the frame around the chosen weight."""


def label_problems(sheet: SheetFile) -> Iterator[str]:
    """No label is on another, on a circle or outside of the frame; no line crosses a text."""
    for root in sheet.charts:
        axes = [] if root is None else list(root.iter("{*}valAx"))
        if len(axes) == 2 and all(_value(axis, "delete") == "1" for axis in axes):
            yield from dict.fromkeys(_problems(_diagram(root, axes)))


def _problems(diagram: Diagram) -> Iterator[str]:
    left, bottom, right, top = diagram.limits
    for label in diagram.labels:
        for box in label.boxes:
            beyond = max(left - box.left, box.right - right, bottom - box.bottom, box.top - top)
            if beyond > 0:
                yield f"{box.text!r} is {beyond:.0f} pixels outside of the diagram"
    for one, other in combinations(diagram.labels, 2):
        pairs = ((a, b) for a in one.boxes for b in other.boxes)
        yield from (f"{a.text!r} is on {b.text!r}" for a, b in pairs if a.overlaps(b))
        for label, circle in ((one, other), (other, one)):
            if circle.radius and label.meets_circle(circle):
                yield f"{label.text!r} is on the circle {circle.text!r}"
    for label in diagram.labels:
        if hypot(label.x - diagram.chosen[0], label.y - diagram.chosen[1]) < CLOSE:
            continue
        for line in diagram.lines:
            crossed = [box.text for box in label.boxes if box.is_crossed(line)]
            if crossed and not label.is_on(line) and not label.hides(line):
                yield f"a line crosses {crossed[0]!r}"


def _diagram(root: etree._Element, axes: list[etree._Element]) -> Diagram:
    limits = [float(_value(axis, end)) for end in ("min", "max") for axis in axes]
    lines: list[Line] = []
    labels, chosen = [], (-1.0, -1.0)
    for series in root.iter("{*}ser"):
        xs, ys = (_numbers(series.find(f"{{*}}{way}Val")) for way in "xy")
        ends = [(*xs[at], *ys[at], *xs[at + 1], *ys[at + 1]) for at in xs if at + 1 in xs]
        if series.find("{*}dLbls") is not None:
            label = _label(series, xs[0][0], ys[0][0])
            labels += [label] if label.text.strip() else []
        elif any(each.get("val") == FRAME for each in series.iter("{*}srgbClr")):
            chosen = (xs[0][0] + xs[2][0]) / 2, (ys[0][0] + ys[2][0]) / 2
        else:
            found = ((x, y, x_to, y_to) for x, y, x_to, y_to in ends)
            lines += [line for line in found if line[:2] != line[2:]]
    return Diagram((limits[0], limits[1], limits[2], limits[3]), lines, labels, chosen)


def _numbers(values: etree._Element | None) -> dict[int, tuple[float]]:
    """The numbers of a range, by their place in it."""
    assert values is not None
    return {
        int(point.get("idx", 0)): (float(point.findtext("{*}v") or 0),)
        for point in values.iter("{*}pt")
    }


def _label(series: etree._Element, x: float, y: float) -> Label:
    font = next(series.iter("{*}defRPr"))
    text = next(series.find("{*}tx").iter("{*}v")).text or ""
    marker = series.find("{*}marker/{*}size")
    radius = 0.0 if marker is None else int(marker.get("val", 0)) / 2 * PIXELS_PER_POINT
    position = series.find("{*}dLbls/{*}dLblPos")
    place = str(position.get("val")) if position is not None else "r"
    points, bold = int(font.get("sz", 1000)) / 100, font.get("b") == "1"
    return Label(text, x, y, points, bold, place, radius)


def _value(element: etree._Element, name: str) -> str:
    return next((str(each.get("val")) for each in element.iter(f"{{*}}{name}")), "")
