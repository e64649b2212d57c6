"""A store's bot: connected by a token that is good once, it tells news, answers, and is left alone when it floods."""

from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import httpx
import pytest

from services.kernel.outbound import Outbound
from services.kernel.work import Task
from services.links.telegram import actions
from services.links.telegram.actions import SETUP
from services.links.telegram.work import set_up_given_up
from tests.integration.links.mailing import relay, working
from tests.integration.links.notifying import (
    ConversionAttributed,
    RewardGranted,
    RewardReleased,
    moved,
    notify,
    order,
    receive,
    reward,
)
from tests.integration.links.world import Replica, Shop
from tests.support.mail import MailServer
from tests.support.telegram import TOKEN, Telegram, telegram_server
from tests.support.wait import until

__all__ = ["relay", "working"]

ANNA = "anna@example.com"
CHAT = 777001
PAGE = "/console/links/telegram"


@pytest.fixture
async def telegram(monkeypatch: pytest.MonkeyPatch, links: Replica) -> AsyncIterator[Telegram]:
    """Telegram's stand-in, which the product is let out to."""
    async with telegram_server() as server:
        monkeypatch.setenv("KITH_LINKS_TELEGRAM_URL", server.url)
        shut, links.ctx.outbound = links.ctx.outbound, Outbound(allow=[ip_network("127.0.0.0/8")])
        yield server
        links.ctx.outbound = shut


async def connected_bot(shop: Shop) -> None:
    """The store's bot, once Telegram knows where to deliver."""
    answer = await shop.http.put("/v1/telegram-bot", json={"token": TOKEN})
    assert answer.status_code == 200 and TOKEN not in answer.text

    async def active() -> bool:
        return bool((await shop.got("/v1/telegram-bot"))["state"] == "active")

    await until(active, what="Telegram's word on the bot")


async def answer_to(links: Replica, telegram: Telegram, text: str, *, chat: int = CHAT, **changes: Any) -> Any:
    """What the bot answers to a text, as Telegram delivers it."""
    update: dict[str, Any] = {
        "update_id": 1,
        "message": {"chat": {"id": chat, "type": "private"}, "from": {"language_code": "ro"}, "text": text},
    }
    path = telegram.hook["url"].removeprefix("http://kith.test")
    headers = {"X-Telegram-Bot-Api-Secret-Token": telegram.hook["secret_token"], **changes.pop("headers", {})}
    answer = await links.http.post(path, json=update | changes, headers=headers)
    return answer.json() if answer.status_code == 200 else answer.status_code


async def start(links: Replica, shop: Shop, who: str) -> str:
    """The command by which an ambassador's own page leads to the bot."""
    async with links.ctx.db.transaction([shop.id]) as tx:
        url = await actions.start_url(tx, shop.id, who)
    assert url.startswith("https://t.me/zerno_bot?start=")
    return f"/start {url.partition('=')[2]}"


@pytest.mark.usefixtures("working")
async def test_the_bot_is_connected_once_tells_news_and_answers(
    links: Replica, shop: Shop, telegram: Telegram, relay: MailServer
) -> None:
    await connected_bot(shop)
    anna = await shop.ambassador(await shop.program(), email=ANNA, locale="en")
    token = await start(links, shop, anna["id"])
    assert "Deschideți pagina" in (await answer_to(links, telegram, "/start"))["text"], "a stranger is led to the store"
    assert (await answer_to(links, telegram, token))["text"].startswith("Connected: Zerno")
    assert "Deschideți pagina" in (await answer_to(links, telegram, token, chat=666))["text"], "and nobody else by it"

    granted = reward(RewardGranted, shop, anna["id"], minor=460)
    await receive(links, order(ConversionAttributed, shop, "o-1", who=anna["id"]), granted)
    await notify(links)
    await until(lambda: telegram.sent, what="the news")
    ((chat, text),) = telegram.sent
    assert relay.to(ANNA) == [], "by Telegram alone: it is not about money that can be used"
    assert chat == CHAT and "€4.60" in text
    assert "Still waiting: €4.60." in (await answer_to(links, telegram, "/balance"))["text"]
    await receive(links, reward(RewardReleased, shop, anna["id"], minor=460, revision=2, status="available"))
    await notify(links)
    await until(lambda: relay.to(ANNA) and len(telegram.sent) == 2, what="what can be used, by mail as well")
    assert relay.to(ANNA)[0]["Subject"] == "€4.60 is yours to use" and "€4.60" in telegram.sent[1][1]
    assert "You can use: €4.60." in (await answer_to(links, telegram, "/balance@zerno_bot"))["text"]
    shared = (await answer_to(links, telegram, "/share"))["text"]
    assert anna["link"]["slug"] in shared and anna["code"]["code"] in shared

    assert "no more messages here" in (await answer_to(links, telegram, "/stop"))["text"]
    assert "Deschideți" in (await answer_to(links, telegram, "/balance"))["text"]


