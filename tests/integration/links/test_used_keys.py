"""When a key was last used: seen wherever it comes, written at most once an hour, shown to whoever may see keys."""

from datetime import timedelta

import httpx

from contracts.events.audit import KeyUsed
from services.kernel.used_keys import report_used_keys
from tests.integration.links.notifying import receive
from tests.integration.links.world import Replica, Shop, events


async def test_the_last_use_of_a_key_is_kept_to_the_hour(
    links: Replica, console: httpx.AsyncClient, shop: Shop
) -> None:
    spare = (await shop.made("/v1/keys", {"scopes": ["links:read"], "label": "Spare"}))["id"]
    await report_used_keys(links.ctx)
    uses = [one for one in await events(links, "key.used") if one["store_id"] == shop.id]
    assert len(uses) == 1, "the shop's own key, by many requests, and the session that it opened"
    for _ in range(3):
        await shop.got("/v1/keys")
    await report_used_keys(links.ctx)
    assert len([one for one in await events(links, "key.used") if one["store_id"] == shop.id]) == 1
    first = KeyUsed(store_id=shop.id, key_id=uses[0]["key_id"], used_at=uses[0]["used_at"])
    foreign = first.model_copy(update={"store_id": "str_other", "key_id": spare})

    async def known() -> dict[str, str | None]:
        return {one["id"]: one["last_used_at"] for one in (await shop.got("/v1/keys"))["data"]}

    await receive(links, first)
    assert "today" in (await console.get("/console/links/keys")).text
    for late, written in ((0, 0), (30, 0), (61, 61), (5, 61)):
        use = first.model_copy(update={"used_at": first.used_at + timedelta(minutes=late)})
        await receive(links, use, foreign)
        at = (first.used_at + timedelta(minutes=written)).isoformat().replace("+00:00", "Z")
        found = await known()
        assert found[first.key_id] == at
        assert found[spare] is None, "another store speaks of no key of ours"
    sheet = (await shop.http.get("/v1/keys", params={"format": "csv"})).text
    assert sheet.splitlines()[0].endswith("last_used_at")
    page = (await console.get("/console/links/keys")).text
    assert "Last used" in page
    assert "Last used" in (await console.get(f"/console/links/keys/{first.key_id}")).text
