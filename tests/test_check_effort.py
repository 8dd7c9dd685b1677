"""The search for the name of a mistake is bounded by what it tries, and loses no name to that."""

from pathlib import Path

import pytest
from check_helper import HandMade, write

from sheetgen.check import audit, check_workbook
from sheetgen.check.findings import WorkbookReport
from sheetgen.check.meaning.searches import FOR_THE_LIKELIEST, Searches

CASES = Path(__file__).parent / "cases" / "check"
NONSENSE = {
    "h1": "{i1}^5/({w1}+{w2}+{i2})",
    "a_h2": "1/(3+EXP({h2})*{h1})",
    "∂E/∂w2": "{a_o1}/({t1}+{t2})-{i1}*{w5}*{w6}*{w7}",
    "∂E/∂w7": "({t1}+{t2})/({a_h1}+{i1})-{i1}*{w5}",
}
"""Formulas that no mistake leads to."""


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[Searches]:
    """Those of every workbook that is checked."""
    made: list[Searches] = []

    give(LEFT, made, monkeypatch)
    return made


LEFT = 200_000


def give(effort: int, made: list[Searches], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each workbook from now on have this effort; add what it shares to a list."""

    def make() -> Searches:
        made.append(Searches(effort))
        return made[-1]

    monkeypatch.setattr(audit, "Searches", make)


def wrong(**formulas: str) -> HandMade:
    table = HandMade()
    table.formulas |= {name.replace("dE_d", "∂E/∂"): text for name, text in formulas.items()}
    return table


def words(report: WorkbookReport, kind: str = "unknown-mistake") -> list[str]:
    return [one.words for one in report.mistakes if one.kind == kind]


@pytest.mark.slow
def test_a_table_of_41_columns_is_soon_checked_and_not_accused(searches: list[Searches]) -> None:
    """Right by all appearances: its headers repeat, as a second row above them tells more."""
    report = check_workbook(CASES / "slow-xor.xlsx")
    assert [table.place for table in report.tables][:2] == ["A13:AM17", "A21:AM25"]
    assert report.passed
    assert not report.conclusive
    # Trying them all for each of the six tables took 480,000 wrong formulas. To read the columns
    # without a name, and to try other headers, takes most of these.
    assert LEFT - searches[0].left < 25_000


@pytest.mark.slow
def test_copies_of_a_table_cost_little_more_than_one(
    tmp_path: Path, searches: list[Searches]
) -> None:
    one = check_workbook(write(tmp_path / "a.xlsx", A=wrong(**NONSENSE)))
    copies = {name: wrong(**NONSENSE) for name in "ABCDE"}
    five = check_workbook(write(tmp_path / "b.xlsx", **copies))
    assert words(five) == 5 * words(one) != []
    # Only the headers are looked at again.
    assert 0 < LEFT - searches[1].left < 1.25 * (LEFT - searches[0].left)


def test_beyond_the_effort_for_a_workbook_a_mistake_has_no_name(
    tmp_path: Path, searches: list[Searches], monkeypatch: pytest.MonkeyPatch
) -> None:
    give(FOR_THE_LIKELIEST, searches, monkeypatch)
    slip = {"∂E/∂w3": "({a_o1}-{t1})*{a_o1}*(1-{a_o1})*{w5}*{a_h2}*(1-{a_h2})*{i1}"}
    report = check_workbook(write(tmp_path / "a.xlsx", S=wrong(**NONSENSE | slip)))
    assert not report.passed
    assert "this is not ∂E/∂w7; the mistake has no name here" in words(report)
    # The likely ones are tried all the same.
    likely = wrong(h2="{w3}*{i1}+{w4}*{i1}")
    report = check_workbook(write(tmp_path / "b.xlsx", S=likely))
    assert [one.kind for one in report.mistakes] == ["wrong-input-index"]


def test_when_all_effort_is_spent_nothing_more_is_tried(
    tmp_path: Path, searches: list[Searches], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many formulas there are, each row having its own."""
    give(2_000, searches, monkeypatch)
    table = wrong(**NONSENSE)
    for row in range(table.rows):
        place = table.address("a_h1", row)
        table.cells[place] = f"=1/(3+EXP({table.address('h1', row)})*{row + 1}/7)"
    report = check_workbook(write(tmp_path / "a.xlsx", S=table, T=table))
    assert searches[0].left == 0
    assert {one.symbol for one in report.mistakes} == {"a_h1", *NONSENSE}
    assert "this is not ∂E/∂w7; the mistake has no name here" in words(report)


def test_other_names_for_headers_are_tried_at_the_expense_of_the_same_effort(
    tmp_path: Path, searches: list[Searches], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = HandMade(headers={"w5": "w6", "w6": "w5", "t1": "t2", "t2": "t1"})
    book = write(tmp_path / "a.xlsx", **dict.fromkeys("ABC", table))
    assert check_workbook(book).passed
    spent = LEFT - searches[0].left
    assert spent > 3 * len(table.order)
    give(spent // 2, searches, monkeypatch)
    assert not check_workbook(book).passed
    assert searches[1].left == 0


def test_within_the_effort_the_words_say_that_the_mistake_is_not_known(tmp_path: Path) -> None:
    report = check_workbook(write(tmp_path / "a.xlsx", S=wrong(**NONSENSE)))
    assert "this is not ∂E/∂w7; the mistake is not a known one" in words(report)


@pytest.mark.parametrize(
    "formula",
    [
        "+".join(["{w1}*{i1}"] * 700),
        "SUM(" + ",".join(["0.5*{w1}", "{i1}"] * 300) + ")",
        "+".join(str(number / 7) for number in range(1, 400)),
        "(" * 400 + "{i1}" + "+1)" * 400,
        "-" * 500 + "{w1}",
        "IF({i1}>0," * 60 + "{w1}" + ",0)" * 60,
        "(" * 2000 + "{i1}" + ")" * 2000,
        "+".join(["{i1}"] * 5_000),
        "{i1}" + "=1" * 5_000,
        "{i1}" + "%" * 8_000,
    ],
    ids=[
        *("a long sum", "many arguments", "many numbers", "parentheses", "signs", "functions"),
        *("2,000 parentheses", "5,000 terms", "comparisons", "percents"),
    ],
)
def test_a_long_formula_is_wrong_and_takes_no_longer(
    formula: str, tmp_path: Path, searches: list[Searches]
) -> None:
    table = wrong(h1=formula, w3=formula)
    table.rows = 3
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert {one.symbol for one in report.mistakes} >= {"h1"}
    assert LEFT - searches[0].left < 60_000


@pytest.mark.slow
def test_helper_cells_that_multiply_are_read_as_their_numbers(tmp_path: Path) -> None:
    """Each of them refers forty times to the next: forty to the fifth are too many to write out."""
    table = wrong()
    for level in range(5):
        table.cells[f"ZA{level + 1}"] = "=" + "+".join([f"$ZA${level + 2}"] * 40)
    table.cells["ZA6"] = 0.0
    table.formulas["h1"] += "+$ZA$1"
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert report.passed


def test_columns_without_a_name_that_multiply_are_not_all_read(
    tmp_path: Path, searches: list[Searches]
) -> None:
    """Each of them refers twice to the next: two to the 22nd are too many to write out."""
    table = wrong()
    table.order += [f"step {number}" for number in range(23)]
    for number in range(22):
        table.formulas[f"step {number}"] = f"{{step {number + 1}}}*{{step {number + 1}}}"
    table.formulas["step 22"] = "{w1}/{w2}"
    table.headers["h1"] = "sum"
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert report.passed
    assert LEFT - searches[0].left < 60_000


def test_a_header_with_a_huge_number_names_no_weight(tmp_path: Path) -> None:
    table = HandMade(headers={"w3": "w99999999999999999999"})
    report = check_workbook(write(tmp_path / "a.xlsx", S=table))
    assert report.passed
    assert "w3" in {column.symbol for column in report.tables[0].columns}
