"""Chooses how many samples and points `Error surface` has, so that programs stay quick."""

from functools import lru_cache

from sheetgen.network.network import Network
from sheetgen.workbook.shared.grid import SIDE, SIZES
from sheetgen.workbook.sheets.error_surface.error_formulas import CUTS, LONGEST, Passes

SOME, ALL = 8_000, 10_000
"""The most formulas of the surface, of some samples or of all, so that it is there at once."""
CHARACTERS = {size: 2_500_000 if size == SIDE else 5_000_000 for size in SIZES}
"""The most characters of these, which all programs read in a second or two."""
FIRST_LAYER = 1000  # units times samples that have cells of their own


def formulas_of_errors(network: Network, samples: int) -> int:
    """Return about how many formulas the sheet has: surface, picture and first layer."""
    shown, _, size, formulas = fitting(network, samples) or (0, 0, 0, 0)
    return size**2 * (formulas + 1) + 3 * shown * network.layers[0].units


@lru_cache(maxsize=4)  # it takes seconds for many layers and samples, and is asked for twice
def fitting(network: Network, every: int) -> tuple[int, int, int, int] | None:
    """Return the number of samples shown, the cut, the points along a side, and one's formulas.

    All samples are shown if they fit, if need be in a coarse grid. Else these are as many as do.
    """
    if len(network.parameters) < 2:
        return None
    cuts = [cut for cut in CUTS if cut or not network.layers[-1].activation.acts_on_layer]
    samples = min(every, max(1, FIRST_LAYER // network.layers[0].units))
    while samples >= 1:
        sizes = {
            cut: found
            for cut in cuts
            if (found := Passes(network, samples, cut, lambda *_: "AAA999").size())
        }
        for size, most_characters in CHARACTERS.items():
            allowed = [
                (characters, cut)
                for cut, (formulas, characters, longest) in sizes.items()
                if size * size * formulas <= (ALL if samples == every else SOME)
                and size * size * characters <= most_characters
                and longest <= LONGEST
            ]
            if allowed:
                cut = min(allowed)[1]
                return samples, cut, size, sizes[cut][0]
        samples -= max(1, samples // 6)
    return None
