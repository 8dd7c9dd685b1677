"""The trainings that a template compares: its learning rates, or its optimisers."""

from dataclasses import dataclass

from sheetgen.template.template import Template


@dataclass(frozen=True)
class Variant:
    """One of the trainings that a workbook compares, with a sheet of its own."""

    tab: str
    """The name of its sheet."""
    optimizer: str
    rate: int
    """The position of its learning rate in the list on `Inputs`, from 0."""


def variants_of(template: Template, tabs: tuple[float, ...]) -> tuple[Variant, ...]:
    """Return the trainings to compare; `tabs` are the rates that their sheets are named for."""
    if template.compare:
        return tuple(Variant(name, name, 0) for name in template.compare)
    return tuple(
        Variant(f"lr {tab:g}", template.optimizer, place) for place, tab in enumerate(tabs)
    )


def optimizers_of(template: Template) -> tuple[str, ...]:
    """Return every optimiser that is used, once."""
    return tuple(dict.fromkeys((*template.compare, template.optimizer)))


def settings_of(template: Template) -> dict[str, float]:
    """Return the hyper-parameters of each optimiser and of the schedule, by "adam.beta1"."""
    found = {
        f"{optimizer}.{name}": value
        for optimizer in optimizers_of(template)
        for name, value in template.hyperparameters_of(optimizer).items()
    }
    parameters = template.schedule_parameters
    return found | {f"{template.schedule}.{name}": value for name, value in parameters.items()}
