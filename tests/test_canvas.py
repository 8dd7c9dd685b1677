"""The inputs and the formatting of a canvas, as they are in the file."""

from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from sheetgen.spreadsheet.canvas import POSITIVE, Canvas, Chart, HeatMap, Rule, Series, listed
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.engines import Engine
from sheetgen.spreadsheet.style import DIVERGING
from sheetgen.spreadsheet.writer import write_workbook

# openpyxl does not know the extension by which bars start at nothing rather than at a tenth.
pytestmark = pytest.mark.filterwarnings("ignore:.* extension is not supported:UserWarning")

FRUIT = ("apples", "pears", 'quinces "wild"')


@pytest.fixture
def path(tmp_path: Path) -> Path:
    canvas = Canvas("Choice")
    for row, name in enumerate(FRUIT):
        canvas.write(row, 3, name)
    canvas.choose(0, 0, "fruit", "apples", FRUIT, source="$D$1:$D$3")
    canvas.choose(1, 0, "answer", "yes", ("yes", "no"))
    canvas.count(2, 0, "how many", 3, 0, 10)
    canvas.calculate(0, 1, "=MATCH(A1,D1:D3,0)", 1.0)
    canvas.calculate(1, 1, '=IF(A2="yes",A3,0)', 3.0)
    canvas.merges.append((4, 0, 5, 1))
    canvas.calculate(4, 0, "=A3*2", 6.0)
    canvas.heat_maps.append(HeatMap((0, 1, 1, 1)))
    canvas.heat_maps.append(HeatMap((2, 0, 2, 0), DIVERGING, (-1, 0, 1)))
    canvas.rules.append(Rule((0, 0, 2, 0), '=$A$2="no"', {"bg_color": "#FF0000"}))
    canvas.bars.append(((0, 1, 0, 1), "#00FF00"))
    write_workbook([canvas], tmp_path / "choice.xlsx", "Choice")
    return tmp_path / "choice.xlsx"


def test_choices_made_in_the_file_are_followed(path: Path, engine: Engine, tmp_path: Path) -> None:
    new: dict[tuple[int, int], float | str] = {(0, 0): FRUIT[2], (2, 0): 7.0}
    copies = [tmp_path / "chosen.xlsx", tmp_path / "no.xlsx"]
    for copy, changes in zip(copies, [new, {(1, 0): "no"}], strict=True):
        write_changed(path, copy, {"Choice": changes}, cached=-7e77)
    first, second = (values["Choice"] for values in engine.recalculate_all(copies))
    assert [first[0, 1], first[1, 1], first[4, 0]] == [3, 7, 14]
    assert second[1, 1] == 0


def test_a_text_replaces_only_a_text(path: Path, tmp_path: Path) -> None:
    for place in ((2, 0), (0, 1)):
        with pytest.raises(ValueError, match="holds no text that yes could replace"):
            write_changed(path, tmp_path / "no.xlsx", {"Choice": {place: "yes"}})
    with pytest.raises(ValueError, match="holds no number"):
        write_changed(path, tmp_path / "no.xlsx", {"Choice": {(0, 0): 1.0}})


def test_validations_say_what_may_be_typed(path: Path) -> None:
    sheet = openpyxl.load_workbook(path)["Choice"]
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    assert rules["A1"].formula1 == "$D$1:$D$3"
    assert rules["A2"].formula1 == '"yes,no"'
    assert (rules["A3"].type, rules["A3"].formula1, rules["A3"].formula2) == ("whole", "0", "10")
    assert rules["A3"].error == "Type a whole number from 0 to 10."


def test_a_chart_ends_where_it_is_told_and_shows_each_point(tmp_path: Path) -> None:
    canvas = Canvas("Curve")
    for row, value in enumerate((0.98, 0.995), start=1):
        canvas.write(row, 0, row)
        canvas.write(row, 1, value)
    curve = Series(canvas.range(1, 0, 2, 0), canvas.range(1, 1, 2, 1), colour="#0072B2", dots=4)
    limits, units = (0, 2, 0.98, 1), (1, 0.005)
    chart = Chart((4, 0), (300, 200), (curve,), "a curve", ("", ""), limits=limits, units=units)
    canvas.charts.append(replace(chart, number_format="0.0%"))
    write_workbook([canvas], tmp_path / "curve.xlsx", "Curve")
    (drawn,) = openpyxl.load_workbook(tmp_path / "curve.xlsx")["Curve"]._charts
    x, y = drawn.x_axis, drawn.y_axis
    assert (x.scaling.min, x.scaling.max, x.majorUnit) == (0, 2, 1)
    assert (y.scaling.min, y.scaling.max, y.majorUnit) == (0.98, 1, 0.005)
    assert (y.numFmt.formatCode, drawn.series[0].marker.symbol) == ("0.0%", "circle")
    assert drawn.series[0].graphicalProperties.line.solidFill.srgbClr == "0072B2"


def test_looks_that_follow_the_numbers(path: Path) -> None:
    sheet = openpyxl.load_workbook(path)["Choice"]
    formats = {
        str(place.sqref): [rule.type for rule in rules]
        for place, rules in sheet.conditional_formatting._cf_rules.items()
    }
    assert formats == {
        "B1:B2": ["colorScale"],
        "A3": ["colorScale"],
        "B1": ["dataBar"],
        "A1:A3": ["expression"],
    }
    (scale,) = sheet.conditional_formatting["A3"]
    assert [float(each.val) for each in scale.colorScale.cfvo] == [-1, 0, 1]
    assert [str(area) for area in sheet.merged_cells.ranges] == ["A5:B6"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [(("a",), "a"), (("a", "b"), "a or b"), (tuple("abcdefghij"), "a, b, c, d, e, f, g, h or …")],
)
def test_options_are_listed_as_a_sentence(options: tuple[str, ...], sentence: str) -> None:
    assert listed(options) == sentence


@pytest.mark.slow
def test_cells_below_each_other_share_their_validation(tmp_path: Path) -> None:
    """Excel takes a sheet with more than 65,534 validations for damaged and drops them all."""
    canvas = Canvas("Data")
    for row in range(300):
        for column in range(3):
            canvas.ask(row, column, f"{row} {column}", 1.0)
    # Written column by column, as the sheet Data is.
    canvas.validations = dict(sorted(canvas.validations.items(), key=lambda each: each[0][::-1]))
    canvas.ask(300, 2, "positive", 1.0, **POSITIVE)
    canvas.ask(301, 2, "last", 1.0)
    write_workbook([canvas], tmp_path / "data.xlsx", "Data")
    sheet = openpyxl.load_workbook(tmp_path / "data.xlsx")["Data"]
    ranges = [str(each.sqref) for each in sheet.data_validations.dataValidation]
    assert ranges == ["A1:A300", "B1:B300", "C1:C300", "C301", "C302"]
