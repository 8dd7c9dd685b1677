"""The figures that the benchmarks print, in results.json and in the documents.

In a document a figure is between two comments, as in

    <!-- figure: build.ratio -->5.8<!-- end -->

and `pytest tests/test_benchmarks.py` fails where it is not that of results.json.
"""

import json
import os
import platform
import re
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sheetgen.version import __version__

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results.json"
PACKAGES = ("numpy", "xlsxwriter", "lxml", "ironcalc", "torch")
SECONDS = r"^{}: ([\d.]+) s"
PEAK = r"^{}: [\d.]+ s, (\d+) MiB"
MODELS = ("era-v1", "era-v2", "best", "sprint", "fast", "tiny", "nano")
TRAINED = r"^{} +[\d,]+ +\d+ +\d+ "
PATTERNS: Mapping[str, Mapping[str, str]] = {
    "accuracy": {
        f"{model.replace('-', '_')}_{which}": TRAINED.format(model) + mean
        for model in MODELS
        for which, mean in (
            ("last", r" +([\d.]+ ± [\d.]+) % +[\d.]+ %$"),
            ("best", r" +[\d.]+ ± [\d.]+ % +([\d.]+) %$"),
        )
    },
    "build": {
        "formulas": r"^([\d,]+) table formulas",
        "seconds": r"^sheetgen build +([\d.]+) s",
        "peak": r"peak (\d+) MiB",
        "bare_seconds": r"^bare loop +([\d.]+) s",
        "ratio": r"takes ([\d.]+) times as long",
    },
    "commands": {
        "help": SECONDS.format("sheetgen --help"),
        "cnn_help": SECONDS.format("cnn --help"),
        "build": SECONDS.format("sheetgen build"),
        "build_peak": PEAK.format("sheetgen build"),
        "verify": SECONDS.format("sheetgen verify"),
        "verify_peak": PEAK.format("sheetgen verify"),
        "formulas": r"^([\d,]+) formulas verified",
        "numpy": SECONDS.format("import numpy"),
    },
    "engines": {
        "templates": r"^(\d+) templates",
        "formulas": r"templates with ([\d,]+) formulas",
        "largest": r"largest difference is ([\d.e-]+),",
        "wrong": r"and (no|\d+) cells",
    },
    "scale": {
        "spread": r"within (\d+)%",
        "bytes": r"at (\d+ to \d+) bytes",
        "convolution": r"convolution takes ([\d.]+) times as long",
        "convolution_bytes": r"and ([\d.]+) times the bytes",
    },
    "train_speed": {
        "era_v1": r"^era-v1: notebook .*: ([\d.]+) times faster",
        "era_v2": r"^era-v2: notebook .*: ([\d.]+) times faster",
        "fast_seconds": r"^fast: \d+ epochs in ([\d.]+) s",
    }
    | {
        f"{model.replace('-', '_')}_time": rf"^{model}: .*: ([\d.]+) and [\d.]+ of fast's$"
        for model in MODELS
        if model != "sprint"
    }
    | {"sprint_time": r"^sprint, whole trainings: ([\d.]+) of fast's time"},
}
"""Benchmark → name of a figure → what it is printed in, with the figure as the group."""
_MARKED = re.compile(r"(<!-- figure: (\w+)\.(\w+) -->)(.*?)(<!-- end -->)")


def results() -> dict[str, Any]:
    """Return what has been measured, by benchmark."""
    return json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}


def keep(name: str, command: str, date: str, load: float, printed: str) -> None:
    """Put what a benchmark printed into results.json, if it has figures."""
    figures = figures_in(name, printed)
    if figures:
        measured = {
            "command": command,
            "date": date,
            "machine": machine() | {"load before": round(load, 1)},
            "versions": dict(versions()),
            "figures": figures,
        }
        text = json.dumps(results() | {name: measured}, indent=1, sort_keys=True)
        RESULTS.write_text(f"{text}\n", "utf-8")


def figures_in(name: str, printed: str) -> dict[str, str]:
    """Return a benchmark's figures as it printed them; raises SystemExit if one is missing."""
    found = {}
    for key, pattern in PATTERNS.get(name, {}).items():
        match = re.search(pattern, printed, re.MULTILINE)
        if match is None:
            raise SystemExit(f"{name} printed no {key}; expected a line with {pattern}")
        found[key] = match[1]
    return found


def documents() -> list[Path]:
    return [HERE.parent / "README.md", *sorted((HERE.parent / "docs").glob("*.md"))]


def with_figures(text: str) -> str:
    """Return a document with the figures of results.json; KeyError where one is missing."""
    found = results()

    def figure(match: re.Match[str]) -> str:
        start, name, key, _, end = match.groups()
        return f"{start}{found[name]['figures'][key]}{end}"

    return _MARKED.sub(figure, text)


def machine() -> dict[str, Any]:
    """Return the model and the number of the processors that may be used."""
    model, cores = platform.processor() or platform.machine(), os.cpu_count()
    if Path("/proc/cpuinfo").exists():
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        model = found[1] if found else model
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    return {"processor": model, "cores": cores}


def versions() -> Iterator[tuple[str, str]]:
    yield "python", platform.python_version()
    yield "sheetgen", __version__
    for package in PACKAGES:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            continue
