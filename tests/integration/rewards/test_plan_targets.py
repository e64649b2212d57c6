"""Targets over PostgreSQL: set by API, file and page, reached and missed again, released after the period; what the
books, pages and the check of the books make of it.
"""

import random
from typing import Any

import httpx
import pytest

from contracts.events.catalog import CodeSaved
from contracts.events.conversions import Conversion
from contracts.events.rewards import SourcedReward
from services.rewards.grants.domain.plan_targets import source_of
from tests.integration.rewards.money import audit
from tests.integration.rewards.test_payout_pages import SAME, portal
from tests.integration.rewards.world import World
from tests.support.explained import Explained
from tests.unit.rewards.build import ANNA, BORIS, NOON, PROGRAM, STORE, configured, joined, published
from tests.unit.rewards.test_plan_targets import BONUS, FRIENDS, GOALS, ORDERS, expected, key_of, settled, terms

MONTH = f"{ANNA}/bonus/month/revenue/2026-11"
PAGE = "/console/rewards/plans"


def aim(target: int | None, who: str = ANNA, **changed: Any) -> dict[str, Any]:
    what = {"remove": True} if target is None else {"target_minor": target}
    return {"ambassador_id": who, "plan": "bonus", "period": "2026-11", **what, **changed}


async def put(api: httpx.AsyncClient, *targets: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await api.put("/v1/plan-targets", json={"targets": list(targets)})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


def text_of(answer: httpx.Response) -> str:
    """A page, with the spaces at which no line breaks as any other."""
    return answer.text.replace("\xa0", " ")


async def worth(world: World) -> dict[str, int]:
    return {one.source_id: one.target_minor for one in await world.rewards(STORE) if one.target_minor}


@pytest.fixture
async def begun(world: World) -> World:
    """A store in November with Anna and Boris, one month's plan, and nothing sold."""
    await world.take(configured(), published(terms(BONUS)), joined(ANNA, external_id="8412"), joined(BORIS))
    await world.move_clock(seconds=int((NOON - await world.now()).total_seconds()) + 60)
    return world


async def test_sold_to_the_last_cent_brings_all_of_it_and_a_cent_less_nothing(begun: World) -> None:
    """10,000.00 at 6 % is 600.00; a refund of one cent takes it back, a further order brings it again."""
    sold = {"subtotal_minor": 1_000_000, "total_minor": 1_000_000}
    async with begun.caller(STORE) as api:
        (set_,) = await put(api, aim(1_000_000))
        assert (set_["status"], set_["target"]["counted"], set_["target"]["reward_id"]) == ("set", 0, None)
        await begun.take(settled("1", **sold))
        assert await worth(begun) == {MONTH: 60_000}
        await begun.take(settled("1", revision=2, refunded_minor=1, **sold))
        assert await worth(begun) == {}
        await begun.take(settled("2"))
        assert await worth(begun) == {MONTH: 60_276}
        await begun.take(settled("2", revision=2, cancelled=True))
        (row,) = (await api.get("/v1/plan-targets")).json()["data"]
    assert (row["counted"], row["sold_minor"], row["reached"], row["bonus_minor"]) == (999_999, 999_999, False, 0)
    emitted = [one for one in await begun.emitted(STORE) if isinstance(one, SourcedReward)]
    assert [(one.TYPE, one.source.kind, one.source.id, one.amount_minor) for one in emitted] == [
        ("kith.reward.granted.v2", "period", MONTH, 60_000),
        ("kith.reward.reversed.v2", "period", MONTH, 0),
        ("kith.reward.adjusted.v2", "period", MONTH, 60_276),
        ("kith.reward.reversed.v2", "period", MONTH, 0),
    ]
    assert (await audit(begun)).whole


async def test_it_is_released_after_the_period_s_end_and_taken_back_when_the_target_rises(begun: World) -> None:
    async with begun.caller(STORE) as api:
        await put(api, aim(4_600))
        await begun.take(settled("1"))
        (reward,) = await begun.rewards(STORE)
        await begun.move_clock(seconds=27 * 86_400)  # the 30th
        await begun.release()
        assert [one.status for one in await begun.rewards(STORE)] == ["pending"]
        await begun.move_clock(seconds=int((reward.available_at - await begun.now()).total_seconds()) + 1)
        await begun.release()
        balance = (await api.get("/v1/balances", params={"ambassador_id": ANNA})).json()["data"][0]
        assert (balance["available"], balance["pending"]) == (276, 0)
        (raised,) = await put(api, aim(4_601))
        assert (raised["status"], raised["target"]["bonus_minor"]) == ("set", 0)
        balance = (await api.get("/v1/balances", params={"ambassador_id": ANNA})).json()["data"][0]
        assert (balance["available"], balance["clawed_back"]) == (0, 276)
        await begun.take(settled("2", settled_at=await begun.now()))  # one of November that settled late
        balance = (await api.get("/v1/balances", params={"ambassador_id": ANNA})).json()["data"][0]
        assert balance["available"] == 552
    assert (await audit(begun)).whole


async def test_each_target_of_a_request_is_set_by_itself_and_a_repeat_changes_nothing(begun: World) -> None:
    asked = [
        aim(100),
        aim(100, "amb_nobody"),
        aim(100, BORIS, plan="other"),
        aim(100, BORIS, period="2026-Q4"),
        aim(100, BORIS, period="soon"),
        {"ambassador_id": BORIS, "plan": "bonus", "period": "2026-11", "target_count": 3},
        aim(200),
        aim(300, "8412"),  # by API an id is meant, and nothing else
    ]
    async with begun.caller(STORE) as api:
        found = await put(api, *asked)
        assert [one["error"] and (one["error"]["field"], one["error"]["code"]) for one in found] == [
            None,
            ("targets.1.ambassador_id", "ambassador_not_found"),
            ("targets.2.plan", "plan_not_found"),
            ("targets.3.period", "other_period"),
            ("targets.4.period", "invalid"),
            ("targets.5.target_count", "other_measure"),
            ("targets.6.ambassador_id", "twice"),
            ("targets.7.ambassador_id", "ambassador_not_found"),
        ]
        assert [one["status"] for one in await put(api, aim(100))] == ["unchanged"]
        assert [one["status"] for one in await put(api, aim(None), aim(None, BORIS))] == ["removed", "unchanged"]
        assert (await api.get("/v1/plan-targets")).json()["data"] == []
        wrong: list[dict[str, Any]] = [{}, {"targets": []}, {"targets": [aim(1)], "csv": "x"}]
        for body in (*wrong, {"targets": [aim(1) | {"remove": True}]}):
            assert (await api.put("/v1/plan-targets", json=body)).status_code == 422, body
        many = {"targets": [aim(1)] * 1_001}
        assert (await api.put("/v1/plan-targets", json=many)).status_code == 422
    async with begun.caller(STORE, "rewards:read") as reader:
        assert (await reader.put("/v1/plan-targets", json={"targets": [aim(1)]})).status_code == 403


async def test_a_target_that_changes_within_its_period_is_noted_by_itself(begun: World) -> None:
    async with begun.caller(STORE) as api:
        await put(api, aim(100), aim(100, period="2026-12"), aim(100, period="2027-01"))
        await put(api, aim(90))
    notes = await begun.look(
        STORE, "select action, subject, before, after from audit where store_id = :store order by audit_id"
    )
    assert [(one.action, one.subject) for one in notes] == [
        ("plan_target.changed", MONTH),
        ("plan_targets.set", STORE),
        ("plan_target.changed", MONTH),
    ]


async def test_a_file_names_ambassadors_as_the_store_does_and_is_set_as_a_whole(begun: World) -> None:
    code = {"store_id": STORE, "program_id": PROGRAM, "created_at": NOON, "revision": 1}
    await begun.take(CodeSaved.model_validate(code | {"code_id": "cod_1", "code": "BORIS10", "ambassador_id": BORIS}))
    good = "ambassador;period;target\n8412;2026-11;100,50\nboris10;2026-12;1000"
    bad = good + "\nnobody;2026-11;5\n8412;2026-11;7\n8412;2027-01;many"
    async with begun.caller(STORE) as api:
        refused = await api.put("/v1/plan-targets", json={"csv": bad})
        assert refused.status_code == 422
        assert [(one["field"], one["code"]) for one in refused.json()["errors"]] == [
            ("csv.4.ambassador", "ambassador_not_found"),
            ("csv.5.ambassador", "twice"),
            ("csv.6.target", "invalid"),
        ]
        assert (await api.get("/v1/plan-targets")).json()["data"] == []
        done = (await api.put("/v1/plan-targets", json={"csv": good})).json()["data"]
        assert [(one["target"]["ambassador_id"], one["target"]["target_minor"]) for one in done] == [
            (ANNA, 10_050),
            (BORIS, 100_000),
        ]
        sheet = (await api.get("/v1/plan-targets", params={"format": "csv"})).text
        assert "BORIS10,bonus,2026-12,revenue,1000.00" in sheet
        again = (await api.put("/v1/plan-targets", json={"csv": sheet})).json()["data"]
        assert [one["status"] for one in again] == ["unchanged", "unchanged"]
        only = (await api.get("/v1/plan-targets", params={"period": "2026-12", "plan": "bonus"})).json()["data"]
        assert [one["ambassador_id"] for one in only] == [BORIS]
        first = (await api.get("/v1/plan-targets", params={"limit": 1})).json()
        rest = (await api.get("/v1/plan-targets", params={"limit": 1, "cursor": first["next_cursor"]})).json()
        assert [one["data"][0]["period"] for one in (first, rest)] == ["2026-12", "2026-11"]
        assert rest["next_cursor"] is None


async def test_states_and_targets_in_any_order_in_any_batches_and_again_end_alike(world: World) -> None:
    every = terms(BONUS, ORDERS, FRIENDS)
    await world.take(configured(), published(every), published(terms(BONUS), version=2), published(every, version=3))
    await world.take(joined(ANNA), joined(BORIS))
    chance = random.Random(7)
    states: list[Conversion] = [
        settled(
            f"o{number}",
            revision=revision,
            ambassador_id=chance.choice([ANNA, BORIS]),
            friend_id=chance.choice(["mia", "noa", "ole"]),
            program_version=chance.choice([1, 1, 2]),
            refunded_minor=chance.choice([0, 0, 0, 2545, 5090]),
            cancelled=chance.random() < 0.1,
        )
        for number in range(16)
        for revision in (1, 2)
    ]
    reported = [*states, *chance.sample(states, 8)]
    chance.shuffle(reported)
    targets = {}
    async with world.caller(STORE) as api:
        while reported:
            key = key_of(chance.choice([ANNA, BORIS]), *chance.choice(GOALS[1:]))
            name, _period, of = key.goal.split("/")
            field, least = ("target_minor", 4_600) if of == "revenue" else ("target_count", 1)
            targets[key] = least * chance.choice([1, 2, 3, 5])
            how = {field: targets[key]} if chance.random() < 0.8 else {"remove": True}
            if "remove" in how:
                del targets[key]
            await put(api, {"ambassador_id": key.ambassador_id, "plan": name, "period": key.period.text, **how})
            size = chance.randint(1, 5)
            await world.take(*reported[:size])
            reported = reported[size:]
    assert await worth(world) == expected(states, targets) != {}
    assert (await audit(world)).whole


async def test_a_friend_of_very_many_orders_is_looked_up_by_key(world: World) -> None:
    other = {**FRIENDS, "name": "other"}
    await world.take(configured(), published(terms(FRIENDS)), published(terms(other), version=2), joined(ANNA))
    await world.take(settled("1", friend_id="mia"))
    async with world.owner.transaction([STORE]) as tx:
        await tx.execute(
            "insert into plan_orders"
            " (store_id, order_id, ambassador_id, program_id, friend_id, day, revenue_minor, goals)"
            " select store_id, 'old ' || n, ambassador_id, program_id, friend_id, day - n, revenue_minor, goals"
            " from plan_orders, generate_series(1, 3000) n"
        )
        await tx.execute("analyze plan_orders")
    explained = Explained()
    with explained.watching():
        for number in (2, 3):
            await world.take(settled(f"{number}", friend_id="mia", program_version=2))
        await world.take(settled("2", friend_id="mia", program_version=2, revision=2, cancelled=True))
    looks = [one for one in explained.readings if "plan_orders" in one.sql and "goals_mark" in one.sql]
    assert not explained.failed
    assert looks
    assert max(one.rows for one in looks) < 20, "\n".join(map(str, looks))


async def test_the_check_of_the_books_finds_what_was_changed(begun: World) -> None:
    async with begun.caller(STORE) as api:
        await put(api, aim(4_600), aim(1, BORIS))
    await begun.take(settled("1"), settled("2", ambassador_id=BORIS))
    assert (await audit(begun)).whole
    async with begun.owner.transaction([STORE]) as tx:
        await tx.execute("update plan_counts set sold_minor = 4599 where ambassador_id = :anna", anna=ANNA)
        await tx.execute("update plan_targets set target = 4601 where ambassador_id = :anna", anna=ANNA)
        await tx.execute(
            "update rewards set order_id = 'x/bonus/month/revenue/2026-11' where ambassador_id = :b", b=BORIS
        )
    found = [one.detail for one in (await audit(begun)).findings if one.kind == "plan"]
    assert len(found) == 3, found
    assert "counts (4600, 4599)" in found[0]
    assert found[1] == f"{source_of(key_of(BORIS))} is reached, and has no reward"
    assert any("is wanted as 276, 4600 of 4601 is worth 0" in one for one in found)


async def test_an_imagined_order_says_what_it_does_for_the_target(begun: World) -> None:
    async with begun.caller(STORE) as api:
        await put(api, aim(9_200))
        await begun.take(settled("1"))
        order = {"total_minor": 4_600, "ambassador_id": ANNA, "placed_at": NOON.isoformat()}
        body = {"program_id": PROGRAM, "order": order}
        (found,) = (await api.post("/v1/simulations", json=body)).json()["plans"]
        assert found == {
            "rule": "bonus",
            "period": "2026-11",
            "of": "revenue",
            "target": 9_200,
            "counted": 4_600,
            "with_order": 9_200,
            "unit": "EUR",
            "amount": 552,
        }
        december = body | {"order": order | {"placed_at": "2026-12-05T12:00:00Z"}}
        (other,) = (await api.post("/v1/simulations", json=december)).json()["plans"]
        assert (other["period"], other["target"], other["counted"], other["amount"]) == ("2026-12", None, 0, 0)
    async with begun.browser(STORE) as console:
        query = {"program": PROGRAM, "total": "46", "ambassador": ANNA, "placed_at": "2026-11-05"}
        assert "Plans, once the order is final" in (await console.get("/console/rewards/simulator", params=query)).text
    assert len(await begun.rewards(STORE)) == 0


async def test_pages_say_plan_period_target_and_what_was_sold(begun: World) -> None:
    async with begun.caller(STORE) as api:
        await put(api, aim(4_600), aim(1_000_000, BORIS))
    await begun.take(settled("1"), settled("2", ambassador_id=BORIS))
    (reward,) = await begun.rewards(STORE)
    async with begun.browser(STORE) as page, portal(begun) as mine:
        shown = text_of(await page.get(f"/console/rewards/rewards/{reward.reward_id}"))
        for text in ("Plan “bonus”, Nov 2026", "Sold in the period", "€46.00", "Target"):
            assert text in shown
        listed = text_of(await page.get(PAGE))
        assert "€10,000.00" in listed
        assert "bonus, Nov 2026" in listed
        one = text_of(await page.get(PAGE, params={"ambassador": ANNA}))
        assert "€10,000.00" not in one
        assert "€46.00 of €46.00" in text_of(await page.get(f"/console/rewards/balances/{ANNA}"))
        own = text_of(await mine.get("/p/balance"))
        assert "Your targets" in own
        assert "€46.00 of €46.00 in friends’ orders: €2.76, to be used from 15 Dec on" in own
        assert "plan “bonus”, Nov 2026" in text_of(await mine.get("/p/statement"))


async def test_the_page_sets_one_and_a_file_and_names_each_wrong_line(begun: World) -> None:
    async with begun.browser(STORE) as page:
        one = {"ambassador": "8412", "plan": "bonus", "period": "2026-11", "target": "1 000"}
        assert (await page.post(PAGE, data=one, headers=SAME)).headers["location"] == f"{PAGE}?ambassador={ANNA}"
        wrong = await page.post(PAGE, data=one | {"period": "soon"}, headers=SAME)
        assert wrong.status_code == 422
        assert "Write a month as 2027-03" in wrong.text
        bad = {"file": ("t.csv", "ambassador,period,target\n8412,2026-11,5\nzed,2026-11,5", "text/csv")}
        refused = await page.post(f"{PAGE}/file", files=bad, headers=SAME)
        assert refused.status_code == 422
        assert "Nothing was set: 1 lines are wrong." in refused.text
        assert "There is no such ambassador." in refused.text
        good = {"file": ("t.csv", "ambassador,period,target\n8412,2026-11,5\n8412,2026-12,6", "text/csv")}
        done = await page.post(f"{PAGE}/file", files=good, headers=SAME)
        assert done.status_code == 200
        assert "2 targets were changed." in done.text
        binary = {"file": ("t.csv", b"\xff\xfe\x00", "text/csv")}
        assert "save the list as CSV, UTF-8" in (await page.post(f"{PAGE}/file", files=binary, headers=SAME)).text
        gone = one | {"target": "-"}
        assert (await page.post(PAGE, data=gone, headers=SAME)).headers["location"] == PAGE
        assert "€6.00" in (await page.get(PAGE)).text
        assert "2026-12,revenue,6.00" in (await page.get(PAGE, params={"format": "csv"})).text
