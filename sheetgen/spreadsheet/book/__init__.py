"""A workbook in Python: its cells by their names, set, recalculated and saved without a loss."""

from sheetgen.spreadsheet.book.book import Book, open_workbook

__all__ = ["Book", "open_workbook"]
