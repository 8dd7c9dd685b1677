"""Verifies a workbook: every formula, recalculated by spreadsheet engines, against the reference.

The network is read from the file itself. The same workbook is then composed in memory, which
gives the value that NumPy expects in every formula cell. The engines get a copy of the file whose
cached values are all wrong, so that none can pass for a calculated one. Perturbations change the
input cells and everything is compared again: only live formulas follow.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from sheetgen.console import progress
from sheetgen.errors import InputError
from sheetgen.spreadsheet.canvas import Canvas, Value
from sheetgen.spreadsheet.engines import EMBEDDED, Engine
from sheetgen.spreadsheet.reader import read_cells
from sheetgen.spreadsheet.sheet_cells import EMPTY, SheetCells
from sheetgen.verification.older import Older
from sheetgen.verification.perturbation import perturbed
from sheetgen.verification.results import Result, SheetResult
from sheetgen.verification.sensitivity import Sensitivity
from sheetgen.verification.sheet_comparison import SheetComparison, Tables
from sheetgen.version import is_older
from sheetgen.workbook.build import Built
from sheetgen.workbook.compose import compose
from sheetgen.workbook.extent import MANY, formulas_of
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.promise import tolerance_of
from sheetgen.workbook.sheets import origin
from sheetgen.workbook.sheets.proof.proof import as_built

BATCH = 4  # states of the workbook that are in memory at once

Place = tuple[int, int]
Cells = Mapping[str, SheetCells]


@dataclass(frozen=True)
class Subject:
    """A workbook to verify: its cells as the file holds them, and the network in them.

    `canvases` are the sheets as they should be, and `compose` draws those of another plan;
    `others` are the sheets that `build` did not write, which are not verified. `older` says what
    of a workbook is not, because an earlier version wrote it.
    """

    path: Path
    cells: Cells
    plan: Plan
    canvases: Sequence[Canvas]
    others: tuple[str, ...] = ()
    compose: Callable[[Plan], Sequence[Canvas]] = compose
    written_by: str = ""
    older: Older | None = None
    tables: Tables = field(default_factory=dict)
    """What is known of the formulas in the file's tables."""


def verify(
    path: Path | str,
    engines: Sequence[Engine] = (EMBEDDED,),
    perturbations: int = 1,
    seed: int = 0,
) -> list[Result]:
    """Return a result for each engine and for the file as it is, then for each perturbation.

    Each has `passed`, `formulas` and `largest_difference`. Raises InputError when the file was
    not made by sheetgen or an input cell holds no number, RunError when an engine fails.
    """
    return list(verify_subject(read_subject(Path(path)), engines, perturbations, seed))


def verify_subject(
    subject: Subject, engines: Sequence[Engine], perturbations: int = 1, seed: int = 0
) -> Iterator[Result]:
    """Yield what `verify` returns, for a file that has been read."""
    for first in range(0, perturbations + 1, BATCH):
        numbers = range(first, min(first + BATCH, perturbations + 1))
        yield from _verify_batch(subject, engines, numbers, seed)


def _verify_batch(
    subject: Subject, engines: Sequence[Engine], numbers: Sequence[int], seed: int
) -> Iterator[Result]:
    states = [_moved(subject, number, seed) for number in numbers]
    changes = [_inputs(moved) if moved is not subject else {} for moved in states]
    runs = [engine.recalculate_changed(subject.path, changes) for engine in engines]
    for number, moved in zip(numbers, states, strict=True):
        sensitivity = Sensitivity(moved.plan, moved.canvases, moved.compose)
        for engine, run in zip(engines, runs, strict=True):
            with progress.step(f"recalculating with {engine.name}"):
                values = next(run)
            sheets = tuple(
                _compare(moved, canvas, values.get(canvas.name, {}), sensitivity)
                for canvas in progress.counted(moved.canvases, "comparing the sheets")
            )
            left_out = subject.older.not_verified if subject.older else ()
            yield Result(engine.version(), number, sheets, subject.written_by, left_out)


def _moved(subject: Subject, number: int, seed: int) -> Subject:
    if not number:
        return subject
    plan = perturbed(subject.plan, subject.canvases, np.random.default_rng([seed, number]))
    return replace(subject, plan=plan, canvases=subject.compose(plan))


def _inputs(subject: Subject) -> dict[str, dict[Place, Value]]:
    older = subject.older
    return {
        canvas.name: {
            older.in_file(canvas.name, place) if older else place: canvas.value(*place)
            for place in canvas.inputs.values()
        }
        for canvas in subject.canvases
        if canvas.inputs
    }


