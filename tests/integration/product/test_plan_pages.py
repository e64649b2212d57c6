"""The console's page of targets in a real browser: one is set, a file names its wrong lines, and all can read it."""

from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.integration.product.test_portal_story import at_console
from tests.support.axe import violations_in_both_schemes
from tests.support.two_stores import TwoStores
from tests.support.wait import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
WIDTHS = (390, 1280)


async def reads_well(page: Page) -> None:
    """It keeps nobody out, in light and in dark, and nothing runs out of the window."""
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        assert await violations_in_both_schemes(page) == [], (page.url, width)
        assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (page.url, width)


async def test_a_marketer_sets_targets_by_form_and_by_file(
    two_stores: TwoStores, page_context: BrowserContext, tmp_path: Path
) -> None:
    page = await at_console(two_stores, two_stores.a, page_context)
    base, ambassador = str(two_stores.client.base_url).rstrip("/"), two_stores.a.ids["ambassador_id"]

    async def known() -> bool:
        target = {"ambassador_id": ambassador, "plan": "bonus", "period": "2998-12", "target_minor": 100}
        answer = await two_stores.client.put(
            "/v1/plan-targets", json={"targets": [target]}, headers=two_stores.a.secret
        )
        return bool(answer.json()["data"][0]["status"] != "refused")

    await until(known, what="an ambassador whom rewards knows")
    await page.goto(f"{base}/console/rewards/rewards")
    await page.get_by_role("link", name="Plans").click()
    await expect(page.locator("h1")).to_have_text("Plans")
    await page.get_by_label("Ambassador", exact=True).fill(ambassador)
    await page.locator("form.form #period").fill("soon")
    await page.get_by_label("Target", exact=True).fill("1000.00")
    await page.get_by_role("button", name="Set", exact=True).click()
    await expect(page.get_by_text("Write a month as 2027-03")).to_be_visible()
    await reads_well(page)
    await page.locator("form.form #period").fill("2999-03")
    await page.get_by_role("button", name="Set", exact=True).click()
    await expect(page.get_by_role("cell", name="€1,000.00", exact=True)).to_be_visible()
    await reads_well(page)

    sheet = tmp_path / "targets.csv"
    sheet.write_text(f"ambassador,period,target\n{ambassador},2999-04,2000\nnobody,2999-04,5\n")
    await page.get_by_label("File").set_input_files(sheet)
    await page.get_by_role("button", name="Set all").click()
    await expect(page.get_by_text("There is no such ambassador.")).to_be_visible()
    await reads_well(page)
    sheet.write_text(f"ambassador,period,target\n{ambassador},2999-04,2000\n")
    await page.get_by_label("File").set_input_files(sheet)
    await page.get_by_role("button", name="Set all").click()
    await expect(page.get_by_text("1 target was changed.")).to_be_visible()
    await reads_well(page)
