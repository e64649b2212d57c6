"""What came of each link and channel, on its ambassador's own page and on no other's."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from services.common.portal_session import PortalSession, issue_portal_session, portal_cookie_name
from services.kernel.db import Database
from tests.integration.analytics.history import (
    STORE,
    ambassador_saved,
    at,
    clicked,
    decided,
    deliver,
    link_saved,
    program_published,
    store_configured,
    visited,
)
from tests.integration.analytics.site import RING, client, stand_at
from tests.integration.analytics.test_overview import words
from tests.support.postgres import FreshDatabase


@pytest.fixture(scope="module")
async def db(module_database: FreshDatabase) -> AsyncIterator[Database]:
    database = Database(await module_database("analytics"), schema="analytics")
    await stand_at(database, at(13))
    await deliver(
        database, store_configured(), program_published(), ambassador_saved("amb_1"), ambassador_saved("amb_2"),
        clicked("k1", days=1), clicked("k2", days=2), clicked("k3", days=2, quality="bot"),
        visited("t1", "v1", click_id="k1", days=1),
        decided("o1", click_id="k1", days=2), decided("o2", click_id="k2", buyer="c2", days=3),
        decided("o3", kind="code", buyer="c3", days=3),
    )  # fmt: skip
    yield database
    await database.close()


async def portal(http: httpx.AsyncClient, ambassador_id: str, path: str, **asked: str) -> httpx.Response:
    life = datetime.now(UTC) + timedelta(days=30)
    session = PortalSession(STORE, ambassador_id, f"ses_{ambassador_id}", life, life)
    cookie = f"{portal_cookie_name(secure=False)}={issue_portal_session(RING, session)}"
    answer = await http.get(path, params=asked, headers={"cookie": cookie})
    assert answer.status_code == 200, answer.text
    return answer


async def shown(http: httpx.AsyncClient, ambassador_id: str, ids: str, **asked: str) -> dict[str, str]:
    found: dict[str, str] = (await portal(http, ambassador_id, "/p/link-results", ids=ids, **asked)).json()
    return found


async def test_an_ambassador_reads_what_came_of_their_own_links(db: Database) -> None:
    async with client(db) as http:
        mine = await shown(http, "amb_1", "lnk_1,lnk_2")
        assert mine == {"lnk_1": "Clicks: 2 · Friends: 1 · Orders: 2"}
        assert "Заказы: 2" in (await shown(http, "amb_1", "lnk_1", lang="ru"))["lnk_1"]
        assert await shown(http, "amb_2", "lnk_1") == {}, "another's"
        await deliver(db, decided("o2", click_id="k2", buyer="c2", days=3, revision=2, cancelled=True))
        assert (await shown(http, "amb_1", "lnk_1"))["lnk_1"].endswith("Orders: 1")
        assert (await http.get("/p/link-results", headers={"authorization": ""})).status_code == 401


async def test_a_channel_that_nobody_clicks_on_has_no_clicks_instead_of_none(db: Database) -> None:
    async with client(db) as http:
        page = words((await portal(http, "amb_1", "/p/results", lang="en")).text)
        assert "Promo code – – 1" in page
        assert re.search(r"Since \d+ \w+\. The program’s middle", page), "one full stop"
        assert re.search(r"С \d+ \w+\. Середина", words((await portal(http, "amb_1", "/p/results", lang="ru")).text))


async def test_each_channel_stands_beside_the_middle_of_who_is_active_in_it(db: Database) -> None:
    here = {"program_id": "prg_peers"}
    await deliver(db, program_published().model_copy(update=here))

    async def bring(number: int, channel: str, clicks: int) -> None:
        name = f"amb_p{number}"
        each = [
            clicked(f"{channel}{number}_{n}", ambassador_id=name, channel=channel, days=2).model_copy(update=here)
            for n in range(clicks)
        ]
        await deliver(db, ambassador_saved(name).model_copy(update=here), *each)

    async def page_of(language: str = "en") -> str:
        async with client(db) as http:
            return words((await portal(http, "amb_p1", "/p/results", lang=language)).text)

    for number in range(1, 10):
        await bring(number, "telegram", number)
    await bring(1, "viber", 2)
    assert "The middle: Clicks" not in await page_of(), "nine people can be guessed"
    await bring(10, "telegram", 10)
    found = await page_of()
    assert "Telegram The middle: Clicks: 5 · Friends: 0 · Orders: 0" in found
    assert found.count("The middle: Clicks") == 1, "of Viber one person would be told"
    assert "Середина: Переходы: 5" in await page_of("ru")


async def test_pages_whose_friends_buy_are_told_once_nobody_can_tell_whose_friends_they_are(db: Database) -> None:
    page, other = "https://shop.example/p/7?size=L", "https://shop.example/p/8"
    named = [f"amb_n{n}" for n in range(1, 5)]
    for number, name in enumerate(named):
        await deliver(
            db,
            ambassador_saved(name),
            link_saved(f"lnk_{name}", page, ambassador_id=name),
            decided(f"n{number}", link_id=f"lnk_{name}", ambassador_id=name, buyer=f"n{number}", days=4),
        )
    # One ambassador's friends bought much of another page: that tells of nobody else.
    await deliver(db, link_saved("lnk_solo", other, ambassador_id="amb_n1"))
    for number in range(5):
        sold = decided(f"s{number}", link_id="lnk_solo", ambassador_id="amb_n1", buyer=f"s{number}", days=4)
        await deliver(db, sold)
    async with client(db) as http:

        async def page_of(ambassador_id: str, **asked: str) -> str:
            return (await portal(http, ambassador_id, "/p/next-pages", **asked)).text

        offered = f'name="page" value="{page}"'
        for reader in ("amb_2", "amb_n1"):
            shown = await page_of(reader)
            assert offered in shown
            assert 'method="post" action="/p/links"' in shown
            assert other not in shown
            assert not re.search(r"amb_|lnk_|[1-9] (order|purchase)", shown), "neither names nor sums"
        assert "Friends of several" in await page_of("amb_2", lang="en")
        assert "друзья нескольких" in await page_of("amb_2", lang="ru")
        # Where one of the four is cancelled, each of the other three sees two others only: for whom nobody knows less.
        gone = decided(
            "n3", link_id="lnk_amb_n4", ambassador_id="amb_n4", buyer="n3", days=4, revision=2, cancelled=True
        )
        await deliver(db, gone)
        assert offered in await page_of("amb_2")
        assert offered not in await page_of("amb_n1")
        assert "at least three other ambassadors" in await page_of("amb_n1", lang="en")
        # The newest state of a link counts, whatever comes first; what sold long ago is no tip.
        await deliver(db, link_saved("lnk_amb_n1", None, ambassador_id="amb_n1", revision=3))
        await deliver(db, link_saved("lnk_amb_n1", page, ambassador_id="amb_n1", revision=2))
        assert offered not in await page_of("amb_2")
        await deliver(db, link_saved("lnk_amb_n1", page, ambassador_id="amb_n1", revision=4))
        assert offered in await page_of("amb_2")
        await stand_at(db, at(13 + 100))
        assert offered not in await page_of("amb_2")
        await stand_at(db, at(13))
        assert (await http.get("/p/next-pages", headers={"authorization": ""})).status_code == 401


async def test_who_has_just_joined_sees_the_first_steps_before_others_know_of_them(db: Database) -> None:
    async with client(db) as http:
        page = words((await portal(http, "amb_just_now", "/p/first-steps", lang="en")).text)
        assert "You are in" in page and "The first friend opens it" in page
        raw = (await portal(http, "amb_just_now", "/p/first-steps", lang="en")).text
        assert (raw.count('aria-label="done"'), raw.count('aria-label="to do"')) == (1, 4)
