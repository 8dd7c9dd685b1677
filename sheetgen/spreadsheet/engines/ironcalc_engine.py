"""IronCalc, the engine that is always there: a Rust library that runs inside this process."""

from pathlib import Path

from sheetgen.spreadsheet import reader
from sheetgen.spreadsheet.engines.engine import LibraryEngine, Values


class IronCalc(LibraryEngine):
    """Evaluates with the ironcalc package, in full double precision.

    IronCalc loads no cached results: a formula that it cannot evaluate is "#ERROR!" or "#NAME?".
    """

    name = "ironcalc"
    install = "pip install ironcalc"

    def recalculate(self, path: Path) -> Values:
        """Evaluate every formula from scratch; see Engine.recalculate."""
        self.require()
        import ironcalc  # noqa: PLC0415 - loaded only when used, as the other engines are

        values: Values = {sheet: {} for sheet in reader.sheet_names(path)}
        with self.failures(path):
            model = ironcalc.load_from_xlsx(str(path))
            model.evaluate()
            names = [sheet["name"] for sheet in model.get_worksheets_properties()]
            for sheet, row, column in model.get_all_cells():
                value = model.get_cell_value(sheet, row, column)
                values[names[sheet]][row - 1, column - 1] = value
        return values
