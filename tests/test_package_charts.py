"""Charts in a workbook of another program's version keep what they leave unsaid."""

from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
import xlsxwriter
from openpyxl.chart import ScatterChart
from packages import check_sound, tree

from sheetgen.spreadsheet.insert import add_sheets

KINDS = {"scatter": "straight", "line": "", "column": ""}


@pytest.fixture(scope="module")
def donor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook of XlsxWriter, which passes for one of Excel 2007, with three charts."""
    path = tmp_path_factory.mktemp("donor") / "donor.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Charts")
        sheet.write_column(0, 0, [1, 2, 3])
        for kind, subtype in KINDS.items():
            chart = book.add_chart({"type": kind, **({"subtype": subtype} if subtype else {})})
            labels = {"series_name": True, "value": False}
            values = "=Charts!$A$1:$A$3"
            chart.add_series({"categories": values, "values": values, "data_labels": labels})
            chart.set_title({"name": "A title"})
            sheet.insert_chart(0, 3, chart)
    return path


def charts(path: Path) -> list[Any]:
    with ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.startswith("xl/charts/chart")]
        return [tree(archive, name) for name in sorted(names)]


def said(root: Any, name: str) -> set[str]:
    return {element.get("val") for element in root.iter(f"{{*}}{name}")}


@pytest.fixture(scope="module")
def moved(donor: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That sheet in a workbook of openpyxl, in which a missing element means yes."""
    folder = tmp_path_factory.mktemp("moved")
    openpyxl.Workbook().save(folder / "mine.xlsx")
    add_sheets(folder / "mine.xlsx", donor, ["Charts"], folder / "out.xlsx")
    return folder / "out.xlsx"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("roundedCorners", "0"),
        ("delete", "0"),
        ("dispBlanksAs", "gap"),
        ("minorTickMark", "none"),
        ("majorTickMark", "out"),
        ("overlay", "0"),
        ("showLegendKey", "0"),
    ],
)
def test_what_a_chart_of_excel_2007_leaves_out_is_written(
    moved: Path, name: str, value: str
) -> None:
    assert [said(root, name) for root in charts(moved)] == [{value}] * 3


def test_lines_are_not_smooth(moved: Path) -> None:
    scatter, line, column = charts(moved)
    assert [said(root, "smooth") for root in (scatter, line, column)] == [{"0"}, {"0"}, set()]
    assert said(column, "invertIfNegative") == {"0"}
    assert said(scatter, "showSerName") == {"1"}


def test_the_elements_are_in_the_order_of_the_standard(moved: Path) -> None:
    check_sound(moved)
    sheet = openpyxl.load_workbook(moved)["Charts"]
    assert len(sheet._charts) == 3
    order = {
        "valAx": "axId scaling delete axPos majorGridlines minorGridlines title numFmt "
        "majorTickMark minorTickMark tickLblPos spPr txPr crossAx crosses crossBetween majorUnit",
        "ser": "idx order tx spPr invertIfNegative marker dLbls cat val xVal yVal smooth",
        "dLbls": "numFmt spPr txPr dLblPos showLegendKey showVal showCatName showSerName "
        "showPercent showBubbleSize",
        "chart": "title autoTitleDeleted plotArea legend plotVisOnly dispBlanksAs",
        "legend": "legendPos legendEntry layout overlay",
        "scatterChart": "scatterStyle varyColors ser axId",
        "chartSpace": "date1904 lang roundedCorners style chart spPr txPr printSettings",
    }
    for root in charts(moved):
        for parent in root.iter("{*}*"):
            rank = order.get(parent.tag.partition("}")[2], "").split()
            if rank:
                names = [child.tag.partition("}")[2] for child in parent]
                assert names == sorted(names, key=rank.index)


def test_between_workbooks_of_the_same_kind_a_chart_stays_as_it_is(
    donor: Path, tmp_path: Path
) -> None:
    with xlsxwriter.Workbook(tmp_path / "mine.xlsx") as book:
        book.add_worksheet("Mine")
    add_sheets(tmp_path / "mine.xlsx", donor, ["Charts"], tmp_path / "out.xlsx")
    assert [said(root, "roundedCorners") for root in charts(tmp_path / "out.xlsx")] == [set()] * 3


def test_a_chart_of_a_later_version_keeps_its_meaning_in_a_workbook_of_2007(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    chart = ScatterChart()
    chart.roundedCorners = None
    book.active.add_chart(chart, "C3")
    book.save(tmp_path / "later.xlsx")
    with xlsxwriter.Workbook(tmp_path / "mine.xlsx") as mine:
        mine.add_worksheet("Mine")
    add_sheets(tmp_path / "mine.xlsx", tmp_path / "later.xlsx", ["Sheet"], tmp_path / "out.xlsx")
    (root,) = charts(tmp_path / "out.xlsx")
    assert said(root, "roundedCorners") == {"1"}
