"""Writes a trained network as a workbook in which every activation is a live formula."""

import logging
import operator
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from cnn.export.described_numbers import Quantities, quantities, scaling_of
from cnn.export.estimators import Known, is_estimator, read_estimator
from cnn.export.forecast import Forecast, forecast
from cnn.export.network.read_network import read_network
from cnn.export.network.stages import Input, Network, Shape
from cnn.export.other_frameworks import as_network, in_its_order
from cnn.export.samples import Samples, as_samples, no_samples
from cnn.export.sheets import export_origin
from cnn.export.sheets.compose_export import compose
from cnn.export.sheets.layout import InputPlaces, require_sheets
from cnn.export.sheets.subject import NOTHING_KNOWN, subject_of
from sheetgen.console import progress
from sheetgen.errors import InputError
from sheetgen.files.characters import require_possible
from sheetgen.files.saving import Saved, is_open_elsewhere, resolved
from sheetgen.spreadsheet.save_workbook import save_workbook
from sheetgen.spreadsheet.writer import write_workbook

if TYPE_CHECKING:
    from cnn.log.record import Record


MOST_CASES = 10_000

Announce = Callable[[Forecast], None]


def log(foretold: Forecast) -> None:
    """Log what a workbook will be: as a warning if it will be too slow to work with."""
    level = logging.INFO if foretold.is_pleasant else logging.WARNING
    logging.getLogger(__name__).log(level, "%s", foretold)


@dataclass(frozen=True)
class Exported:
    """The workbook that was saved."""

    saved: Saved
    network: Network
    places: InputPlaces
    """The positions of the cells that the user changes."""
    formulas: int
    """The number of formula cells."""
    foretold: Forecast
    """What was said of it before it was composed."""


def export_workbook(
    model: Any,  # noqa: ANN401 - a module, an estimator of scikit-learn, or the name of a file
    input_shape: tuple[int, ...] | None,
    path: Path | str,
    samples: object = None,
    *,
    fold_batchnorm: bool = False,
    probabilities: bool | None = None,
    title: str = "A neural network",
    force: bool = False,
    features: Any = None,  # noqa: ANN401 - names in a list, an array or an index
    units: Any = None,  # noqa: ANN401
    ranges: Any = None,  # noqa: ANN401
    input_scaling: Any = None,  # noqa: ANN401
    output_names: Any = None,  # noqa: ANN401
    output_scaling: Any = None,  # noqa: ANN401
    rows: int = 0,
) -> Exported:
    """Write a network of torch as a workbook.

    A `torch.nn.Sequential` of modules of torch is read module by module, any other module by its
    forward, as `torch.export` follows it; a fitted neural network or linear model of scikit-learn,
    alone or in a Pipeline with scalers, by its weights; a file of ONNX, such as "model.onnx", by
    its graph, after a comparison with onnxruntime; a model of Keras 3 with the backend torch, or
    its file, after a comparison with `predict`.

    `input_shape` is (channels, height, width), (channels, length) or (units,), without the batch;
    None is for a file or an estimator, which say it. Of Keras it is Keras' own, with the channels
    last, as are the samples then.
    `samples` (N, *input_shape) are inputs to choose from on the sheet `Inputs`, on which the user
    can also type any other. With `probabilities` a network that ends in several logits or
    log-probabilities gets a sheet with their softmax; None is for those that take in pictures, or
    end in log-probabilities.

    `features` are the names of the numbers that go in, of the signals, or of the channels,
    `output_names` those of what comes out, or of the classes. `units` and `ranges` (smallest and
    largest in the training) are dictionaries by these names, or in the order of the features.
    `input_scaling` is a fitted scaler of scikit-learn, or (mean, scale), if the network takes in
    (value - mean) / scale; `output_scaling` alike, if its output · scale + mean is what people
    want. An estimator's own names, ranges, scalers and classes are known. With `rows` the sheet
    `Cases` has a table of so many inputs, a row of formulas each.

    How many formulas the workbook will have, its size, and how long LibreOffice will take are
    logged before it is composed; a workbook that will be too slow to work with is a warning.

    Raises InputError for a module that is not supported, naming it, for a network whose sheets
    would exceed what a workbook holds, for an unusable `path`, and, unless `force`, for one with
    another file or an edited workbook; RunError when writing fails. Nothing is written then.
    """
    samples = None if samples is None else in_its_order(model, samples)
    model, input_shape = as_network(model, input_shape)
    found = read_estimator(model) if is_estimator(model) else None
    shape = _shape(input_shape if found is None else _of_estimator(found, input_shape))
    known = quantities(shape, features, units, ranges, output_names)
    scaling = scaling_of("input_scaling", input_scaling, shape.sides[shape.named_axis])
    known = replace(known, output_scaling=scaling_of("output_scaling", output_scaling, None))
    if found is not None:
        if scaling is not None and found.scaling is not None:
            raise InputError("input_scaling: the model has scalers of its own; leave it out")
        known, scaling = found.quantities.renamed(known), scaling or found.scaling
        model, probabilities = found.module, bool(probabilities)
    return write(
        model,
        Input(shape, scaling=scaling),
        _path(path),
        no_samples(shape) if samples is None else as_samples(samples, shape),
        fold_batchnorm=fold_batchnorm,
        probabilities=probabilities,
        title=title,
        force=force,
        known=known,
        rows=require_rows(rows),
    )


