"""Sheets of one workbook inserted into another, at the level of the files' parts."""

from sheetgen.spreadsheet.insert.insertion import add_sheets

__all__ = ["add_sheets"]
