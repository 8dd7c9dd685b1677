"""`cnn compare`: trainings on one sheet, with mean, deviation and interval over their seeds."""

import json
from collections.abc import Sequence
from dataclasses import replace
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from packages import check_sound
from sheet_layout import problems

from cnn import WorkbookLog
from cnn.cli import main
from cnn.log.compare_sheet import compare_sheet
from cnn.log.comparison import Comparison, t_quantile
from cnn.log.description import TrainingLog
from cnn.log.log_page import LEFT
from cnn.log.metrics import Logged
from cnn.log.metrics_file import read_metrics
from sheetgen.errors import InputError
from sheetgen.spreadsheet.address import range_of
from sheetgen.spreadsheet.canvas import Canvas, Value
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.engines import EMBEDDED, Engine, Values
from sheetgen.spreadsheet.reader import read_cells, sheet_names
from sheetgen.spreadsheet.writer import write_workbook

TOLERANCE = 1e-12
Cells = dict[tuple[int, int], float | str]
RUNS = Path(__file__).parent / "cases" / "seeds"


def training(rate: float, seed: int, epochs: int = 6) -> TrainingLog:
    """A training whose metrics are drawn at random."""
    random = np.random.default_rng([seed, int(1000 * rate)])
    rows: list[dict[str, Logged]] = [
        {"epoch": epoch, "val_acc": float(random.uniform(0.9, 1)), "loss": float(random.random())}
        for epoch in range(1, epochs + 1)
    ]
    settings: list[tuple[str, Logged]] = [("lr", rate), ("seed", seed), ("model", "MLP")]
    return TrainingLog("", "", "", "", rows, settings=settings)


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    """Five seeds at one rate and three at another with fewer epochs, mixed; one loss is NaN."""
    logs = [training(0.1, seed) for seed in range(5)]
    logs[1:1] = [training(0.5, seed, 4) for seed in range(3)]
    logs[0].rows[2]["loss"] = nan  # type: ignore[index]
    return Comparison.of("Rates", [(f"run {place}", log) for place, log in enumerate(logs)])


def test_a_group_of_long_settings_is_called_as_its_trainings_are() -> None:
    named = [
        (f"{model}-1{seed}", replace(training(0.1, seed), settings=[("optimiser", model * 9)]))
        for model in ("fast", "best")
        for seed in range(2)
    ]
    comparison = Comparison.of("x", named)
    assert [comparison.called(group) for group in comparison.groups] == ["fast", "best"]


def recalculated(
    canvases: Sequence[Canvas], engine: Engine, folder: Path, changes: Cells | None = None
) -> Values:
    """What an engine makes of sheets of which the first is changed."""
    path, copy = folder / "book.xlsx", folder / "copy.xlsx"
    write_workbook(canvases, path, "book")
    write_changed(path, copy, {canvases[0].name: changes or {}}, cached=-7e77)
    return engine.recalculate(copy)


def test_trainings_that_differ_in_the_seed_are_a_group(comparison: Comparison) -> None:
    assert [list(group) for group in comparison.groups] == [[0, 1, 2, 3, 4], [5, 6, 7]]
    assert comparison.differing == ("lr", "seed")
    assert [comparison.called(group) for group in comparison.groups] == ["lr 0.1", "lr 0.5"]
    assert comparison.metrics == ("val_acc", "loss")


def diverged() -> Comparison:
    """A training with other settings than two whose losses are, or become, NaN or infinite."""
    rows = [[0.5, 0.25], [nan, nan], [0.75, inf]]
    logs = [
        TrainingLog("", "", "", "", [{"epoch": 1, "loss": one}, {"epoch": 2, "loss": other}],
                    settings=[("lr", place)])
        for place, (one, other) in enumerate(rows)
    ]  # fmt: skip
    return Comparison.of("Diverged", list(zip("abc", logs, strict=True)))


def single() -> Comparison:
    """A single epoch of a single metric."""
    logs = [TrainingLog("", "", "", "", [{"epoch": 1, "acc": share}]) for share in (0.5, 0.75)]
    return Comparison.of("Single", [("a", logs[0]), ("a", logs[1])])


def seeds() -> Comparison:
    """Logs of `cnn train --seeds …` of two models, each a journal with these as its settings."""
    logs = [read_metrics(path) for path in sorted(RUNS.glob("*.jsonl"))]
    return Comparison.of("Seeds", [(log.title, log) for log in logs])


def many() -> Comparison:
    """So many groups that their bands are not drawn."""
    logs = [training(rate / 10, seed, 2) for rate in range(1, 8) for seed in range(2)]
    return Comparison.of("Many", [(f"run {place} of many", log) for place, log in enumerate(logs)])


