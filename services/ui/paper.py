"""Paper: a table as PDF on A4, with a head and the page's number on each page. Equal input gives equal bytes.

The font stands in the file, so that every reader and printer has its letters. It has Latin with its accents, Cyrillic
and the usual signs; a letter that it does not have is left out instead of being printed as a box.
"""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

_FONTS: Final = Path(__file__).parent / "static" / "fonts"
FONT: Final = _FONTS / "onest-picture.ttf"
WIDTHS: Final[Mapping[str, int]] = json.loads((_FONTS / "onest-picture.json").read_text())
"""How wide each letter of the font is, in thousandths of its size."""

_MM: Final = 72 / 25.4
"""In points."""
_WIDTH, _HEIGHT = 210 * _MM, 297 * _MM
_LEFT, _RIGHT = 18 * _MM, _WIDTH - 18 * _MM
_TOP, _BOTTOM = _HEIGHT - 16 * _MM, 20 * _MM
_SIZE: Final = 8.5
_LINE: Final = 4.4 * _MM
_MOST_LINES: Final = 3
_GAP: Final = 2.5 * _MM
_INK, _SOFT, _RULE, _BACK = "#13201A", "#44524C", "#B9C2BD", "#F1F4F2"
_NAME: Final = "Onest"
_BLANKS: Final = str.maketrans({"\u202f": "\u00a0", "\u2009": "\u00a0", "\t": " ", "\n": " "})


