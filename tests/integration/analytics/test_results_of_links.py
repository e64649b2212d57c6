"""What came of each link and channel, on its ambassador's own page and on no other's."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from services.kernel.auth import sessions
from services.kernel.db import Database
from tests.integration.analytics.history import (
    STORE,
    ambassador_saved,
    at,
    clicked,
    decided,
    deliver,
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
    session = sessions.PortalSession(STORE, ambassador_id, f"ses_{ambassador_id}", life, life)
    cookie = f"{sessions.portal_cookie_name(secure=False)}={sessions.issue_portal_session(RING, session)}"
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