def test_every_formula_comes_to_what_the_reference_says(
    comparison: Comparison, engine: Engine, tmp_path: Path
) -> None:
    """Mean and deviation of real runs are NumPy's, and of no number is there no mean."""
    compared = [comparison, diverged(), single(), seeds(), many()]
    canvases = [compare_sheet(each, each.title)[0] for each in compared]
    found = recalculated(canvases, engine, tmp_path)
    for canvas in canvases:
        for row, column, formula, value in canvas.promised():
            result = found[canvas.name].get((row, column))
            assert ("" if result is None else result) == agreeing(value), formula
    for model in ("fast", "best"):
        texts = [path.read_text() for path in RUNS.glob(f"{model}-*.jsonl")]
        last = np.array([json.loads(each.splitlines()[-1])["test_accuracy"] for each in texts])
        cells = canvases[3].cells.items()
        named = f"model {model}"
        row = next(at[0] for at, cell in cells if at[1] == LEFT and cell.value == named)
        shown = [found["Seeds"][row, column] for column in range(LEFT + 1, LEFT + 4)]
        assert shown == [len(texts), agreeing(last.mean()), agreeing(last.std(ddof=1))]
    told = "loss is lowest with lr 0: 0.25 after the last epoch of a single run"
    assert found["Diverged"][1, 1] == told
    assert compared[2].names == ("a", "a (2)")


def agreeing(value: Value) -> Any:
    return value if isinstance(value, str) else pytest.approx(value, rel=TOLERANCE, abs=TOLERANCE)


def test_mean_and_deviation_follow_the_metric_that_a_user_chooses(
    comparison: Comparison, tmp_path: Path
) -> None:
    canvas, _ = compare_sheet(comparison, "Rates")
    changes: Cells = {canvas.inputs["metric"]: "loss"}
    found = recalculated([canvas], EMBEDDED, tmp_path, changes)["Rates"]
    last = np.array([comparison.metric(place, "loss").numbers[-1] for place in range(5)])
    best = np.array([min(comparison.metric(place, "loss").numbers) for place in range(5)])
    rows = {cell.value: at[0] for at, cell in canvas.cells.items() if at[1] == LEFT}
    numbers = [found[rows["lr 0.1"], column] for column in range(LEFT + 1, LEFT + 7)]
    half = 2.7764451051977987 * last.std(ddof=1) / np.sqrt(5)
    expected = [
        5,
        last.mean(),
        last.std(ddof=1),
        last.mean() - half,
        last.mean() + half,
        best.mean(),
    ]
    assert numbers == pytest.approx(expected, rel=1e-12)


def test_nothing_on_the_sheet_is_cut_and_all_of_it_fits_the_width_of_a_small_screen(
    comparison: Comparison, tmp_path: Path
) -> None:
    for compared in (comparison, seeds(), many()):
        canvas, _ = compare_sheet(compared, compared.title)
        write_workbook([canvas], tmp_path / "book.xlsx", "book")
        assert list(problems(tmp_path / "book.xlsx")) == []


@pytest.mark.parametrize(
    ("freedom", "t"),
    [(1, 12.706204736174694), (2, 4.302652729749462), (9, 2.262157162798205), (30, 2.0422724563)],
)
def test_students_t_is_that_of_the_tables(freedom: int, t: float) -> None:
    assert t_quantile(freedom) == pytest.approx(t, rel=1e-11)


def test_a_curve_ends_with_its_training_and_is_not_drawn_as_0_in_a_gap(
    comparison: Comparison,
) -> None:
    """A loss of the first training is NaN: its curve is that of cells that are #N/A there."""
    canvas, _ = compare_sheet(comparison, "Rates")
    means, curves = (chart.series for chart in canvas.charts)
    lengths = []
    for curve in (*curves, means[3]):
        row, column, last, _ = range_of(curve.y.partition("!")[2])
        formulas = [canvas.cells[at, column].formula or "" for at in range(row, last + 1)]
        lengths.append(len(formulas))
        assert all("NA()" in formula for formula in formulas) == (curve in (curves[0], means[3]))
    assert lengths == [6, 6, 6, 6, 6, 4, 4, 4, 4]
    assert [rule.formula[:6] for rule in canvas.rules].count("=ISNA(") == 3


def test_an_accuracy_is_drawn_in_percent_and_a_user_says_what_is_best(
    comparison: Comparison,
) -> None:
    named = list(zip(comparison.names, comparison.logs, strict=True))
    canvas, _ = compare_sheet(Comparison.of("Rates", named, {"loss": "max"}), "Rates")
    told = [cell.value for cell in canvas.cells.values() if isinstance(cell.value, str)]
    assert "val_acc by epoch, in percent: mean ± s of each setting" in told
    drawn = range_of(canvas.charts[0].series[0].y.partition("!")[2])
    shares = [comparison.metric(place, "val_acc").numbers[0] for place in range(5)]
    assert canvas.value(drawn[0], drawn[1]) == pytest.approx(100 * np.mean(shares))
    assert canvas.value(*canvas.inputs["best loss"]) == "highest"
    with pytest.raises(InputError, match=r"--best: found 'lost'; expected one of val_acc, loss"):
        Comparison.of("Rates", named, {"lost": "max"})


