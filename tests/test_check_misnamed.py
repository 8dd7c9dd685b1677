"""A wrong header is named as such; the mathematics below it is checked by what the column is."""

import re
from itertools import combinations, product
from pathlib import Path
from random import Random

import pytest
from check_helper import HandMade, mistakes, write
from click.testing import CliRunner
from correct_tables import correct_table
from every_case import some
from handmade_books import Book
from handmade_examples import seed_table

from sheetgen.check import WorkbookReport, check_workbook
from sheetgen.check.check_command import check

CASES = Path(__file__).parent / "cases" / "check"
HEADER_KINDS = {"duplicate-header", "identified", "unknown-header", "wrong-header"}
SYMBOLS = HandMade().order


def audit(folder: Path, table: HandMade) -> WorkbookReport:
    return check_workbook(write(folder / "a.xlsx", S=table))


def said(report: WorkbookReport, kind: str) -> list[str]:
    return [one.words for one in report.remarks if one.kind == kind]


def assert_only_the_header_is_named(report: WorkbookReport) -> None:
    assert mistakes(report) == []
    assert len(report.tables) == 1
    assert HEADER_KINDS & {one.kind for one in report.remarks}


def test_a_target_that_is_headed_like_an_input_is_named_by_its_cell() -> None:
    result = CliRunner().invoke(check, [str(CASES / "header-typo-i2.xlsx")])
    assert result.exit_code == 0
    assert "wrong" not in result.stdout.replace("0 wrong", "")
    assert result.stdout.splitlines()[-1] == (
        "remark: Sheet1 B32: two columns are headed i2 (B32, D32); "
        "the one in B plays the part of t2: its header should be t2"
    )


WRONG = ["", "foo", "{family}77", "{family}{next}"]


@pytest.mark.parametrize(
    ("symbol", "wrong"),
    some([(symbol, WRONG[at % len(WRONG)]) for at, symbol in enumerate(SYMBOLS)], 3),
)
def test_any_header_may_be_missing_or_mistyped(tmp_path: Path, symbol: str, wrong: str) -> None:
    family = symbol.rstrip("0123456789")
    following = 1 + sum(one.rstrip("0123456789") == family for one in SYMBOLS)
    header = wrong.format(family=family, next=following)
    report = audit(tmp_path, HandMade(rows=3, headers={symbol: header}))
    assert_only_the_header_is_named(report)
    assert report.conclusive


def pairs(count: int) -> list[tuple[str, str]]:
    """Pairs of headers of all families, different ones for each part of the table."""
    return Random(12).sample(list(combinations(SYMBOLS, 2)), count)


@pytest.mark.parametrize(("symbol", "other"), [*some(pairs(14)), ("t1", "t2"), ("i1", "i2")])
def test_any_two_headers_may_be_exchanged(tmp_path: Path, symbol: str, other: str) -> None:
    table = HandMade(rows=3, headers={symbol: other, other: symbol})
    report = audit(tmp_path, table)
    assert_only_the_header_is_named(report)
    (words,) = said(report, "wrong-header")
    first, second = (table.address(one, -1) for one in (symbol, other))
    assert words.startswith(f"the headers {other!r} in {first} and {symbol!r} in {second}")


@pytest.mark.parametrize(("symbol", "other"), [*some(pairs(14)), ("w5", "w1"), ("i2", "t1")])
def test_any_header_may_occur_twice(tmp_path: Path, symbol: str, other: str) -> None:
    table = HandMade(rows=3, headers={symbol: other})
    report = audit(tmp_path, table)
    assert_only_the_header_is_named(report)
    (words,) = said(report, "duplicate-header")
    column = table.address(symbol, 0).rstrip("0123456789")
    assert words.startswith(f"two columns are headed {other} (")
    assert words.endswith(
        f"the one in {column} plays the part of {symbol}: its header should be {symbol}"
    )


SHAPES, KINDS = [(1, 1, 1), (3, 2, 1), (2, 3, 2)], ["blank", "twice", "exchanged"]


@pytest.mark.parametrize(("shape", "kind"), some(product(SHAPES, KINDS), 4))
def test_networks_of_other_sizes_and_with_biases(
    tmp_path: Path, shape: tuple[int, int, int], kind: str
) -> None:
    names = HandMade(*shape, biases=True).order
    symbol, other = Random(3).sample(names, 2)
    wrong = {"blank": "", "twice": other, "exchanged": other}[kind]
    headers = {symbol: wrong} | ({other: symbol} if kind == "exchanged" else {})
    report = audit(tmp_path, HandMade(*shape, biases=True, rows=3, headers=headers))
    assert_only_the_header_is_named(report)


