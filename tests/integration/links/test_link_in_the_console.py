"""A marketer says where a link leads, until when, and where it leads afterwards."""

from datetime import UTC, datetime

import httpx

from tests.integration.links.test_redirect import _link
from tests.integration.links.world import Replica, Shop, click, redirect_of


async def test_a_marketer_gives_a_link_an_end_and_a_page_for_afterwards(
    links: Replica, shop: Shop, console: httpx.AsyncClient
) -> None:
    link = await _link(shop)
    home = f"/console/links/link/{link['id']}"
    assert home in (await console.get(f"/console/links/ambassadors/{link['ambassador_id']}")).text
    sent = {
        "destination": "https://shop.example/p/7",
        "last_day": "2030-03-31",
        "fallback": "https://shop.example/sale",
    }
    for field, wrong in (("fallback", "https://evil.example/"), ("destination", "javascript:x"), ("last_day", "soon")):
        refused = await console.post(home, data={**sent, field: wrong})
        assert refused.status_code == 422
        assert f'id="{field}-error"' in refused.text
        assert wrong in refused.text, "what was typed is not lost"
    saved = await console.post(home, data=sent)
    assert (saved.status_code, saved.headers["location"]) == (
        303,
        f"/console/links/ambassadors/{link['ambassador_id']}",
    )
    kept = await shop.got(f"/v1/links/{link['id']}")
    assert [kept[field] for field in ("destination", "fallback")] == [sent["destination"], sent["fallback"]]
    assert datetime.fromisoformat(kept["expires_at"]) == datetime(2030, 3, 31, 21, tzinfo=UTC), (
        "its midnight in Chisinau"
    )
    assert 'value="2030-03-31"' in (await console.get(home)).text
    await console.post(home, data={**sent, "last_day": "2020-01-01"})
    await redirect_of(links).cache.catch_up()
    assert (await click(links, link["slug"])).headers["location"] == "https://shop.example/sale"
    await console.post(home, data={"destination": "", "last_day": "", "fallback": ""})
    kept = await shop.got(f"/v1/links/{link['id']}")
    assert [kept[field] for field in ("destination", "expires_at", "fallback")] == [None, None, None]
    assert (await console.get("/console/links/link/lnk_nothing")).status_code == 404
