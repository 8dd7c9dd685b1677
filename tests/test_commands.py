"""How the console commands end: exit codes, the one line of an error, suggestions."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import click
import pytest
from check_helper import HandMade, write
from click.testing import CliRunner

import cnn.cli
import cnn.torch_loading
import sheetgen.cli
from sheetgen.console.commands import CommandGroup, suggestion
from sheetgen.console.terminal import say, say_json
from sheetgen.errors import InputError, RunError

ROOT = Path(cnn.cli.__file__).parents[1]


@click.group(cls=CommandGroup)
def group():
    pass


@group.command()
@click.argument("kind")
def end(kind):
    click.echo("a result")
    endings = {
        "input": InputError('rate "x" is\nnot a number'),
        "run": RunError("the disk is full"),
        "interrupt": KeyboardInterrupt(),
        "bug": ZeroDivisionError("a bug"),
    }
    if kind in endings:
        raise endings[kind]


@group.group(cls=CommandGroup)
def inner():
    pass


inner.add_command(end)


def invoke(*args):
    return CliRunner().invoke(group, args)


@pytest.mark.parametrize("prefix", [(), ("inner",)], ids=["group", "group in a group"])
@pytest.mark.parametrize(
    ("kind", "code", "stderr"),
    [
        ("well", 0, ""),
        ("input", 2, 'Error: rate "x" is not a number\n'),
        ("run", 1, "Error: the disk is full\n"),
        ("interrupt", 130, "\nInterrupted.\n"),
    ],
)
def test_each_ending_has_its_code_and_one_line_on_stderr(prefix, kind, code, stderr):
    result = invoke(*prefix, "end", kind)
    assert (result.exit_code, result.stderr, result.stdout) == (code, stderr, "a result\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full disk to try")
def test_a_full_disk_behind_the_output_is_named(monkeypatch):
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr("sys.stdout", full)
        for print_it in (say, say_json):
            with pytest.raises(RunError, match="standard output could not be written: No space"):
                print_it("a line")
        monkeypatch.undo()
        with suppress(OSError):
            full.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full disk to try")
def test_what_standard_error_does_not_take_is_dropped(monkeypatch):
    """As of a terminal that is closed, while the command ends for that reason."""
    with Path("/dev/full").open("w") as closed:
        monkeypatch.setattr("sys.stderr", closed)
        say("not complete", err=True)
        say("Terminated.", err=True)


def test_a_bug_keeps_its_traceback():
    assert isinstance(invoke("end", "bug").exception, ZeroDivisionError)


def test_unknown_command_gets_the_nearest_name():
    result = invoke("edn")
    assert result.exit_code == 2
    assert result.stderr.endswith('Error: there is no command "edn"; did you mean "end"?\n')
    assert result.stdout == ""


def test_unknown_command_near_to_none_gets_the_list():
    assert invoke("zzzz").stderr.endswith('no command "zzzz"; choose from end, inner\n')


def test_suggestion_ignores_case_and_keeps_the_spelling_of_the_known_name():
    assert suggestion("ERA-V2", ["era-v1", "era-v2"]) == 'did you mean "era-v2"?'
    assert suggestion("epoch", ["Epoch"]) == 'did you mean "Epoch"?'


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("cnn train --lr 0.1", "--learning-rate"),
        ("cnn train --learning_rate 0.1", "--learning-rate"),
        ("cnn train -lr 0.1", "--learning-rate"),
        ("cnn train --epoch 3", "--epochs"),
        ("cnn train --num-epochs=3", "--epochs"),
        ("cnn train --batch 64", "--batch-size"),
        ("cnn train --bs 64", "--batch-size"),
        ("cnn train --data-folder data", "--data-dir"),
        ("cnn train --out runs", "--run"),
        ("cnn train --output runs", "--run"),
        ("cnn train --gpu", "--device"),
        ("cnn train --continue", "--resume"),
        ("cnn train --num-workers 2", "--threads"),
        ("cnn train --random-seed 2", "--seed"),
        ("cnn train --Modle fast", "--model"),
        ("cnn export runs --out x.xlsx", "--output"),
        ("cnn export runs --overwrite", "--force"),
        ("cnn log runs --output x.xlsx", "--workbook"),
        ("sheetgen build --lr 0.1", "--learning-rates"),
        ("sheetgen build --learning-rate 0.1", "--learning-rates"),
        ("sheetgen build --out x.xlsx", "--output"),
        ("sheetgen build --steps 7", "--iterations"),
        ("sheetgen build --skip-verify", "--no-verify"),
        ("sheetgen verify x.xlsx --backend ironcalc", "--engine"),
        ("sheetgen exercise --class names.csv", "--students"),
        ("sheetgen grade x.xlsx --key-file k", "--key"),
        ("sheetgen check x.xlsx --as-json", "--json"),
        ("sheetgen -h", "--help"),
        ("sheetgen check x.xlsx --out x.csv", "--csv"),
        ("sheetgen check x.xlsx --output x.csv", "--csv"),
        ("sheetgen grade x.xlsx -o x.csv", "--csv"),
        ("sheetgen build --epochs 3", "--iterations"),
        ("cnn train -o runs", "--run"),
        ("cnn log runs -o x.xlsx", "--workbook"),
    ],
)
def test_the_usual_name_of_an_option_leads_to_ours(words, meant):
    console, *args = words.split()
    main = {"cnn": cnn.cli.main, "sheetgen": sheetgen.cli.main}[console]
    result = CliRunner().invoke(main, args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith(f'; did you mean "{meant}"?\n'), result.stderr
    assert result.stderr.splitlines()[-1].startswith('Error: there is no option "-')


def test_an_option_that_means_nothing_here_is_only_refused():
    result = CliRunner().invoke(cnn.cli.main, ["models", "--zzz"])
    assert result.stderr.endswith('Error: there is no option "--zzz"\n')


def test_what_the_output_cannot_encode_is_escaped(tmp_path):
    table = HandMade()
    table.formulas["∂E/∂w6"] = table.formulas["∂E/∂w5"]
    path = write(tmp_path / "wrong.xlsx", S=table)
    result = subprocess.run(
        [sys.executable, "-m", "sheetgen", "check", path],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (1, b"")
    assert b"\\u2202E/\\u2202w6: a_h1 is used instead of a_h2" in result.stdout


def test_a_closed_pipe_ends_quietly():
    code = (
        "import click\n"
        "from sheetgen.console.commands import CommandGroup\n"
        "group = CommandGroup()\n"
        "@group.command()\n"
        "def many():\n"
        "    for _ in range(100_000):\n"
        "        click.echo('a line')\n"
        "group(['many'])\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


IMPORTED = """
import atexit, runpy, sys
known = {*sys.stdlib_module_names, *sys.modules}

