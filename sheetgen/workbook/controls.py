"""Holds what the user can set on the sheets besides the training inputs, and its defaults."""

from collections.abc import Iterable
from dataclasses import dataclass

from sheetgen.errors import short
from sheetgen.network.network import activation_name
from sheetgen.template.template import Template

LABEL_LENGTH = 24  # letters of a name in the data: a cell to choose it in is not too wide for it


@dataclass(frozen=True)
class Controls:
    """What the user can set on the sheets besides the training inputs.

    learning_rate: the Playground's; threshold: of E_total, for the summary of the rates;
    epsilon: the central difference's step; tolerance: relative, of the gradient check;
    the others: the moment that Overview chooses for all sheets that show one pass, and what the
    Explorer and the surfaces show: a table by its tab, a weight, a bias or an activation by its
    name.
    """

    learning_rate: float
    threshold: float
    moment_table: str
    explorer_table: str
    explorer_weight: str
    surface_table: str
    surface_output: str
    error_table: str
    predictions_table: str
    moment_iteration: float = 0
    explorer_iteration: float = 0
    explorer_unit: str = ""
    derivation_weight: str = ""
    surface_across: str = ""
    surface_up: str = ""
    surface_iteration: float = 0
    surface_sample: float = 1
    error_iteration: float = 0
    error_across: str = ""
    error_down: str = ""
    predictions_iteration: float = 0
    epsilon: float = 1e-4
    tolerance: float = 1e-5

    @classmethod
    def of(cls, template: Template, tab: str, rate: float) -> "Controls":
        """Return the controls of a new workbook.

        `tab` is the table that the sheets show, and `rate` its learning rate.
        """
        network = template.network
        inputs = input_titles(template)
        shown = [inputs[place] for place in template.data.telling_inputs(2)]
        typical = template.data.typical_sample
        # Where the other inputs are that sample's, its class is somewhere on the plane.
        targets = template.data.targets[typical] if len(inputs) > 2 else (0.0,)
        return cls(
            learning_rate=rate,
            threshold=1.0,
            moment_table=tab,
            explorer_table=tab,
            explorer_weight=network.parameters[0].name,
            derivation_weight=network.parameters[0].name,
            surface_table=tab,
            surface_output=output_titles(template)[targets.index(max(targets))],
            surface_across=shown[0],
            surface_up=shown[-1],
            surface_sample=typical + 1,
            error_table=tab,
            predictions_table=tab,
            predictions_iteration=template.iterations,
        )


def output_titles(template: Template) -> tuple[str, ...]:
    """Return each output's name, and the class or the column of the data that it is for."""
    names = map(activation_name, template.network.unit_names[-1])
    return _titled(names, template.data.target_labels)


def input_titles(template: Template) -> tuple[str, ...]:
    """Return each input's symbol, and its name in the data where it has one."""
    return _titled(template.network.input_names, template.data.input_labels)


def _titled(names: Iterable[str], labels: tuple[str, ...]) -> tuple[str, ...]:
    if not labels:
        return tuple(names)
    pairs = zip(names, labels, strict=True)
    return tuple(f"{name}: {short(label, LABEL_LENGTH)}" for name, label in pairs)