def write(
    model: nn.Module,
    source: Input,
    path: Path,
    samples: Samples,
    *,
    fold_batchnorm: bool = False,
    probabilities: bool | None = None,
    title: str,
    force: bool = False,
    run: "Record | None" = None,
    announce: Announce = log,
    known: Quantities = NOTHING_KNOWN,
    rows: int = 0,
) -> Exported:
    """Write a network with the normalisation of its input, as `export_workbook` does.

    `announce` is told what the workbook will be, before most of it is composed.
    """
    require_possible(title, "title")
    aside = require_place(path, force)
    network = read_network(
        model, source, fold_batchnorm=fold_batchnorm, probabilities=probabilities
    ).without_certainty()
    with progress.step("composing"):
        subject = subject_of(model, network, samples, title, run, known, rows)
        book = compose(subject)
        foretold = forecast(book)
        with progress.paused():
            announce(foretold)
        sheets = book.canvases
    require_sheets(sheets)
    last = export_origin.origin_sheet(subject, fold_batchnorm, book.places, sheets)
    canvases = (*sheets, last)
    saved = save_workbook(path, lambda to: write_workbook(canvases, to, title), aside)
    formulas = sum(canvas.formulas for canvas in canvases)
    return Exported(saved, network, book.places, formulas, foretold)


def require_place(path: Path, force: bool) -> bool:
    """Check that a workbook may be written at a path; return whether it must be saved beside it.

    That is so if the file there is open elsewhere. Raises InputError if the name is not that of a
    workbook and, unless `force`, if the file there is another or an edited one.
    """
    if path.suffix.lower() != ".xlsx":
        raise InputError(f"{path} must end in .xlsx, so that spreadsheet programs open it")
    target, aside = resolved(path), is_open_elsewhere(path)
    if not (force or aside):
        export_origin.require_unedited(target)
    return aside


def require_rows(rows: object) -> int:
    """Return how many rows the table of cases has; raises InputError for another number."""
    try:
        count = _side(rows)
    except TypeError:
        count = -1
    if not 0 <= count <= MOST_CASES:
        raise InputError(f"rows: found {rows!r}; expected how many cases, from 0 to {MOST_CASES:,}")
    return count


def _shape(input_shape: object) -> Shape:
    try:
        if isinstance(input_shape, set | dict | str | bytes):
            raise TypeError
        sides = [_side(side) for side in input_shape]  # type: ignore[attr-defined]
    except TypeError:
        sides = []
    if not 1 <= len(sides) <= 3 or min(sides) < 1:
        raise InputError(
            f"input_shape: found {input_shape!r}; expected (channels, height, width) or (units,), "
            "or (channels, length) of signals"
        )
    return Shape.of(sides)


def _of_estimator(found: Known, input_shape: object) -> object:
    """Return the shape of what an estimator takes in; raises InputError if another one is given."""
    features = (int(found.estimator.n_features_in_),)
    given = features if input_shape is None else input_shape
    if isinstance(given, tuple | list) and tuple(given) != features:
        raise InputError(
            f"input_shape: found {input_shape!r}; expected {features}, as it was fitted, or None"
        )
    return given


def _side(side: object) -> int:
    """Return a whole number, of NumPy too; raises TypeError for anything else."""
    if isinstance(side, bool | np.bool_):
        raise TypeError
    return operator.index(side)  # type: ignore[arg-type]


def _path(path: object) -> Path:
    text = os.fspath(path) if isinstance(path, str | os.PathLike) else None
    if not isinstance(text, str) or "\0" in text:
        raise InputError(f"path: found {path!r}; expected the name of a file that ends in .xlsx")
    return Path(text)
