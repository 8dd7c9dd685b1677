"""Moves the inputs of a workbook at random, so that only live formulas follow."""

from collections.abc import Iterable

import numpy as np

from sheetgen.network.data import Problem
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.workbook.plan import Plan

LARGEST_CHANGE = 0.2  # of an input, relative
LARGEST_EPSILON = 4000  # times ε: enough for the gradient check to have to say FAIL


def perturbed(plan: Plan, canvases: Iterable[Canvas], random: np.random.Generator) -> Plan:
    """Return a plan with every input moved; the canvases are its sheets.

    Numbers move by at most 20 %, a 0 by at most 0.2; learning rates only down; ε far up. Choices
    from a list and whole numbers are drawn again. Targets that name a class are permuted.
    """
    values: dict[str, float | str] = {}
    for canvas in canvases:
        for key, place in canvas.inputs.items():
            limits, value = canvas.validations[place], canvas.value(*place)
            if key in canvas.options:
                values[key] = str(random.choice(canvas.options[key]))
            elif limits["validate"] == "integer":
                least, most = limits["minimum"], limits["maximum"]
                values[key] = float(random.integers(least, most, endpoint=True))
            else:
                moved = _moved(key, float(value), random)
                moved = max(float(limits["minimum"]), min(float(limits["maximum"]), moved))
                # Few digits, so that texts that contain the number are the same in every engine.
                values[key] = float(f"{moved:.6g}")
    return plan.with_values(values | _permuted_targets(plan, random))


def _moved(key: str, value: float, random: np.random.Generator) -> float:
    if key == "epsilon":
        return min(0.5, value * random.uniform(LARGEST_EPSILON / 4, LARGEST_EPSILON))
    if key.startswith("learning_rate"):
        return value * random.uniform(1 - LARGEST_CHANGE, 1)
    # A relative change would leave a 0 at 0, and hide what is multiplied by it.
    moved = value * random.uniform(1 - LARGEST_CHANGE, 1 + LARGEST_CHANGE)
    return moved or random.uniform(-LARGEST_CHANGE, LARGEST_CHANGE)


def _permuted_targets(plan: Plan, random: np.random.Generator) -> dict[str, float]:
    """Return other targets of the same kind where they name classes."""
    found: dict[str, float] = {}
    for problem in plan.data.problems or (Problem("", plan.data.targets),):
        targets = np.array(problem.targets + plan.data.test_targets)
        if plan.data.is_one_hot:
            targets = random.permuted(targets, axis=1)
        elif plan.network.loss.activation == "sigmoid" and set(targets.ravel()) <= {0.0, 1.0}:
            targets = 1 - targets if len(targets) == 1 else random.permuted(targets, axis=0)
        else:
            continue
        for (sample, place), target in np.ndenumerate(targets):
            name = plan.network.target_names[place]
            found[plan.data_key(name, sample, problem.name)] = float(target)
    return found
