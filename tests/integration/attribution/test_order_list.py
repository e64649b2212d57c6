"""The list of orders, searched as its readers search: by part of a number, by days, by ambassador, by program."""

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.attribution.decisions.api import listing
from services.attribution.decisions.sql import lists
from services.attribution.decisions.sql.lists import Filter, Total
from services.kernel.db import Database
from tests.integration.attribution.world import SECRET_KEY, SHOP
from tests.support.attribution import ambassador, arrive, code, program, pump

LIST = "/console/attribution/orders"
DAY = (datetime.now(UTC) - timedelta(days=9)).replace(hour=12, minute=0, second=0, microsecond=0)
"""When the first order was placed; each of the others a day later than the one before."""


def order(order_id: str, day: int, **fields: Any) -> dict[str, Any]:
    reported = {
        "order_id": order_id,
        "placed_at": (DAY + timedelta(days=day)).isoformat(),
        "status": "paid",
        "currency": "EUR",
        "total_minor": 5000,
        "customer": {"id": f"c{order_id}"},
    }
    return reported | fields


@pytest.fixture
async def shop(http: httpx.AsyncClient, db: Database) -> httpx.AsyncClient:
    """Four orders: two of ANNA10 in one program, one of BORIS in another, one in yen that nobody brought."""
    await arrive(
        db,
        program("prg_2", store=SHOP),
        ambassador("amb_boris", program_id="prg_2", store=SHOP),
        code("BORIS", ambassador_id="amb_boris", program_id="prg_2", store=SHOP),
    )
    reported = (
        order("R-2026-1001", 0, codes=["ANNA10"]),
        order("R-2026-1002", 1, codes=["ANNA10"]),
        order("R-2027-1001", 2, codes=["BORIS"]),
        order("77_1%x", 3, currency="JPY", total_minor=8000),
    )
    for body in reported:
        assert (await http.post("/v1/orders", headers=SECRET_KEY, json=body)).is_success
    await http.post("/v1/orders/R-2026-1002/refunds", headers=SECRET_KEY, json={"refund_id": "r", "amount_minor": 700})
    await pump(db, [SHOP])
    return http


async def listed(http: httpx.AsyncClient, **params: str) -> list[str]:
    answer = await http.get("/v1/orders", headers=SECRET_KEY, params=params)
    assert answer.status_code == 200, answer.text
    return [row["order_id"] for row in answer.json()["data"]]


async def page(http: httpx.AsyncClient, **params: str) -> str:
    answer = await http.get(LIST, headers=SECRET_KEY, params=params)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ("R-2026", ["R-2026-1002", "R-2026-1001"]),
        ("1001", ["R-2027-1001", "R-2026-1001"]),
        ("2026-1", ["R-2026-1002", "R-2026-1001"]),
        ("1", ["R-2027-1001", "R-2026-1001", "77_1%x", "R-2026-1002"]),
        ("R-2026-1002", ["R-2026-1002"]),
        ("77_1%x", ["77_1%x"]),
        ("%", ["77_1%x"]),
        ("_", ["77_1%x"]),
        ("'", []),
        ("_1%x", ["77_1%x"]),
        ("r-2026", []),
        ("R-20260", []),
    ],
)
async def test_a_number_is_found_by_any_part_of_it(shop: httpx.AsyncClient, part: str, found: list[str]) -> None:
    assert await listed(shop, q=part) == found
    assert re.findall(r">#([^<]+)</a>", html.unescape(await page(shop, q=f"#{part}"))) == found


