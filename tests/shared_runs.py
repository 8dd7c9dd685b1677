"""Trainings that several test modules share, each done once for all workers of a run of pytest.

They are fixtures of conftest: what a module imports from another one is made for it again.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from shared_books import common_folder, no_surfaces

from sheetgen.files.locking import in_turn


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder that `make` makes at the path it is given, for the first worker only."""
    place = common_folder(factory, "runs") / name
    with in_turn(place):
        if not place.exists():
            draft = place.with_name(f"draft of {name}")
            make(draft)
            draft.rename(place)
    return place


@pytest.fixture(scope="session")
def finished(mnist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of `QUICK`; not to be written to."""

    def make(run: Path) -> None:
        from test_cnn_run import QUICK, train  # noqa: PLC0415 - slow to import

        assert train(run, mnist, *QUICK).exit_code == 0

    return made_once(tmp_path_factory, "finished", make)


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    """A copy of a finished run, to tamper with."""
    return Path(shutil.copytree(finished, tmp_path / "copy"))


@pytest.fixture(scope="session")
def logged(mnist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the short run "first", and the workbook into which `cnn train` put it."""

    def make(folder: Path) -> None:
        from test_cnn_run import invoke  # noqa: PLC0415 - slow to import

        options = ("--model", "sprint", "--epochs", 2, "--limit", 1000, "--seed", 1)
        options += ("--threads", 1, "--hold-out", 500)  # every sheet costs an evaluation
        places = ("--data-dir", mnist, "--run", folder / "first")
        with no_surfaces():
            result = invoke("train", *options, *places, "--workbook", folder / "book.xlsx")
        assert result.exit_code == 0, result.stderr
        said = f"the sheet CNN sprint of {folder / 'book.xlsx'} (built from era-v1)"
        assert said in result.stdout

    return made_once(tmp_path_factory, "logged", make)


@pytest.fixture
def folder(logged: Path, tmp_path: Path) -> Path:
    """A copy of that folder, to change."""
    return Path(shutil.copytree(logged, tmp_path / "copy"))
