"""Workbooks that name places outside of themselves, and ways to notice who goes there."""

import ctypes
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from zipfile import ZipFile

from conftest import put

RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PICTURE = """<xdr:oneCellAnchor><xdr:from><xdr:col>1</xdr:col><xdr:colOff>0</xdr:colOff>
<xdr:row>1</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:from><xdr:ext cx="952500" cy="952500"/>
<xdr:pic><xdr:nvPicPr><xdr:cNvPr id="{0}" name="{1}"/><xdr:cNvPicPr/></xdr:nvPicPr><xdr:blipFill>
<a:blip xmlns:r="{2}" {3}/><a:stretch><a:fillRect/></a:stretch></xdr:blipFill><xdr:spPr>
<a:xfrm><a:off x="0" y="0"/><a:ext cx="952500" cy="952500"/></a:xfrm>
<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></xdr:spPr></xdr:pic><xdr:clientData/>
</xdr:oneCellAnchor>"""
VECTORS = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
width="50" height="50"><image xlink:href="{0}vector.png" width="50" height="50"/></svg>"""
NAMESPACES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "svg": "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0",
    "of": "urn:oasis:names:tc:opendocument:xmlns:of:1.2",
    "xlink": "http://www.w3.org/1999/xlink",
}
FLAT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document {namespaces} office:version="1.3"
 office:mimetype="application/vnd.oasis.opendocument.spreadsheet">
<office:styles><draw:fill-image draw:name="fill" xlink:href="{base}fill.png"/></office:styles>
<office:automatic-styles><style:style style:name="filled" style:family="graphic">
<style:graphic-properties draw:fill="bitmap" draw:fill-image-name="fill"/></style:style>
<style:page-layout style:name="page"><style:page-layout-properties>
<style:background-image xlink:href="{base}background.png"/></style:page-layout-properties>
</style:page-layout></office:automatic-styles>
<office:master-styles><style:master-page style:name="Default" style:page-layout-name="page"/>
</office:master-styles>
<office:body><office:spreadsheet><table:table table:name="S"><table:shapes>
<draw:frame svg:width="3cm" svg:height="3cm"><draw:image xlink:href="{base}picture.png"/>
</draw:frame><draw:frame svg:width="3cm" svg:height="3cm">
<draw:object-ole xlink:href="{base}object.bin"/></draw:frame>
<draw:frame svg:width="3cm" svg:height="3cm"><draw:object xlink:href="{base}book.xlsx"/>
</draw:frame>
<draw:rect draw:style-name="filled" svg:width="3cm" svg:height="3cm"/></table:shapes>
<table:table-row><table:table-cell office:value-type="float" office:value="1"/>
<table:table-cell table:formula="of:=WEBSERVICE(&quot;{base}service&quot;)"/>
<table:table-cell table:formula="of:='{base}book.xlsx'#$S.A1"/>
<table:table-cell table:formula="of:=INDIRECT(&quot;'{base}book.xlsx'#$S.A1&quot;)"/>
</table:table-row><table:table-row><table:table-cell>
<table:cell-range-source table:name="S" xlink:href="{base}range.xlsx"
 table:filter-name="Calc MS Excel 2007 XML" table:last-column-spanned="1"
 table:last-row-spanned="1"/></table:table-cell></table:table-row></table:table>
<table:table table:name="L"><table:table-source xlink:href="{base}sheet.xlsx" table:table-name="S"
 table:filter-name="Calc MS Excel 2007 XML"/><table:table-row><table:table-cell/></table:table-row>
</table:table></office:spreadsheet></office:body></office:document>"""


@contextmanager
def server() -> Iterator[tuple[str, list[str]]]:
    """Listen on the loopback; yields the address, and the list of requests as they come."""
    seen: list[str] = []

    class Noticing(BaseHTTPRequestHandler):
        def notice(self) -> None:
            seen.append(f"{self.command} {self.path}")
            self.send_error(404)

        do_GET = do_HEAD = do_OPTIONS = do_PROPFIND = do_CONNECT = notice  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Noticing) as listening:
        thread = Thread(target=listening.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.server_port}/", seen
        finally:
            listening.shutdown()
            thread.join()


class Watch:
    """Notices which files of a folder any process opens (Linux)."""

    def __init__(self, folder: Path) -> None:
        self._library, opening = ctypes.CDLL(None), 0x20
        self._descriptor = self._library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self._library.inotify_add_watch(self._descriptor, os.fsencode(folder), opening)

    def opened(self) -> set[str]:
        """The names of the files that were opened; the watch ends."""
        try:
            data = os.read(self._descriptor, 1 << 20)
        except BlockingIOError:
            data = b""
        os.close(self._descriptor)
        found = set()
        while data:
            *_, length = struct.unpack_from("iIII", data)
            found.add(data[16 : 16 + length].rstrip(b"\0").decode())
            data = data[16 + length :]
        return found - {""}


