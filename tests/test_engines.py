"""Each engine has to evaluate what our workbooks use, and never to repeat what a file claims."""

import math
import shutil
import sys
import tempfile
import threading
from pathlib import Path

import ironcalc
import pytest
import xlsxwriter
from conftest import PROGRAMS, WRONG, Build, require, sheetgen

from sheetgen.errors import InputError, RunError
from sheetgen.spreadsheet import engines, library_calls, reader
from sheetgen.spreadsheet.engines import libreoffice as office
from sheetgen.spreadsheet.engines import programs
from sheetgen.spreadsheet.engines.engine import Engine
from sheetgen.spreadsheet.engines.library_engines import LibraryEngine

DATA = {f"A{row}": row / 10 for row in range(1, 10)} | {
    f"B{row}": row - 5.5 for row in range(1, 10)
}
QUOTED: dict[str, str | float] = {f"A{row}": row - 3.0 for row in range(1, 10)}
QUOTED |= {f"B{row}": "FAIL" if row % 3 == 0 else "PASS" for row in range(1, 10)}

FORMULAS: dict[str, reader.Value] = {
    "=EXP(data!A1)": math.exp(0.1),
    "=SUM(data!A1:A9)": 4.5,
    "=SUMPRODUCT(data!A1:A9,data!B1:B9)": sum(row / 10 * (row - 5.5) for row in range(1, 10)),
    '=ROUND(data!A1/3,4)&" η"': "0.0333 η",
    "=1234.5&MID(1/2,2,1)&RIGHT(10005,4)": "1234.5.0005",
    "=IF(TRUE(),INT(-1.5+400)-400,0.000000001)": -2.0,
    '=TEXT(data!A1/3,"0.000")': "0.033",
    '=IF(AND(data!A1>0,OR(data!A2>5,data!A2>0)),"∂","no")': "∂",
    "=ABS(data!B1)": 4.5,
    "=MAX(data!A1:A9,'lr 0.1'!A1:A9,'it''s'!A1)": 7.0,
    "=MIN('lr 0.1'!A1:A9,data!A1:A9)": -2.0,
    "=INDEX(data!A1:B9,3,2)": -2.5,
    "=INDEX('lr 0.1'!B1:B9,MATCH(0,'lr 0.1'!A1:A9,0))": "FAIL",
    "=MATCH(77,data!A1:A9,0)": "#N/A",
    '=COUNTIF(data!A1:A9,"<"&data!A5)': 4.0,
    "=COUNTIF('lr 0.1'!B1:B9,\"FAIL\")": 3.0,
    "=LOG10(0.01)+LN(EXP(1))": -1.0,
    '=HYPERLINK("#\'lr 0.1\'!A1","go ∂")': "go ∂",
    "=NA()": "#N/A",
    "=1/0": "#DIV/0!",
    "=EXP(1000)": "#NUM!",
    "=ISNUMBER(data!A1)": True,
    '=IFERROR(1/0,"none")': "none",
    '=""': "",
    "=H99": 0.0,
    "=-2^2": 4.0,
    "=FOO_BAR(1)": "#NAME?",
}


PACKAGES = {"libreoffice": "libreoffice-calc", "gnumeric": "gnumeric", "hyperformula": "hyperf"}


