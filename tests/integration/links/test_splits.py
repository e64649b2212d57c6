"""An ambassador chooses how the reward is shared: a link and a code of that choice, and a page that says it."""

from typing import Any

from services.common import click_token
from tests.integration.links.world import BROWSER, Replica, Shop, click, portal_of

RULE: dict[str, Any] = {
    "name": "ambassador",
    "to": "ambassador",
    "which": "every",
    "give": {"kind": "percent", "basis_points": 1000},
    "split": {"min_basis_points": 2_500},
}
ENGLISH = {"Accept-Language": "en", "User-Agent": BROWSER}


async def test_a_choice_in_the_portal_has_its_link_and_code_for_ever(links: Replica, shop: Shop) -> None:
    program_id = await shop.program(rewards=[RULE], landing="page", friend_benefit=None, discount=None)
    anna = await shop.ambassador(program_id, name="Anna")
    browser = await portal_of(links, shop, anna["id"])
    home = (await browser.get("/p", headers=ENGLISH)).text
    assert "All for me" in home and "Half for each" in home and "All for my friend" not in home
    for _ in range(2):
        answer = await browser.post("/p/split", data={"share": "5000"})
        assert answer.headers["location"] == "/p?split=5000"
    [half] = [one for one in (await shop.got("/v1/links", ambassador_id=anna["id"]))["data"] if one["split"] == 5000]
    [code] = [one for one in (await shop.got("/v1/codes", ambassador_id=anna["id"]))["data"] if one["split"] == 5000]
    shown = (await browser.get("/p?split=5000", headers=ENGLISH)).text
    assert half["slug"] in shown and code["code"] in shown
    assert anna["link"]["slug"] not in shown

    came = (await click(links, half["slug"])).headers["location"]
    claims = click_token.read(links.ctx.ring, came.partition("kith=")[2].partition("&")[0], store_id=shop.id)
    assert not isinstance(claims, click_token.TokenProblem)
    assert claims.split == 5000
    page = (await browser.get(came, headers=ENGLISH)).text
    assert "For each of your orders Anna gets 10% of your order and leaves 50% of it to you." in page
    assert code["code"] in page

    assert (await browser.post("/p/split", data={"share": "10000"})).headers["location"] == "/p", "the main link's"
    assert len((await shop.got("/v1/links", ambassador_id=anna["id"]))["data"]) == 2
    assert (await browser.post("/p/split", data={"share": "100"})).headers["location"] == "/p", "below the bound"
    again = {"program_id": program_id, "ambassador_id": anna["id"], "split": 5000}
    assert (await shop.made("/v1/links", again))["id"] == half["id"]
    assert (await shop.made("/v1/codes", again))["id"] == code["id"]
    await browser.aclose()
