"""The wheel has everything that the commands need, and a release is of one version."""

import os
import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.version import Version

from sheetgen import __version__

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with what the wheel installs."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


@pytest.mark.slow
def test_the_wheel_builds_and_verifies_a_workbook(unpacked, tmp_path):
    line = [sys.executable, "-m", "sheetgen", "build", "--iterations", "4"]
    environment = os.environ | {"PYTHONPATH": str(unpacked)}
    done = subprocess.run(
        line, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    assert re.search(r"^verified [\d,]+ formulas with ironcalc", done.stdout, re.MULTILINE)
    where = [sys.executable, "-c", "import sheetgen; print(sheetgen.__file__)"]
    found = subprocess.run(
        where, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    assert Path(found.stdout).is_relative_to(unpacked)


def test_the_wheel_has_every_template_and_its_data(unpacked):
    names = {path.name for path in (unpacked / "sheetgen" / "templates").iterdir()}
    assert names == {path.name for path in (ROOT / "templates").iterdir()}


def test_all_packages_have_the_mark_of_types(unpacked):
    assert {path.parent.name for path in unpacked.glob("*/py.typed")} == {"sheetgen", "cnn"}


def test_the_citation_and_the_changes_are_of_this_version():
    version = Version(__version__).base_version
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"\nversion: {version}\n" in citation
    heading = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert heading and heading[1] == version
