"""The overview as a page: what it says, that its numbers agree with its file, and its other states."""

import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contracts.events.audit import AuditNoted
from services.kernel.auth import sessions
from services.kernel.db import Database
from tests.integration.analytics.history import (
    STORE,
    ambassador_saved,
    at,
    clicked,
    code_saved,
    decided,
    deliver,
    program_published,
    rewarded,
    store_configured,
    visited,
)
from tests.integration.analytics.site import RING, client, stand_at
from tests.support.postgres import FreshDatabase


@pytest.fixture(scope="module")
async def db(module_database: FreshDatabase) -> AsyncIterator[Database]:
    database = Database(await module_database("analytics"), schema="analytics")
    await stand_at(database, at(13))
    await deliver(
        database, store_configured(), store_configured("str_2"), program_published(), program_published(2, days=5),
        ambassador_saved(), code_saved("ANNA10", "amb_1"), clicked("k1"), clicked("k2", channel="qr", days=1),
        visited("t1", "v1", click_id="k1"), visited("t2", "v2", click_id="k2", days=1),
        decided("o1", click_id="k1", total=12_345, days=3), decided("o2", kind="code", total=2_055, days=4, buyer="c2"),
        decided("o3", "unattributed", reason="no_evidence", days=3, buyer="c3"),
        decided("o4", "rejected", reason="a_reason_from_tomorrow", days=3, buyer="c4"), rewarded("r1", amount=720),
        decided("o5", kind="code", currency="MDL", total=100_000, days=5, buyer="c5"),
    )  # fmt: skip
    yield database
    await database.close()


@pytest.fixture
async def http(db: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with client(db) as made:
        del made.headers["Authorization"]
        cookie = sessions.issue_session(
            RING, store_id=STORE, key_id="key_1", scopes=["metrics:read"], life=timedelta(hours=1)
        )
        made.cookies.set(sessions.COOKIE, cookie)
        made.headers["Accept"] = "text/html"
        yield made


def made_connection(store_id: str) -> AuditNoted:
    return AuditNoted(
        store_id=store_id, audit_id="aud_1", at=at(1), service="connectors", actor_kind="key", actor_id="key_1",
        action="hook.made", on="con_1", after={"platform": "shopify"},
    )  # fmt: skip


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("\u00a0", " ")


async def page(http: httpx.AsyncClient, query: str = "") -> str:
    answer = await http.get(f"/console{query}")
    assert answer.status_code == 200, answer.text
    assert " style=" not in answer.text
    return words(answer.text)


async def test_the_page_says_what_the_program_brought(http: httpx.AsyncClient) -> None:
    text = await page(http)
    expected = (
        "Referred revenue €144", "Orders 3", "Clicks 2", "Conversion 50.0%", "Cost rate 5.0%", "ANNA10", "QR code",
        "Nothing named an ambassador 1", "A reason from tomorrow 1", "2 / 5", "Up to date at", "v2",
    )  # fmt: skip
    for part in expected:
        assert part in text, part
    assert "MDL 1,000 in 1 order" in text


async def test_every_number_of_the_page_is_in_its_file(http: httpx.AsyncClient) -> None:
    rows = list(csv.DictReader(io.StringIO((await http.get("/console?format=csv")).text.removeprefix("\ufeff"))))
    of = {(row["section"], row["item"], row["measure"]): row["value"] for row in rows}
    assert of["figures", "Referred revenue", "revenue"] == "144.00"
    assert sum(float(r["value"]) for r in rows if r["section"] == "trend") == 144.0
    assert sum(float(r["value"]) for r in rows if (r["section"], r["measure"]) == ("channels", "revenue")) == 144.0
    assert sum(int(r["value"]) for r in rows if r["section"] == "orders without an ambassador") == 2


async def test_a_tile_chooses_the_metric_of_the_trend(http: httpx.AsyncClient) -> None:
    assert "Conversion by day" in await page(http, "?metric=conversion")
    assert "Clicks by week" in await page(http, "?metric=clicks&from=2025-12-01&to=2026-03-15")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("?from=yesterday", "“yesterday” is no day, so the last 28 days are shown."),
        ("?from=2026-03-01&to=2026-02-30", "“2026-02-30” is no day, so"),
        (
            "?from=2026-03-09&to=2026-03-01",
            "ends on 1 Mar 2026, before it begins on 9 Mar 2026, so the last 28 days are",
        ),
        ("?from=0001-01-01&to=0001-01-02", "so the last 28 days are shown."),
        ("?from=2020-01-01&to=2026-03-01", "days are shown at a time, so it is the last 28 days here."),
        ("?program_id=prg_none", "That program does not exist here, so all programs are shown."),
    ],
)
async def test_what_the_address_asks_wrongly_is_said_and_the_usual_is_shown(
    http: httpx.AsyncClient, query: str, text: str
) -> None:
    assert text in (await page(http, query)).replace("\xa0", " ")


