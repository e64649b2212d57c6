"""Who connected their chat with the store's bot signs in by it: by an address that is good once, for five minutes."""

import asyncio
from typing import Any

import httpx
import pytest

from services.common import portal_session
from tests.integration.links.mailing import working
from tests.integration.links.test_telegram import CHAT, answer_to, connected_bot, start, telegram
from tests.integration.links.world import BASE, Replica, Shop
from tests.support.telegram import Telegram

__all__ = ["telegram", "working"]
pytestmark = pytest.mark.usefixtures("working")
STRANGER = 666


@pytest.fixture
async def anna(links: Replica, shop: Shop, telegram: Telegram) -> dict[str, Any]:
    """An ambassador who is connected with the store's bot."""
    await connected_bot(shop)
    made = await shop.ambassador(await shop.program(), name="Anna", locale="en")
    assert "Connected" in (await answer_to(links, telegram, await start(links, shop, made["id"])))["text"]
    return made


async def asked(links: Replica, telegram: Telegram, text: str = "/page") -> str:
    """The address that the bot's button leads to."""
    ((button,),) = (await answer_to(links, telegram, text))["reply_markup"]["inline_keyboard"]
    assert button["text"] == "Open my page"
    return str(button["url"])


async def opened(links: Replica, url: str) -> httpx.Response:
    """Pressing the button of the page that the address shows, in a browser of its own."""
    token = url.rpartition("/")[2]
    return await links.http.post("/p/open", data={"token": token}, headers={"Origin": BASE, "Accept": "text/html"})


async def test_the_bots_address_opens_the_page_once_however_many_press_at_the_same_moment(
    links: Replica, shop: Shop, telegram: Telegram, anna: dict[str, Any]
) -> None:
    url = await asked(links, telegram)
    for _ in range(2):  # as what previews links does
        assert "Open my page" in (await links.http.get(url)).text
    answers = await asyncio.gather(*(opened(links, url) for _ in range(8)))
    links.http.cookies.clear()
    assert sorted(one.status_code for one in answers) == [303] + [401] * 7
    (cookie,) = [one.headers["set-cookie"].partition(";")[0] for one in answers if one.status_code == 303]
    page = await links.http.get("/p", headers={"Cookie": cookie, "Accept": "text/html"})
    assert anna["code"]["code"] in page.text
    session = portal_session.read_portal_session(links.ctx.ring, cookie.partition("=")[2])
    assert not session.is_fresh, "a chat is no proof for where money goes"
    async with links.ctx.db.transaction([shop.id]) as tx:
        assert await tx.scalar("select way from portal_sessions where store_id = :s", s=shop.id) == "telegram"
        noted = await tx.all("select action, actor_kind from audit where subject = :id order by 1", id=anna["id"])
    assert ("portal_address.made", "ambassador") in [tuple(one) for one in noted]


async def test_the_sign_in_page_leads_to_the_bot_where_there_is_one(
    links: Replica, shop: Shop, telegram: Telegram
) -> None:
    program = await shop.program()
    page = f"/p/sign-in?program={program}"
    assert "t.me" not in (await links.http.get(page)).text
    await connected_bot(shop)
    assert 'href="https://t.me/zerno_bot?start=page"' in (await links.http.get(page)).text
    made = await shop.ambassador(program, name="Anna", locale="en")
    assert "reply_markup" not in await answer_to(links, telegram, "/start page"), "nobody is connected yet"
    await answer_to(links, telegram, await start(links, shop, made["id"]))
    assert (await opened(links, await asked(links, telegram, "/start page"))).status_code == 303
    links.http.cookies.clear()


async def test_nobody_but_the_connected_chat_gets_one_and_not_without_end(
    links: Replica, shop: Shop, telegram: Telegram, anna: dict[str, Any]
) -> None:
    assert "reply_markup" not in await answer_to(links, telegram, "/page", chat=STRANGER)
    first = [await asked(links, telegram) for _ in range(3)]
    assert len(set(first)) == 3
    answer = await answer_to(links, telegram, "/page")
    assert "a moment ago" in answer["text"] and "reply_markup" not in answer
    assert (await answer_to(links, telegram, "/balance"))["reply_markup"]["keyboard"][0][0] == {"text": "/page"}
    assert (await answer_to(links, telegram, "/stop"))["reply_markup"] == {"remove_keyboard": True}
    assert "reply_markup" not in await answer_to(links, telegram, "/page")


async def test_who_is_blocked_or_erased_gets_nothing_and_an_address_of_before_opens_nothing(
    links: Replica, shop: Shop, telegram: Telegram, anna: dict[str, Any]
) -> None:
    url = await asked(links, telegram)
    await shop.http.patch(f"/v1/ambassadors/{anna['id']}", json={"status": "blocked"})
    answer = await answer_to(links, telegram, "/page")
    assert "paused for this account" in answer["text"] and "reply_markup" not in answer
    assert (await opened(links, url)).status_code == 401
    await shop.http.patch(f"/v1/ambassadors/{anna['id']}", json={"status": "active"})
    url = await asked(links, telegram)
    assert (await shop.http.delete(f"/v1/ambassadors/{anna['id']}")).status_code == 204
    assert (await opened(links, url)).status_code == 401
    assert "reply_markup" not in await answer_to(links, telegram, "/page", chat=CHAT)
