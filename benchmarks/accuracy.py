"""Trains networks with several seeds each and records their test accuracies.

    python benchmarks/accuracy.py era-v1 era-v2 --seeds 3 --data-dir DIR

Each network is trained by `cnn train` with its recipe. Results are kept in
benchmarks/accuracy.jsonl, one training per line, and every epoch in benchmarks/runs/. What is
there is not measured twice; delete a line to measure it again. Results of earlier recipes stay,
and those of a network that had other layers, under a name that says so.
Without networks it only prints the table of the results.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

from cnn.training.recipes import RECIPES, Recipe

RESULTS = Path(__file__).with_name("accuracy.jsonl")
LOGS = Path(__file__).with_name("runs")


def read() -> list[dict]:
    lines = RESULTS.read_text().splitlines() if RESULTS.exists() else []
    return [json.loads(line) for line in lines]


def is_current(result: dict) -> bool:
    """Return whether a result is of the network and the recipe of now."""
    return Recipe.from_dict(result["recipe"]) == RECIPES.get(result["model"])


def train(model: str, seed: int, data_dir: Path, runs: Path) -> dict:
    """Train with a seed, or continue where it was stopped; return the result."""
    run = runs / f"{model}-{seed}"
    line = [sys.executable, "-m", "cnn", "train", "--model", model, "--seed", str(seed)]
    line += ["--data-dir", str(data_dir), "--run", str(run)]
    line += ["--workbook", str(runs / f"{model}-{seed}.xlsx")]
    line += ["--resume"] if (run / "config.json").exists() else []
    subprocess.run(line, check=True)
    text = (run / "log.jsonl").read_text()
    LOGS.mkdir(exist_ok=True)
    (LOGS / f"{model}-{seed}.jsonl").write_text(text)
    return result_of(seed, json.loads((run / "config.json").read_text()), text)


def result_of(seed: int, config: dict, text: str) -> dict:
    log = [json.loads(epoch) for epoch in text.splitlines()]
    accuracies = [epoch["test_accuracy"] for epoch in log]
    return {
        "model": config["model"],
        "seed": seed,
        "parameters": config["parameters"],
        "epochs": len(log),
        "last": accuracies[-1],
        "best": max(accuracies),
        "seconds": round(sum(epoch["seconds"] for epoch in log), 1),
        "threads": config["threads"],
        "torch": config["versions"]["torch"],
        "recipe": config["recipe"],
    }


def table(results: list[dict]) -> None:
    heads = "parameters epochs seeds  last epoch, mean ± deviation   best epoch, mean"
    print(f"{'model':<24} {heads}")
    groups: dict[tuple[str, Recipe], list[dict]] = {}
    for result in results:
        key = result["model"], Recipe.from_dict(result["recipe"])
        groups.setdefault(key, []).append(result)
    for (model, _), group in groups.items():
        last = [100 * result["last"] for result in group]
        best = [100 * result["best"] for result in group]
        spread = statistics.stdev(last) if len(last) > 1 else 0.0
        print(
            f"{model:<24} {group[0]['parameters']:>10,} {group[0]['epochs']:>6} {len(group):>5}"
            f"  {statistics.mean(last):>10.3f} ± {spread:.3f} %"
            f"  {statistics.mean(best):>19.3f} %"
            f"{'' if is_current(group[0]) else '  (earlier)'}"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="*")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--runs", type=Path, default=Path("output/runs/accuracy"))
    arguments = parser.parse_args()
    for model in arguments.models:
        done = {one["seed"] for one in read() if one["model"] == model and is_current(one)}
        for seed in sorted({*range(arguments.seeds)} - done):
            result = train(model, seed, arguments.data_dir, arguments.runs)
            with RESULTS.open("a") as file:
                file.write(json.dumps(result) + "\n")
    table(read())


if __name__ == "__main__":
    main()
