"""The directory of a run: the files that a training writes, and resumes from.

Every file is written beside its place and moved over it when complete. The checkpoint is written
before the log and contains it, so that whenever the process is killed, the checkpoint alone says
how far the run is. torch is imported only for the files with tensors.
"""

import io
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sheetgen.errors import InputError, RunError
from sheetgen.files.characters import require_possible
from sheetgen.files.locking import ENDING as LOCK
from sheetgen.files.saving import reason_of, save

if TYPE_CHECKING:
    import torch

T = TypeVar("T")

Line = dict[str, Any]
"""One finished epoch, as a line of the log."""

State = dict[str, Any]
"""The state of a training: tensors, numbers, texts, and lists and dictionaries of these."""

NUMBERS = (
    "learning_rate",
    "train_loss",
    "train_accuracy",
    "test_loss",
    "test_accuracy",
    "seconds",
    "samples_per_second",
)
"""The fields of a line of the log, besides `epoch`, which counts from 1."""


class Run:
    """The files of a run in the directory `path`, which need not exist yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.json"
        self.log = path / "log.jsonl"
        self.checkpoint = path / "checkpoint.pt"
        self.weights = path / "model.safetensors"
        self.best = path / "best.safetensors"
        self.evaluation = path / "evaluation.json"

    def is_started(self) -> bool:
        """Return whether there is a run to resume. Raises `InputError` if the path is unusable."""
        try:
            return self.config.is_file()
        except OSError as error:
            raise InputError(f"{self.path} cannot be used: {reason_of(error)}") from error

    def missing(self) -> InputError:
        """Return the error of a run that is not there to resume."""
        return InputError(
            f"there is no run in {self.path} to resume; check --run and --model, or leave --resume "
            "out to start one"
        )

    def require_possible_name(self) -> None:
        """Raise `InputError` unless a workbook can hold the name of the directory."""
        name = Path(os.path.realpath(self.path)).name
        require_possible(name, f"the name of the run, {name!r}")

    def has_finished_epochs(self) -> bool:
        """Return whether there is a checkpoint, or a file that is only written after one."""
        logged = self.log.exists() and (not self.log.is_file() or self.log.stat().st_size > 0)
        return logged or self.checkpoint.exists() or self.weights.exists()

    def require_free(self) -> None:
        """Raise `InputError` unless a run can start here without overwriting anything.

        The files of a run without a finished epoch may be overwritten.
        """
        try:
            if not self.path.exists():
                return
            if not self.path.is_dir():
                raise InputError(f"{self.path} is a file; expected a folder")
            names = {path.name for path in self.path.iterdir()}
            names -= {LOCK, *(path.name for path in self.path.glob(".*.tmp"))}
            has_epochs = self.has_finished_epochs()
        except OSError as error:
            raise InputError(f"{self.path} cannot be used: {reason_of(error)}") from error
        if not names:
            return
        # The keys tell a run's configuration from another program's file of that name.
        if self.config.name not in names or not {"model", "recipe"} <= self.read_config().keys():
            raise InputError(
                f"{self.path} is not empty and holds no run; name another folder with --run"
            )
        if has_epochs or names - {self.config.name, self.log.name}:
            raise InputError(
                f"{self.path} already exists; continue its run with --resume, "
                "or name another folder with --run"
            )

    def create(self, config: dict[str, Any]) -> None:
        """Start the run by writing its configuration.

        Raises `InputError` as `require_free` does.
        """
        self.require_free()
        self.write_config(config)

    def write_config(self, config: dict[str, Any]) -> None:
        """Write the configuration. Raises `RunError` if that fails; the former is intact then."""
        self._write(self.config, (json.dumps(config, indent=2) + "\n").encode())

    def read_config(self) -> dict[str, Any]:
        """Return the configuration. Raises `InputError` if there is none or it is damaged."""
        try:
            config = json.loads(self.config.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            if not self.path.exists():
                raise InputError(
                    f"there is no folder {self.path}; expected that of a run"
                ) from error
            raise InputError(f"{self.path} is not a run: it has no config.json") from error
        except NotADirectoryError as error:
            raise InputError(f"{self.path} is a file; expected the folder of a run") from error
        except OSError as error:
            raise InputError(f"{self.config} cannot be read: {reason_of(error)}") from error
        except (ValueError, RecursionError) as error:
            raise InputError(f"{self.config} is damaged: {error}") from error
        if not isinstance(config, dict):
            raise InputError(f"{self.config} is damaged: it does not hold an object")
        return config

    def record(self, state: State) -> None:
        """Save the state after an epoch, then the log, which is `state["log"]`.

        Raises `RunError` if that fails; the files saved before are intact then.
        """
        import torch  # noqa: PLC0415

        buffer = io.BytesIO()
        torch.save(state, buffer)
        self._write(self.checkpoint, buffer.getvalue())
        self.write_log(state["log"])

    def write_log(self, lines: list[Line]) -> None:
        """Write the whole log, one JSON object per finished epoch.

        It is only a few kilobytes, and so no crash can leave half a line.
        """
        content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        self._write(self.log, content.encode())

    def read_log(self) -> list[Line]:
        """Return the log's lines. Raises `InputError` if it is missing or damaged."""
        try:
            content = self.log.read_text("utf-8")
            return _checked([json.loads(line) for line in content.splitlines()])
        except (OSError, ValueError, OverflowError, RecursionError) as error:
            raise InputError(f"{self.log} cannot be read: {error}") from error

    def require_checkpoint(self) -> None:
        """Raise `InputError` if epochs are finished but their checkpoint is gone."""
        if self.has_finished_epochs() and not self.checkpoint.exists():
            raise InputError(
                f"the checkpoint in {self.path} is missing, so that it cannot continue; put "
                f"{self.checkpoint.name} back, or name another folder with --run"
            )

    def read_checkpoint(self) -> State | None:
        """Return the state after the last finished epoch, None if no epoch is finished.

        Tensors are on the CPU. Raises `InputError` if the file is damaged.
        """
        if not self.checkpoint.exists():
            return None
        from cnn.training.tensor_files import read_state  # noqa: PLC0415

        def read() -> State:
            """Return the checkpoint's content; raises ValueError for that of another file."""
            state = read_state(self.checkpoint.read_bytes())
            if not isinstance(state, dict) or not {"config", "log"} <= state.keys():
                raise ValueError("it does not hold the state of a training")
            _checked(state["log"])
            return state

        return _undamaged(self.checkpoint, read)

    def write_weights(self, weights: "dict[str, torch.Tensor]", are_best: bool = False) -> None:
        """Save the final or the best weights and BatchNorm statistics.

        Raises `RunError` if that fails.
        """
        import safetensors.torch  # noqa: PLC0415

        dense = {name: value.cpu().contiguous().clone() for name, value in weights.items()}
        self._write(self.best if are_best else self.weights, safetensors.torch.save(dense))

    def write_evaluation(self, found: dict[str, Any]) -> None:
        """Save what is known of the network's test. Raises `RunError` if that fails."""
        self._write(self.evaluation, (json.dumps(found) + "\n").encode())

    def discard_weights(self) -> None:
        """Remove the final weights, which are no longer final; the checkpoint has them as well."""
        try:
            self.weights.unlink(missing_ok=True)
        except OSError as error:
            raise RunError(f"{self.weights} could not be removed: {reason_of(error)}") from error

    def read_weights(self) -> "dict[str, torch.Tensor]":
        """Return the final weights, or for an unfinished run those of its last finished epoch.

        Raises `InputError` if there are none or the file is damaged.
        """
        if self.weights.exists():
            return _tensors(self.weights)
        state = self.read_checkpoint()
        if state is None:
            raise InputError(f"{self.path} has no weights: no epoch of it is finished")
        weights = state.get("tested_model")
        if not isinstance(weights, dict):
            raise InputError(f"{self.checkpoint} is damaged: it holds no weights")
        return weights

    def read_best_weights(self) -> "dict[str, torch.Tensor]":
        """Return the weights of the best epoch so far.

        Those in the checkpoint are never of an epoch that is not in the log. Raises `InputError`
        if there are none or the file is damaged.
        """
        state = self.read_checkpoint()
        best = state.get("best") if state else None
        if isinstance(best, dict) and isinstance(best.get("model"), dict):
            weights: dict[str, torch.Tensor] = best["model"]
            return weights
        if state is None and self.best.exists():
            return _tensors(self.best)
        raise InputError(f"{self.path} has no best weights: it was not trained with --keep best")

    def _write(self, path: Path, content: bytes) -> None:
        def fill(temporary: Path) -> None:
            """Write the content."""
            temporary.write_bytes(content)

        saved = save(path, fill)
        if saved.reason:
            saved.path.unlink()
            raise RunError(f"{path} could not be written: {saved.reason}")


