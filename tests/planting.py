"""Plants mistakes in tables as people make them; the mistakes register themselves here."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from handmade_tables import Table

from sheetgen.check import Finding, WorkbookReport

Kinds = frozenset[str]
Planted = tuple[str, int]  # symbol and row of the first wrong cell


@dataclass
class Spot:
    """A table that is still right, and the units and weights where a mistake shall go."""

    table: Table
    rng: Random

    def __post_init__(self) -> None:
        network = self.network = self.table.network
        self.spelling = self.table.spelling
        self.o, self.h = self.rng.choice(network.names("o")), self.rng.choice(network.names("h"))
        self.a_o, self.a_h = f"a_{self.o}", f"a_{self.h}"
        self.number = self.o[1:]
        self.outer, self.source = self.rng.choice(network.incoming(self.o))
        self.inner, self.input = self.rng.choice(network.incoming(self.h))
        self.unit = self.rng.choice(network.units)
        self.parameter = self.rng.choice(network.parameters)
        self.gradient = f"∂E/∂{self.parameter}"

    def other(self, name: str) -> str:
        """Another of the same family: a_h2 or a_h3 for a_h1."""
        letter = name.rstrip("0123456789")
        family = {"w": self.network.weights(self.network.units)}.get(letter)
        names = family or self.network.names(letter)
        return self.rng.choice([candidate for candidate in names if candidate != name])

    def back(self) -> tuple[str, list[list[str]]]:
        """What arrives at h as its formula has it, and the factors of each path."""
        paths = self.spelling.paths(self.network, self.h)
        return self.spelling.back(paths), paths


Change = tuple[str, str, str]  # column, what is in its formula, what is there instead
Maker = Callable[[Spot], Change]


@dataclass(frozen=True)
class Mistake:
    """A kind of mistake: how it gets into a table, and by what names it may be called."""

    name: str
    kinds: Kinds
    plant: Callable[[Spot], list[Planted]]
    outputs: int
    layout: dict[str, str]
    by_value: bool
    biases: bool


MISTAKES: list[Mistake] = []


def cells(
    kinds: str, outputs: int = 1, by_value: bool = False, biases: bool = False, **layout: str
) -> Callable[[Callable[[Spot], list[Planted]]], None]:
    """Register a mistake that changes cells as it likes."""

    def register(plant: Callable[[Spot], list[Planted]]) -> None:
        names = frozenset(kinds.split())
        mistake = Mistake(plant.__name__, names, plant, outputs, layout, by_value, biases)
        MISTAKES.append(mistake)

    return register


def formulas(kinds: str, outputs: int = 1, first: int = 0) -> Callable[[Maker], None]:
    """Register a mistake in a formula: of a whole column, from a row onwards, or of one row."""

    def register(maker: Maker) -> None:
        def plant(spot: Spot) -> list[Planted]:
            symbol, old, new = maker(spot)
            start = max(first, int(symbol[0] in "wb"))
            later = spot.rng.randrange(start, spot.table.rows - 1)
            rows = spot.table.rows
            extent = spot.rng.choice(
                (
                    range(start, rows),
                    range(start, rows),
                    range(later, rows),
                    range(later, later + 1),
                )
            )
            change(spot.table, symbol, old, new, extent)
            return [(symbol, extent[0])]

        plant.__name__ = maker.__name__
        cells(kinds, outputs, by_value=True)(plant)

    return register


def change(table: Table, symbol: str, old: str, new: str, rows: Sequence[int]) -> None:
    for row in rows:
        content = str(table.contents[symbol][row])
        assert old in content, (symbol, old, content)
        table.contents[symbol][row] = content.replace(old, new)


def complaints(
    report: WorkbookReport, table: Table, wrong: Sequence[Planted], kinds: Kinds | None
) -> list[str]:
    """What the audit missed, misplaced, called by a wrong name, or found where nothing is."""
    said = []
    found = [finding for finding in report.all_findings if finding.severity == "mistake"]
    for symbol, row in wrong:
        own = [one for one in found if (one.symbol, one.sheet) == (symbol, table.sheet)]
        if len(own) != 1:
            said.append(f"{symbol}: {len(own)} findings {[one.kind for one in own]}")
        for one in own[:1]:
            place = (one.cell or "").replace("$", "")
            if place != table.cell(symbol, row):
                said.append(f"{symbol}: in {place}, not {table.cell(symbol, row)}")
            if one.column.strip() != table.headers[symbol].strip():
                said.append(f"{symbol}: called {one.column!r}")
            if kinds is not None and one.kind not in kinds:
                said.append(f"{symbol}: named {one.kind}, not {sorted(kinds)}")
            if not one.words:
                said.append(f"{symbol}: no words")
    columns = [symbol for symbol, _ in wrong]
    said += [f"false alarm: {shown(one)}" for one in found if one.symbol not in columns]
    return said


def shown(one: Finding) -> str:
    return f"{one.kind} in {one.sheet}!{one.cell} ({one.column}): {one.formula}; {one.expected}"


def alike(one: float | str | None, other: float | str | None) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-14)
    return one == other
