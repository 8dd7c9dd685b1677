"""Exports a pipeline of scikit-learn as a workbook for whoever has a flower and a ruler.

python examples/iris_in_cells.py
"""

from pathlib import Path

import numpy as np
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import cnn
from cnn.export import verify_workbook

PICTURE = "iris.xlsx", "Inputs"

DATA = Path(__file__).parents[1] / "templates" / "iris.csv"


def main(folder: Path) -> None:
    """Train on Fisher's irises, export, and verify against `predict_proba`."""
    lines = [line.split(",") for line in DATA.read_text("utf-8").splitlines()]
    features = [name.removesuffix("_cm").replace("_", " ") for name in lines[0][:4]]
    values = np.array([line[:4] for line in lines[1:]], dtype=float)
    species = np.array([line[4] for line in lines[1:]])
    network = MLPClassifier((5,), solver="lbfgs", alpha=1.0, random_state=1)
    model = make_pipeline(StandardScaler(), network).fit(values, species)
    exported = cnn.export_workbook(
        model,
        (4,),
        folder / "iris.xlsx",
        values[::30],
        title="Which iris is it?",
        features=features,
        units=["cm"] * 4,
        ranges=np.column_stack([values.min(axis=0), values.max(axis=0)]),
        rows=50,
        force=True,
    )
    results = verify_workbook(exported.saved.path, model)
    print(f"{exported.formulas:,} formulas verified: {all(each.passed for each in results)}")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