def _checked(lines: Any) -> list[Line]:  # noqa: ANN401 - whatever a file held
    """Return the lines of a log. Raises `ValueError` if they are not."""
    if not isinstance(lines, list):
        raise ValueError(f"its log is {lines!r:.50}; expected a list")
    for number, line in enumerate(lines, start=1):
        if not isinstance(line, dict):
            raise ValueError(f"line {number} of the log is {line!r:.50}; expected an object")
        right = {"epoch": type(line.get("epoch")) is int and line["epoch"] == number}
        for name in NUMBERS:
            right[name] = type(line.get(name)) in (int, float) and math.isfinite(line[name])
        for name in (one for one, is_right in right.items() if not is_right):
            found = f"{line[name]!r:.50}" if name in line else "missing"
            expected = number if name == "epoch" else "a finite number"
            raise ValueError(f"{name} in line {number} of the log is {found}; expected {expected}")
    return lines


def _tensors(path: Path) -> "dict[str, torch.Tensor]":
    """Return what a file of safetensors holds. Raises `InputError` if it is damaged."""
    from cnn.training.tensor_files import read_tensors  # noqa: PLC0415

    return _undamaged(path, lambda: read_tensors(path.read_bytes()))


def _undamaged(path: Path, read: Callable[[], T]) -> T:
    """Return what `read` returns. Raises `InputError`, "damaged", if it fails."""
    try:
        return read()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {reason_of(error)}") from error
    # A damaged file can make the libraries raise anything; the user needs no traceback.
    except Exception as error:
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise InputError(f"{path} is damaged: {reason}") from error
