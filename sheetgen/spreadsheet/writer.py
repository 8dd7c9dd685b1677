"""Writes canvases as an .xlsx file with XlsxWriter."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from io import SEEK_SET, BytesIO, FileIO
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from sheetgen.console import progress
from sheetgen.files.characters import (
    impossible_character,
    require_possible,
    without_impossible,
    without_noncharacters,
)
from sheetgen.files.leftovers import scratch_folder
from sheetgen.spreadsheet.address import quoted, range_address
from sheetgen.spreadsheet.block import Block
from sheetgen.spreadsheet.block_results import NOT_FINITE
from sheetgen.spreadsheet.canvas import AnyText, Canvas, Cell, HeatMap, Place, Value
from sheetgen.spreadsheet.charts import insert_chart
from sheetgen.spreadsheet.fast_workbook import FastWorkbook, new_workbook
from sheetgen.spreadsheet.formula_blocks import FastWorksheet, write_block
from sheetgen.spreadsheet.header_names import header_names
from sheetgen.spreadsheet.paper import MARGINS, areas, pages
from sheetgen.spreadsheet.parsed_part import Sums
from sheetgen.spreadsheet.style import (
    FAIL_FORMAT,
    FONT,
    LARGE,
    LARGE_FORMAT,
    LONG,
    LONG_FORMAT,
    PASS_FORMAT,
    Style,
)

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

A4 = 9
PROPERTIES = {"author": "sheetgen", "language": "en", "comments": "Made by sheetgen."}
WHOLE_SHEET = "A1:XFD1048576"
BAR = {
    "type": "data_bar",
    "bar_solid": True,
    "min_type": "num",
    "min_value": 0,
    "max_type": "num",
    "max_value": 1,
}


def write_workbook(canvases: Sequence[Canvas], path: Path, title: str) -> Sums:
    """Write the sheets to a new file at `path`; return which parts need not be parsed again.

    Raises OSError when writing fails.
    """
    with scratch_folder() as scratch, _ErrorKeepingFile(path, "w") as file:
        options = {
            "tmpdir": scratch,
            "default_format_properties": {"font_name": FONT, "font_size": 10},
        }
        workbook = new_workbook(file, options)
        workbook.set_properties({**PROPERTIES, "title": title})
        writer = _Writer(workbook)
        require_possible(title, "the title of the workbook")
        for canvas in progress.counted(canvases, "preparing the sheets"):
            _require_possible_texts(canvas)
            writer.sheet(canvas)
        try:
            with progress.step("writing rows", writer.rows) as advance:
                writer.report_rows(advance)
                workbook.close()
        except FileCreateError as error:  # of the parts in the scratch folder
            raise error.args[0] from None
        if file.error:
            raise file.error
        return workbook.parsed if isinstance(workbook, FastWorkbook) else set()


class _ErrorKeepingFile(FileIO):
    """A file that keeps its first error for later, and from then on only seems to be written.

    XlsxWriter leaves its zip file open when something fails or is interrupted, and Python
    prints a traceback if cleaning that up fails in turn. So the zip file is not told, and
    whoever opened this file checks `error`.
    """

    error: OSError | None = None
    place = 0
    """Where a file that is closed seems to be: sizes are differences of places."""

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write all of the data, unless something has failed before."""
        rest = memoryview(data).cast("B")
        size = len(rest)
        try:
            while rest and not self.error and not self.closed:
                rest = rest[super().write(rest) :]
        except OSError as error:
            self.error = error
        self.place += size
        return size

    def seek(self, offset: int, whence: int = SEEK_SET, /) -> int:
        """Move as any file does; once it is closed, only seem to."""
        self.place = offset if self.closed else super().seek(offset, whence)
        return self.place

    def tell(self) -> int:
        """Return the place."""
        return self.place if self.closed else super().tell()

    def flush(self) -> None:
        """Do nothing: each write goes to the system by itself."""


