"""Runs `sheetgen verify` on workbooks with a wrong cell, and reads what it says."""

import re

from conftest import held, put, sheetgen


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
