"""Nothing on a sheet overlaps, is cut, or is out of reach, on a screen and on paper."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import xlsxwriter
from sheet_file import read
from sheet_layout import problems
from shown_text import formatted, lines, width

from sheetgen.spreadsheet.canvas import Chart, Series
from sheetgen.spreadsheet.charts import insert_chart
from sheetgen.template.template import Template, built_in, load, parse
from sheetgen.workbook.build import Built


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook with each fault that is measured, and beside it what is right."""
    path = tmp_path_factory.mktemp("layout") / "faulty.xlsx"
    options = {"default_format_properties": {"font_name": "Arial", "font_size": 10}}
    with xlsxwriter.Workbook(path, options) as book:
        names = ("drawn", "texts", "wide", "pages", "diagram")
        sheets = {name: book.add_worksheet(name) for name in names}
        for name, sheet in sheets.items():
            sheet.fit_to_pages(1, 0) if name != "pages" else sheet.set_print_scale(100)
            sheet.set_paper(9)
        faulty_drawings(book, sheets["drawn"])
        faulty_texts(book, sheets["texts"])
        sheets["wide"].write("Z1", "far out")
        divide_badly(book, sheets["pages"])
        insert_chart(book, sheets["diagram"], crowded_diagram(sheets["diagram"]))
    return path


