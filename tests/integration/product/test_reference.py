"""`/docs`: the whole API as pages, in a real Chromium and without anything from elsewhere."""

import json
import re
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from tests.support.axe import violations
from tests.support.two_stores import TwoStores

OPERATIONS = {
    f"{method.upper()} {path}"
    for document in Path("contracts/openapi").glob("*.json")
    for path, item in json.loads(document.read_text())["paths"].items()
    for method in item
}


async def test_every_operation_of_every_service_is_there_and_every_mention_leads_somewhere(
    two_stores: TwoStores,
) -> None:
    overview = (await two_stores.client.get("/docs")).text
    shown = set(re.findall(r">([A-Z]+ /v1/[^<]*)</a>", overview))
    assert shown == OPERATIONS
    pages = set(re.findall(r'href="(/docs/[\w-]+)#', overview))
    assert len(pages) > 10
    for path in sorted(pages):
        page = (await two_stores.client.get(path)).text
        ids = set(re.findall(r' id="([^"]+)"', page))
        wanted = {name for target, name in re.findall(r'href="([^"#]*)#([^"]+)"', page) if target in {"", path}}
        wanted |= set(re.findall(rf'href="{path}#([^"]+)"', overview))
        assert wanted <= ids, path
    assert (await two_stores.client.get("/docs/nothing")).status_code == 404


@pytest.mark.parametrize("width", [1280, 390])
async def test_it_reads_well_and_loads_nothing_from_elsewhere(
    two_stores: TwoStores, page_context: BrowserContext, width: int
) -> None:
    page = await page_context.new_page()
    await page.set_viewport_size({"width": width, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    base = str(two_stores.client.base_url).rstrip("/")
    for path in ("/docs?lang=uk", "/docs/programs?lang=en"):
        await page.goto(base + path)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert await violations(page) == []
    await page.get_by_role("link", name="RewardRule").first.click()
    await expect(page.locator("#RewardRule")).to_be_in_viewport()
    assert {url for url in asked if not url.startswith(base)} == set()
