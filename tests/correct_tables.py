"""Tables without a mistake, and what the audit must say of them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from handmade_books import Book
from handmade_examples import SEED_NUMBERS, random_layout, random_numbers, random_spelling
from handmade_tables import Layout, Network, Table
from planting import shown

from sheetgen.check import WorkbookReport, check_workbook


def correct_table(number: int, **changes: object) -> Table:
    """A table without a mistake: any network, header style, place, habit and rounding."""
    rng = Random(number)
    network = Network(rng.randint(1, 3), rng.randint(1, 4), rng.randint(1, 3), rng.random() < 0.3)
    numbers = SEED_NUMBERS if network == Network() else random_numbers(network, rng)
    digits = rng.choice((None, None, None, 2, 3, 4, 5, 6, 8, 15))
    layout = replace(random_layout(rng), **({"digits": digits} | changes))  # type: ignore[arg-type]
    spelling = replace(random_spelling(rng), helpers=rng.random() < 0.2)
    rate = rng.choice((0.01, 0.1, 0.2, 0.5, 0.8, 1.0, 2.0, 10.0))
    return Table(network, numbers, rate, rng.randint(2, 15), layout, spelling)


def check_correct(book: Book, path: Path) -> WorkbookReport:
    """Audit it: every table is found, whole, and nothing is called a mistake."""
    report = check_workbook(path)
    said = [shown(one) for one in report.all_findings if one.severity == "mistake"]
    assert not said, f"{path}: {[table.layout for table in book.tables]}: {said}"
    assert report.passed
    found = sorted((one.sheet, one.rows, one.network) for one in report.tables)
    expected = sorted(
        (t.sheet, t.rows, (t.network.inputs, t.network.hidden, t.network.outputs))
        for t in book.tables
    )
    assert found == expected, path
    return report


def several(rates: Sequence[float], layout: Layout, numbers: dict[str, float]) -> list[Table]:
    """The same training with several learning rates, each on a sheet of its own."""
    return [Table(Network(), numbers, rate, 6, layout, sheet=f"lr {rate:g}") for rate in rates]


def stacked(rng: Random, beside: bool, **changes: object) -> list[Table]:
    """Two tables on one sheet, one below the other or beside it, each with its learning rate."""
    layout = replace(random_layout(rng), row=5, given="constant", **changes)  # type: ignore[arg-type]
    first = Table(Network(), SEED_NUMBERS, 0.2, 6, layout, random_spelling(rng))
    column = first.last + 4 if beside else layout.column
    moved = replace(layout, row=5 if beside else 20, column=column, notes=False)
    return [first, Table(Network(), SEED_NUMBERS, 0.8, 6, moved, random_spelling(rng))]
