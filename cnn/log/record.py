"""Reads a run with its network's results on the test images."""

from dataclasses import dataclass, field
from pathlib import Path

from cnn.data.images import Images
from cnn.log.kept_results import are_of, kept_results
from cnn.log.run_facts import Facts
from cnn.models import parameter_count
from cnn.training.config import BEST, LAST, new_model
from cnn.training.evaluation import evaluate_run, run_images
from cnn.training.evaluation_findings import Findings
from cnn.training.run import Line, Run
from sheetgen.errors import InputError


@dataclass(frozen=True)
class Record(Facts):
    """A run and what the test of its network found."""

    findings: Findings
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

    What the test of the last ones found is taken as it was kept, if it was of this data.

    Raises InputError if the run or the data is missing or damaged, if no epoch is finished, or if
    the weights do not have the accuracy of the log.
    """
    Run(path).require_possible_name()
    kept = kept_results(Run(path)) if weights == LAST else None
    if kept is not None:
        facts = Facts.of(path)
        tested = run_images(path, facts.config, data_dir)
        if facts.is_of(tested.checksums):
            return Record(**vars(facts), findings=kept.findings, **vars(tested))
    config, evaluation = evaluate_run(path, data_dir, weights)
    state = Run(path).read_checkpoint()
    # A run that was killed between writing the two has one epoch less in its log.
    facts = Facts.of(path, state["log"] if state else None)
    best = max(facts.log, key=lambda line: line["test_accuracy"]) if weights == BEST else None
    findings = evaluation.findings
    _require_the_logs_weights(path, best or facts.log[-1], findings)
    tested, epoch = run_images(path, config, data_dir), best["epoch"] if best else None
    return Record(**vars(facts), findings=findings, **vars(tested), epoch=epoch)


def _require_the_logs_weights(path: Path, last: Line, findings: Findings) -> None:
    if not are_of(findings, last):
        raise InputError(
            f"the weights in {path} are not those of its log: their accuracy is "
            f"{findings.accuracy:.2%}, in the log it is {last['test_accuracy']:.2%}"
        )
