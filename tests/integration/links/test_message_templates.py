"""A store writes messages anew: what cannot be filled is refused, what is looked at is what people get."""

from datetime import timedelta

import httpx
import pytest

from services.links.notices.domain.occasions import OCCASIONS
from tests.integration.links.mailing import relay, working
from tests.integration.links.notifying import ConversionAttributed, notify, order, receive
from tests.integration.links.world import Replica, Shop
from tests.support.mail import MailServer, html_part, text_part
from tests.support.wait import until

__all__ = ["relay", "working"]

ANNA = "anna@example.com"
WORDS = {"subject": "Hurra, {store}!", "body": "<b>{reward}</b> & {code}\n\nBye", "label": "Los"}
ONE = "/v1/message-templates/attributed/en"


@pytest.mark.usefixtures("working")
async def test_a_store_s_own_words_are_looked_at_tried_and_told(links: Replica, shop: Shop, relay: MailServer) -> None:
    anna = (await shop.ambassador(await shop.program(), email=ANNA, name="Anna", locale="en"))["id"]
    seen = (await shop.post(f"{ONE}/preview", WORDS)).json()
    assert seen["subject"] == "Hurra, Zerno!"
    assert "Your reward: €12.50." in seen["text"]
    assert "&lt;b&gt;Your reward" in seen["html"] and "<b>Your" not in seen["html"]

    assert (await shop.http.put(ONE, json=WORDS)).json()["own"] is True
    made = await shop.made(f"{ONE}/test", {"ambassador_id": anna})
    await until(lambda: relay.to(ANNA), what="the mail for a try")
    assert relay.to(ANNA)[0]["Subject"] == seen["subject"]
    log = (await shop.got("/v1/messages"))["data"]
    assert [(one["id"], one["kind"]) for one in log] == [(made["id"], "try")]

    await receive(links, order(ConversionAttributed, shop, "o-1", who=anna))
    await notify(links, after=timedelta(minutes=3))
    await until(lambda: len(relay.to(ANNA)) == 2, what="the message")
    mail = relay.to(ANNA)[1]
    assert "ANNA10\n\nBye" in text_part(mail).replace("\r\n", "\n") and "&lt;b&gt;Your page" in html_part(mail)

    assert (await shop.http.delete(ONE)).status_code == 204
    ours = await shop.got(ONE)
    assert (ours["own"], ours["subject"]) == (False, "A friend of yours has bought at {store}")
    assert len((await shop.got("/v1/message-templates"))["data"]) == 4 * len(OCCASIONS)


@pytest.mark.parametrize(
    ("field", "text"),
    [("subject", "{friend_name}"), ("body", "{order_total} came"), ("label", "{"), ("subject", "a\nBcc: b@x.example")],
)
async def test_what_cannot_be_filled_is_refused_by_its_field(shop: Shop, field: str, text: str) -> None:
    for call in (shop.http.put(ONE, json=WORDS | {field: text}), shop.post(f"{ONE}/preview", WORDS | {field: text})):
        answer = await call
        assert answer.status_code == 422
        assert [wrong["field"] for wrong in answer.json()["errors"]] == [field]
    assert (await shop.got(ONE))["own"] is False


@pytest.mark.parametrize("language", ["en", "ru", "uk", "ro"])
async def test_a_marketer_writes_looks_and_goes_back(console: httpx.AsyncClient, shop: Shop, language: str) -> None:
    assert "/console/links/messages" in (await console.get("/console/links/mailbox")).text
    listed = (await console.get(f"/console/links/messages?lang={language}")).text
    here = f"/console/links/messages/attributed/{language}"
    assert here in listed
    seen = await console.post(here, data={**WORDS, "do": "preview"})
    assert "Hurra, Zerno!" in seen.text and "&lt;b&gt;" in seen.text and "<b>{" not in seen.text
    refused = await console.post(here, data={**WORDS, "subject": "{friend}", "do": "save"})
    assert refused.status_code == 422 and "{friend}" in refused.text
    assert (await console.post(here, data={**WORDS, "do": "save"})).status_code == 303
    assert (await shop.got(f"/v1/message-templates/attributed/{language}"))["own"] is True
    assert (await console.post(here, data={"do": "reset"})).status_code == 303
    assert (await console.post("/console/links/messages/attributed", data={})).status_code == 303
    enabled = {one["occasion"]: one["told"] for one in (await shop.got("/v1/message-occasions"))["data"]}
    assert (enabled["attributed"], enabled["rejected"]) == (False, True)
    nobody = await console.post(here, data={"do": "try", "ambassador_id": "amb_nobody"})
    assert nobody.status_code == 404 and 'id="ambassador_id-error"' in nobody.text
    assert (await shop.got(f"/v1/message-templates/attributed/{language}"))["own"] is False


@pytest.mark.usefixtures("working")
async def test_what_a_store_turns_off_is_not_told(links: Replica, shop: Shop, relay: MailServer) -> None:
    anna = (await shop.ambassador(await shop.program(), email=ANNA))["id"]
    assert (await shop.http.put("/v1/message-occasions/attributed", json={"told": False})).status_code == 200
    enabled = {one["occasion"]: one["told"] for one in (await shop.got("/v1/message-occasions"))["data"]}
    assert enabled["attributed"] is False and enabled["rejected"] is True
    await receive(links, order(ConversionAttributed, shop, "o-1", who=anna))
    await notify(links, after=timedelta(minutes=3))
    assert (await shop.got("/v1/messages"))["data"] == []
