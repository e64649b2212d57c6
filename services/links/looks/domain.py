"""A store's colour with the ink that can be read on it, its logo as an address, and how a page wears both. Pure."""

import hashlib
import re
from base64 import b64encode
from dataclasses import dataclass

from markupsafe import Markup

USUAL = "#0A6043"
_COLOR = re.compile(r"#[0-9A-F]{6}")
_DARK, _LIGHT = "#000000", "#FFFFFF"


@dataclass(frozen=True, slots=True)
class Look:
    """What a friend sees of a store. `logo` is an address that holds the picture itself, empty for the first letter."""

    color: str
    on_color: str
    logo: str = ""


def look(color: str | None, logo: bytes | None) -> Look:
    """The look of a store that chose these, or did not."""
    chosen = color or USUAL
    return Look(chosen, ink_on(chosen), f"data:image/webp;base64,{b64encode(logo).decode()}" if logo else "")


@dataclass(frozen=True, slots=True)
class Worn:
    """A look as a page of ours wears it: a style that stands in the page, the policy that lets it, and the logo."""

    style: Markup
    policy: str
    logo: str


def worn(look: Look, policy: str) -> Worn:
    """The colours of a look for a page that is plain or of the portal, with the policy that the page has else."""
    style = _colors(look)
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return Worn(
        Markup("<style>%s</style>") % Markup(style),  # noqa: S704  # two checked colours
        policy.replace("style-src 'self'", f"style-src 'self' 'sha256-{digest}'"),
        look.logo,
    )


def sheet(look: Look) -> str:
    """The same as a stylesheet of its own, where the page knows nothing of the look: the logo covers the letter."""
    if not look.logo:
        return _colors(look)
    mark = f"background:#FFF url({look.logo}) center/contain no-repeat;color:transparent"
    return f"{_colors(look)}.mast .initial{{{mark}}}"


def _colors(look: Look) -> str:
    return f".plain,.portal{{--store:{look.color};--on-store:{look.on_color}}}"


def folded_color(text: str) -> str | None:
    """A colour as it is kept, #7A3B1E; None for what is none."""
    found = text.strip().upper()
    return found if _COLOR.fullmatch(found) else None


def ink_on(color: str) -> str:
    """White or black, whichever is read better: one of them always has a contrast of 4.5 or more."""
    return max((_LIGHT, _DARK), key=lambda ink: contrast(ink, color))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, by WCAG."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    def linear(part: str) -> float:
        value = int(part, 16) / 255
        return float(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)

    return 0.2126 * linear(color[1:3]) + 0.7152 * linear(color[3:5]) + 0.0722 * linear(color[5:7])
