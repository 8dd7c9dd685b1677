"""Keeps what the sheet of a run shows of its network's test beside the weights, and reads it back.

The sheet can then be made again without torch. What was kept is believed only as long as the file
is as it was written, by this version, and so are the run's settings, log and weights.
"""

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from cnn.log.description import Example, Layer
from cnn.training.evaluation_findings import Findings, Mistake
from cnn.training.run import Run
from sheetgen.errors import RunError
from sheetgen.version import __version__

Basis = dict[str, str]
"""What results depend on: the checksum of each file, and the version."""


@dataclass(frozen=True)
class Results:
    """The layers of a network, and what the test of it found."""

    layers: Sequence[Layer]
    findings: Findings
    examples: Sequence[Example]


def basis_of(run: Run) -> Basis | None:
    """Return what the results of a finished run depend on, None for an unfinished one."""
    try:
        files = {
            file.name: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in (run.config, run.log, run.weights)
        }
    except OSError:
        return None
    return files | {"sheetgen": __version__}


def keep(run: Run, results: Results, basis: Basis) -> None:
    """Write results beside the weights; where that fails, the network is tested again."""
    kept = {
        "basis": basis,
        "layers": [asdict(layer) for layer in results.layers],
        "findings": asdict(results.findings),
        "examples": [
            asdict(each) | {"picture": b64encode(each.picture).decode()}
            for each in results.examples
        ],
    }
    with suppress(RunError):
        run.write_evaluation(kept | {"checksum": _checksum(kept)})


def kept_results(run: Run) -> Results | None:
    """Return what was kept of a run, None if nothing was or if it is not to be believed."""
    try:
        kept = json.loads(run.evaluation.read_bytes())
        checksum = kept.pop("checksum")
        if checksum != _checksum(kept) or kept["basis"] != basis_of(run):
            return None
        return _results(kept)
    # A file that is missing, damaged, another program's, or of a version between two releases.
    except (OSError, ValueError, RecursionError, AttributeError, LookupError, TypeError):
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
