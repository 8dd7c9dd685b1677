"""The sheet `Inputs` of a network that takes in a row of features: a line for each of them."""

from dataclasses import dataclass, replace

from cnn.export.described_numbers import Quantities
from cnn.export.sheets.answer import CONSTANT, GIVEN, LETTER, UNIT, WIDEST, Answer, shorten_any
from cnn.export.sheets.export_style import CASES, INPUTS, counted, shorten, width_of, write_links
from cnn.export.sheets.layout import CHOICE, InputPlaces, SamplePlaces
from cnn.export.sheets.one_activation import closer_sheets
from cnn.export.sheets.subject import Subject
from sheetgen.spreadsheet.address import cell_address, indexed, range_address, relative_address
from sheetgen.spreadsheet.canvas import WHOLE_NUMBER, Canvas, Place, Rule
from sheetgen.spreadsheet.style import (
    FAIL_FORMAT,
    INPUT,
    KINDS,
    LABEL,
    LINE,
    MUTED,
    NOTE,
    SUBTITLE,
    WARNING,
    Style,
    header,
)

LEFT = 1
CHOICE_ROW, TROUBLE_ROW, HEAD = 3, 4, 6
FIRST = HEAD + 1
MARGIN, GAP = 14, 18  # pixels
NAME, NUMBER, UNIT_WIDTH, END, REMARK = 110, 90, 56, 64, 136
TYPED = replace(INPUT, align="right")
IN_USE = Style(align="right", border=LINE)
RANGE = Style(colour=MUTED, align="right", border=LINE)
FEATURE = Style(bold=True, border=LINE, indent=1)
REMARKED = Style(colour="#B45309")
UNUSUAL = {"bg_color": "#FDE68A", "bold": True}
FILL_IN = "Fill in what is marked red: a number for each."
CHOOSE = "Correct what has a remark: a number for each."
WHOLE = "whole, 0 to "
"""The beginning of the remark on a number that chooses nothing from a table."""
ANY: dict[str, object] = {
    "validate": "decimal",
    "criteria": "between",
    "minimum": -1e300,
    "maximum": 1e300,
    "error_title": "A number, please",
    "error_message": "Type a number.",
}
SEEN_NUMBERS = {99.9995: "0.0", 99999.5: "0E+00"}


@dataclass(frozen=True)
class FeatureTable:
    """The columns of the table; `canvas` is the sheet to draw it on."""

    canvas: Canvas
    subject: Subject

    @property
    def known(self) -> Quantities:
        """What is known of the numbers."""
        return self.subject.quantities

    @property
    def count(self) -> int:
        """The number of features."""
        return len(self.known.features)

    @property
    def has_samples(self) -> bool:
        """Whether there are samples to choose from."""
        return len(self.subject.samples) > 0

    @property
    def typed(self) -> int:
        """The column of the values that the user types."""
        return LEFT + 1

    @property
    def used(self) -> int:
        """The column of the values in use: those, or a sample's."""
        return self.typed + self.has_samples

    @property
    def unit(self) -> int:
        """The column of the units."""
        return self.used + 1

    @property
    def has_units(self) -> bool:
        """Whether any feature has a unit."""
        return any(each.unit for each in self.known.features)

    @property
    def ends(self) -> int:
        """The first of the columns with the range in training, if it is known."""
        return self.unit + self.has_units

    @property
    def remark(self) -> int:
        """The column of what is unusual about a value."""
        return self.ends + 2 * self.known.have_ranges

    @property
    def answer(self) -> int:
        """The first of the columns of the answer."""
        return self.remark + 2

    @property
    def scaling(self) -> int:
        """The first of the columns of how the values are scaled."""
        return self.answer + (4 if self.known.outputs else 0)

    @property
    def seen(self) -> int:
        """The column of the numbers that the network takes in."""
        return self.scaling + 2 * (self.subject.network.input.scaling is not None)

    @property
    def output_scaling(self) -> int:
        """The first of the columns of how the outputs get their units."""
        return self.seen + 2

    def constants(self, at: int) -> tuple[str, ...]:
        """Return the addresses of what is subtracted from a feature, and of what divides it."""
        return self._pair(FIRST + at, self.scaling)

    def output_constants(self, at: int) -> tuple[str, ...]:
        """Return the addresses of what an output is multiplied with, and of what is added."""
        return self._pair(FIRST + at, self.output_scaling + 1)

    @staticmethod
    def _pair(row: int, column: int) -> tuple[str, ...]:
        return tuple(f"{INPUTS}!{cell_address(row, column + side)}" for side in range(2))

    def column(self, column: int) -> Place:
        """Return the place of a column of the table."""
        return FIRST, column, FIRST + self.count - 1, column


