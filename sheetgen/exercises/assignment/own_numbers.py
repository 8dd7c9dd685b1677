"""Draws a student's own numbers: those of the template, moved at random by the student's seed.

They keep the template's signs and scale, so that it still teaches the same, and have two
significant digits, so that they are easy to type.
"""

from dataclasses import replace

import numpy as np

from sheetgen.template.template import Template

Numbers = dict[str, float]
"""The values of all weights, biases and learning_rate; with a single sample also i1 …, t1 …"""

LEAST, MOST = 0.5, 1.5  # times the template's number
TRIES = 20  # to find a number that no other weight has
RATE = "learning_rate"


def draw(template: Template, seed: int, attempt: int = 0) -> Numbers:
    """Draw all numbers of a student with numpy.random.default_rng((seed, attempt)).

    The samples of a data set stay as they are, as do targets that name a class; the learning
    rate is one of the template's.
    """
    random = np.random.default_rng((seed, attempt))
    network, data = template.network, template.data
    drawn: Numbers = {}
    if data.samples == 1:
        for name, value in zip(network.input_names, data.inputs[0], strict=True):
            drawn[name] = _near(value, random)
        for name, value in zip(network.target_names, data.targets[0], strict=True):
            names_class = network.loss.activation is not None
            drawn[name] = value if names_class else _target(value, random)
    for name, value in network.values.items():
        drawn[name] = _other(value, drawn, random)
    drawn[RATE] = float(random.choice(template.learning_rates))
    return drawn


def with_numbers(template: Template, numbers: Numbers) -> Template:
    """Return the template with a student's numbers; raises KeyError if one is missing."""
    network, data = template.network, template.data
    if data.samples == 1:
        inputs = tuple(numbers[name] for name in network.input_names)
        targets = tuple(numbers[name] for name in network.target_names)
        data = replace(data, inputs=(inputs,), targets=(targets,))
    values = {name: numbers[name] for name in network.values}
    return replace(
        template,
        network=network.with_parameters(values),
        data=data,
        learning_rates=(numbers[RATE],),
        compare=(),
    )


def _other(value: float, drawn: Numbers, random: np.random.Generator) -> float:
    """Return a number that is not used yet, so that reading the wrong weight is noticed."""
    for _ in range(TRIES):
        number = _near(value, random)
        if number not in drawn.values():
            break
    return number


def _near(value: float, random: np.random.Generator) -> float:
    """Return a number of the same sign and about the same size; for 0 one of moderate size."""
    factor = random.uniform(LEAST, MOST)
    if value == 0:
        return _short(random.choice((-0.5, 0.5)) * factor)
    return _short(value * factor)


def _target(value: float, random: np.random.Generator) -> float:
    """Return a target near the given one, within a sigmoid's range if that one is."""
    if not 0 <= value <= 1:
        return _near(value, random)
    moved = min(0.99, max(0.01, value + random.uniform(-0.1, 0.1)))
    return round(moved, 2)


def _short(number: float) -> float:
    return float(f"{number:.2g}")
