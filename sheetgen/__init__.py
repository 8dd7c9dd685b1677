"""Neural networks as live spreadsheet formulas, verified cell by cell against NumPy."""

__version__ = "0.1.0"