def bait(folder: Path) -> str:
    """Put the files that the workbooks name into a folder, and return its address."""
    folder.mkdir()
    for name in ("picture", "vector", "fill", "background", "fods-img"):
        (folder / f"{name}.png").write_bytes(_dot())
    for name in ("object.bin", "ole.bin", "book.xlsx", "range.xlsx", "sheet.xlsx", "service"):
        (folder / name).write_bytes(b"a,b\n1,2\n")
    return f"{folder.resolve().as_uri()}/"


def _dot() -> bytes:
    """A picture of one red point."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0\xff\0\0")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


def flat(path: Path, base: str) -> Path:
    """Write an .fods file whose pictures, objects, sheets and formulas are at an address."""
    names = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in NAMESPACES.items())
    path.write_text(FLAT.format(namespaces=names, base=base))
    return path


def reaching(path: Path, base: str) -> Path:
    """Add to a workbook of ours what leads out of it, and return its path."""
    formulas = (
        f'=_xlfn.WEBSERVICE("{base}service")',
        "=[1]S!A1+0",
        f"=INDIRECT(\"'{base}book.xlsx'#$S.A1\")",
        f"='{base}[book.xlsx]S'!A1",
        f'=HYPERLINK("{base}hyperlink","click")',
    )
    for row, formula in enumerate(formulas, 500):
        put(path, "lr 0.1", f"A{row}", formula)
    with ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    outside = ' TargetMode="External"'
    links = [
        (f'<Relationship Id="out1" Type="{RELATIONS}/image" Target="{base}picture.png"', outside),
        (f'<Relationship Id="out2" Type="{RELATIONS}/hyperlink" Target="{base}fill.png"', outside),
        (f'<Relationship Id="out3" Type="{RELATIONS}/image" Target="../media/lines.svg"', ""),
    ]
    parts["xl/media/lines.svg"] = VECTORS.format(base).encode()
    blips = ('r:link="out1"', 'r:link="out2"', 'r:embed="out3"')
    pictures = "".join(
        PICTURE.format(900 + number, f"picture {number}", RELATIONS, blip)
        for number, blip in enumerate(blips)
    )
    drawing = "xl/drawings/drawing1.xml"
    _insert(parts, drawing, "</xdr:wsDr>", pictures)
    _insert(parts, "xl/drawings/_rels/drawing1.xml.rels", "</Relationships>", _elements(links))
    book = f'<externalBook xmlns:r="{RELATIONS}" r:id="out"><sheetNames><sheetName val="S"/>'
    book += "</sheetNames></externalBook>"
    ole = f'<oleLink xmlns:r="{RELATIONS}" r:id="out" progId="Excel.Sheet.12"><oleItems>'
    ole += '<oleItem name="\'" advise="1" preferPic="1"/></oleItems></oleLink>'
    for number, (content, target) in enumerate([(book, "book.xlsx"), (ole, "object.bin")], 1):
        _add_link(parts, number, content, f"{base}{target}")
    references = "".join(f'<externalReference r:id="link{number}"/>' for number in (1, 2))
    whole = f"<externalReferences>{references}</externalReferences>"
    text = parts["xl/workbook.xml"].decode().replace("</sheets>", f"</sheets>{whole}")
    parts["xl/workbook.xml"] = text.encode()
    vectors = '<Default Extension="svg" ContentType="image/svg+xml"/>'
    _insert(parts, "[Content_Types].xml", "</Types>", vectors)
    with ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def _add_link(parts: dict[str, bytes], number: int, content: str, target: str) -> None:
    name = f"externalLinks/externalLink{number}.xml"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.externalLink+xml"
    parts[f"xl/{name}"] = f'<externalLink xmlns="{MAIN}">{content}</externalLink>'.encode()
    link = f'<Relationship Id="out" Type="{RELATIONS}/externalLinkPath" Target="{target}"'
    parts[f"xl/externalLinks/_rels/externalLink{number}.xml.rels"] = (
        f'<Relationships xmlns="{PACKAGE}">{link} TargetMode="External"/></Relationships>'
    ).encode()
    own = f'<Relationship Id="link{number}" Type="{RELATIONS}/externalLink" Target="{name}"/>'
    _insert(parts, "xl/_rels/workbook.xml.rels", "</Relationships>", own)
    override = f'<Override PartName="/xl/{name}" ContentType="{kind}"/>'
    _insert(parts, "[Content_Types].xml", "</Types>", override)


def _elements(links: list[tuple[str, str]]) -> str:
    return "".join(f"{start}{mode}/>" for start, mode in links)


def _insert(parts: dict[str, bytes], part: str, before: str, text: str) -> None:
    whole = parts[part].decode()
    assert before in whole
    parts[part] = whole.replace(before, text + before).encode()
