"""Reads a template's [training] from its TOML document."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from sheetgen.errors import InputError
from sheetgen.network import optimizers, schedules
from sheetgen.network.optimizers import OPTIMIZERS
from sheetgen.network.schedules import SCHEDULES
from sheetgen.network.training import Reduction
from sheetgen.spreadsheet.address import MAXIMUM_ROWS
from sheetgen.template.toml_table import MAXIMUM_SEED, Table, chosen

MAXIMUM_ITERATIONS = MAXIMUM_ROWS - 100  # leaves room for headings above the table
MAXIMUM_RATES = 100  # each has a sheet of its own, and a chart takes 255 series

KEYS = ("learning_rates", "iterations", "batch_size", "reduction", "shuffle_seed", "optimizer",
        "schedule", "compare")  # fmt: skip
HYPERPARAMETERS = tuple(dict.fromkeys(key for each in OPTIMIZERS.values() for key in each.defaults))
SCHEDULE_PARAMETERS = tuple(
    dict.fromkeys(key for each in SCHEDULES.values() for key in each.defaults)
)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How the network is trained, as [training] says.

    `order` is the place in the data, from 0, of each sample of an epoch. `hyperparameters` are
    those of `optimizer`, with its defaults for what is not `given`; a weight decay of 0 is left
    out. `compare` names the optimisers to compare; without any, the learning rates are compared.
    """

    learning_rates: tuple[float, ...]
    iterations: int
    batch_size: int
    reduction: Reduction
    order: tuple[int, ...]
    optimizer: str
    hyperparameters: dict[str, float]
    given: dict[str, float]
    schedule: str
    schedule_parameters: dict[str, float]
    compare: tuple[str, ...]

    def hyperparameters_of(self, optimizer: str) -> dict[str, float]:
        """Return an optimiser's defaults, overridden by what is given.

        Raises KeyError for an unknown optimiser.
        """
        if optimizer == self.optimizer:
            return dict(self.hyperparameters)
        return hyperparameters(optimizer, self.given)


def hyperparameters(optimizer: str, given: Mapping[str, float]) -> dict[str, float]:
    """Return an optimiser's defaults, overridden by what is given, without a decay of 0.

    Raises KeyError for an unknown optimiser and ValueError for a value that is out of range.
    """
    known = OPTIMIZERS[optimizer].defaults
    own = {key: value for key, value in given.items() if key in known}
    merged = optimizers.hyperparameters(optimizer, own)
    return {key: value for key, value in merged.items() if (key, value) != ("weight_decay", 0)}


def check_learning_rates(rates: Sequence[float], path: str) -> None:
    """Raise InputError unless there is a rate and all are positive, finite and distinct as %g."""
    if len(rates) > MAXIMUM_RATES:
        raise InputError(f"{path}: found {len(rates)}; expected at most {MAXIMUM_RATES}")
    if not rates:
        raise InputError(f"{path}: found none; expected at least one number above 0")
    for rate in rates:
        if not (isfinite(rate) and 0 < rate <= 1e6):
            raise InputError(
                f"{path}: found {rate:g}; expected numbers above 0, at most 1e6 "
                "(after decimal commas a semicolon separates: 0,5;1)"
            )
    for tab, count in Counter(f"{rate:g}" for rate in rates).items():
        if count > 1:
            raise InputError(f"{path}: found {tab} twice; expected each rate once")


def check_compared(compare: Sequence[str], rates: Sequence[float], path: str) -> None:
    """Raise InputError if optimisers are compared at several learning rates."""
    if compare and len(rates) > 1:
        raise InputError(
            f"{path}: found {len(rates)} rates; expected one beside compare, "
            "as optimisers are compared at the same learning rate"
        )


def check_iterations(count: int, path: str) -> None:
    """Raise InputError unless the table of `count` iterations fits a worksheet."""
    if not 1 <= count <= MAXIMUM_ITERATIONS:
        raise InputError(
            f"{path}: found {count}; expected 1 to {MAXIMUM_ITERATIONS}, what a worksheet holds"
        )


def read_recipe(table: Table, samples: int) -> Recipe:
    """Read [training] for data of `samples` samples; raises InputError for what does not fit."""
    table.only(*KEYS, *HYPERPARAMETERS, *SCHEDULE_PARAMETERS)
    rates = table.numbers("learning_rates")
    check_learning_rates(rates, table.path("learning_rates"))
    iterations = table.values.get("iterations", 100)
    if type(iterations) is not int:
        raise table.refused("iterations", "a whole number")
    check_iterations(iterations, table.path("iterations"))
    compare = _compare(table)
    check_compared(compare, rates, table.path("learning_rates"))
    optimizer = table.choice("optimizer", OPTIMIZERS, compare[0] if compare else "sgd")
    given = _given(table, tuple(dict.fromkeys((optimizer, *compare))))
    schedule = table.choice("schedule", SCHEDULES, "constant")
    reduction = table.choice("reduction", ("mean", "sum"), "mean")
    return Recipe(
        learning_rates=rates,
        iterations=iterations,
        batch_size=_batch_size(table, samples),
        reduction="sum" if reduction == "sum" else "mean",
        order=_order(table, samples),
        optimizer=optimizer,
        hyperparameters=hyperparameters(optimizer, given),
        given=given,
        schedule=schedule,
        schedule_parameters=_schedule_parameters(table, schedule),
        compare=compare,
    )


def _compare(table: Table) -> tuple[str, ...]:
    found, path = table.values.get("compare", "learning-rates"), table.path("compare")
    if isinstance(found, list):
        names = table.texts("compare")
        return tuple(
            chosen(name, OPTIMIZERS, f"{path}[{index}]") for index, name in enumerate(names)
        )
    kind = chosen(found, ("learning-rates", "optimizers"), path)
    return tuple(OPTIMIZERS) if kind == "optimizers" else ()


def _given(table: Table, chosen_optimizers: tuple[str, ...]) -> dict[str, float]:
    """Return the hyper-parameters in the table; each must belong to one of the optimisers."""
    given = {key: table.number(key) for key in HYPERPARAMETERS if key in table}
    known = [key for name in chosen_optimizers for key in OPTIMIZERS[name].defaults]
    for key in given:
        if key not in known:
            names, keys = " or ".join(chosen_optimizers), ", ".join(dict.fromkeys(known))
            raise table.refused(key, f"only {keys} with the optimiser {names}")
    for name in chosen_optimizers:
        try:
            hyperparameters(name, given)
        except ValueError as error:  # which begins with the key
            raise InputError(table.path(str(error))) from None
    return given


def _schedule_parameters(table: Table, schedule: str) -> dict[str, float]:
    given = {key: table.number(key) for key in SCHEDULE_PARAMETERS if key in table}
    try:
        return schedules.parameters(schedule, given)
    except ValueError as error:
        raise InputError(table.path(str(error))) from None


def _batch_size(table: Table, samples: int) -> int:
    if table.values.get("batch_size") == "full":
        return samples
    if "batch_size" not in table:
        return 1
    expected = f'a whole number from 1 to {samples}, the samples of the data, or "full"'
    return table.whole("batch_size", 1, samples, expected)


def _order(table: Table, samples: int) -> tuple[int, ...]:
    if "shuffle_seed" not in table:
        return tuple(range(samples))
    seed = table.whole("shuffle_seed", 0, MAXIMUM_SEED)
    return tuple(np.random.default_rng(seed).permutation(samples).tolist())
