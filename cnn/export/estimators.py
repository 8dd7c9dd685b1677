"""Makes a module of torch of a fitted estimator of scikit-learn, without importing that.

Known are neural networks and linear models, alone or behind scalers in a Pipeline, also with a
transformed target. The attributes are those of https://scikit-learn.org/stable/api/; an estimator
is known by the name of its class, and the module is compared with it before it is used.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cnn.export.described_numbers import Quantities, Quantity, of_scaler
from cnn.export.network.scaling import Scaling
from sheetgen.errors import InputError
from sheetgen.network.activations import Array

TRIES, TOLERANCE = 50, 1e-9
ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "identity": nn.Identity,
    "logistic": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
}


@dataclass(frozen=True, eq=False)
class Known:
    """An estimator as a module in double precision, between the scaling of features and outputs."""

    estimator: Any
    module: nn.Module
    scaling: Scaling | None
    quantities: Quantities

    @property
    def name(self) -> str:
        """The estimator's class."""
        return type(self.estimator).__name__

    def predicted(self, features: Array) -> Array:
        """Return what it predicts (N, outputs) for features (N, n) in their units.

        That is the probability of each class for classifiers that have them, else the decision
        function, else the prediction.
        """
        found = _quietly(_scores(self.estimator), features)
        return found.astype(float).reshape(len(features), -1)

    def classes(self, features: Array) -> list[str]:
        """Return the classes in words that it predicts for features (N, n); none of numbers."""
        if not self.quantities.classes:
            return []
        return [str(each) for each in _quietly(self.estimator.predict, features).tolist()]

    def computed(self, features: Array) -> Array:
        """Return what the module and the scalings make of features (N, n)."""
        scaled = features if self.scaling is None else self.scaling.scaled(features)
        with torch.no_grad():
            found: Array = self.module(torch.tensor(scaled)).numpy()
        return self.quantities.restored(found)


def is_estimator(found: object) -> bool:
    """Return whether this looks like an estimator of scikit-learn."""
    return not isinstance(found, type | nn.Module) and hasattr(found, "predict")


def read_estimator(estimator: Any) -> Known:  # noqa: ANN401 - an estimator of scikit-learn
    """Return the module of an estimator, with its scalings and what it knows of its numbers.

    Raises InputError, naming the class, for an estimator that is not known or not fitted, and if
    the module computes anything else than the estimator does.
    """
    *before, last = _steps(estimator)
    for step in (*before, last):
        if not hasattr(step, "n_features_in_"):
            raise InputError(f"model: found a {type(step).__name__} that is not fitted")
    after, output_scaling = _target(estimator)
    module = nn.Sequential(*_network(last), *after).double().eval()
    scaling = None
    for step in before:
        scaled = of_scaler(step)
        scaling = scaled if scaling is None else scaled.after(scaling)
    known = Known(estimator, module, scaling, _quantities(estimator, before, output_scaling))
    _compare(known)
    return known


def _quantities(estimator: Any, before: list[Any], output_scaling: Scaling | None) -> Quantities:  # noqa: ANN401
    """Return the names, ranges and classes that the estimator keeps from its training."""
    first = before[0] if before else None
    names = getattr(estimator, "feature_names_in_", None)
    has_ranges = type(first).__name__ == "MinMaxScaler"
    features: tuple[Quantity, ...] = ()
    if names is not None or has_ranges:
        count = int(estimator.n_features_in_)
        named = (f"feature {at}" for at in range(1, count + 1)) if names is None else names
        limits = zip(first.data_min_, first.data_max_, strict=True) if has_ranges else None  # type: ignore[union-attr]
        features = tuple(
            Quantity(str(name), "", *(map(float, next(limits)) if limits else ())) for name in named
        )
    is_one = _quietly(estimator.predict, np.zeros((1, estimator.n_features_in_))).ndim == 1
    labels = getattr(estimator, "classes_", None)
    if not isinstance(labels, np.ndarray):  # it has none, or several of which many may hold at once
        outputs = (Quantity("prediction"),) if is_one else ()
        return Quantities(features, outputs, output_scaling)
    shares = hasattr(estimator, "predict_proba")
    if not is_one:
        return Quantities(features, tuple(Quantity(str(each)) for each in labels.tolist()))
    return Quantities(features, (), None, tuple(map(str, labels.tolist())), shares)


def _quietly(predict: Callable[[Array], Any], features: Array) -> Array:
    """Return what is predicted, without the warning that the features have no names."""
    with warnings.catch_warnings(action="ignore"):
        return np.asarray(predict(features))


def _scores(estimator: Any) -> Callable[[Array], Any]:  # noqa: ANN401
    found: Callable[[Array], Any] = getattr(estimator, "predict_proba", None) or getattr(
        estimator, "decision_function", estimator.predict
    )
    return found