class _Writer:
    """Holds the cell formats, which cells of equal style share."""

    def __init__(self, workbook: Workbook) -> None:
        self.workbook = workbook
        self.formats: dict[Style, Format] = {}
        self.latest: tuple[Style | None, Format | None] = None, None
        self.good = workbook.add_format(PASS_FORMAT)
        self.bad = workbook.add_format(FAIL_FORMAT)
        self.shortened = tuple(
            (limit, workbook.add_format(how))
            for limit, how in ((LARGE, LARGE_FORMAT), (LONG, LONG_FORMAT))
        )

    @property
    def rows(self) -> int:
        """The rows that closing the workbook writes, as far as they are reported."""
        return sum(each.row_count for each in self._fast_worksheets())

    def report_rows(self, advance: Callable[[float], None]) -> None:
        """Let each row that is written be reported as done."""
        for worksheet in self._fast_worksheets():
            worksheet.advance = advance

    def _fast_worksheets(self) -> list[FastWorksheet]:
        every = self.workbook.worksheets()
        return [each for each in every if isinstance(each, FastWorksheet)]

    def format(self, style: Style) -> Format:
        if style is self.latest[0]:  # as most are, and a style is slow to look up
            return self.latest[1]
        found = self.formats.get(style)
        if found is None:
            found = self.formats[style] = self.workbook.add_format(style.properties())
        self.latest = style, found
        return found

    def sheet(self, canvas: Canvas) -> None:
        worksheet = self.workbook.add_worksheet(canvas.name)
        self._view(worksheet, canvas)
        self._page(worksheet, canvas)
        for first_row, first_column, last_row, last_column in canvas.merges:
            if (first_row, first_column) != (last_row, last_column):  # one cell is whole already
                style = self.format(canvas.cells[first_row, first_column].style)
                worksheet.merge_range(first_row, first_column, last_row, last_column, "", style)
        for (row, column), cell in canvas.cells.items():
            self._cell(worksheet, row, column, cell, canvas.links.get((row, column)))
        for each in canvas.blocks:
            formats = tuple(map(self.format, each.formats))
            block = Block(each.first_row, each.first_column, each.formulas, each.values, formats)
            write_block(worksheet, block)
        self._extras(worksheet, canvas)
        number = len(self.workbook.worksheets())
        for name, address in (canvas.names | header_names(canvas, number)).items():
            self.workbook.define_name(name, f"={address}")
        for chart in canvas.charts:
            insert_chart(self.workbook, worksheet, chart)
        for picture in canvas.pictures:
            options = {
                "image_data": BytesIO(picture.data),
                "x_scale": picture.scale,
                "y_scale": picture.scale,
                "x_offset": 4,
                "y_offset": 4,
                "description": without_impossible(picture.description),
            }
            worksheet.insert_image(picture.row, picture.column, "picture.png", options)

    def _cell(
        self, worksheet: Worksheet, row: int, column: int, cell: Cell, link: str | None
    ) -> None:
        style = self.format(cell.style)
        if cell.formula is not None:
            worksheet.write_formula(row, column, cell.formula, style, _cached(cell.value))
        elif link is not None:
            worksheet.write_url(row, column, link, style, str(cell.value))
        elif cell.value == "":
            worksheet.write_blank(row, column, None, style)
        elif isinstance(cell.value, str):
            worksheet.write_string(row, column, cell.value, style)
        else:
            worksheet.write_number(row, column, cell.value, style)

    def _view(self, worksheet: Worksheet, canvas: Canvas) -> None:
        if canvas.tab_colour:
            worksheet.set_tab_color(canvas.tab_colour)
        if canvas.hidden:
            worksheet.hide()
        if canvas.very_hidden:
            worksheet.very_hidden()
        if not canvas.gridlines:
            worksheet.hide_gridlines(2)
        if canvas.freeze:
            worksheet.freeze_panes(*canvas.freeze)
        if canvas.protected:
            worksheet.protect("", {"format_columns": True, "format_rows": True})
        worksheet.set_zoom(canvas.zoom)
        for column, width in canvas.widths.items():
            worksheet.set_column(column, column, width, None, _outlined(canvas, column))
        if canvas.outline:  # whose buttons are where the columns fold to
            worksheet.outline_settings(symbols_right=False)
        for row, height in canvas.heights.items():
            worksheet.set_row(row, height)

    def _page(self, worksheet: Worksheet, canvas: Canvas) -> None:
        divided = pages(canvas)
        if not divided.portrait:
            worksheet.set_landscape()
        worksheet.set_paper(A4)
        worksheet.set_margins(*MARGINS)
        worksheet.set_footer("&L&A&RPage &P of &N", {"scale_with_doc": False})
        worksheet.set_print_scale(divided.scale)
        worksheet.set_h_pagebreaks(list(divided.rows))
        worksheet.set_v_pagebreaks(list(divided.columns))
        if canvas.repeat_rows:
            worksheet.repeat_rows(*canvas.repeat_rows)
        if canvas.repeat_columns:
            worksheet.repeat_columns(*canvas.repeat_columns)
        if canvas.print_area:
            worksheet.print_area(*canvas.print_area)
        if found := areas(canvas, divided):
            ranges = (f"{quoted(canvas.name)}!{range_address(*each)}" for each in found)
            worksheet.print_area_range = ",".join(ranges)

    def _extras(self, worksheet: Worksheet, canvas: Canvas) -> None:
        for (row, column), text in canvas.notes.items():
            scale = 1.2 + len(text) / 60
            note = {"font_name": FONT, "font_size": 9, "author": "", "x_scale": min(scale, 3.5)}
            worksheet.write_comment(row, column, text, note)
        for place, options in _joined(canvas.validations):
            worksheet.data_validation(*place, options)
        for place in canvas.verdicts:
            for text, colours in (("PASS", self.good), ("FAIL", self.bad)):
                rule = {"type": "cell", "criteria": "==", "value": f'"{text}"', "format": colours}
                worksheet.conditional_format(*place, rule)
        for heat_map in canvas.heat_maps:
            worksheet.conditional_format(*heat_map.place, _colour_scale(heat_map))
        for place, colour in canvas.bars:
            worksheet.conditional_format(*place, {**BAR, "bar_color": colour})
        for each in canvas.rules:
            highlight = self.workbook.add_format(each.properties)
            rule = {"type": "formula", "criteria": each.formula, "format": highlight}
            worksheet.conditional_format(*each.place, rule)
        for place in canvas.numbers:
            for limit, how in self.shortened:
                rule = {"type": "cell", "criteria": "not between", "format": how}
                limits = {"minimum": -limit, "maximum": limit}
                worksheet.conditional_format(*place, {**rule, **limits})
        # The first row of a table starts the training and so differs from the rows below it.
        worksheet.ignore_errors({"formula_differs": WHOLE_SHEET})


