"""A QR code as a picture for a page: dark on white in both themes, with its quiet zone."""

from __future__ import annotations

import io
from functools import lru_cache

import segno
from markupsafe import Markup


def qr_code(text: str, *, label: str, size: int = 64) -> Markup:
    """An inline SVG of `text`, `size` pixels wide with 4 modules of quiet; `label` says what it leads to."""
    attributes = Markup('<svg class="qr" role="img" aria-label="{}" width="{}" height="{}"').format(label, size, size)
    return attributes + _modules(text)


@lru_cache(maxsize=256)
def _modules(text: str) -> Markup:
    """The picture without its opening tag; drawing one costs some milliseconds, and a page shows it twice."""
    code = segno.make(text, error="m", micro=False)
    buffer = io.BytesIO()
    code.save(
        buffer,
        kind="svg",
        xmldecl=False,
        svgns=False,
        border=4,
        dark="#13201A",
        light="#FFFFFF",
        omitsize=True,
        nl=False,
    )
    picture = buffer.getvalue().decode()
    return Markup(picture[len("<svg") :].replace(' class="segno"', "", 1).replace(' class="qrline"', ""))  # noqa: S704
