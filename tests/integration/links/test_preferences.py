"""An ambassador says how they want to be told, on their own page, and reads there what happened."""

from datetime import timedelta

import pytest

from tests.integration.links.mailing import relay, working
from tests.integration.links.notifying import ConversionAttributed, notify, order, receive
from tests.integration.links.world import Replica, Shop, portal_of
from tests.support.mail import MailServer
from tests.support.wait import until

__all__ = ["relay", "working"]

ANNA = "anna@example.com"


@pytest.mark.usefixtures("working")
async def test_who_wants_no_mails_reads_the_news_on_their_page(links: Replica, shop: Shop, relay: MailServer) -> None:
    anna = (await shop.ambassador(await shop.program(), email=ANNA, locale="uk"))["id"]
    page = await portal_of(links, shop, anna)
    assert "Поки нічого" in (await page.get("/p/messages")).text
    chosen = {"channel": "portal", "digest": "none", "quiet_from": "22", "quiet_to": "8"}
    assert (await page.post("/p/messages", data=chosen)).status_code == 303
    await receive(links, order(ConversionAttributed, shop, "o-1", who=anna))
    await notify(links, after=timedelta(hours=30))
    shown = (await page.get("/p/messages")).text
    assert "Замовлення друга зараховано вам." in shown and "Friend" not in shown
    refused = await page.post("/p/messages", data={**chosen, "quiet_to": ""})
    assert refused.status_code == 422 and "Оберіть обидві години" in refused.text
    assert (await page.post("/p/messages/telegram")).headers["location"] == "/p/messages"  # there is no bot
    await page.aclose()
    assert (await shop.got("/v1/messages"))["data"] == []
    kept = await shop.got(f"/v1/ambassadors/{anna}/preferences")
    assert (kept["channel"], kept["quiet_from"], kept["quiet_to"]) == ("portal", 22, 8)
    assert (kept["mail"], kept["telegram"]) == ("ok", False)
    assert (kept["most_a_day"], kept["zone"]) == (5, None), "what the form did not ask for stayed"
    log = await shop.http.delete(f"/v1/ambassadors/{anna}")
    assert log.status_code == 204
    async with links.ctx.db.transaction([shop.id]) as tx:
        assert await tx.scalar("select count(*) from preferences where ambassador_id = :id", id=anna) == 0


@pytest.mark.usefixtures("working")
async def test_a_collection_comes_at_nine_and_a_wrong_zone_is_named(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    anna = (await shop.ambassador(await shop.program(), email=ANNA))["id"]
    path = f"/v1/ambassadors/{anna}/preferences"
    wrong = await shop.http.put(path, json={"zone": "Europe/Atlantis"})
    assert wrong.status_code == 422 and "Europe/Chisinau" in wrong.text
    assert (await shop.http.put(path, json={"digest": "daily"})).status_code == 200
    for number in range(3):
        await receive(links, order(ConversionAttributed, shop, f"o-{number}", who=anna))
    await notify(links, after=timedelta(minutes=3))
    assert (await shop.got("/v1/messages"))["data"] == []
    await notify(links, after=timedelta(hours=24))
    await until(lambda: relay.to(ANNA), what="the collection")
    assert len(relay.to(ANNA)) == 1 and relay.to(ANNA)[0]["Subject"] == "News from Zerno"


async def test_an_ambassador_chooses_their_time_zone_and_how_many_messages_a_day(links: Replica, shop: Shop) -> None:
    anna = (await shop.ambassador(await shop.program(), email=ANNA))["id"]
    page = await portal_of(links, shop, anna)
    shown = (await page.get("/p/messages")).text
    assert '<option value="Europe/Chisinau">' in shown and '<option value="5" selected>' in shown
    chosen = {"quiet_from": "22", "quiet_to": "8", "zone": "Europe/Chisinau", "most_a_day": "2"}
    assert (await page.post("/p/messages", data=chosen)).status_code == 303
    kept = await shop.got(f"/v1/ambassadors/{anna}/preferences")
    assert (kept["zone"], kept["most_a_day"]) == ("Europe/Chisinau", 2)
    shown = (await page.get("/p/messages")).text
    assert '<option value="Europe/Chisinau" selected>' in shown and '<option value="2" selected>' in shown
    refused = await page.post("/p/messages", data={**chosen, "zone": "Europe/Atlantis"})
    assert refused.status_code == 422 and "Choose a time zone of the list." in refused.text
    assert (await page.post("/p/messages", data={**chosen, "most_a_day": "0"})).status_code == 422
    assert (await page.post("/p/messages", data={**chosen, "zone": ""})).status_code == 303, "the store's again"
    kept = await shop.got(f"/v1/ambassadors/{anna}/preferences")
    assert (kept["zone"], kept["most_a_day"]) == (None, 2)
    await page.aclose()
