"""Attribution over HTTP: what is acknowledged, what is refused, and what can be read a moment later."""

import asyncio
import csv
import io
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY

from services.attribution.settings import CODE_CHECKS_PER_MINUTE
from services.kernel.db import Database
from tests.integration.attribution.world import NOW, PUBLISHABLE, SECRET_KEY, SHOP, VISITOR, decision, proof, token
from tests.support.attribution import STORE, arrive, browser, code, pump
from tests.support.edge import OTHER_STORE, key
from tests.support.forge import forged
from tests.support.quick import quickly
from tests.support.wait import until


def order(order_id: str = "1001", **fields: Any) -> dict[str, Any]:
    reported = {
        "order_id": order_id,
        "placed_at": NOW.isoformat(),
        "status": "paid",
        "currency": "EUR",
        "total_minor": 5090,
        "subtotal_minor": 4600,
        "customer": {"id": f"c{order_id}", "email": "Friend@Example.com"},
    }
    return reported | fields


async def test_an_order_is_accepted_once_and_attributed_by_its_token(http: httpx.AsyncClient, db: Database) -> None:
    first = await http.post("/v1/orders", headers=SECRET_KEY, json=order(token=token()))
    again = await http.post("/v1/orders", headers=SECRET_KEY, json=order(token=token()))
    assert (first.status_code, first.json()) == (202, {"order_id": "1001", "status": "accepted"})
    assert again.json() == {"order_id": "1001", "status": "accepted", "duplicate": True}
    found = await decision(http, db)
    assert (found["status"], found["ambassador_id"], found["settled"]) == ("attributed", "amb_anna", False)
    assert found["explanation"] == (
        "Attributed to ANNA10: the click on lnk_anna was 2 days before the order, within the window of 30 days."
    )


async def test_before_it_is_decided_an_order_can_be_read(http: httpx.AsyncClient, db: Database) -> None:
    await http.post("/v1/orders", headers=SECRET_KEY, json=order())
    answer = await http.get("/v1/orders/1001", headers=SECRET_KEY)
    assert (answer.status_code, answer.json()["decision"], answer.json()["total_minor"]) == (200, None, 5090)


async def test_the_age_of_a_decision_is_measured_once_for_each_report(http: httpx.AsyncClient, db: Database) -> None:
    def measured() -> tuple[float, float]:
        count = REGISTRY.get_sample_value("kith_decision_age_seconds_count")
        seconds = REGISTRY.get_sample_value("kith_decision_age_seconds_sum")
        assert count is not None
        assert seconds is not None
        return count, seconds

    count, seconds = measured()
    for order_id in ("1", "2", "2"):
        await http.post("/v1/orders", headers=SECRET_KEY, json=order(order_id))
    await pump(db, [SHOP])
    await pump(db, [SHOP])
    assert measured()[0] == count + 2
    assert 0 < measured()[1] - seconds < 120


