"""The parts of a workbook (ECMA-376) that are not its rows: what there is, how cells look, how a sheet begins."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEETS: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_TYPES: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_TO_FREEZE: Final = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
END_OF_SHEET: Final = "</sheetData></worksheet>"
MOMENT, DAY = "yyyy-mm-dd hh:mm:ss", "yyyy-mm-dd"
#: Numbers of formats below it are the program's own.
_FIRST_FORMAT: Final = 164


class CellStyles:
    """How cells look: each style is its place among them."""

    normal, bold, marked, moment, day = range(5)

    def __init__(self) -> None:
        self._formats = [MOMENT, DAY]
        self._amounts: dict[int, int] = {}

    def amount(self, scale: int) -> int:
        """Of amounts with so many digits behind the point."""
        if scale not in self._amounts:
            self._amounts[scale] = self.day + len(self._amounts) + 1
            self._formats.append("#,##0." + "0" * scale if scale else "#,##0")
        return self._amounts[scale]

    def part(self) -> str:
        numbered = list(enumerate(self._formats, _FIRST_FORMAT))
        formats = "".join(f'<numFmt numFmtId="{number}" formatCode="{escaped(code)}"/>' for number, code in numbered)
        plain = '<xf numFmtId="0" fontId="{}" fillId="0" borderId="0" xfId="0"{}/>'
        styles = [plain.format(0, ""), plain.format(1, ' applyFont="1"'), plain.format(0, ' quotePrefix="1"')]
        styles += [
            f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
            for number, _code in numbered
        ]
        return (
            f'{_HEAD}<styleSheet xmlns="{_SHEETS}"><numFmts count="{len(numbered)}">{formats}</numFmts>'
            '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
            '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
            '<fills count="2"><fill><patternFill patternType="none"/></fill>'
            '<fill><patternFill patternType="gray125"/></fill></fills>'
            '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
            '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
            f'<cellXfs count="{len(styles)}">{"".join(styles)}</cellXfs>'
            '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
        )


def escaped(text: str) -> str:
    """`text` for XML; a return stays one."""
    return escape(text).replace("\r", "&#13;")


def sheet_name(number: int) -> str:
    """The name of a sheet's part, counted from 1."""
    return f"xl/worksheets/sheet{number}.xml"


def begin_sheet(widths: Sequence[int], *, frozen: bool) -> str:
    """`frozen`: its first row stays in sight. `widths` are of its first columns, in characters."""
    columns = "".join(
        f'<col min="{place}" max="{place}" width="{width}" customWidth="1"/>' for place, width in enumerate(widths, 1)
    )
    pane = _TO_FREEZE if frozen else ""
    return (
        f'{_HEAD}<worksheet xmlns="{_SHEETS}"><sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{columns}</cols><sheetData>'
    )


def of_book(titles: Sequence[str], styles: CellStyles) -> Iterator[tuple[str, str]]:
    """Name and text of each part beside the sheets, whose `titles` these are."""
    numbers = range(1, len(titles) + 1)
    yield "[Content_Types].xml", _content_types(numbers)
    target = f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    yield "_rels/.rels", _relationships(target)
    sheets = "".join(
        f'<sheet name="{escaped(title)}" sheetId="{number}" r:id="rId{number}"/>'
        for number, title in enumerate(titles, 1)
    )
    book = f'<workbook xmlns="{_SHEETS}" xmlns:r="{_OFFICE}"><bookViews><workbookView/></bookViews>'
    yield "xl/workbook.xml", f"{_HEAD}{book}<sheets>{sheets}</sheets></workbook>"
    targets = [
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    ]
    targets.append(f'<Relationship Id="rId{len(titles) + 1}" Type="{_OFFICE}/styles" Target="styles.xml"/>')
    yield "xl/_rels/workbook.xml.rels", _relationships("".join(targets))
    yield "xl/styles.xml", styles.part()


def _relationships(targets: str) -> str:
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{targets}</Relationships>'


def _content_types(numbers: Sequence[int]) -> str:
    parts = [("/xl/workbook.xml", "sheet.main"), ("/xl/styles.xml", "styles")]
    parts += [(f"/{sheet_name(number)}", "worksheet") for number in numbers]
    named = "".join(f'<Override PartName="{name}" ContentType="{_TYPES}.{kind}+xml"/>' for name, kind in parts)
    return (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{named}</Types>'
    )