@pytest.fixture(params=[each.name for each in engines.ENGINES if each.name != "libreoffice"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each of the engines in turn but LibreOffice, in which test_libreoffice runs what uses it."""
    chosen = engines.engine(request.param)
    require(chosen.missing())
    return chosen


@pytest.fixture(params=[candidate.name for candidate in engines.ENGINES])
def each_engine(request: pytest.FixtureRequest) -> Engine:
    """Each of the engines in turn, LibreOffice by itself."""
    chosen = engines.engine(request.param)
    require(chosen.missing())
    return chosen


def agrees(value: reader.Value, expected: reader.Value) -> bool:
    if isinstance(expected, float):
        return isinstance(value, float) and math.isclose(value, expected, rel_tol=1e-14)
    return value is expected if isinstance(expected, bool) else value == expected


def test_every_formula_is_evaluated_from_scratch(engine: Engine, poisoned: Build) -> None:
    cells = {f"A{row}": formula for row, formula in enumerate(FORMULAS, start=1)}
    path = poisoned({"data": dict(DATA), "lr 0.1": QUOTED, "it's": {"A1": 7.0}, "use": {**cells}})
    before = path.read_bytes()
    values = engine.recalculate(path)
    wrong = {
        formula: values["use"].get((row, 0), "left out")
        for row, (formula, expected) in enumerate(FORMULAS.items())
        if not agrees(values["use"].get((row, 0), "left out"), expected)
        # Gnumeric 1.12 reads no sheet's name with an apostrophe; none of ours has one.
        and not (engine.name == "gnumeric" and "it''s" in formula)
    }
    assert wrong == {}
    assert path.read_bytes() == before
    assert {name: set(found) for name, found in values.items()} == {
        name: set(found) for name, found in reader.read_cells(path).items()
    }


def test_what_cannot_be_evaluated_is_no_cached_value(engine: Engine, poisoned: Build) -> None:
    formulas = ["=1+", "=SUM(", "=no_such_name", "=missing!A1", "=C1"]
    paths = [
        poisoned({"one": {"A1": 6.0, "B1": formula, "C1": "=C1+1", "D1": "=A1*2"}})
        for formula in formulas
    ]
    for formula, values in zip(formulas, engine.recalculate_all(paths), strict=True):
        cells = values["one"]
        assert cells[0, 3] == 12.0, formula
        if engine.name == "gnumeric" and formula == "=C1":
            continue  # it computes a circle once
        # Calc reads "=SUM(" as "=SUM()", so that nothing is wrong with it there.
        repaired = engine.name == "libreoffice" and formula == "=SUM("
        assert cells[0, 1] == 0.0 if repaired else reader.is_error(cells[0, 1]), formula
        assert reader.is_error(cells[0, 2]) or engine.name == "gnumeric", formula


@pytest.mark.slow
def test_libreoffice_starts_once_and_one_workbook_that_fails_takes_no_other_with_it(
    libreoffice: Engine, poisoned: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [poisoned({"data": {"A1": f"={number}+1"}}) for number in range(3)]
    sources: list[int] = []
    results: list[bytes] = []
    run = office.run

    def lossy(command: list[str], seconds: float, folder: Path) -> str:
        """Run LibreOffice, and lose the second of several results as a crash would."""
        printed, (output, *files) = run(command, seconds, folder), outputs(command)
        results.extend((output / each).read_bytes() for each in files)
        sources.append(len(files))
        (output / "workbook-1.xlsx").unlink(missing_ok=True)
        return printed

    monkeypatch.setattr(office, "run", lossy)
    found = list(libreoffice.recalculate_all(paths))
    assert found == [{"data": {(0, 0): number + 1.0}} for number in range(3)]
    assert sources == [3, 1]

    def failing(command: list[str], seconds: float, folder: Path) -> str:  # noqa: ARG001
        """Fail at several workbooks, and do of each one what LibreOffice did."""
        output, *files = outputs(command)
        if len(files) > 1:
            raise RunError("soffice was stopped after 0 seconds")
        output.mkdir()
        (output / str(files[0])).write_bytes(results.pop(0))
        return ""

    monkeypatch.setattr(office, "run", failing)
    assert list(libreoffice.recalculate_all(paths)) == found


def outputs(command: list[str]) -> list[Path]:
    """The folder into which a command of LibreOffice writes, and the names of the files there."""
    _, output, *files = command[command.index("--outdir") :]
    return [Path(output), *(Path(Path(each).name) for each in files)]


def test_defined_names(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "names.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        one, two = workbook.add_worksheet("lr 0.1"), workbook.add_worksheet("lr 1")
        for sheet, rate in ((one, 0.1), (two, 1.0)):
            sheet.write("A1", rate)
            workbook.define_name(f"'{sheet.name}'!learning_rate", f"='{sheet.name}'!$A$1")
            sheet.write_formula("B1", "=2*learning_rate", None, WRONG)
        workbook.define_name("w_1", "='lr 1'!$A$1")
        one.write_formula("C1", "=w_1+1", None, WRONG)
    values = engine.recalculate(path)
    assert (values["lr 0.1"][0, 1], values["lr 1"][0, 1]) == (0.2, 2.0)
    assert values["lr 0.1"][0, 2] == 2.0


def test_long_chains(engine: Engine, poisoned: Build) -> None:
    length = 10_000

    def chain(step: int) -> Path:
        cells: dict[str, str | float] = {f"A{row}": f"=A{row + step}+1" for row in range(2, length)}
        return poisoned({"chain": cells | {"A1": 0.0, f"A{length}": 0.0}})

    down, up = (found["chain"] for found in engine.recalculate_all([chain(-1), chain(1)]))
    assert (len(down), len(up)) == (length, length)
    assert (down[length - 2, 0], up[1, 0]) == (length - 2, length - 2)


def test_dates_are_numbers_and_precision_is_kept(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "numbers.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet, date = (
            workbook.add_worksheet("one"),
            workbook.add_format({"num_format": "yyyy-mm-dd"}),
        )
        sheet.write_number("A1", 45000, date)
        sheet.write_formula("A2", "=A1+0.5", date, WRONG)
        sheet.write_formula("A3", "=1/7+0.0000000000000001", None, WRONG)
    values = engine.recalculate(path)["one"]
    assert (values[0, 0], values[1, 0]) == (45000.0, 45000.5)
    exact = isinstance(engine, LibraryEngine)
    assert values[2, 0] == (1 / 7 + 1e-16 if exact else pytest.approx(1 / 7, rel=1e-14))


def test_a_file_that_is_no_workbook(each_engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "not.xlsx"
    path.write_text("hello")
    with pytest.raises(InputError, match=r"not\.xlsx"):
        each_engine.recalculate(path)


def test_version(each_engine: Engine) -> None:
    name, number = each_engine.version().split(" ")
    assert name.lower() == each_engine.name
    assert number[0].isdigit()


def test_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["ironcalc", "formualizer", "libreoffice", "gnumeric", "hyperformula"]
    assert [one.name for one in engines.ENGINES] == names
    assert engines.engine("ironcalc") is engines.EMBEDDED
    with pytest.raises(InputError, match=", ".join(names)):
        engines.engine("excel")
    monkeypatch.setattr(LibraryEngine, "missing", lambda self: f"no {self.name}")
    assert {one.name for one in engines.installed()} <= set(PROGRAMS)


def test_an_engine_that_is_missing(monkeypatch: pytest.MonkeyPatch, poisoned: Build) -> None:
    monkeypatch.setattr(office, "_program", lambda: None)
    monkeypatch.setattr("shutil.which", lambda _: None)
    path = poisoned({"one": {"A1": 1.0}})
    for name, package in PACKAGES.items():
        with pytest.raises(RunError, match=f"install .*{package}"):
            engines.engine(name).recalculate(path)
        result = sheetgen("verify", path, "--engine", name)
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    for one in engines.ENGINES[:2]:
        with pytest.raises(RunError, match="pip install"):
            one.recalculate(path)


def test_a_panic_is_a_run_error(monkeypatch: pytest.MonkeyPatch, poisoned: Build) -> None:
    monkeypatch.setattr(ironcalc, "load_from_xlsx", lambda _: ironcalc.test_panic())
    with pytest.raises(RunError, match="ironcalc could not recalculate"):
        library_calls.ironcalc_values(poisoned({"one": {"A1": 1.0}}))


def test_ctrl_c_passes_through(monkeypatch: pytest.MonkeyPatch, poisoned: Build) -> None:
    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ironcalc, "load_from_xlsx", interrupt)
    with pytest.raises(KeyboardInterrupt):
        library_calls.ironcalc_values(poisoned({"one": {"A1": 1.0}}))


def processes_naming(text: str) -> list[str]:
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = place.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if text in line:
            found.append(line)
    return found


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("seconds", [0.05, 0.5])
def test_timeout_leaves_nothing_behind(
    libreoffice: Engine,
    monkeypatch: pytest.MonkeyPatch,
    poisoned: Build,
    tmp_path: Path,
    seconds: float,
) -> None:
    assert libreoffice.missing() is None
    path = poisoned({"one": {"A1": 1.0}})
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with pytest.raises(RunError, match="was stopped after"):
        office.LibreOffice(seconds).recalculate(path)
    assert list(folder.iterdir()) == []
    assert processes_naming(str(folder)) == []


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal to a process group")
def test_a_timeout_kills_what_the_program_started(tmp_path: Path) -> None:
    go, mark = tmp_path / "go", tmp_path / "alive"
    script = f"(while [ ! -e '{go}' ]; do sleep 0.05; done; echo x > '{mark}') & exit 0"
    with pytest.raises(RunError, match="stopped"):
        programs.run(["sh", "-c", script], 0.2)
    go.touch()
    threading.Event().wait(0.3)
    assert not mark.exists()


@pytest.mark.slow
def test_two_runs_at_once(libreoffice: Engine, poisoned: Build) -> None:
    path = poisoned({"one": {"A1": "=1+1"}})
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(libreoffice.recalculate(path)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [{"one": {(0, 0): 2.0}}] * 2


@pytest.mark.skipif(sys.platform == "win32", reason="the program is a script of a shell")
def test_no_output_is_an_error(
    monkeypatch: pytest.MonkeyPatch, poisoned: Build, tmp_path: Path
) -> None:
    silent = tmp_path / "soffice"
    silent.write_text("#!/bin/sh\necho source file could not be loaded\n")
    silent.chmod(0o755)
    monkeypatch.setattr(office, "_program", lambda: shutil.which(silent))
    with pytest.raises(RunError, match="could not be loaded"):
        office.LibreOffice().recalculate(poisoned({"one": {"A1": 1.0}}))
