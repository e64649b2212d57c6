"""Takes the pictures of `docs/pictures` from a running demo: `python -m tests.pictures URL SERVER_KEY [FOLDER]`.

`make run` says both. Each picture is a sheet of some pages side by side, in few colours, so that it stays small.
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import httpx
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from tests.support.browser import on_this_machine

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
_GAP = 16
_BETWEEN = "#8A938E"


@dataclass(frozen=True)
class Sheet:
    """Pages beside each other, as one person sees them on one device. `pages` may name {slug} and {program}."""

    name: str
    pages: Sequence[str]
    language: str
    theme: Literal["light", "dark"]
    wide: bool = False
    across: int = 4


FRIEND = ("/l/{slug}", "/join/{program}", "/terms/{program}", "/p/{program}")
PORTAL = ("/p", "/p/friends", "/p/results", "/p/statement")
MESSAGES = ("/p/messages", "/p/links", "/p/materials", "/p/invites")
CONSOLE = ("/console", "/console/analytics/ambassadors", "/console/attribution/orders", "/console/links/programs")
SHEETS = (
    Sheet("friend", FRIEND, "en-GB", "light"),
    Sheet("friend-dark", FRIEND, "uk-UA", "dark"),
    Sheet("portal", PORTAL, "en-GB", "light"),
    Sheet("portal-dark", PORTAL, "ru-RU", "dark"),
    Sheet("messages", MESSAGES, "en-GB", "light"),
    Sheet("messages-dark", MESSAGES, "uk-UA", "dark"),
    Sheet("portal-wide", ("/p", "/p/results"), "ro-RO", "light", wide=True, across=2),
    Sheet("console", CONSOLE, "en-GB", "light"),
    Sheet("mailbox", ("/console/links/mailbox",), "en-GB", "light", wide=True, across=1),
)


async def main(url: str, key: str, folder: Path) -> None:
    """Takes all of them."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=on_this_machine(), args=["--no-sandbox"])
        try:
            async with httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {key}"}, timeout=30) as api:
                for sheet in SHEETS:
                    await _take(browser, api, url, key, sheet, folder)
                    print(folder / f"{sheet.name}.png")
        finally:
            await browser.close()


async def _take(browser: Browser, api: httpx.AsyncClient, url: str, key: str, sheet: Sheet, folder: Path) -> None:
    width, height = (1280, 900) if sheet.wide else (390, 844)
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        locale=sheet.language,
        color_scheme=sheet.theme,
        device_scale_factor=1 if sheet.wide else 1.5,
    )
    page = await context.new_page()
    # The demo shop's first customer shares most.
    first = (await api.get("/v1/ambassadors", params={"external_id": "a1"})).raise_for_status().json()["data"][0]
    if sheet.pages[0].startswith("/console"):
        await _into_the_console(page, url, key)
    elif sheet.pages is not FRIEND:
        await _into_the_portal(page, api, first["id"])
    shots = []
    with TemporaryDirectory() as kept:
        for number, pattern in enumerate(sheet.pages):
            address = pattern.format(slug=first["link"]["slug"], program=first["program_id"])
            await page.goto(f"{url}{address}", wait_until="networkidle")
            path = Path(kept) / f"{number}.png"
            await page.screenshot(path=path)
            shots.append(Image.open(path).convert("RGB"))
        _beside_each_other(shots, sheet.across).save(folder / f"{sheet.name}.png", optimize=True)
    await context.close()


async def _into_the_console(page: Page, url: str, key: str) -> None:
    await page.goto(f"{url}/console/session")
    await page.fill("input[name=secret_key]", key)
    await page.click("main button[type=submit]")
    await page.wait_for_url(f"{url}/console")


async def _into_the_portal(page: Page, api: httpx.AsyncClient, ambassador_id: str) -> None:
    made = (await api.post("/v1/portal-sessions", json={"ambassador_id": ambassador_id})).raise_for_status().json()
    await page.goto(made["url"])
    await page.click("main button[type=submit]")
    await page.wait_for_url("**/p")


def _beside_each_other(shots: Sequence[Image.Image], across: int) -> Image.Image:
    width, height = shots[0].size
    rows = -(-len(shots) // across)
    size = (across * (width + _GAP) - _GAP, rows * (height + _GAP) - _GAP)
    sheet = Image.new("RGB", size, _BETWEEN)
    for number, shot in enumerate(shots):
        sheet.paste(shot, ((number % across) * (width + _GAP), (number // across) * (height + _GAP)))
    return sheet.quantize(96, dither=Image.Dither.NONE)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]) if len(sys.argv) > 3 else FOLDER))
