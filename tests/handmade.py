"""A workbook written by hand, with what we know nothing about, in the odd ways that are allowed."""

import re
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
DRAW = "http://schemas.openxmlformats.org/drawingml/2006"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
THREADS = "http://schemas.microsoft.com/office/2017/10/relationships"


def rels(*links: tuple[str, str]) -> str:
    """Relationships with the identifiers rId1, rId2 …, each of a kind and to a target."""
    rows = ""
    for number, (kind, target) in enumerate(links, start=1):
        full = kind if "/" in kind else f"{LINKS}/{kind}"
        mode = ' TargetMode="External"' if target.startswith("http") else ""
        rows += f'<Relationship Id="rId{number}" Type="{full}" Target="{target}"{mode}/>'
    return f'<Relationships xmlns="{RELS}">{rows}</Relationships>'


def sheet(rows: str, rest: str = "") -> str:
    return (
        f'<worksheet xmlns="{MAIN}" xmlns:r="{LINKS}">'
        '<sheetViews><sheetView tabSelected="1" workbookViewId="0"/></sheetViews>'
        f"<sheetData>{rows}</sheetData>{rest}</worksheet>"
    )


def anchored(shapes: str) -> str:
    return (
        f'<xdr:wsDr xmlns:xdr="{DRAW}/spreadsheetDrawing" xmlns:a="{DRAW}/main">'
        "<xdr:twoCellAnchor><xdr:from><xdr:col>1</xdr:col><xdr:colOff>0</xdr:colOff>"
        "<xdr:row>1</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:from><xdr:to><xdr:col>3</xdr:col>"
        "<xdr:colOff>0</xdr:colOff><xdr:row>4</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:to>"
        f"{shapes}<xdr:clientData/></xdr:twoCellAnchor></xdr:wsDr>"
    )