async def test_common_and_rare_numbers_are_read_alike(shop: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    rare = await listed(shop, q="R-")
    monkeypatch.setattr(lists, "_HEADS", 2)
    assert await listed(shop, q="R-") == rare == ["R-2027-1001", "R-2026-1002", "R-2026-1001"]


async def walked(http: httpx.AsyncClient, **params: str) -> list[list[str]]:
    """The pages of a list to its end."""
    pages, cursor = [], None
    while True:
        answer = (
            await http.get("/v1/orders", headers=SECRET_KEY, params=params | ({"cursor": cursor} if cursor else {}))
        ).json()
        pages.append([row["order_id"] for row in answer["data"]])
        cursor = answer["next_cursor"]
        if cursor is None:
            return pages


async def test_a_search_that_stops_says_where_and_goes_on_from_there(
    shop: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """“1” ends two numbers and is inside of two more, the newest and the last but one."""
    every = ["R-2027-1001", "R-2026-1001", "77_1%x", "R-2026-1002"]
    assert await walked(shop, q="1") == [every]
    assert await walked(shop, q="1", limit="1") == [[one] for one in every]
    monkeypatch.setattr(lists, "WALKED", 1)
    assert await walked(shop, q="1") == [every[:3], [], every[3:], []]
    assert await walked(shop, q="1", limit="1") == [[every[0]], [every[1]], [every[2]], [], [every[3]], []]
    file = await shop.get("/v1/orders", headers=SECRET_KEY, params={"q": "1", "format": "csv"})
    assert [line.split(",")[0] for line in file.text.splitlines()[1:]] == every

    shown = await page(shop, q="1")
    assert "were looked for in 1 order, back to" in shown
    assert "There are too many orders to sum" in shown
    following = html.unescape(re.search(r'href="(\?[^"]+)" rel="next"', shown)[1])  # type: ignore[index]
    second = (await shop.get(LIST + following, headers=SECRET_KEY)).text
    assert "No such number so far" in second
    assert "Look further back" in second
    assert "#R-" not in second


async def test_a_cursor_belongs_to_its_search(shop: httpx.AsyncClient) -> None:
    first = (await shop.get("/v1/orders", headers=SECRET_KEY, params={"limit": "1"})).json()
    answer = await shop.get("/v1/orders", headers=SECRET_KEY, params={"q": "1", "cursor": first["next_cursor"]})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == "cursor"


async def test_the_list_is_narrowed_by_ambassador_and_program(shop: httpx.AsyncClient) -> None:
    assert await listed(shop, ambassador_id="amb_boris") == ["R-2027-1001"]
    assert await listed(shop, program_id="prg_1") == ["R-2026-1002", "R-2026-1001"]
    assert await listed(shop, program_id="prg_1", q="1001") == ["R-2026-1001"]
    assert await listed(shop, program_id=" ", q="", ambassador_id="") == await listed(shop)
    shown = await page(shop, ambassador=" boris ")
    assert "#R-2027-1001" in shown
    assert "#R-2026-1001" not in shown
    assert "ambassador_id=amb_boris" in shown, "the file holds the same orders"
    assert "No ambassador has the code “NOPE”." in await page(shop, ambassador="NOPE")
    part = await shop.get("/console/attribution/friends/amb_boris", headers=SECRET_KEY)
    assert part.status_code == 200
    for text in ("#R-2027-1001", "friend no. 1", "Attributed", "€50.00", "?ambassador=BORIS"):
        assert text in part.text, text
    nobody = await shop.get("/console/attribution/friends/amb_nobody", headers=SECRET_KEY)
    assert "No orders yet" in nobody.text


async def test_days_are_the_stores_and_both_ends_belong_to_the_period(shop: httpx.AsyncClient) -> None:
    second = (DAY + timedelta(days=1)).date().isoformat()
    shown = await page(shop, **{"from": second, "to": second})
    assert "#R-2026-1002</a>" in shown
    assert "#R-2026-1001</a>" not in shown
    assert "#R-2027-1001</a>" not in shown
    assert "#77_1%x</a>" in await page(shop, **{"from": second})


async def test_impossible_periods_say_what_is_wrong(shop: httpx.AsyncClient) -> None:
    turned = await page(shop, **{"from": "2026-03-09", "to": "2026-03-02"})
    assert "The period ends on 2 Mar 2026, before it begins on 9 Mar 2026" in turned.replace("\xa0", " ")
    assert "#R-2026-1001" in turned
    for odd in ("2026-02-30", "yesterday", "0001-01-01", "9999-12-31"):
        assert f"“{odd}” is no day" in await page(shop, **{"from": odd})
    answer = await shop.get(
        "/v1/orders", headers=SECRET_KEY, params={"from": "2026-03-09T00:00:00Z", "to": "2026-03-02T00:00:00Z"}
    )
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "to")


async def test_the_list_says_what_its_orders_come_to(
    shop: httpx.AsyncClient, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "4 orders, €150.00 + ¥8,000 in all · refunded: €7.00" in await page(shop)
    assert "1 order, €50.00 in all" in await page(shop, ambassador="BORIS")
    async with db.transaction([SHOP]) as tx:
        totals = await lists.totals(tx, SHOP, Filter(number="R-"), most=3)
        assert totals == [Total("EUR", 3, 15000, 700)]
        assert await lists.totals(tx, SHOP, Filter(number="R-"), most=2) is None
        assert await lists.totals(tx, SHOP, Filter(number="1"), most=4) == [
            Total("EUR", 3, 15000, 700),
            Total("JPY", 1, 8000, 0),
        ]
        assert await lists.totals(tx, SHOP, Filter(number="1"), most=3) is None
    monkeypatch.setattr(listing, "SUMMED", 3)
    shown = await page(shop)
    assert "The list holds more than 3" in shown
    assert "in all" not in shown


async def test_an_empty_answer_says_how_to_widen_the_search(shop: httpx.AsyncClient) -> None:
    shown = await page(shop, q="404", program="prg_1")
    assert "No order fits these filters" in shown
    assert "search by fewer signs of the number" in shown
    assert "/v1/orders" not in shown.split("No order fits")[1].split("</div>")[0]


async def test_filters_survive_one_another(shop: httpx.AsyncClient) -> None:
    shown = await page(shop, q="R-", program="prg_1", ambassador="ANNA10", status="attributed")
    assert "status=rejected&amp;q=R-&amp;ambassador=ANNA10&amp;program=prg_1" in shown
    assert '<input type="hidden" name="program" value="prg_1">' in shown
    assert shown.count('name="ambassador"') == 2, "its own field, and hidden beside the search"
