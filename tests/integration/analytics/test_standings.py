"""Ambassadors by what they brought: every order, every filter, page by page, as JSON, CSV and as a page."""

import csv
import html
import io
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.analytics.main import SERVICE
from services.analytics.rollups.actions.results import AFTER, STANDINGS
from services.analytics.standings.domain import COLUMNS
from services.kernel.auth import sessions
from services.kernel.db import Database
from services.kernel.jobs import Jobs
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
from tests.integration.analytics.test_overview import words
from tests.support.edge import make_context
from tests.support.postgres import FreshDatabase

API, PAGE = "/v1/ambassador-results", "/console/analytics/ambassadors"


async def follow(db: Database, moment: float = 13) -> None:
    """Lets the job run that takes standings over."""
    await stand_at(db, at(moment) + 2 * AFTER)
    await Jobs(make_context(db, name="analytics"), jobs=(), due_jobs=SERVICE.due_jobs).run_due(STANDINGS)


@pytest.fixture(scope="module")
async def db(module_database: FreshDatabase) -> AsyncIterator[Database]:
    database = Database(await module_database("analytics"), schema="analytics")
    await stand_at(database, at(13))
    saved = {
        "amb_1": ambassador_saved("amb_1", days=-60),
        "amb_2": ambassador_saved("amb_2", days=-10).model_copy(update={"group": "=VIP()"}),
        "amb_3": ambassador_saved("amb_3", days=-5).model_copy(update={"group": "Spring", "status": "blocked"}),
        "amb_4": ambassador_saved("amb_4", days=-1).model_copy(update={"status": "erased"}),
    }
    await deliver(
        database, store_configured(), store_configured("str_2"), program_published(), *saved.values(),
        code_saved("ANNA10", "amb_1"), code_saved("BEN10", "amb_2"), code_saved("EVA10", "amb_3"),
        *(clicked(f"k{n}", ambassador_id="amb_2", days=2) for n in range(3)), clicked("k9", days=-50, quality="bot"),
        visited("t1", "v1", click_id="k1", ambassador_id="amb_2", days=2),
        decided("o1", kind="code", total=12_345, refunded=345, days=-40),
        decided("o2", kind="code", buyer="c2", days=-41),
        decided("o3", kind="code", ambassador_id="amb_2", buyer="c3", total=9_900, currency="MDL", days=3),
        rewarded("r1", amount=720, status="available"), rewarded("r2", amount=300, beneficiary="amb_2"),
        rewarded("r3", amount=40, pay_as="points", beneficiary="amb_2"),
        rewarded("r4", kind="friend", beneficiary="c2"),
    )  # fmt: skip
    await follow(database)
    yield database
    await database.close()