def features_sheet(subject: Subject) -> tuple[Canvas, InputPlaces]:
    """Draw the sheet; return it with the positions of the input's cells."""
    canvas = Canvas(INPUTS, freeze=(FIRST, 0), tab_colour=KINDS["input"].strong)
    sheet = FeatureTable(canvas, subject)
    places = InputPlaces(
        INPUTS,
        pixels=(FIRST, sheet.seen),
        drawing=(FIRST, sheet.typed),
        choice=(CHOICE_ROW, sheet.typed) if sheet.has_samples else None,
        step=1,
    )
    canvas.repeat_rows = HEAD, HEAD
    _widths(sheet)
    canvas.heights[0] = 30
    canvas.title(subject.title, LEFT, margin=1)
    canvas.write(1, LEFT, _about(subject), SUBTITLE)
    cases = [CASES] if subject.cases else []
    write_links(canvas, 2, LEFT, [*cases, "Layers", *closer_sheets(subject), "Network", "Weights"])
    _choice(sheet, places)
    _headers(sheet)
    for at in range(sheet.count):
        _feature(sheet, places, at)
    _mark(sheet)
    trouble = cell_address(TROUBLE_ROW, LEFT)
    Answer(canvas, subject, HEAD, sheet.answer, trouble, sheet.output_scaling).draw()
    return canvas, places


def _about(subject: Subject) -> str:
    features, outputs = len(subject.quantities.features), len(subject.quantities.outputs)
    one, many = ("class", "classes") if subject.quantities.are_shares else ("value", "values")
    known = "1 value in" if features == 1 else f"{features} values in"
    if not outputs:
        return f"Type values: {known}, every number after them is a live formula"
    known += f", {outputs} {one if outputs == 1 else many} out"
    return f"Type values on the left, read the answer on the right: {known}, all by live formulas"


def _widths(sheet: FeatureTable) -> None:
    longest = max(len(each.name) for each in sheet.known.features) * LETTER + 24
    pixels = {
        0: MARGIN,
        LEFT: max(NAME, min(WIDEST, longest)),
        sheet.typed: NUMBER,
        sheet.used: NUMBER,
        **({sheet.unit: UNIT_WIDTH} if sheet.has_units else {}),
        sheet.remark: REMARK,
        sheet.remark + 1: GAP,
        sheet.scaling - 1: GAP,
        sheet.seen: NUMBER + 40,
        sheet.seen + 1: GAP,
    }
    for column in range(sheet.ends, sheet.remark):
        pixels[column] = END
    for column in range(sheet.scaling, sheet.seen):
        pixels[column] = NUMBER - 10
    sheet.canvas.widths |= {column: width_of(width) for column, width in pixels.items()}


def _choice(sheet: FeatureTable, places: InputPlaces) -> None:
    """Write the cell that chooses a sample, and the text on what is missing below."""
    canvas, samples = sheet.canvas, sheet.subject.samples
    if places.choice:
        canvas.write(CHOICE_ROW, LEFT, "sample", LABEL)
        canvas.count(*places.choice, CHOICE, sheet.subject.choice, 0, len(samples))
        text = f"0: your own, {counted(len(samples))}: from Samples"
        canvas.write(CHOICE_ROW, sheet.typed + 1, text, NOTE)
    numbers = range_address(*sheet.column(sheet.used))
    complete, text = f"COUNT({numbers})={sheet.count}", FILL_IN
    if sheet.subject.network.choices is not None:
        remarks = range_address(*sheet.column(sheet.remark))
        complete, text = f'AND({complete},COUNTIF({remarks},"{WHOLE}*")=0)', CHOOSE
    formula = f'=IF({complete},"","{text}")'
    canvas.calculate(TROUBLE_ROW, LEFT, formula, "", WARNING)


def _headers(sheet: FeatureTable) -> None:
    canvas = sheet.canvas
    titles = {LEFT: "feature", sheet.typed: "your value"}
    if sheet.has_units:
        titles[sheet.unit] = "unit"
    if sheet.has_samples:
        titles[sheet.used] = "value in use"
    if sheet.known.have_ranges:
        canvas.write(HEAD - 1, sheet.ends, "seen in training", LABEL)
        titles |= {sheet.ends: "from", sheet.ends + 1: "to"}
    titles[sheet.remark] = "remark"
    for column, title in titles.items():
        canvas.write(HEAD, column, title, header("input"))
    behind = {sheet.seen: "the network takes in"}
    if sheet.seen > sheet.scaling:
        behind |= {sheet.scaling: "minus", sheet.scaling + 1: "divided by"}
        canvas.write(HEAD - 1, sheet.scaling, "How your values are scaled", LABEL)
    for column, title in behind.items():
        canvas.write(HEAD, column, title, header("helper"))


