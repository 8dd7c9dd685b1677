"""The figures in the documents are those that the benchmarks measured."""

import json
import subprocess
import sys
from pathlib import Path

import accuracy
import figures
import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("path", figures.documents(), ids=lambda path: path.name)
def test_the_figures_of_a_document_are_those_of_the_results(path):
    text = path.read_text("utf-8")
    assert text.count("<!-- figure: ") == text.count("<!-- end -->")
    assert figures.with_figures(text) == text, "python -m benchmarks documents"


def test_the_accuracies_are_those_of_all_trainings(capsys):
    accuracy.table(accuracy.read())
    printed = capsys.readouterr().out
    told = figures.results()["accuracy"]["figures"]
    assert figures.figures_in("accuracy", printed) == told, "python -m benchmarks accuracy"


def test_a_figure_that_was_measured_again_is_stale_in_a_document(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "RESULTS", tmp_path / "results.json")
    printed = "30,000 table formulas\n{} s and 2 s, peak 9 MiB\n{} 9 s\ntakes {} times as long\n"
    for ratio in ("5.8", "11.2"):
        lines = printed.format("sheetgen build  1", "bare loop ", ratio)
        figures.keep("build", "python benchmarks/build.py", "2026-01-02", 0.0, lines)
    text = "It is <!-- figure: build.ratio -->5.8<!-- end --> times as fast."
    assert figures.with_figures(text) == text.replace("5.8", "11.2")
    kept = json.loads(figures.RESULTS.read_text())["build"]
    assert kept["date"] == "2026-01-02" and kept["machine"]["cores"] >= 1
    assert kept["versions"].keys() >= {"python", "sheetgen", "numpy"}


def test_a_benchmark_that_prints_no_figure_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "RESULTS", tmp_path / "results.json")
    with pytest.raises(SystemExit, match="build printed no formulas"):
        figures.keep("build", "python benchmarks/build.py", "2026-01-02", 0.0, "nothing\n")
    assert not figures.RESULTS.exists()


def test_the_front_lists_the_benchmarks_and_refuses_another():
    line = [sys.executable, "-m", "benchmarks"]
    listed = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {*figures.PATTERNS, "kills"} <= {found.split()[0] for found in listed.splitlines()}
    assert "Measures `sheetgen build` against" in listed
    wrong = subprocess.run([*line, "nothing"], cwd=ROOT, stderr=subprocess.PIPE, check=False)
    assert wrong.returncode == 1 and b"there is no benchmark nothing" in wrong.stderr