TEXT_BOX = (
    '<xdr:sp textlink="Data!$A$2"><xdr:nvSpPr><xdr:cNvPr id="2" name="Box"/><xdr:cNvSpPr/>'
    '</xdr:nvSpPr><xdr:spPr><a:prstGeom prst="cloud"><a:avLst/></a:prstGeom></xdr:spPr>'
    "<xdr:txBody><a:bodyPr/><a:p><a:r><a:t>i1</a:t></a:r></a:p></xdr:txBody></xdr:sp>"
)
OVERRIDES = {
    "/xl/book.xml": f"{KIND}.sheet.main+xml",
    "/xl/worksheets/data.xml": f"{KIND}.worksheet+xml",
    "/xl/worksheets/pivot.xml": f"{KIND}.worksheet+xml",
    "/xl/worksheets/threads.xml": f"{KIND}.worksheet+xml",
    "/xl/styles.xml": f"{KIND}.styles+xml",
    "/xl/strings.xml": f"{KIND}.sharedStrings+xml",
    "/xl/calcChain.xml": f"{KIND}.calcChain+xml",
    "/xl/drawings/drawing1.xml": "application/vnd.openxmlformats-officedocument.drawing+xml",
    "/xl/pivotTables/p.xml": f"{KIND}.pivotTable+xml",
    "/xl/pivotCache/c.xml": f"{KIND}.pivotCacheDefinition+xml",
    "/xl/externalLinks/externalLink1.xml": f"{KIND}.externalLink+xml",
    "/xl/threadedComments/t1.xml": "application/vnd.ms-excel.threadedcomments+xml",
    "/xl/persons/person.xml": "application/vnd.ms-excel.person+xml",
}
PARTS = {
    "customXml/item1.xml": "<anything xmlns='urn:x'>a customer's own</anything>",
    "xl/nobody-knows.bin": "an orphan",
    "xl/worksheets/data.xml": sheet(
        '<row r="1"><c r="A1" t="s" s="1"><v>0</v></c><c r="B1"><v>3</v></c></row>'
        '<row r="2"><c r="A2"><f>B1*factor</f><v>6</v></c><c r="B2"><f>[1]Far!$A$1+1</f>'
        "<v>8</v></c></row>",
        '<conditionalFormatting sqref="B1"><cfRule type="cellIs" dxfId="0" priority="1" '
        'operator="greaterThan"><formula>1</formula></cfRule></conditionalFormatting>'
        '<dataValidations count="1"><dataValidation type="whole" sqref="B1"><formula1>0</formula1>'
        "<formula2>9</formula2></dataValidation></dataValidations>"
        '<drawing r:id="rId1"/><extLst><ext uri="urn:y"><y:z xmlns:y="urn:y">kept</y:z></ext>'
        "</extLst>",
    ),
    "xl/worksheets/_rels/data.xml.rels": rels(
        ("drawing", "/xl/drawings/drawing1.xml"), ("urn:x/secret", "/xl/unknown/thing.dat")
    ),
    "xl/worksheets/pivot.xml": sheet('<row r="1"><c r="A1"><v>1</v></c></row>'),
    "xl/worksheets/_rels/pivot.xml.rels": rels(
        ("pivotTable", "/xl/pivotTables/p.xml"), ("urn:x/secret", "../unknown/thing.dat")
    ),
    "xl/worksheets/threads.xml": sheet('<row r="1"><c r="A1"><v>5</v></c></row>'),
    "xl/worksheets/_rels/threads.xml.rels": rels(
        (f"{THREADS}/threadedComment", "../threadedComments/t1.xml")
    ),
    "xl/threadedComments/t1.xml": "<ThreadedComments xmlns='urn:t'/>",
    "xl/persons/person.xml": "<personList xmlns='urn:t'/>",
    "xl/unknown/thing.dat": "\x01\x02",
    "xl/drawings/drawing1.xml": anchored(TEXT_BOX),
    "xl/pivotTables/p.xml": f'<pivotTableDefinition xmlns="{MAIN}" name="p" cacheId="1" '
    'dataCaption="d"><location ref="C3:D4" firstHeaderRow="1" firstDataRow="1" firstDataCol="0"/>'
    "</pivotTableDefinition>",
    "xl/pivotTables/_rels/p.xml.rels": rels(("pivotCacheDefinition", "../pivotCache/c.xml")),
    "xl/pivotCache/c.xml": f'<pivotCacheDefinition xmlns="{MAIN}"><cacheSource type="worksheet">'
    '<worksheetSource ref="A1:B2" sheet="Data"/></cacheSource><cacheFields count="0"/>'
    "</pivotCacheDefinition>",
    "xl/externalLinks/externalLink1.xml": f'<externalLink xmlns="{MAIN}" xmlns:r="{LINKS}">'
    '<externalBook r:id="rId1"><sheetNames><sheetName val="Far"/></sheetNames><sheetDataSet>'
    '<sheetData sheetId="0"><row r="1"><cell r="A1"><v>7</v></cell></row></sheetData>'
    "</sheetDataSet></externalBook></externalLink>",
    "xl/externalLinks/_rels/externalLink1.xml.rels": rels(
        ("externalLinkPath", "http://127.0.0.1/far.xlsx")
    ),
    "xl/book.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
    '<mc:AlternateContent><mc:Choice xmlns:x15="urn:x15" Requires="x15"><x15:absPath/></mc:Choice>'
    "</mc:AlternateContent>"
    '<bookViews><workbookView activeTab="0"/></bookViews><sheets>'
    '<sheet name="Data" sheetId="7" r:id="rId1"/><sheet name="Pivot" sheetId="3" r:id="rId2"/>'
    '<sheet name="it\'s" sheetId="9" state="hidden" r:id="rId3"/></sheets>'
    '<externalReferences><externalReference r:id="rId8"/></externalReferences>'
    '<definedNames><definedName name="factor">Data!$B$1-1</definedName>'
    '<definedName name="own" localSheetId="0">Data!$A$1</definedName>'
    "<definedName name=\"own\" localSheetId=\"2\">'it''s'!$A$1</definedName></definedNames>"
    '<calcPr calcMode="manual"/>'
    '<pivotCaches><pivotCache cacheId="1" r:id="rId4"/></pivotCaches></workbook>',
    "xl/_rels/book.xml.rels": rels(
        ("worksheet", "/xl/worksheets/data.xml"),
        ("worksheet", "/xl/worksheets/pivot.xml"),
        ("worksheet", "/xl/worksheets/threads.xml"),
        ("pivotCacheDefinition", "/xl/pivotCache/c.xml"),
        ("styles", "/xl/styles.xml"),
        ("sharedStrings", "/xl/strings.xml"),
        ("calcChain", "/xl/calcChain.xml"),
        ("externalLink", "/xl/externalLinks/externalLink1.xml"),
        (f"{THREADS}/person", "/xl/persons/person.xml"),
    ),
    "xl/calcChain.xml": f'<calcChain xmlns="{MAIN}"><c r="A2" i="7"/></calcChain>',
    "xl/strings.xml": f'<sst xmlns="{MAIN}"><si><r><rPr><b/></rPr><t>old</t></r>'
    '<r><t xml:space="preserve"> text</t></r></si></sst>',
    "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><numFmts count="1">'
    '<numFmt numFmtId="164" formatCode="0.000000"/></numFmts>'
    '<fonts count="2"><font><sz val="20"/><name val="Courier New"/></font>'
    '<font><i/><sz val="20"/><name val="Courier New"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/>'
    '</borders><cellStyleXfs count="1"><xf fontId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf fontId="0" xfId="0"/><xf fontId="1" numFmtId="164" xfId="0"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Standard" xfId="0" builtinId="0"/></cellStyles>'
    '<dxfs count="1"><dxf><font><color rgb="FF00FF00"/></font></dxf></dxfs>'
    '<extLst><ext uri="urn:y"/></extLst></styleSheet>',
    "_rels/.rels": rels(("officeDocument", "/xl/book.xml"), ("customXml", "customXml/item1.xml")),
    "[Content_Types].xml": "<Types "
    'xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="dat" ContentType="application/x-thing"/>'
    '<Default Extension="bin" ContentType="application/x-thing"/>'
    + "".join(f'<Override PartName="{p}" ContentType="{t}"/>' for p, t in OVERRIDES.items())
    + "</Types>",
}


