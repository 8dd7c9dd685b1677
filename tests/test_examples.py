"""The examples run as they are, and print what they promise."""

import importlib.util
import re
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType

import pytest
from shared_books import no_surfaces

FOLDER = Path(__file__).parents[1] / "examples"
EXPECTED = {
    "add_a_table": r"Results has 306 cells and 1 chart; \d+ of \d+ parts are the same .*\n",
    "check_a_table": r"∂E/∂w2 in M3: the factor i2 is missing; expected =.*\*C3\n",
    "draw_a_digit": r"(the workbook says (0\.\d{12}), torch \2\n){3}",
    "hand_out_and_grade": r"Ada: 1 of \d+ right\nGrace: 0 of \d+ right\n",
    "iris_in_cells": r"[\d,]+ formulas verified: True\n",
    "log_any_loop": r"40 epochs, val_acc 0\.9\d: the sheet Spirals of spirals\.xlsx\n",
    "own_network": r"[\d,]+ formulas verified: True\n",
    "watch_it_learn": (
        r"iteration 0: from 0\.\d+ to 0\.\d+\niteration 40: .*\n"
        r"iteration 100: from 0\.0\d+ to 0\.9\d+\n"
    ),
    "attention": r"[\d,]+ formulas verified: True\n",
    "autoencoder": "Eight patterns through three units: .*\n",
    "check_a_regression": r"w in C4: ∂E/∂b1 is used instead of ∂E/∂w1; expected =C3-\$B\$1\*G3\n",
    "classes_from_a_file": "36 birds, and 12 to test on\n",
    "compare_trainings": "6 trainings on one sheet\n",
    "dying_units": r"lr 0.1: the mean of the last 20 errors is 0\.1\d\nlr 1: .* is 0\.8\d\n",
    "error_surface": "two weights, 60 steps\n",
    "exercise_on_paper": r"\d+ blanks, 1 solution\n",
    "falling_learning_rate": "a schedule: cosine\n",
    "first_workbook": r"[\d,]+ formulas are right, with other inputs too: True\n",
    "fit_a_curve": "17 points, 25 weights and biases\n",
    "gradient_check": "9 gradients by three ways\n",
    "house_prices": r"[\d,]+ formulas verified: True\n",
    "inside_a_ring": "26 points, 17 weights and biases\n",
    "kernel_that_learns": "2 kernels of 9 weights\n",
    "learning_rates": r"lr 0.2: 0\.6\d+\nlr 2: 0\.1\d+\nlr 20: 2\.9\d+\n",
    "log_pytorch": "30 epochs in moons.xlsx\n",
    "matrices": "2 layers, 14 weights and biases\n",
    "one_unit_and_xor": "3 problems to choose from on the sheet Data\n",
    "optimizers": "4 optimisers side by side\n",
    "proof": "as built: PASS\nwith a number pasted over a formula: FAIL\n",
    "recurrent": r"[\d,]+ formulas verified: True\n",
    "signals": r"[\d,]+ formulas verified: True\n",
    "skip_connection": r"[\d,]+ formulas verified: True\n",
}

OF_SURFACES = ("error_surface", "watch_it_learn")
"""What the others show is the same without the surfaces, which are most of a small workbook."""


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
    code = (FOLDER / f"{name}.py").read_text("utf-8")
    for package in ("pandas", "sklearn", "torch"):
        if re.search(rf"^(from|import) ({package}|cnn.export)\b", code, re.MULTILINE):
            pytest.importorskip(package, reason=f"this example is about {package}")
    with nullcontext() if name in OF_SURFACES else no_surfaces():
        example(name).main(tmp_path)
    assert re.fullmatch(EXPECTED[name], capsys.readouterr().out)
