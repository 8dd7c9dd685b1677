"""Streams the parts of XlsxWriter's workbooks into the file, and writes charts' numbers at once.

XlsxWriter writes each part to a file of its own, all of which it then compresses, and each number
that a chart keeps by six calls. Here the parts are compressed while they are written. They are the
same, byte for byte. As for `FastWorksheet`, private methods are overridden for that, so
`new_workbook` returns a `FastWorkbook` only for the releases that the tests have compared.
To allow a release, add it to `SEEN_VERSIONS` and run the tests.
"""

from collections.abc import Sequence
from functools import partial
from io import BytesIO
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile

import xlsxwriter
from xlsxwriter.chart import Chart
from xlsxwriter.core import Core
from xlsxwriter.packager import Packager

from sheetgen.spreadsheet.formula_blocks import FastWorksheet
from sheetgen.spreadsheet.parsed_part import ParsedPart, Sums

SEEN_VERSIONS = ("3.3.1",)
LEVEL = 3
"""Of zlib: it takes less than half the time of its default, 6, for files a tenth larger."""
_POINTS = 4096  # of a chart that are written at one time


def new_workbook(file: BinaryIO, options: dict[str, Any]) -> xlsxwriter.Workbook:
    """Return a new workbook with XlsxWriter's options, a fast one if its release has been seen."""
    is_seen = xlsxwriter.__version__ in SEEN_VERSIONS
    return FastWorkbook(file, options) if is_seen else xlsxwriter.Workbook(file, options)


class FastWorkbook(xlsxwriter.Workbook):  # type: ignore[misc]
    """A workbook that writes the parts that the plain class would write, but far faster."""

    def __init__(self, file: BinaryIO, options: dict[str, Any] | None = None) -> None:
        super().__init__(BytesIO(), options)  # a zip file without parts
        self.worksheet_class = FastWorksheet
        self._file = file
        self.parsed: Sums = set()
        """Of the parts that have been written and are no bad XML."""

    def add_chart(self, options: dict[str, Any]) -> Chart:
        """Return a new chart."""
        chart = super().add_chart(options)
        chart._write_num_cache = partial(_write_num_cache, chart)
        return chart

    def _get_packager(self) -> "_Packager":
        return _Packager(self._file, self.parsed)


class _Packager(Packager):  # type: ignore[misc]
    """Writes each part into the zip file, and so has none to hand over when all are written."""

    filenames: list[tuple[BytesIO, str, bool]]

    def __init__(self, file: BinaryIO, parsed: Sums) -> None:
        super().__init__()
        self._file, self._parsed = file, parsed
        self._part: ParsedPart | None = None
        self._name = ""

    def _set_in_memory(self, in_memory: bool) -> None:  # noqa: ARG002
        self.in_memory = True  # no part is a file

    def _create_package(self) -> list[object]:
        with ZipFile(self._file, "w", ZIP_DEFLATED, compresslevel=LEVEL) as self._archive:
            try:
                super()._create_package()
            finally:
                self._end_part()
        return []

    def _filename(self, name: str) -> ParsedPart:
        """Begin a part; return what XlsxWriter takes for the place to write it to."""
        self._end_part()
        self._name, self._part = name, ParsedPart(name, self._archive.open(name, "w"))
        return self._part

    def _write_core_file(self) -> None:
        core = _Core()
        core._set_properties(self.workbook.doc_properties)
        core._set_xml_writer(self._filename("docProps/core.xml"))
        core._assemble_xml_file()

    def _end_part(self) -> None:
        if self._part and self._part.end():
            written = self._archive.getinfo(self._name)
            self._parsed.add((written.CRC, written.file_size))
        self._part = None
        for picture, name, _ in self.filenames:  # XlsxWriter adds them without a place to write to
            with self._archive.open(name, "w") as part:
                part.write(picture.getvalue())
        self.filenames.clear()


class _Core(Core):  # type: ignore[misc]
    """The properties of a workbook, with its "language" if it has one."""

    def _write_dc_title(self) -> None:
        super()._write_dc_title()
        if language := self.properties.get("language"):
            self._xml_data_element("dc:language", language)


def _write_num_cache(chart: Chart, data: Sequence[float | str | None] | None) -> None:
    """Write the numbers of a series; what is no number is 0, and what is missing is left out."""
    data = data or ()
    chart._xml_start_tag("c:numCache")
    chart._write_format_code("General")
    chart._write_pt_count(len(data))
    for first in range(0, len(data), _POINTS):
        part = data[first : first + _POINTS]
        values = part if set(map(type, part)) <= {float, int} else map(_number, part)
        points = [
            f'<c:pt idx="{place}"><c:v>{value}</c:v></c:pt>'
            for place, value in enumerate(values, first)
            if value is not None
        ]
        chart.fh.write("".join(points[:1]))
        getattr(chart.fh, "write_alike", chart.fh.write)("".join(points[1:]))
    chart._xml_end_tag("c:numCache")


def _number(value: float | str | None) -> float | str | None:
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return 0
    return value