def prefixed(parts: dict[str, str]) -> dict[str, str]:
    """The same, with a prefix before all names of SpreadsheetML."""

    def rewrite(text: str) -> str:
        if f' xmlns="{MAIN}"' not in text:
            return text
        text = re.sub(r"<(/?)([A-Za-z0-9]+)(?=[\s/>])", r"<\1x:\2", text)
        return text.replace(f' xmlns="{MAIN}"', f' xmlns:x="{MAIN}"')

    return {name: rewrite(text) for name, text in parts.items()}


def strict(parts: dict[str, str]) -> dict[str, str]:
    """The same, in the namespaces of the strict standard."""
    old = r"http://schemas\.openxmlformats\.org/(officeDocument|spreadsheetml|drawingml)/2006/"
    return {
        name: re.sub(old, r"http://purl.oclc.org/ooxml/\1/", text) for name, text in parts.items()
    }


def without_styles(parts: dict[str, str]) -> dict[str, str]:
    """The same, as a program writes it that knows no styles."""
    parts = {name: text for name, text in parts.items() if name != "xl/styles.xml"}
    for name, pattern in (
        ("xl/_rels/book.xml.rels", r'<Relationship Id="rId5"[^>]*/>'),
        ("[Content_Types].xml", r'<Override PartName="/xl/styles.xml"[^>]*/>'),
        ("xl/worksheets/data.xml", r' s="1"|<conditionalFormatting.*?</conditionalFormatting>'),
    ):
        parts[name] = re.sub(pattern, "", parts[name])
    return parts


def without_names(parts: dict[str, str]) -> dict[str, str]:
    """The same, without names for the styles on which those of cells are based."""
    styles = re.sub("<cellStyles .*?</cellStyles>", "", parts["xl/styles.xml"])
    return parts | {"xl/styles.xml": styles}


def without_base(parts: dict[str, str]) -> dict[str, str]:
    """The same, without the styles on which those of cells are based."""
    parts = without_names(parts)
    styles = re.sub("<cellStyleXfs.*?</cellStyleXfs>| xfId=.0.", "", parts["xl/styles.xml"])
    return parts | {"xl/styles.xml": styles}


def written(path: Path, parts: dict[str, str]) -> Path:
    """Write a package, its parts in this order, every second one compressed."""
    with ZipFile(path, "w") as archive:
        for number, (name, text) in enumerate(parts.items()):
            archive.writestr(name, text, ZIP_DEFLATED if number % 2 else ZIP_STORED)
    return path
