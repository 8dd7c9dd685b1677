"""Networks on tables for benchmarks/export_zoo.py: five pipelines of scikit-learn, one of torch.

The features are in their own units, from 0.1 to 10,000, and so are the targets; what is compared
is what `predict_proba`, or `predict`, gives.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler
from torch import nn

FEATURES = 6
RANDOM = np.random.default_rng(5)
SIZES = np.logspace(-1, 4, FEATURES)
VALUES = SIZES * (3.0 + RANDOM.normal(size=(200, FEATURES)))
SCORE = np.tanh(VALUES / SIZES - 3.0) @ RANDOM.normal(size=FEATURES)
PRICES = 250_000.0 + 40_000.0 * SCORE
CLASSES = np.array(["low", "middle", "high"])[np.digitize(SCORE, [-0.7, 0.7])]


@dataclass(frozen=True)
class OnTable:
    """A network on a row of features, and what the export is told about these."""

    make: Callable[[], Any]
    targets: np.ndarray
    options: dict[str, object] = field(default_factory=dict)

    def fitted(self) -> Any:
        """Return it fitted, or with random weights if it is torch's."""
        with warnings.catch_warnings(action="ignore"):  # that the training is short
            made = self.make()
            return made if isinstance(made, nn.Module) else made.fit(VALUES, self.targets)


def prices(hidden: int) -> TransformedTargetRegressor:
    network = MLPRegressor(hidden_layer_sizes=(hidden,), activation="tanh", max_iter=100)
    return TransformedTargetRegressor(
        make_pipeline(MinMaxScaler((-1, 1)), network), transformer=StandardScaler()
    )


def torchs() -> nn.Module:
    torch.manual_seed(1)
    layers = (nn.Linear(FEATURES, 16), nn.BatchNorm1d(16), nn.SELU(), nn.Linear(16, 1))
    return nn.Sequential(*layers).eval()


LOGARITHM = {"func": np.log, "inverse_func": np.exp}
SCALED = {
    "input_scaling": StandardScaler().fit(VALUES),
    "output_scaling": (PRICES.mean(), PRICES.std()),
}
ON_TABLES: dict[str, OnTable] = {
    "scikit-learn: StandardScaler, MLPClassifier": OnTable(
        lambda: make_pipeline(StandardScaler(), MLPClassifier((12, 8), max_iter=100)), CLASSES
    ),
    "scikit-learn: MinMaxScaler, MLPRegressor, target scaled": OnTable(lambda: prices(16), PRICES),
    "scikit-learn: StandardScaler, LogisticRegression": OnTable(
        lambda: make_pipeline(StandardScaler(), LogisticRegression()), CLASSES
    ),
    "scikit-learn: MinMaxScaler, Ridge": OnTable(
        lambda: make_pipeline(MinMaxScaler(), Ridge()), np.column_stack([PRICES, SCORE])
    ),
    "scikit-learn: MaxAbsScaler, Ridge of the logarithm": OnTable(
        lambda: TransformedTargetRegressor(make_pipeline(MaxAbsScaler(), Ridge()), **LOGARITHM),
        PRICES,
    ),
    "table of torch, both ends scaled": OnTable(torchs, PRICES, SCALED),
}
