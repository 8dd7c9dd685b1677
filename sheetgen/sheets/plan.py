"""What every sheet is drawn from: the template, the reference's results, the view controls."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cached_property
from math import isfinite

import numpy as np

from sheetgen.activations import Array
from sheetgen.network import Connection, Network
from sheetgen.reference import Backward, Forward, Trace, backward, forward, train, weight_matrices
from sheetgen.template import Template

INPUTS = "Inputs"
PLAYGROUND = "Playground"
DERIVATION = "Derivation"
LEARNING_RATES = "Learning rates"
GRADIENT_CHECK = "Gradient check"
OVERVIEW = "Overview"


@dataclass(frozen=True)
class Controls:
    """What a person can set on the sheets that is no training input.

    learning_rate: the Playground's; threshold: of E_total, for the summary of the rates;
    epsilon: the central difference's step; tolerance: relative, of the gradient check.
    """

    learning_rate: float
    threshold: float
    epsilon: float = 1e-4
    tolerance: float = 1e-5


@dataclass(frozen=True)
class Plan:
    """A template with all that the reference says about it.

    `tabs` are the rates that the tabs are named for, which `Inputs` may have left behind.
    """

    template: Template
    controls: Controls
    tabs: tuple[float, ...]

    @classmethod
    def of(cls, template: Template) -> "Plan":
        """Return the plan of a new workbook, its view controls at their defaults."""
        rates = template.learning_rates
        start = run(template, weight_matrices(template.network)).total_error
        controls = Controls(
            learning_rate=rates[len(rates) // 2], threshold=float(f"{start / 2:.2g}") or 1e-3
        )
        return cls(template, controls, rates)

    @property
    def network(self) -> Network:
        """The network with its initial weights."""
        return self.template.network

    @cached_property
    def traces(self) -> tuple[Trace, ...]:
        """The training at each learning rate."""
        return tuple(self.train(rate) for rate in self.template.learning_rates)

    @cached_property
    def playground(self) -> Trace:
        """The training at the Playground's learning rate."""
        return self.train(self.controls.learning_rate)

    def train(self, learning_rate: float) -> Trace:
        """Train by the reference."""
        template = self.template
        return train(
            template.network,
            template.sample,
            template.target,
            learning_rate,
            template.iterations,
        )

    @cached_property
    def start(self) -> Forward:
        """The forward pass at iteration 0."""
        return run(self.template, weight_matrices(self.network))

    @cached_property
    def start_gradients(self) -> Backward:
        """The backward pass at iteration 0."""
        template = self.template
        weights = weight_matrices(self.network)
        return backward(self.network, weights, template.sample, template.target, self.start)

    def moved(self, edge: Connection, by: float) -> Forward:
        """Return the forward pass at iteration 0 with one weight moved."""
        weights = weight_matrices(self.network)
        weights[edge.layer][edge.unit, edge.position] += by
        return run(self.template, weights)

    def step(self, edge: Connection) -> float:
        """Return by how much the gradient check moves a weight: less where its input is large.

        The truncation of a central difference grows with the square of step times input.
        """
        activations = [np.array(self.template.sample), *self.start.activations]
        return self.controls.epsilon / max(1.0, float(abs(activations[edge.layer][edge.position])))

    def central_difference(self, edge: Connection) -> float:
        """Return (E(w + s) - E(w - s)) / 2s at iteration 0, with the step s."""
        step, weight = self.step(edge), self.network.weight(edge)
        above, below = self.moved(edge, step), self.moved(edge, -step)
        return (above.total_error - below.total_error) / ((weight + step) - (weight - step))

    def with_values(self, values: dict[str, float]) -> "Plan":
        """Return the plan with the numbers of a workbook's input cells, by their keys."""
        template = self.template
        network = template.network
        rates = tuple(
            values[f"learning_rate_{number}"]
            for number in range(1, len(template.learning_rates) + 1)
        )
        changed = replace(
            template,
            network=network.with_weights(values),
            sample=_picked(values, network.input_names),
            target=_picked(values, network.target_names),
            learning_rates=rates,
        )
        controls = Controls(**{name: values[name] for name in self.controls.__dataclass_fields__})
        return Plan(changed, controls, self.tabs)


def run(template: Template, weights: Sequence[Array]) -> Forward:
    """Run a template's network on its sample, with the given weight matrices."""
    return forward(template.network, weights, template.sample, template.target)


def _picked(values: dict[str, float], names: Sequence[str]) -> tuple[float, ...]:
    return tuple(values[name] for name in names)


def general_text(number: float) -> str:
    """Return what number&"" comes to in a spreadsheet: 15 significant digits."""
    return f"{number:.15G}"


def rounded_text(number: float, digits: int) -> str:
    """Return what ROUND(number, digits)&"" comes to in a spreadsheet, which rounds ties up."""
    if not isfinite(number):
        return "#NUM!"
    step = Decimal(1).scaleb(-digits)
    exact = Decimal(repr(float(number)))
    rounded = exact.quantize(step, ROUND_HALF_UP, context=Context(prec=400))
    return f"{float(rounded) + 0.0:.15G}"  # adding 0 makes -0 a plain 0
