"""Numbers pasted the way that a spreadsheet shows them are no mistakes, and hide none."""

import numpy as np
import pytest
from check_helper import HandMade, mistakes, write
from every_case import some

from sheetgen.check import check_workbook
from sheetgen.check.meaning.column_values import Precision
from sheetgen.errors import InputError


def in_a_narrow_column(value: float, width: int) -> float:
    """Return what stays of a number in `width` characters; the sign takes one as well."""
    room = width - (value < 0)
    if value == 0 or abs(value) >= 1e-4:
        return round(value, room - 2)
    return float(f"{value:.{room - 6}e}")


def with_two_decimals_of_small_numbers(value: float) -> float:
    """Return 9 decimals of a number, and of one below 0.0001 what 9.22E-05 shows."""
    return round(value, 9) if value == 0 or abs(value) >= 1e-4 else float(f"{value:.2e}")


def pasted(seed: int, shown, wrong: str = "") -> HandMade:
    """A table of small inputs, whose gradients and weights pass through 0."""
    table = HandMade(rows=40, rate=2.0, seed=seed)
    table.given |= {"i1": 0.03, "i2": 0.07}
    for name, numbers in table.values().items():
        for row, number in enumerate(numbers):
            is_wrong = name == wrong and row > 0
            table.cells[table.address(name, row)] = shown(number * (1.3 if is_wrong else 1))
    return table


WAYS = {
    "narrow": lambda value: in_a_narrow_column(value, 8),
    "wider": lambda value: in_a_narrow_column(value, 11),
    "nine decimals": with_two_decimals_of_small_numbers,
}


@pytest.mark.parametrize("seed", some(range(6), 3))
@pytest.mark.parametrize("way", WAYS)
def test_numbers_pasted_as_they_are_shown_pass(tmp_path, way, seed):
    report = check_workbook(write(tmp_path / "a.xlsx", S=pasted(seed, WAYS[way])))
    assert mistakes(report) == []
    assert len(report.tables[0].right) == 27


@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_column_among_them_is_found(tmp_path, way):
    table = pasted(1, WAYS[way], wrong="∂E/∂w6")
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert {column for column, _ in mistakes(report)} >= {"∂E/∂w6"}
    assert "∂E/∂w3" not in {column for column, _ in mistakes(report)}


def test_a_wrong_unit_among_them_has_its_name(tmp_path):
    table = pasted(1, WAYS["nine decimals"])
    numbers = {name: np.array(column) for name, column in table.values().items()}
    slopes = {unit: numbers[f"a_h{unit}"] * (1 - numbers[f"a_h{unit}"]) for unit in (1, 2)}
    for name in ("∂E/∂w3", "∂E/∂w4"):
        wrong = numbers[name] / slopes[2] * slopes[1]
        for row, number in enumerate(wrong):
            table.cells[table.address(name, row)] = WAYS["nine decimals"](float(number))
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert ("∂E/∂w3", "wrong-activation-index") in mistakes(report)
    assert ("∂E/∂w4", "wrong-activation-index") in mistakes(report)


def test_the_noise_of_one_number_is_no_precision_of_its_column(tmp_path):
    table = pasted(2, lambda value: round(value, 6))
    cell = table.address("h1", 5)
    table.cells[cell] = float(np.nextafter(table.cells[cell], 1))
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert mistakes(report) == []


@pytest.mark.parametrize(
    ("numbers", "halves"),
    [
        ([0.25, 0.123456], [5e-7, 5e-7]),
        ([0.123456, -0.12345], [5e-7, 5e-6]),
        ([0.123456, -0.123456], [5e-7, 5e-7]),
        ([0.123456789, 9.22e-05, 6e-05], [5e-10, 5e-8, 5e-8]),
        ([0.123456, 12.3456], [5e-7, 5e-5]),
        ([1 / 3, 0.25], [0, 0]),
        ([0.19975300000000001, 0.2], [5e-7, 5e-7]),
    ],
)
def test_the_longest_numbers_show_the_rounding(numbers, halves):
    values = np.array(numbers)
    assert Precision.of(values).rounding(values) == pytest.approx(halves)


