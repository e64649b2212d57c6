"""The QR codes that ambassadors show and save, read by a reader that is not ours."""

import io
import re

import httpx
import pypdfium2
import pytest
import resvg_py
import zxingcpp
from PIL import Image

from services.ui.qr import qr_code
from tests.integration.links.world import Replica, Shop, portal_of

URL = "https://go.shop.example/r/anna?ch=qr"


def read(picture: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(picture.convert("L"))]


def drawn(svg: str) -> Image.Image:
    """As a browser draws it, which knows by itself what an inline SVG is."""
    named = svg if "xmlns=" in svg else svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    return Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=named))))


def shown_on(page: str) -> list[str]:
    """What the codes on a page hold, the thumbnail and the large one."""
    found = re.findall(r'<svg class="qr".*?</svg>', page, re.DOTALL)
    return [text for one in found for text in read(drawn(one))]


@pytest.mark.parametrize("size", [64, 280])
def test_a_code_on_a_page_is_read_at_the_sizes_that_pages_show(size: int) -> None:
    large = drawn(str(qr_code(URL, label="Share link", size=size)).replace(f'width="{size}" height="{size}"', "", 1))
    assert read(large.resize((max(size, 128),) * 2)) == [URL]
    assert read(drawn(str(qr_code(URL, label="Share link", size=280)))) == [URL]


async def test_the_portals_codes_lead_to_the_share_link_on_screen_and_as_files(links: Replica, shop: Shop) -> None:
    made = await shop.ambassador(await shop.program(), name="Anna")
    portal = await portal_of(links, shop, made["id"])
    wanted = f"{made['link']['url']}?ch=qr"
    assert wanted in shown_on((await portal.get("/p")).text)
    svg, png, pdf = [(await portal.get(f"/p/qr.{kind}")).content for kind in ("svg", "png", "pdf")]
    await portal.aclose()
    assert read(drawn(svg.decode())) == [wanted]
    assert read(Image.open(io.BytesIO(png))) == [wanted]
    assert read(pypdfium2.PdfDocument(pdf)[0].render(scale=2).to_pil()) == [wanted]


async def test_the_console_shows_the_same_code(links: Replica, shop: Shop, console: httpx.AsyncClient) -> None:
    made = await shop.ambassador(await shop.program(), name="Anna")
    page = (await console.get(f"/console/links/ambassadors/{made['id']}")).text
    assert f"{made['link']['url']}?ch=qr" in shown_on(page)