def _outlined(canvas: Canvas, column: int) -> dict[str, int]:
    """Return XlsxWriter's options of a column that can be folded, or that others fold into."""
    if column in canvas.outline:
        return {"level": canvas.outline[column], "hidden": int(canvas.folded)}
    return {"collapsed": 1} if canvas.folded and column + 1 in canvas.outline else {}


def _joined(
    validations: Mapping[tuple[int, int], dict[str, Any]],
) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield ranges with their validation: cells below each other that have the same share one.

    Excel takes a sheet with more than 65,534 validations for damaged.
    """
    first, last, former = (-1, -1), (-1, -1), dict[str, Any]()
    for place, options in validations.items():
        if place == (last[0] + 1, last[1]) and options == former:
            last = place
            continue
        if former:
            yield (*first, *last), former
        first, last, former = place, place, options
    if former:
        yield (*first, *last), former


def _require_possible_texts(canvas: Canvas) -> None:
    """Raise InputError, naming the cell, if a workbook cannot hold a text of a sheet.

    XlsxWriter writes a control character of a constant as Excel does, "_x0007_"; elsewhere it
    would write it as it is.
    """
    require_possible(canvas.name, f"the name of the sheet {canvas.name!r}")
    for place, cell in canvas.cells.items():
        value = cell.value if isinstance(cell.value, str) else ""
        if cell.formula is None and without_noncharacters(value) == value:
            continue
        for text in (value, cell.formula or ""):
            if impossible_character(text):
                require_possible(text, canvas.absolute(*place))
    for place, text in canvas.notes.items():
        require_possible(text, canvas.absolute(*place))


def _colour_scale(heat_map: HeatMap) -> dict[str, object]:
    """Return XlsxWriter's options of a colour scale."""
    ends = ("min", "mid", "max") if len(heat_map.colours) == 3 else ("min", "max")
    options: dict[str, object] = {"type": f"{len(ends)}_color_scale"}
    options |= {f"{end}_color": colour for end, colour in zip(ends, heat_map.colours, strict=True)}
    if heat_map.limits:
        for end, limit in zip(ends, heat_map.limits, strict=True):
            kind = "formula" if isinstance(limit, str) else "num"
            options |= {f"{end}_type": kind, f"{end}_value": limit}
    return options


def _cached(value: Value) -> Value:
    """Return a formula's value as a file can hold it: neither inf nor nan is a number there."""
    if isinstance(value, AnyText):
        return ""
    return NOT_FINITE if isinstance(value, float) and not isfinite(value) else value