@pytest.mark.usefixtures("working")
async def test_a_changed_destination_is_told_by_bot_and_by_mail(
    links: Replica, shop: Shop, telegram: Telegram, relay: MailServer
) -> None:
    await connected_bot(shop)
    anna = (await shop.ambassador(await shop.program(), email=ANNA, locale="ru"))["id"]
    await answer_to(links, telegram, await start(links, shop, anna))
    await receive(links, moved(shop, anna))
    await notify(links)
    await until(lambda: relay.to(ANNA) and telegram.sent, what="both warnings")
    assert relay.to(ANNA)[0]["Subject"] == "Куда идут ваши деньги, изменилось"
    assert "банковский счёт" in telegram.sent[0][1]


@pytest.mark.usefixtures("working")
async def test_who_blocked_the_bot_is_told_by_mail(
    links: Replica, shop: Shop, telegram: Telegram, relay: MailServer
) -> None:
    await connected_bot(shop)
    anna = (await shop.ambassador(await shop.program(), email=ANNA))["id"]
    await answer_to(links, telegram, await start(links, shop, anna))
    telegram.blocked.add(CHAT)
    await receive(links, order(ConversionAttributed, shop, "o-1", who=anna))
    await notify(links, after=timedelta(minutes=3))

    async def refused() -> bool:
        return "refused" in {one["state"] for one in (await shop.got("/v1/messages", channel="telegram"))["data"]}

    await until(refused, what="the word that the chat is dead")
    await notify(links)
    await until(lambda: relay.to(ANNA), what="the mail instead")
    assert telegram.sent == []
    log = (await shop.got("/v1/messages"))["data"]
    assert {(one["channel"], one["reason"]) for one in log} == {("email", None), ("telegram", "telegram_blocked")}


@pytest.mark.usefixtures("working")
async def test_what_telegram_never_takes_is_told_by_mail_and_the_chat_stays(
    links: Replica, shop: Shop, telegram: Telegram, relay: MailServer
) -> None:
    await connected_bot(shop)
    anna = (await shop.ambassador(await shop.program(), email=ANNA))["id"]
    await answer_to(links, telegram, await start(links, shop, anna))
    telegram.away = True
    await receive(links, order(ConversionAttributed, shop, "o-1", who=anna))
    await notify(links, after=timedelta(minutes=3))

    async def refused() -> list[str]:
        await notify(links, after=timedelta(seconds=2))  # the lane is held for a moment after each failure
        log = (await shop.got("/v1/messages", channel="telegram"))["data"]
        return [one["reason"] for one in log if one["state"] == "refused"]

    await until(refused, what="the end of all attempts")
    await notify(links)
    await until(lambda: relay.to(ANNA), what="the mail instead")
    telegram.away = False
    await receive(links, order(ConversionAttributed, shop, "o-2", who=anna))
    await notify(links, after=timedelta(minutes=3))
    await until(lambda: telegram.sent, what="the next news, by Telegram again")
    assert (await refused(), len(relay.to(ANNA))) == (["telegram_away"], 1)

    bot = await shop.got("/v1/telegram-bot")
    async with links.ctx.db.transaction([shop.id]) as tx:
        await tx.execute("update telegram_bots set state = 'checking'")
        hook = str(await tx.scalar("select hook from telegram_bots"))
        now = tx.now
        task = Task(
            id=1, kind=SETUP, store_id=shop.id, lane=shop.id, key=hook, payload={"hook": hook}, attempt=9, failures=9,
            created_at=now,
        )  # fmt: skip
        await set_up_given_up(tx, task, "timeout")
    after = await shop.got("/v1/telegram-bot")
    assert (bot["state"], after["state"], after["reason"]) == ("active", "refused", "telegram_away")


@pytest.mark.usefixtures("working")
async def test_a_flooded_bot_waits_and_the_mails_do_not(
    links: Replica, shop: Shop, telegram: Telegram, relay: MailServer
) -> None:
    await connected_bot(shop)
    program = await shop.program()
    anna = (await shop.ambassador(program, email=ANNA))["id"]
    bela = (await shop.ambassador(program, email="bela@example.com"))["id"]
    await answer_to(links, telegram, await start(links, shop, anna))
    telegram.floods = 1
    asked = telegram.asked
    await receive(links, order(ConversionAttributed, shop, "o-1", who=anna))
    await notify(links, after=timedelta(minutes=3))
    await until(lambda: telegram.asked == asked + 1, what="the call that is one too many")
    await receive(links, order(ConversionAttributed, shop, "o-2", who=bela))
    await notify(links, after=timedelta(minutes=3))  # Telegram's seven seconds are over by this clock
    await until(lambda: relay.to("bela@example.com"), what="a mail in the meantime")
    await until(lambda: telegram.sent, what="the bot's message, after it waited")
    assert [chat for chat, _ in telegram.sent] == [CHAT]


