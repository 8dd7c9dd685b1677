"""Tells from the name and the values of a metric what it is, and how to show it.

`val_acc`, `Accuracy/test` and `test accuracy` are the accuracy of test data, whatever library
wrote them; `acc` and `train_accuracy` belong into the same chart.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import floor, isfinite, log10
from typing import TypeGuard

Logged = float | int | str | None
"""A value in a log; None is one that is missing."""

_WORD = re.compile(r"[^\W_]+")
_CAPITAL = re.compile("(?<=[a-z]{2})(?=[A-Z])")
"""Where a word begins within another, as in valLoss, but not in mAP."""
_TRAIN = {"train", "training", "tr"}
_TEST = {"val", "valid", "validation", "test", "testing", "eval", "evaluation", "dev", "holdout"}
_NO_MEANING = {"epoch", "metrics", "metric"}
_ACCURACY = {"acc", "accuracy", "precision", "recall", "top"}
_RISING = _ACCURACY | {
    *("f", "auc", "auroc", "auprc", "roc", "ap", "map", "iou", "miou", "dice", "jaccard", "score"),
    *("bleu", "rouge", "meteor", "cider", "chrf", "em", "match", "ndcg", "mrr", "hit", "hits"),
    *("r", "kappa", "mcc", "correlation", "pearson", "spearman", "similarity", "nmi", "ari"),
    *("psnr", "ssim", "snr", "sdr", "reward", "rew", "return", "win", "wins", "success", "pass"),
    *("elo", "sensitivity", "specificity", "likelihood", "elbo"),
}
_LOSS = {
    *("loss", "error", "err", "mse", "mae", "rmse", "mape", "nll", "bce", "crossentropy", "cost"),
    *("perplexity", "ppl", "bpc", "wer", "cer", "fid", "lpips", "ece", "brier", "regret", "false"),
    *("distance", "divergence", "kl", "hausdorff"),
}
"""Words of names of which less is better; those of `_RISING` do not count beside them."""
BEST = {"max": True, "min": False}
"""How a user says whether the most or the least of a metric is best."""
_TIME = {"seconds", "second", "time", "runtime", "duration", "minutes", "sec", "elapsed"}
_SAME = {"acc": "accuracy", "err": "error", "valid": "val"}
_DIGITS = 6
"""Decimals of a number below 1 in the table."""


@dataclass(frozen=True)
class Metric:
    """A column of a log."""

    name: str
    values: tuple[Logged, ...]
    most_is_best: bool | None = None
    """What is known of it besides its name."""

    @cached_property
    def numbers(self) -> tuple[float, ...]:
        """Its finite numbers, in order."""
        return tuple(float(value) for value in self.values if is_number(value))

    @property
    def is_clean(self) -> bool:
        """Whether it holds numbers and gaps only, no text and nothing infinite."""
        return all(value is None or is_number(value) for value in self.values)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of the name."""
        return tuple(_WORD.findall(_CAPITAL.sub(" ", self.name).lower())) or (self.name,)

    @property
    def part(self) -> str:
        """The data that it was measured on: "train", "test", or "" where the name does not say."""
        words = set(self.words)
        return "test" if words & _TEST else "train" if words & _TRAIN else ""

    @cached_property
    def stem(self) -> tuple[str, ...]:
        """What it measures: the name without the part of the data."""
        if self.is_rate:
            return ("learning", "rate")
        left = [word for word in self.words if word not in _TRAIN | _TEST | _NO_MEANING]
        return tuple(_SAME.get(word, word) for word in left) or self.words

    @property
    def is_accuracy(self) -> bool:
        """Whether the name says that it is a share of right answers."""
        return self._says(_ACCURACY)

    @property
    def is_loss(self) -> bool:
        """Whether the name says that it is a loss or an error."""
        return self._says(_LOSS)

    @property
    def is_rate(self) -> bool:
        """Whether it is a learning rate."""
        return self._says({"lr"}) or {"learning", "rate"} <= set(self.words)

    @property
    def is_time(self) -> bool:
        """Whether it says how long something took, or how fast it was."""
        return self._says(_TIME)

    @property
    def rises(self) -> bool:
        """Whether more is better; less is where nothing tells."""
        return bool(self.told)

    @cached_property
    def told(self) -> bool | None:
        """Whether more is better, None where neither the user nor the name tells."""
        if self.most_is_best is not None:
            return self.most_is_best
        if self.is_loss or {"negative", "likelihood"} <= set(self.words):
            return False
        return True if self._says(_RISING) else None

    @property
    def is_share(self) -> bool:
        """Whether it is shown in percent: an accuracy from 0 to 1."""
        return self.is_accuracy and bool(self.numbers) and 0 <= min(self.numbers) <= self.most <= 1

    @property
    def most(self) -> float:
        """Its largest number."""
        return max(self.numbers)

    @property
    def kind(self) -> str:
        """The kind of quantity, which gives a column its colour."""
        if self.is_rate:
            return "weight"
        return "error" if self.is_loss else "unit" if self.rises else "helper"

    @cached_property
    def best(self) -> float:
        """Its best number."""
        return max(self.numbers) if self.rises else min(self.numbers)

    def _says(self, known: set[str]) -> bool:
        """Tell whether a word of the name is known, also with a number after it, as in top5."""
        return any(word in known or word.rstrip("0123456789") in known for word in self.words)


@dataclass(frozen=True)
class Group:
    """The metrics of one chart."""

    metrics: tuple[Metric, ...]

    @property
    def title(self) -> str:
        """What they measure, in words."""
        if len(self.metrics) == 1:
            return self.metrics[0].name
        return " ".join(self.metrics[0].stem)

    @property
    def is_share(self) -> bool:
        """Whether they are in percent."""
        return all(metric.is_share for metric in self.metrics)


def is_number(value: Logged) -> TypeGuard[float]:
    """Tell whether a logged value is a finite number."""
    return isinstance(value, (int, float)) and isfinite(value)


def groups(metrics: Iterable[Metric]) -> list[Group]:
    """Return the metrics that belong into one chart together; learning rates come last.

    Times, and what has no numbers, have no chart.
    """
    found: dict[tuple[tuple[str, ...], bool], list[Metric]] = {}
    for metric in metrics:
        if metric.numbers and not metric.is_time:
            found.setdefault((metric.stem, metric.is_share), []).append(metric)
    drawn = [Group(tuple(members)) for members in found.values()]
    return sorted(drawn, key=lambda group: group.metrics[0].is_rate)


def number_formats(metrics: Sequence[Metric]) -> dict[str, str]:
    """Return the number format of each metric; what measures the same has the same."""
    found: dict[str, str] = {}
    for metric in metrics:
        alike = [each for each in metrics if each.stem == metric.stem] or [metric]
        numbers = [number for each in alike for number in each.numbers]
        found[metric.name] = "0.00%" if metric.is_share else number_format(numbers, metric.is_time)
    return found


def number_format(numbers: Sequence[float], is_time: bool = False) -> str:
    """Return a number format by which the numbers fill a column of eight digits."""
    sizes = [abs(number) for number in numbers if number]
    largest = max(sizes, default=0.0)
    if all(number == floor(number) for number in numbers) and largest < 1e7:
        return "#,##0" if largest >= 10_000 else "0"
    if is_time and largest >= 1:
        return "0.0" if largest < 1000 else "#,##0"
    decimals = _DIGITS - max(0, floor(log10(largest)))
    if decimals < 1 or min(sizes) < 10.0**-_DIGITS:
        return "0.00E+00"
    return "0." + "0" * decimals
