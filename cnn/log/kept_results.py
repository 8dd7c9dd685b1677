"""Keeps what the sheet of a run shows of its network's test beside the weights, and reads it back.

The sheet can then be made again without torch. What was kept is believed only as long as the file
is as it was written, by this version, and so are the run's settings, log and weights, and the file
of the user's own network.
"""

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from cnn.log.description import Example, Layer
from cnn.model_names import file_of, is_own
from cnn.training.evaluation_findings import Findings, Mistake
from cnn.training.run import Line, Run
from sheetgen.errors import InputError, RunError
from sheetgen.version import __version__

Basis = dict[str, str]
"""What results depend on: the checksum of each file, and the version."""

ROUNDING = 2.5
"""Images on which two devices may differ because they round floating-point sums differently."""

_DAMAGED = (ValueError, RecursionError, AttributeError, LookupError, TypeError)
"""What a file raises that is damaged, another program's, or of a version between two releases."""


@dataclass(frozen=True)
class Results:
    """The layers of a network, and what the test of it found."""

    layers: Sequence[Layer]
    findings: Findings
    examples: Sequence[Example]


def basis_of(run: Run) -> Basis | None:
    """Return what the results of a finished run depend on.

    It is None for an unfinished run, and for a network of the user's own that is in a module.
    """
    try:
        files = {"config": run.config, "log": run.log, "weights": run.weights}
        model = str(run.read_config().get("model"))
        if is_own(model):
            if (file := file_of(model)) is None:
                return None
            files["model"] = file
        found = {name: hashlib.sha256(file.read_bytes()) for name, file in files.items()}
    except (OSError, ValueError, InputError):
        return None
    return {name: each.hexdigest() for name, each in found.items()} | {"sheetgen": __version__}


def are_of(findings: Findings, line: Line) -> bool:
    """Return whether a test found the accuracy that a line of a log has."""
    logged: float = line["test_accuracy"] * findings.images
    return abs(findings.right - logged) <= ROUNDING


def keep(run: Run, results: Results, basis: Basis, log: list[Line]) -> None:
    """Write results beside the weights; where that fails, the network is tested again.

    `log` is the one that they belong to. They are not kept if the run's file has another.
    """
    kept = {
        "basis": basis,
        "layers": [asdict(layer) for layer in results.layers],
        "findings": asdict(results.findings),
        "examples": [
            asdict(each) | {"picture": b64encode(each.picture).decode()}
            for each in results.examples
        ],
    }
    with suppress(InputError, RunError):
        if run.read_log() == log:
            run.write_evaluation(kept | {"checksum": _checksum(kept)})


def kept_results(run: Run) -> Results | None:
    """Return what was kept of a run, None if nothing was or if it is not to be believed."""
    try:
        if not run.evaluation.is_file():  # a pipe would be waited for
            return None
        kept = json.loads(run.evaluation.read_bytes())
        checksum = kept.pop("checksum")
        if checksum != _checksum(kept) or kept["basis"] != basis_of(run):
            return None
        results = _results(kept)
        return results if are_of(results.findings, run.read_log()[-1]) else None
    except (OSError, InputError, *_DAMAGED):
        return None


def _results(kept: dict[str, Any]) -> Results:
    found = kept["findings"]
    return Results(
        [Layer(**each | {"shape": tuple(each["shape"])}) for each in kept["layers"]],
        Findings(**found | {"mistakes": [Mistake(**each) for each in found["mistakes"]]}),
        [Example(**each | {"picture": b64decode(each["picture"])}) for each in kept["examples"]],
    )


def _checksum(kept: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