@pytest.mark.usefixtures("working", "relay")
async def test_only_telegram_delivers_and_nobody_learns_what_is_there(
    links: Replica, shop: Shop, telegram: Telegram
) -> None:
    await connected_bot(shop)
    for secret in ("", "k1_", "k1_" + "0" * 64, "ключ", telegram.hook["secret_token"] + "0"):
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret.encode()}
        assert await answer_to(links, telegram, "/start", headers=headers) == 404
    path = telegram.hook["url"].removeprefix("http://kith.test")
    well = {"X-Telegram-Bot-Api-Secret-Token": telegram.hook["secret_token"]}
    assert (await links.http.post(path[:-2] + "00", json={}, headers=well)).status_code == 404
    for odd in (
        b"",
        b"{",
        b"[]",
        b'{"message": 1}',
        b'{"message": {"chat": {"id": -5, "type": "private"}}}',
        b"[" * 9_000,
    ):
        answer = await links.http.post(path, content=odd, headers=well)
        assert (answer.status_code, answer.json()) == (200, {})
    group: dict[str, Any] = {"message": {"chat": {"id": -100, "type": "group"}, "text": "/balance"}}
    assert await answer_to(links, telegram, "", **group) == {}


@pytest.mark.usefixtures("working", "relay")
async def test_who_is_erased_is_connected_no_more(links: Replica, shop: Shop, telegram: Telegram) -> None:
    await connected_bot(shop)
    anna = (await shop.ambassador(await shop.program(), email=ANNA))["id"]
    await answer_to(links, telegram, await start(links, shop, anna))
    late = await start(links, shop, anna)
    await shop.http.delete(f"/v1/ambassadors/{anna}")
    assert "Deschideți" in (await answer_to(links, telegram, late))["text"]
    async with links.ctx.db.transaction([shop.id]) as tx:
        assert await tx.scalar("select count(*) from people where telegram is not null") == 0


@pytest.mark.usefixtures("working", "relay")
async def test_a_token_that_is_no_bot_s_is_said_to_be(links: Replica, shop: Shop, telegram: Telegram) -> None:
    assert (await shop.http.put("/v1/telegram-bot", json={"token": "not-a-token"})).status_code == 422
    await shop.http.put("/v1/telegram-bot", json={"token": TOKEN[:-1] + "X"})

    async def refused() -> bool:
        return bool((await shop.got("/v1/telegram-bot"))["reason"] == "telegram_401")

    await until(refused, what="Telegram's refusal")


@pytest.mark.usefixtures("working")
async def test_the_console_connects_it_masks_its_token_asks_telegram_and_forgets_it(
    links: Replica, shop: Shop, telegram: Telegram, console: httpx.AsyncClient
) -> None:
    console.headers["Accept-Language"] = "en"
    assert "write /newbot" in (await console.get(PAGE)).text
    wrong = await console.post(PAGE, data={"token": "123:no-token"})
    assert wrong.status_code == 422 and "This is no bot’s token" in wrong.text and "123:no-token" not in wrong.text
    assert (await console.post(f"{PAGE}/try")).status_code == 303, "there is nothing to ask about"
    assert (await console.post(PAGE, data={"token": f" {TOKEN} "})).status_code == 303

    async def known() -> bool:
        return "@zerno_bot" in (await console.get(PAGE)).text

    await until(known, what="Telegram's word on the bot")
    page = (await console.get(PAGE)).text
    assert TOKEN not in page and f"123456789:…{TOKEN[-4:]}" in page
    assert "delivers to Kith." in (await console.post(f"{PAGE}/try")).text
    telegram.deliveries = {"pending_update_count": 2, "last_error_message": "Wrong response: 502 <b>"}
    failing = (await console.post(f"{PAGE}/try")).text
    assert "failed: Wrong response: 502 &lt;b&gt; 2 messages wait there." in failing
    telegram.hook = {"url": "https://elsewhere.example/"}
    assert "delivers to another program" in (await console.post(f"{PAGE}/try")).text
    for twice in range(2):
        assert (await console.post(f"{PAGE}/off")).status_code == 303, twice
    assert (await shop.http.get("/v1/telegram-bot")).status_code == 404
    assert "write /newbot" in (await console.get(PAGE)).text


@pytest.mark.usefixtures("working")
async def test_the_console_says_that_telegram_refuses_a_token(
    links: Replica, shop: Shop, telegram: Telegram, console: httpx.AsyncClient
) -> None:
    console.headers["Accept-Language"] = "en"
    await console.post(PAGE, data={"token": TOKEN[:-1] + "X"})

    async def refused() -> bool:
        return "does not take this token: people are told by mail" in (await console.get(PAGE)).text

    await until(refused, what="Telegram's refusal")
    assert "any more: give the one that holds now" in (await console.post(f"{PAGE}/try")).text
