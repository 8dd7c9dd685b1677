"""Adds a DataFrame of pandas, with a chart, to a workbook that has charts, and loses none of it.

python examples/add_a_table.py

pandas itself would drop them: it loads a workbook with openpyxl to add a sheet to it.
"""

from pathlib import Path

import pandas

from sheetgen import Template, build_workbook, insert_sheets, open_workbook

PICTURE = "both.xlsx", "Results"


def main(folder: Path) -> None:
    """Build a workbook, write its errors as a DataFrame of another, and insert that one's sheet."""
    era = Template.load("era-v1").with_training(learning_rates=[0.5, 1])
    report = build_workbook(era, folder / "report.xlsx", force=True).saved.path
    book = open_workbook(report)
    rates = {"at 0.5": "lr 0.5", "at 1": "lr 1"}
    frame = pandas.DataFrame({name: book.table(sheet)["E_total"] for name, sheet in rates.items()})
    with pandas.ExcelWriter(folder / "results.xlsx", engine="xlsxwriter") as writer:
        frame.to_excel(writer, sheet_name="Results", index_label="iteration")
        sheet, last = writer.sheets["Results"], len(frame)
        sheet.conditional_format(1, 1, last, 2, {"type": "data_bar"})
        chart = writer.book.add_chart({"type": "line"})
        for column in (1, 2):
            values = ["Results", 1, column, last, column]
            chart.add_series({"name": ["Results", 0, column], "values": values})
        sheet.insert_chart("E2", chart)
    inserted = insert_sheets(
        folder / "results.xlsx", report, output=folder / "both.xlsx", force=True, check=True
    )
    counts, kept = inserted.sheets["Results"], inserted.kept
    print(f"Results has {counts['cell']} cells and {counts['chart']} chart; {kept}")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