@pytest.fixture
async def http(db: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with client(db) as made:
        yield made


async def results(http: httpx.AsyncClient, **asked: Any) -> dict[str, Any]:
    answer = await http.get(API, params=asked)
    assert answer.status_code == 200, answer.text
    return {one["ambassador_id"]: one for one in answer.json()["data"]}


async def test_each_ambassador_has_a_row_of_what_they_brought(http: httpx.AsyncClient) -> None:
    found = await results(http)
    assert list(found) == ["amb_1", "amb_3", "amb_2"], "revenue first, equals by id"
    assert found["amb_1"] == {
        "ambassador_id": "amb_1", "code": "ANNA10", "program_id": "prg_1", "group": None, "status": "active",
        "joined_at": at(-60).isoformat().replace("+00:00", "Z"), "clicks": 0, "friends": 0, "orders": 2,
        "last_active_at": at(-40).isoformat().replace("+00:00", "Z"), "currency": "EUR", "revenue_minor": 17_000,
        "rewards_minor": 720, "available_minor": 720, "points": 0,
    }  # fmt: skip
    ben = found["amb_2"]
    assert (ben["clicks"], ben["friends"], ben["orders"]) == (3, 1, 1)
    assert (ben["revenue_minor"], ben["rewards_minor"], ben["available_minor"], ben["points"]) == (0, 300, 0, 40)
    assert (await http.get(f"{API}/amb_2")).json() == ben
    assert (await http.get(f"{API}/amb_nobody")).status_code == 404


async def test_they_come_by_any_figure_from_both_ends_and_page_by_page(http: httpx.AsyncClient) -> None:
    for sort in COLUMNS:
        down = list(await results(http, sort=sort))
        assert list(await results(http, sort=sort, order="asc")) == down[::-1]
        walked: list[str] = []
        cursor = None
        for _ in range(3):
            page = (
                await http.get(API, params={"sort": sort, "limit": 1, **({"cursor": cursor} if cursor else {})})
            ).json()
            walked += [one["ambassador_id"] for one in page["data"]]
            cursor = page["next_cursor"]
        assert (walked, cursor) == (down, None), sort
    assert next(iter(await results(http, sort="clicks"))) == "amb_2"
    assert list(await results(http, sort="joined")) == ["amb_3", "amb_2", "amb_1"]
    wrong = await http.get(API, params={"sort": "joined", "cursor": "bm9uc2Vuc2U"})
    assert (wrong.status_code, wrong.headers["content-type"]) == (422, "application/problem+json")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"program_id": "prg_other"}, set()),
        ({"group": "Spring"}, {"amb_3"}),
        ({"status": "blocked"}, {"amb_3"}),
        ({"status": "erased"}, {"amb_4"}),
        ({"activity": "recent"}, {"amb_2"}),
        ({"activity": "quiet"}, {"amb_1"}),
        ({"activity": "never"}, {"amb_3"}),
        ({"joined_from": "2026-02-20", "joined_to": "2026-02-20"}, {"amb_2"}),
        ({"joined_to": "2026-02-19"}, {"amb_1"}),
    ],
)
async def test_filters_narrow_them(http: httpx.AsyncClient, asked: dict[str, str], found: set[str]) -> None:
    assert set(await results(http, **asked)) == found


async def test_days_that_are_none_are_named(http: httpx.AsyncClient) -> None:
    for asked in ({"joined_from": "2026-02-02", "joined_to": "2026-02-01"}, {"joined_from": "0001-01-01"}):
        answer = await http.get(API, params=asked)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"].startswith("joined_")


async def test_the_sheet_holds_what_is_filtered_and_no_formula(http: httpx.AsyncClient) -> None:
    answer = await http.get(API, params={"format": "csv", "activity": "recent"})
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["code"], row["group"], row["rewards"], row["currency"]) == ("BEN10", "'=VIP()", "3.00", "EUR")


async def test_what_changes_is_followed_and_erasing_takes_the_group(db: Database, http: httpx.AsyncClient) -> None:
    gone = ambassador_saved("amb_3", days=-5, revision=2).model_copy(update={"status": "erased"})
    await deliver(db, gone, decided("o2", kind="code", buyer="c2", days=-41, revision=2, cancelled=True))
    assert (await results(http))["amb_1"]["orders"] == 2, "a list is some seconds old"
    await follow(db, 13.01)
    found = await results(http)
    assert (found["amb_1"]["orders"], found["amb_1"]["revenue_minor"]) == (1, 12_000)
    assert "amb_3" not in found
    assert (await results(http, status="erased"))["amb_3"]["group"] is None


def sign_in(http: httpx.AsyncClient, *scopes: str) -> None:
    """Makes the client a browser of somebody at the console."""
    del http.headers["Authorization"]
    cookie = sessions.issue_session(RING, store_id=STORE, key_id="key_1", scopes=scopes, life=timedelta(hours=1))
    http.cookies.set(sessions.COOKIE, cookie)
    http.headers["Accept"] = "text/html"


async def test_groups_are_set_from_the_very_list_that_is_seen(http: httpx.AsyncClient) -> None:
    sign_in(http, "metrics:read", "ambassadors:write")
    for query in ("?sort=clicks", "?sort=clicks&order=asc&program=prg_1", ""):
        shown = (await http.get(PAGE + query)).text
        back = html.unescape(shown.partition('name="back" value="')[2].partition('"')[0])
        assert back == PAGE + query


