"""Tests the network of a run for its sheet, which needs torch, and keeps what it found."""

from pathlib import Path

import torch

from cnn.data.images import Images
from cnn.log.description import Example, Layer, TrainingLog
from cnn.log.kept_results import Results, basis_of, keep
from cnn.log.record import Record, read_record
from cnn.log.run_description import described_with
from cnn.summary import summarize
from cnn.training.config import Config, new_model
from cnn.training.evaluation_findings import Mistake
from cnn.training.run import Run

_EXAMPLES = 18


def described(record: Record) -> TrainingLog:
    """Return the description of a run."""
    return described_with(record, results_of(record), record.subtitle)


def evaluate_and_keep(path: Path, data_dir: Path | None) -> TrainingLog:
    """Return the description of a run once its network is tested; keep that beside the weights.

    What is found with other data than that of the training is not kept, nor what belongs
    to another log than the run's file has. Raises InputError as `read_record` does.
    """
    run = Run(path)
    basis = basis_of(run)
    record = read_record(path, data_dir)
    results = results_of(record)
    if basis is not None and record.is_of(record.checksums):
        keep(run, results, basis, record.log)
    return described_with(record, results, record.subtitle)


def results_of(record: Record) -> Results:
    """Return what the sheet shows of a network's test."""
    examples = [_example(record.images, each) for each in record.findings.mistakes[:_EXAMPLES]]
    return Results(layers_of(record.config), record.findings, examples)


def layers_of(config: Config) -> list[Layer]:
    """Return the layer table; a training goes on with the random numbers it has without this."""
    with torch.random.fork_rng(devices=[]):
        rows = summarize(new_model(config), config.image_format.shape).rows
    return [
        Layer(row.layer, row.shape, row.parameters, row.field.size if row.field else None)
        for row in rows
    ]


def _example(images: Images, mistake: Mistake) -> Example:
    taken, index = images.format.classes[mistake.taken_for], mistake.index
    return Example(images.name(index), taken, mistake.probability, images.png(index))