def test_trainings_without_a_common_metric_are_refused() -> None:
    names = ("acc", "acc", "loss")
    logs = [TrainingLog("", "", "", "", [{"epoch": 1, name: 0.5}]) for name in names]
    with pytest.raises(InputError, match="no metric in common: a has acc; c has loss"):
        Comparison.of("x", list(zip("abc", logs, strict=True)))


def compare(*arguments: object) -> tuple[int, str, str]:
    command = ["compare", *map(str, arguments)]
    result = CliRunner().invoke(main, command, catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def test_the_command_compares_files_and_replaces_its_sheet(small: Path, tmp_path: Path) -> None:
    book, paths = tmp_path / "book.xlsx", []
    book.write_bytes(small.read_bytes())
    for number in range(3):
        paths.append(tmp_path / f"run{number}.csv")
        paths[-1].write_text(f"epoch,loss\n1,0.{number + 2}\n2,0.{number + 1}\n")
    for count in (2, 3):
        code, said, errors = compare(*paths[:count], "--workbook", book, "--title", "Three")
        assert (code, errors) == (0, "")
        assert f"{count} trainings are compared on the sheet Three of" in said
    assert sheet_names(book) == [*sheet_names(small), "Three"]
    assert "run2" in [cell.value for cell in read_cells(book, ["Three"])["Three"].values()]
    check_sound(book)


def test_logs_in_the_workbook_are_compared_as_their_journals_are(tmp_path: Path) -> None:
    """Settings, which make the groups, and the target, which chooses the metric, are read back."""
    book, journals = tmp_path / "runs.xlsx", []
    long = "a setting of many words, which the sheet divides, " * 4
    for seed in range(3):
        settings = {
            "empty": "",
            "seed": seed,
            "rate": 0.1,
            "note": long,
            "none": None,
            "nested": {"a": True},
        }
        settings["gradient_accumulation_steps"] = 2  # a name that needs more than two cells
        with WorkbookLog(book, title=f"Seed {seed}", settings=settings, target={"f1": 0.5}) as log:
            log.epoch(loss=1 / 3, f1=0.5 + seed / 10, note="text", late=None)
            log.epoch(loss=nan, f1=inf, late=3)
        journals.append(log.journal)
    compared: list[tuple[object, ...]] = [
        tuple(journals), (book,), ("Seed 0", journals[1], "Seed 2"), (book, *journals)
    ]  # fmt: skip
    found = []
    for number, named in enumerate(compared):
        code, said, errors = compare(*named, "--workbook", book, "--title", f"Way {number}")
        assert (code, errors) == (0, "")
        assert said.startswith("3 trainings are compared")
        cells = read_cells(book, [f"Way {number}"])[f"Way {number}"]
        found.append({at: cell.value for at, cell in cells.items() if at[0] > 2})
    first = [value for value in found[0].values() if isinstance(value, float)]
    for other in found[1:]:
        numbers = [value for value in other.values() if isinstance(value, float)]
        assert numbers == pytest.approx(first, rel=1e-15)
    assert sum(value == "Seed" for value in found[0].values()) == 2  # of a group, and of its means
    code, _, errors = compare("Way 1", "Seed 1", "--workbook", book)
    assert (code, errors.count("\n")) == (2, 1)
    assert "the sheet 'Way 1' of" in errors
    assert "has no log" in errors


def test_the_runs_of_cnn_train_are_read_from_their_files(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    older = Path(__file__).parent / "older" / "run"
    for seed in (1, 2):
        run = tmp_path / f"tiny-{seed}"
        run.mkdir()
        config = json.loads((older / "config.json").read_text()) | {"seed": seed}
        (run / "config.json").write_text(json.dumps(config))
        (run / "log.jsonl").write_text((older / "log.jsonl").read_text())
    book = tmp_path / "book.xlsx"
    write_workbook([Canvas("Mine")], book, "mine")
    code, _, errors = compare(tmp_path / "tiny-1", tmp_path / "tiny-2", "--workbook", book)
    assert (code, errors) == (0, "")
    texts = [cell.value for cell in read_cells(book, ["Comparison"])["Comparison"].values()]
    assert {"test accuracy", "tiny-2", "seed", "2"} <= set(texts)
    from cnn.log.run_description import described_untested  # noqa: PLC0415 - needs torch

    told = dict(described_untested(tmp_path / "tiny-1").settings)["versions"]
    assert told == "Python 3.11.7, PyTorch 2.13.0, sheetgen 0.1.0, Linux"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("a.csv",), "found 1 to compare; expected 2 to 100"),
        (("a.csv", "b.csv"), "b.csv is empty"),
        (("a.csv", "c"), "there is no run, no file and no sheet"),
    ],
)
def test_too_few_or_damaged_trainings_are_refused(
    tmp_path: Path, names: tuple[str, ...], message: str
) -> None:
    (tmp_path / "a.csv").write_text("loss\n0.5\n")
    (tmp_path / "b.csv").write_text("")
    paths = [tmp_path / name for name in names]
    code, said, errors = compare(*paths, "--workbook", tmp_path / "new.xlsx")
    assert (code, said) == (2, "")
    assert message in errors
    assert not (tmp_path / "new.xlsx").exists()
