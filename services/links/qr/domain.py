"""QR codes as files: which choices there are, and the drawing itself. Pure."""

import hashlib
import io
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import segno

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

QUIET_MODULES = 4
"""Empty modules around the code, by the standard: less, and some readers fail."""
MIN_SIZE, MAX_SIZE = 64, 2048
MIN_SIZE_WITH_LOGO = 128
LOGO_SHARE = 0.22
"""Of the code's edge, with the clear ground around it: a twentieth of its area, of which correction H restores more."""
_LOGO_GROUND = 1
"""Empty modules around a logo."""
MIN_CONTRAST = 3.0
MEDIA_TYPES = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}
_COLOUR = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")

Kind = Literal["svg", "png", "pdf"]
Correction = Literal["L", "M", "Q", "H"]


class BadStyle(ValueError):
    """Why a code is not drawn like that: the parameter, and the reason in words."""

    def __init__(self, parameter: str, reason: str) -> None:
        super().__init__(reason)
        self.parameter = parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a code is drawn. `size` is the edge in pixels (points in a PDF), colours are `#rrggbb`, `logo` is a picture
    that was made anew from what a store gave.
    """

    size: int = 512
    correction: Correction = "M"
    foreground: str = "#000000"
    background: str = "#ffffff"
    logo: bytes = b""

    @classmethod
    def of(cls, *, size: int, correction: Correction, foreground: str, background: str, logo: bytes = b"") -> "Style":
        """Checks the choices; with a logo the correction is the strongest. Raises `BadStyle`."""
        dark, light = _colour("fg", foreground), _colour("bg", background)
        if _luminance(dark) > _luminance(light):
            raise BadStyle("fg", "Readers expect dark modules on light ground; swap the colours.")
        if _contrast(dark, light) < MIN_CONTRAST:
            raise BadStyle("fg", f"The colours are too alike; give them a contrast of {MIN_CONTRAST:g} or more.")
        if logo and size < MIN_SIZE_WITH_LOGO:
            raise BadStyle("size", f"With a logo a code needs at least {MIN_SIZE_WITH_LOGO} pixels to be read.")
        return cls(size=size, correction="H" if logo else correction, foreground=dark, background=light, logo=logo)


def draw(text: str, kind: Kind, style: Style) -> bytes:
    """The file. Equal input gives equal bytes."""
    code = segno.make(text, error=style.correction.lower(), micro=False, boost_error=False)
    if style.logo:
        return _DRAWERS[kind](code, style)
    modules = _edge(code)
    out = io.BytesIO()
    colours = {"dark": style.foreground, "light": style.background, "border": QUIET_MODULES}
    if kind == "svg":
        return _svg(code, style, title=text)
    if kind == "png":
        # Whole pixels per module keep the edges sharp; the picture is at most `size` wide.
        code.save(out, kind="png", scale=max(1, style.size // modules), **colours)
    else:
        code.save(out, kind="pdf", scale=style.size / modules, compresslevel=6, **colours)
        return _without_date(out.getvalue())
    return out.getvalue()


def _edge(code: segno.QRCode) -> int:
    """In modules, the quiet zone counted in."""
    return int(code.symbol_size(scale=1, border=QUIET_MODULES)[0])


def runs(code: segno.QRCode) -> Iterator[tuple[int, int, int]]:
    """Dark modules in lines: column, row, length, the quiet zone counted in."""
    for row, line in enumerate(code.matrix_iter(scale=1, border=QUIET_MODULES)):
        start = None
        for column, dark in enumerate((*line, 0)):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                yield start, row, column - start
                start = None


def _svg(code: segno.QRCode, style: Style, *, title: str = "") -> bytes:
    # Drawn in modules and sized by the frame around it: drawn in pixels, the ground would be cut to whole ones.
    out = io.BytesIO()
    colours = {"dark": style.foreground, "light": style.background, "border": QUIET_MODULES}
    code.save(out, kind="svg", omitsize=True, xmldecl=False, nl=False, title=title or None, **colours)
    return out.getvalue().replace(b"<svg ", b'<svg width="%d" height="%d" ' % (style.size, style.size), 1)


def _svg_with_logo(code: segno.QRCode, style: Style) -> bytes:
    at, edge, ground = _logo_box(code)
    address = f"data:image/png;base64,{b64encode(_as_png(style.logo)).decode()}"
    box = f'<rect x="{at - ground}" y="{at - ground}" width="{edge + 2 * ground}" height="{edge + 2 * ground}" '
    box += f'fill="{style.background}"/><image x="{at}" y="{at}" width="{edge}" height="{edge}" href="{address}"/>'
    return _svg(code, style).removesuffix(b"</svg>") + box.encode() + b"</svg>"


def _png_with_logo(code: segno.QRCode, style: Style) -> bytes:
    from PIL import Image  # loaded when something is drawn: most processes draw nothing

    modules = _edge(code)
    scale = max(1, style.size // modules)
    plain = io.BytesIO()
    code.save(plain, kind="png", scale=scale, dark=style.foreground, light=style.background, border=QUIET_MODULES)
    at, edge, ground = _logo_box(code)
    with Image.open(plain) as opened, Image.open(io.BytesIO(style.logo)) as given:
        whole = opened.convert("RGB")
        side = edge + 2 * ground
        first, last = (at - ground) * scale, (at - ground + side) * scale
        whole.paste(style.background, (first, first, last, last))
        logo = given.convert("RGBA").resize(_within(given.size, edge * scale), Image.Resampling.LANCZOS)
        middle = at * scale + edge * scale // 2
        whole.paste(logo, (middle - logo.width // 2, middle - logo.height // 2), logo)
    out = io.BytesIO()
    whole.save(out, "PNG")
    return out.getvalue()


def _pdf_with_logo(code: segno.QRCode, style: Style) -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    sheet = Canvas(out, pagesize=(style.size, style.size), invariant=1)
    on_page(sheet, code, style, x=0, y=0, edge=style.size)
    sheet.showPage()
    sheet.save()
    return out.getvalue()


def on_page(sheet: "Canvas", code: segno.QRCode, style: Style, *, x: float, y: float, edge: float) -> None:
    """Draws a code into a PDF: its lower left corner at `x`, `y`, its edge with the quiet zone `edge`, in points."""
    from reportlab.lib.colors import HexColor
    from reportlab.lib.utils import ImageReader

    modules = _edge(code)
    unit = edge / modules
    sheet.setFillColor(HexColor(style.background))
    sheet.rect(x, y, edge, edge, stroke=0, fill=1)
    sheet.setFillColor(HexColor(style.foreground))
    path = sheet.beginPath()
    for column, row, length in runs(code):
        path.rect(x + column * unit, y + edge - (row + 1) * unit, length * unit, unit)
    sheet.drawPath(path, stroke=0, fill=1)
    if style.logo:
        at, side, ground = _logo_box(code)
        sheet.setFillColor(HexColor(style.background))
        corner = edge - (at + side + ground) * unit
        around = (side + 2 * ground) * unit
        sheet.rect(x + (at - ground) * unit, y + corner, around, around, stroke=0, fill=1)
        sheet.drawImage(
            ImageReader(io.BytesIO(_as_png(style.logo))),
            x + at * unit,
            y + edge - (at + side) * unit,
            side * unit,
            side * unit,
            mask="auto",
            preserveAspectRatio=True,
        )


_DRAWERS = {"svg": _svg_with_logo, "png": _png_with_logo, "pdf": _pdf_with_logo}


def _logo_box(code: segno.QRCode) -> tuple[int, int, int]:
    """Where a logo begins, its edge, and the ground around it, in modules: in the very middle."""
    modules = _edge(code) - 2 * QUIET_MODULES
    whole = max(3, int(modules * LOGO_SHARE) | 1)  # odd, as the code's edge is, so that it lies in the middle
    edge = whole - 2 * _LOGO_GROUND
    return QUIET_MODULES + (modules - edge) // 2, edge, _LOGO_GROUND


def _within(size: tuple[int, int], edge: int) -> tuple[int, int]:
    most = max(size)
    return max(1, size[0] * edge // most), max(1, size[1] * edge // most)


@lru_cache(maxsize=8)
def _as_png(picture: bytes) -> bytes:
    """What every reader of SVG and PDF knows."""
    from PIL import Image

    out = io.BytesIO()
    with Image.open(io.BytesIO(picture)) as opened:
        opened.convert("RGBA").save(out, "PNG")
    return out.getvalue()


def tag(text: str, kind: Kind, style: Style) -> str:
    """A hash of everything that the file depends on."""
    return hashlib.sha256(f"3|{text}|{kind}|{style}".encode()).hexdigest()[:24]


def _without_date(pdf: bytes) -> bytes:
    """Without the moment of drawing, and as long as before: a PDF counts its bytes."""
    dateless = b"/CreationDate(D:19700101000000Z)"
    return re.sub(rb"/CreationDate\(D:[^)]*\)", lambda found: dateless.ljust(len(found[0])), pdf)


def _colour(parameter: str, text: str) -> str:
    found = _COLOUR.fullmatch(text)
    if found is None:
        raise BadStyle(parameter, "A colour has three or six hexadecimal digits, as in 13201a.")
    digits = found[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


def _luminance(colour: str) -> float:
    """Relative luminance by WCAG 2."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)
