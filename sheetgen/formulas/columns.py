"""From a network to the ordered columns of its training table, each with the formula of a row.

Formulas are text in which {row} and {previous} are the numbers of the formula's own row and of the
row above. This module is the spreadsheet's own account of the training: it shares the names with
reference.py, and nothing else.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from sheetgen.errors import InputError
from sheetgen.formulas import notation, quantities
from sheetgen.formulas.updates import Rule, Texts, everywhere
from sheetgen.network.network import Network
from sheetgen.network.trace import BATCH_ROW, BATCH_SIZE, CORRECT, UPDATE, state_name, sum_name
from sheetgen.network.training import Training
from sheetgen.spreadsheet.address import MAXIMUM_COLUMNS, MAXIMUM_FORMULA, column_letters


@dataclass(frozen=True)
class Band:
    """Neighbouring columns of one kind, with the title above their headers."""

    title: str
    kind: str  # iteration, target, input, weight, unit, error, gradient or helper


@dataclass(frozen=True)
class Column:
    """One column: its header, its formula in row 0 and in all later rows, and the mathematics.

    `first` is a number if row 0 starts a count.
    """

    symbol: str
    band: Band
    first: str | int
    rest: str
    notation: str


@dataclass
class _Draft:
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
    """Return the columns of the training table in their order.

    `address` gives the absolute address of an initial value, such as "Inputs!$C$9" for w1, and
    with several samples the range of an input's or a target's column, and of "order";
    `learning_rate` is the table's rate, such as "$B$2"; `first_column` counts from 0.

    Raises InputError if the table or a formula would be larger than a worksheet can hold.
    """
    draft = _Draft(network, training, first_column)
    _place(draft)
    _check_width(draft)
    rule = Rule(training, draft.cell, address, learning_rate)
    texts = dict(_formulas(draft, rule))
    columns = tuple(Column(symbol, band, *texts[symbol]) for symbol, band in draft.bands.items())
    if not _is_simple(network, training):
        columns = tuple(map(_set_apart, columns))
    _check_lengths(columns)
    return columns


def column_count(network: Network, training: Training, first_column: int) -> int:
    """Return how many columns `training_columns` returns, without writing their formulas.

    Raises InputError if they are more than a worksheet has.
    """
    draft = _Draft(network, training, first_column)
    _place(draft)
    _check_width(draft)
    return len(draft.bands)


def _check_width(draft: _Draft) -> None:
    """Raise InputError, naming the layer that takes most, if a worksheet has too few columns."""
    width, network = draft.first_column + len(draft.bands), draft.network
    if width <= MAXIMUM_COLUMNS:
        return
    layers = {each.name: each.layer for each in network.weights}
    layers |= {each.name: each.layer for each in network.biases}
    layers |= {unit: layer for unit, (layer, _) in network.positions.items()}
    found = (next(filter(layers.__contains__, _ends(symbol)), "") for symbol in draft.bands)
    counts = Counter(layers[name] for name in found if name)
    (layer, count), *_ = counts.most_common()
    raise InputError(
        f"the network's table needs {width:,} columns, {width - MAXIMUM_COLUMNS:,} more than a "
        f"worksheet has; the {notation.layer_title(network, layer)} takes most, {count:,} of them"
    )


def _ends(symbol: str) -> Iterator[str]:
    """Yield all ends of a symbol, the longest first: what ∂E/∂k1_1 and a_h1 belong to is last."""
    return (symbol[at:] for at in range(len(symbol)))


def _is_simple(network: Network, training: Training) -> bool:
    """Tell whether LibreOffice computes the table correctly although all rows have one formula."""
    return training.samples == 1 and len(network.layers) <= 2 and not training.optimizer.states


def _set_apart(column: Column) -> Column:
    """Give row 0 its own formula, by a plus sign that changes nothing.

    LibreOffice computes 100 and more neighbouring cells of one formula in several threads. Other
    sheets ask for row 0 first; once that row is done, the threads take rows that wait for each
    other for a circular reference, and cells in row 1 become #VALUE! (seen in LibreOffice 7.4).
    """
    if isinstance(column.first, int) or column.first != column.rest:
        return column
    return replace(column, first=f"=+{column.first[1:]}")


def _place(draft: _Draft) -> None:
    network, training = draft.network, draft.training
    several = ("epoch", "sample") if training.samples > 1 else ()
    rate = ("learning_rate",) if training.is_scheduled else ()
    draft.place(Band("step", "iteration"), "iteration", *several, *rate)
    draft.place(Band("targets", "target"), *network.target_names)
    draft.place(Band("inputs", "input"), *network.input_names)
    for layer, units in enumerate(network.unit_names):
        title = notation.layer_title(network, layer)
        names = [weight.name for weight in network.weights if weight.layer == layer]
        draft.place(Band(f"{title}: weights", "weight"), *names)
        names = [bias.name for bias in network.biases if bias.layer == layer]
        draft.place(Band(f"{title}: biases", "weight"), *names)
        for unit in units:
            draft.place(Band(f"{title}: units", "unit"), *quantities.of_unit(unit))
    draft.place(Band("errors", "error"), *network.error_names, "E_total")
    for layer in range(len(network.layers)):
        title = f"gradients: {notation.layer_title(network, layer)}"
        names = [weight.gradient for weight in network.weights if weight.layer == layer]
        draft.place(Band(title, "gradient"), *names)
    names = [bias.gradient for bias in network.biases if bias.is_trained]
    draft.place(Band("gradients: biases", "gradient"), *names)
    _place_helpers(draft)


def _place_helpers(draft: _Draft) -> None:
    network, training = draft.network, draft.training
    draft.place(Band("helpers: softmax", "helper"), *quantities.softmax_helpers(network))
    if quantities.uses_delta_columns(network):
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
    """Tell whether the table says for each row if the network is right."""
    # Only the losses of classification are computed together with their activation.
    return training.samples > 1 and notation.is_joint(network)


def _formulas(draft: _Draft, rule: Rule) -> Iterator[tuple[str, Texts]]:
    """Yield each symbol with its first formula, its later formula and its notation."""
    network, cell = draft.network, draft.cell
    yield from rule.steps()
    for symbol in (*network.target_names, *network.input_names):
        yield symbol, rule.sample(symbol)
    for weight in network.weights:
        yield weight.name, rule.parameter(weight)
    for bias in network.biases:
        yield bias.name, rule.parameter(bias)
    for parameter in network.parameters:
        text = notation.gradient(network, parameter)
        formula = quantities.gradient_formula(network, parameter, cell)
        yield _equation(parameter.gradient, formula, text)
        yield from rule.memory(parameter)
    for symbol in (*_units(network), *network.error_names, "E_total"):
        formula = quantities.forward_formula(network, symbol, cell)
        yield _equation(symbol, formula, notation.forward(network, symbol))
    if quantities.uses_delta_columns(network):
        for unit in (unit for units in network.unit_names for unit in units):
            formula = quantities.delta_formula(network, unit, cell)
            yield _equation(f"∂E/∂{unit}", formula, notation.delta(network, unit))
    for symbol, formula, text in quantities.softmax_helper_formulas(network, cell):
        yield symbol, everywhere(f"={formula}", f"{notation.letter(symbol)} = {text}")
    if has_correct(network, draft.training):
        text = "1 if the network’s answer matches the target, else 0"
        yield CORRECT, everywhere(f"={quantities.correct_formula(network, cell)}", text)


def _units(network: Network) -> Iterator[str]:
    for units in network.unit_names:
        for unit in units:
            yield from quantities.of_unit(unit)


def _equation(symbol: str, formula: str, text: str) -> tuple[str, Texts]:
    return symbol, everywhere(f"={formula}", f"{symbol} = {text}")


def _check_lengths(columns: tuple[Column, ...]) -> None:
    for column in columns:
        longest = column.rest.replace("{previous}", "{row}").replace("{row}", "1048576")
        if len(longest) > MAXIMUM_FORMULA:
            raise InputError(
                f"the formula of {column.symbol} would have {len(longest):,} characters; "
                f"a cell holds {MAXIMUM_FORMULA:,}"
            )
