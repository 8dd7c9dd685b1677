"""Holds what the sheets are drawn from: template, results of the reference, view controls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from sheetgen.network.answers import class_names, code_layer
from sheetgen.network.data import Data, Rows
from sheetgen.network.network import Network, activation_name
from sheetgen.network.optimizers import OPTIMIZERS
from sheetgen.network.planes import Convolution
from sheetgen.network.reference import initial, train, train_each
from sheetgen.network.sample_pass import SamplePass
from sheetgen.network.schedules import SCHEDULES
from sheetgen.network.trace import BATCH_ROW, BATCH_SIZE, Trace, sum_name
from sheetgen.network.training import Training
from sheetgen.spreadsheet.agreement import DIVERGED
from sheetgen.spreadsheet.charts import round_ends
from sheetgen.spreadsheet.style import common_format
from sheetgen.template.template import Template
from sheetgen.workbook.controls import Controls
from sheetgen.workbook.error_view import telling_samples, telling_weights
from sheetgen.workbook.pictured import pictured_samples
from sheetgen.workbook.threshold import default_threshold, has_few_powers, outcome_of
from sheetgen.workbook.variants import Variant, optimizers_of, settings_of, variants_of

INPUTS = "Inputs"
DATA = "Data"
PLAYGROUND = "Playground"
DERIVATION = "Derivation"
LEARNING_RATES = "Learning rates"
OPTIMIZER_COMPARISON = "Optimisers"
GRADIENT_CHECK = "Gradient check"
MATRICES = "Matrices"
OVERVIEW = "Overview"
EXPLORER = "Explorer"
DECISION_SURFACE = "Decision surface"
PREDICTIONS = "Predictions"
FITTED_CURVE = "Fitted curve"
ERROR_SURFACE = "Error surface"
PROOF = "Proof"
WORKINGS = "Workings"
TINY = 1e-12
"""Of a gradient: less is a rounding error of 0."""


@dataclass(frozen=True)
class Plan:
    """A template with everything that the reference computes from it.

    `tabs` are the rates that the tabs are named for, which may have been changed on `Inputs`;
    `settings` are the hyper-parameters of each optimiser and of the schedule, by "adam.beta1".
    `classes` are those that the network tells apart, `code` is the layer of an autoencoder's code,
    the first of `telling_samples` stand for all on `Error surface`, and of a network with one input
    `curve_ends` are the ends of the x axis of `Fitted curve` and the unit of its numbers. `Data`
    shows the `pictured_samples`, line by line. A change to the data does not change these.
    """

    template: Template
    controls: Controls
    tabs: tuple[float, ...]
    settings: Mapping[str, float]
    classes: tuple[str, ...] = ()
    code: int | None = None
    pictured_samples: tuple[tuple[int, ...], ...] = ()
    telling_samples: tuple[int, ...] = ()
    curve_ends: tuple[float, float, float] = (0.0, 1.0, 0.1)
    has_few_powers: bool = False
    """Whether the errors of all trainings were within a power of ten when it was built."""

    @classmethod
    def untrained(cls, template: Template) -> "Plan":
        """Return a plan whose view controls do not depend on any training, for exercises.

        The training of a long schedule, of which an exercise shows a few rows, takes minutes.
        """
        rates = template.learning_rates
        if template.compare:
            rates = rates[:1]
            template = replace(template, learning_rates=rates)
        variants = variants_of(template, rates)
        shown = variants[len(variants) // 2]
        return cls(
            template,
            Controls.of(template, shown.tab, rates[shown.rate]),
            rates,
            settings_of(template),
            class_names(template.network, template.data),
            code_layer(template.network, template.data),
            pictured_samples(template.network, template.data),
        )

    @classmethod
    def of(cls, template: Template) -> "Plan":
        """Return the plan of a new workbook, its view controls at their defaults."""
        plan = cls.untrained(template)
        template, shown = plan.template, plan.variants[plan._first_shown()]
        rate = template.learning_rates[shown.rate]
        plan = plan._trained(replace(plan, controls=Controls.of(template, shown.tab, rate)))
        last = plan._last_promised(shown.tab)
        explained = min(plan._first_telling(), last)
        training = plan.training(template.optimizer)
        is_after = last == template.iterations and training.is_tested and training.ends_with_epoch
        pictured = template.network, template.data, plan.trace_of(shown.tab), int(last)
        samples = telling_samples(*pictured)
        across, down = telling_weights(*pictured, samples)
        controls = replace(
            plan.controls,
            threshold=default_threshold(plan.traces, training),
            moment_iteration=explained,
            explorer_iteration=explained,
            explorer_unit=plan._most_active(explained),
            surface_iteration=last,
            error_iteration=last,
            error_across=across,
            error_down=down,
            # Those of the last test error: the weights after the last update.
            predictions_iteration=last + is_after,
        )
        first = [row[0] for row in template.data.inputs]
        ends = round_ends(min(first), max(first))
        found = replace(
            plan,
            controls=controls,
            telling_samples=samples,
            curve_ends=ends,
            has_few_powers=has_few_powers(plan.traces, training),
        )
        return plan._trained(found)

    def _trained(self, changed: "Plan") -> "Plan":
        """Return a plan with other controls, which change no training of a variant, with these."""
        vars(changed)["traces"] = self.traces
        return changed

    def _first_shown(self) -> int:
        """Return the place of the variant that the sheets show at first: one that learns.

        It is as near to the middle as possible, where the rates are neither small nor large; of
        optimisers it is as near as possible to the first, which the template names as its own.
        """
        training, middle = self.training(self.template.optimizer), len(self.variants) // 2
        if self.template.compare:
            middle = 0
        ways = [outcome_of(trace, training) for trace in self.traces]
        return min(range(len(ways)), key=lambda place: (ways[place], abs(place - middle)))

    def _most_active(self, iteration: float) -> str:
        """Return the unit of the first convolution that is largest then, or nothing."""
        trace, row = self.trace_of(self.controls.explorer_table), int(iteration)
        for layer, units in zip(self.network.layers, self.network.unit_names, strict=True):
            if isinstance(layer, Convolution):
                return max(units, key=lambda unit: float(trace[activation_name(unit)][row]))
        return ""

    def _first_telling(self) -> float:
        """Return the first iteration that teaches something, for all that explain a moment.

        At XOR's first sample, whose inputs are 0, the chain rule would be full of zeros. So the
        explored weight has a gradient there and is updated, and of such rows of an epoch it is the
        one with the fewest gradients of 0. In a batch it is the last row, where the sum of the
        gradients changes the weight, even if that row's own gradient is 0. Where no iteration has
        that, it is the first with a gradient, else 0.
        """
        trace, rows = self.trace_of(self.controls.moment_table), self.data.samples
        gradients = {each.name: trace[each.gradient][:rows] for each in self.network.parameters}
        counts = sum(np.abs(each) > TINY for each in gradients.values())
        weight = self.controls.explorer_weight
        has_gradient = np.abs(gradients[weight]) > TINY
        is_learned = np.abs(trace[sum_name(weight)][:rows]) > TINY
        is_updated = is_learned & (trace[BATCH_ROW] == trace[BATCH_SIZE])[:rows]
        ways = (has_gradient & is_updated, is_updated, has_gradient)
        return float(next((np.argmax(counts * way) for way in ways if way.any()), 0))

    def _last_promised(self, tab: str) -> float:
        """Return the last iteration of a training up to which nothing is beyond DIVERGED.

        Neither a weight may be nor E_total, if that does not start beyond it.
        """
        trace = self.trace_of(tab)
        weights = np.stack([trace[each.name] for each in self.network.parameters])
        is_within = (np.abs(weights) <= DIVERGED).all(axis=0)
        is_within &= trace["E_total"] <= max(DIVERGED, trace["E_total"][0])
        beyond = np.flatnonzero(~is_within)  # nan too
        return float(max(0, beyond[0] - 1) if beyond.size else self.template.iterations)

    @property
    def network(self) -> Network:
        """The network with its initial weights."""
        return self.template.network

    @property
    def data(self) -> Data:
        """The samples."""
        return self.template.data

    @cached_property
    def data_formats(self) -> dict[str, str]:
        """The number formats of targets and inputs, with the decimals that they are given in."""
        targets = formats_of(self.network.target_names, self.data.targets)
        if self.data.standardize:
            return targets
        return targets | formats_of(self.network.input_names, self.data.inputs, self.has_pictures)

    @property
    def has_pictures(self) -> bool:
        """Whether the inputs are the pixels of a picture."""
        return self.data.image is not None or self.network.planes is not None

    @property
    def has_data_sheet(self) -> bool:
        """Whether the samples have a sheet of their own."""
        return self.data.samples > 1 or self.data.standardize or self.data.test_samples > 0

    @cached_property
    def variants(self) -> tuple[Variant, ...]:
        """The trainings to compare: one for each learning rate or for each optimiser."""
        return variants_of(self.template, self.tabs)

    @property
    def comparison(self) -> str:
        """The name of the sheet that compares them."""
        return OPTIMIZER_COMPARISON if self.template.compare else LEARNING_RATES

    @property
    def optimizers(self) -> tuple[str, ...]:
        """Every optimiser that is used."""
        return optimizers_of(self.template)

    def training(self, optimizer: str) -> Training:
        """Return how the network is trained with one of the optimisers."""
        template = self.template
        return Training(
            data=template.data,
            iterations=template.iterations,
            order=template.order,
            batch_size=template.batch_size,
            reduction=template.reduction,
            optimizer=OPTIMIZERS[optimizer],
            hyperparameters=self._settings_of(optimizer),
            schedule=SCHEDULES[template.schedule],
            schedule_parameters=self._settings_of(template.schedule),
        )

    def _settings_of(self, owner: str) -> dict[str, float]:
        prefix = f"{owner}."
        return {
            key.removeprefix(prefix): value
            for key, value in self.settings.items()
            if key.startswith(prefix)
        }

    @cached_property
    def traces(self) -> tuple[Trace, ...]:
        """The training of each variant."""
        found = dict[Variant, Trace]()
        for optimizer in self.optimizers:
            own = [each for each in self.variants if each.optimizer == optimizer]
            rates = [self.template.learning_rates[each.rate] for each in own]
            traces = train_each(self.network, self.training(optimizer), rates)
            found |= zip(own, traces, strict=True)
        return tuple(found[each] for each in self.variants)

    def trace_of(self, tab: str) -> Trace:
        """Return the training that the sheet of this name shows."""
        return self.traces[[variant.tab for variant in self.variants].index(tab)]

    @cached_property
    def playground(self) -> Trace:
        """The training at the Playground's learning rate, which may be that of a variant."""
        rate, optimizer = self.controls.learning_rate, self.template.optimizer
        for each, trace in zip(self.variants, self.traces, strict=True):
            if (self.template.learning_rates[each.rate], each.optimizer) == (rate, optimizer):
                return trace
        return self.train(rate, optimizer)

    def train(self, learning_rate: float, optimizer: str, rows: int | None = None) -> Trace:
        """Train by the reference, as far as the first `rows` if it is given."""
        return train(self.network, self.training(optimizer), learning_rate, rows)

    @cached_property
    def start(self) -> SamplePass:
        """The pass at iteration 0."""
        first = self.template.order[0]
        sample = self.data.used_inputs()[first].tolist()
        return SamplePass(self.network, initial(self.network), sample, self.data.targets[first])

    def with_values(self, contents: Mapping[str, float | str]) -> "Plan":
        """Return the plan with the contents of a workbook's input cells, by their keys.

        A view control without a cell keeps its value.
        """
        template = self.template
        values = {key: value for key, value in contents.items() if not isinstance(value, str)}
        rates = (f"learning_rate_{place + 1}" for place in range(len(template.learning_rates)))
        changed = replace(
            template,
            network=template.network.with_parameters(values),
            data=self._data(contents),
            learning_rates=tuple(values[rate] for rate in rates),
        )
        shown = {key: contents[key] for key in Controls.__dataclass_fields__ if key in contents}
        controls = replace(self.controls, **shown)  # type: ignore[arg-type]
        settings = {key: values.get(key, value) for key, value in self.settings.items()}
        return replace(self, template=changed, controls=controls, settings=settings)

    def _data(self, contents: Mapping[str, float | str]) -> Data:
        trained = self.data.samples

        def rows(names: tuple[str, ...], problem: str = "") -> Rows:
            """Return the numbers of these columns, a row for each sample."""
            every = range(trained + self.data.test_samples)
            keys = ([self.data_key(each, at, problem) for each in names] for at in every)
            return tuple(tuple(float(contents[key]) for key in row) for row in keys)

        inputs = rows(self.network.input_names)
        if self.data.problems:
            problems = tuple(
                replace(each, targets=rows(self.network.target_names, each.name))
                for each in self.data.problems
            )
            chosen = str(contents["problem"])
            return replace(self.data, inputs=inputs).with_problems(problems, chosen)
        targets = rows(self.network.target_names)
        return replace(
            self.data,
            inputs=inputs[:trained],
            targets=targets[:trained],
            test_inputs=inputs[trained:],
            test_targets=targets[trained:],
        )

    def data_key(self, symbol: str, sample: int, problem: str = "") -> str:
        """Return the key of the input cell with a sample's input or target; test samples follow.

        The target of one of several problems is asked for with the problem's name.
        """
        key = f"{symbol} of {sample + 1}" if self.has_data_sheet else symbol
        return f"{key} in {problem}" if problem else key


def formats_of(names: Sequence[str], rows: Rows, is_one: bool = False) -> dict[str, str]:
    """Return the format of each column of rows, or of all columns the same one."""
    every = common_format(value for row in rows for value in row) if is_one else ""
    return {
        name: every or common_format(row[place] for row in rows) for place, name in enumerate(names)
    }
