"""The list of orders, searched as its readers search: by part of a number, by days, by ambassador, by program."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.attribution.decisions.api import listing
from services.attribution.decisions.store import reading
from services.attribution.decisions.store.reading import Filter, Total
from services.kernel.db import Database
from tests.integration.attribution.world import SECRET_KEY, SHOP
from tests.support.attribution import ambassador, arrive, code, program, pump

LIST = "/console/attribution/orders"
DAY = (datetime.now(UTC) - timedelta(days=9)).replace(hour=12, minute=0, second=0, microsecond=0)
"""When the first order was placed; each of the others a day later than the one before."""


def order(order_id: str, day: int, **fields: Any) -> dict[str, Any]:
    told = {
        "order_id": order_id,
        "placed_at": (DAY + timedelta(days=day)).isoformat(),
        "status": "paid",
        "currency": "EUR",
        "total_minor": 5000,
        "customer": {"id": f"c{order_id}"},
    }
    return told | fields


@pytest.fixture
async def shop(http: httpx.AsyncClient, db: Database) -> httpx.AsyncClient:
    """Four orders: two of ANNA10 in one program, one of BORIS in another, one in yen that nobody brought."""
    await arrive(
        db,
        program("prg_2", store=SHOP),
        ambassador("amb_boris", program_id="prg_2", store=SHOP),
        code("BORIS", ambassador_id="amb_boris", program_id="prg_2", store=SHOP),
    )
    told = (
        order("R-2026-1001", 0, codes=["ANNA10"]),
        order("R-2026-1002", 1, codes=["ANNA10"]),
        order("R-2027-1001", 2, codes=["BORIS"]),
        order("77_1%x", 3, currency="JPY", total_minor=8000),
    )
    for body in told:
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
        ("R-2026-1002", ["R-2026-1002"]),
        ("77_1%x", ["77_1%x"]),
        ("%", []),
        ("_1%x", ["77_1%x"]),
        ("r-2026", []),
        ("R-20260", []),
    ],
)
async def test_a_number_is_found_by_how_it_begins_or_ends(shop: httpx.AsyncClient, part: str, found: list[str]) -> None:
    assert await listed(shop, q=part) == found
    shown = await page(shop, q=f"#{part}")
    assert [one for one in ("77_1%x", "R-2027-1001", "R-2026-1002", "R-2026-1001") if f"#{one}</a>" in shown] == found


async def test_common_and_rare_numbers_are_read_alike(shop: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    rare = await listed(shop, q="R-")
    monkeypatch.setattr(reading, "_HEADS", 2)
    assert await listed(shop, q="R-") == rare == ["R-2027-1001", "R-2026-1002", "R-2026-1001"]


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
        totals = await reading.totals(tx, SHOP, Filter(number="R-"), most=3)
        assert totals == [Total("EUR", 3, 15000, 700)]
        assert await reading.totals(tx, SHOP, Filter(number="R-"), most=2) is None
    monkeypatch.setattr(listing, "SUMMED", 3)
    shown = await page(shop)
    assert "The list holds more than 3" in shown
    assert "in all" not in shown


async def test_an_empty_answer_says_how_to_widen_the_search(shop: httpx.AsyncClient) -> None:
    shown = await page(shop, q="404", program="prg_1")
    assert "No order fits these filters" in shown
    assert "its beginning or its end is enough" in shown
    assert "/v1/orders" not in shown.split("No order fits")[1].split("</div>")[0]


async def test_filters_survive_one_another(shop: httpx.AsyncClient) -> None:
    shown = await page(shop, q="R-", program="prg_1", ambassador="ANNA10", status="attributed")
    assert "status=rejected&amp;q=R-&amp;ambassador=ANNA10&amp;program=prg_1" in shown
    assert '<input type="hidden" name="program" value="prg_1">' in shown
    assert shown.count('name="ambassador"') == 2, "its own field, and hidden beside the search"
