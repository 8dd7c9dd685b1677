"""What is worth saying about a table although it is not wrong."""

from collections.abc import Sequence

from sheetgen.check.judging.findings import Column, Finding
from sheetgen.check.meaning.choosing import has_softmax
from sheetgen.check.meaning.context import Context
from sheetgen.check.meaning.learning_rate import labels_of, rate_in
from sheetgen.check.tables.headers import family, number
from sheetgen.spreadsheet.address import column_letters, relative_address


def table_remarks(
    context: Context, columns: Sequence[Column], findings: Sequence[Finding], moving: set[str]
) -> list[Finding]:
    """Return the remarks on a table; `findings` are those of its columns, mistakes included."""
    remarks = _pasted(context, columns, findings)
    remarks.extend(_learning_rate(context))
    remarks.extend(_network(context))
    table = context.table
    for column, symbol in table.repeated:
        place = relative_address(table.header_row, column)
        words = f"the header {symbol} stands twice; the one in {place} was read as the next number"
        remarks.append(_remark(context, "duplicate-header", words, place))
    remarks.extend(_rows(context))
    if moving:
        names = ", ".join(sorted(moving, key=lambda one: (family(one), number(one))))
        words = f"{names} differ from row to row; every row was taken as a sample of its own"
        remarks.append(_remark(context, "several-samples", words))
    read = [
        f"{relative_address(table.header_row, column)} {table.others.get(column, '').strip()!r} "
        f"as {symbol}"
        for column, symbol in table.identified.items()
    ]
    if read:
        words = f"read by their formulas, not by their headers: {', '.join(read)}"
        remarks.append(_remark(context, "identified", words))
    unread = [
        f"{relative_address(table.header_row, column)} {header!r}"
        if header
        else f"column {column_letters(column)} (no header)"
        for column, header in table.not_understood.items()
    ]
    if unread:
        words = f"not understood, and so not checked: {', '.join(unread)}"
        remarks.append(_remark(context, "unknown-header", words))
    unchecked = [one for one in columns if one.status == "unchecked"]
    if unchecked:
        by_reason: dict[str, list[str]] = {}
        for one in unchecked:
            by_reason.setdefault(one.reason, []).append(one.header)
        groups = [f"{', '.join(names)} ({reason})" for reason, names in by_reason.items()]
        remarks.append(_remark(context, "unchecked", f"not checked: {'; '.join(groups)}"))
    return remarks


def _remark(context: Context, kind: str, words: str, cell: str | None = None) -> Finding:
    return Finding("remark", kind, words, context.table.sheet, context.table.place, cell=cell)


def _rows(context: Context) -> list[Finding]:
    """Return what to say of rows that were left out, and of rows that were not read."""
    table, remarks = context.table, []
    if table.skipped:
        words = (
            f"the table goes on below {_in_words(table.skipped)}, without numbers, as if not there"
        )
        remarks.append(_remark(context, "gap", words, relative_address(table.skipped[0], 0)))
    if table.unread:
        were = "were" if len(table.unread) > 1 else "was"
        words = f"{_in_words(table.unread)} below the table, with numbers too, {were} not read"
        remarks.append(
            _remark(context, "rows-not-read", words, relative_address(table.unread[0], 0))
        )
    return remarks


def _in_words(rows: Sequence[int]) -> str:
    """Return zero-based rows as a person counts them: "row 14" or "rows 14, 20 to 24"."""
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][-1] + 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    spans = [f"{one[0] + 1} to {one[-1] + 1}" if len(one) > 1 else f"{one[0] + 1}" for one in runs]
    return f"row{'s' if len(rows) > 1 else ''} {', '.join(spans)}"


def _pasted(
    context: Context, columns: Sequence[Column], findings: Sequence[Finding]
) -> list[Finding]:
    """Return one remark for the table where all columns are pasted, else one for each that is."""
    pasted = [one for one in findings if one.kind == "pasted-values"]
    computed = [one for one in columns if one.status in ("right", "wrong")]
    if len(pasted) > 1 and len(pasted) >= len(computed):
        words = "the table holds pasted numbers, no formulas; compared within their rounding"
        return [_remark(context, "pasted-values", words)]
    return pasted


def _learning_rate(context: Context) -> list[Finding]:
    table, rate = context.table, context.rate
    remarks: list[Finding] = []
    if rate.value is None:
        return remarks
    if rate.source == "inferred":
        words = f"no learning rate is given; the updates of the weights imply {rate.value:g}"
        remarks.append(_remark(context, "learning-rate-inferred", words))
    if rate.source == "formula" and rate.cell is None:
        words = f"the formulas hold the learning rate {rate.value:g} as a number"
        remarks.append(_remark(context, "hard-coded-learning-rate", words))
    labels = labels_of(table.cells)
    if rate.source in ("inferred", "formula"):
        for label in labels:
            if abs(label.value - rate.value) > 1e-6 * abs(rate.value):
                place = relative_address(label.row, label.column)
                words = f"the label names the learning rate {label.value:g}; used is {rate.value:g}"
                remarks.append(_remark(context, "learning-rate-label", words, place))
                break
    named = rate_in(table.sheet)
    if named is not None and abs(named - rate.value) > 1e-6 * abs(rate.value):
        words = f"the tab names the learning rate {named:g}; used is {rate.value:g}"
        remarks.append(_remark(context, "learning-rate-label", words))
    return remarks


def _network(context: Context) -> list[Finding]:
    network = context.network
    remarks = [
        _remark(context, "loss" if what == "loss" else "activation", words)
        for what, words in context.unknown.items()
    ]
    if "loss" not in context.unknown and network.loss.name != "half-squared-error":
        name = network.loss.name.replace("-", " ")
        words = f"the error is the {name}; the gradients were checked for that"
        remarks.append(_remark(context, "loss", words))
    names = {network.hidden_activation.name, network.output_activation.name}
    if has_softmax(context.numbers, network):
        words = (
            f"the hidden activation is {network.hidden_activation.name}; "
            "the outputs are a softmax, which was not checked"
        )
        remarks.append(_remark(context, "activation", words))
    elif names != {"sigmoid"} and not context.unknown.keys() & {"hidden", "output"}:
        words = (
            f"the hidden activation is {network.hidden_activation.name}, "
            f"that of the outputs {network.output_activation.name}"
        )
        remarks.append(_remark(context, "activation", words))
    if context.negated:
        words = "the gradients' columns hold −∂E/∂w, and the updates add them, which is the same"
        remarks.append(_remark(context, "negated-gradients", words))
    if network.biases and not network.trains_biases:
        remarks.append(_remark(context, "untrained-biases", "the biases are not trained"))
    return remarks
