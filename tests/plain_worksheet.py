"""A worksheet of XlsxWriter for files with many formulas that old programs know."""

from xlsxwriter.worksheet import Worksheet


class PlainWorksheet(Worksheet):  # type: ignore[misc]
    """Writes formulas as they are: XlsxWriter looks for thirty functions of new Excels in each."""

    def _prepare_formula(self, formula: str, _: bool = False) -> str:
        return formula.removeprefix("=")
