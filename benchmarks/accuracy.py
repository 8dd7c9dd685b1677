"""Trains networks with several seeds each and records their test accuracies.

    python benchmarks/accuracy.py era-v1 era-v2 --seeds 3 --data-dir DIR

Each training is a separate `cnn train` with the network's recipe. Results are kept in
benchmarks/accuracy.jsonl, one training per line, and are not measured twice; delete a line to
measure it again. Without networks it only prints the table of the results.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

RESULTS = Path(__file__).with_name("accuracy.jsonl")


def read() -> list[dict]:
    lines = RESULTS.read_text().splitlines() if RESULTS.exists() else []
    return [json.loads(line) for line in lines]


def train(model: str, seed: int, data_dir: Path, runs: Path) -> dict:
    """Train once, or continue a training that was stopped; return its result."""
    run = runs / f"{model}-{seed}"
    line = [sys.executable, "-m", "cnn", "train", "--model", model, "--seed", str(seed)]
    line += ["--data-dir", str(data_dir), "--run", str(run)]
    line += ["--resume"] if (run / "config.json").exists() else []
    subprocess.run(line, check=True)
    config = json.loads((run / "config.json").read_text())
    log = [json.loads(epoch) for epoch in (run / "log.jsonl").read_text().splitlines()]
    accuracies = [epoch["test_accuracy"] for epoch in log]
    return {
        "model": model,
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
    print("model    parameters epochs seeds  last epoch, mean ± deviation   best epoch, mean")
    for model in dict.fromkeys(result["model"] for result in results):
        group = [result for result in results if result["model"] == model]
        last = [100 * result["last"] for result in group]
        best = [100 * result["best"] for result in group]
        spread = statistics.stdev(last) if len(last) > 1 else 0.0
        print(
            f"{model:<8} {group[0]['parameters']:>10,} {group[0]['epochs']:>6} {len(group):>5}"
            f"  {statistics.mean(last):>10.2f} ± {spread:.2f} %"
            f"  {statistics.mean(best):>21.2f} %"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="*")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--runs", type=Path, default=Path("output/runs/accuracy"))
    arguments = parser.parse_args()
    for model in arguments.models:
        for seed in range(arguments.seeds):
            if not any((one["model"], one["seed"]) == (model, seed) for one in read()):
                result = train(model, seed, arguments.data_dir, arguments.runs)
                with RESULTS.open("a") as file:
                    file.write(json.dumps(result) + "\n")
    table(read())


if __name__ == "__main__":
    main()
