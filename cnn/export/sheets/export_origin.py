"""The very hidden sheet `_cnn`: what verifying or overwriting an export needs to know about it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from cnn.export.described_numbers import Quantities, Quantity
from cnn.export.network.scaling import Scaling
from cnn.export.network.stages import Input, Shape
from cnn.export.sheets.layout import InputPlaces
from cnn.export.sheets.subject import Subject
from sheetgen.errors import InputError
from sheetgen.spreadsheet import stamp
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.reader import sheet_names
from sheetgen.version import __version__

NAME = "_cnn"
FORMAT = 1  # of this sheet; increased by incompatible changes


@dataclass(frozen=True)
class Origin:
    """How a workbook was exported: the input, its cells, the options, the other sheets.

    `written_by` is the program that wrote it, such as "sheetgen 0.1.0".
    """

    source: Input
    fold_batchnorm: bool
    probabilities: bool
    places: InputPlaces
    samples: int
    sheets: tuple[str, ...]
    fingerprint: str
    written_by: str = ""
    quantities: Quantities = field(default_factory=Quantities)
    rows: int = 0


def origin_sheet(
    subject: Subject,
    fold_batchnorm: bool,
    places: InputPlaces,
    canvases: Sequence[Canvas],
) -> Canvas:
    """Draw the sheet; `canvases` are all other sheets."""
    network, source = subject.network, subject.network.input
    facts = {
        "format": FORMAT,
        "written by": f"sheetgen {__version__}",
        "input": asdict(source.output),
        "normalization": [source.white, source.mean, source.deviation]
        if source.normalized
        else None,
        "is_ink": source.is_ink,
        "classes": source.classes,
        "fold_batchnorm": fold_batchnorm,
        "probabilities": network.probabilities is not None,
        "places": asdict(places),
        "samples": len(subject.samples),
        "scaling": None if source.scaling is None else asdict(source.scaling),
        "quantities": asdict(subject.quantities),
        "rows": len(subject.cases.held) if subject.cases else 0,
        "sheets": [canvas.name for canvas in canvases],
        "fingerprint": stamp.fingerprint(canvases),
    }
    canvas = Canvas(NAME, very_hidden=True)
    for row, piece in enumerate(stamp.in_cells(json.dumps(facts))):
        canvas.write(row, 0, piece)
    return canvas


def read_origin(path: Path) -> Origin:
    """Read what `origin_sheet` wrote.

    Raises InputError if the file is not an exported workbook, or the sheet is damaged.
    """
    hidden = stamp.hidden_values(path, NAME)
    if hidden is None:
        raise InputError(f"{path} has no sheet {NAME}, so `cnn export` did not make it")
    text = "".join(str(hidden[place]) for place in sorted(hidden))
    try:
        facts = json.loads(text)
        if facts["format"] != FORMAT:
            raise InputError(
                f"{path}: its sheet {NAME} has format {facts['format']}; "
                f"this sheetgen reads format {FORMAT}"
            )
        return _origin(facts)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: its sheet {NAME} is damaged: {error}") from None


def _origin(facts: Mapping[str, Any]) -> Origin:
    shape = Shape(**facts["input"])
    constants = facts["normalization"]
    source = Input(shape)
    if constants is not None:
        white, mean, deviation = map(float, constants)
        source = Input(shape, True, white, mean, deviation)
    # Earlier versions exported networks that read digits, or numbers of any kind.
    classes = tuple(map(str, facts.get("classes", ())))
    source = replace(
        source,
        is_ink=bool(facts.get("is_ink", True)),
        classes=classes,
        scaling=_scaling(facts.get("scaling")),
    )
    places = dict(facts["places"])
    for key in ("pixels", "drawing", "choice"):
        places[key] = None if places[key] is None else tuple(map(int, places[key]))
    return Origin(
        source,
        bool(facts["fold_batchnorm"]),
        bool(facts["probabilities"]),
        InputPlaces(**places),
        int(facts["samples"]),
        tuple(facts["sheets"]),
        str(facts["fingerprint"]),
        str(facts.get("written by", "")),
        _quantities(facts.get("quantities", {})),
        int(facts.get("rows", 0)),
    )


def _scaling(found: Mapping[str, Any] | None) -> Scaling | None:
    return None if found is None else Scaling.of(found["subtracted"], found["divided"])


def _quantities(found: Mapping[str, Any]) -> Quantities:
    """Return the quantities; earlier versions knew none."""
    if not found:
        return Quantities()
    features, outputs = (
        tuple(Quantity(**each) for each in found[key]) for key in ("features", "outputs")
    )
    scaling, classes = _scaling(found["output_scaling"]), tuple(map(str, found["classes"]))
    return Quantities(features, outputs, scaling, classes, bool(found["are_shares"]))


def require_unedited(path: Path) -> None:
    """Raise InputError if there is a file that is not an export, or is one that was edited."""
    if not path.exists():
        return
    try:
        found = read_origin(path)
    except InputError:
        raise InputError(
            f"{path} already exists and was not made by `cnn export`; --force overwrites it"
        ) from None
    names = sheet_names(path)
    if set(names) != {*found.sheets, NAME}:
        raise InputError(f"{path} has other sheets than it was exported with; --force overwrites")
    if not stamp.is_unedited(path, found.sheets, found.fingerprint):
        raise InputError(
            f"{path} has been edited since it was exported; --force overwrites the changes"
        )
