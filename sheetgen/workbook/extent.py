"""Says by arithmetic how many formulas a template's workbook will have, before any is composed."""

from sheetgen.errors import InputError
from sheetgen.formulas.columns import column_count, has_correct
from sheetgen.network.optimizers import OPTIMIZERS
from sheetgen.network.schedules import SCHEDULES
from sheetgen.network.training import Training
from sheetgen.spreadsheet.address import MAXIMUM_FORMULA
from sheetgen.template.template import Template
from sheetgen.workbook.shared.diagram import layout_of
from sheetgen.workbook.shared.diagram_lines import LINE_COLUMNS
from sheetgen.workbook.shared.epoch_tests import evaluated_formulas
from sheetgen.workbook.shared.samples_list import MOST, POSITIONS
from sheetgen.workbook.sheets.decision_surface.decision_surface import formulas_of_decisions
from sheetgen.workbook.sheets.error_surface.surface_size import formulas_of_errors
from sheetgen.workbook.sheets.fitted_curve import formulas_of_curves
from sheetgen.workbook.sheets.gradient_check.probes import evaluated_cells
from sheetgen.workbook.sheets.predictions.listed_samples import Extent, formulas_of_sample
from sheetgen.workbook.sheets.proof.checksums import MOST_RANGES
from sheetgen.workbook.sheets.proof.given import MOST as MOST_OF_LINE
from sheetgen.workbook.sheets.proof.proof import FORMULAS_OF_PART
from sheetgen.workbook.sheets.training_table import FIRST_COLUMN

MANY = 1_000_000
"""More formulas than these are worth a word before the work begins."""
MAXIMUM_FORMULAS = 20_000_000
"""Their cells are some 2 GB in a file and 20 GB in Excel."""
FORMULAS_PER_SECOND = 35_000
"""That are composed, written and verified: measured on one core of a server."""
BYTES_PER_FORMULA = 600
"""Of memory, to verify them: half of it in the process of the engine."""
_TERM = len("+A1048576*A1048576")  # of a weighted sum, at least
_DIAGRAMS = 3
"""Of the network: one on Overview, two on Explorer."""
_OF_SYMBOL = 25
"""Formulas for each input and unit in lists, texts and diagrams of one moment."""
_IN_PLANES = 3
"""The same where they are drawn in planes, on Overview, Derivation and Explorer."""
_OF_WEIGHT = 10
"""The same for each weight and bias, but for the lines of the diagrams."""
_BLOCKS = 20
"""Of other sheets, and of blocks for one sheet on `Workings`, that have a checksum on `Proof`."""
_FRAME = 700
"""Formulas around all that: titles, axes, the path on `Error surface`."""


def formulas_of(template: Template) -> int:
    """Return about how many formulas the workbook will have: exactly those of the tables.

    Raises InputError if a weighted sum fits no cell, if a table needs more columns than a worksheet
    has, or if there would be more than MAXIMUM_FORMULAS.
    """
    widest = max(len(layer.weights[0]) for layer in template.network.layers if layer.weights)
    if widest * _TERM > MAXIMUM_FORMULA:
        raise InputError(
            f"the sum over {widest:,} weights of a unit would have at least {widest * _TERM:,} "
            f"characters; a cell holds {MAXIMUM_FORMULA:,}"
        )
    rows, rates = template.iterations + 1, len(template.learning_rates)
    compared = template.compare or (template.optimizer,) * rates
    widths = {
        name: column_count(template.network, _training(template, name), FIRST_COLUMN)
        for name in {*compared, template.optimizer}
    }
    found = sum(widths[name] * rows for name in (*compared, template.optimizer))
    training = _training(template, template.optimizer)
    steps = rows
    found += evaluated_formulas(template.network, training, len(compared) + 1)
    if training.is_by_epoch:
        steps = training.epochs
        found += steps * (len(compared) + 1) * (1 + has_correct(template.network, training))
    # The comparison has the steps, of each an error, a flag and what is drawn, and the greatest of
    # several; of test samples what is drawn too.
    drawn = len(compared) * (2 if template.data.test_samples else 1)
    found += steps * (1 + 2 * len(compared) + drawn + (len(compared) > 1))
    if template.data.standardize:
        samples = template.data.samples + template.data.test_samples
        found += samples * template.network.inputs
    if template.data.samples + template.data.test_samples > 1:
        found += Extent.of(template).all * formulas_of_sample(template)
    found += evaluated_cells(template.network, training)
    found += _of_proof(template, sum(widths[name] for name in (*compared, template.optimizer)))
    if found <= MAXIMUM_FORMULAS:
        found += _of_one_moment(template)
    if found > MAXIMUM_FORMULAS:
        raise InputError(
            f"the workbook would have {found:,} formulas; expected at most {MAXIMUM_FORMULAS:,}: "
            "fewer iterations, learning rates or units"
        )
    return found


def _of_proof(template: Template, columns: int) -> int:
    """Return about how many formulas `Proof` has for all inputs and the columns of all tables."""
    data, network = template.data, template.network
    columns_of_data = (network.inputs + network.outputs) * (1 + data.samples // MOST_OF_LINE)
    # A layer has a checksum for its weights, its units and their gradients, and more if it is wide.
    tables = len(template.compare or template.learning_rates) + 1
    checksums = tables * (5 + 3 * len(network.layers)) + columns // MOST_RANGES
    return 2 * columns_of_data + FORMULAS_OF_PART * (checksums + _BLOCKS)


def _of_one_moment(template: Template) -> int:
    """Return about how many formulas the sheets have that show one moment of a training."""
    network, data = template.network, template.data
    lines, of_symbol = 0, _IN_PLANES
    if network.is_dense:
        layout, of_symbol = layout_of(network, data), _OF_SYMBOL
        lines = 0 if layout.too_many else len(layout.edges)
    units = sum(layer.units for layer in network.layers)
    return (
        _FRAME
        + of_symbol * (network.inputs + units)
        + _OF_WEIGHT * len(network.parameters)
        + _DIAGRAMS * LINE_COLUMNS * lines
        + 2 * len(POSITIONS) * min(data.samples, MOST)
        + formulas_of_decisions(network)
        + formulas_of_curves(network)
        + formulas_of_errors(network, data.samples)
    )


def _training(template: Template, optimizer: str) -> Training:
    """Return a training as far as the size of its table depends on it."""
    return Training(
        data=template.data,
        iterations=template.iterations,
        order=template.order,
        batch_size=template.batch_size,
        optimizer=OPTIMIZERS[optimizer],
        schedule=SCHEDULES[template.schedule],
    )


def announcement(formulas: int) -> str:
    """Return a sentence on a large workbook: its formulas, the time and memory that they take."""
    minutes = max(1, round(formulas / FORMULAS_PER_SECOND / 60))
    time = "a minute" if minutes == 1 else f"{minutes:,} minutes"
    memory = formulas * BYTES_PER_FORMULA / 1e9
    return (
        f"about {formulas:,} formulas to write and verify: about {time} and {memory:.1f} GB of "
        f"memory, at {FORMULAS_PER_SECOND:,} a second as measured on a server"
    )
