"""Workbooks of Explorer and what it reads, and what engines show there at chosen moments."""

from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from openpyxl.utils.cell import coordinate_to_tuple

from sheetgen.network.trace import Trace
from sheetgen.spreadsheet import engines
from sheetgen.spreadsheet.agreement import disagreement
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.engines import Values
from sheetgen.spreadsheet.library_calls import Changes
from sheetgen.spreadsheet.writer import write_workbook
from sheetgen.template import template
from sheetgen.workbook.compose import draw_sources
from sheetgen.workbook.plan import EXPLORER, Plan
from sheetgen.workbook.promise import tolerance_of
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.explorer.explorer import explorer_sheet
from sheetgen.workbook.sheets.plane_explorer.plane_explorer import plane_explorer_sheet
from sheetgen.workbook.sheets.training_table import variant_sheet

IRONCALC = engines.engine("ironcalc")
MOST_FORMULAS = 3000
NAME, SYMBOLS, NUMBERS, VALUE = range(9, 13)  # columns of the lines that are written out
FIRST_LINE = 7
CHARACTERS = 1.25  # of a text like these, for each that is a column's width

# A template's iterations here, and moments of it: a table's place, an iteration, a weight.
Moment = tuple[int, int, str]
CASES: dict[str, tuple[int, list[Moment]]] = {
    "era-v1": (6, [(0, 0, "w1"), (5, 4, "w6"), (2, 6, "w8")]),
    "biases": (4, [(0, 3, "w3"), (0, 4, "w5")]),
    "xor": (9, [(1, 2, "b1"), (2, 7, "w7"), (0, 9, "b4")]),
    "deep": (30, [(2, 20, "w13"), (1, 5, "w2"), (0, 30, "b9")]),
    "iris": (24, [(0, 9, "w30"), (0, 13, "b2"), (0, 24, "w1")]),
    "sine": (20, [(1, 17, "w12"), (0, 3, "b8")]),
    "line-fit": (12, [(0, 9, "w1"), (5, 9, "b1"), (6, 12, "w1"), (3, 4, "b1")]),
    "digits": (3, [(0, 2, "w7"), (0, 1, "w200"), (0, 3, "b18")]),
}
ALL = [(name, moment) for name, (_, moments) in CASES.items() for moment in moments]


@cache
def plan_of(name: str) -> Plan:
    return Plan.of(template.load(name).with_training(iterations=CASES[name][0]))


@dataclass(frozen=True)
class Shown:
    """What an engine shows on Explorer, and the training that it must show."""

    plan: Plan
    tab: str
    iteration: int
    weight: str
    values: Values

    @property
    def trace(self) -> Trace:
        return self.plan.trace_of(self.tab)

    @property
    def lines(self) -> list[tuple[str, str, str, float | str]]:
        """The written-out lines below their titles: name, in symbols, in numbers, value."""
        cells = self.values[EXPLORER]
        rows = range(FIRST_LINE, FIRST_LINE + 90)
        found = [tuple(cells.get((row, at), "") for at in range(NAME, VALUE + 1)) for row in rows]
        return [line for line in found if line[0] and line[1]]

    def line(self, name: str) -> tuple[str, str, str, float]:
        """The first line of this name."""
        return next(line for line in self.lines if line[0] == name)

    @property
    def factors(self) -> list[float]:
        """The values of the factors ∂…/∂… that lead to ∂E/∂w."""
        end = self.lines.index(self.line(f"∂E/∂{self.weight}"))
        chain = self.lines[:end]
        return [value for name, *_, value in chain if name.startswith("∂") and "/∂" in name]


def with_choice(plan: Plan, moment: Moment) -> Plan:
    table, iteration, weight = moment
    tab = plan.variants[table].tab
    chosen = replace(
        plan.controls, explorer_table=tab, explorer_iteration=iteration, explorer_weight=weight
    )
    return replace(plan, controls=chosen)


def sheets(plan: Plan) -> list[Canvas]:
    """Explorer and the sheets that it reads: less to recalculate than a whole workbook."""
    sources = draw_sources(plan)
    tables = [variant_sheet(plan, index, sources, "") for index in range(len(plan.variants))]
    for table in tables:
        table.canvas.charts.clear()  # their series have their names on the comparison's sheet
    workings = Workings([each.table.canvas.name for each in tables])
    shown = [each.table for each in tables]
    if plan.network.is_dense:
        explorer = explorer_sheet(sources, shown, workings)
    else:
        explorer = plane_explorer_sheet(plan, shown, workings)
    return [explorer, *sources.canvases, *(each.canvas for each in tables), workings.canvas]


_SHEETS: dict[tuple[int, Moment], tuple[Plan, list[Canvas]]] = {}


def sheets_at(plan: Plan, moment: Moment) -> list[Canvas]:
    """What `sheets` returns when a moment is chosen, composed once for all tests of it."""
    key = id(plan), moment
    if key not in _SHEETS:
        _SHEETS[key] = plan, sheets(with_choice(plan, moment))  # which keeps the number its own
    return _SHEETS[key][1]


@dataclass
class Book:
    """A workbook in which moments can be chosen."""

    plan: Plan
    folder: Path
    moments: list[Moment] = field(default_factory=list)
    """Those that are computed together, when the first of them is wanted."""
    known: dict[Moment, Shown] = field(default_factory=dict)

    def __post_init__(self) -> None:
        canvases = sheets(self.plan)
        self.explorer = canvases[0]
        write_workbook(canvases, self.folder / "book.xlsx", "")

    def changes(self, moment: Moment) -> Changes:
        """The cells that choose a moment."""
        table, iteration, weight = moment
        choices = (self.plan.variants[table].tab, float(iteration), weight)
        keys = ("explorer_table", "explorer_iteration", "explorer_weight")
        return {
            EXPLORER: {self.explorer.inputs[key]: c for key, c in zip(keys, choices, strict=True)}
        }

    def at(self, moment: Moment) -> Path:
        """Choose a moment in the file."""
        path = self.folder / "chosen.xlsx"
        write_changed(self.folder / "book.xlsx", path, self.changes(moment), cached=-777.0)
        return path

    def shown(self, moment: Moment) -> Shown:
        if moment not in self.known:
            moments = self.moments if moment in self.moments else [moment]
            cases = map(self.changes, moments)
            found = IRONCALC.recalculate_changed(self.folder / "book.xlsx", cases)
            for each, values in zip(moments, found, strict=True):
                table, iteration, weight = each
                tab = self.plan.variants[table].tab
                self.known[each] = Shown(self.plan, tab, iteration, weight, values)
        return self.known[moment]

    def wrong(self, moment: Moment, values: Values) -> list[str]:
        """The cells that are not what the reference says of a moment."""
        wrong, canvases = [], sheets_at(self.plan, moment)
        for canvas in (canvases[0], canvases[-1]):
            for row, column, formula, expected in canvas.promised():
                value = values[canvas.name].get((row, column))
                reason, _ = disagreement(expected, value, 1.0, tolerance_of(self.plan))
                if reason:
                    wrong.append(f"{row, column}: {formula}: {expected!r}, {value!r}: {reason}")
        return wrong


def corners(reference: str) -> list[tuple[int, int]]:
    """The first and the last cell of Sheet!$A$1:$B$2, counted from 0."""
    ends = reference.rpartition("!")[2].replace("$", "").split(":")
    places = map(coordinate_to_tuple, ends)
    return [(row - 1, column - 1) for row, column in places]
