"""`check` reads networks that lie in blocks on a sheet, and names the cells that are wrong."""

from random import Random

import pytest
from handmade_pages import WAYS, HandMadePage

from sheetgen.check import check_workbook

SHOWN = (("z", "∂W"), ("z",), ("z", "slope"), ("∂W",), ("z", "slope", "∂W"))


def random_page(seed):
    """A page without a mistake: any small network, way of writing, orientation and parts."""
    rng = Random(seed)
    return HandMadePage(
        layers=tuple(rng.randint(1, 3) for _ in range(rng.choice((2, 3, 3, 4)))),
        samples=rng.choice((1, 1, 2, 3)),
        steps=rng.choice((1, 1, 2)),
        way=rng.choice(WAYS),
        across=rng.random() < 0.5,
        turned=rng.random() < 0.5,
        biases=rng.random() < 0.5,
        is_mean=rng.random() < 0.3,
        shown=rng.choice(SHOWN),
        labels=rng.random() < 0.7,
        seed=seed,
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_correct_page_is_right_however_its_matrices_lie(seed, tmp_path):
    page = random_page(seed)
    report = check_workbook(page.save(tmp_path / "page.xlsx"))
    assert [one.words for one in report.mistakes] == []
    (table,) = report.tables
    assert (table.network, table.rows, table.unchecked) == (page.layers, page.steps + 1, ())
    assert table.learning_rate.value == 0.5


# What is wrong in each workbook: cell → the formula in it, what that is called, what it should be.
MISTAKES = (
    {
        "A9": ("=E5*A4-F5*A5+K5", "difference-for-sum", "=E5*A4+F5*A5+K5"),
        "K9": ("=(G9-C5)*G9", "forgotten-slope", "=(G9-C5)*G9*(1-G9)"),
        "P8": ("=M8*A4", "formula-of-another-column", None),
        "G12": ("=I4-U8", "missing-learning-rate", "=I4-$B$1*U8"),
        "A16": ("=E4*A4+B12*A5+D12", "wrong-row", "=A12*A4+B12*A5+D12"),
    },
    {
        "A9": ("=E4*A4+F5*A5+K5", "wrong-weight-index", "=E5*A4+F5*A5+K5"),
        "M8": ("=(H4*K8+H5*K9)", "forgotten-slope", None),
        "B12": ("=F4+$B$1*P8", "sign", "=F4-$B$1*P8"),
        "F13": ("=H5-$B$1*U9", "wrong-gradient", "=H5-$B$1*T9"),
        "C17": ("=1/(1+EXP(A17))", "sign", "=1/(1+EXP(-A17))"),
    },
    {
        "M9": ("=(H5*K8+I5*K9)*C9*(1-C9)", "wrong-weight-index", None),
        "U9": (0.1, "hard-coded-number", None),
        "A13": ("=E5-B2*O9", "learning-rate-not-anchored", "=E5-$B$1*O9"),
        "E9": ("=H5*C8+I5*C8+M5", "wrong-activation-index", "=H5*C8+I5*C9+M5"),
    },
)


@pytest.mark.parametrize("mistakes", MISTAKES)
def test_mistakes_on_a_page_are_named_by_their_cells(mistakes, tmp_path):
    page = HandMadePage((2, 2, 2), seed=3)
    page.cells |= {cell: content for cell, (content, _, _) in mistakes.items()}
    report = check_workbook(page.save(tmp_path / "page.xlsx"))
    assert {one.cell: one.kind for one in report.mistakes} == {
        cell: kind for cell, (_, kind, _) in mistakes.items()
    }
    for one in report.mistakes:
        expected = mistakes[one.cell][2]
        assert expected in (None, one.expected)


def test_a_wrong_slope_in_a_cell_of_its_own_is_named_there(tmp_path):
    page = HandMadePage((2, 2, 1), shown=("z", "slope"), seed=3)
    ((slope,), _) = page.at["slope1", 0]
    page.cells[slope] = page.cells[slope].replace("1-", "1+")
    (mistake,) = check_workbook(page.save(tmp_path / "page.xlsx")).mistakes
    assert (mistake.cell, mistake.kind, mistake.column) == (
        slope,
        "sum-for-difference",
        "∂a_h1/∂h1",
    )
