"""Remarks on a table: what is worth saying although it is not wrong."""

from collections.abc import Iterator, Sequence

from sheetgen.check.findings import Column, Finding
from sheetgen.check.judging.header_remarks import header_remarks
from sheetgen.check.meaning.learning_rate import labels_of, rate_in
from sheetgen.check.meaning.table_meaning import TableMeaning
from sheetgen.check.meaning.table_network import Network
from sheetgen.check.tables.headers import family, number
from sheetgen.check.tables.table import Table
from sheetgen.spreadsheet.address import relative_address

_MOST_RUNS = 10  # to name in one remark


def table_remarks(
    meaning: TableMeaning, columns: Sequence[Column], findings: Sequence[Finding]
) -> Iterator[Finding]:
    """Yield the remarks on a table; `findings` are those of its columns, mistakes included."""
    table = meaning.table
    yield from _pasted(table, columns, findings)
    yield from _learning_rate(meaning)
    yield from _network(meaning)
    yield from _rows(table)
    if meaning.moving:
        names = ", ".join(sorted(meaning.moving, key=lambda one: (family(one), number(one))))
        words = f"{names} differ from row to row; every row was taken as a sample of its own"
        yield table.remark("several-samples", words)
    yield from header_remarks(table)
    by_reason: dict[str, list[str]] = {}
    for one in columns:
        if one.status == "unchecked" and one.symbol:  # the others have a remark of their own
            by_reason.setdefault(one.reason, []).append(one.header)
    if by_reason:
        groups = [f"{', '.join(names)} ({reason})" for reason, names in by_reason.items()]
        yield table.remark("unchecked", f"not checked: {'; '.join(groups)}")


def _pasted(
    table: Table, columns: Sequence[Column], findings: Sequence[Finding]
) -> Sequence[Finding]:
    """Return one remark for the table if all columns are pasted, else one for each that is."""
    pasted = [one for one in findings if one.kind == "pasted-values"]
    computed = [one for one in columns if one.status in ("right", "wrong")]
    if len(pasted) > 1 and len(pasted) >= len(computed):
        words = "the table holds pasted numbers, no formulas; compared within their rounding"
        return [table.remark("pasted-values", words)]
    return pasted


def _learning_rate(meaning: TableMeaning) -> Iterator[Finding]:
    table, source, rate = meaning.table, meaning.rate.source, meaning.rate.value
    if rate is None:
        return
    if source == "inferred":
        words = f"no learning rate is given; the updates of the weights imply {rate:g}"
        yield table.remark("learning-rate-inferred", words)
    if source == "formula" and meaning.rate.cell is None:
        words = f"the formulas hold the learning rate {rate:g} as a number"
        yield table.remark("hard-coded-learning-rate", words)
    for label in labels_of(table.cells) if source in ("inferred", "formula") else ():
        if abs(label.value - rate) > 1e-6 * abs(rate):
            words = f"the label names the learning rate {label.value:g}; used is {rate:g}"
            yield table.remark("learning-rate-label", words, label.place)
            break
    named = rate_in(table.sheet)
    if named is not None and abs(named - rate) > 1e-6 * abs(rate):
        words = f"the tab names the learning rate {named:g}; used is {rate:g}"
        yield table.remark("learning-rate-label", words)


def _network(meaning: TableMeaning) -> Iterator[Finding]:
    network, remark = meaning.network, meaning.table.remark
    for what, words in meaning.unknown.items():
        yield remark("loss" if what == "loss" else "activation", words)
    usual = "cross-entropy" if network.is_softmax else "half-squared-error"
    if "loss" not in meaning.unknown and network.loss.name != usual:
        name = network.loss.name.replace("-", " ")
        yield remark("loss", f"the error is the {name}; the gradients were checked for that")
    if {one.name for one in network.activations} != {"sigmoid"} and not (
        meaning.unknown.keys() - {"loss"}
    ):
        yield remark("activation", _activations(network))
    yield from _steps(meaning)
    if meaning.negated:
        words = "the gradients' columns hold −∂E/∂w, and the updates add them, which is the same"
        yield remark("negated-gradients", words)
    if network.biases and not network.trains_biases:
        yield remark("untrained-biases", "the biases are not trained")


def _activations(network: Network) -> str:
    """Say which activation each layer has."""
    *hidden, output = [one.name for one in network.activations]
    said = f"the output activation is {output}"
    if len(set(hidden)) == 1:
        which = "activation is" if len(hidden) == 1 else "activations are"
        return f"the hidden {which} {hidden[0]}, {said}"
    return f"the hidden activations are {', '.join(hidden)}, {said}" if hidden else said


def _steps(meaning: TableMeaning) -> Iterator[Finding]:
    """Yield a remark on batches and optimisers."""
    steps = meaning.network.steps
    settings = ", ".join(f"{name} {value:g}" for name, value in steps.settings)
    if steps.optimizer != "sgd" or steps.decay:
        name = "gradient descent" if steps.optimizer == "sgd" else steps.optimizer
        yield meaning.table.remark("optimizer", f"the updates are those of {name} with {settings}")


def _rows(table: Table) -> Iterator[Finding]:
    """Yield remarks on a single row, on rows that were left out, and on those not read."""
    if table.rows == 1:
        has_step = "one row" if table.in_rows else "no updated weights"
        words = f"the table has {has_step}: there is nothing to check from row to row"
        yield table.remark("one-row", words)
    if table.skipped:
        rows = _in_words(table.skipped.runs)
        words = f"the table continues below {rows}, without numbers"
        yield table.remark("gap", words, relative_address(table.skipped.runs[0].start, 0))
    if table.unread:
        were = "were" if len(table.unread) > 1 else "was"
        rows = _in_words(_runs(table.unread))
        words = f"{rows} below the table, also with numbers, {were} not read"
        yield table.remark("rows-not-read", words, relative_address(table.unread[0], 0))


def _runs(rows: Sequence[int]) -> list[range]:
    runs: list[range] = []
    for row in rows:
        if runs and row == runs[-1].stop:
            runs[-1] = range(runs[-1].start, row + 1)
        else:
            runs.append(range(row, row + 1))
    return runs


def _in_words(runs: Sequence[range]) -> str:
    """Return zero-based rows in words, counted from 1: "row 14" or "rows 14, 20 to 24"."""
    spans = [
        f"{run.start + 1} to {run.stop}" if len(run) > 1 else f"{run.stop}"
        for run in runs[:_MOST_RUNS]
    ]
    more = len(runs) - len(spans)
    several = len(runs) > 1 or len(runs[0]) > 1
    rest = f" and {more:,} more places" if more else ""
    return f"row{'s' if several else ''} {', '.join(spans)}{rest}"
