"""The main job in a real browser, in both modes: a friend follows a link, buys, and both sides are rewarded."""

from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from tests.support.product import Mode, started
from tests.support.wait import until

TWO_WEEKS_S = 14 * 86_400 + 3_600


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", ["run", "split"])
async def test_a_friend_clicks_and_buys_and_both_sides_are_rewarded(
    mode: Mode, tmp_path: Path, page_context: BrowserContext
) -> None:
    async with started(mode, tmp_path / "kith") as kith:
        console = await page_context.new_page()
        await console.goto(kith.console_url)
        await expect(console.get_by_role("heading", level=1)).to_be_visible()

        shop = await page_context.new_page()
        await shop.goto(kith.link_url)
        await expect(shop).to_have_url(f"{kith.shop_url}/")
        await shop.get_by_role("button", name="Add Clay dripper to the cart").click()
        await shop.get_by_role("link", name="Check out").click()
        await shop.get_by_label("E-mail").fill("friend@example.com")
        await shop.get_by_role("button", name="Pay").click()
        order_id = await shop.locator("#order").inner_text()

        async def decided() -> bool:
            answer = await kith.get(f"/v1/orders/{order_id}")
            return answer.is_success and answer.json()["decision"]["status"] == "attributed"

        await until(decided, within=60, what="an attributed order")

        async def rewards() -> list[dict[str, object]]:
            found: list[dict[str, object]] = (await kith.get(f"/v1/rewards?order_id={order_id}")).json()["data"]
            return found if len(found) == 2 else []

        pending = await until(rewards, within=60, what="two rewards")
        assert {reward["status"] for reward in pending} == {"pending"}

        await console.goto(f"{kith.url}/console/attribution/orders/{order_id}")
        await expect(console.get_by_text("Attributed to").first).to_be_visible()
        await expect(console.get_by_text("Pending").nth(1)).to_be_visible()

        await kith.advance(TWO_WEEKS_S)

        async def released() -> bool:
            return {reward["status"] for reward in await rewards()} == {"available"}

        await until(released, within=90, what="available rewards")
        await console.reload()
        await expect(console.get_by_text("Available").first).to_be_visible()

        balance = (await kith.get("/v1/ledger/trial-balance")).json()["data"]
        assert balance
        assert all(row["difference"] == 0 for row in balance)
