"""Describes a run of `cnn train` as its sheet shows it, from what its files say. Needs no torch."""

from dataclasses import replace
from pathlib import Path

from cnn.log.description import Confusion, Target, TrainingLog
from cnn.log.kept_results import Results
from cnn.log.metrics import Logged
from cnn.log.metrics_file import sheet_name
from cnn.log.run_facts import Facts
from cnn.model_names import is_own, label
from cnn.training.config import Config
from cnn.training.run import Line

MOST_PARAMETERS = 20_000
# The fields of a line in the order of the table; those that belong together are side by side.
_FIELDS = (
    "epoch",
    "train_loss",
    "test_loss",
    "train_accuracy",
    "test_accuracy",
    "learning_rate",
    "seconds",
    "samples_per_second",
)


def described_untested(path: Path) -> TrainingLog:
    """Return the description of a run as its files tell it, without testing the network again.

    Raises InputError if the run is missing or damaged, or if no epoch is finished.
    """
    facts = Facts.of(path)
    done, all_of_them = len(facts.log), facts.config.recipe.epochs
    return _described(facts, f"{facts.parameters:,} parameters, {done} of {all_of_them} epochs")


def described_with(facts: Facts, results: Results, subtitle: str) -> TrainingLog:
    """Return the description of a run with the results of its network's test."""
    images = facts.config.image_format
    return replace(
        _described(facts, subtitle),
        layers=results.layers,
        confusion=Confusion(images.classes, results.findings.confusion, images.noun),
        examples=results.examples,
        wrong=results.findings.wrong,
    )


def _described(facts: Facts, subtitle: str) -> TrainingLog:
    name = f"CNN {label(facts.config.model)}"
    return TrainingLog(
        sheet=sheet_name(name),
        title=f"{name}: {facts.title}",
        details=f"run {facts.name}: {subtitle}",
        mark=facts.mark,
        rows=[_row(line, facts.config) for line in facts.log],
        settings=facts.settings,
        target=_target(facts.target, facts.config),
        most_parameters=None if is_own(facts.config.model) else MOST_PARAMETERS,
    )


def _target(accuracy: float | None, config: Config) -> Target | None:
    return None if accuracy is None else Target(f"{config.tested_on} accuracy", accuracy)


def _row(line: Line, config: Config) -> dict[str, Logged]:
    names = (field.replace("test_", f"{config.tested_on} ") for field in _FIELDS)
    return {name.replace("_", " "): line[field] for name, field in zip(names, _FIELDS, strict=True)}
