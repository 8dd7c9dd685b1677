"""A schedule's rates are PyTorch's, in NumPy and in the cells of every engine."""

import re
from dataclasses import dataclass
from math import isfinite

import pytest
import xlsxwriter
from conftest import WRONG, numbers
from hypothesis import assume, given
from hypothesis import strategies as st

from sheetgen.network.schedules import SCHEDULES, parameters

try:
    import torch
except ImportError:  # it belongs to the extra "cnn"
    torch = None

needs_torch = pytest.mark.skipif(torch is None, reason="torch is not installed")

bases = numbers(0.001, 10)
planned = st.integers(1, 50)


def agree(found, expected):
    return all(abs(a - b) <= 1e-12 * max(1.0, abs(b)) for a, b in zip(found, expected, strict=True))


def rates(name, base, updates, given, count):
    schedule, h = SCHEDULES[name], parameters(name, given)
    return [schedule.rate(base, update, updates, h) for update in range(count)]


def rates_in_torch(base, count, scheduler):
    """The first `count` rates of the scheduler that a function makes for an optimiser."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base)
    stepped, found = scheduler(torch.optim.lr_scheduler, optimizer), []
    for _ in range(count):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        stepped.step()
    return found


@needs_torch
@given(base=bases)
def test_constant(base):
    expected = rates_in_torch(base, 9, lambda kinds, optimizer: kinds.ConstantLR(optimizer, 1.0))
    assert rates("constant", base, 5, {}, 9) == expected


@needs_torch
@given(base=bases, step_size=st.integers(1, 20), gamma=numbers(0.01, 1))
def test_step(base, step_size, gamma):
    expected = rates_in_torch(
        base, 60, lambda kinds, optimizer: kinds.StepLR(optimizer, step_size, gamma)
    )
    assert agree(rates("step", base, 30, {"step_size": step_size, "gamma": gamma}, 60), expected)


@needs_torch
def test_step_has_the_gamma_of_torch():
    expected = rates_in_torch(1.0, 20, lambda kinds, optimizer: kinds.StepLR(optimizer, 4))
    assert agree(rates("step", 1.0, 20, {"step_size": 4}, 20), expected)


@needs_torch
@given(base=bases, gamma=numbers(0.01, 1))
def test_exponential(base, gamma):
    expected = rates_in_torch(
        base, 60, lambda kinds, optimizer: kinds.ExponentialLR(optimizer, gamma)
    )
    assert agree(rates("exponential", base, 30, {"gamma": gamma}, 60), expected)


@needs_torch
@given(base=bases, updates=planned)
def test_cosine_also_beyond_its_end(base, updates):
    count = 2 * updates + 2
    expected = rates_in_torch(
        base, count, lambda kinds, optimizer: kinds.CosineAnnealingLR(optimizer, updates)
    )
    assert agree(rates("cosine", base, updates, {}, count), expected)


def one_cycle_in_torch(base, updates, warmup):
    options = {"total_steps": updates, "pct_start": warmup, "cycle_momentum": False}
    return rates_in_torch(
        base, updates, lambda kinds, optimizer: kinds.OneCycleLR(optimizer, base, **options)
    )


@needs_torch
@given(base=bases, updates=planned, warmup=numbers(0.01, 0.99))
def test_one_cycle(base, updates, warmup):
    assume(warmup * updates != 1)  # PyTorch divides by 0
    expected = one_cycle_in_torch(base, updates, warmup)
    assert agree(rates("one-cycle", base, updates, {"warmup": warmup}, updates), expected)


@needs_torch
def test_one_cycle_has_the_warmup_of_torch():
    options = {"total_steps": 30, "cycle_momentum": False}
    expected = rates_in_torch(
        0.1, 30, lambda kinds, optimizer: kinds.OneCycleLR(optimizer, 0.1, **options)
    )
    assert agree(rates("one-cycle", 0.1, 30, {}, 30), expected)


@given(base=bases, warmup=numbers(0.01, 0.99), updates=planned)
def test_one_cycle_stays_at_its_end(base, warmup, updates):
    found = rates("one-cycle", base, updates, {"warmup": warmup}, 3 * updates)
    assert agree(found[updates - 1 :], [base / 25e4] * (2 * updates + 1))


@pytest.mark.parametrize(("updates", "warmup"), [(2, 0.5), (10, 0.1), (4, 0.25)])
def test_one_cycle_may_start_at_its_peak(updates, warmup):
    first, second = rates("one-cycle", 0.4, updates, {"warmup": warmup}, 2)
    assert first == pytest.approx(0.4, rel=1e-15)
    assert second < 0.4


@dataclass(frozen=True)
class Case:
    """A schedule with its parameters, for a number of planned updates."""

    name: str
    updates: int
    given: dict[str, float]

    @property
    def h(self):
        return parameters(self.name, self.given)


CASES = [
    Case("constant", 5, {}),
    Case("step", 12, {"step_size": 1}),
    Case("step", 12, {"step_size": 5, "gamma": 0.7}),
    Case("step", 12, {"step_size": 3, "gamma": 1}),
    Case("exponential", 12, {"gamma": 0.37}),
    Case("exponential", 12, {"gamma": 1.0}),
    *(Case("cosine", updates, {}) for updates in (1, 2, 3, 17)),
    *(Case("one-cycle", updates, {}) for updates in (1, 2, 3, 4, 10, 17)),
    *(Case("one-cycle", 10, {"warmup": warmup}) for warmup in (0.01, 0.1, 0.3333, 0.95, 0.9999)),
    Case("one-cycle", 2, {"warmup": 0.5}),
]
COUNTS = [*range(40), 999, 1_000_000]
BASE = 0.8


def test_every_engine_has_the_rates_of_numpy_and_none_fails_beyond_the_end(engine, tmp_path):
    path = tmp_path / "rates.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet("rates")
        sheet.write_column(4, 0, COUNTS)
        for column, case in enumerate(CASES, start=1):
            letter = xlsxwriter.utility.xl_col_to_name(column)
            sheet.write_column(0, column, [BASE, case.updates, *case.h.values()])
            h = {key: f"{letter}${row}" for row, key in enumerate(case.h, start=3)}
            for row in range(4, 4 + len(COUNTS)):
                where = f"{letter}$1", f"$A{row + 1}", f"{letter}$2"
                formula = SCHEDULES[case.name].formula(*where, h)
                sheet.write_formula(row, column, f"={formula}", None, WRONG)
    values = engine.recalculate(path)["rates"]
    for column, case in enumerate(CASES, start=1):
        schedule = SCHEDULES[case.name]
        expected = [schedule.rate(BASE, count, case.updates, case.h) for count in COUNTS]
        assert all(isfinite(rate) and 0 <= rate <= BASE for rate in expected)
        found = [values[row, column] for row in range(4, 4 + len(COUNTS))]
        assert agree(found, expected), case


@pytest.mark.parametrize("name", SCHEDULES)
def test_cells_use_functions_that_every_program_has(name):
    schedule = SCHEDULES[name]
    h = {key: f"$D${row}" for row, key in enumerate(schedule.defaults, start=1)}
    formula = schedule.formula("$A$1", "A7", "$B$1", h)
    assert set(re.findall(r"[A-Z]+(?=\()", formula)) <= {"IF", "INT", "COS", "PI", "MIN", "LN"}
    assert all(place in formula for place in h.values())


def test_rules_are_those_of_the_base_rate():
    assert all(schedule.rule().startswith(("η = ", "p = ")) for schedule in SCHEDULES.values())
    assert all("η₀" in schedule.rule() for schedule in SCHEDULES.values())


def test_given_parameters_take_the_place_of_defaults():
    assert parameters("constant", {}) == {}
    assert parameters("step", {"step_size": 5}) == {"step_size": 5.0, "gamma": 0.1}
    assert parameters("one-cycle", {"warmup": 0.2}) == {"warmup": 0.2}
    assert parameters("one-cycle", {}) == {"warmup": 0.3}


@pytest.mark.parametrize(
    ("name", "given", "complaint"),
    [
        ("step", {"step_size": 0}, "step_size: found 0; expected a whole number of at least 1"),
        ("step", {"step_size": 2.5}, "step_size: found 2.5; expected a whole number of at least"),
        ("step", {"step_size": float("inf")}, "step_size: found inf; expected a whole number"),
        ("step", {"gamma": 0.5}, "step_size: found nothing; expected a whole number of at least 1"),
        ("exponential", {}, "gamma: found nothing; expected a number above 0, at most 1, as the"),
        ("exponential", {"gamma": 0.0}, "gamma: found 0; expected a number above 0, at most 1"),
        ("exponential", {"gamma": 1.1}, "gamma: found 1.1; expected a number above 0, at most 1"),
        ("one-cycle", {"warmup": 1.0}, "warmup: found 1; expected a number above 0 and below 1"),
        ("one-cycle", {"warmup": 0.0}, "warmup: found 0; expected a number above 0 and below 1"),
        ("cosine", {"gamma": 0.5}, "gamma: found with the schedule cosine; expected no parameters"),
        ("step", {"warmup": 0.5}, "warmup: found with the schedule step; expected only step_size"),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused(name, given, complaint):
    with pytest.raises(ValueError, match=f"^{re.escape(complaint)}"):
        parameters(name, given)


def test_an_unknown_schedule_is_a_key_error():
    assert list(SCHEDULES) == ["constant", "step", "exponential", "cosine", "one-cycle"]
    with pytest.raises(KeyError, match="polynomial"):
        parameters("polynomial", {})
