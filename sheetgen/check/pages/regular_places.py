"""Finds how numbered things lie on a sheet: each number moves a place by the same rows and columns.

Where a formula refers to the wrong cell, the others still say where the right one is.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product

Place = tuple[int, int]
Index = tuple[int, ...]
_LEAST_SUPPORT = 0.6
_MOST_VECTORS = 3


def arrangements(seen: Mapping[Index, Place], wanted: Sequence[Index]) -> list[dict[Index, Place]]:
    """Return index → place of each regular arrangement that most of what was seen fits.

    Several fit equally well where a reference is wrong and nothing tells which; none may fit.
    """
    if not seen:
        return []
    vectors = [_vectors(seen, wanted, axis) for axis in range(len(wanted[0]))]
    best: list[dict[Index, Place]] = []
    most = _LEAST_SUPPORT * len(seen)
    for chosen in product(*vectors):
        corners = Counter(_moved(place, index, chosen, -1) for index, place in seen.items())
        corner, count = corners.most_common(1)[0]
        found = {index: _moved(corner, index, chosen, 1) for index in wanted}
        if count < most or len(set(found.values())) < len(found) or found in best:
            continue
        best = [*best, found] if count == most else [found]
        most = count
    return best


def _vectors(seen: Mapping[Index, Place], wanted: Sequence[Index], axis: int) -> list[Place]:
    """Return by how much a place may move from one number of an axis to the next."""
    if len({index[axis] for index in wanted}) == 1:
        return [(0, 0)]
    counted: Counter[Place] = Counter()
    for index, place in seen.items():
        for steps in (1, 2):
            following = (*index[:axis], index[axis] + steps, *index[axis + 1 :])
            if following in seen:
                moved = [one - own for one, own in zip(seen[following], place, strict=True)]
                if not any(one % steps for one in moved) and any(moved):
                    counted[moved[0] // steps, moved[1] // steps] += 1
    return [vector for vector, _ in counted.most_common(_MOST_VECTORS)]


def _moved(place: Place, index: Index, vectors: Sequence[Place], sign: int) -> Place:
    row, column = place
    for number, (down, across) in zip(index, vectors, strict=True):
        row, column = row + sign * number * down, column + sign * number * across
    return row, column
