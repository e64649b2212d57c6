"""An A4 sheet of cards, as PDF: the QR code of a link, what a friend gets, the promo code. Pure.

The font stands in the file, so that every printer has its letters. A text in letters that the font does not have is
left out instead of being printed as boxes.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import segno

from services.links.landing.domain.picture import fits, width_of
from services.links.qr.domain import Style, on_page

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

COLUMNS, ROWS = 2, 5
A_PAGE: Final = COLUMNS * ROWS
_MM: Final = 72 / 25.4
"""In points."""
MOST_CARDS: Final = 200
_PAGE: Final = (210 * _MM, 297 * _MM)
_CARD: Final = (85 * _MM, 54 * _MM)
"""As bank cards are, so that they fit where cards are kept."""
_CODE_EDGE: Final = 36 * _MM
_PAD: Final = 4 * _MM
_INK, _SOFT, _LINE = "#13201A", "#44524C", "#B9C2BD"
_FONT: Final = "Onest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a card says. `url` is what the QR code holds; `shown` is the link as somebody types it."""

    store: str
    who: str
    title: str
    code: str
    code_label: str
    url: str
    shown: str
    color: str
    logo: bytes = b""


def sheet(card: Card, *, count: int, font: Path, widths: Mapping[str, int]) -> bytes:
    """`count` cards on as many pages as they take. Equal input gives equal bytes."""
    from reportlab.pdfgen.canvas import Canvas  # loaded when something is printed: most processes print nothing

    _known(font)
    out = io.BytesIO()
    pages = Canvas(out, pagesize=_PAGE, invariant=1, pageCompression=1)
    pages.setTitle(card.store)
    code = segno.make(card.url, error="h" if card.logo else "m", micro=False, boost_error=False)
    left, top = (_PAGE[0] - COLUMNS * _CARD[0]) / 2, _PAGE[1] - (_PAGE[1] - ROWS * _CARD[1]) / 2
    for number in range(count):
        place = number % A_PAGE
        if number and place == 0:
            pages.showPage()
        x = left + place % COLUMNS * _CARD[0]
        y = top - (place // COLUMNS + 1) * _CARD[1]
        _draw(pages, card, code, widths, x=x, y=y)
    pages.showPage()
    pages.save()
    return out.getvalue()


@cache
def _known(font: Path) -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    pdfmetrics.registerFont(TTFont(_FONT, str(font)))


def _draw(pages: "Canvas", card: Card, code: segno.QRCode, widths: Mapping[str, int], *, x: float, y: float) -> None:
    from reportlab.lib.colors import HexColor

    width, height = _CARD
    pages.setStrokeColor(HexColor(_LINE))
    pages.setLineWidth(0.3)
    pages.setDash(2, 2)
    pages.rect(x, y, width, height, stroke=1, fill=0)
    pages.setFillColor(HexColor(card.color))
    pages.rect(x + 0.2 * _MM, y + height - 2.2 * _MM, width - 0.4 * _MM, 2 * _MM, stroke=0, fill=1)
    style = Style(correction="H" if card.logo else "M", logo=card.logo)
    on_page(pages, code, style, x=x + width - _CODE_EDGE - 1 * _MM, y=y + 9 * _MM, edge=_CODE_EDGE)
    room = width - _CODE_EDGE - 2 * _PAD
    at = y + height - 9 * _MM
    at = _lines(pages, card.store, widths, x=x + _PAD, y=at, size=11, most=1, room=room, ink=_INK)
    at = _lines(pages, card.who, widths, x=x + _PAD, y=at - 1 * _MM, size=8, most=2, room=room, ink=_SOFT)
    _lines(pages, card.title, widths, x=x + _PAD, y=at - 3 * _MM, size=12, most=3, room=room, ink=_INK)
    if card.code:
        foot = _lines(pages, card.code_label, widths, x=x + _PAD, y=y + 12 * _MM, size=7, most=1, room=room, ink=_SOFT)
        _lines(pages, card.code, widths, x=x + _PAD, y=foot - 1 * _MM, size=12, most=1, room=room, ink=_INK)
    _lines(pages, card.shown, widths, x=x + _PAD, y=y + 2.5 * _MM, size=7, most=1, room=width - 2 * _PAD, ink=_SOFT)


def _lines(
    pages: "Canvas",
    text: str,
    widths: Mapping[str, int],
    *,
    x: float,
    y: float,
    size: int,
    most: int,
    room: float,
    ink: str,
) -> float:
    """Writes a text downwards from `y`, at most so many lines; returns where the next may begin."""
    from reportlab.lib.colors import HexColor

    if not text or not fits(text, widths):
        return y
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width_of(longer, size, widths) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    kept = lines[:most]
    if len(lines) > most:
        kept[-1] += "…"
    pages.setFillColor(HexColor(ink))
    for line in kept:
        widest = width_of(line, size, widths)
        set_at = size if widest <= room else size * room / widest  # one long word is set smaller, never cut
        pages.setFont(_FONT, set_at)
        pages.drawString(x, y, line)
        y -= size * 1.2
    return y
