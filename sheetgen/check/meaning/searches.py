"""What the searches in one workbook share: the effort, and what is known by now.

Tables of a workbook are often copies of each other. The effort is counted in formulas that are
tried, never in time, so that a file always gets the same report.
"""

from dataclasses import dataclass, field

from sheetgen.check.meaning.simulation import Simulation
from sheetgen.check.meaning.table_network import Network

MOST = 250_000  # formulas to try for a whole workbook: some 15 wrong columns to the very end
FOR_THE_LIKELIEST = 50_000  # of these, the last ones, of which each search may try a few only


@dataclass
class Searches:
    """The searches in one workbook; `left` is how many formulas they may still try."""

    left: int = MOST
    _simulations: dict[tuple[Network, bool], Simulation] = field(default_factory=dict)

    def simulation(self, network: Network, several_samples: bool) -> Simulation:
        """Return the random trainings of a network."""
        key = network, several_samples
        if key not in self._simulations:
            self._simulations[key] = Simulation(network, several_samples)
        return self._simulations[key]


class Effort:
    """How many formulas one search may still try."""

    def __init__(self, searches: Searches, wanted: int, likeliest: int) -> None:
        """Take the effort of the workbook that pays for it, and how many formulas are wanted.

        Once the workbook's effort is nearly spent, only the `likeliest` are.
        """
        self._searches = searches
        most = wanted if searches.left > FOR_THE_LIKELIEST else likeliest
        self._left = min(most, searches.left)
        self._is_cut = self._left < wanted
        self.ended_early = not self._left
        """Whether formulas were left untried because the workbook's effort was spent."""

    def take(self, count: int) -> int:
        """Return how many of the next formulas may be tried; they count as tried."""
        taken = min(count, self._left)
        self._left -= taken
        self._searches.left -= taken
        self.ended_early |= self._is_cut and taken < count
        return taken
