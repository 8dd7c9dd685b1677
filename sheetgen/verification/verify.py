"""Verifies a workbook: every formula, recalculated by spreadsheet engines, against the reference.

The network is read from the file itself. The same workbook is then composed in memory, which
gives the value that NumPy expects in every formula cell. The engines get a copy of the file whose
cached values are all wrong, so that none can pass for a calculated one. Perturbations change the
input cells and everything is compared again: only live formulas follow.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path

import numpy as np

from sheetgen.console import progress
from sheetgen.errors import InputError
from sheetgen.spreadsheet.address import relative_address
from sheetgen.spreadsheet.agreement import OTHER_TOLERANCE, TOLERANCE, disagreement
from sheetgen.spreadsheet.canvas import Canvas, Value
from sheetgen.spreadsheet.engines import EMBEDDED, Engine
from sheetgen.spreadsheet.reader import EMPTY, FileCell, read_cells
from sheetgen.spreadsheet.tokens import refers_to_cells
from sheetgen.verification.older import Older
from sheetgen.verification.perturbation import perturbed
from sheetgen.verification.results import Finding, Result, SheetResult
from sheetgen.verification.sensitivity import Sensitivity
from sheetgen.version import is_older
from sheetgen.workbook.compose import compose
from sheetgen.workbook.extent import MANY, formulas_of
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.sheets import origin

BATCH = 4  # states of the workbook that are in memory at once

Place = tuple[int, int]
Cells = Mapping[str, Mapping[Place, FileCell]]


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


def read_subject(path: Path) -> Subject:
    """Read a workbook: the structure from its `_sheetgen`, the numbers from its input cells.

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
    plan = Plan.of(made_from.template)
    composed: Callable[[Plan], Sequence[Canvas]] = compose
    canvases, older = composed(plan), None
    if is_older(made_from.written_by):
        older = Older.of(plan, canvases, cells, made_from.sheets)
        composed = older.comparing(compose)
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
        found = sum(cell.formula is not None for sheet in cells.values() for cell in sheet.values())
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


def tolerance_of(plan: Plan) -> float:
    """Return the tolerance that holds for a workbook's optimisers."""
    return TOLERANCE if set(plan.optimizers) == {"sgd"} else OTHER_TOLERANCE


def _compare(
    subject: Subject,
    canvas: Canvas,
    values: Mapping[Place, Value | None],
    sensitivity: Sensitivity,
) -> SheetResult:
    result, cells = SheetResult(canvas.name), subject.cells.get(canvas.name, {})
    tolerance = tolerance_of(subject.plan)
    findings: list[tuple[bool, Place, Finding]] = []
    sensitive: list[tuple[bool, Place]] = []
    promised: set[Place] = set()
    for row, column, formula, expected in canvas.promised():
        place = row, column
        promised.add(place)
        cell = cells.get(place, EMPTY)
        # Some engines save an empty text as no value at all.
        value = values.get(place, "" if expected == "" else None)
        shown = "" if cell.formula is None else f"={cell.formula}"
        is_ours = shown == formula
        reason, difference = "" if is_ours else _wrong_formula(formula, cell), 0.0
        if not reason:
            scale = canvas.scales.get(place, 1.0)
            reason, difference = disagreement(expected, value, scale, tolerance)
        off = canvas.name, place, expected, value, difference
        if reason and is_ours and sensitivity.explains(*off):
            if not sensitivity.is_beyond(canvas.name, place):
                sensitive.append((place in canvas.cells, place))
            continue
        result.largest_difference = max(result.largest_difference, difference)
        if reason:
            finding = Finding(canvas.name, relative_address(*place), reason, shown, expected, value)
            findings.append((is_ours, place, finding))
        elif not is_ours and not subject.older:
            result.reworded.append(relative_address(*place))
    result.formulas = len(promised)
    formulas = (place for place, cell in sorted(cells.items()) if cell.formula is not None)
    if not (subject.older and canvas.name in subject.older.tables):
        result.extra = [relative_address(*place) for place in formulas if place not in promised]
    # A table's rows come first: they say from where on the training is chaotic.
    result.sensitive = [relative_address(*place) for _, place in sorted(sensitive)]
    # Cells whose formula has changed come first: others are wrong because they read those.
    result.findings = [finding for *_, finding in sorted(findings, key=itemgetter(0, 1))]
    return result


def _wrong_formula(expected: str, cell: FileCell) -> str:
    """Say what is wrong with the cell before anything is computed, or return nothing."""
    if cell.formula is None:
        found = "nothing" if cell.value is None else f"the constant {cell.value!r}"
        return f"it holds {found} where a formula belongs ({expected})"
    if refers_to_cells(expected) and not refers_to_cells(cell.formula):
        return f"its formula refers to no cell where one that does belongs ({expected})"
    return ""
