"""An ambassador sees what became of each friend, says that it is wrong, and reads the store's answer."""

import asyncio
import re
from base64 import urlsafe_b64decode
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contracts.events.appeals import AppealAnswered
from services.attribution.decisions.actions.settle import settle
from services.common.portal_session import PortalSession, issue_portal_session, portal_cookie_name
from services.kernel.auth import sessions
from services.kernel.db import Database
from tests.integration.attribution.test_http import order
from tests.integration.attribution.world import NOW, SECRET_KEY, SHOP, decision, token
from tests.support.attribution import ambassador, arrive, code, program, pump
from tests.support.edge import RING, key

CONSOLE = {**SECRET_KEY, "accept": "text/html"}
OWN_PAGE = {"sec-fetch-site": "same-origin"}
SMALL, LATE = {"subtotal_minor": 100}, timedelta(days=40)


def cookie(ambassador_id: str = "amb_anna") -> dict[str, str]:
    """An ambassador who is signed in."""
    later = sessions.real_time(timedelta(hours=1))
    session = PortalSession(SHOP, ambassador_id, f"session-of-{ambassador_id}", later, later)
    return {
        "cookie": f"{portal_cookie_name(secure=True)}={issue_portal_session(RING, session)}",
        **OWN_PAGE,
    }


async def bought(http: httpx.AsyncClient, db: Database, order_id: str, **fields: Any) -> None:
    """A friend buys, and the order is decided."""
    answer = await http.post("/v1/orders", headers=SECRET_KEY, json=order(order_id, **fields))
    assert answer.status_code == 202, answer.text
    await pump(db, [SHOP])


