"""Exports and verifies the networks of `cnn train`."""

from collections.abc import Sequence
from pathlib import Path

from cnn.data.images import MNIST_FORMAT, ImageFormat
from cnn.export.export import Announce, Exported, log, require_place, write
from cnn.export.network.stages import Input, Shape
from cnn.export.samples import choose_images
from cnn.export.sheets.export_style import FULL
from cnn.export.verification.verify_export import Result, verify_workbook
from cnn.log.record import read_record
from cnn.model_names import label
from cnn.training.config import LAST
from cnn.training.evaluation import trained_model
from sheetgen.spreadsheet.engines import Engine


def image_input(images: ImageFormat = MNIST_FORMAT) -> Input:
    """Return the input of a network, pixels from 0 to 255, as training normalises it.

    x = (pixel / 255 - mean) / deviation, see `ImageFormat.normalize`.
    """
    classes = () if images.is_digits else images.classes
    return Input(
        Shape(*images.shape),
        True,
        float(FULL),
        images.mean,
        images.deviation,
        images.is_ink,
        classes,
    )


def export_run(
    run: Path,
    path: Path,
    data_dir: Path | None = None,
    *,
    fold_batchnorm: bool = False,
    force: bool = False,
    weights: str = LAST,
    announce: Announce = log,
) -> Exported:
    """Write the network of a run, with images of its test set to choose from.

    `announce` is told what the workbook will be before most of it is composed.

    Raises InputError if the run or the data is missing or damaged, and otherwise as
    `export_workbook` does.
    """
    require_place(path, force)  # before the test set is read and computed
    config, model = trained_model(run, weights)
    record = read_record(run, data_dir, weights)
    return write(
        model,
        image_input(config.image_format),
        path,
        choose_images(record.images, record.findings),
        fold_batchnorm=fold_batchnorm,
        title=f"{label(record.config.model)}, live",
        force=force,
        run=record,
        announce=announce,
    )


def verify_run(
    path: Path,
    run: Path,
    engines: Sequence[Engine],
    inputs: int,
    seed: int,
    weights: str = LAST,
) -> list[Result]:
    """Return the results of `verify_workbook` for a file that was exported from a run.

    Raises InputError if the file or the run cannot be used, RunError if an engine fails.
    """
    config, model = trained_model(run, weights)
    source = image_input(config.image_format)
    return verify_workbook(path, model, engines, inputs, seed, source=source, name=str(run))
