"""README and the pages of docs can be followed from an empty directory.

`reader.py` says what is run in place of commands that take minutes. The images to train on are of
noise, as MNIST may be missing here. The reader has no engine but the embedded one; a page that is
read after README begins with what README has made.
"""

import contextlib
import json
import os
import re
import shutil
from pathlib import Path

import pytest
from reader import ROOT, Reader, blocks

from sheetgen.files.locking import in_turn
from sheetgen.spreadsheet import engines

pytest.importorskip("torch")

README = (ROOT / "README.md").read_text("utf-8")
NAV = re.findall(r": (\w+(?:-\w+)*\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
PAGES = {name: path.read_text("utf-8") for name in NAV if (path := ROOT / "docs" / name).exists()}
FOLLOWED = [
    name
    for name, text in PAGES.items()
    if name != "gallery.md" and {"sh", "python"} & {each.language for each in blocks(text)}
]
"""In the order of the site; test_examples runs the programs of the gallery."""
NEEDED = {"export.md": ("onnx", "onnxruntime", "sklearn"), "python.md": ("pandas",)}


@pytest.fixture(autouse=True)
def laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has what stands for MNIST, and no spreadsheet program."""
    from cnn.data.idx_files import CHECKSUMS  # noqa: PLC0415 - imports torch

    for name in list(CHECKSUMS):
        monkeypatch.delitem(CHECKSUMS, name)
    for each in engines.ENGINES:
        if each is not engines.EMBEDDED:
            monkeypatch.setattr(each, "missing", lambda: "it is not installed here")


@pytest.fixture
def start(laptop: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """The folder of a reader of README, whose commands are in commands.json; made once.

    It is not to be written to.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "reader"
    with in_turn(folder):
        if not (folder / "commands.json").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            reader = Reader()
            with contextlib.chdir(folder):
                reader.follow(README)
            (folder / "commands.json").write_text(json.dumps(reader.has_run))
    return folder


def test_the_start_page_leads_to_what_it_promises(start: Path) -> None:
    made = ("output/backprop.xlsx", "output/fast.xlsx", "ada.xlsx", "findings.csv", "runs.xlsx")
    assert [name for name in made if not (start / name).exists()] == []


@pytest.mark.parametrize("page", FOLLOWED)
def test_a_page_can_be_followed_after_the_start(page: str, start: Path, tmp_path: Path) -> None:
    for package in NEEDED.get(page, ()):
        pytest.importorskip(package, reason="the page is about it")
    folder = tmp_path / "reader"
    shutil.copytree(start, folder)
    with contextlib.chdir(folder):
        Reader(json.loads((folder / "commands.json").read_text())).follow(PAGES[page])


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        ("```sh\nsheetgen templates\n```\n```\nno such line\n```\n", "no such line\n\nis not in"),
        ("```sh\ncnn models && cnn recipes slow\n```\n", 'there is no model "slow"'),
        ("```python\n'a'.upper()  # 'B'\n```\n", "'A' is not 'B'"),
        ("```python\nmissing\n```\n", "'missing' is not defined"),
    ],
)
def test_what_a_page_says_wrongly_is_found(page: str, fault: str) -> None:
    with pytest.raises((AssertionError, NameError), match=fault):
        Reader().follow(page)
