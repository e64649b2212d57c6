"""Every kind of picture, read by a reader that is not ours: at the smallest size, in colour, with a logo."""

import io

import pypdfium2
import pytest
import resvg_py
import zxingcpp
from PIL import Image, ImageDraw

from services.links.qr.domain import MIN_SIZE, MIN_SIZE_WITH_LOGO, BadStyle, Correction, Kind, Style, draw

SHORT = "https://go.shop.example/r/anna?ch=qr"
LONG = f"https://recommend.a-shop-with-a-long-name.example/r/{'anna-magdalena-' * 4}k?ch=qr"


def logo(mode: str = "RGBA") -> bytes:
    """A picture as stores' logos are kept: WebP, here a wide and busy one."""
    drawn = Image.new(mode, (128, 60), "white")
    pen = ImageDraw.Draw(drawn)
    for step in range(0, 128, 8):
        pen.rectangle((step, 0, step + 3, 60), fill="black")
    out = io.BytesIO()
    drawn.save(out, "WEBP")
    return out.getvalue()


def opened(kind: Kind, file: bytes) -> Image.Image:
    if kind == "svg":
        file = bytes(resvg_py.svg_to_bytes(svg_string=file.decode()))
    elif kind == "pdf":
        drawn: Image.Image = pypdfium2.PdfDocument(file)[0].render(scale=2).to_pil()
        return drawn
    return Image.open(io.BytesIO(file))


def read(kind: Kind, file: bytes) -> str:
    [found] = zxingcpp.read_barcodes(opened(kind, file).convert("L"))
    return str(found.text)


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
@pytest.mark.parametrize("text", [SHORT, LONG])
@pytest.mark.parametrize("correction", ["L", "H"])
def test_a_plain_code_is_read_at_every_size(kind: Kind, text: str, correction: Correction) -> None:
    smallest = MIN_SIZE if text == SHORT else 128
    for size in (smallest, 300, 1024):
        assert read(kind, draw(text, kind, Style(size=size, correction=correction))) == text


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
@pytest.mark.parametrize("text", [SHORT, LONG])
@pytest.mark.parametrize("mode", ["RGBA", "RGB"])
def test_a_code_with_a_logo_is_read_at_every_size(kind: Kind, text: str, mode: str) -> None:
    for size in (MIN_SIZE_WITH_LOGO, 300, 1024):
        style = Style.of(size=size, correction="L", foreground="#0a6043", background="#fffaf3", logo=logo(mode))
        file = draw(text, kind, style)
        assert read(kind, file) == text
        assert file == draw(text, kind, style)
        assert file != draw(text, kind, Style(size=size, correction="H", foreground="#0a6043", background="#fffaf3"))


def test_the_logo_is_seen_in_the_middle() -> None:
    red = io.BytesIO()
    Image.new("RGB", (90, 90), "#ff0000").save(red, "WEBP", lossless=True)
    style = Style.of(size=512, correction="M", foreground="000000", background="ffffff", logo=red.getvalue())
    kinds: tuple[Kind, ...] = ("svg", "png", "pdf")
    for kind in kinds:
        seen = opened(kind, draw(SHORT, kind, style)).convert("RGB")
        r, g, b = seen.getpixel((seen.width // 2, seen.height // 2))  # type: ignore[misc]  # of three bands
        assert r > 200 > 60 > max(g, b), kind


def test_a_logo_in_a_code_too_small_for_it_is_refused_by_its_size() -> None:
    with pytest.raises(BadStyle) as refused:
        Style.of(size=MIN_SIZE, correction="H", foreground="000", background="fff", logo=logo())
    assert refused.value.parameter == "size"
