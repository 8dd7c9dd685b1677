"""Compares trainings: what their settings differ in, which are the same but for the seed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import cos, pi, sin, sqrt, tan

from cnn.log.csv_metrics import listed
from cnn.log.description import TrainingLog
from cnn.log.log_page import as_listed
from cnn.log.metrics import BEST, Logged, Metric, is_number
from sheetgen.errors import InputError

SEED = "seed"
_ASIDE = {"versions", "device", "MD5 of the data", "run"}
"""Lines of the settings that say where a training ran, not what was trained."""
CONFIDENCE = 0.95
MOST_METRICS = 50
"""Metrics to choose from."""
MOST_NUMBERS = 500_000
"""Of all logs together: more would take minutes and gigabytes of memory, or a sheet's rows."""
LONGEST_NAME = 20
"""Characters of the name of a training, or of a group, on the sheet."""
SHORT = 12
"""Characters of a setting that is short."""


@dataclass(frozen=True)
class Comparison:
    """Several trainings, those that differ in the seed alone next to each other."""

    title: str
    logs: tuple[TrainingLog, ...]
    names: tuple[str, ...]
    """What each training is called, differently from the others."""
    best: Mapping[str, str] = field(default_factory=dict)
    """Whether the max or the min of a metric is best, where the user says so."""

    @classmethod
    def of(
        cls,
        title: str,
        named: Iterable[tuple[str, TrainingLog]],
        best: Mapping[str, str] | None = None,
    ) -> "Comparison":
        """Return the trainings by groups; `best` says of metrics whether max or min is best.

        Raises InputError if they have no metric in common, or too many numbers for a sheet.
        """
        found = list(named)
        keys = [_without_seed(log) for _, log in found]
        # A group is where its first training was named.
        order = sorted(range(len(found)), key=lambda place: keys.index(keys[place]))
        logs = tuple(found[place][1] for place in order)
        comparison = cls(
            title, logs, tuple(different([found[place][0] for place in order])), best or {}
        )
        if not comparison.metrics:
            told = (
                f"{comparison.names[place]} has "
                f"{listed([each.name for each in logs[place].metrics], 6) or 'none'}"
                for place in (0, comparison.other)
            )
            raise InputError(f"the trainings have no metric in common: {'; '.join(told)}")
        for name in comparison.best:
            if name not in comparison.metrics:
                known = listed(comparison.metrics)
                raise InputError(f"--best: found {name!r:.50}; expected one of {known}")
        rows = sum(len(log.rows) for log in logs)
        if rows * (1 + len(comparison.metrics)) > MOST_NUMBERS:
            raise InputError(
                f"found {len(logs)} trainings of {rows:,} epochs together and "
                f"{len(comparison.metrics)} metrics; expected at most {MOST_NUMBERS:,} numbers"
            )
        return comparison

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that all trainings logged, the main one first, of many the first.

        A training that diverged at once may have no finite number of one.
        """
        known = []
        for name in (each.name for each in self.logs[0].metrics):
            found = [each for log in self.logs for each in log.metrics if each.name == name]
            numeric = next((each for each in found if each.numbers), None)
            if len(found) == len(self.logs) and numeric and not numeric.is_time:
                known.append(numeric)
        # A learning rate is compared only where nothing else is.
        shown = [each.name for each in known if not each.is_rate] or [each.name for each in known]
        main = next((log.main.name for log in self.logs if log.main), "")
        return tuple(sorted(shown, key=lambda name: name != main)[:MOST_METRICS])

    @property
    def other(self) -> int:
        """The first training that shares no metric with all of those before it."""
        common = {each.name for each in self.logs[0].metrics}
        for place, log in enumerate(self.logs):
            common &= {each.name for each in log.metrics}
            if not common:
                return place
        return len(self.logs) - 1

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
        told = [_told(log) for log in self.logs]
        names = dict.fromkeys(name for each in told for name in each)
        found = [name for name in names if len({each.get(name) for each in told}) > 1]
        # Texts that are long come last, where there is room for them.
        lengths = {name: max(len(each.get(name, "")) for each in told) for name in found}
        return tuple(sorted(found, key=lambda name: lengths[name] // SHORT))

    def rises(self, name: str) -> bool:
        """Tell whether more of a metric is better."""
        if name in self.best:
            return BEST[self.best[name]]
        told = (each.told for log in self.logs for each in log.metrics if each.name == name)
        return next((each for each in told if each is not None), False)

    def metric(self, place: int, name: str) -> Metric:
        """Return a metric of a training."""
        found = next(each for each in self.logs[place].metrics if each.name == name)
        return replace(found, most_is_best=self.rises(name))

    def setting(self, place: int, name: str) -> str:
        """Return a setting of a training in words, "" if it has none of that name."""
        return _told(self.logs[place]).get(name, "")

    def called(self, group: range) -> str:
        """Return what the trainings of a group have in common and others have not.

        That is their settings, or if these are long the beginning of their names.
        """
        told = [
            f"{name} {self.setting(group[0], name)}"
            for name in self.differing
            if not is_seed(name) and self.setting(group[0], name)
        ]
        settings = ", ".join(told)
        starts = [self._start(each) for each in self.groups]
        is_clear = len(set(starts)) == len(starts) and all(starts)
        if len(settings) > LONGEST_NAME and is_clear:
            return self._start(group)
        return settings or self._start(group) or "all"

    def _start(self, group: range) -> str:
        """Return the words with which the names of all trainings of a group begin."""
        names = [self.names[place] for place in group]
        start = names[0]
        while not all(name.startswith(start) for name in names):
            start = start[:-1]
        if len(names) > 1 and start not in names:
            # Not the digits that the numbers of several seeds begin with.
            start = start.rstrip("0123456789")
        return start.strip(" -_.,:")


def is_seed(name: str) -> bool:
    """Tell whether a setting is where random numbers begin."""
    return name.lower() == SEED or name.lower().endswith(("_seed", " seed", "random_state"))


def _told(log: TrainingLog) -> dict[str, str]:
    """Return what was set, as a sheet says it: a log that is read from there has no more."""
    return {name: as_listed(value) for name, value in log.settings if name not in _ASIDE}


def _without_seed(log: TrainingLog) -> str:
    return repr([(name, text) for name, text in _told(log).items() if not is_seed(name)])


def different(names: Sequence[str]) -> list[str]:
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
