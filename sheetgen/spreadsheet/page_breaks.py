"""Finds where pages begin, along the rows or the columns of a sheet."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from sheetgen.spreadsheet.sheet_sizes import Lines

BAD, POOR = -1, 0
"""Rates of places where no page begins, and where one begins only if it must."""

_BONUS = {BAD: -9.0, POOR: -0.6, 1: 0.0, 2: 0.35, 3: 0.4}
"""How much of a page may stay empty so that the next one begins with a place of this rate."""
_MOST_BONUS = max(_BONUS.values())
_FEWEST = 4  # rows on a page
_FULL_ENOUGH = 0.3  # of a page
_MORE = (1.0, 1.01, 1.03, 1.06, 1.1, 1.15, 1.2, 1.3, 1.4)
"""How much fuller than all would be if they were equally full, which is tried one by one."""


@dataclass(frozen=True)
class Direction:
    """The rows or the columns of a canvas, from the first to the last that is printed.

    `repeated` are printed on every page, `wanted` begin one in any case, and `rate` says how good
    a place is for a page to begin, from BAD to 3.
    """

    lines: Lines
    ends: tuple[int, ...]
    repeated: tuple[int, int] | None
    wanted: frozenset[int]
    rate: Callable[[int], int]

    @cached_property
    def _places(self) -> list[float]:
        """Where the lines begin, and where the last one ends."""
        first, last = self.ends
        return [self.lines.start(at) for at in range(first, last + 2)]

    def _length(self, breaks: int) -> float:
        """Return the pixels of all, with what is repeated behind each of so many breaks."""
        lines, (first, last) = self.lines, self.ends
        top, bottom = self.repeated or (0, -1)
        repeated = lines.start(bottom + 1) - lines.start(top)
        return lines.start(last + 1) - lines.start(first) + repeated * breaks

    def even_starts(self, room: float) -> list[int]:
        """Return where pages begin, but the first: as few, and as equally full, as possible."""
        starts = self._starts(room)
        bonus = sum(map(self._bonus, starts))
        least = self._length(len(starts)) / (len(starts) + 1)
        for smaller in (least * more for more in _MORE if starts and least * more < room):
            others = self._starts(smaller)
            if len(others) == len(starts) and sum(map(self._bonus, others)) >= bonus:
                return others
        return starts

    def _starts(self, room: float) -> list[int]:
        """Return where pages of so many pixels begin, but the first."""
        lines, (first, last), places = self.lines, self.ends, self._places
        starts: list[int] = []
        start = first
        while True:
            left = room
            if self.repeated and start > self.repeated[1]:
                left -= lines.start(self.repeated[1] + 1) - lines.start(self.repeated[0])
            behind = bisect_right(places, places[start - first] + left, start - first + 1)
            end = max(first + behind - 2, start)
            early = [at for at in self.wanted if start < at <= end]
            if early:
                start = min(early)
            elif end >= last:
                return starts
            else:
                start = self._best(start, min(end + 1, last - _FEWEST + 2), left)
            starts.append(start)

    def _best(self, start: int, latest: int, room: float) -> int:
        """Return the best place for a break, up to the latest: a good one, and a full page."""
        latest, first = max(latest, start + 1), self.ends[0]
        places = self._places
        begin = places[start - first]
        earliest = first + bisect_left(
            places, begin + room * _FULL_ENOUGH, start - first, latest - first
        )
        best, chosen = _BONUS[POOR], -1
        for at in range(latest, earliest, -1):
            full = (places[at - first] - begin) / room
            if full + _MOST_BONUS <= best:  # as is the rest, which is less full
                break
            rated = full + self._bonus(at)
            if rated > best:
                best, chosen = rated, at
        if chosen >= 0:
            return chosen
        return next((at for at in range(earliest, start, -1) if self.rate(at) > BAD), latest)

    def _bonus(self, at: int) -> float:
        """Return how good it is for a page to begin with a line, in pages."""
        return _BONUS[self.rate(at)]
