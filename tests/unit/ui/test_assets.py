"""What browsers load: addresses, headers, sizes, and colours that agree and can be read."""

import gzip
import re

import httpx
import pytest
from starlette.applications import Starlette

from services.ui import Assets, Pages
from services.ui.assets import STATIC
from services.ui.charts.file_ink import DARK, LIGHT, Palette

ASSETS = Assets()
CSS = (STATIC / "kith.css").read_text()


def packed(name: str) -> int:
    asset = ASSETS.get(name)
    assert asset is not None
    return len(asset.packed or asset.body)


@pytest.mark.parametrize(
    ("name", "limit"),
    [("kith.css", 10_000), ("console.js", 4_000), ("htmx.min.js", 13_500), ("icons.svg", 8_000)],
)
def test_a_file_stays_within_its_budget(name: str, limit: int) -> None:
    assert packed(name) <= limit


@pytest.mark.parametrize(
    "faces", [["core"], ["core", "cyrillic"], ["core", "accents", "romanian"], ["core", "cyrillic", "arrows"]]
)
def test_the_faces_of_one_language_stay_within_25_kilobytes(faces: list[str]) -> None:
    assert sum(packed(f"onest-{face}.woff2") for face in faces) <= 25_000


async def get(url: str, headers: dict[str, str] | None = None) -> httpx.Response:
    transport = httpx.ASGITransport(app=Starlette(routes=ASSETS.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://kith.example") as client:
        return await client.get(url, headers=headers)


async def test_an_address_carries_the_hash_of_what_it_gives() -> None:
    url = ASSETS.url("kith.css")
    answer = await get(url)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/css")
    assert (await get(url, {"if-none-match": answer.headers["etag"]})).status_code == 304
    older = await get("/assets/000000000000/kith.css")
    assert (older.status_code, older.headers["cache-control"]) == (200, "no-cache")
    assert (await get("/assets/x/none.css")).status_code == 404


async def test_text_is_sent_packed_to_those_who_take_it() -> None:
    url = ASSETS.url("icons.svg")
    plain = await get(url, {"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    packed_answer = await get(url, {"accept-encoding": "gzip"})
    assert packed_answer.headers["content-encoding"] == "gzip"
    assert packed_answer.content == plain.content


def test_the_sheet_names_its_fonts_by_their_hashed_addresses() -> None:
    sheet = ASSETS.get("kith.css")
    assert sheet is not None
    named = re.findall(rb"url\(([^)]+)\)", sheet.body)
    assert len(named) == 5
    assert all(address.decode() in _addresses() for address in named)
    assert b"/*" not in sheet.body


def _addresses() -> set[str]:
    return {ASSETS.url(name) for name in ASSETS.names()}


def test_two_assets_of_one_name_are_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("assets")
    (folder / "kith.css").write_text("a{}")
    with pytest.raises(ValueError, match=r"two assets are called kith\.css"):
        Assets([folder])


def test_an_asset_that_does_not_exist_is_an_error_where_it_is_named() -> None:
    with pytest.raises(KeyError):
        Pages().assets.url("kith.csss")


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    ids = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
    templates = "".join(path.read_text() for path in (STATIC.parent / "templates").rglob("*.html"))
    named = set(re.findall(r'\bicon\("([\w-]+)"', templates))
    assert named
    assert {name for name in named if not name.endswith("-")} <= ids


def tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):(#[0-9A-F]{3,8})", block))


def themes() -> dict[str, dict[str, str]]:
    light = re.search(r":root\{color-scheme:light;(.*?)\}", CSS, re.DOTALL)
    dark = re.findall(r"\{color-scheme:dark;(.*?)\}", CSS, re.DOTALL)
    assert light is not None
    assert len(dark) == 2
    assert dark[0] == dark[1], "the chosen dark and the system's dark differ"
    return {"light": tokens(light.group(1)), "dark": tokens(dark[0])}


@pytest.mark.parametrize(("theme", "palette"), [("light", LIGHT), ("dark", DARK)])
def test_a_file_has_the_colours_of_the_sheet(theme: str, palette: Palette) -> None:
    sheet = themes()[theme]
    assert {name: colour for name, colour in palette.series.items() if name != "muted"} == {
        name: sheet[name] for name in ("clicks", "signups", "orders", "revenue", "rewards", "refunds")
    }
    assert (palette.surface, palette.ink, palette.ink_3, palette.line, palette.control) == tuple(
        sheet[name] for name in ("surface", "ink", "ink-3", "line", "control")
    )


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    linear = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in (int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_text_and_all_marks_can_be_told_from_their_ground(theme: str) -> None:
    colours = themes()[theme]
    grounds = ("canvas", "surface", "raised", "hover")
    text = [(ink, ground, 4.5) for ink in ("ink", "ink-2", "ink-3") for ground in grounds]
    text += [(tone, f"{tone}-soft", 4.5) for tone in ("good", "warn", "bad", "info")]
    text += [(tone, "surface", 4.5) for tone in ("good", "warn", "bad", "accent")]
    text += [("on-accent", "accent", 4.5), ("ink", "accent-soft", 4.5), ("on-l4", "l4", 4.5), ("on-l4", "l5", 4.5)]
    text += [("ink", f"l{level}", 4.5) for level in (1, 2, 3)]
    marks = [(name, "surface", 3.0) for name in ("clicks", "signups", "orders", "revenue", "rewards", "refunds")]
    marks += [("control", "surface", 3.0)]
    weak = [(a, b) for a, b, least in text + marks if contrast(colours[a], colours[b]) < least]
    assert weak == []


def test_the_sheet_is_one_file_that_asks_for_nothing_from_elsewhere() -> None:
    assert "@import" not in CSS
    assert "http" not in CSS
    assert len(gzip.compress(CSS.encode(), 9)) < 12_000
