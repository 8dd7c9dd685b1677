"""The sheets that a training adds to a workbook."""
