"""Signing out ends a session in every service, also for whoever copied its cookie."""

import httpx
import pytest

from tests.support.two_stores import TwoStores
from tests.support.wait import until

PAGES = ("/console", "/console/links/ambassadors", "/console/attribution/orders", "/console/rewards/rewards")


async def test_a_copied_cookie_opens_nothing_after_signing_out(two_stores: TwoStores) -> None:
    key = two_stores.a.secret["authorization"].removeprefix("Bearer ")
    async with httpx.AsyncClient(base_url=two_stores.client.base_url, timeout=30) as browser:
        assert (await browser.post("/console/session", json={"secret_key": key})).status_code == 200
        copied = {"Cookie": f"kith_session={browser.cookies['kith_session']}"}
        left = await browser.post("/console/session/end", headers={"Sec-Fetch-Site": "same-origin"})
        assert (left.status_code, "kith_session" in browser.cookies) == (303, False)

    async def refused() -> bool:
        answers = [await two_stores.client.get(path, headers=copied) for path in PAGES]
        return [answer.status_code for answer in answers] == [401] * len(PAGES)

    await until(refused, what="every service refuses the copied cookie")


@pytest.mark.parametrize("headers", [{}, {"Cookie": "kith_session=k1.strange.cookie"}])
async def test_the_bare_address_leads_to_the_door(two_stores: TwoStores, headers: dict[str, str]) -> None:
    answer = await two_stores.client.get("/", headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/session")
