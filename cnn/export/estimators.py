"""Makes a module of torch of a fitted estimator of scikit-learn, without importing that.

Known are neural networks and linear models, alone or behind scalers in a Pipeline. The attributes
are those of https://scikit-learn.org/stable/api/; an estimator is known by the name of its class,
and the module is compared with it before it is used.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sheetgen.errors import InputError

TRIES, TOLERANCE = 50, 1e-9
ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "identity": nn.Identity,
    "logistic": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
}
SCALERS = ("StandardScaler", "MinMaxScaler", "MaxAbsScaler")


def is_estimator(found: object) -> bool:
    """Return whether this looks like an estimator of scikit-learn."""
    return not isinstance(found, type | nn.Module) and hasattr(found, "predict")


def module_of(estimator: Any) -> nn.Module:  # noqa: ANN401 - an estimator of scikit-learn
    """Return the module that maps features to what the estimator predicts, in double precision.

    That is the probability of each class for classifiers that have them, otherwise the prediction.

    Raises InputError, naming the class, for an estimator that is not known or not fitted, and if
    the module computes anything else than the estimator does.
    """
    *before, last = _steps(estimator)
    for step in (*before, last):
        if not hasattr(step, "n_features_in_"):
            raise InputError(f"model: found a {type(step).__name__} that is not fitted")
    module = nn.Sequential(*map(_scaler, before), *_network(last)).double().eval()
    _compare(estimator, module)
    return module


def as_module(model: Any) -> nn.Module:  # noqa: ANN401 - what the user gives
    """Return the module of an estimator; anything else as it is."""
    found: nn.Module = module_of(model) if is_estimator(model) else model
    return found


def _steps(estimator: Any) -> Iterator[Any]:  # noqa: ANN401
    """Yield the steps of a Pipeline, one within another too, or the estimator itself."""
    for name, step in getattr(estimator, "steps", [("", estimator)]):
        if step is None or isinstance(step, str):
            if step == "passthrough":
                continue
            raise InputError(f"model: the step {name} of the Pipeline is {step!r}")
        yield from (step,) if step is estimator else _steps(step)


class _Affine(nn.Module):
    """Features multiplied by factors, after a shift was subtracted and before one is added."""

    before: Tensor
    factor: Tensor
    after: Tensor

    def __init__(self, before: Any, factor: Any, after: Any) -> None:  # noqa: ANN401
        super().__init__()
        for name, values in (("before", before), ("factor", factor), ("after", after)):
            self.register_buffer(name, torch.tensor(np.asarray(values, dtype=float)))

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.before) * self.factor + self.after


def _scaler(scaler: Any) -> nn.Module:  # noqa: ANN401
    name = type(scaler).__name__
    zeros = np.zeros(scaler.n_features_in_)
    if name == "MinMaxScaler" and not scaler.clip:
        return _Affine(zeros, scaler.scale_, scaler.min_)
    if name == "StandardScaler":
        mean = zeros if scaler.mean_ is None or not scaler.with_mean else scaler.mean_
        scale = zeros + 1 if scaler.scale_ is None else scaler.scale_
        return _Affine(mean, 1 / scale, zeros)
    if name == "MaxAbsScaler":
        return _Affine(zeros, 1 / scaler.scale_, zeros)
    expected = ", ".join(SCALERS[:-1]) + f" or {SCALERS[-1]}"
    raise InputError(f"model: no formula is written for a {name}; expected a {expected}")


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


def _compare(estimator: Any, module: nn.Module) -> None:  # noqa: ANN401
    """Raise InputError unless the module gives what the estimator predicts for random features."""
    features = np.random.default_rng(0).normal(size=(TRIES, estimator.n_features_in_))
    predict = getattr(estimator, "predict_proba", None) or getattr(
        estimator, "decision_function", estimator.predict
    )
    expected = np.asarray(predict(features), dtype=float).reshape(TRIES, -1)
    with torch.no_grad():
        found = module(torch.tensor(features)).numpy()
    if found.shape != expected.shape or not np.allclose(found, expected, TOLERANCE, TOLERANCE):
        name = type(estimator).__name__
        raise InputError(f"model: {name} predicts something else than its weights give")
