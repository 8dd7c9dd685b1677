"""Exports a regression of scikit-learn in its units.

python examples/house_prices.py
"""

from pathlib import Path

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import cnn
from cnn.export import verify_workbook

PICTURE = "houses.xlsx", "Inputs"


def main(folder: Path) -> None:
    """Fit invented prices over area, age and distance, and export what was fitted."""
    random = np.random.default_rng(0)
    houses = random.uniform([40, 0, 0.5], [200, 60, 20], (200, 3)).round(1)
    prices = 2.5 * houses[:, 0] - 1.2 * houses[:, 1] - 4 * np.sqrt(houses[:, 2]) + 80
    network = MLPRegressor(hidden_layer_sizes=(6,), solver="lbfgs", random_state=0, max_iter=400)
    model = TransformedTargetRegressor(
        make_pipeline(StandardScaler(), network), transformer=StandardScaler()
    ).fit(houses, prices)
    exported = cnn.export_workbook(
        model,
        (3,),
        folder / "houses.xlsx",
        houses[:5],
        title="What is the house worth?",
        features=["area", "age", "distance"],
        units=["m²", "years", "km"],
        ranges=np.column_stack([houses.min(axis=0), houses.max(axis=0)]),
        output_names=["price in thousands"],
        force=True,
    )
    results = verify_workbook(exported.saved.path, model)
    print(f"{exported.formulas:,} formulas verified: {all(each.passed for each in results)}")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
