"""Writes a trained network as a workbook in which every activation is a live formula."""

import operator
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from torch import nn

from cnn.export import limits
from cnn.export.network.read_network import read_network
from cnn.export.network.stages import Input, Network, Shape
from cnn.export.network.torch_reference import Reference
from cnn.export.samples import Samples, as_samples, no_samples
from cnn.export.sheets import export_origin
from cnn.export.sheets.book import compose
from cnn.export.sheets.layout import sheets_of
from cnn.export.sheets.network_inputs import SAMPLES, InputPlaces, SamplePlaces
from cnn.export.sheets.subject import Subject
from cnn.export.sheets.weights_cells import WEIGHTS, extent, weight_places, weights_sheet
from sheetgen.errors import InputError
from sheetgen.saving import Saved, is_open_elsewhere, resolved, save
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.writer import write_workbook

if TYPE_CHECKING:
    from cnn.log.record import Record


@dataclass(frozen=True)
class Exported:
    """Where a workbook was saved, and what is in it."""

    saved: Saved
    network: Network
    places: InputPlaces
    """The cells that a person changes."""
    formulas: int
    """Number of formula cells."""


def export_workbook(
    model: nn.Module,
    input_shape: tuple[int, ...],
    path: Path | str,
    samples: object = None,
    *,
    fold_batchnorm: bool = False,
    probabilities: bool = True,
    title: str = "A neural network",
    force: bool = False,
) -> Exported:
    """Write a `torch.nn.Sequential` as a workbook.

    `input_shape` is (channels, height, width) or (units,), without the batch. `samples`
    (N, *input_shape) are inputs to choose from on the sheet `Values`, on which a person can also
    type any other. With `probabilities` a network that ends in logits or in their logarithms gets
    a sheet with their softmax.

    Raises InputError, naming it, for a module that is not supported, for a network whose sheets
    would pass what a workbook holds, and where nothing can be written at `path` or another file
    would be lost by it (unless `force`); RunError when writing fails. Nothing is written then.
    """
    shape = _shape(input_shape)
    chosen = no_samples(shape) if samples is None else as_samples(samples, shape)
    source = Input(shape)
    return write(
        model,
        source,
        _path(path),
        chosen,
        fold_batchnorm=fold_batchnorm,
        probabilities=probabilities,
        title=title,
        force=force,
    )


def write(
    model: nn.Module,
    source: Input,
    path: Path,
    samples: Samples,
    *,
    fold_batchnorm: bool = False,
    probabilities: bool = True,
    title: str,
    force: bool = False,
    run: "Record | None" = None,
) -> Exported:
    """Write a network with the normalisation that belongs to it, as `export_workbook` does."""
    aside = require_place(path, force)
    network = read_network(
        model, source, fold_batchnorm=fold_batchnorm, probabilities=probabilities
    )
    subject = subject_of(model, network, samples, title, run)
    book = compose(subject)
    limits.require_sheets(book.canvases)
    last = export_origin.origin_sheet(
        network, fold_batchnorm, book.inputs.places, len(samples), book.canvases
    )
    canvases = (*book.canvases, last)
    saved = save(path, lambda to: write_workbook(canvases, to, title), aside)
    return Exported(saved, network, book.inputs.places, sum(map(_formulas, book.canvases)))


def require_place(path: Path, force: bool) -> bool:
    """Check that a workbook may be written at a path; return whether it must go beside it.

    It must where a file stands there that is open elsewhere. Raises InputError when the name is
    not that of a workbook, and, unless `force`, when something there would be lost.
    """
    if path.suffix.lower() != ".xlsx":
        raise InputError(f"{path} must end in .xlsx, so that spreadsheet programs open it")
    target, aside = resolved(path), is_open_elsewhere(path)
    if not (force or aside):
        export_origin.require_unedited(target)
    return aside


def subject_of(
    model: nn.Module,
    network: Network,
    samples: Samples,
    title: str,
    run: "Record | None" = None,
) -> Subject:
    """Return what the sheets are drawn from, showing the first sample, or zeros without any.

    Raises InputError if the sheets would pass what a workbook holds.
    """
    sheets = sheets_of(network)
    shape = network.input.output
    extents = {name: sheet.extent for name, sheet in sheets.items()}
    extents[WEIGHTS] = extent(weight_places(network, sheets))
    if len(samples):
        extents[SAMPLES] = SamplePlaces(len(samples), shape).extent
    limits.require_extents(extents)
    shown = np.zeros((shape.channels, shape.height, shape.width))
    shown = samples.values[0] if len(samples) else shown
    found = Reference(model, network).activations(shown[None])
    return Subject(
        title=title,
        network=network,
        sheets=sheets,
        values={name: values[0] for name, values in found.items()},
        samples=samples,
        choice=1 if len(samples) else 0,
        shown=shown,
        weights=weights_sheet(network, sheets),
        run=run,
    )


def _shape(input_shape: object) -> Shape:
    try:
        if isinstance(input_shape, set | dict | str | bytes):
            raise TypeError
        sides = [_side(side) for side in input_shape]  # type: ignore[attr-defined]
    except TypeError:
        sides = []
    if len(sides) not in (1, 3) or min(sides) < 1:
        raise InputError(
            f"input_shape: found {input_shape!r}; expected (channels, height, width) or (units,)"
        )
    channels, height, width = (*sides, 1, 1)[:3]
    return Shape(channels, height, width, flat=len(sides) == 1)


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


def _formulas(canvas: Canvas) -> int:
    return sum(1 for _ in canvas.promised())