def as_texts(comma: str, way: str) -> HandMade:
    table = HandMade(rate_cell=None, rate_label=None)
    for name, numbers in table.values().items():
        for row, number in enumerate(numbers):
            table.cells[table.address(name, row)] = format(number, way).replace(".", comma)
    return table


@pytest.mark.parametrize("comma", [".", ","])
@pytest.mark.parametrize("way", [".9f", ".6E"])
def test_numbers_that_were_pasted_as_texts_are_read(tmp_path, comma, way):
    report = check_workbook(write(tmp_path / "a.xlsx", S=as_texts(comma, way)))
    assert mistakes(report) == []
    assert len(report.tables[0].right) == 27
    assert "text-numbers" in [one.kind for one in report.remarks]


def test_texts_whose_comma_may_group_thousands_are_not_read(tmp_path):
    table = HandMade(rate_cell=None, rate_label=None)
    for name in table.order:
        for row in range(table.rows):
            table.cells[table.address(name, row)] = "1,234"
    with pytest.raises(InputError, match="texts but no numbers below the headers in row 5"):
        check_workbook(write(tmp_path / "a.xlsx", S=table))


def test_headers_without_rows_are_said(tmp_path):
    with pytest.raises(InputError, match="there are no rows below the headers in row 5 of 'S'"):
        check_workbook(write(tmp_path / "a.xlsx", S=HandMade(rows=0)))


def test_whole_numbers_were_rounded_to_whole_numbers():
    values = np.array([1.0, 2.0, 5.0])
    assert Precision.of(values).rounding(values) == pytest.approx([0.5, 0.5, 0.5])


ROUNDINGS = {
    "2 decimals": lambda value: round(value, 2),
    "4 decimals": lambda value: round(value, 4),
    "3 digits": lambda value: float(f"{value:.3g}"),
    "6 digits": lambda value: float(f"{value:.6g}"),
    "8 digits": lambda value: float(f"{value:.8g}"),
}


def rounded(name: str, shown, wrong) -> HandMade:
    """A pasted table in one column of which each number is `wrong` of the right columns."""
    table = HandMade(rows=20, seed=5)
    columns = {name: np.array(numbers) for name, numbers in table.values().items()}
    columns[name] = wrong(columns)
    for symbol, numbers in columns.items():
        for row, number in enumerate(numbers):
            table.cells[table.address(symbol, row)] = shown(float(number))
    return table


@pytest.mark.parametrize("way", ROUNDINGS)
def test_a_missing_half_is_named_at_any_rounding(tmp_path, way):
    table = rounded("E1", ROUNDINGS[way], lambda columns: 2 * columns["E1"])
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert ("E1", "missing-half") in mistakes(report)


@pytest.mark.parametrize("way", ROUNDINGS)
def test_a_gradient_that_is_added_is_named_at_any_rounding(tmp_path, way):
    def added(columns):
        steps = 0.5 * columns["∂E/∂w8"][:-1]
        return columns["w8"][0] + np.concatenate([[0], np.cumsum(steps)])

    report = check_workbook(write(tmp_path / "a.xlsx", S=rounded("w8", ROUNDINGS[way], added)))
    assert ("w8", "sign") in mistakes(report)


def test_one_rounded_number_does_not_tell_its_mistake(tmp_path):
    table = rounded("o1", ROUNDINGS["3 digits"], lambda columns: columns["o1"])
    table.cells[table.address("o1", 6)] += 0.01
    found = check_workbook(write(tmp_path / "a.xlsx", S=table)).mistakes
    (finding,) = [one for one in found if one.symbol == "o1"]
    assert finding.cell == table.address("o1", 6)
    assert finding.words == "this is not o1; one number is not enough to identify the mistake"