async def friends(http: httpx.AsyncClient, who: str = "amb_anna") -> list[str]:
    """The list of friends, each as the text of its entry."""
    page = await http.get("/p/friends", headers=cookie(who))
    assert page.status_code == 200, page.text
    entries = re.findall(r'<li class="friend">(.*?)</li>', page.text, re.DOTALL)
    return [re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", one)).strip() for one in entries]


async def appeal(http: httpx.AsyncClient, who: str = "amb_anna", **form: object) -> httpx.Response:
    return await http.post("/p/appeals", headers=cookie(who), data={"words": "It was me.", **form})


async def queue(http: httpx.AsyncClient) -> list[dict[str, Any]]:
    answer = await http.get("/v1/appeals", headers=SECRET_KEY, params={"state": "open"})
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def answered(http: httpx.AsyncClient, verdict: str = "accept", **body: object) -> dict[str, Any]:
    """The store answers the newest open appeal."""
    (one, *_) = await queue(http)
    answer = await http.post(
        f"/v1/appeals/{one['id']}/answer", headers=SECRET_KEY, json={"verdict": verdict, "words": "We looked.", **body}
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def settled(db: Database, *, later: timedelta = LATE) -> None:
    """Everything settles that can."""
    async with db.transaction([SHOP]) as tx:
        await tx.execute("update orders set settle_at = :now", now=tx.now)
        await settle(tx, [SHOP])


async def test_a_friend_who_forgot_the_code_counts_once_the_store_accepts(
    http: httpx.AsyncClient, db: Database
) -> None:
    await bought(http, db, "7001")
    assert await friends(http) == [], "nothing names anybody yet"
    assert (await appeal(http, words="She used ANNA10 at the till.", order="7001")).status_code == 303
    [one] = await queue(http)
    assert (one["kind"], one["words"], one["order_number"], one["order_id"]) == (
        *("missing", "She used ANNA10 at the till.", "7001"),
        None,
    )
    page = (await http.get(f"/console/attribution/appeals/{one['id']}", headers=CONSOLE)).text
    assert "If you accept: the order counts as this ambassador’s" in page

    answer = await answered(http, order_id="7001")
    assert (answer["state"], answer["outcome"]) == ("accepted", "attributed")
    [event] = [event for event in await pump(db, [SHOP]) if isinstance(event, AppealAnswered)]
    assert (event.ambassador_id, event.verdict, event.order_id) == ("amb_anna", "accepted", "7001")
    found = await decision(http, db, "7001")
    assert (found["status"], found["ambassador_id"], found["winner"]["code"]) == ("attributed", "amb_anna", "ANNA10")
    [entry] = await friends(http)
    assert entry.startswith("Friend no. 1 Waiting")
    page = (await http.get("/p/friends", headers=cookie())).text
    assert "The store agrees: the purchase counts as yours." in page and "We looked." in page
    replayed = await http.get("/v1/orders/7001/replay", headers=SECRET_KEY)
    assert replayed.status_code == 200 and replayed.json()["equal"], replayed.text


async def test_the_page_of_friends_says_why_and_names_nobody(http: httpx.AsyncClient, db: Database) -> None:
    await arrive(db, program(store=SHOP, version=2, min_subtotal_minor=4000, published_at=NOW - timedelta(days=9)))
    await bought(
        http, db, "7101", token=token(channel="telegram"), customer={"id": "8412", "email": "friend@example.com"}
    )
    await bought(http, db, "7102", codes=["ANNA10"], subtotal_minor=100, customer={"id": "8413"})
    await bought(http, db, "7103", codes=["ANNA10"], status="pending", customer={"id": "8414"})
    page = (await http.get("/p/friends", headers=cookie())).text
    for hidden in ("7101", "7102", "7103", "8412", "8413", "friend@", "50.90", "46.00", "1.00", "40.00"):
        assert hidden not in page.replace("/p/appeals", ""), hidden
    entries = sorted(await friends(http))
    assert [one.partition(".")[2][:2].strip() for one in entries] == ["1", "2", "3"]
    text = " / ".join(entries)
    assert "The friend came by your link." in text and " · Telegram The friend came" in text
    assert "The purchase was smaller than the least that the program asks for." in text
    assert "The friend has ordered and not paid yet." in text


async def test_numbers_stay_and_are_each_ambassadors_own(http: httpx.AsyncClient, db: Database) -> None:
    await arrive(db, ambassador("amb_boris", store=SHOP), code("BORIS10", ambassador_id="amb_boris", store=SHOP))
    await bought(
        http, db, "2", codes=["ANNA10"], customer={"id": "c2"}, placed_at=(NOW - timedelta(hours=2)).isoformat()
    )
    assert [entry[:12] for entry in await friends(http)] == ["Friend no. 1"]
    # Somebody who bought before, and is reported only now, is no. 2: nobody's number moves.
    await bought(
        http, db, "1", codes=["ANNA10"], customer={"id": "c1"}, placed_at=(NOW - timedelta(hours=9)).isoformat()
    )
    await bought(http, db, "3", codes=["BORIS10"], customer={"id": "c3"})
    await bought(http, db, "4", codes=["ANNA10"], customer={"id": "c2"})
    seen = await asyncio.gather(*(friends(http) for _ in range(5)))
    assert [[entry[:12] for entry in one] for one in seen] == [["Friend no. 1", "Friend no. 1", "Friend no. 2"]] * 5
    assert [entry[:12] for entry in await friends(http, "amb_boris")] == ["Friend no. 1"]
    assert (await appeal(http, "amb_boris", friend=2)).status_code == 404, "no. 2 is Anna's"


async def test_what_is_final_only_goodwill_mends_and_a_refusal_is_still_told(
    http: httpx.AsyncClient, db: Database
) -> None:
    await arrive(db, program(store=SHOP, version=2, min_subtotal_minor=4000, published_at=NOW - timedelta(days=9)))
    await bought(http, db, "7201", codes=["ANNA10"], subtotal_minor=100)
    await settled(db)
    await pump(db, [SHOP])
    [entry] = await friends(http)
    assert "only the store’s goodwill can mend it" in entry, "seen for the first time after it had settled"
    assert (await appeal(http, friend=1)).status_code == 303
    [one] = await queue(http)
    assert (one["kind"], one["friend_number"], one["order_id"]) == ("wrong", 1, "7201")
    page = (await http.get(f"/console/attribution/appeals/{one['id']}", headers=CONSOLE)).text
    assert "This order is final." in page
    assert (await answered(http))["outcome"] == "goodwill"
    assert (await decision(http, db, "7201"))["status"] == "rejected"
    assert "makes it good in another way" in (await friends(http))[0]


async def test_the_rules_hold_for_what_the_store_accepts(http: httpx.AsyncClient, db: Database) -> None:
    await arrive(db, program(store=SHOP, version=2, min_subtotal_minor=4000, published_at=NOW - timedelta(days=9)))
    await bought(http, db, "7301", codes=["ANNA10"], subtotal_minor=100)
    assert (await appeal(http, friend=0, order="7301")).status_code == 303
    [one] = await queue(http)
    page = (await http.get(f"/console/attribution/appeals/{one['id']}", headers=CONSOLE)).text
    assert "refuse this order even with the ambassador’s code (Below the minimum)" in page
    form = {"verdict": "accept", "words": "Next time.", "order": "7301"}
    sent = await http.post(f"/console/attribution/appeals/{one['id']}/answer", headers=CONSOLE, data=form)
    assert sent.status_code == 303
    assert (await decision(http, db, "7301"))["reason"] == "below_minimum"
    answer = (await http.get(f"/v1/appeals/{one['id']}", headers=SECRET_KEY)).json()
    assert (answer["outcome"], answer["answer"]) == ("goodwill", "Next time.")
    twice = await http.post(
        f"/v1/appeals/{one['id']}/answer", headers=SECRET_KEY, json={"verdict": "refuse", "words": "No."}
    )
    assert (twice.status_code, twice.json()["code"]) == (409, "already_answered")


async def test_an_accepted_appeal_says_nothing_newer_than_the_order(http: httpx.AsyncClient, db: Database) -> None:
    paid = (NOW + timedelta(minutes=2)).isoformat()  # the clock of the store is ahead
    await bought(http, db, "7351", codes=["ANNA10"], updated_at=paid)
    assert (await http.post("/v1/orders/7351/cancel", headers=SECRET_KEY, json={})).status_code == 202
    await bought(http, db, "7352", updated_at=paid)
    assert (await http.post("/v1/orders/7352/cancel", headers=SECRET_KEY, json={})).status_code == 202
    await pump(db, [SHOP])
    for number in ("7351", "7352"):
        assert (await appeal(http, order=number)).status_code == 303
        await answered(http, order_id=number)
        await pump(db, [SHOP])
        assert (await decision(http, db, number))["reason"] == "cancelled", number


async def test_nobody_waits_for_a_customer_id_with_very_many_orders(
    http: httpx.AsyncClient, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.attribution.appeals.actions._MOST_ORDERS", 2)
    for number in ("7371", "7372", "7373"):
        await bought(http, db, number)
    assert (await appeal(http, order="7371")).status_code == 303
    [one] = await queue(http)
    page = (await http.get(f"/console/attribution/appeals/{one['id']}", headers=CONSOLE)).text
    assert "This customer has too many orders" in page
    assert (await answered(http, order_id="7371"))["outcome"] == "goodwill"


async def test_one_appeal_a_friend_and_five_a_day(http: httpx.AsyncClient, db: Database) -> None:
    await bought(http, db, "7401", codes=["ANNA10"])
    await friends(http)
    answers = await asyncio.gather(*(appeal(http, friend=1) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]
    assert "waits for the store’s answer" in next(one.text for one in answers if one.status_code == 409)
    for number in range(4):
        assert (await appeal(http, order=f"A{number}")).status_code == 303
    assert (await appeal(http, order="A9")).status_code == 429
    await answered(http, "refuse")
    assert (await appeal(http, order="A9")).status_code == 429, "an answer gives no other"
    assert (await appeal(http, words=" \n ")).status_code == 422
    foreign = await http.post(
        "/p/appeals", headers={**cookie(), "sec-fetch-site": "cross-site"}, data={"words": "x", "friend": 1}
    )
    assert foreign.status_code == 403
    evil = await appeal(http, "amb_boris", words="<script>alert(1)</script>\u202e\x07", order="x" * 200)
    assert evil.status_code == 303
    [one, *_] = await queue(http)
    assert (one["words"], len(one["order_number"])) == ("<script>alert(1)</script>", 64)
    page = (await http.get(f"/console/attribution/appeals/{one['id']}", headers=CONSOLE)).text
    assert "<script>alert(1)" not in page


async def test_words_of_who_is_erased_are_gone(http: httpx.AsyncClient, db: Database) -> None:
    await bought(http, db, "7501", codes=["ANNA10"])
    await friends(http)
    for form in ({"friend": 1}, {"order": "Zaphodia"}):
        assert (await appeal(http, words="Ask Zaphodia.", **form)).status_code == 303
    await answered(http, "refuse", words="Dear Zaphodia, no.")
    async with db.transaction([SHOP]) as tx:
        tx.emit(ambassador(store=SHOP, revision=2, status="erased"))
    await pump(db, [SHOP])
    async with db.transaction([SHOP]) as tx:
        rows = await tx.all("select appeals::text as text, state from appeals")
    assert not [row for row in rows if "Zaphodia" in row.text]
    assert sorted(row.state for row in rows) == ["refused", "withdrawn"]
    assert (await http.get("/p/friends", headers=cookie())).status_code == 404
    assert (await appeal(http, friend=1)).status_code == 404


async def test_another_store_sees_and_answers_none(http: httpx.AsyncClient, db: Database) -> None:
    await bought(http, db, "7601", codes=["ANNA10"])
    await friends(http)
    await appeal(http, friend=1)
    [one] = await queue(http)
    other = key(store="str_other")
    assert (await http.get("/v1/appeals", headers=other)).json()["data"] == []
    assert (await http.get(f"/v1/appeals/{one['id']}", headers=other)).status_code == 404
    body = {"verdict": "accept", "words": "ours"}
    assert (await http.post(f"/v1/appeals/{one['id']}/answer", headers=other, json=body)).status_code == 404


async def test_the_order_that_is_clicked_is_the_one_that_is_objected_to(http: httpx.AsyncClient, db: Database) -> None:
    await arrive(db, program(store=SHOP, version=2, min_subtotal_minor=4000, published_at=NOW - timedelta(days=9)))
    await bought(http, db, "7301", codes=["ANNA10"], subtotal_minor=100)
    await bought(http, db, "7302", codes=["ANNA10"])
    page = (await http.get("/p/friends", headers=cookie("amb_anna"))).text
    marks = re.findall(r"/p/appeals\?friend=1&amp;mark=([^\"]+)", page)
    assert len(set(marks)) == 2
    for mark in marks:
        assert (await http.get(f"/p/appeals?friend=1&mark={mark}", headers=cookie("amb_anna"))).status_code == 200
    assert (await appeal(http, friend=1, mark=marks[-1])).status_code == 303
    [one] = await queue(http)
    assert one["order_id"] == "7301", "the older one, though a newer one is there"
    await answered(http, "refuse")
    newer, older = await friends(http)
    assert "We looked." in older and "We looked." not in newer


async def test_an_order_that_is_not_there_is_not_objected_to_in_the_newest_ones_place(
    http: httpx.AsyncClient, db: Database
) -> None:
    await bought(http, db, "7311", codes=["ANNA10"])
    assert (await http.get("/p/appeals?friend=1&mark=somebody-elses", headers=cookie())).status_code == 404
    assert (await appeal(http, friend=1, mark="somebody-elses")).status_code == 404
    assert (await appeal(http, friend=2)).status_code == 404
    assert await queue(http) == []
    assert (await http.get("/p/appeals?friend=1", headers=cookie())).status_code == 200, (
        "the newest, where none is named"
    )


async def test_what_an_ambassador_types_goes_out_in_no_event(http: httpx.AsyncClient, db: Database) -> None:
    assert (await appeal(http, friend=0, order="Zaphodia")).status_code == 303
    answer = await answered(http, "refuse", order_id="Zaphodia")
    assert answer["order_id"] is None
    async with db.transaction([SHOP]) as tx:
        sent = await tx.all("select data from outbox where type = 'kith.appeal.answered.v1'")
    assert len(sent) == 1 and b"Zaphodia" not in bytes(sent[0].data)


async def test_the_way_to_older_friends_holds_no_order_s_id(http: httpx.AsyncClient, db: Database) -> None:
    for number in range(22):
        answer = await http.post("/v1/orders", headers=SECRET_KEY, json=order(f"secret-{number:02}", codes=["ANNA10"]))
        assert answer.status_code == 202
    await pump(db, [SHOP])
    page = (await http.get("/p/friends", headers=cookie("amb_anna"))).text
    [cursor] = re.findall(r"cursor=([\w-]+)", page)
    assert b"secret" not in urlsafe_b64decode(cursor + "==")
    rest = (await http.get(f"/p/friends?cursor={cursor}", headers=cookie("amb_anna"))).text
    assert (page.count('<li class="friend">'), rest.count('<li class="friend">')) == (20, 2)
