"""Who shared lately: heard of from pages of the store as from one's own, once an hour, of who is named."""

from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.events.tracking import Customer, ShareRecorded, VisitRecorded
from tests.integration.links.notifying import receive
from tests.integration.links.world import Replica, Shop, open_shop

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def share(
    shop: Shop, who: str | None = None, *, slug: str | None = None, at: datetime = NOON, number: int = 1
) -> ShareRecorded:
    return ShareRecorded(store_id=shop.id, track_id=f"trk_{number}", at=at, customer=Customer(id=who), slug=slug)


async def last(links: Replica, shop: Shop) -> dict[str, Any]:
    async with links.ctx.db.transaction([shop.id]) as tx:
        rows = await tx.all("select ambassador_id, shared_at from activities where shared_at is not null")
    return {row.ambassador_id: row.shared_at for row in rows}


async def test_a_share_on_a_page_of_the_store_counts_for_the_customer_who_is_an_ambassador(
    links: Replica, shop: Shop
) -> None:
    first, second = await shop.program(), await shop.program(name="Another")
    anna = (await shop.ambassador(first, external_id="c-anna"))["id"]
    too = (await shop.ambassador(second, external_id="c-anna"))["id"]
    gone = (await shop.ambassador(first, external_id="c-gone"))["id"]
    await shop.http.delete(f"/v1/ambassadors/{gone}")
    visit = VisitRecorded(store_id=shop.id, track_id="trk_9", at=NOON)
    await receive(links, share(shop, "c-stranger"), share(shop, None), share(shop, "c-gone"), visit)
    assert await last(links, shop) == {}

    earlier = NOON - timedelta(minutes=5)
    await receive(links, share(shop, "c-anna"), share(shop, "c-anna", at=earlier, number=2))
    assert await last(links, shop) == {anna: NOON, too: NOON}, (
        "the newest, whatever the order; in each of their programs"
    )
    await receive(links, share(shop, "c-anna", at=NOON + timedelta(minutes=50)))
    assert set((await last(links, shop)).values()) == {NOON}, "once an hour is often enough"
    later = NOON + timedelta(minutes=70)
    await receive(links, share(shop, "c-anna", at=later))
    await receive(links, share(shop, "c-anna", at=NOON))
    assert await last(links, shop) == {anna: later, too: later}, "one that comes late is no newer"


async def test_another_store_s_customer_of_the_same_id_is_somebody_else(links: Replica, shop: Shop) -> None:
    other = await open_shop(links, domain="other.example")
    await shop.ambassador(await shop.program(), external_id="c-anna")
    hers = (await other.ambassador(await other.program(landing_url="https://other.example/"), external_id="c-anna"))[
        "id"
    ]
    await receive(links, share(other, "c-anna"))
    assert await last(links, shop) == {} and list(await last(links, other)) == [hers]
    await other.http.aclose()


async def test_a_share_by_the_link_alone_counts_for_whose_link_it_is(links: Replica, shop: Shop) -> None:
    program = await shop.program()
    anna, gone = await shop.ambassador(program), await shop.ambassador(program)
    await shop.http.delete(f"/v1/ambassadors/{gone['id']}")
    other = await open_shop(links, domain="other.example")
    await receive(links, share(shop, slug="nobodys"), share(shop, slug=gone["link"]["slug"]))
    await receive(links, share(other, slug=anna["link"]["slug"]))
    assert await last(links, shop) == {} and await last(links, other) == {}
    await other.http.aclose()

    former = anna["link"]["slug"]
    renamed = await shop.http.patch(f"/v1/links/{anna['link']['id']}", json={"slug": "anna-recommends"})
    assert renamed.status_code == 200, renamed.text
    later = NOON + timedelta(minutes=5)
    await receive(links, share(shop, slug=former), share(shop, slug="anna-recommends", at=later, number=2))
    assert await last(links, shop) == {anna["id"]: later}, "by either of its names, in one step"
