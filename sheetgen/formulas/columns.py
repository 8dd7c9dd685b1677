"""From a network to the ordered columns of its training table, each with the formula of a row.

Formulas are text with {row} and {previous} where the numbers of the formula's own row and of the
row above belong. This module is the spreadsheet's own account of the training: it shares the
names with reference.py, and nothing else.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from sheetgen.errors import InputError
from sheetgen.formulas import notation, quantities
from sheetgen.formulas.quantities import delta_formula, gradient_formula, uses_delta_columns
from sheetgen.formulas.updates import Rule, Texts
from sheetgen.network.network import Network, activation_name
from sheetgen.network.trace import BATCH_ROW, BATCH_SIZE, CORRECT, UPDATE, state_name, sum_name
from sheetgen.network.training import Training
from sheetgen.spreadsheet.address import column_letters

__all__ = [
    "Band",
    "Column",
    "delta_formula",
    "gradient_formula",
    "training_columns",
    "uses_delta_columns",
]

MAXIMUM_COLUMNS = 16_384
MAXIMUM_FORMULA = 8_192  # characters


@dataclass(frozen=True)
class Band:
    """Neighbouring columns of one kind, with the title above their headers."""

    title: str
    kind: str  # iteration, target, input, weight, unit, error, gradient or helper


@dataclass(frozen=True)
class Column:
    """One column: its header, its formula in row 0 and in all later rows, and the mathematics.

    `first` is a number where row 0 starts a count.
    """

    symbol: str
    band: Band
    first: str | int
    rest: str
    notation: str


@dataclass
class Draft:
    """Collects the symbols in order first, because a formula may name a column further right."""

    network: Network
    training: Training
    first_column: int
    bands: dict[str, Band] = field(default_factory=dict)
    columns: dict[str, int] = field(default_factory=dict)

    def place(self, band: Band, *symbols: str) -> None:
        for symbol in symbols:
            self.columns[symbol] = self.first_column + len(self.columns)
            self.bands[symbol] = band

    def cell(self, symbol: str, row: str = "{row}") -> str:
        return f"{column_letters(self.columns[symbol])}{row}"


def training_columns(
    network: Network,
    training: Training,
    address: Callable[[str], str],
    learning_rate: str,
    first_column: int,
) -> tuple[Column, ...]:
    """Return the columns of the training table in the order that they stand in.

    `address` gives the absolute address of an initial value, such as "Inputs!$C$9" for w1, and
    with several samples the range of an input's or a target's column, and of "order";
    `learning_rate` is the table's rate, such as "$B$2"; `first_column` counts from 0.

    Raises InputError when the table or a formula would pass what a worksheet can hold.
    """
    draft = Draft(network, training, first_column)
    _place(draft)
    width = first_column + len(draft.bands)
    if width > MAXIMUM_COLUMNS:
        raise InputError(
            f"the network's table needs {width:,} columns; a worksheet has {MAXIMUM_COLUMNS:,}"
        )
    rule = Rule(training, draft.cell, address, learning_rate)
    texts = dict(_formulas(draft, rule))
    columns = tuple(Column(symbol, band, *texts[symbol]) for symbol, band in draft.bands.items())
    if not _is_simple(network, training):
        columns = tuple(map(_set_apart, columns))
    _check_lengths(columns)
    return columns


def _is_simple(network: Network, training: Training) -> bool:
    """Tell whether LibreOffice computes the table rightly though all rows have one formula."""
    return training.samples == 1 and len(network.layers) <= 2 and not training.optimizer.states


def _set_apart(column: Column) -> Column:
    """Let row 0 have a formula of its own, by a plus sign that changes nothing.

    LibreOffice computes 100 and more neighbouring cells of one formula in several threads. Other
    sheets ask for row 0 first; with that row done, the threads take rows that wait for each other
    for a circle, and cells in row 1 come to #VALUE! (seen in LibreOffice 7.4).
    """
    if isinstance(column.first, int) or column.first != column.rest:
        return column
    return replace(column, first=f"=+{column.first[1:]}")


def _place(draft: Draft) -> None:
    network, training = draft.network, draft.training
    several = ("epoch", "sample") if training.samples > 1 else ()
    rate = ("learning_rate",) if training.is_scheduled else ()
    draft.place(Band("step", "iteration"), "iteration", *several, *rate)
    draft.place(Band("targets", "target"), *network.target_names)
    draft.place(Band("inputs", "input"), *network.input_names)
    for layer, units in enumerate(network.unit_names):
        title = notation.layer_title(network, layer)
        names = [edge.name for edge in network.connections if edge.layer == layer]
        draft.place(Band(f"{title}: weights", "weight"), *names)
        names = [bias.name for bias in network.biases if bias.layer == layer]
        draft.place(Band(f"{title}: biases", "weight"), *names)
        for unit in units:
            draft.place(Band(f"{title}: units", "unit"), unit, activation_name(unit))
    draft.place(Band("errors", "error"), *network.error_names, "E_total")
    for layer in range(len(network.layers)):
        title = f"gradients: {notation.layer_title(network, layer)}"
        names = [edge.gradient for edge in network.connections if edge.layer == layer]
        draft.place(Band(title, "gradient"), *names)
    names = [bias.gradient for bias in network.biases if bias.is_trained]
    draft.place(Band("gradients: biases", "gradient"), *names)
    _place_helpers(draft)


def _place_helpers(draft: Draft) -> None:
    network, training = draft.network, draft.training
    draft.place(Band("helpers: softmax", "helper"), *quantities.softmax_helpers(network))
    if uses_delta_columns(network):
        deltas = [f"∂E/∂{unit}" for units in network.unit_names for unit in units]
        draft.place(Band("helpers: ∂E/∂ of each unit", "helper"), *deltas)
    if has_correct(network, training):
        draft.place(Band("helper", "helper"), CORRECT)
    names = [parameter.name for parameter in network.parameters]
    if training.is_batched:
        draft.place(Band("helpers: the batch", "helper"), BATCH_ROW, BATCH_SIZE, UPDATE)
        title = "helpers: sums over the batch so far"
        draft.place(Band(title, "helper"), *map(sum_name, names))
    for state in training.optimizer.states:
        title = f"helpers: {training.optimizer.name}, {state}"
        draft.place(Band(title, "helper"), *(state_name(state, name) for name in names))


def has_correct(network: Network, training: Training) -> bool:
    """Tell whether the table says of each row if the network was right."""
    return training.samples > 1 and quantities.is_classification(network)


def _formulas(draft: Draft, rule: Rule) -> Iterator[tuple[str, Texts]]:
    """Yield each symbol with its first formula, its later formula and its notation."""
    network, cell = draft.network, draft.cell
    yield from rule.steps()
    for symbol in (*network.target_names, *network.input_names):
        yield symbol, rule.sample(symbol)
    for edge in network.connections:
        yield edge.name, rule.parameter(edge)
    for bias in network.biases:
        yield bias.name, rule.parameter(bias)
    for parameter in network.parameters:
        text = f"{parameter.gradient} = {notation.gradient(network, parameter)}"
        formula = f"={gradient_formula(network, parameter, cell)}"
        yield parameter.gradient, everywhere(formula, text)
        yield from rule.memory(parameter)
    yield from _unit_formulas(draft)
    yield from _error_formulas(draft)
    if uses_delta_columns(network):
        yield from _delta_formulas(draft)
    for symbol, formula, text in quantities.softmax_helper_formulas(network, cell):
        yield symbol, everywhere(f"={formula}", f"{notation.letter(symbol)} = {text}")
    if has_correct(network, draft.training):
        text = "1 where the network says what the target says, else 0"
        yield CORRECT, everywhere(f"={quantities.correct_formula(network, cell)}", text)


def _unit_formulas(draft: Draft) -> Iterator[tuple[str, Texts]]:
    network, cell = draft.network, draft.cell
    for units in network.unit_names:
        for unit in units:
            text = f"{unit} = {notation.weighted_sum(network, unit)}"
            formula = quantities.pre_activation_formula(network, unit, cell)
            yield unit, everywhere(f"={formula}", text)
            activated = activation_name(unit)
            text = f"{activated} = {notation.activation(network, unit)}"
            formula = quantities.activation_formula(network, unit, cell)
            yield activated, everywhere(f"={formula}", text)


def _error_formulas(draft: Draft) -> Iterator[tuple[str, Texts]]:
    network, cell = draft.network, draft.cell
    for output, name in enumerate(network.error_names):
        text = f"{name} = {notation.error(network, output)}"
        yield name, everywhere(f"={quantities.error_formula(network, output, cell)}", text)
    text = f"E_total = {notation.total_error(network)}"
    yield "E_total", everywhere(f"={quantities.total_error_formula(network, cell)}", text)


def _delta_formulas(draft: Draft) -> Iterator[tuple[str, Texts]]:
    network = draft.network
    for units in network.unit_names:
        for unit in units:
            text = f"∂E/∂{unit} = {notation.delta(network, unit)}"
            yield f"∂E/∂{unit}", everywhere(f"={delta_formula(network, unit, draft.cell)}", text)


def everywhere(formula: str, text: str) -> Texts:
    """Return the texts of a column whose formula looks at its own row only."""
    return formula, formula, text


def _check_lengths(columns: tuple[Column, ...]) -> None:
    for column in columns:
        longest = column.rest.replace("{previous}", "{row}").replace("{row}", "1048576")
        if len(longest) > MAXIMUM_FORMULA:
            raise InputError(
                f"the formula of {column.symbol} would have {len(longest):,} characters; "
                f"a cell holds {MAXIMUM_FORMULA:,}"
            )
