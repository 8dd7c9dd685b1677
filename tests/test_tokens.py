"""The parts of formulas, compared with those that openpyxl's Tokenizer finds."""

import re
from collections.abc import Callable

import pytest
from every_case import some
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token as Other
from shared_books import formulas_in

from sheetgen.spreadsheet.tokens import refers_to_cells, replaced, tokens
from sheetgen.template.template import built_in
from sheetgen.workbook.build import Built

PIECES = ["A1", "$B$2", "Data!", "'my sheet'!", "LOG10(", ")", '"a""b"', "1E-05", "[x]", ":", "'"]
PLACE = re.compile(r"\b([A-Z])[A-Z]{0,2}(\$?)\d+\b(?!\()")
COMPARED: set[str] = set()
"""The formulas of the templates so far, with other cells in them."""


def kinds(formula: str) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in tokens(formula)]


def operands(formula: str) -> list[tuple[str, str]]:
    """Return the tokens as openpyxl counts them: a reference is one, with its sheet and colon."""
    found: list[tuple[str, str]] = []
    for kind, text in kinds(formula):
        is_part = kind in ("cell", "sheet", "name") or text in ":$"
        if is_part and found and found[-1][0] == "range":
            found[-1] = "range", found[-1][1] + text
        elif kind != "space":
            found.append(("range" if is_part else kind, text))
    return found


def theirs(formula: str) -> list[tuple[str, str]]:
    names = {Other.RANGE: "range", Other.LOGICAL: "range", Other.NUMBER: "number"}
    names |= {Other.TEXT: "text", Other.ERROR: "error"}
    found = []
    for token in Tokenizer(f"={formula}").items:
        if token.type == Other.OPERAND:
            found.append((names[token.subtype], token.value))
        elif token.type == Other.FUNC and token.subtype == Other.OPEN:
            found.append(("function", token.value))
        elif token.type != Other.WSPACE:
            found.append(("symbol", token.value))
    return found


# The formulas of pictures of digits are those of iris and of edges, in greater numbers.
@pytest.mark.parametrize("name", some(name for name in built_in() if "digits" not in name))
def test_openpyxl_finds_the_same_in_every_formula_that_build_writes(
    name: str, short_book: Callable[[str], Built]
) -> None:
    """The rows of a table differ in their numbers only, and many templates in their places."""
    written = {
        PLACE.sub(r"\1\g<2>9", re.sub(r"\d{2,}(?!\()", "9", formula))
        for formula in formulas_in(short_book(name).saved.path)
    }
    for formula in sorted(written - COMPARED):
        assert operands(formula) == theirs(formula), formula
    COMPARED.update(written)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("LOG10(A1)", [("function", "LOG10("), ("cell", "A1"), ("symbol", ")")]),
        ("'it''s'!$A1", [("sheet", "'it''s'!"), ("cell", "$A1")]),
        ("[1]Data!A1", [("sheet", "[1]Data!"), ("cell", "A1")]),
        ("A1:Data!B2", [("cell", "A1"), ("symbol", ":"), ("sheet", "Data!"), ("cell", "B2")]),
        ("Q1:Q4!B2", [("sheet", "Q1:Q4!"), ("cell", "B2")]),
        ("FC1!B2", [("sheet", "FC1!"), ("cell", "B2")]),
        ("T[[#Headers],[x]]", [("name", "T"), ("brackets", "[[#Headers],[x]]")]),
        ("-2^2", [("symbol", "-"), ("number", "2"), ("symbol", "^"), ("number", "2")]),
        ("1E-05-1", [("number", "1E-05"), ("symbol", "-"), ("number", "1")]),
        ("Data!#REF!", [("sheet", "Data!"), ("error", "#REF!")]),
        ("w_1", [("name", "w_1")]),
        ("A01", [("name", "A01")]),
        ("∂E", [("name", "∂E")]),
        ('"A1', [("symbol", '"'), ("cell", "A1")]),
        # What openpyxl refuses, or reads otherwise.
        ("T['[x]", [("name", "T"), ("brackets", "['[x]")]),
        ("A1#", [("cell", "A1"), ("symbol", "#")]),
        ("#SPILL!", [("error", "#SPILL!")]),
        ("10E-05", [("number", "10E-05")]),
        ("log10 (2)", [("function", "log10 ("), ("number", "2"), ("symbol", ")")]),
        ("A1 (", [("cell", "A1"), ("space", " "), ("symbol", "(")]),
        ("LN (2)", [("function", "LN ("), ("number", "2"), ("symbol", ")")]),
        ("A1\t+1", [("cell", "A1"), ("space", "\t"), ("symbol", "+"), ("number", "1")]),
        ("A1:PI()", [("cell", "A1"), ("symbol", ":"), ("function", "PI("), ("symbol", ")")]),
        (")(", [("symbol", ")"), ("symbol", "(")]),
    ],
)  # fmt: skip
def test_what_a_formula_is_made_of(formula: str, expected: list[tuple[str, str]]) -> None:
    assert kinds(formula) == expected


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3)).map("".join))
def test_the_tokens_of_any_text_are_that_text(formula: str) -> None:
    assert "".join(token.text for token in tokens(formula)) == formula
    assert replaced(formula, {"cell": str, "name": str}) == formula
    assert refers_to_cells(formula) == any(token.kind == "cell" for token in tokens(formula))


def test_what_only_looks_like_a_cell_is_not_replaced() -> None:
    formula = "A1+LOG10(A1)+\"A1\"+'A1'!A1+T[A1]+A1_A1"
    assert replaced(formula, {"cell": lambda _: "B2"}) == "B2+LOG10(B2)+\"A1\"+'A1'!B2+T[A1]+A1_A1"
    assert not refers_to_cells('LOG10(5)&"A1"')
