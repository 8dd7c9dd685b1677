"""What a file keeps of a block is written of each number, or once where the same ones are many."""

from hypothesis import example, given
from hypothesis import strategies as st

from sheetgen.spreadsheet.block_results import NOT_FINITE, distinct_texts


@given(st.lists(st.sampled_from((0.0, -0.0, 0.1, NOT_FINITE)), max_size=20))
@example([0.0, 0.0, 0.0, -0.0])
@example([-0.0, -0.0, -0.0])
def test_each_result_has_its_own_text(results: list[float | str]) -> None:
    assert distinct_texts(results, str) == [str(result) for result in results]