def verify_canvases(path: Path, canvases: Sequence[Canvas], plan: Plan, engine: Engine) -> Result:
    """Return how a file agrees with its canvases, which are not those of `compose`.

    Nothing counts as sensitive to rounding. Raises RunError when the engine fails.
    """
    subject = Subject(path, read_cells(path), plan, canvases, compose=lambda _: canvases)
    (result,) = verify_subject(subject, [engine], perturbations=0)
    return result


def read_subject(path: Path, built: Built | None = None) -> Subject:
    """Read a workbook: the structure from its `_sheetgen`, the numbers from its input cells.

    What was `built` of the same template a moment ago is not composed again.

    Raises InputError when there is no such sheet or an input cell holds no number.
    """
    with progress.step("reading"):
        cells = read_cells(path)
    if origin.NAME not in cells:
        raise InputError(
            f"{path} has no sheet {origin.NAME}, so `sheetgen build` did not make it; "
            "tables that were made by hand are for `sheetgen check`"
        )
    try:
        made_from = origin.read_origin(
            {place: cell.value for place, cell in cells[origin.NAME].items()}
        )
        _require_formulas(cells, formulas_of(made_from.template))
    except InputError as error:
        raise InputError(f"{path} cannot be verified: {error}") from None
    if built and made_from.is_of(built.plan):
        plan, canvases = built.plan, built.canvases
    else:
        plan = Plan.of(made_from.template)
        canvases = compose(plan)
    composed: Callable[[Plan], Sequence[Canvas]] = partial(compose, as_built=as_built(canvases))
    older = None
    if is_older(made_from.written_by):
        older = Older.of(plan, canvases, cells, made_from.sheets)
        composed = older.comparing(composed)
        canvases = composed(plan)
    inputs = [(canvas, key) for canvas in canvases for key in canvas.inputs]
    values = {key: _input(path, canvas, key, cells, older) for canvas, key in inputs}
    if any(values[key] != canvas.value(*canvas.inputs[key]) for canvas, key in inputs):
        plan = plan.with_values(values)
        canvases = composed(plan)
    ours = set(made_from.sheets if older else (canvas.name for canvas in canvases))
    others = tuple(name for name in cells if name not in ours | {origin.NAME})
    return Subject(path, cells, plan, canvases, others, composed, made_from.written_by, older)


def _require_formulas(cells: Cells, expected: int) -> None:
    """Raise InputError if a file has few of the many formulas that it says it has.

    A small file must not make us compose a workbook that fits no memory.
    """
    if expected > MANY:
        found = sum(sheet.formulas for sheet in cells.values())
        if found < expected / 2:
            raise InputError(
                f"found {found:,} formulas; expected about {expected:,} by its {origin.NAME}"
            )


def _input(path: Path, canvas: Canvas, key: str, cells: Cells, older: Older | None) -> float | str:
    """Return what an input cell holds; raises InputError if that does not belong there."""
    if canvas.name not in cells:
        raise InputError(f"{path}: the sheet {canvas.name} is missing")
    place = canvas.inputs[key]
    there = older.in_file(canvas.name, place) if older else place
    cell = cells[canvas.name].get(there, EMPTY)
    found = "nothing" if cell.value is None else repr(cell.value)
    if cell.formula is not None:
        found = f"the formula ={cell.formula}"
    elif key in canvas.options:
        if isinstance(cell.value, str) and cell.value in canvas.options[key]:
            return cell.value
    elif type(cell.value) is float and _accepts(canvas.validations[place], cell.value):
        return cell.value
    where = canvas.absolute(*there)
    wanted = str(canvas.validations[place]["error_message"]).removeprefix("Type ").rstrip(".")
    raise InputError(f"{path}: the input cell {where} holds {found}; expected {wanted}")


def _accepts(limits: Mapping[str, object], value: float) -> bool:
    """Tell whether an input cell's validation lets a number in."""
    least, most = limits["minimum"], limits["maximum"]
    assert isinstance(least, (int, float)) and isinstance(most, (int, float))
    if limits["validate"] == "integer" and value != int(value):
        return False
    if limits["criteria"] == ">":
        return least < value < math.inf
    return least <= value <= most


def _compare(
    subject: Subject,
    canvas: Canvas,
    values: Mapping[Place, Value | None],
    sensitivity: Sensitivity,
) -> SheetResult:
    cells, older = subject.cells.get(canvas.name, SheetCells()), subject.older
    is_part = older is not None and canvas.name in older.tables
    comparison = SheetComparison(canvas, cells, tolerance_of(subject.plan), sensitivity)
    return comparison.result(values, subject.tables, older is not None, extra=not is_part)