async def test_each_mistake_of_an_address_is_said_and_the_rest_of_it_holds(http: httpx.AsyncClient) -> None:
    text = (await page(http, "?program_id=prg_none&from=2026-03-09&to=2026-03-01")).replace("\xa0", " ")
    assert "all programs are shown" in text
    assert "before it begins on 9 Mar 2026" in text
    kept = (await page(http, "?program_id=prg_none&from=2026-03-02&to=2026-03-08")).replace("\xa0", " ")
    assert "2–8 Mar" in kept
    assert "last 28 days are shown" not in kept


@pytest.mark.parametrize("query", ["?compare=none", "?metric=nonsense", "?from=2026-03-03&to=2026-03-06", "?lang=uk"])
async def test_other_addresses_open_the_page_too(http: httpx.AsyncClient, query: str) -> None:
    assert "ANNA10" in await page(http, query)


async def test_a_new_store_is_led_to_its_first_reward_by_what_is_there_and_nothing_else(db: Database) -> None:
    own: dict[str, Any] = {"store_id": "str_2"}
    ways = [
        ("A program", ()),
        ("The first ambassador", (program_published(**own),)),
        ("Your platform", (ambassador_saved(**own),)),
        ("The line in your pages", (made_connection("str_2"),)),
        ("A click that your page knows of", (visited("t2-1", "v2-1", **own),)),
        ("An order that names its ambassador", (clicked("k2-1", **own),)),
        ("The first reward", (decided("o2-1", "unattributed", reason="no_evidence", **own),)),
    ]
    async with client(db, store_id="str_2") as made:
        for number, (step, happened) in enumerate(ways):
            await deliver(db, *happened)
            html = (await made.get("/console")).text
            current = words(html.partition('aria-current="step">')[2].partition("</li>")[0])
            assert step in current
            assert html.count('<li class="done"') == number
        assert "From click to kept order" in html  # the figures stand below it
        await deliver(db, rewarded("r2-1", amount=500, **own))
        assert "Set up your store" not in (await made.get("/console")).text


async def test_a_store_that_is_not_known_yet_is_asked_to_wait(db: Database) -> None:
    async with client(db, store_id="str_9") as made:
        answer = await made.get("/console")
    assert answer.status_code == 503
    assert "being set up" in answer.text


async def test_a_page_that_is_behind_says_so(http: httpx.AsyncClient, db: Database) -> None:
    await stand_at(db, at(13) + timedelta(minutes=4))
    await deliver(db, clicked("k9", days=13))
    text = await page(http)
    await stand_at(db, at(13))
    assert "Behind by 4 min" in text
    assert "waiting to be counted" in text


async def test_nobody_gets_in_without_signing_in(db: Database) -> None:
    async with client(db) as made:
        answer = await made.get("/console", headers={"Authorization": "", "Accept": "text/html"})
        assert answer.status_code in {303, 401}


async def test_formulas_have_a_page(http: httpx.AsyncClient) -> None:
    answer = await http.get("/console/analytics/metrics")
    assert answer.status_code == 200
    assert "shares within 30 days of joining ÷ ambassadors who joined" in words(answer.text)
