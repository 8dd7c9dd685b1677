"""Whatever is done to a workbook outside the blanks, or to reach the answers, earns no marks."""

from zipfile import ZipFile

import pytest
from handed_in import assignment_of, graded, hand_in, right_number
from openpyxl import load_workbook
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula

from sheetgen.exercises import grade, make_exercise
from sheetgen.template import template

BLANK = ("h1", 0)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One exercise, everything blank; not to be written to."""
    path = tmp_path_factory.mktemp("cheating") / "exercise.xlsx"
    return make_exercise(template.load("era-v1"), path, level=3)


def only(answer):
    return {BLANK: answer}.get


def mark_of(made, path, blank=BLANK):
    return next(m for m in graded(made, path).marks if (m.symbol, m.iteration) == blank)


def named(**names):
    def change(workbook):
        for name, text in names.items():
            workbook.defined_names[name] = DefinedName(name, attr_text=text)

    return change


ANSWER = "_answers!$M$6"
REACHING = (
    "=_answers!M6",
    "='_answers'!M6",
    "='_ANSWERS'!$M$6+0",
    "=_answers!M6*1",
    "=IF(1=1,_answers!M6,0)",
    "=SUM(_answers!M6:M6)",
    "=INDEX(_answers!A1:Z99,6,13)",
    "=SUM(Exercise:_answers!M6)",
    "=SUM(Inputs:Exercise!M6)",
    '=INDIRECT("_answers!M6")',
    '=INDIRECT("_ans"&"wers!M6")',
    '=INDIRECT(CHAR(95)&"answers!R6C13",FALSE)',
    '=_xlfn.INDIRECT("x")',
    "=OFFSET(_answers!A1,5,12)",
    "=[1]_answers!M6",
    "='[exercise.xlsx]Sheet1'!M6",
    "=[1]Exercise!M6",
    "=Table1[answer]",
    "=OFFSET(INDIRECT(ADDRESS(1,1)),5,12)",
    "=leads",
    "=leads+0",
    "=leads_on+0",
    "=leads_by_a_text",
    "=leads_by_an_offset",
    "=leads()",
    "=leads_away",
)
NAMES = {
    "leads_on": "leads",
    "leads_by_a_text": 'INDIRECT("_answers!M6")',
    "leads_by_an_offset": "OFFSET(_answers!$A$1,5,12)",
    "leads_away": "[1]Sheet1!$M$6",
}


@pytest.mark.parametrize("leads", [ANSWER, "'_answers'!$M$6", f"_xlfn.LAMBDA({ANSWER})"])
def test_a_formula_that_reaches_for_the_answers_scores_nothing(made, tmp_path, leads):
    """Each in a blank of its own."""
    answers = dict(zip(made.exercise.blanks, REACHING, strict=False))
    path = hand_in(made, tmp_path / "book.xlsx", answers.get, named(**NAMES | {"leads": leads}))
    marks = {(mark.symbol, mark.iteration): mark for mark in graded(made, path).marks}
    for blank, formula in answers.items():
        assert (marks[blank].status, marks[blank].answer) == ("answers", formula)
        assert marks[blank].reason
    assert len(answers) == len(REACHING)


def test_a_name_that_leads_to_itself_ends(made, tmp_path):
    path = hand_in(made, tmp_path / "book.xlsx", only("=mine"), named(mine="mine+1"))
    assert mark_of(made, path).status == "wrong"


@pytest.mark.parametrize("shown", [False, True])
def test_the_hidden_sheet_under_another_name_is_still_the_answers(made, tmp_path, shown):
    def rename(workbook):
        workbook["_answers"].title = "notes"
        workbook["notes"].sheet_state = "visible" if shown else "hidden"

    result = mark_of(made, hand_in(made, tmp_path / "book.xlsx", only("=notes!M6"), rename))
    assert (result.status, result.reason) == ("answers", "refers to the answers")


def test_a_cell_that_fetches_the_answer_is_not_there_when_it_is_graded(made, tmp_path):
    def fetch(workbook):
        workbook["Exercise"]["B40"] = "=_answers!M6"

    path = hand_in(made, tmp_path / "book.xlsx", only("=B40"), fetch)
    assert (mark_of(made, path).status, graded(made, path).right) == ("wrong", 0)


def test_an_array_formula_that_fills_several_blanks_is_found_in_all_of_them(made, tmp_path):
    """All but its first cell look as if the student had typed the numbers."""
    assignment = assignment_of(made)

    def spread(workbook):
        sheet = workbook["Exercise"]
        sheet["K15"] = ArrayFormula("K15:K17", "=_answers!K6:K8")
        for row in (1, 2):
            sheet[f"K{15 + row}"] = assignment.value(("h1", row))

    path = hand_in(made, tmp_path / "book.xlsx", only(None), spread)
    assert [mark_of(made, path, ("h1", row)).status for row in range(3)] == ["answers"] * 3


NOWHERE = {
    "=Nowhere!A1": "not a sheet of the exercise",
    "=Overview!A1": "not a sheet of the exercise",
    "={itself}": "the error #CIRC!",
    "={itself}+1": "the error #CIRC!",
    "=nothing_of_this_name": "the error #NAME?",
    "=A1:": "error",
    "=)(": "cannot be read as a formula",
    "=1+": "error",
    "=10^400": "error",
    "=K29": "found 0, expected",
}


def test_a_formula_that_leads_nowhere_is_wrong_with_the_reason(made, tmp_path):
    """Each in a blank of its own."""
    cell = assignment_of(made).layout.cell
    chosen = dict(zip(made.exercise.blanks, NOWHERE, strict=False))
    answers = {blank: formula.format(itself=cell(blank)) for blank, formula in chosen.items()}
    marks = graded(made, hand_in(made, tmp_path / "book.xlsx", answers.get)).marks
    found = {(mark.symbol, mark.iteration): mark for mark in marks}
    for blank, formula in chosen.items():
        assert found[blank].status == "wrong"
        assert NOWHERE[formula] in found[blank].reason, formula
    assert len(chosen) == len(NOWHERE)


def wrong(made):
    """Answers that are all wrong, but not by much."""
    right = right_number(made)
    return lambda blank: right(blank) * 1.01


def paste_over_answers(workbook):
    """Make the hidden sheet say what the student says."""
    sheet, own = workbook["_answers"], workbook["Exercise"]
    places = {cell.value: cell.column for cell in own[14] if cell.value}
    for cell in sheet[5]:
        if cell.value in places:
            for row in range(3):
                sheet.cell(6 + row, cell.column).value = own.cell(
                    15 + row, places[cell.value]
                ).value


def change_inputs(workbook):
    for row in workbook["Inputs"].iter_rows():
        for cell in row:
            if isinstance(cell.value, float):
                cell.value = 0


def unprotect_and_change_marks(workbook):
    for sheet in workbook:
        sheet.protection.sheet = False
    for row in workbook["Exercise"].iter_rows(min_row=20, max_row=22, min_col=3):
        for cell in row:
            cell.value = 1
    workbook["Exercise"]["B3"] = "73 of 73 right"


def type_over_givens(workbook):
    for column in "CDEFGHIJ":
        workbook["Exercise"][f"{column}15"] = 0


def remove_answers(workbook):
    del workbook["_answers"]


def rename_everything(workbook):
    for sheet in list(workbook):
        sheet.title = f"My {sheet.title.strip('_')}"


@pytest.mark.parametrize(
    ("change", "remark"),
    [
        (paste_over_answers, "hidden sheet with the answers was changed"),
        (change_inputs, "numbers on the sheet Inputs were changed"),
        (unprotect_and_change_marks, ""),
        (type_over_givens, "typed over"),
        (remove_answers, "hidden sheet with the answers was changed or removed"),
        (rename_everything, "renamed to My Exercise"),
    ],
)
def test_changes_outside_the_blanks_change_no_mark_and_are_said(made, tmp_path, change, remark):
    path = hand_in(made, tmp_path / "wrong.xlsx", wrong(made), change)
    result = graded(made, path)
    assert (result.right, result.error) == (0, "")
    assert remark in "; ".join(result.remarks)
    path = hand_in(made, tmp_path / "right.xlsx", right_number(made), change)
    assert graded(made, path).is_full, "nor does it cost any"


def test_answers_that_are_right_for_changed_inputs_are_wrong(made, tmp_path):
    """With all inputs 0, every h is 0 and every a_h is 0.5."""
    answers = {"h": 0.0, "a": 0.5}
    path = hand_in(
        made,
        tmp_path / "book.xlsx",
        lambda blank: answers.get(blank[0][0]),
        change_inputs,
    )
    assert graded(made, path).right == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda sheet: sheet.insert_rows(3),
        lambda sheet: sheet.insert_rows(16),
        lambda sheet: sheet.insert_cols(4),
        lambda sheet: sheet.delete_rows(14),
    ],
)
def test_a_table_that_was_moved_is_said_in_one_line(made, tmp_path, change):
    path = hand_in(
        made, tmp_path / "book.xlsx", right_number(made), lambda book: change(book["Exercise"])
    )
    (result,) = grade(made.key.path, [path])
    assert "not where it was handed out" in result.error and "\n" not in result.error


def test_the_answers_cannot_be_passed_off_as_the_exercise(made, tmp_path):
    def swap(workbook):
        del workbook["Exercise"]
        workbook["_answers"].title = "Exercise"
        workbook["Exercise"].sheet_state = "visible"

    (result,) = grade(made.key.path, [hand_in(made, tmp_path / "book.xlsx", only(None), swap)])
    assert result.error and not result.marks


def damaged(path):
    path.write_bytes(path.read_bytes()[:2000])


def without_sheets(path):
    with ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")


def old_format(path):
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512))


def another_workbook(path):
    workbook = load_workbook(path)
    for name in workbook.sheetnames[1:]:
        del workbook[name]
    workbook.save(path)


@pytest.mark.parametrize("spoil", [damaged, without_sheets, old_format, another_workbook])
def test_a_file_that_is_no_exercise_is_said_in_one_line_and_the_next_is_graded(
    made, tmp_path, spoil
):
    good = hand_in(made, tmp_path / "good.xlsx", right_number(made))
    bad = hand_in(made, tmp_path / "bad.xlsx", right_number(made))
    spoil(bad)
    one, other = grade(made.key.path, [bad, good])
    assert one.error and "\n" not in one.error and str(bad) in one.error
    assert other.is_full