@dataclass(frozen=True, slots=True)
class PaperColumn:
    """A column: its head, its share of the width, and whether it holds figures, which stand at the right."""

    label: str
    share: float
    figure: bool = False


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A row's cells; `strong` ones stand on a tint."""

    cells: Sequence[str]
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What is printed. `facts` stand below the title on the first page; `page_of` says "Page 2 of 5"."""

    store: str
    title: str
    facts: Sequence[str]
    columns: Sequence[PaperColumn]
    rows: Sequence[PaperRow]
    page_of: Callable[[int, int], str]


@dataclass(frozen=True, slots=True)
class _Laid:
    """A row with its cells in lines, and how high it is."""

    row: PaperRow
    cells: Sequence[Sequence[str]]
    height: float


def printed(paper: Paper) -> bytes:
    """The file. Takes about a second for a thousand rows: call it outside of the event loop."""
    from reportlab.pdfgen.canvas import Canvas  # loaded when something is printed: most processes print nothing

    _register()
    edges = _edges(paper.columns)
    pages = _paged(paper, edges)
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(_WIDTH, _HEIGHT), invariant=1, pageCompression=1)
    canvas.setTitle(written(f"{paper.title}, {paper.store}"))
    for number, rows in enumerate(pages, 1):
        top = _head(canvas, paper, first=number == 1)
        _table(canvas, paper.columns, edges, rows, top)
        _text(canvas, paper.page_of(number, len(pages)), x=_RIGHT, y=_BOTTOM - 9 * _MM, size=7.5, ink=_SOFT, right=True)
        _text(canvas, paper.store, x=_LEFT, y=_BOTTOM - 9 * _MM, size=7.5, ink=_SOFT)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def written(text: str) -> str:
    """A text in letters that the font has: the others are left out."""
    return "".join(sign for sign in text.translate(_BLANKS) if sign in WIDTHS)


@cache
def _register() -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    pdfmetrics.registerFont(TTFont(_NAME, str(FONT)))


def _width(text: str, size: float) -> float:
    return sum(WIDTHS[sign] for sign in text) * size / 1000


def _edges(columns: Sequence[PaperColumn]) -> list[tuple[float, float]]:
    """Where each column begins and ends."""
    whole, at, found = sum(column.share for column in columns), _LEFT, []
    for column in columns:
        room = (_RIGHT - _LEFT) * column.share / whole
        found.append((at, at + room))
        at += room
    return found


def _paged(paper: Paper, edges: Sequence[tuple[float, float]]) -> list[list[_Laid]]:
    pages: list[list[_Laid]] = [[]]
    room = _TOP - _head_height(paper, first=True) - _BOTTOM - _LINE
    for row in paper.rows:
        laid = _laid(row, edges)
        if laid.height > room and pages[-1]:
            pages.append([])
            room = _TOP - _head_height(paper, first=False) - _BOTTOM - _LINE
        pages[-1].append(laid)
        room -= laid.height
    return pages


def _laid(row: PaperRow, edges: Sequence[tuple[float, float]]) -> _Laid:
    cells = [_lines(written(text), right - left - _GAP) for text, (left, right) in zip(row.cells, edges, strict=True)]
    return _Laid(row, cells, max(len(lines) for lines in cells) * _LINE + 1.2 * _MM)


def _lines(text: str, room: float) -> list[str]:
    """The text in lines of that width; a word that is wider than that is cut into pieces, and what is too much ends in
    dots.
    """
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if _width(longer, _SIZE) <= room:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for sign in word:
            if lines[-1] and _width(lines[-1] + sign, _SIZE) > room:
                lines.append("")
            lines[-1] += sign
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], lines[_MOST_LINES - 1][:-1] + "…"]
    return lines


def _head_height(paper: Paper, *, first: bool) -> float:
    return 16 * _MM + len(paper.facts) * 5 * _MM + 4 * _MM if first else 11 * _MM


def _head(canvas: "Canvas", paper: Paper, *, first: bool) -> float:
    """Writes the head of a page; returns where its table begins."""
    if first:
        _text(canvas, paper.store, x=_LEFT, y=_TOP - 4 * _MM, size=10, ink=_SOFT)
        _text(canvas, paper.title, x=_LEFT, y=_TOP - 12 * _MM, size=16, ink=_INK)
        for place, fact in enumerate(paper.facts):
            _text(canvas, fact, x=_LEFT, y=_TOP - 19 * _MM - place * 5 * _MM, size=9, ink=_SOFT)
    else:
        _text(canvas, paper.title, x=_LEFT, y=_TOP - 4 * _MM, size=10, ink=_INK)
    return _TOP - _head_height(paper, first=first)


def _table(
    canvas: "Canvas",
    columns: Sequence[PaperColumn],
    edges: Sequence[tuple[float, float]],
    rows: Sequence[_Laid],
    top: float,
) -> None:
    for column, (left, right) in zip(columns, edges, strict=True):
        x = right - _GAP / 2 if column.figure else left + _GAP / 2
        _text(canvas, column.label, x=x, y=top - 3 * _MM, size=7.5, ink=_SOFT, right=column.figure)
    _rule(canvas, top - _LINE)
    y = top - _LINE
    for laid in rows:
        if laid.row.strong:
            _tint(canvas, y - laid.height, laid.height)
        for column, (left, right), lines in zip(columns, edges, laid.cells, strict=True):
            x = right - _GAP / 2 if column.figure else left + _GAP / 2
            for place, line in enumerate(lines):
                at = y - 3.6 * _MM - place * _LINE
                _text(canvas, line, x=x, y=at, size=_SIZE, ink=_INK, right=column.figure)
        y -= laid.height
        _rule(canvas, y)


def _text(canvas: "Canvas", text: str, *, x: float, y: float, size: float, ink: str, right: bool = False) -> None:
    from reportlab.lib.colors import HexColor

    shown = written(text)
    widest = _RIGHT - _LEFT
    if (width := _width(shown, size)) > widest:  # one long line is set smaller, never cut
        size = size * widest / width
    canvas.setFillColor(HexColor(ink))
    canvas.setFont(_NAME, size)
    (canvas.drawRightString if right else canvas.drawString)(x, y, shown)


def _rule(canvas: "Canvas", y: float) -> None:
    from reportlab.lib.colors import HexColor

    canvas.setStrokeColor(HexColor(_RULE))
    canvas.setLineWidth(0.3)
    canvas.line(_LEFT, y, _RIGHT, y)


def _tint(canvas: "Canvas", y: float, height: float) -> None:
    from reportlab.lib.colors import HexColor

    canvas.setFillColor(HexColor(_BACK))
    canvas.rect(_LEFT, y, _RIGHT - _LEFT, height, stroke=0, fill=1)
