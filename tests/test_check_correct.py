"""Tables without a mistake pass the audit, however unusual they are."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from correct_tables import check_correct, correct_table, several, stacked
from every_case import some
from handmade_books import Book
from handmade_examples import SEED_NUMBERS, random_layout, random_numbers, seed_table
from handmade_tables import GRADIENTS, TOTALS, Layout, Network, Spelling, Table
from planting import alike

from sheetgen.spreadsheet import engines

CORRECT = 60
"""In 50 of them each habit is there, and each of its ways."""


@pytest.mark.parametrize("chunk", some(range(0, CORRECT, 10)))
def test_a_correct_table_passes(chunk: int, tmp_path: Path) -> None:
    for number in range(chunk, chunk + 10):
        table = correct_table(number)
        book = Book([table])
        path = book.written(tmp_path / f"{number}.xlsx", cached=number % 10 != 0)
        report = check_correct(book, path)
        if table.layout.digits is None or table.layout.rate in ("labelled", "column"):
            rate = report.tables[0].learning_rate.value
            assert rate == pytest.approx(table.rate, rel=1e-6), f"{path}: {table.layout}"


# What is unusual and right

Habit = Callable[[], list[Table]]


def every_row(table: Table, symbol: str, formula: str, first: int = 0) -> None:
    table.contents[symbol][first:] = [f"={formula}"] * (table.rows - first)


def squared_error_without_half_everywhere() -> list[Table]:
    table = seed_table()
    for number in "12":
        every_row(table, f"E{number}", f"({{t{number}}}-{{a_o{number}}})^2")
    for symbol in table.network.parameters:
        factors = Spelling().product(Spelling().factors(table.network, symbol))
        every_row(table, f"∂E/∂{symbol}", f"2*{factors}")
    return [table]


def gradients_from_one_another() -> list[Table]:
    table = seed_table()
    every_row(table, "∂E/∂w2", "{∂E/∂w1}*{i2}/{i1}")
    every_row(table, "∂E/∂w6", "{∂E/∂w5}/{a_h1}*{a_h2}")
    return [table]


def sum_of_a_range() -> list[Table]:
    table = seed_table()
    every_row(table, "E_total", "SUM({E1},{E2})")
    every_row(table, "h1", "SUM({w1}*{i1},{w2}*{i2})")
    return [table]


def gradients_within_the_updates() -> list[Table]:
    table = seed_table()
    for symbol in table.network.parameters:
        gradient = Spelling().formula(table.network, f"∂E/∂{symbol}").replace("}", ":-1}")
        every_row(table, symbol, f"{{{symbol}:-1}}-{{rate}}*({gradient})", first=1)
    return [table]


def rate_in_the_middle_of_the_product() -> list[Table]:
    table = seed_table(rate="formula")
    every_row(table, "w1", "{w1:-1}-(0.5*1)*{∂E/∂w1:-1}", first=1)
    every_row(table, "w2", "{w2:-1}-{∂E/∂w2:-1}/2", first=1)
    return [table]


def with_numbers(rate: float, rows: int, **numbers: float) -> list[Table]:
    return [Table(Network(), SEED_NUMBERS | numbers, rate, rows)]


def two_hundred_rows() -> list[Table]:
    return with_numbers(2.0, 200)


def an_input_of_zero() -> list[Table]:
    return with_numbers(0.5, 10, i2=0.0)


def equal_inputs_and_weights() -> list[Table]:
    return with_numbers(0.5, 10, i1=1.0, i2=1.0, **{f"w{n}": 0.5 for n in range(1, 9)})


def weights_of_zero() -> list[Table]:
    return with_numbers(0.5, 10, **{f"w{n}": 0.0 for n in range(1, 9)})


def saturated_units() -> list[Table]:
    return with_numbers(0.5, 10, w1=400.0, w2=300.0, w5=30.0, w6=20.0, w7=-40.0)


def rate_so_small_that_nothing_moves() -> list[Table]:
    return with_numbers(1e-9, 10)


def pasted_where_nothing_moves() -> list[Table]:
    return [Table(Network(), SEED_NUMBERS, 1e-4, 10, Layout(digits=3))]


def table_of_one_row() -> list[Table]:
    return with_numbers(0.5, 1)


def networks_of_other_sizes() -> list[Table]:
    sizes = (Network(), Network(3, 2, 2), Network(1, 4, 1, biases=True), Network(2, 3, 1))
    return [
        Table(n, random_numbers(n, Random(1)), 0.5, 5, sheet=f"{n.inputs}-{n.hidden}-{n.outputs}")
        for n in sizes
    ]


def a_wide_network() -> list[Table]:
    network = Network(4, 6, 5, biases=True)
    return [Table(network, random_numbers(network, Random(2)), 0.5, 5)]


def biases_that_stay() -> list[Table]:
    table = Table(Network(biases=True), random_numbers(Network(biases=True), Random(3)), 0.5, 6)
    for number in "1234":
        table.contents[f"b{number}"] = [table.numbers[f"b{number}"]] * table.rows
        del table.headers[f"∂E/∂b{number}"]
    return [table]


HABITS: list[Habit] = [
    squared_error_without_half_everywhere,
    gradients_from_one_another,
    sum_of_a_range,
    gradients_within_the_updates,
    rate_in_the_middle_of_the_product,
    two_hundred_rows,
    an_input_of_zero,
    equal_inputs_and_weights,
    weights_of_zero,
    saturated_units,
    rate_so_small_that_nothing_moves,
    pasted_where_nothing_moves,
    table_of_one_row,
    networks_of_other_sizes,
    a_wide_network,
    biases_that_stay,
]


@pytest.mark.parametrize("habit", HABITS)
def test_what_is_unusual_and_right_passes(habit: Habit, tmp_path: Path) -> None:
    book = Book(habit())
    check_correct(book, book.written(tmp_path / "table.xlsx"))


@pytest.mark.parametrize("gradient", GRADIENTS)
def test_every_header_style(gradient: str, tmp_path: Path) -> None:
    cases: list[Callable[[str], str]] = [str, str.upper, str.lower, str.upper, str.lower]
    tables = []
    for number, (total, case) in enumerate(zip(TOTALS, cases, strict=True)):
        layout = Layout(total=total, gradient=gradient, case=case, zero=number % 2 == 0)
        layout = replace(layout, activation=("a_", "out_")[number // 2 % 2])
        tables.append(Table(Network(), SEED_NUMBERS, 0.5, 3, layout, sheet=f"Sheet {number}"))
    book = Book(tables)
    check_correct(book, book.written(tmp_path / "headers.xlsx"))


@pytest.mark.parametrize("number", some(range(4)))
def test_several_sheets_pass(number: int, tmp_path: Path) -> None:
    rng = Random(number)
    book = Book(several((0.1, 0.5, 1.0, 2.0), random_layout(rng), SEED_NUMBERS))
    report = check_correct(book, book.written(tmp_path / "sheets.xlsx"))
    rates = [table.learning_rate.value for table in report.tables]
    assert rates == pytest.approx([0.1, 0.5, 1.0, 2.0])


@pytest.mark.parametrize("number", some(range(4)))
@pytest.mark.parametrize("beside", [False, True], ids=["below", "beside"])
def test_several_tables_on_a_sheet_pass(number: int, beside: bool, tmp_path: Path) -> None:
    book = Book(stacked(Random(number), beside))
    report = check_correct(book, book.written(tmp_path / "tables.xlsx"))
    rates = sorted(table.learning_rate.value or 0.0 for table in report.tables)
    assert rates == pytest.approx([0.2, 0.8])


def test_the_maker_computes_what_a_spreadsheet_does(tmp_path: Path) -> None:
    for number in some(range(12), 3):
        table = correct_table(number, digits=None)
        book = Book([table])
        for cached in (True, False):
            path = book.written(tmp_path / "table.xlsx", cached)
            values = engines.EMBEDDED.recalculate(path)[table.sheet]
            for symbol in table.network.order():
                for row in range(table.rows):
                    expected = book.value((table.sheet, *table.where(symbol, row)))
                    value = values[table.where(symbol, row)]
                    assert alike(float(str(value)), expected), (number, symbol, row)
