"""Compares trainings: what their settings differ in, which are the same but for the seed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import cos, pi, sin, sqrt, tan

from cnn.log.description import TrainingLog
from cnn.log.metrics import Logged, Metric, is_number
from sheetgen.errors import InputError

SEED = "seed"
_ASIDE = {"versions", "device", "MD5 of the data", "run"}
"""Lines of the settings that say where a training ran, not what was trained."""
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Comparison:
    """Several trainings, those that differ in the seed alone next to each other."""

    title: str
    logs: tuple[TrainingLog, ...]
    names: tuple[str, ...]
    """What each training is called, differently from the others."""

    @classmethod
    def of(cls, title: str, named: Iterable[tuple[str, TrainingLog]]) -> "Comparison":
        """Return the trainings by groups. Raises InputError if they have no metric in common."""
        found = list(named)
        keys = [_without_seed(log) for _, log in found]
        # A group is where its first training was named.
        order = sorted(range(len(found)), key=lambda place: keys.index(keys[place]))
        logs = tuple(found[place][1] for place in order)
        comparison = cls(title, logs, tuple(_different([found[place][0] for place in order])))
        if not comparison.metrics:
            raise InputError("the trainings have no metric in common; expected one that all logged")
        return comparison

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that all trainings have numbers of, the main one first."""
        numeric = [
            {each.name: each for each in log.metrics if each.numbers and not each.is_time}
            for log in self.logs
        ]
        shared = [name for name in numeric[0] if all(name in names for names in numeric)]
        main = self.logs[0].main
        return tuple(sorted(shared, key=lambda name: main is None or name != main.name))

    @cached_property
    def steps(self) -> tuple[float, ...]:
        """The epochs that any training has."""
        return tuple(sorted({step for log in self.logs for step in log.steps}))

    @cached_property
    def groups(self) -> tuple[range, ...]:
        """The places of the trainings of each group."""
        keys = [_without_seed(log) for log in self.logs]
        firsts = [place for place, key in enumerate(keys) if place == 0 or key != keys[place - 1]]
        ends = [*firsts[1:], len(keys)]
        return tuple(range(first, end) for first, end in zip(firsts, ends, strict=True))

    @cached_property
    def differing(self) -> tuple[str, ...]:
        """The names of the settings that are not the same in all trainings."""
        settings = [dict(log.settings) for log in self.logs]
        names = dict.fromkeys(name for each in settings for name in each if name not in _ASIDE)
        return tuple(name for name in names if len({repr(each.get(name)) for each in settings}) > 1)

    def metric(self, place: int, name: str) -> Metric:
        """Return a metric of a training."""
        return next(each for each in self.logs[place].metrics if each.name == name)

    def values(self, place: int, name: str) -> list[Logged]:
        """Return the values of a metric at all steps, None where a training has none."""
        log = self.logs[place]
        by_step = dict(zip(log.steps, self.metric(place, name).values, strict=True))
        return [by_step.get(step) for step in self.steps]

    def setting(self, place: int, name: str) -> Logged:
        """Return a setting of a training."""
        return dict(self.logs[place].settings).get(name)

    def called(self, group: range) -> str:
        """Return what the trainings of a group have in common and others have not."""
        told = [
            f"{name} {self.setting(group[0], name)}"
            for name in self.differing
            if not is_seed(name) and self.setting(group[0], name) is not None
        ]
        return ", ".join(told) or (self.names[group[0]] if len(group) == 1 else "all")


def is_seed(name: str) -> bool:
    """Tell whether a setting is where random numbers begin."""
    return name.lower() == SEED or name.lower().endswith(("_seed", " seed", "random_state"))


def _without_seed(log: TrainingLog) -> str:
    return repr([(k, v) for k, v in log.settings if k not in _ASIDE and not is_seed(k)])


def _different(names: Sequence[str]) -> list[str]:
    """Return names that differ: the second "best" is "best (2)"."""
    found: list[str] = []
    for name in names:
        others = (name, *(f"{name} ({number})" for number in range(2, len(names) + 1)))
        found.append(next(each for each in others if each not in found))
    return found


def known_numbers(values: Iterable[Logged]) -> list[float]:
    """Return the finite numbers among values."""
    return [float(value) for value in values if is_number(value)]


def t_quantile(freedom: int) -> float:
    """Return t such that a variable of Student's distribution is within ±t with 95 %.

    Abramowitz and Stegun, 26.7.3 and 26.7.4, solved for the angle θ = arctan(t/√ν) by halving.
    """
    low, high = 0.0, pi / 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (low, middle) if _within(middle, freedom) > CONFIDENCE else (middle, high)
    return tan(low) * sqrt(freedom)


def _within(angle: float, freedom: int) -> float:
    odd = freedom % 2
    term = cos(angle) if odd else 1.0
    total = term if freedom > 1 else 0.0
    for power in range(2 + odd, freedom - 1, 2):
        term *= cos(angle) ** 2 * (power - 1) / power
        total += term
    return 2 / pi * (angle + sin(angle) * total) if odd else sin(angle) * total
