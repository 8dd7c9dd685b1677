"""Reads a run with its network's results on the test images."""

from dataclasses import dataclass, field
from pathlib import Path

from cnn.data.images import Images
from cnn.log.run_facts import Facts
from cnn.models import parameter_count
from cnn.training.config import BEST, LAST, new_model
from cnn.training.evaluation import Evaluation, evaluate_run, run_data
from cnn.training.run import Line, Run
from sheetgen.errors import InputError

ROUNDING = 2.5
"""Images on which two devices may differ because they round floating-point sums differently."""


@dataclass(frozen=True)
class Record(Facts):
    """A run and the evaluation of its network."""

    evaluation: Evaluation
    images: Images
    checksums: dict[str, str] = field(default_factory=dict)
    """The MD5 of the data that the images are of."""
    epoch: int | None = None
    """The epoch that the weights are of, if they are the best and not the last ones."""

    @property
    def subtitle(self) -> str:
        """The size of the network, the length of the training, and the test data."""
        best = f", weights of epoch {self.epoch}, the best" if self.epoch else ""
        return self.tested(parameter_count(new_model(self.config)), len(self.images), best)


def read_record(path: Path, data_dir: Path | None, weights: str = LAST) -> Record:
    """Read a run and test its network, with its last or its best weights.

    Raises InputError if the run or the data is missing or damaged, if no epoch is finished, or if
    the weights do not have the accuracy of the log.
    """
    Run(path).require_possible_name()
    config, evaluation = evaluate_run(path, data_dir, weights)
    state = Run(path).read_checkpoint()
    # A run that was killed between writing the two has one epoch less in its log.
    facts = Facts.of(path, state["log"] if state else None)
    best = max(facts.log, key=lambda line: line["test_accuracy"]) if weights == BEST else None
    _require_the_logs_weights(path, best or facts.log[-1], evaluation)
    data, epoch = run_data(path, config, data_dir), best["epoch"] if best else None
    return Record(
        **vars(facts),
        evaluation=evaluation,
        images=data.test,
        checksums=data.checksums,
        epoch=epoch,
    )


def _require_the_logs_weights(path: Path, last: Line, evaluation: Evaluation) -> None:
    logged = last["test_accuracy"] * len(evaluation.labels)
    if abs(evaluation.right - logged) > ROUNDING:
        raise InputError(
            f"the weights in {path} are not those of its log: their accuracy is "
            f"{evaluation.accuracy:.2%}, in the log it is {last['test_accuracy']:.2%}"
        )
