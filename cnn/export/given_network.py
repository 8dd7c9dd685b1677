"""What `cnn export` and `cnn verify` take: a run, another framework's file, your own network."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from torch import nn

from cnn.export.export import Announce, Exported, require_place, require_rows, write
from cnn.export.network.stages import Input, Shape
from cnn.export.other_frameworks import as_network, as_network_of, is_other
from cnn.export.runs import export_run, verify_run
from cnn.export.samples import no_samples
from cnn.export.saved_networks import own_network
from cnn.export.verification.verify_export import Result, verify_workbook
from cnn.model_names import is_own, label
from cnn.training.config import BEST, LAST
from sheetgen.errors import InputError
from sheetgen.spreadsheet.engines import Engine


@dataclass(frozen=True)
class Source:
    """What is named on the command line, with the options that are for some kinds only."""

    path: Path
    weights: str | None = None
    data_dir: Path | None = None
    input_shape: tuple[int, ...] | None = None
    rows: int = 0
    """Of the table of cases."""
    notes: list[str] = field(default_factory=list)
    """What was found out while it was read, in sentences."""

    def export(
        self, output: Path, *, fold_batchnorm: bool, force: bool, announce: Announce
    ) -> Exported:
        """Write the workbook; raises InputError as `export_workbook` does."""
        if self._is_run():
            return export_run(
                self.path,
                output,
                self.data_dir,
                fold_batchnorm=fold_batchnorm,
                force=force,
                weights=self.weights or LAST,
                announce=announce,
            )
        require_place(output, force)  # before the network is read
        model, sides = self._network(self.input_shape)
        shape, name = Shape.of(sides), str(self.path)
        return write(
            model,
            Input(shape),
            output,
            no_samples(shape),
            fold_batchnorm=fold_batchnorm,
            title=f"{label(name) if self._is_own() else self.path.stem}, live",
            force=force,
            announce=announce,
            rows=require_rows(self.rows),
        )

    def verify(
        self, workbook: Path, engines: Sequence[Engine], inputs: int, seed: int
    ) -> list[Result]:
        """Return the results of `verify_workbook` for a file that was exported from this."""
        if self._is_run():
            return verify_run(workbook, self.path, engines, inputs, seed, self.weights or LAST)
        if is_other(self.path):
            model = as_network_of(self.path, workbook)
            self.notes.append(model.agreement)
        else:
            model = self._own()
        return verify_workbook(workbook, model, engines, inputs, seed, name=str(self.path))

    def _is_run(self) -> bool:
        """Return whether this is a run. Raises InputError for options of another kind."""
        known = is_other(self.path), self._is_own()
        if self.data_dir is not None and any(known):
            raise InputError(f"--data-dir is for a run, but {self.path} is none")
        if self.weights is not None and known[0]:
            raise InputError(f"--weights: {self.path} has its own weights; leave the option out")
        if any(known):
            return False
        if self.input_shape is not None:
            raise InputError("--input-shape: a run knows its own; leave the option out")
        if self.rows:
            raise InputError("--rows: a run takes in pictures; expected a network of features")
        if self.weights not in (None, LAST, BEST):
            raise InputError(f"--weights: found {self.weights}; expected {LAST} or {BEST} of a run")
        return True

    def _is_own(self) -> bool:
        """Return whether this names a class or function; colons are in names of folders too."""
        name = str(self.path)
        is_said = name.endswith(".py") or label(name).isidentifier()
        return is_own(name) and is_said and not self.path.is_dir()

    def _network(self, sides: tuple[int, ...] | None) -> tuple[nn.Module, tuple[int, ...]]:
        """Return the module, and the sides of its input."""
        if is_other(self.path):
            model, shape = as_network(self.path, sides)
            self.notes.append(model.agreement)
            return model, shape
        if sides is None:
            raise InputError(
                f"{self.path} does not say the shape of its input; give it by --input-shape, such "
                "as 1,28,28"
            )
        return self._own(), sides

    def _own(self) -> nn.Module:
        """Return the user's own network."""
        return own_network(str(self.path), None if self.weights is None else Path(self.weights))


def read_shape(text: str | None) -> tuple[int, ...] | None:
    """Return the sides in a text such as 1,28,28. Raises InputError for another text."""
    if text is None:
        return None
    parts = text.replace("x", ",").replace("×", ",").strip("()").split(",")
    if not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise InputError(f"--input-shape: found {text}; expected such as 1,28,28")
    return tuple(map(int, parts))
