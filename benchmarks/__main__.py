"""Runs the benchmarks, keeps what they measure, and puts their figures into the documents.

    python -m benchmarks                      lists them, with the day of their figures
    python -m benchmarks NAME [OPTION...]     runs one, with its options
    python -m benchmarks all                  runs all that need neither a run nor data
    python -m benchmarks documents            writes the figures into README.md and docs

The figures of those that have some are in benchmarks/results.json, with the day, the command, the
machine and the versions; figures.py says how a document names them.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from benchmarks.figures import HERE, documents, keep, results, with_figures

NEEDS = ("accuracy", "export", "train_speed")  # data, or a run


def main(arguments: list[str]) -> None:
    match arguments:
        case []:
            print(*listed(), sep="\n")
        case ["documents"]:
            for path in documents():
                text = path.read_text("utf-8")
                if (renewed := with_figures(text)) != text:
                    path.write_text(renewed, "utf-8")
                    print(f"wrote {path.name}")
        case ["all"]:
            for name in names():
                if name not in NEEDS:
                    run(name, [])
        case [name, *options] if name in names():
            run(name, options)
        case [name, *_]:
            raise SystemExit(f"there is no benchmark {name}; choose from {', '.join(names())}")


def names() -> list[str]:
    """Return the names of the benchmarks: of the programs in this folder."""
    programs = (path for path in sorted(HERE.glob("*.py")) if path.stem != "__main__")
    return [path.stem for path in programs if "if __name__ ==" in path.read_text("utf-8")]


def listed() -> Iterator[str]:
    """Yield a line for each benchmark: its name, the day of its figures, what it is for."""
    found = results()
    for name in names():
        text = ast.get_docstring(ast.parse((HERE / f"{name}.py").read_text("utf-8"))) or ""
        day = found[name]["date"] if name in found else "-"
        yield f"{name:<13} {day:<11} {text.splitlines()[0]}"


def run(name: str, options: list[str]) -> None:
    """Run a benchmark and keep its figures; ends the program as it does if it fails."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    line = [sys.executable, str(HERE / f"{name}.py"), *options]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        printed = "".join(echoed(process.stdout))
    if process.returncode:
        raise SystemExit(process.returncode)
    command = " ".join(["python", f"benchmarks/{name}.py", *options])
    keep(name, command, datetime.now(UTC).date().isoformat(), load, printed)


def echoed(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines, each of which is also printed."""
    for line in lines:
        print(line, end="", flush=True)
        yield line


if __name__ == "__main__":
    main(sys.argv[1:])
