"""A check of how a store is connected: what is seen after it began, what is refused and why, and nothing of before."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contracts.events.audit import AuditNoted, Sighted
from services.analytics.set_up.actions import LASTS, MOST_OPEN
from services.kernel.db import Database
from tests.integration.analytics.history import (
    STORE,
    ambassador_saved,
    at,
    clicked,
    decided,
    deliver,
    program_published,
    rewarded,
    store_configured,
    visited,
)
from tests.integration.analytics.site import client, stand_at
from tests.support.postgres import FreshDatabase

TODAY = 13.0
SOON = TODAY + 0.01
"""Some minutes after a check began."""


@pytest.fixture
async def db(fresh_database: FreshDatabase) -> AsyncIterator[Database]:
    database = Database(await fresh_database("analytics"), schema="analytics")
    await stand_at(database, at(TODAY))
    await deliver(database, store_configured(), store_configured("str_2"), program_published(), ambassador_saved())
    yield database
    await database.close()


@pytest.fixture
async def http(db: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with client(db, scopes=("metrics:read", "orders:write")) as made:
        yield made


def page_of(host: str, track: str = "t1", *, days: float = SOON) -> Any:
    return visited(track, f"v_{track}", days=days).model_copy(update={"url_host": host})


def sighted(kind: str, reason: str = "", *, on: str = "", days: float = SOON) -> Sighted:
    return Sighted.model_validate({"store_id": STORE, "kind": kind, "on": on, "said": reason, "at": at(days)})


def connected(connection_id: str, platform: str, action: str = "hook.made") -> AuditNoted:
    return AuditNoted(
        store_id=STORE, audit_id=f"aud_{connection_id}_{action}", at=at(1), service="connectors", actor_kind="key",
        actor_id="key_1", action=action, on=connection_id, after={"platform": platform} if platform else {},
    )  # fmt: skip


async def begun(http: httpx.AsyncClient, body: dict[str, Any] | None = None) -> str:
    answer = await http.post("/v1/install-checks", json=body or {})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def steps(http: httpx.AsyncClient, check: str) -> dict[str, dict[str, Any]]:
    answer = await http.get(f"/v1/install-checks/{check}")
    assert answer.status_code == 200, answer.text
    return {step["connection_id"] or step["step"]: step for step in answer.json()["steps"]}


async def test_each_step_lights_up_by_what_is_seen_after_the_check_began(db: Database, http: httpx.AsyncClient) -> None:
    await deliver(
        db, page_of("shop.example", "before", days=1), decided("old", days=1), rewarded("r0", days=1),
        visited("t0", "v0", click_id="k0", days=1),
    )  # fmt: skip
    check = await begun(http)
    found = await steps(http, check)
    assert [name for name, step in found.items() if step["state"] == "done"] == ["program", "ambassador", "platform"]
    assert found["page"]["mend"]

    await deliver(db, page_of("www.shop.example"))
    assert (await steps(http, check))["page"] | {"text": None} == found["page"] | {
        "state": "done", "at": at(SOON).isoformat().replace("+00:00", "Z"), "detail": "www.shop.example", "mend": None,
    }  # fmt: skip
    await deliver(db, clicked("k1", days=SOON))
    assert (await steps(http, check))["click"]["problem"] == "not_reported"
    await deliver(db, visited("t2", "v2", click_id="k1", days=SOON + 0.001))
    await deliver(db, decided("o1", kind="code", days=SOON), rewarded("r1", days=SOON))
    found = await steps(http, check)
    assert {name for name, step in found.items() if step["state"] != "done"} == {"customer"}
    assert found["click"]["problem"] is None
    assert (await http.get(f"/v1/install-checks/{check}")).json()["well"] is True


@pytest.mark.parametrize(
    ("event", "step", "problem", "of"),
    [
        (page_of("fake.example"), "page", "domain_not_listed", "fake.example"),
        (page_of("notshop.example"), "page", "domain_not_listed", "notshop.example"),
        (sighted("key", "secret_key_in_browser", on="key_9"), "page", "secret_key_in_browser", "key_9"),
        (sighted("key", "publishable_key", on="key_9"), "order", "publishable_key", "key_9"),
        (clicked("k1", days=SOON, quality="bot"), "click", "click_by_bot", "telegram"),
        (sighted("customer", "proof_wrong"), "customer", "proof_wrong", None),
        (sighted("code", "code_retired"), "code", "code_retired", None),
        (decided("o1", "unattributed", reason="no_evidence", days=SOON), "order", "no_evidence", "o1"),
        (decided("o1", "unattributed", reason="code_unknown", days=SOON), "code", "code_unknown", "o1"),
        (decided("o1", "rejected", reason="self_referral", days=SOON), "reward", "self_referral", "o1"),
        (sighted("delivery", "bad_signature", on="con_1"), "con_1", "bad_signature", None),
        (sighted("delivery", "test_order", on="con_1"), "order", "test_order", None),
    ],
)  # fmt: skip
async def test_what_is_refused_is_named_with_its_cure(
    db: Database, http: httpx.AsyncClient, event: Any, step: str, problem: str, of: str | None
) -> None:
    await deliver(db, connected("con_1", "woocommerce"))
    check = await begun(http)
    await deliver(db, event)
    found = (await steps(http, check))[step]
    assert (found["state"], found["problem"], found["problem_of"]) == ("refused", problem, of)
    assert found["text"] and found["mend"]
    assert "%(" not in found["text"] + found["mend"]


async def test_an_order_of_nobody_counts_and_is_named(db: Database, http: httpx.AsyncClient) -> None:
    check = await begun(http)
    await deliver(db, decided("o1", days=SOON, buyer="o1"))
    found = (await steps(http, check))["order"]
    assert (found["state"], found["problem"], found["detail"]) == ("done", "no_customer", "o1")


async def test_a_delivery_that_is_signed_rightly_proves_its_connection_whatever_it_tells(
    db: Database, http: httpx.AsyncClient
) -> None:
    await deliver(
        db, connected("con_1", "shopify"), connected("con_2", "stripe"), connected("con_3", "tilda"),
        connected("con_3", "", "hook.ended"),
    )  # fmt: skip
    check = await begun(http)
    await deliver(db, sighted("delivery", "test_order", on="con_1"), sighted("delivery", "bad_signature", on="con_2"))
    found = await steps(http, check)
    assert "con_3" not in found, "a connection that ended is no step"
    assert (found["con_1"]["state"], found["con_1"]["problem"]) == ("done", "test_order")
    assert (found["con_2"]["state"], found["con_2"]["title"]) == ("refused", "Deliveries of Stripe")
    assert "whsec_" in found["con_2"]["mend"]
    await deliver(db, sighted("delivery", on="con_2", days=SOON + 0.001))
    assert (await steps(http, check))["con_2"]["state"] == "done"


async def test_a_refusal_after_something_right_is_still_named(db: Database, http: httpx.AsyncClient) -> None:
    check = await begun(http)
    await deliver(db, page_of("shop.example"), page_of("fake.example", "t2", days=SOON + 0.001))
    found = (await steps(http, check))["page"]
    assert (found["state"], found["problem"]) == ("done", "domain_not_listed")
    await deliver(db, page_of("shop.example", "t3", days=SOON + 0.002))
    assert (await steps(http, check))["page"]["problem"] is None


async def test_an_order_that_settles_during_a_check_is_not_seen_as_new(db: Database, http: httpx.AsyncClient) -> None:
    await deliver(db, decided("old", days=1))
    check = await begun(http)
    settling = decided("old", days=1, revision=2).model_copy(update={"decided_at": at(SOON)})
    await deliver(db, settling)
    assert (await steps(http, check))["order"]["state"] == "waiting"


async def test_a_check_ends_and_a_store_has_so_many_at_once(db: Database, http: httpx.AsyncClient) -> None:
    checks = [await begun(http) for _ in range(MOST_OPEN + 1)]
    state = [(await http.get(f"/v1/install-checks/{check}")).json()["goes_on"] for check in checks]
    assert state == [False] + [True] * MOST_OPEN
    await stand_at(db, at(TODAY) + LASTS + timedelta(minutes=1))
    assert (await http.get(f"/v1/install-checks/{checks[-1]}")).json()["goes_on"] is False
    await deliver(db, page_of("shop.example", days=TODAY + 1))
    assert (await steps(http, checks[-1]))["page"]["state"] == "waiting"


async def test_steps_that_a_store_does_without_are_not_needed(db: Database, http: httpx.AsyncClient) -> None:
    check = await begun(http, {"without": ["page", "click"]})
    await deliver(db, decided("o1", kind="code", days=SOON), rewarded("r1", days=SOON))
    answer = (await http.get(f"/v1/install-checks/{check}")).json()
    assert answer["well"] is True


async def test_nothing_is_written_of_a_store_that_nobody_checks(db: Database, http: httpx.AsyncClient) -> None:
    async with client(db, store_id="str_2", scopes=("metrics:read", "orders:write")) as other:
        check = await begun(other)
        await deliver(db, page_of("shop.example"), sighted("key", "revoked_key", on="key_9"))
        assert {step["at"] for step in (await steps(other, check)).values()} == {None}
        assert (await http.get(f"/v1/install-checks/{check}")).status_code == 404
    async with db.transaction([STORE, "str_2"]) as tx:
        assert await tx.scalar("select count(*) from sights") == 0