async def test_fifty_parallel_posts_are_one_order(http: httpx.AsyncClient, db: Database) -> None:
    answers = await asyncio.gather(*(http.post("/v1/orders", headers=SECRET_KEY, json=order()) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {202}
    assert sum("duplicate" not in answer.json() for answer in answers) == 1
    assert await pump(db, [SHOP]) == []
    assert [type(e).__name__ for e in await pump(db, [SHOP])] == ["ConversionUnattributed"]


async def test_an_idempotency_key_gives_one_answer_and_refuses_another_body(http: httpx.AsyncClient) -> None:
    headers = SECRET_KEY | {"idempotency-key": "k-1"}
    parallel = await asyncio.gather(*(http.post("/v1/orders", headers=headers, json=order()) for _ in range(10)))
    assert {answer.text for answer in parallel} == {'{"order_id":"1001","status":"accepted"}'}
    other = await http.post("/v1/orders", headers=headers, json=order(total_minor=1))
    assert (other.status_code, other.json()["errors"][0]["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("fields", "status", "field"),
    [
        ({"placed_at": (NOW + timedelta(hours=25)).isoformat()}, 422, "placed_at"),
        ({"updated_at": (NOW + timedelta(hours=25)).isoformat()}, 422, "updated_at"),
        ({"cancelled_at": (NOW + timedelta(hours=25)).isoformat()}, 422, "cancelled_at"),
        ({"placed_at": "2026-11-03T10:00:00"}, 422, "placed_at"),
        ({"placed_at": "0001-01-01T00:00:00+10:00"}, 422, "placed_at"),
        ({"updated_at": "9999-12-31T23:59:59-10:00"}, 422, "updated_at"),
        ({"total_minor": -1}, 422, "total_minor"),
        ({"total_minor": 10.5}, 422, "total_minor"),
        ({"total_minor": 10**19}, 422, "total_minor"),
        ({"currency": "XXQ"}, 422, ""),
        ({"surprise": 1}, 422, "surprise"),
        ({"order_id": "a/b"}, 422, "order_id"),
        ({"customer": {"id": "c", "name": "Anna"}}, 422, "customer.name"),
    ],
)
async def test_wrong_fields_are_named(http: httpx.AsyncClient, fields: dict[str, Any], status: int, field: str) -> None:
    answer = await http.post("/v1/orders", headers=SECRET_KEY, json=order(**fields))
    assert answer.status_code == status
    assert field in {error["field"] for error in answer.json()["errors"]} or field == ""


async def test_keys_open_only_their_doors(http: httpx.AsyncClient) -> None:
    assert (await http.post("/v1/orders", json=order())).status_code == 401
    assert (await http.post("/v1/orders", headers=PUBLISHABLE, json=order())).status_code == 403
    assert (await http.post("/v1/track", headers=SECRET_KEY, json={"type": "visit"})).status_code == 403
    await http.post("/v1/orders", headers=SECRET_KEY, json=order())
    assert (await http.get("/v1/orders/1001", headers=key(store=OTHER_STORE))).status_code == 404


async def test_refunds_and_cancellations_of_unknown_orders_are_kept(http: httpx.AsyncClient, db: Database) -> None:
    refund = {"refund_id": "r1", "amount_minor": 100}
    first = await http.post("/v1/orders/1001/refunds", headers=SECRET_KEY, json=refund)
    again = await http.post("/v1/orders/1001/refunds", headers=SECRET_KEY, json=refund)
    assert (first.status_code, first.json()["duplicate"], again.json()["duplicate"]) == (202, False, True)
    assert (await http.post("/v1/orders/1001/cancel", headers=SECRET_KEY)).status_code == 202
    await http.post("/v1/orders", headers=SECRET_KEY, json=order(token=token()))
    await pump(db, [SHOP])
    shown = (await http.get("/v1/orders/1001", headers=SECRET_KEY)).json()
    assert (shown["refunded_minor"], shown["cancelled"], shown["decision"]["reason"]) == (100, True, "cancelled")


async def test_a_page_reports_and_the_order_finds_its_click(http: httpx.AsyncClient, db: Database) -> None:
    visit = {"type": "visit", "token": token(), "visitor_id": VISITOR, "url": "https://shop.example/?x=1"}
    headers = PUBLISHABLE | {"content-type": "text/plain", "origin": "https://shop.example"}
    answer = await http.post("/v1/track", headers=headers, content=json.dumps(visit))
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (202, "https://shop.example")
    named = {"type": "identify", "visitor_id": VISITOR, "customer": {"id": "c1001"}, "proof": proof("c1001")}
    reported = await http.post("/v1/track", headers=PUBLISHABLE, json=named)
    assert reported.json() == {"status": "accepted", "proven": True}
    await http.post("/v1/orders", headers=SECRET_KEY, json=order())
    await until(lambda: kept(db, 2))
    assert (await decision(http, db))["ambassador_id"] == "amb_anna"


async def kept(db: Database, count: int) -> bool:
    async with db.transaction(stores=[SHOP]) as tx:
        return bool(await tx.scalar("select count(*) = :n from tracks", n=count))


async def test_a_report_is_answered_quickly_with_the_same_words(http: httpx.AsyncClient, db: Database) -> None:
    headers = PUBLISHABLE | {"content-type": "text/plain", "origin": "https://shop.example"}
    visit = {"type": "visit", "token": token(), "url": "https://shop.example/?x=1"}
    usual = await http.post("/v1/track", headers=headers, content=json.dumps(visit | {"visitor_id": VISITOR}))
    other = json.dumps(visit | {"visitor_id": browser("v2")})
    quick = quickly(http, "POST", "/v1/track", headers=headers, content=other)
    assert quick is not None
    assert (quick.status_code, quick.content, quick.headers) == (usual.status_code, usual.content, usual.headers)
    await until(lambda: kept(db, 2))


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (SECRET_KEY, b'{"type":"visit","visitor_id":"v1"}'),
        ({}, b'{"type":"visit","visitor_id":"v1"}'),
        (PUBLISHABLE, b'{"type":"visit","visitor_id":"v1","unknown":1}'),
        (PUBLISHABLE, b'{"type":'),
        (PUBLISHABLE, b'{"type":"visit","visitor_id":"' + b"v" * 20_000 + b'"}'),
    ],
    ids=["another key", "no key", "unknown field", "cut", "long"],
)
async def test_what_is_wrong_with_a_report_is_said_the_usual_way(
    http: httpx.AsyncClient, headers: dict[str, str], body: bytes
) -> None:
    assert quickly(http, "POST", "/v1/track", headers=headers, content=body) is None
    answer = await http.post("/v1/track", headers=headers, content=body)
    assert answer.status_code in {400, 401, 403, 413, 422}
    assert answer.headers["content-type"] == "application/problem+json"


async def test_tokens_that_prove_nothing_are_named(http: httpx.AsyncClient, db: Database) -> None:
    for number, text in enumerate([forged(token()), token(STORE), "nonsense"]):
        await http.post("/v1/orders", headers=SECRET_KEY, json=order(str(number), token=text))
    reasons = [(await decision(http, db, str(number)))["reason"] for number in range(3)]
    assert reasons == ["token_forged", "token_other_store", "token_malformed"]


async def test_the_explanation_speaks_four_languages(http: httpx.AsyncClient, db: Database) -> None:
    await http.post("/v1/orders", headers=SECRET_KEY, json=order(codes=["anna10 "]))
    texts = {lang: (await decision(http, db, lang=lang))["explanation"] for lang in ("en", "ru", "uk", "ro")}
    assert texts["en"] == (
        "Attributed to ANNA10: promo code ANNA10 was entered at checkout, and this is the friend’s first paid order."
    )
    assert texts["ru"].startswith("Засчитано: ANNA10.")
    assert texts["uk"].startswith("Зараховано: ANNA10.")
    assert texts["ro"].startswith("Atribuită: ANNA10.")


async def test_lists_filter_page_and_export(http: httpx.AsyncClient, db: Database) -> None:
    for number in range(3):
        placed = (NOW - timedelta(minutes=number)).isoformat()
        codes = ["ANNA10"] if number else []
        reported = order(str(number), placed_at=placed, codes=codes, customer={"id": f"c{number}"})
        await http.post("/v1/orders", headers=SECRET_KEY, json=reported)
    await pump(db, [SHOP])
    page = (await http.get("/v1/orders", headers=SECRET_KEY, params={"limit": 2})).json()
    assert [row["order_id"] for row in page["data"]] == ["0", "1"]
    rest = await http.get("/v1/orders", headers=SECRET_KEY, params={"limit": 2, "cursor": page["next_cursor"]})
    assert [row["order_id"] for row in rest.json()["data"]] == ["2"]
    lost = await http.get("/v1/orders", headers=SECRET_KEY, params={"status": "unattributed", "reason": "no_evidence"})
    assert [row["order_id"] for row in lost.json()["data"]] == ["0"]
    text = (await http.get("/v1/orders", headers=SECRET_KEY, params={"format": "csv"})).text
    rows = {row["order_id"]: row for row in csv.DictReader(io.StringIO(text))}
    assert {(row["total"], row["refunded"], row["currency"]) for row in rows.values()} == {("50.90", "0.00", "EUR")}
    assert [rows[n]["ambassador_code"] for n in "012"] == ["", "ANNA10", "ANNA10"]


@pytest.mark.usefixtures("no_refill")
async def test_codes_can_be_guessed_so_often_by_key_and_address(http: httpx.AsyncClient, db: Database) -> None:
    asked = [
        await http.post(f"/v1/codes/GUESS{n}/check", headers=SECRET_KEY) for n in range(CODE_CHECKS_PER_MINUTE + 1)
    ]
    assert {answer.status_code for answer in asked[:-1]} == {200}
    assert asked[0].headers["ratelimit-policy"] == f'"code-check";q={CODE_CHECKS_PER_MINUTE};w=60'
    assert asked[0].headers["ratelimit"].startswith(f'"code-check";r={CODE_CHECKS_PER_MINUTE - 1};')
    assert (asked[-1].status_code, asked[-1].json()["code"]) == (429, "rate_limited")
    assert int(asked[-1].headers["retry-after"]) >= 1
    redeemed = await http.post("/v1/codes/GUESS/redeem", headers=SECRET_KEY, json={"order_id": "1"})
    assert redeemed.status_code == 429, "both ways of asking share one limit"
    neighbour = await http.post("/v1/codes/GUESS/check", headers=key(store=OTHER_STORE))
    assert neighbour.status_code == 200, "another key has its own"


async def test_codes_are_checked_and_redeemed(http: httpx.AsyncClient, db: Database) -> None:
    await arrive(db, code("ONCE", max_uses=1, store=SHOP))
    good = await http.post("/v1/codes/anna10/check", headers=SECRET_KEY)
    assert (good.status_code, good.json()["valid"], good.json()["code"]) == (200, True, "ANNA10")
    assert good.json()["benefit"] in {"credit", "none"}, "a program from before there was a choice"
    assert (await http.post("/v1/codes/NOPE/check", headers=SECRET_KEY)).json()["reason"] == "code_unknown"
    used = [
        (await http.post("/v1/codes/once/redeem", headers=SECRET_KEY, json={"order_id": o})).status_code
        for o in ("1", "1", "2")
    ]
    assert used == [200, 200, 409]
    await http.post("/v1/orders", headers=SECRET_KEY, json=order("1", codes=["ONCE"]))
    await http.post("/v1/orders", headers=SECRET_KEY, json=order("2", codes=["ONCE"], customer={"id": "c2"}))
    assert (await decision(http, db, "1"))["status"] == "attributed"
    assert (await decision(http, db, "2"))["reason"] == "code_used_up"


async def test_a_replay_over_http_is_equal(http: httpx.AsyncClient, db: Database) -> None:
    await http.post("/v1/orders", headers=SECRET_KEY, json=order(token=token()))
    await pump(db, [SHOP])
    assert (await http.get("/v1/orders/1001/replay", headers=SECRET_KEY)).json()["equal"] is True


async def page(http: httpx.AsyncClient, path: str) -> str:
    answer = await http.get(path, headers=SECRET_KEY, follow_redirects=False)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_the_console_tells_an_order_its_reason_and_its_history(http: httpx.AsyncClient, db: Database) -> None:
    friend = {"id": "c1", "email": "friend@example.com"}
    await http.post("/v1/orders", headers=SECRET_KEY, json=order(token=token(), customer=friend))
    await pump(db, [SHOP])
    await http.post("/v1/orders/1001/refunds", headers=SECRET_KEY, json={"refund_id": "r", "amount_minor": 100})
    await pump(db, [SHOP])
    listed = await page(http, "/console/attribution/orders?status=attributed")
    assert "#1001" in listed
    assert "€50.90" in listed
    shown = await page(http, "/console/attribution/orders/1001?check=replay")
    assert "Attributed to <b>ANNA10</b>" in shown
    assert "byte for byte" in shown
    assert "Refunded: €1.00" in shown
    assert 'hx-get="/console/rewards/orders/1001"' in shown
    assert "friend@example.com" not in shown
    compared = await page(http, "/console/attribution/orders/1001/compare")
    assert "Partly refunded" in compared
    assert "€1.00" in compared
    assert "refunded_minor" not in compared
    assert "Заказы" in await page(http, "/console/attribution/orders?lang=ru")


async def test_the_console_says_when_there_is_nothing_yet(http: httpx.AsyncClient) -> None:
    assert "No orders yet" in await page(http, "/console/attribution/orders")
    await http.post("/v1/orders", headers=SECRET_KEY, json=order())
    assert "not decided yet" in await page(http, "/console/attribution/orders/1001")
    missing = await http.get("/console/attribution/orders/none", headers=SECRET_KEY)
    assert missing.status_code == 404
