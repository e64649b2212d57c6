"""A store's own colour and logo, and the name by which friends are invited."""

import io
import re
import struct
import subprocess
import sys
import zlib
from base64 import b64decode, b64encode
from typing import Any

import httpx
import pytest
from PIL import Image

from services.links.looks.domain import contrast, ink_on
from tests.integration.links.test_landing import PAGE, opened
from tests.integration.links.world import Replica, Shop, redirect_of


def picture(kind: str = "PNG", size: tuple[int, int] = (600, 400), **options: Any) -> bytes:
    target = io.BytesIO()
    image = Image.effect_noise(size, 90).convert("RGB")
    image.save(target, kind, **options)
    return target.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*extra: bytes, size: tuple[int, int] = (64, 64), lines: bytes | None = None) -> bytes:
    """A PNG made by hand: what it says of itself need not be true."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0))
    pixels = (b"\0" + b"\x7a\x3b\x1e" * size[0]) * size[1] if lines is None else lines
    parts = (head, *extra, chunk(b"IDAT", zlib.compress(pixels)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def animated(kind: str, size: tuple[int, int] = (64, 64)) -> bytes:
    target = io.BytesIO()
    first, second = (Image.new("RGB", size, color) for color in ("red", "blue"))
    first.save(target, kind, save_all=True, append_images=[second], duration=100)
    return target.getvalue()


async def patched(shop: Shop, **look: Any) -> httpx.Response:
    return await shop.http.patch("/v1/stores/look", json=look)


async def test_the_page_wears_the_stores_colour_and_logo_and_stays_small(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(**PAGE), name="Anna")
    path = f"/l/{anna['link']['slug']}"
    assert "--store:#0A6043" in (await opened(links, path)).text
    given = picture("JPEG", exif=b"Exif\x00\x00secret place")
    changed = await patched(shop, color="#ffe9a8", logo=b64encode(given).decode())
    assert changed.status_code == 200, changed.text
    assert (changed.json()["color"], changed.json()["text_color"]) == ("#FFE9A8", "#000000")
    await redirect_of(links).cache.catch_up()
    page = await opened(links, path)
    assert "--store:#FFE9A8;--on-store:#000000" in page.text
    logo = re.findall(r'<img src="data:image/webp;base64,([^"]+)"', page.text)[0].replace("&#43;", "+")
    assert b"secret" not in b64decode(logo)
    with Image.open(io.BytesIO(b64decode(logo))) as kept:
        assert kept.format == "WEBP"
        assert max(kept.size) <= 128
    assert len(page.content) < 30_000
    style = re.findall(r"style-src '(sha256-[^']+)'", page.headers["content-security-policy"])
    assert len(style) == 1


async def test_the_picture_of_the_link_wears_them_too(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(**PAGE))
    path = f"/l/{anna['link']['slug']}/preview.png"
    before = (await opened(links, path)).content
    await patched(shop, color="#B0123F", logo=b64encode(picture(size=(64, 64))).decode())
    await redirect_of(links).cache.catch_up()
    with Image.open(io.BytesIO((await opened(links, path)).content)) as drawn:
        assert drawn.convert("RGB").getpixel((1100, 20)) == (0xB0, 0x12, 0x3F)
    assert before != (await opened(links, path)).content


async def test_pages_that_other_services_make_take_it_as_a_stylesheet(links: Replica, shop: Shop) -> None:
    address = f"/look/{shop.id}.css"
    plain = await links.http.get(address)
    assert plain.headers["content-type"].startswith("text/css")
    assert plain.text == ".plain,.portal{--store:#0A6043;--on-store:#FFFFFF}"
    assert (await links.http.get("/look/str_nobody.css")).text == plain.text  # it tells nobody which stores there are
    await patched(shop, color="#FFE9A8", logo=b64encode(picture(size=(64, 64))).decode())
    worn = (await links.http.get(address)).text
    assert worn.startswith(".plain,.portal{--store:#FFE9A8;--on-store:#000000}.mast .initial{background:#FFF url(data:")
    assert (await links.http.get("/look/str_x%7D.css")).status_code in (404, 422)


async def test_null_goes_back_to_what_is_usual(shop: Shop) -> None:
    await patched(shop, color="#B0123F", logo=b64encode(picture(size=(64, 64))).decode())
    again = await patched(shop, color=None, logo=None)
    assert again.json() == {"color": "#0A6043", "text_color": "#FFFFFF", "logo": None}
    assert await shop.got("/v1/stores/look") == again.json()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("color", "red"),
        ("color", "#12345"),
        ("logo", "not base64!"),
        ("logo", b64encode(b"<svg xmlns='http://www.w3.org/2000/svg'/>").decode()),
        ("logo", b64encode(b"%PDF-1.7").decode()),
        ("logo", b64encode(picture("PNG", (200, 200))[:2000]).decode()),
        ("logo", b64encode(picture("GIF", (2100, 2000), optimize=True)[:100]).decode()),
    ],
)
async def test_what_is_no_colour_or_picture_is_named(shop: Shop, field: str, value: str) -> None:
    answer = await patched(shop, **{field: value})
    assert answer.status_code == 422, answer.text
    assert field in answer.text


@pytest.mark.parametrize(
    "given",
    [
        png(chunk(b"eXIf", b"MM\0*")),
        png(chunk(b"eXIf", b"II*\0" + b"\xff" * 60)),
        png(chunk(b"iCCP", b"x\0\0no zlib")),
        png(chunk(b"zTXt", b"x\0\0" + zlib.compress(b"a" * 40_000_000))),
        png(chunk(b"gAMA", b"")),
        png(chunk(b"tRNS", b"\0")),
        png(size=(40_000, 40_000), lines=b""),
        png(size=(2_100, 2_100), lines=b""),
        png(size=(0, 0), lines=b""),
        png(lines=b""),
        picture("JPEG")[:400],
        picture("WEBP")[:300],
        animated("GIF")[:60],
        b"\xff\xd8\xff\xe1\x00\x0aExif\0\0MM",
        picture("BMP", (60, 60)),
        picture("TIFF", (60, 60)),
        picture("ICO", (32, 32)),
    ],
    ids=lambda given: f"{given[1:4]!r}-{len(given)}",
)
async def test_no_picture_breaks_what_reads_it(shop: Shop, given: bytes) -> None:
    answer = await patched(shop, logo=b64encode(given).decode())
    if answer.status_code == 200:  # what is wrong with it does not matter to who draws it anew
        with Image.open(io.BytesIO(b64decode(answer.json()["logo"].partition(",")[2]))) as kept:
            assert kept.getpixel((5, 5))
    else:
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["field"] == "logo"


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
async def test_of_a_moving_picture_the_first_is_kept(shop: Shop, kind: str) -> None:
    answer = await patched(shop, logo=b64encode(animated(kind)).decode())
    with Image.open(io.BytesIO(b64decode(answer.json()["logo"].partition(",")[2]))) as kept:
        assert getattr(kept, "n_frames", 1) == 1
        red, _, blue, *_ = kept.convert("RGB").getpixel((30, 30))  # type: ignore[misc]
        assert red > 200 > 60 > blue


async def test_a_wrong_suffix_does_not_matter_and_a_broken_file_is_said_to_be_one(console: httpx.AsyncClient) -> None:
    home = "/console/links/look"
    named = await console.post(home, files={"logo": ("logo.jpg", picture("WEBP", (80, 80)), "image/jpeg")})
    assert named.status_code == 303, named.text
    broken = await console.post(home, files={"logo": ("logo.png", png(chunk(b"eXIf", b"MM\0*")), "image/png")})
    assert broken.status_code == 422
    assert "Choose a PNG" in broken.text


def test_what_draws_is_loaded_when_something_is_drawn() -> None:
    asked = "import sys, services.links.main; print({'PIL', 'resvg_py'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True).stdout == b"set()\n"


async def test_a_marketer_chooses_them_in_the_console(console: httpx.AsyncClient, shop: Shop) -> None:
    saved = await console.post(
        "/console/links/look",
        data={"color": "#7a3b1e"},
        files={"logo": ("logo.png", picture(size=(80, 80)), "image/png")},
    )
    assert saved.status_code == 303, saved.text
    page = (await console.get("/console/links/look")).text
    assert 'fill="#7A3B1E"' in page
    assert "data:image/webp;base64," in page
    wrong = await console.post(
        "/console/links/look", data={"color": "brown"}, files={"logo": ("a.png", b"no", "image/png")}
    )
    assert wrong.status_code == 422
    assert "six hexadecimal digits" in wrong.text
    assert "Choose a PNG" in wrong.text
    await console.post("/console/links/look", data={"color": "#7A3B1E", "no_logo": "1"})
    assert (await shop.got("/v1/stores/look"))["logo"] is None


async def test_a_chosen_name_invites_instead_of_the_first(links: Replica, shop: Shop) -> None:
    program_id = await shop.program(**PAGE)
    anna = await shop.ambassador(program_id, name="Anna Kowalczuk", public_name="Аня с рынка")
    path = f"/l/{anna['link']['slug']}"
    assert "Аня с рынка invites you" in (await opened(links, path)).text
    changed = await shop.http.patch(f"/v1/ambassadors/{anna['id']}", json={"public_name": None})
    assert changed.json()["public_name"] is None
    await redirect_of(links).cache.catch_up()
    assert "Anna invites you" in (await opened(links, path)).text
    refused = await shop.post("/v1/ambassadors", {"program_id": program_id, "public_name": "anna@shop.example"})
    assert refused.status_code == 422


@pytest.mark.parametrize("color", ["#000000", "#FFFFFF", "#777777", "#0A6043", "#FFE9A8", "#FF0000", "#00FF00"])
def test_words_on_any_colour_can_be_read(color: str) -> None:
    assert contrast(ink_on(color), color) >= 4.5
