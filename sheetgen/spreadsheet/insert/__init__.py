"""Sheets of one workbook inserted into another, at the level of the files' parts."""

from sheetgen.spreadsheet.insert.insertion import insert_sheets

__all__ = ["insert_sheets"]
