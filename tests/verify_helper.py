"""Runs `sheetgen verify` on workbooks with a wrong cell, and reads what it says."""

import re

import pytest
from conftest import held, put, sheetgen

WRONG_NUMBERS = [
    pytest.param("lr 0.1", "AF7", "(V7-E7)", "(E7-V7)", id="wrong sign in a gradient"),
    pytest.param("lr 0.5", "I7", "-", "+", id="ascent instead of descent"),
    pytest.param("Playground", "Y11", "0.5*", "", id="loss without its half"),
    pytest.param("Derivation", "G37", "$C$33", "$C$23", id="wrong factor in Derivation"),
    pytest.param("Learning rates", "J8", "0.1", "0.5", id="column that follows another sheet"),
    pytest.param("Gradient check", "F9", "$C$22", "$C$23", id="wrong central difference"),
]
"""Sheet, cell, what is replaced in its formula and by what, in `small`."""


def check(path, perturb=0):
    return sheetgen("verify", path, "--engine", "ironcalc", "--perturb", perturb)


def finding(result, sheet, cell):
    """Return the formula, the expected and the found value that the output gives for a cell."""
    start = re.escape(f"{sheet}!{cell}: ")
    line = re.search(
        rf"^{start}.+; formula (.+), expected (.+), found (.+?)( \(and .+ more\))?$",
        result.stdout,
        re.MULTILINE,
    )
    assert line, result.stdout
    return line[1], line[2], line[3]


def replaced(path, sheet, cell, old, new):
    """Replace a part of a cell's formula, and return what it then is."""
    before = held(path, sheet, cell).formula
    assert old in before
    after = f"={before.replace(old, new)}"
    put(path, sheet, cell, after)
    return after


def findings(results):
    return [str(each) for result in results for sheet in result.sheets for each in sheet.findings]


def plain(message):
    """Return a message without the $ and quotes of its addresses."""
    return message.replace("$", "").replace("'Gradient check'", "Gradient check")