async def test_who_may_read_people_and_no_figures_is_led_to_the_list_of_people(http: httpx.AsyncClient) -> None:
    sign_in(http, "ambassadors:read")
    led = await http.get(PAGE, params={"moved": "1"})
    assert (led.status_code, led.headers["location"]) == (303, "/console/links/ambassadors")
    assert (await http.get(API)).status_code == 403


async def test_the_page_lists_narrows_and_names_what_it_was_asked_wrongly(
    db: Database, http: httpx.AsyncClient
) -> None:
    sign_in(http, "metrics:read")
    shown = await http.get(PAGE, params={"sort": "clicks", "group": "=VIP()"})
    text = words(shown.text)
    for part in ("BEN10", "=VIP()", "Give 10", "1 ambassador on this page", "40 points", "Active within 30 days"):
        assert part in text, part
    assert "ANNA10" not in text
    assert 'data-name="amb_2"' in shown.text
    assert 'aria-sort="descending"' in shown.text
    assert re.search(r"<b>3</b><span>\d orders? · \d friends? · €[\d,]+</span>", shown.text), "on a phone"
    by_revenue = (await http.get(PAGE, params={"group": "=VIP()"})).text
    assert re.search(r"<b>€[\d,]+</b><span>\d orders? · \d friends?</span>", by_revenue), "with its currency, and once"
    assert "order=asc" in shown.text, "the other end is a click away"
    odd = await http.get(PAGE, params={"sort": "nonsense", "from": "yesterday", "status": "x"})
    assert odd.status_code == 200
    assert "“yesterday” are no days" in words(odd.text)
    part = words((await http.get(f"{PAGE}/amb_2")).text)
    assert "Clicks 3" in part
    assert "€3.00 + 40 points" in part
    clicks = await http.get("/console/analytics/link-clicks", params={"ids": "lnk_1,lnk_2"})
    assert json.loads(clicks.text) == {"lnk_1": "3", "lnk_2": "0"}


async def test_people_are_named_by_the_code_that_is_their_own(db: Database, http: httpx.AsyncClient) -> None:
    await deliver(db, code_saved("BENVIP", "amb_2"))
    assert (await results(http))["amb_2"]["code"] == "BEN10", "the oldest, where no event has said which it is"
    chosen = {"group": "=VIP()", "code_id": "cod_BENVIP"}
    await deliver(db, ambassador_saved("amb_2", days=-10, revision=2).model_copy(update=chosen))
    assert (await results(http))["amb_2"]["code"] == "BENVIP"


async def test_a_search_narrows_the_list_to_whom_links_found(http: httpx.AsyncClient) -> None:
    sign_in(http, "metrics:read", "ambassadors:read")
    asked = {"q": "an", "who": "amb_2,amb_1,amb_gone", "found": "7", "sort": "clicks"}
    shown = (await http.get(PAGE, params=asked)).text
    text = words(shown)
    assert text.index("BEN") < text.index("ANNA10"), "in the list's own order"
    assert "EVA10" not in text
    assert "These are the 3 newest of 7 found" in text
    back = html.unescape(shown.partition('name="back" value="')[2].partition('"')[0])
    assert back == f"{PAGE}?sort=clicks", "the next search begins anew, in the same order"
    narrowed = words((await http.get(PAGE, params={**asked, "activity": "recent"})).text)
    assert "ANNA10" not in narrowed
    sheet = await http.get(PAGE, params={**asked, "format": "csv"})
    assert {row["ambassador_id"] for row in csv.DictReader(io.StringIO(sheet.text))} == {"amb_1", "amb_2"}
    none = words((await http.get(PAGE, params={"q": "zoe", "who": "nobody", "found": "0"})).text)
    assert "Nobody fits these filters" in none
    alone = words((await http.get(PAGE, params={"q": "left over"})).text)
    assert "ANNA10" in alone, "text without a search narrows nothing"


async def test_who_may_not_read_people_is_offered_no_search(http: httpx.AsyncClient) -> None:
    sign_in(http, "metrics:read")
    assert 'role="search"' not in (await http.get(PAGE)).text