def faulty_drawings(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
    """Charts over each other and over cells, and a cell apart."""
    for at, fill in (("B2", "white"), ("E5", "white"), ("B30", "none")):
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=texts!A1:A2"})
        area = {"none": True} if fill == "none" else {"color": fill}
        chart.set_chartarea({"fill": area})
        sheet.insert_chart(at, chart, {"description": at})
    sheet.write("C31", "below a transparent chart")
    sheet.write("F8", "hidden")
    sheet.print_area("A1:K50")
    sheet.write("M1", "apart")


def faulty_texts(book: xlsxwriter.Workbook, texts: xlsxwriter.worksheet.Worksheet) -> None:
    """Numbers and texts that are too wide or too high, and colours that miss the sign."""
    scientific = book.add_format({"num_format": "0.000E+00"})
    six = book.add_format({"num_format": "0.000000"})
    texts.set_column("A:C", 6)
    for place, number in {"A1": 123456.0, "A2": 1.0, "B1": 123456.0}.items():
        texts.write(place, number, six)
    rule = {"type": "cell", "criteria": "not between", "minimum": -9, "maximum": 9}
    texts.conditional_format("B1:B1", {**rule, "format": scientific})
    texts.set_column("D:D", 6)
    texts.write("D1", 12.5, six)
    by_size = {"type": "formula", "criteria": "=ABS(D1)>=100", "format": scientific}
    texts.conditional_format("D1:D1", by_size)
    texts.write("A3", "this runs over empty cells")
    texts.write("A4", "this runs into its neighbour")
    texts.write("A5", "a formula that shows nothing is a neighbour")
    texts.write_formula("C5", '=""', None, "")
    texts.set_row(6, 18)
    texts.write("A7", "too low for it", book.add_format({"text_wrap": True}))
    texts.merge_range("E7:H8", "low enough", book.add_format({"text_wrap": True}))
    for at, text in (("C4", "x"), ("F8", "merged away")):
        texts.write(at, text)
    texts.set_column("K:K", 12)
    texts.write("K1", 0.0, scientific)
    for row, value in enumerate((-1.0, 0.0, 2.0), start=1):
        texts.write(row, 10, value)
    texts.conditional_format("K2:K4", {"type": "2_color_scale"})
    texts.conditional_format("D2:D4", {"type": "2_color_scale", "min_type": "num"})


def divide_badly(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
    """Rows on pages that end with a heading, go through a text, or have two rows."""
    heading = book.add_format({"font_size": 12, "bold": True})
    for row in range(130):
        sheet.write(row, 0, row)
    sheet.set_h_pagebreaks([20, 128])
    sheet.set_v_pagebreaks([2])
    sheet.write("B40", "this goes on")
    sheet.write("D42", "x")
    sheet.write("A19", "", heading)
    sheet.write("A20", "a heading", heading)


def crowded_diagram(sheet: xlsxwriter.worksheet.Worksheet) -> Chart:
    """A line, a unit at its end, a label on the line, and three in the wrong place."""
    rows = [("", 20, 20), ("", 180, 20), ("unit", 180, 20), ("on the line", 90, 20)]
    rows += [("near", 150, 22), ("outside", 2, 80), ("beside", 30, 82)]
    for row, cells in enumerate(rows):
        sheet.write_row(row, 0, cells)
    series = [Series("diagram!$B$1:$B$2", "diagram!$C$1:$C$2", colour="#000000")]
    for row in range(3, len(rows) + 1):
        size = 30 if row == 3 else 0
        at = (f"diagram!${column}${row}" for column in "BCA")
        series.append(Series(*at, label="center", marker_size=size, marker_fill="#FFFFFF"))
    limits = (0, 200, 0, 100)
    return Chart((10, 0), (200, 100), tuple(series), "a diagram", bare=True, limits=limits)


def test_a_sheet_with_a_comma_in_its_name_is_read(tmp_path: Path) -> None:
    path = tmp_path / "comma.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("rates, 'all' of them!")
        sheet.repeat_rows(1, 2)
        sheet.repeat_columns(0, 1)
        sheet.write("A1", "a text")
    (found,) = read(path)
    assert (found.paper.repeated_rows, found.paper.repeated_columns) == ((1, 2), (0, 1))


def test_each_fault_is_found(faulty: Path) -> None:
    assert list(problems(faulty, is_accessible=False)) == [
        "drawn: the drawing 'B2' and the drawing 'E5' overlap",
        "drawn: the drawing 'B2' covers F8",
        "drawn: the drawing 'E5' covers F8",
        "drawn: the drawing 'E5' is 32 pixels beyond the print area",
        "drawn: 1 cells from M1 on are not printed",
        "texts: F8 is hidden: 'merged away'",
        "texts: A1 shows ###: 123456.000000 needs 96 of 47",
        "texts: B1 shows ###: 1.235E+05 needs 68 of 47",
        "texts: D1 shows ###: 12.500000 needs 66 of 47",
        "texts: A4 is cut by 65 pixels: 'this runs into its neighbour'",
        "texts: A5 is cut by 167 pixels: 'a formula that shows nothing is a neighbour'",
        "texts: A7 is cut: 3 lines need 46 of 24: 'too low for it'",
        "texts: K1 shows 0.000E+00 for 0",
        "texts: the colours from K2 on are those of the smallest and largest, not of the sign",
        "wide: Z1 ends at 1641 of 1320 pixels",
        "wide: printed at 4.0 points; expected 7",
        "pages: the page that begins with column C cuts 'this goes on'",
        "pages: the last page, from row 129 on, is only 4% full",
        "pages: the page that begins with row 21 divides a block",
        "pages: the page from row 129 on has 2 rows",
        "diagram: 'outside' is 19 pixels outside of the diagram",
        "diagram: 'near' is on the circle 'unit'",
        "diagram: 'outside' is on 'beside'",
        "diagram: a line crosses 'near'",
    ]


@pytest.mark.parametrize(
    ("number", "number_format", "shown"),
    [
        (0.15, "0.000000", "0.150000"),
        (-0.5, "0.0%", "-50.0%"),
        (12345.678, "0.000E+00", "1.235E+04"),
        (4.9e-10, "0.00E+00", "4.90E-10"),
        (3.0, "General", "3"),
        (1234567.0, "#,##0", "1,234,567"),
        (7.0, '0" rows"', "7 rows"),
        (-2.0, "0;(0)", "(2)"),
        (0.0, '0;-0;"none"', "none"),
        (1.0, ";;;", ""),
        (0.25, "0.0##", "0.25"),
    ],
)
def test_a_number_in_its_format(number: float, number_format: str, shown: str) -> None:
    assert formatted(number, number_format) == shown


def test_widths_are_those_of_arial() -> None:
    """10 points are 13⅓ pixels; a digit of Arial is 0.556 of that."""
    assert width("0123456789", 10) == pytest.approx(5.56 * 40 / 3)
    assert width("W", 10, bold=True) == width("W", 10) > width("i", 10)
    assert lines("one two three", 10, bold=False, room=width("one two", 10) + 1) == 2


def diverging() -> Template:
    """Large weights, targets that no sigmoid reaches, and a rate of 50."""
    source = load("era-v1").source.replace("0.01, 0.99", "5.0, -3.0")
    for matrix in ("[[0.15, 0.20], [0.25, 0.30]]", "[[0.40, 0.45], [0.50, 0.55]]"):
        source = source.replace(matrix, "[[10.0, 10.0], [10.0, 10.0]]")
    return parse(source).with_training([50.0, 0.5], 60)


def linear() -> Template:
    """Identity from large weights: numbers of every size, at a rate that learns and one of 50."""
    source = diverging().source.replace('"sigmoid"', '"identity"')
    return parse(source).with_training([0.1, 50.0], 10)


def six_rates() -> Template:
    """All learning rates of era-v1, in tables of more than a page."""
    return load("era-v1").with_training(iterations=60)


def crowded() -> Template:
    """Many weights between three layers, and long names of inputs and classes that are alike."""
    layers = "".join(
        f'[[network.layers]]\nunits = {units}\nactivation = "{activation}"\n'
        f'init = {{ scheme = "xavier-uniform", seed = 1 }}\nbiases = {[0] * units}\n'
        for units, activation in ((7, "tanh"), (5, "tanh"), (3, "softmax"))
    )
    source = parse(
        f'[network]\ninputs = 4\nloss = "cross-entropy"\n{layers}[data]\n'
        "inputs = [[1, -1, 0.5, 2], [0, 1, 2, -2]]\ntargets = [[1, 0, 0], [0, 0, 1]]\n"
        "[training]\nlearning_rates = [0.5]\niterations = 5\n"
    )
    inputs = [f"mean wing {each} of the adult bird" for each in ("length", "width", "area", "age")]
    classes = [f"{each} short-billed woodpecker" for each in ("Southern", "Northern", "Pygmy")]
    data = replace(source.data, input_labels=tuple(inputs), target_labels=tuple(classes))
    return replace(source, data=data)


@pytest.mark.slow
def test_long_names_are_whole_and_on_no_other_and_no_line_even_between_many(
    built_once: Callable[[str, Template], Built],
) -> None:
    book = built_once("crowded", crowded())
    sheets = ("Overview", "Explorer", "Decision surface")
    assert list(problems(book.saved.path, sheets)) == []


WHOLE: dict[str, Callable[[], Template]] = {
    "era-v1": six_rates, "wild": diverging, "linear": linear
}  # fmt: skip
SHORT = [name for name in built_in() if name not in ("xor", *WHOLE)]


@pytest.mark.parametrize("name", ["xor", *SHORT, *WHOLE])
def test_every_sheet_is_right_at_first_glance_and_on_paper(
    name: str,
    short_book: Callable[[str], Built],
    built_once: Callable[[str, Template], Built],
) -> None:
    book = built_once(f"whole {name}", WHOLE[name]()) if name in WHOLE else short_book(name)
    assert list(problems(book.saved.path)) == []
