"""Every known mistake, planted in tables that people might have typed, is found and named."""

import importlib
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from correct_tables import several, stacked
from every_case import EVERY_CASE, some
from handmade_books import Book
from handmade_examples import (
    SEED_NUMBERS,
    random_layout,
    random_numbers,
    random_spelling,
    seed_table,
)
from handmade_tables import Layout, Network, Spelling, Table
from planting import MISTAKES, Mistake, Planted, Spot, alike, change, complaints

from sheetgen.check import check_workbook

for each in ("gradients", "columns", "cells"):
    importlib.import_module(f"mistakes_in_{each}")

SEEDS_TABLE, ANY_TABLE, PASTED_TABLE = range(3)
"""The tables that a mistake is planted in: one of any network, with formulas or pasted values."""

NETWORKS = (Network(), Network(), Network(3, 2, 2), Network(2, 3, 2), Network(2, 2, 2, biases=True))
SMALL = (*NETWORKS, Network(2, 3, 1), Network(2, 4, 1, biases=True), Network(2, 2, 3))


def planted(mistake: Mistake, place: int, **changes: object) -> tuple[Table, list[Planted]]:
    """A table with the mistake in it, and the first wrong cell of each wrong column."""
    rng = Random(f"{mistake.name} {place}")
    if place == SEEDS_TABLE and not mistake.biases:
        table = seed_table(8, **mistake.layout)
    else:
        network = rng.choice(NETWORKS if mistake.outputs > 1 else SMALL)
        network = replace(network, biases=network.biases or mistake.biases)
        layout = replace(random_layout(rng), **mistake.layout, **changes)  # type: ignore[arg-type]
        numbers = random_numbers(network, rng)
        if network == Network() and place % 2:
            numbers = SEED_NUMBERS
        rows, rate = rng.randint(5, 10), rng.choice((0.1, 0.2, 0.5, 0.8, 2.0))
        table = Table(network, numbers, rate, rows, layout, random_spelling(rng))
    return table, mistake.plant(Spot(table, rng))


BY_VALUE = [mistake for mistake in MISTAKES if mistake.by_value][::2]
OTHERS = [mistake for mistake in MISTAKES if mistake not in BY_VALUE]


def places(mistake: Mistake) -> list[int]:
    """The seed's table or any other one, in turn; both of them where every case is wanted."""
    if mistake in BY_VALUE:
        return [SEEDS_TABLE]
    both = [SEEDS_TABLE, ANY_TABLE]
    return both if EVERY_CASE else [both[OTHERS.index(mistake) % 2]]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_found_and_named_in_its_column(mistake: Mistake, tmp_path: Path) -> None:
    for place in places(mistake):
        table, wrong = planted(mistake, place)
        book = Book([table])
        assert not mistake.by_value or wrong_columns(book, table) == wrong
        path = book.written(tmp_path / f"{place}.xlsx", cached=place == SEEDS_TABLE)
        said = complaints(check_workbook(path), table, wrong, mistake.kinds)
        assert not said, f"{path}: {table.network}, {table.layout}, planted {wrong}: {said}"


@pytest.mark.parametrize("mistake", BY_VALUE, ids=lambda mistake: mistake.name)
def test_it_is_found_among_pasted_values(mistake: Mistake, tmp_path: Path) -> None:
    table, wrong = planted(mistake, PASTED_TABLE, digits=30, rate="labelled")
    path = Book([table]).written(tmp_path / "pasted.xlsx")
    said = complaints(check_workbook(path), table, wrong, None)
    assert not said, f"{path}: {table.network}, {table.layout}, planted {wrong}: {said}"


def recomputed(book: Book, table: Table, symbol: str, row: int) -> float | str | None:
    """What a cell should hold, computed from the other cells of its row and the row above."""
    if symbol not in table.numbers:
        return book.computed(table, row, f"={Spelling().formula(table.network, symbol)}")
    if row == 0:
        return table.numbers[symbol]
    if symbol[0] in "it":
        return book.value((table.sheet, *table.where(symbol, 0)))
    return book.computed(table, row, f"={Spelling().updated(symbol)}")


def wrong_columns(book: Book, table: Table) -> list[Planted]:
    """The first wrong cell of each column, by what the rest of its row makes of it."""
    found = {}
    for row in reversed(range(table.rows)):
        for symbol in table.network.order():
            value = book.value((table.sheet, *table.where(symbol, row)))
            if not alike(value, recomputed(book, table, symbol, row)):
                found[symbol] = row
    return list(found.items())


def test_there_are_enough_kinds() -> None:
    names = {kind for mistake in MISTAKES for kind in mistake.kinds}
    assert len(MISTAKES) >= 60
    assert len(names) >= 35


@pytest.mark.parametrize("number", some(range(6), 3))
def test_the_learning_rate_of_another_table(number: int, tmp_path: Path) -> None:
    rng = Random(number)
    if number % 2:
        layout = replace(random_layout(rng), rate="labelled")
        one, two = several((0.2, 0.8), layout, SEED_NUMBERS)
    else:
        one, two = stacked(rng, beside=number % 4 == 0, rate="labelled")
    two.places["other"] = one.places["rate"]
    weight = rng.choice(two.network.parameters)
    change(two, weight, "{rate}", "{other}", range(1, 6))
    path = Book([one, two]).written(tmp_path / "rates.xlsx")
    said = complaints(check_workbook(path), two, [(weight, 1)], frozenset(["wrong-learning-rate"]))
    assert not said, f"{path}: {two.layout}: {said}"


@pytest.mark.parametrize("number", some(range(6), 3))
def test_inputs_that_differ_between_the_sheets(number: int, tmp_path: Path) -> None:
    rng = Random(number)
    tables = several((0.1, 0.2, 0.5, 1.0), random_layout(rng), SEED_NUMBERS)
    symbol = rng.choice(("i1", "i2", "t1", "t2"))
    odd = rng.randrange(4)
    numbers = SEED_NUMBERS | {symbol: 0.33}
    tables[odd] = several([tables[odd].rate], tables[odd].layout, numbers)[0]
    path = Book(tables).written(tmp_path / "inputs.xlsx")
    kinds = frozenset(["inputs-differ-between-sheets"])
    said = complaints(check_workbook(path), tables[odd], [(symbol, 0)], kinds)
    assert not said, f"{path}: {tables[odd].sheet} {tables[odd].layout}: {said}"


def test_one_mistake_on_each_of_several_sheets(tmp_path: Path) -> None:
    tables = several((0.1, 0.2, 0.5), Layout(), SEED_NUMBERS)
    for number, table in enumerate(tables):
        change(table, f"∂E/∂w{number + 5}", "*(1-", "*(1+", range(6))
    path = Book(tables).written(tmp_path / "sheets.xlsx")
    found = [one for one in check_workbook(path).all_findings if one.severity == "mistake"]
    cells_found = {(one.sheet, one.symbol, one.kind) for one in found}
    kind = "sum-for-difference"
    assert cells_found == {(t.sheet, f"∂E/∂w{n + 5}", kind) for n, t in enumerate(tables)}
    assert len(found) == 3
