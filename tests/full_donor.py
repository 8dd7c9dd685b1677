"""Writes a workbook with a sheet that has one of everything, to be inserted elsewhere."""

import base64
from pathlib import Path

import xlsxwriter

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


def full_donor(folder: Path) -> Path:
    """Write a workbook whose second sheet, "Log", has one of everything, into a folder."""
    picture = folder / "pixel.png"
    picture.write_bytes(PIXEL)
    with xlsxwriter.Workbook(folder / "donor.xlsx") as book:
        first, log = book.add_worksheet("First"), book.add_worksheet("Log")
        first.write("A1", 7, book.add_format({"italic": True, "num_format": "0.0000"}))
        head = book.add_format(
            {"bold": True, "bg_color": "#FFCC00", "font_name": "Arial", "border": 1}
        )
        percent = book.add_format({"num_format": "0.000%", "align": "center"})
        log.set_column("A:A", 20, percent)
        log.set_row(1, 30, head)
        log.write_row("A1", ["epoch", "accuracy"], head)
        log.write_rich_string("C1", "∂E ", book.add_format({"bold": True}), "& <η>")
        for row, value in enumerate([0.5, 0.75, 0.9], start=1):
            log.write(row, 0, row)
            log.write(row, 1, value, percent)
        log.write_formula("B5", "=MAX(Log!B2:B4)", percent, 0.9)
        log.write_formula("C5", "=best+total+SUM(Epochs[n])", None, 5.4)
        log.write_formula("D5", "=First!A1", None, 7)
        log.merge_range("A6:B6", "merged", head)
        log.write_url("A7", "https://example.org/?a=1&b=2", string="a link")
        log.write_url("A8", "internal:Log!A1", string="up")
        log.write_comment("B4", "the best one")
        low = book.add_format({"bg_color": "#FF0000", "num_format": "0.00"})
        log.conditional_format(
            "B2:B4", {"type": "cell", "criteria": "<", "value": 0.6, "format": low}
        )
        log.conditional_format("B2:B4", {"type": "data_bar", "data_bar_2010": True})
        log.data_validation("A2:A4", {"validate": "list", "source": "=Log!$A$2:$A$4"})
        log.add_table("F1:F3", {"name": "Epochs", "columns": [{"header": "n"}]})
        log.write_column("F2", [1, 2])
        log.add_sparkline("H1", {"range": "Log!B2:B4"})
        log.insert_image("H3", picture, {"url": "internal:Log!B2"})
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=Log!$B$2:$B$4", "name": "=Log!$B$1"})
        log.insert_chart("J1", chart)
        log.insert_textbox("J20", "text", {"textlink": "=Log!$A$1"})
        log.print_area("A1:D5")
        book.define_name("Log!best", "=Log!$B$5")
        book.define_name("total", "=SUM(Log!$B$4:$B$4)+step")
        book.define_name("step", "=0.6")
        book.define_name("unused", "=First!$A$1")
    return folder / "donor.xlsx"
