"""The picture that messengers and networks show of a share link: 1200 × 630, as SVG. Pure.

Widths of letters come with the font, so that lines are broken where they end, and a text in letters that the font
does not have is left out instead of being shown as boxes.
"""

from collections.abc import Mapping
from html import escape

from services.links.looks.domain import Look

WIDTH, HEIGHT = 1200, 630
_LEFT, _ROOM = 80, 1040
_UNITS = 1000
_SIZES = (104, 88, 76, 64, 52)
_MOST_LINES = 3
_LEADING = 1.12
_TALL = 251
"""What is left for the title below the line that says who invites."""
_DARK, _LIGHT = "#13201A", "#FFFFFF"


def picture(*, store: str, who: str, title: str, look: Look, widths: Mapping[str, int]) -> str:
    """The drawing. `who` says who invites."""
    store = store if fits(store, widths) else ""
    who = who if fits(who, widths) else ""
    size, lines = _set(title if fits(title, widths) else store, widths)
    top = HEIGHT - 110 - (len(lines) - 1) * size * _LEADING
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{_LIGHT}"/>',
        f'<rect width="{WIDTH}" height="190" fill="{look.color}"/>',
        _mark(store, look),
        _text(_shortened(store, 44, _ROOM - 150, widths), x=_LEFT + 130, y=112, size=44, fill=look.on_color),
        _text(_shortened(who, 44, _ROOM, widths), x=_LEFT, y=top - size - 24, size=44, fill="#44524C") if who else "",
    ]
    for number, line in enumerate(lines):
        drawn.append(_text(line, x=_LEFT, y=top + number * size * _LEADING, size=size, fill=_DARK))
    return "".join([*drawn, "</svg>"])


def fits(text: str, widths: Mapping[str, int]) -> bool:
    """Whether the font has all its letters."""
    return all(sign in widths or sign.isspace() for sign in text)


def width_of(text: str, size: int, widths: Mapping[str, int]) -> float:
    """How wide a text is, in pixels."""
    blank = widths[" "]
    return sum(widths.get(sign, blank) for sign in text) * size / _UNITS


def _set(text: str, widths: Mapping[str, int]) -> tuple[int, list[str]]:
    """The largest size at which a text finds room; at the smallest what is too much is left out."""
    for size in _SIZES:
        lines = _lines(text, size, widths)
        height = size + (len(lines) - 1) * size * _LEADING
        if height <= _TALL and all(width_of(line, size, widths) <= _ROOM for line in lines):
            return size, lines
    smallest = _SIZES[-1]
    lines = _lines(text, smallest, widths)
    kept = lines[:_MOST_LINES]
    if len(lines) > _MOST_LINES:
        kept[-1] += "…"
    return smallest, [_shortened(line, smallest, _ROOM, widths) for line in kept]


def _lines(text: str, size: int, widths: Mapping[str, int]) -> list[str]:
    """Broken at blanks, not at those that hold a figure and its unit together."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size, widths) <= _ROOM:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _shortened(text: str, size: int, room: float, widths: Mapping[str, int]) -> str:
    if width_of(text, size, widths) <= room:
        return text
    text = text.removesuffix("…")
    while text and width_of(f"{text}…", size, widths) > room:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _mark(store: str, look: Look) -> str:
    """The logo on white, else the store's first letter."""
    box = f'<rect x="{_LEFT}" y="45" width="100" height="100" rx="20" fill="{_LIGHT if look.logo else look.on_color}"/>'
    if look.logo:
        return f'{box}<image x="{_LEFT + 10}" y="55" width="80" height="80" href="{escape(look.logo)}"/>'
    return box + _text(store[:1].upper(), x=_LEFT + 50, y=117, size=60, fill=look.color, middle=True)


def _text(text: str, *, x: float, y: float, size: int, fill: str, middle: bool = False) -> str:
    anchor = ' text-anchor="middle"' if middle else ""
    plain = "".join(" " if sign.isspace() else sign for sign in text)
    return (
        f'<text x="{x:g}" y="{y:g}" font-family="Onest" font-weight="600" font-size="{size}" fill="{fill}"{anchor}'
        f' xml:space="preserve">{escape(plain)}</text>'
    )
