"""Custom events at attribution's API: reported once, decided by what comes before and after, called off, settled."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from alembic import command

from contracts.events import Payload
from contracts.events.actions import Action, ActionAttributed, ActionReversed, ActionSettled
from services.attribution.custom_events.actions.check import check, reconcile
from services.attribution.custom_events.actions.settle import settle
from services.attribution.custom_events.sql import beside
from services.attribution.main import SERVICE
from services.kernel import migrate as migrations
from services.kernel.db import Database
from tests.integration.attribution.world import NOW, PUBLISHABLE, SECRET_KEY, SHOP, VISITOR, token
from tests.support.attribution import ambassador, event_of, pump
from tests.support.wait import until

EVENT: dict[str, Any] = {
    "event_id": "signup-1",
    "name": "signup",
    "happened_at": (NOW - timedelta(hours=1)).isoformat(),
    "customer": {"id": "8412", "email": "mia@friend.example"},
}


async def report(http: httpx.AsyncClient, *, status: int = 202, key: dict[str, str] = SECRET_KEY, **more: Any) -> Any:
    answer = await http.post("/v1/events", json={**EVENT, **more}, headers=key)
    assert answer.status_code == status, answer.text
    return answer.json()


async def shown(http: httpx.AsyncClient, event_id: str = "signup-1", **headers: str) -> Any:
    answer = await http.get(f"/v1/events/{event_id}", headers=SECRET_KEY | headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def settled(db: Database, *, by: datetime | None = None) -> None:
    async with db.transaction(stores=[SHOP]) as tx:
        await tx.execute("update custom_events set settle_at = :now where settled_at is null", now=by or tx.now)
        await settle(tx, [SHOP])


def states_in(payloads: list[Payload]) -> list[tuple[type[Action], int]]:
    return [(type(one), one.revision) for one in payloads if isinstance(one, Action)]


async def test_a_sign_up_by_a_code_is_the_ambassadors_and_says_why(http: httpx.AsyncClient, db: Database) -> None:
    assert await report(http, codes=["anna10"]) == {"event_id": "signup-1", "status": "accepted", "duplicate": False}
    assert (await shown(http))["decision"] is None
    rest = await pump(db, [SHOP])
    assert states_in(rest) == []
    (state,) = [one for one in await pump(db, [SHOP]) if isinstance(one, Action)]
    assert (type(state), state.ambassador_id, state.friend_id) == (ActionAttributed, "amb_anna", "8412")
    assert "mia" not in state.model_dump_json()
    decision = (await shown(http, **{"Accept-Language": "de"}))["decision"]
    assert (decision["status"], decision["reason"], decision["text"]) == ("attributed", "code", "Promo code")
    assert decision["winner"]["code"] == "ANNA10"
    assert (await http.get("/v1/orders", headers=SECRET_KEY)).json()["data"] == []


async def test_the_same_again_is_one_and_another_under_its_id_is_refused(http: httpx.AsyncClient, db: Database) -> None:
    await report(http, codes=["ANNA10"])
    assert (await report(http, codes=["ANNA10"]))["duplicate"] is True
    problem = await report(http, status=409, codes=["ANNA10"], name="trial")
    assert problem["code"] == "event_reported_otherwise"
    assert "event_id of its own" in problem["detail"]
    await pump(db, [SHOP])
    assert len(states_in(await pump(db, [SHOP]))) == 1


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"customer": {}}, "customer"),
        ({"customer": {"id": "guest"}}, "customer"),
        ({"name": "Sign up"}, "name"),
        ({"happened_at": "2099-01-01T00:00:00Z"}, "happened_at"),
        ({"order_id": "1"}, "order_id"),
    ],
)
async def test_a_wrong_report_names_the_field(http: httpx.AsyncClient, more: dict[str, Any], field: str) -> None:
    problem = await report(http, status=422, **more)
    assert [error["field"] for error in problem["errors"]] == [field]


async def test_a_publishable_key_reports_none(http: httpx.AsyncClient) -> None:
    await report(http, status=403, key=PUBLISHABLE)


async def test_what_comes_later_decides_an_open_event_anew(http: httpx.AsyncClient, db: Database) -> None:
    await report(http, visitor_id=VISITOR)
    await pump(db, [SHOP])
    await pump(db, [SHOP])
    assert (await shown(http))["decision"]["reason"] == "no_evidence"
    reported = {"type": "visit", "visitor_id": VISITOR, "token": token(), "seen": True}
    assert (await http.post("/v1/track", json=reported, headers=PUBLISHABLE)).status_code == 202

    async def seen() -> bool:
        await pump(db, [SHOP])
        return bool((await shown(http))["decision"]["status"] == "attributed")

    await until(seen)
    assert (await shown(http))["decision"]["winner"]["kind"] == "click"


async def test_a_click_that_came_with_a_settled_event_serves_the_next_one(
    http: httpx.AsyncClient, db: Database
) -> None:
    await report(http, token=token())
    await pump(db, [SHOP])
    await settled(db)
    await report(http, event_id="survey-1", name="survey", happened_at=NOW.isoformat())
    await pump(db, [SHOP])
    decision = (await shown(http, "survey-1"))["decision"]
    assert (decision["status"], decision["winner"]["kind"]) == ("attributed", "click")


async def test_who_is_blocked_loses_what_is_open_and_keeps_what_has_settled(
    http: httpx.AsyncClient, db: Database
) -> None:
    await report(http, codes=["ANNA10"])
    await pump(db, [SHOP])
    await settled(db)
    await report(http, event_id="signup-2", codes=["ANNA10"], customer={"id": "9999"})
    await pump(db, [SHOP])
    async with db.transaction(stores=[SHOP]) as tx:
        blocked = event_of(ambassador(store=SHOP, revision=2, status="blocked"))
        for handler in SERVICE.handlers:
            if type(blocked.data) in handler.events:
                await handler.handle(tx, [blocked])
    first, second = (await shown(http))["decision"], (await shown(http, "signup-2"))["decision"]
    assert (first["status"], first["settled_at"] is not None) == ("attributed", True)
    assert (second["status"], second["reason"]) == ("rejected", "ambassador_blocked")


async def test_called_off_it_counts_no_more_also_when_it_has_settled(http: httpx.AsyncClient, db: Database) -> None:
    await report(http, codes=["ANNA10"])
    await report(http, event_id="signup-2", codes=["ANNA10"])
    await pump(db, [SHOP])
    numbers = [(await shown(http, f"signup-{n}"))["decision"]["event_number"] for n in (1, 2)]
    assert numbers == [1, 2]
    await pump(db, [SHOP])
    await settled(db)
    assert {kind for kind, _ in states_in(await pump(db, [SHOP]))} == {ActionSettled}
    cancelled = await http.post("/v1/events/signup-1/cancel", json={"reason": "fraud"}, headers=SECRET_KEY)
    assert (cancelled.status_code, cancelled.json()["duplicate"]) == (202, False)
    again = await http.post("/v1/events/signup-1/cancel", json={"reason": "other"}, headers=SECRET_KEY)
    assert again.json()["duplicate"] is True
    await pump(db, [SHOP])
    (state,) = [one for one in await pump(db, [SHOP]) if isinstance(one, Action)]
    assert (type(state), state.event_id, state.cancelled, state.cancel_reason) == (
        ActionReversed,
        "signup-1",
        True,
        "fraud",
    )
    async with db.transaction(stores=[SHOP]) as tx:
        assert state.cancelled_at == await tx.scalar(
            "select cancelled_at from custom_events where event_id = 'signup-1'"
        )
    missing = await http.post("/v1/events/nothing/cancel", json={"reason": "fraud"}, headers=SECRET_KEY)
    assert (missing.status_code, missing.json()["code"]) == (404, "event_not_found")


async def test_the_list_goes_on_by_its_cursor(http: httpx.AsyncClient, db: Database) -> None:
    for n in range(3):
        await report(http, event_id=f"e-{n}", happened_at=(NOW - timedelta(days=3 - n)).isoformat())
    await pump(db, [SHOP])
    first = (await http.get("/v1/events", params={"limit": 2}, headers=SECRET_KEY)).json()
    rest = await http.get("/v1/events", params={"limit": 2, "cursor": first["next_cursor"]}, headers=SECRET_KEY)
    assert [one["event_id"] for one in (*first["data"], *rest.json()["data"])] == ["e-2", "e-1", "e-0"]


async def test_an_event_says_who_is_who_and_waits_for_the_naming_that_was_told_with_it(
    http: httpx.AsyncClient, db: Database
) -> None:
    """The naming goes by another topic, and may come later."""
    await report(http, codes=["ANNA10"], customer={"id": "8412", "email": "mia@friend.example"})
    async with db.transaction(stores=[SHOP]) as tx:
        await tx.execute("update outbox set id = id + 1000 where type = 'kith.customer.identified.v1'")
        first = await tx.scalar("select type from outbox order by id limit 1")
    assert first == "kith.action.reported.v1"
    await pump(db, [SHOP])
    assert (await shown(http))["decision"]["status"] == "attributed"
    await report(http, event_id="signup-2", codes=["ANNA10"], customer={"email": "mia@friend.example"})
    await pump(db, [SHOP])
    assert (await shown(http, "signup-2"))["decision"]["friend_id"] == "8412"
    assert (await shown(http, "signup-2"))["decision"]["event_number"] == 2


async def test_open_events_are_decided_again_from_their_facts_and_all_of_them_are_counted(
    http: httpx.AsyncClient, db: Database
) -> None:
    await report(http, codes=["ANNA10"])
    await report(http, event_id="signup-2", codes=["NOBODY"], customer={"id": "9"})
    await pump(db, [SHOP])
    await pump(db, [SHOP])
    await settled(db)
    await report(http, event_id="signup-3", codes=["ANNA10"], customer={"id": "10"})
    await pump(db, [SHOP])
    await pump(db, [SHOP])
    await report(http, event_id="signup-4", codes=["ANNA10"], customer={"id": "11"})

    async def compared() -> dict[str, bool | None]:
        async with db.transaction(stores=[SHOP]) as tx:
            return {one.event_id: one.equal for one in await check(tx, SHOP)}

    assert await compared() == {"signup-1": None, "signup-2": None, "signup-3": True, "signup-4": None}
    async with db.transaction(stores=[SHOP]) as tx:
        count = await reconcile(tx, SHOP)
        await tx.execute("update custom_events set decision = decision || ' '::bytea where event_id = 'signup-3'")
    assert (count.acked, count.by_status, count.in_flight) == (4, {"attributed": 2, "unattributed": 1}, 1)
    assert (await compared())["signup-3"] is False


async def test_clicks_of_an_event_are_remembered_whichever_build_says_whose_it_is(
    http: httpx.AsyncClient, db: Database
) -> None:
    """While replicas are restarted one by one, those of the former build write the person and nothing else."""
    await report(http, tokens=[token()])
    async with db.transaction(stores=[SHOP]) as tx:
        await tx.execute("update custom_events set person_id = 'per_mia'")
        assert await tx.scalar("select count(*) from custom_event_clicks") == 1
        await tx.execute("update custom_events set stale = true")
        await tx.execute("update custom_events set person_id = 'per_mia'")
        found = await beside.tokens(tx, [(SHOP, "per_mia")])
    assert [one.ambassador_id for one in found[SHOP, "per_mia"]] == ["amb_anna"]


async def test_the_migration_remembers_clicks_of_what_was_reported_before(
    http: httpx.AsyncClient, db: Database
) -> None:
    await report(http, tokens=[token()])
    await pump(db, [SHOP])
    await migrations._run(SERVICE, db.url, lambda each: command.downgrade(migrations._config(SERVICE, each), "0018"))
    await migrations.migrate(SERVICE, db.url)
    async with db.transaction(stores=[SHOP]) as tx:
        assert await tx.scalar("select count(*) from custom_event_clicks") == 1
