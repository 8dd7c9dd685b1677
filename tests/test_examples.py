"""The examples run as they are, and print what they promise."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[1] / "examples"
EXPECTED = {
    "check_a_table": r"∂E/∂w2 in M3: the factor i2 is missing; expected =.*\*C3\n",
    "draw_a_digit": r"(the workbook says (0\.\d{12}), torch \2\n){3}",
    "hand_out_and_grade": r"Ada: 1 of \d+ right\nGrace: 0 of \d+ right\n",
    "iris_in_cells": r"[\d,]+ formulas verified: True\n",
    "log_any_loop": r"40 epochs, val_acc 0\.9\d: the sheet Spirals of spirals\.xlsx\n",
    "own_network": r"[\d,]+ formulas verified: True\n",
    "watch_it_learn": (
        r"iteration 0: from 0\.\d+ to 0\.\d+\niteration 100: .*\n"
        r"iteration 399: from 0\.00\d to 0\.9\d+\n"
    ),
}


def example(name: str) -> ModuleType:
    specification = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_every_example_is_run_here() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_an_example_prints_what_it_promises(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if name == "iris_in_cells":
        pytest.importorskip("sklearn", reason="this example is about a pipeline of scikit-learn's")
    if name in ("draw_a_digit", "iris_in_cells", "own_network"):
        pytest.importorskip("torch", reason="this example is about a network of PyTorch's")
    example(name).main(tmp_path)
    assert re.fullmatch(EXPECTED[name], capsys.readouterr().out)
