"""The main job in a real browser, in both modes: a friend follows a link and buys, both are served."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import BrowserContext, expect

from tests.support.product import running
from tests.support.wait import until

TWO_WEEKS_S = 14 * 86_400 + 3_600


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", ["run", "split"])
async def test_a_friend_clicks_and_buys_with_the_discount_and_the_ambassador_is_rewarded(
    mode: str, tmp_path: Path, page_context: BrowserContext
) -> None:
    async with running(mode, tmp_path / "kith") as kith, httpx.AsyncClient(base_url=kith.url, timeout=30) as http:

        async def reported(path: str) -> Any:
            answer = await http.get(path, headers={"Authorization": f"Bearer {kith.reported['secret_key']}"})
            return answer.json() if answer.is_success else None

        console = await page_context.new_page()
        await console.goto(kith.reported["console_url"])
        await console.get_by_role("button", name="Sign in").click()
        await expect(console.get_by_role("heading", level=1)).to_have_text("Overview")

        shop = await page_context.new_page()
        await shop.goto(kith.reported["link_url"])
        await expect(shop.get_by_role("heading", level=1)).to_have_text("€5 off your first order")
        await expect(shop.locator("p.code b")).to_be_visible()
        assert "kith=" not in shop.url
        await shop.get_by_role("link", name="To the store with the discount").click()
        await expect(shop).to_have_url(f"{kith.reported['shop_url']}/")
        await shop.get_by_role("button", name="Add Clay dripper to the cart").click()
        await expect(shop.locator(".sums .off")).to_contain_text("−€5.00")
        await shop.get_by_role("link", name="Check out").click()
        await shop.get_by_label("E-mail").fill("friend@example.com")
        await shop.get_by_role("button", name="Pay").click()
        order_id = await shop.locator("#order").inner_text()

        async def decided() -> bool:
            order = await reported(f"/v1/orders/{order_id}")
            return order is not None and (order["decision"] or {}).get("status") == "attributed"

        await until(decided, within=60, what="an attributed order")

        async def rewards_are(status: str) -> bool:
            found = (await reported(f"/v1/rewards?order_id={order_id}"))["data"]
            return [(reward["beneficiary"]["kind"], reward["status"]) for reward in found] == [("ambassador", status)]

        await until(lambda: rewards_are("pending"), within=60, what="a pending reward")
        await console.goto(f"{kith.url}/console/attribution/orders/{order_id}")
        await expect(console.get_by_text("Attributed to").first).to_be_visible()
        await expect(console.get_by_text("Pending").first).to_be_visible()
        await expect(console.get_by_text("Taken off at the checkout")).to_be_visible()

        moved = await http.post(
            "/v1/clock",
            json={"advance_seconds": TWO_WEEKS_S},
            headers={"Authorization": f"Bearer {kith.operator_key}"},
        )
        assert moved.status_code == 200, moved.text
        await until(lambda: rewards_are("available"), within=90, what="an available reward")
        await console.reload()
        await expect(console.get_by_text("Available").first).to_be_visible()

        balance = (await reported("/v1/ledger/trial-balance"))["data"]
        assert balance
        assert all(row["difference"] == 0 for row in balance)
