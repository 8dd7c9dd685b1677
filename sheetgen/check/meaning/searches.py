"""What the searches for mistakes in one workbook share: the effort, and what is known by now.

Tables of a workbook are often copies of each other. The effort is counted in wrong formulas, never
in time, so that a file always gets the same report.
"""

from dataclasses import dataclass, field

from sheetgen.check.meaning.simulation import Simulation
from sheetgen.check.meaning.table_network import Network

_MOST = 200_000  # wrong formulas to try for a whole workbook: some 15 columns to the very end
_FEW = 600  # for each further search: the likeliest


@dataclass
class Searches:
    """The searches in one workbook; `left` is how many wrong formulas they may still try."""

    left: int = _MOST
    _simulations: dict[tuple[Network, bool], Simulation] = field(default_factory=dict)

    def simulation(self, network: Network, several_samples: bool) -> Simulation:
        """Return the random trainings of a network."""
        key = network, several_samples
        if key not in self._simulations:
            self._simulations[key] = Simulation(network, several_samples)
        return self._simulations[key]


class Effort:
    """How many wrong formulas one search may still try."""

    def __init__(self, searches: Searches, wanted: int) -> None:
        """Take the effort of the workbook that pays for it, and how many formulas are wanted."""
        self._searches = searches
        self._left = wanted if searches.left > 0 else min(wanted, _FEW)
        self._is_cut = self._left < wanted
        self.ended_early = False
        """Whether formulas were left untried because the workbook's effort was spent."""

    def take(self, count: int) -> int:
        """Return how many of the next formulas may be tried; they count as tried."""
        taken = min(count, self._left)
        self._left -= taken
        self._searches.left -= taken
        self.ended_early |= self._is_cut and taken < count
        return taken
