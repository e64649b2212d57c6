"""Who may say which customer is behind a visitor, over HTTP: not a page by itself, but the store's server."""

from typing import Any

import httpx

from services.kernel.db import Database
from tests.integration.attribution.test_http import order
from tests.integration.attribution.world import (
    PUBLISHABLE,
    SECRET_KEY,
    SHOP,
    VISITOR,
    decision,
    token,
)
from tests.support.attribution import browser, pump
from tests.support.wait import until


async def report(http: httpx.AsyncClient, **reported: Any) -> dict[str, Any]:
    answer = await http.post("/v1/track", headers=PUBLISHABLE, json=reported)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def events_of(db: Database, count: int) -> None:
    """Waits until all reports have left the spool, and takes them in."""

    async def drained() -> bool:
        async with db.transaction(stores=[SHOP]) as tx:
            return bool(await tx.scalar("select count(*) >= :n from outbox where topic = 'kith.tracking'", n=count))

    await until(drained)
    await pump(db, [SHOP])


async def test_one_click_and_twenty_guessed_ids_move_no_order(http: httpx.AsyncClient, db: Database) -> None:
    guessed = [f"g{n}" for n in range(20)]
    for customer_id in guessed:
        reported = order(customer_id, customer={"id": customer_id, "email": f"{customer_id}@buyers.example"})
        await http.post("/v1/orders", headers=SECRET_KEY, json=reported)
    before = {customer_id: await decision(http, db, customer_id) for customer_id in guessed}
    eve = {"visitor_id": VISITOR, "token": token(click_id="clk_eve")}
    await report(http, type="visit", **eve)
    for customer_id in guessed:
        customer = {"id": customer_id, "email": f"{customer_id}@buyers.example", "phone": "+37369000111"}
        await report(http, type="identify", customer=customer, **eve)
        assert (await report(http, type="identify", customer=customer, proof="0" * 64, **eve))["proven"] is False
        await report(http, type="signup", visitor_id=customer_id, token=eve["token"], customer=customer)
        await report(http, type="visit", visitor_id=customer_id, token=eve["token"])
    await events_of(db, 61)
    assert {customer_id: await decision(http, db, customer_id) for customer_id in guessed} == before
    assert {found["status"] for found in before.values()} == {"unattributed"}


async def test_a_false_contact_makes_no_self_referral(http: httpx.AsyncClient, db: Database) -> None:
    await http.post("/v1/orders", headers=SECRET_KEY, json=order(token=token()))
    await http.post("/v1/orders", headers=SECRET_KEY, json=order("2", customer={"id": "old-customer"}))
    for mail in ("anna@example.com", "friend@example.com"):
        for customer_id in ("c1001", "old-customer"):
            await report(http, type="identify", customer={"id": customer_id, "email": mail}, proof="f" * 64)
    await events_of(db, 4)
    found = await decision(http, db)
    assert (found["status"], found["ambassador_id"], found["reason"]) == ("attributed", "amb_anna", "click")


async def test_the_server_names_a_visitor_once(http: httpx.AsyncClient, db: Database) -> None:
    await report(http, type="visit", visitor_id=VISITOR, token=token())
    reported = {"visitor_id": VISITOR, "customer": {"id": "8412", "email": "friend@example.com"}}
    first = await http.post("/v1/identify", headers=SECRET_KEY, json=reported)
    again = await http.post("/v1/identify", headers=SECRET_KEY, json=reported)
    assert (first.status_code, first.json()["duplicate"], again.json()["duplicate"]) == (202, False, True)
    keyed = SECRET_KEY | {"idempotency-key": "k1"}
    answers = [await http.post("/v1/identify", headers=keyed, json=reported) for _ in range(2)]
    assert answers[0].text == answers[1].text
    await events_of(db, 2)
    by_mail = order("7", customer={"email": "friend@example.com"})
    await http.post("/v1/orders", headers=SECRET_KEY, json=by_mail)
    assert (await decision(http, db, "7"))["ambassador_id"] == "amb_anna"


async def test_who_may_identify_and_what_is_refused(http: httpx.AsyncClient) -> None:
    reported = {"visitor_id": VISITOR, "customer": {"id": "8412"}}
    assert (await http.post("/v1/identify", headers=PUBLISHABLE, json=reported)).status_code == 403
    assert (await http.post("/v1/identify", json=reported)).status_code == 401
    for wrong in ({"customer": {"id": "1"}}, reported | {"customer": {}}, reported | {"customer": {"id": "guest"}}):
        answer = await http.post("/v1/identify", headers=SECRET_KEY, json=wrong)
        assert (answer.status_code, bool(answer.json()["errors"])) == (422, True)


async def test_reports_repeated_a_thousand_times_are_one_fact(http: httpx.AsyncClient, db: Database) -> None:
    visit = {"visitor_id": VISITOR, "token": token()}
    for _ in range(300):
        await report(http, type="visit", **visit)
    for number in range(300):
        await report(http, type="visit", visitor_id=browser(f"v{number + 2}"), token=token())
        await report(http, type="visit", visitor_id=browser("v999"), token=token(click_id=f"clk_{number}"))
    await http.post("/v1/orders", headers=SECRET_KEY, json=order(visitor_id=VISITOR))

    async def quiet() -> bool:
        async with db.transaction(stores=[SHOP]) as tx:
            return bool(await tx.scalar("select count(*) >= 100 from tracks where visitor_id = :v", v=browser("v999")))

    await until(quiet)
    assert (await decision(http, db))["ambassador_id"] == "amb_anna"
    async with db.transaction(stores=[SHOP]) as tx:
        assert await tx.scalar("select count(*) from tracks where visitor_id = :v", v=VISITOR) == 1
        assert await tx.scalar("select count(*) from tracks where click_id = 'clk_1'") <= 200
        assert await tx.scalar("select count(*) from tracks where visitor_id = :v", v=browser("v999")) <= 200