def imported():
    files = [name for name, module in sys.modules.items() if getattr(module, "__file__", None)]
    print(*sorted({name.partition(".")[0] for name in files} - known), file=sys.stderr)

atexit.register(imported)
sys.argv[:] = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize(
    ("command", "packages"),
    [
        ("sheetgen --help", "click sheetgen"),
        ("sheetgen grade --help", "click sheetgen"),
        ("cnn --help", "click cnn sheetgen"),
        ("cnn export --help", "click cnn sheetgen"),
        ("sheetgen build --iterations 2 -o book.xlsx", "click lxml numpy sheetgen xlsxwriter"),
    ],
)
def test_a_command_imports_what_it_needs(command, packages, tmp_path):
    """What takes long to import: an engine is imported in a process of its own."""
    line = [sys.executable, "-c", IMPORTED, *command.split()]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    result = subprocess.run(
        line, cwd=tmp_path, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert result.stderr.splitlines()[-1] == packages


@pytest.mark.parametrize("main", [cnn.cli.main, sheetgen.cli.main], ids=["cnn", "sheetgen"])
def test_a_command_without_arguments_shows_its_help(main):
    result = CliRunner().invoke(main, [])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == CliRunner().invoke(main, ["--help"]).stdout


def run_without_torch(*args):
    code = (
        "import sys; sys.modules['torch'] = None; from cnn.cli import main; main(prog_name='cnn')"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *args], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("args", [("models",), ("summary", "era-v2")])
def test_without_torch_one_line_says_how_to_install_it(args):
    result = run_without_torch(*args)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "Error: cnn needs PyTorch: pip install 'sheetgen[cnn]'\n"


def test_a_torch_that_lacks_a_package_is_another_fault(monkeypatch):
    def broken(_name):
        raise ModuleNotFoundError("No module named 'sympy'", name="sympy")

    monkeypatch.setattr(cnn.torch_loading.importlib, "import_module", broken)
    assert isinstance(CliRunner().invoke(cnn.cli.main, ["models"]).exception, ModuleNotFoundError)
