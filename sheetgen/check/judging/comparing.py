"""Compares what the tables of one workbook start from."""

from collections import Counter

from sheetgen.check.judging.findings import Finding
from sheetgen.check.tables.headers import family
from sheetgen.check.tables.table import Table


def compare_sheets(tables: list[Table]) -> tuple[Finding, ...]:
    """Return a finding for each sheet and symbol whose first number differs from the others'.

    Only inputs, targets and initial parameters are compared, of the first table of each sheet:
    learning rates are meant to differ. Where as many sheets hold one number as another, and there
    are more than two, they are two experiments, which is a remark.
    """
    first_of_sheet = {table.sheet: table for table in reversed(tables)}
    compared = [table for table in tables if first_of_sheet[table.sheet] is table]
    # Networks of another shape are other exercises.
    shapes = Counter(_shape(table) for table in compared)
    usual_shape = shapes.most_common(1)[0][0] if shapes else frozenset()
    compared = [table for table in compared if _shape(table) == usual_shape]
    findings: list[Finding] = []
    remarks: list[Finding] = []
    for symbol in dict.fromkeys(symbol for table in compared for symbol in table.columns):
        if family(symbol) in _STARTS:
            having = [table for table in compared if symbol in table.columns]
            found, is_remark = _compare(symbol, having)
            (remarks if is_remark else findings).extend(found)
    return (*findings, *remarks[:1])


_STARTS = ("i", "t", "w", "b", "b_h", "b_o")


def _shape(table: Table) -> frozenset[str]:
    return frozenset(symbol for symbol in table.columns if family(symbol) in ("w", "t", "i"))


def _compare(symbol: str, tables: list[Table]) -> tuple[list[Finding], bool]:
    """Return the findings on a symbol, and whether they are only remarks."""
    firsts = {table.sheet: table.contents(symbol)[0].number for table in tables}
    counted = Counter(value for value in firsts.values() if value is not None)
    if len(counted) < 2:
        return [], False
    (usual, most), (_, second) = counted.most_common(2)
    experiments = len(tables) > 2 and most == second
    others = next(sheet for sheet, value in firsts.items() if value == usual)
    where = "the other sheets" if most > 1 else repr(others)
    findings = [
        _finding(symbol, table, value, usual, where, experiments)
        for table in tables
        if (value := firsts[table.sheet]) is not None and abs(value - usual) > 1e-12 * abs(usual)
    ]
    return findings, experiments


def _finding(
    symbol: str, table: Table, value: float, usual: float, where: str, experiments: bool
) -> Finding:
    kind = "inputs-differ-between-groups" if experiments else "inputs-differ-between-sheets"
    return Finding(
        severity="remark" if experiments else "mistake",
        kind=kind,
        words=f"{symbol} begins with {value:g} here, but with {usual:g} on {where}",
        sheet=table.sheet,
        table=table.place,
        column=table.header(symbol),
        symbol=symbol,
        cell=table.cell(symbol, 0),
        value=value,
        expected_value=usual,
        cells=1,
    )