def _unwrapped(estimator: Any) -> Any:  # noqa: ANN401
    """Return the estimator that a search has found, or the one whose target is transformed."""
    return getattr(estimator, "best_estimator_", getattr(estimator, "regressor_", estimator))


def _steps(estimator: Any) -> Iterator[Any]:  # noqa: ANN401
    """Yield the steps of a Pipeline, one within another too, or the estimator itself."""
    if (inner := _unwrapped(estimator)) is not estimator:
        yield from _steps(inner)
        return
    for name, step in getattr(estimator, "steps", [("", estimator)]):
        if step is None or isinstance(step, str):
            if step == "passthrough":
                continue
            raise InputError(f"model: the step {name} of the Pipeline is {step!r}")
        yield from (step,) if step is estimator else _steps(step)


class _Exponential(nn.Module):
    """The target that was trained on as its logarithm, of the number itself or of 1 + it."""

    def __init__(self, added: float) -> None:
        super().__init__()
        self.added = added

    def forward(self, x: Tensor) -> Tensor:
        found = torch.exp(x)
        return found - self.added if self.added else found


def _target(estimator: Any) -> tuple[tuple[nn.Module, ...], Scaling | None]:  # noqa: ANN401
    """Return how the prediction is transformed back: by modules, and by a scaling."""
    found = list(_transformers(estimator))
    if not found:
        return (), None
    if len(found) > 1:
        raise InputError("model: its target is transformed more than once; expected once")
    if type(found[0]).__name__ != "FunctionTransformer":
        return (), of_scaler(found[0])
    inverse = found[0].inverse_func
    added = {None: None, np.exp: 0.0, np.expm1: 1.0}
    if inverse not in added:
        name = getattr(inverse, "__name__", repr(inverse))
        raise InputError(f"model: no formula is written for {name}; expected a scaler or numpy.exp")
    return () if inverse is None else (_Exponential(added[inverse] or 0.0),), None


def _transformers(estimator: Any) -> Iterator[Any]:  # noqa: ANN401
    """Yield the transformers of the target, in a Pipeline too."""
    if hasattr(estimator, "transformer_") and hasattr(estimator, "regressor_"):
        yield estimator.transformer_
    inner = _unwrapped(estimator)
    if inner is not estimator:
        yield from _transformers(inner)
    elif hasattr(estimator, "steps"):
        yield from _transformers(estimator.steps[-1][1])


def _network(estimator: Any) -> Iterator[nn.Module]:  # noqa: ANN401
    if hasattr(estimator, "coefs_"):
        *inner, (weight, bias) = zip(estimator.coefs_, estimator.intercepts_, strict=True)
        for each in inner:
            yield _linear(*each)
            yield ACTIVATIONS[estimator.activation]()
        yield _linear(weight, bias)
        yield from _end(estimator.out_activation_, weight.shape[1])
        return
    if not hasattr(estimator, "coef_") or hasattr(estimator, "support_vectors_"):
        raise InputError(
            f"model: no formula is written for a {type(estimator).__name__}; expected a network "
            "of torch, or of scikit-learn an MLP or a linear model, fitted"
        )
    weight = np.atleast_2d(estimator.coef_)
    yield _linear(weight.T, np.broadcast_to(estimator.intercept_, len(weight)))
    if hasattr(estimator, "predict_proba"):
        yield from _end("logistic" if len(weight) == 1 else "softmax", len(weight))


def _linear(weight: Any, bias: Any) -> nn.Linear:  # noqa: ANN401
    """Return a linear layer from weights (in, out) and biases (out,)."""
    layer = nn.Linear(*weight.shape)
    layer.weight = nn.Parameter(torch.tensor(np.asarray(weight, dtype=float).T))
    layer.bias = nn.Parameter(torch.tensor(np.array(bias, dtype=float)))
    return layer


class _BothClasses(nn.Module):
    """The probabilities of two classes from the logit of the second, 1 - σ(z) and σ(z)."""

    def forward(self, x: Tensor) -> Tensor:
        second = torch.sigmoid(x)
        return torch.cat([1 - second, second], dim=1)


def _end(activation: str, outputs: int) -> Iterator[nn.Module]:
    if activation == "softmax":
        yield nn.Softmax(dim=1)
    elif activation == "logistic" and outputs == 1:
        yield _BothClasses()
    elif activation != "identity":
        yield ACTIVATIONS[activation]()


def _compare(known: Known) -> None:
    """Raise InputError unless the module gives what the estimator predicts for random features."""
    shape = TRIES, known.estimator.n_features_in_
    features = np.random.default_rng(0).normal(size=shape)
    if known.scaling is not None:
        features = known.scaling.restored(features)
    expected, found = known.predicted(features), known.computed(features)
    if found.shape != expected.shape or not np.allclose(found, expected, TOLERANCE, TOLERANCE):
        raise InputError(f"model: {known.name} predicts something else than its weights give")
