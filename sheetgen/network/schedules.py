"""Schedules of the learning rate: each class holds the NumPy form and the cell form of a rate.

All are those of torch.optim.lr_scheduler, stepped after each update of the weights and not after
each epoch. To add one, write a class and list it in SCHEDULES.
"""

# The base class says what each method does and what its arguments are.
# ruff: noqa: ARG002, D102

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from math import cos, isfinite, pi
from typing import ClassVar

Numbers = Mapping[str, float]
Texts = Mapping[str, str]
Defaults = Mapping[str, float | None]
Ranges = Mapping[str, tuple[Callable[[float], bool], str]]
"""Parameter → whether a number is in its range, and the range in words."""

COUNT = "t = 0 at the first update"


class Schedule(ABC):
    """How the learning rate η follows from the base rate η₀ and the update t.

    `defaults` are the parameters in the order in which to show them; None marks a required one.
    `equation` is the rate as a textbook writes it.
    Updates count from 0, and `updates` is the number (T) that the training is planned to have. A
    table may be continued beyond them, so rates must be finite there as well.

    A formula's arguments are addresses of cells or expressions in parentheses.
    """

    name: ClassVar[str]
    defaults: ClassVar[Defaults]
    equation: ClassVar[str]

    @abstractmethod
    def rate(self, base: float, update: int, updates: int, h: Numbers) -> float:
        """Return the learning rate of an update."""

    @abstractmethod
    def formula(self, base: str, update: str, updates: str, h: Texts) -> str:
        """Return the spreadsheet expression of the learning rate of an update."""

    def rule(self) -> str:
        """Return the equation."""
        return self.equation


class Constant(Schedule):
    """The same rate for all updates."""

    name = "constant"
    defaults: ClassVar[Defaults] = {}
    equation = "η = η₀"

    def rate(self, base: float, update: int, updates: int, h: Numbers) -> float:
        return base

    def formula(self, base: str, update: str, updates: str, h: Texts) -> str:
        return base