def _feature(sheet: FeatureTable, places: InputPlaces, at: int) -> None:
    canvas, subject, feature = sheet.canvas, sheet.subject, sheet.known.features[at]
    row, value = FIRST + at, float(subject.shown[at, 0, 0])
    canvas.write(row, LEFT, feature.name, FEATURE)
    canvas.write(row, sheet.typed, 0.0 if subject.choice else value, TYPED)
    most = _most(sheet, at)
    canvas.validations[row, sheet.typed] = ANY if most is None else whole_number(most)
    used = relative_address(row, sheet.used)
    if places.choice:
        own, choice = relative_address(row, sheet.typed), cell_address(*places.choice)
        samples = SamplePlaces(len(subject.samples), subject.network.input.output)
        sample = indexed(samples.column(at, 0, 0), choice)
        formula = f'=IF({choice}=0,IF({own}="","",{own}),{sample})'
        canvas.calculate(row, sheet.used, formula, value, IN_USE)
    if sheet.has_units:
        canvas.write(row, sheet.unit, feature.unit, UNIT)
    if sheet.known.have_ranges:
        for column, end in enumerate((feature.least, feature.greatest), start=sheet.ends):
            canvas.write(row, column, "" if end is None else end, RANGE)
    _remark(sheet, row, at, value)
    scaling, number, seen = subject.network.input.scaling, value, used
    if scaling is not None:
        subtracted, divided = scaling.subtracted[at], scaling.divided[at]
        canvas.write(row, sheet.scaling, subtracted, CONSTANT)
        canvas.write(row, sheet.scaling + 1, divided, CONSTANT)
        minus, over = (relative_address(row, sheet.scaling + side) for side in range(2))
        seen, number = f"({used}-{minus})/{over}", (value - subtracted) / divided
    known = f"ISNUMBER({used})" if most is None else _is_whole(used, most)
    canvas.calculate(row, sheet.seen, f"=IF({known},{seen},0)", number, GIVEN)


def _most(sheet: FeatureTable, at: int) -> int | None:
    """Return the largest of the whole numbers from 0 that a feature may be; None for any number."""
    choices = sheet.subject.network.choices
    count = 0 if choices is None else int(choices[at, 0, 0])
    return count - 1 if count else None


def whole_number(most: int) -> dict[str, object]:
    """Return the validation of a whole number from 0."""
    message = f"Type a whole number from 0 to {most:,}."
    limits = {"criteria": "between", "minimum": 0, "maximum": most, "error_message": message}
    return {**WHOLE_NUMBER, **limits}


def _is_whole(cell: str, most: int) -> str:
    """Return the expression of whether a cell has a whole number that chooses something."""
    return f"IF(ISNUMBER({cell}),AND({cell}=INT({cell}),{cell}>=0,{cell}<={most}),FALSE())"


def _remark(sheet: FeatureTable, row: int, at: int, value: float) -> None:
    """Write what is unusual about a value: none, a text, or one unlike those of the training."""
    feature, used = sheet.known.features[at], relative_address(row, sheet.used)
    usual, text = '""', ""
    if feature.least is not None and feature.greatest is not None:
        least, greatest = (relative_address(row, sheet.ends + side) for side in range(2))
        less, more = "less than in training", "more than in training"
        usual = f'IF({used}<{least},"{less}",IF({used}>{greatest},"{more}",""))'
        text = less if value < feature.least else more if value > feature.greatest else ""
    most = _most(sheet, at)
    if most is not None:
        usual, text = f'IF({_is_whole(used, most)},"","{WHOLE}{most}")', ""
    formula = f'=IF(ISNUMBER({used}),{usual},IF({used}="","missing","not a number"))'
    sheet.canvas.calculate(row, sheet.remark, formula, text, REMARKED)


def _mark(sheet: FeatureTable) -> None:
    """Colour what is no number, and what is beyond the range in training."""
    canvas, used = sheet.canvas, relative_address(FIRST, sheet.used)
    place = sheet.column(sheet.used)
    canvas.rules.append(Rule(place, f"=NOT(ISNUMBER({used}))", dict(FAIL_FORMAT)))
    remark = relative_address(FIRST, sheet.remark)
    canvas.rules.append(Rule(place, f'={remark}<>""', dict(UNUSUAL)))
    if sheet.has_samples:
        choice = cell_address(CHOICE_ROW, sheet.typed)
        idle: dict[str, object] = {"font_color": MUTED, "bg_color": "#F3F4F6", "italic": True}
        canvas.rules.append(Rule(sheet.column(sheet.typed), f"={choice}<>0", idle))
    shorten(canvas, sheet.column(sheet.seen), SEEN_NUMBERS)
    if sheet.seen > sheet.scaling:
        shorten_any(canvas, (*place[:1], sheet.scaling, place[2], sheet.seen - 1))
