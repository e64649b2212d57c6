"""QR codes as files: which choices there are, and the drawing itself. Pure."""

import hashlib
import io
import re
from dataclasses import dataclass
from typing import Literal

import segno

QUIET_MODULES = 4
"""Empty modules around the code, by the standard: less, and some readers fail."""
MIN_SIZE, MAX_SIZE = 64, 2048
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
    """How a code is drawn. `size` is the edge in pixels (points in a PDF), colours are `#rrggbb`."""

    size: int = 512
    correction: Correction = "M"
    foreground: str = "#000000"
    background: str = "#ffffff"

    @classmethod
    def of(cls, *, size: int, correction: Correction, foreground: str, background: str) -> "Style":
        """Checks the choices. Raises `BadStyle`."""
        dark, light = _colour("fg", foreground), _colour("bg", background)
        if _luminance(dark) > _luminance(light):
            raise BadStyle("fg", "Readers expect dark modules on light ground; swap the colours.")
        if _contrast(dark, light) < MIN_CONTRAST:
            raise BadStyle("fg", f"The colours are too alike; give them a contrast of {MIN_CONTRAST:g} or more.")
        return cls(size=size, correction=correction, foreground=dark, background=light)


def draw(text: str, kind: Kind, style: Style) -> bytes:
    """The file. Equal input gives equal bytes."""
    code = segno.make(text, error=style.correction.lower(), micro=False, boost_error=False)
    modules = code.symbol_size(scale=1, border=QUIET_MODULES)[0]
    out = io.BytesIO()
    colours = {"dark": style.foreground, "light": style.background, "border": QUIET_MODULES}
    if kind == "svg":
        # Drawn in modules and sized by the frame around it: drawn in pixels, the ground would be cut to whole ones.
        code.save(out, kind="svg", omitsize=True, xmldecl=False, nl=False, title=text, **colours)
        return out.getvalue().replace(b"<svg ", b'<svg width="%d" height="%d" ' % (style.size, style.size), 1)
    if kind == "png":
        # Whole pixels per module keep the edges sharp; the picture is at most `size` wide.
        code.save(out, kind="png", scale=max(1, style.size // modules), **colours)
    else:
        code.save(out, kind="pdf", scale=style.size / modules, compresslevel=6, **colours)
        return _without_date(out.getvalue())
    return out.getvalue()


def tag(text: str, kind: Kind, style: Style) -> str:
    """A hash of everything that the file depends on."""
    return hashlib.sha256(f"2|{text}|{kind}|{style}".encode()).hexdigest()[:24]


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
