"""Whatever a stranger's file names, LibreOffice goes nowhere: no network, no files, no settings."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from conftest import sheetgen, sigmoid_network
from reaching import Watch, bait, flat, reaching, server
from shared_books import no_surfaces

from sheetgen.spreadsheet import fence
from sheetgen.spreadsheet.engines import Engine, programs
from sheetgen.spreadsheet.engines import libreoffice as office
from sheetgen.workbook.build import build_workbook

HOSTILE = Path(__file__).parent / "cases" / "hostile"

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")

fenced = pytest.mark.skipif(not fence.version(), reason="this system has no Landlock")


def loaded(folder: Path, *paths: Path) -> None:
    """Let LibreOffice load and draw files as they are, without our copies in between."""
    place = folder / "loaded"
    place.mkdir()
    copies = [shutil.copy(path, place / f"{path.suffix[1:]}-{path.name}") for path in paths]
    office.office(["--convert-to", "pdf", "--outdir", str(place), *map(str, copies)], place, 600)
    assert len(list(place.glob("*.pdf"))) == len(paths)


def unprotected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what protects: the settings of the profile, the surroundings, the fence."""
    empty = '<oor:items xmlns:oor="http://openoffice.org/2001/registry"/>'
    monkeypatch.setattr(office, "_REGISTRY", empty)
    monkeypatch.setattr(programs, "_fenced", lambda *_: [])


Maker = Callable[[str, str], Path]
KINDS = ("ours.xlsx", "plain.xlsx", "book.fods", "images.fods")
"""A workbook of ours, one of a single sheet, OpenDocuments."""


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook of ours, of a unit and without surfaces; not to be written to."""
    path = tmp_path_factory.mktemp("ours") / "book.xlsx"
    with no_surfaces():
        build_workbook(sigmoid_network([[[0.5]]], [0.3], [0.2], 0.1, iterations=2), path)
    return path


@pytest.fixture
def make(ours: Path, tmp_path: Path) -> Maker:
    """A function that makes a file of a kind, which leads to an address in all its ways."""

    def made(kind: str, base: str) -> Path:
        if kind == "ours.xlsx":
            return reaching(Path(shutil.copy(ours, tmp_path)), base)
        if kind == "plain.xlsx":
            return reaching(plain(tmp_path / "plain.xlsx"), base)
        if kind == "book.fods":
            return flat(tmp_path / "book.fods", base)
        text = (HOSTILE / "images.fods").read_text("utf-8")
        path = tmp_path / "images.fods"
        path.write_text(text.replace("http://127.0.0.1:18080/", base), "utf-8")
        return path

    return made


def plain(path: Path) -> Path:
    """Write a workbook of one sheet with a chart."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("lr 0.1")
        sheet.write_row(0, 0, [1, 2])
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": ["lr 0.1", 0, 0, 0, 1]})
        sheet.insert_chart("C3", chart)
    return path


def commands(path: Path, folder: Path) -> None:
    """Run every command that may start LibreOffice, which only `check` does for no workbook.

    Of those of many sheets, which take long, no pictures are drawn.
    """
    drawn = ("render", path, "-o", folder / "pictures") if path.name != "book.xlsx" else None
    computed = "verify", path, "--engine", "libreoffice", "--perturb", 0
    right = {"plain.xlsx": [drawn], "book.xlsx": [computed, ("check", path)]}.get(path.name, [])
    for arguments in filter(None, (drawn, computed, ("check", path))):
        assert sheetgen(*arguments).exit_code == (0 if arguments in right else 2), arguments


@pytest.mark.usefixtures("renderer", "without_surfaces")
def test_no_address_is_asked_for(make: Maker, tmp_path: Path) -> None:
    with server() as (base, seen):
        paths = [make(kind, base) for kind in KINDS]
        for path in paths:
            commands(path, tmp_path)
            assert seen == [], path
        loaded(tmp_path, *paths)
    assert seen == []


@on_linux
@pytest.mark.usefixtures("libreoffice")
def test_the_server_and_the_watches_would_have_noticed(
    make: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each kind, where nothing protects, goes to its own place there and opens its own files."""
    unprotected(monkeypatch)
    kinds = ("plain.xlsx", "book.fods")
    with server() as (base, seen):
        bases = [f"{base}{kind}/" for kind in kinds]
        bases += [bait(tmp_path / f"private {kind}") for kind in kinds]
        paths = [
            make(kind, place).rename(tmp_path / f"{number} {kind}")
            for number, (kind, place) in enumerate(zip(kinds * 2, bases, strict=True))
        ]
        watches = [Watch(tmp_path / f"private {kind}") for kind in kinds]
        loaded(tmp_path, *paths)
    for kind, watch in zip(kinds, watches, strict=True):
        assert [request for request in seen if f"/{kind}/" in request] != []
        assert watch.opened() != set()


@fenced
@pytest.mark.usefixtures("renderer")
def test_no_file_of_the_user_is_opened(make: Maker, tmp_path: Path) -> None:
    """Our copies of files have no address left, of whatever kind it was: one is enough here.

    And a workbook of ours leads out in the same ways as one of a single sheet.
    """
    base = bait(tmp_path / "private")
    paths = [make(kind, base) for kind in KINDS if kind != "ours.xlsx"]
    watch = Watch(tmp_path / "private")
    commands(paths[0], tmp_path)
    loaded(tmp_path, *paths)
    assert watch.opened() == set()


@on_linux
@pytest.mark.usefixtures("renderer")
def test_where_there_is_no_fence_linked_pictures_of_workbooks_stay_closed(
    make: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Older systems have none: there, LibreOffice opens what a drawing within the file names."""
    monkeypatch.setattr(programs, "_fenced", lambda *_: [])
    path = make("plain.xlsx", bait(tmp_path / "private"))
    watch = Watch(tmp_path / "private")
    assert sheetgen("render", path, "-o", tmp_path / "pictures").exit_code == 0
    assert watch.opened() <= {"vector.png"}


@on_linux
def test_the_users_settings_and_caches_are_not_touched(
    libreoffice: Engine, make: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, str(home))
    home.mkdir()
    watch = Watch(home)
    loaded(tmp_path, *(make(kind, "http://127.0.0.1:9/") for kind in ("plain.xlsx", "book.fods")))
    assert libreoffice.version().startswith("LibreOffice ")
    assert list(home.iterdir()) == []
    assert watch.opened() == set()


@fenced
def test_a_fenced_program_opens_the_files_of_its_folder_only(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    (inside / "a").write_text("mine\n")
    outside.write_text("yours\n")
    script = f"cat {inside}/a; cat {outside}; echo x > {outside}; echo new > {inside}/b"
    command = [sys.executable, fence.__file__, str(inside), "/bin/sh", "-c", script]
    printed = programs.run(command, 60)
    assert printed.startswith("mine\n")
    assert "yours" not in printed
    assert outside.read_text() == "yours\n"
    assert (inside / "b").read_text() == "new\n"