class Step(Schedule):
    """A factor gamma after every step_size updates.

    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html
    """

    name = "step"
    defaults: ClassVar[Defaults] = {"step_size": None, "gamma": 0.1}
    equation = f"η = η₀ · γ^⌊t / step_size⌋  ({COUNT})"

    def rate(self, base: float, update: int, updates: int, h: Numbers) -> float:
        return base * float(h["gamma"] ** (update // h["step_size"]))

    def formula(self, base: str, update: str, updates: str, h: Texts) -> str:
        falls = f"INT({update}/{h['step_size']})"
        return f"{base}*{_power(h['gamma'], falls)}"


class Exponential(Schedule):
    """A factor gamma after every update.

    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html
    """

    name = "exponential"
    defaults: ClassVar[Defaults] = {"gamma": None}
    equation = f"η = η₀ · γᵗ  ({COUNT})"

    def rate(self, base: float, update: int, updates: int, h: Numbers) -> float:
        return base * float(h["gamma"] ** update)

    def formula(self, base: str, update: str, updates: str, h: Texts) -> str:
        return f"{base}*{_power(h['gamma'], update)}"


class Cosine(Schedule):
    """Half a cosine from the base rate to 0, and up again if the training goes on.

    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017), without
    restarts, T_max being all updates:
    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html
    """

    name = "cosine"
    defaults: ClassVar[Defaults] = {}
    equation = f"η = ½ · η₀ · (1 + cos(π · t / T))  ({COUNT}, T updates in all)"

    def rate(self, base: float, update: int, updates: int, h: Numbers) -> float:
        return base * (1.0 + cos(pi * update / updates)) / 2.0

    def formula(self, base: str, update: str, updates: str, h: Texts) -> str:
        return f"{base}*(1+COS(PI()*{update}/{updates}))/2"


class OneCycle(Schedule):
    """Half a cosine up to the base rate during the warm-up, then half a cosine down to its end.

    Smith and Topin, "Super-convergence: very fast training of neural networks using large
    learning rates" (2019), with PyTorch's factors (the start is 1/25 of the base rate, the end
    10⁻⁴ of the start) and its peak at warmup · T - 1. A peak before the first update is skipped, a
    peak at the first update is that update's rate, and beyond the last update the rate stays what
    it was there; PyTorch raises errors in the latter two cases.
    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html
    """

    name = "one-cycle"
    defaults: ClassVar[Defaults] = {"warmup": 0.3}
    equation = (
        "p = warmup · T − 1;  up to p from η₀/25 to η₀: η = η₀ − ½ · (η₀ − η₀/25) · "
        "(1 + cos(π · t / p));  then to η₁ = η₀/250000: η = η₁ + ½ · (η₀ − η₁) · "
        f"(1 + cos(π · (t − p) / (T − 1 − p)))  ({COUNT}, T updates in all)"
    )

    def rate(self, base: float, update: int, updates: int, h: Numbers) -> float:
        start, end = base / 25.0, base / 25.0 / 1e4
        peak = h["warmup"] * updates - 1.0
        if update < peak:
            return _annealed(start, base, update / peak)
        return _annealed(base, end, min((update - peak) / (updates - 1.0 - peak), 1.0))

    def formula(self, base: str, update: str, updates: str, h: Texts) -> str:
        # η₀ · (1 - 24/25 · (1 + cos …)/2), and with 25 · 10⁴ = 250000 the same for the way down.
        # No quotient is by 0: the first is only taken if the peak is above t ≥ 0, and the second
        # is by T · (1 - warmup).
        peak = f"({h['warmup']}*{updates}-1)"
        down = f"MIN(({update}-{peak})/({updates}*(1-{h['warmup']})),1)"
        rising = f"1-0.48*(1+COS(PI()*{update}/{peak}))"
        falling = f"(1+249999*(1+COS(PI()*{down}))/2)/250000"
        return f"{base}*IF({update}<{peak},{rising},{falling})"


SCHEDULES: dict[str, Schedule] = {
    each.name: each for each in (Constant(), Step(), Exponential(), Cosine(), OneCycle())
}

RANGES: Ranges = {
    "step_size": (
        lambda number: number >= 1 and float(number).is_integer(),
        "a whole number of at least 1",
    ),
    "gamma": (lambda number: 0 < number <= 1, "a number above 0, at most 1"),
    "warmup": (lambda number: 0 < number < 1, "a number above 0 and below 1"),
}


def parameters(name: str, given: Numbers) -> dict[str, float]:
    """Return the defaults of a schedule with the given parameters in their place.

    Raises KeyError for an unknown schedule, and ValueError for a parameter that it does not have,
    whose value is out of range, or that is missing.
    """
    return completed(SCHEDULES[name].defaults, given, RANGES, f"the schedule {name}")


def completed(defaults: Defaults, given: Numbers, ranges: Ranges, owner: str) -> dict[str, float]:
    """Return the defaults with what is given in their place.

    Raises ValueError unless all that is given is known, finite and within its range, and all that
    has no default is given.
    """
    for key, value in given.items():
        if key not in defaults:
            expected = f"only {', '.join(defaults)}" if defaults else "no parameters"
            raise ValueError(f"{key}: found with {owner}; expected {expected}")
        is_in_range, words = ranges[key]
        if not (isfinite(value) and is_in_range(value)):
            raise ValueError(f"{key}: found {value:g}; expected {words}")
    merged: dict[str, float] = {}
    for key, default in defaults.items():
        found = given.get(key, default)
        if found is None:
            expected = f"{ranges[key][1]}, as {owner} needs it"
            raise ValueError(f"{key}: found nothing; expected {expected}")
        merged[key] = float(found)
    return merged


def _power(gamma: str, exponent: str) -> str:
    """Return the expression of a power of gamma, which is 0 if it is below e⁻⁷⁰⁰.

    LibreOffice has an error instead of 0 if a power is too small for a number.
    """
    return f"IF({exponent}*LN({gamma})<-700,0,{gamma}^{exponent})"


def _annealed(start: float, end: float, part: float) -> float:
    """Return the rate at a part (0 to 1) of the half cosine from start to end."""
    return end + (start - end) / 2.0 * (1.0 + cos(pi * part))