@pytest.mark.parametrize(
    "headers",
    [
        {"t1": "i1"},
        {"h1": "h2", "h2": "h1"},
        {"w3": ""},
        {"a_h2": "a_h7"},
        {"i1": "t2", "t2": "i1"},
    ],
)
def test_pasted_numbers_say_it_as_well(tmp_path: Path, headers: dict[str, str]) -> None:
    table = HandMade(rows=5, headers=headers)
    table.paste()
    assert_only_the_header_is_named(audit(tmp_path, table))


@pytest.mark.parametrize("headers", [{"t2": "i2"}, {"o1": "o2", "o2": "o1"}, {"w4": ""}])
def test_a_mistake_beside_a_wrong_header_is_found(tmp_path: Path, headers: dict[str, str]) -> None:
    table = HandMade(rows=3, headers=headers)
    table.formulas["∂E/∂w3"] = table.formulas["∂E/∂w3"].replace("*{i1}", "")
    report = audit(tmp_path, table)
    assert mistakes(report) == [("∂E/∂w3", "forgotten-input-factor")]
    assert HEADER_KINDS & {one.kind for one in report.remarks}


def test_a_mistake_in_a_column_whose_header_occurs_twice_is_left_open(tmp_path: Path) -> None:
    table = HandMade(rows=3, headers={"E_total": "E2"})
    table.formulas["E_total"] = "{E1}-{E2}"
    report = audit(tmp_path, table)
    assert mistakes(report) == []
    assert [one.header for one in report.tables[0].unchecked] == ["E2"]


def test_formulas_that_use_two_targets_crosswise_are_wrong_and_not_the_headers(
    tmp_path: Path,
) -> None:
    table = HandMade(rows=3)
    crosswise = {"{t1}": "{t2}", "{t2}": "{t1}"}
    for name in ("E1", "E2", *(f"∂E/∂w{number}" for number in range(1, 9))):
        parts = re.split(r"(\{t[12]\})", table.formulas[name])
        table.formulas[name] = "".join(crosswise.get(part, part) for part in parts)
    report = audit(tmp_path, table)
    assert {kind for _, kind in mistakes(report)} == {"target-swapped"}


@pytest.mark.slow
def test_a_name_that_is_in_no_cell_is_not_proposed_as_a_formula(tmp_path: Path) -> None:
    table = HandMade(rows=3)
    table.order = [one for one in table.order if one not in ("E1", "t2")]
    table.formulas["E2"] = "0.5*({a_o1}-{a_o2})^2"
    table.formulas["E_total"] = "{E2}"
    for name in table.start:
        table.formulas[f"∂E/∂{name}"] = table.formulas[f"∂E/∂{name}"].replace("{t2}", "0.5")
    report = audit(tmp_path, table)
    for one in report.mistakes:
        assert "t2" not in (one.expected or "")
    assert any("no column is t2" in one.words for one in report.mistakes)


def test_another_sheet_with_a_wrong_header_holds_no_other_inputs(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", A=HandMade(rows=3), B=HandMade(rows=3, headers={"t1": "i2"}))
    report = check_workbook(path)
    assert mistakes(report) == []


@pytest.mark.parametrize("symbol", ["w1", "w2", "i1", "∂E/∂w8"])
def test_tables_in_other_layouts(tmp_path: Path, symbol: str) -> None:
    table = seed_table(4, gaps=True, extras=True, shuffle=5, row=12, column=3)
    table.headers[symbol] = "w3"
    report = check_workbook(Book([table]).written(tmp_path / "a.xlsx"))
    assert_only_the_header_is_named(report)


@pytest.mark.parametrize(("kind", "number"), some(product(KINDS, [37, 3, 12, 21]), 5))
def test_tables_of_other_habits(tmp_path: Path, number: int, kind: str) -> None:
    table = correct_table(number, digits=None)
    symbol, other = ("E_total", "i1") if number == 37 else ("w1", "a_o1")
    first, second = table.headers[symbol], table.headers[other]
    table.headers[symbol] = "" if kind == "blank" else second
    if kind == "exchanged":
        table.headers[other] = first
    report = check_workbook(Book([table]).written(tmp_path / "a.xlsx"))
    assert_only_the_header_is_named(report)


@pytest.mark.parametrize(
    "headers",
    [
        {"w1": "w2", "w3": "w2"},
        {"i1": "i2", "t2": "i2"},
        {"t1": "i1", "i1": "i2", "i2": "t1"},
        {"t1": "", "w5": "", "E1": ""},
        {"t1": "t2", "t2": "t1", "h1": "h2", "h2": "h1"},
    ],
)
def test_several_headers_may_be_wrong(tmp_path: Path, headers: dict[str, str]) -> None:
    report = audit(tmp_path, HandMade(rows=3, headers=headers))
    assert_only_the_header_is_named(report)
    assert report.conclusive
