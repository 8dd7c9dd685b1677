"""Keeps colours and fonts that come from a workbook's theme, where another one has others.

A cell's style names a colour of the theme by its place there (ECMA-376 part 1, 18.8.3, 20.1.6.2).
"""

from dataclasses import dataclass

from lxml import etree

from sheetgen.spreadsheet.package_parts import local_name
from sheetgen.spreadsheet.package_workbook import Workbook

# In the order of their numbers, which is not that of the part.
_COLOURS = (
    "lt1", "dk1", "lt2", "dk2", "accent1", "accent2", "accent3", "accent4", "accent5", "accent6",
    "hlink", "folHlink",
)  # fmt: skip
_FONTS = ("major", "minor")


@dataclass(frozen=True)
class Theme:
    """The colours of a theme by their numbers, six hexadecimal digits each, and its fonts."""

    colours: dict[str, str]
    fonts: dict[str, str]

    @classmethod
    def of(cls, workbook: Workbook) -> "Theme":
        """Return the theme of a workbook, without anything if it has none."""
        link, colours, fonts = workbook.link("theme"), dict[str, str](), dict[str, str]()
        if link is None or link.part not in workbook.package:
            return cls(colours, fonts)
        root = workbook.package.tree(link.part)
        for number, name in enumerate(_COLOURS):
            for each in root.iterfind(f".//{{*}}clrScheme/{{*}}{name}/{{*}}*"):
                # A colour of the operating system says what it was when the file was saved.
                colours[str(number)] = str(each.get("lastClr") or each.get("val", "")).upper()
        for name in _FONTS:
            for each in root.iterfind(f".//{{*}}{name}Font/{{*}}latin"):
                fonts[name] = str(each.get("typeface", ""))
        return cls(colours, fonts)

    def spell_out(self, item: etree._Element, there: "Theme") -> None:
        """Give a style the colours of this theme as they are, if another theme has others."""
        for element in item.iter("{*}*"):
            number = element.get("theme")
            colour = self.colours.get(str(number))
            if colour and colour != there.colours.get(str(number)):
                del element.attrib["theme"]
                element.set("rgb", f"FF{colour}")
        for scheme in item.findall("{*}scheme"):
            font = self.fonts.get(str(scheme.get("val")))
            if local_name(item) == "font" and font != there.fonts.get(str(scheme.get("val"))):
                item.remove(scheme)
