"""The metrics API on a real database: figures of a small known history, their formats, and what is refused."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.analytics.metrics.domain import sheets
from services.analytics.metrics.domain.registry import METRICS
from services.kernel.db import Database
from tests.integration.analytics.history import (
    PROGRAM,
    STORE,
    ambassador_saved,
    at,
    clicked,
    code_saved,
    decided,
    deliver,
    program_published,
    rewarded,
    shared,
    signed_up,
    store_configured,
    viewed,
    visited,
)
from tests.integration.analytics.site import client, stand_at
from tests.support.postgres import FreshDatabase

PERIOD = {"from": "2026-03-02", "to": "2026-03-15"}


@pytest.fixture(scope="module")
async def db(module_database: FreshDatabase) -> AsyncIterator[Database]:
    database = Database(await module_database("analytics"), schema="analytics")
    await stand_at(database, at(13))
    await deliver(
        database, store_configured(), store_configured("str_2"), program_published(),
        ambassador_saved(customer="a1", days=1), ambassador_saved("amb_2", customer="a2", days=2),
        ambassador_saved("amb_3", customer="c2", days=6),
        code_saved("ANNA10", "amb_1"),
    )  # fmt: skip
    await deliver(
        database, clicked("k1"), clicked("k2", channel="qr"), clicked("k3", quality="bot"), clicked("k4", days=-3),
        visited("t1", "v1", click_id="k1"), visited("t2", "v2", click_id="k2"), visited("t3", "v3"),
        signed_up("t4", "v2"), shared("t5", customer="a1", days=2), viewed("t6", customer="a1", days=2),
        viewed("t7", customer="a2", days=2),
        decided("o1", click_id="k1", total=6000, refunded=1000, days=3),
        decided("o2", kind="code", total=2500, days=4, buyer="c2"),
        decided("o3", "unattributed", reason="no_evidence", total=9000, days=3, buyer="c3"),
        decided("o4", "rejected", reason="not_new", days=5, buyer="c4", number=2),
        decided("o5", kind="code", currency="MDL", total=100_000, days=5, buyer="c5", ambassador_id="amb_2"),
        decided("o6", kind="code", total=700, days=-2, buyer="c6"),
        rewarded("r1", amount=500, days=3), rewarded("r2", amount=250, days=4, kind="friend", beneficiary="c2"),
    )  # fmt: skip
    await stand_at(database, at(13.2))
    yield database
    await database.close()


@pytest.fixture
async def http(db: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with client(db) as made:
        yield made


async def get(http: httpx.AsyncClient, path: str, **params: Any) -> Any:
    answer = await http.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


async def test_every_metric_tells_its_formula(http: httpx.AsyncClient) -> None:
    answer = await get(http, "/v1/metrics")
    assert [m["key"] for m in answer["data"]] == list(METRICS)
    assert all(m["formula"] and m["numerator"] and m["source"] for m in answer["data"])


async def test_the_summary_of_a_known_fortnight(http: httpx.AsyncClient) -> None:
    answer = await get(http, "/v1/metrics/summary", **PERIOD)
    values = {v["metric"]: v["value"] for v in answer["data"]}
    expected = {
        "revenue": 7500, "gross_revenue": 8500, "refunds": 1000, "orders": 3, "customers": 3, "clicks": 2, "friends": 2,
        "conversion": 0.5, "signup_rate": 0.5, "reward_cost": 750, "cost_rate": 0.1, "cac": 375, "average_order": 3750,
        "robot_share": 0.333333, "referral_rate": 0.75, "referred_share": 0.6, "joined": 3, "visitors": 3,
        "participation_rate": 1.0, "shares": 1, "share_rate": 0.5, "share_rate_actions": 0.5, "share_yield": 2.0,
        "k_factor": 0.333333, "invites_per_ambassador": 0.333333, "joined_per_invite": 1.0, "turned_rate": 0.333333,
        "customers_per_ambassador": 1.0,
    }  # fmt: skip
    assert {key: values[key] for key in expected} == expected
    assert answer["other_currencies"] == [{"currency": "MDL", "orders": 1, "revenue_minor": 100_000}]
    assert answer["compared_with"] == {"from": "2026-02-16", "to": "2026-03-01", "days": 14}
    assert {v["metric"]: v["previous"] for v in answer["data"]}["revenue"] == 700
    assert sum(r["orders"] for r in answer["orders_by_reason"]) == 5
    assert answer["timezone"] == "Europe/Chisinau"


async def test_parts_add_up_to_the_summary(http: httpx.AsyncClient) -> None:
    values = {v["metric"]: v["value"] for v in (await get(http, "/v1/metrics/summary", **PERIOD))["data"]}
    series = await get(http, "/v1/metrics/timeseries", metric="revenue", **PERIOD)
    channels = await get(http, "/v1/metrics/channels", **PERIOD)
    people = await get(http, "/v1/metrics/ambassadors", **PERIOD)
    assert sum(p["value"] for p in series["data"]) == values["revenue"]
    assert sum(c["revenue_minor"] for c in channels["data"]) == values["revenue"]
    assert sum(c["orders"] for c in channels["data"]) == values["orders"]
    assert sum(a["revenue_minor"] for a in people["data"]) == values["revenue"]
    assert {c["channel"] for c in channels["data"]} == {"telegram", "qr", "code"}


async def test_csv_says_what_json_says(http: httpx.AsyncClient) -> None:
    rows = rows_of((await http.get("/v1/metrics/timeseries", params={**PERIOD, "format": "csv"})).text)
    assert sum(float(row["revenue"]) for row in rows) == 75.0
    assert {row["unit"] for row in rows} == {"EUR"}
    rows = rows_of((await http.get("/v1/metrics/channels", params={**PERIOD, "format": "csv"})).text)
    assert sum(float(row["revenue"]) for row in rows) == 75.0
    assert {row["currency"] for row in rows} == {"EUR"}
    summary = rows_of((await http.get("/v1/metrics/summary", params={**PERIOD, "format": "csv"})).text)
    assert {row["metric"]: row["value"] for row in summary}["revenue"] == "75.00"


async def test_series_by_week_and_month_add_up_like_days(http: httpx.AsyncClient) -> None:
    for grain in ("day", "week", "month"):
        series = await get(http, "/v1/metrics/timeseries", metric="orders", group_by=grain, **PERIOD)
        assert sum(p["value"] for p in series["data"]) == 3


async def test_a_period_without_denominators_has_nulls_not_zeros(http: httpx.AsyncClient) -> None:
    answer = await get(http, "/v1/metrics/summary", **{"from": "2025-01-01", "to": "2025-01-07"})
    values = {v["metric"]: v["value"] for v in answer["data"]}
    assert values["orders"] == 0
    assert values["revenue"] == 0
    for key in ("conversion", "cost_rate", "cac", "k_factor", "cycle_time", "average_order", "roas"):
        assert values[key] is None


async def test_the_funnel_follows_the_friends_of_the_period(http: httpx.AsyncClient) -> None:
    answer = await get(http, "/v1/metrics/funnel", **PERIOD)
    assert [(s["step"], s["people"]) for s in answer["data"]] == [
        ("clicks", 2), ("friends", 2), ("signed_up", 1), ("bought", 1), ("kept", 0)
    ]  # fmt: skip
    assert answer["on_hold"] == 1
    assert next(s["open"] for s in answer["data"] if s["step"] == "friends") == 1


async def test_ambassadors_are_known_by_their_codes(http: httpx.AsyncClient) -> None:
    answer = await get(http, "/v1/metrics/ambassadors", **PERIOD)
    assert [(a["ambassador_id"], a["code"], a["orders"]) for a in answer["data"]] == [
        ("amb_1", "ANNA10", 2),
        ("amb_2", None, 1),
    ]
    assert answer["data"][0] | {"reward_minor": 500, "friends": 2} == answer["data"][0]


async def test_a_leaderboard_of_days_and_weeks_agrees_with_the_days(http: httpx.AsyncClient) -> None:
    for first, last in (("2026-03-01", "2026-03-09"), ("2026-03-04", "2026-03-06"), ("2026-03-05", "2026-03-19")):
        people = await get(http, "/v1/metrics/ambassadors", **{"from": first, "to": last})
        series = await get(http, "/v1/metrics/timeseries", metric="revenue", **{"from": first, "to": last})
        assert sum(a["revenue_minor"] for a in people["data"]) == sum(p["value"] for p in series["data"])


async def test_virality_gives_both_forms_of_k(http: httpx.AsyncClient) -> None:
    answer = await get(http, "/v1/metrics/virality", **PERIOD)
    first = answer["cohorts"][0]
    assert (first["joined"], first["shares"], first["customers"], first["children"]) == (3, 1, 3, 1)
    assert first["k"] == pytest.approx(first["i"] * first["c"])
    assert (answer["cycle"]["pairs"], answer["cycle"]["median_days"]) == (1, 5)
    assert answer["amplification"] == 1.5
    assert answer["k_mature"] is None, "the window is open for all of them"


async def test_pictures_stand_alone(http: httpx.AsyncClient) -> None:
    for path in ("timeseries", "funnel", "channels", "ambassadors", "virality"):
        answer = await http.get(f"/v1/metrics/{path}", params={**PERIOD, "format": "svg"})
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("image/svg+xml")
        assert "viewBox" in answer.text
        assert "Zerno Coffee" in answer.text
        assert answer.headers["content-disposition"].startswith('inline; filename="')
        assert "2026-03-02" in answer.headers["content-disposition"], "a saved picture is named after what it holds"


async def test_a_picture_of_the_best_says_of_how_many(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "_DRAWN", 1)
    for path, few in (("channels", {}), ("ambassadors", {"limit": "1"})):
        of = len((await get(http, f"/v1/metrics/{path}", **PERIOD))["data"])
        picture = await http.get(f"/v1/metrics/{path}", params={**PERIOD, **few, "format": "svg"})
        assert f", the best 1 of {of}" in picture.text


@pytest.mark.parametrize(
    ("path", "params", "field"),
    [
        ("summary", {"format": "png"}, "format"),
        ("timeseries", {"format": "xlsx"}, "format"),
        ("summary", {"format": "svg"}, "format"),
        ("timeseries", {"metric": "happiness"}, "metric"),
        ("summary", {"from": "2026-03-05", "to": "2026-03-01"}, "from"),
        ("summary", {"from": "2024-03-05", "to": "2026-03-01"}, "from"),
        ("summary", {"from": "0001-01-01", "to": "0001-01-02"}, "from"),
        ("summary", {"from": "yesterday"}, "query.from"),
        ("ambassadors", {"limit": "0"}, "query.limit"),
    ],
)
async def test_what_cannot_be_answered_names_its_field(
    http: httpx.AsyncClient, path: str, params: dict[str, str], field: str
) -> None:
    answer = await http.get(f"/v1/metrics/{path}", params=params)
    assert answer.status_code == 422
    assert field.removeprefix("query.") in answer.json()["errors"][0]["field"]


async def test_a_foreign_program_is_an_unknown_one(db: Database) -> None:
    async with client(db, store_id="str_2") as other:
        known = await other.get("/v1/metrics/summary", params={"program_id": PROGRAM})
        unknown = await other.get("/v1/metrics/summary", params={"program_id": "prg_none"})
    assert known.status_code == unknown.status_code == 404
    assert known.json()["detail"] == unknown.json()["detail"]


async def test_another_store_has_its_own_figures(db: Database) -> None:
    async with client(db, store_id="str_2") as other:
        values = {v["metric"]: v["value"] for v in (await get(other, "/v1/metrics/summary", **PERIOD))["data"]}
    assert values["orders"] == 0


async def test_a_key_without_the_scope_is_refused(db: Database) -> None:
    async with client(db, scopes=("orders:read",)) as other:
        assert (await other.get("/v1/metrics/summary")).status_code == 403


async def test_one_program_alone_has_its_own_figures(http: httpx.AsyncClient) -> None:
    one = await get(http, "/v1/metrics/summary", program_id=PROGRAM, **PERIOD)
    assert {v["metric"]: v["value"] for v in one["data"]}["revenue"] == 7500
    assert one["program_id"] == PROGRAM


async def test_answers_say_how_fresh_they_are(http: httpx.AsyncClient) -> None:
    fresh = (await get(http, "/v1/metrics/summary"))["freshness"]
    assert fresh["behind_s"] == 0
    assert fresh["data_until"] == fresh["at"]
    assert STORE not in str(fresh)


async def test_all_parts_of_an_answer_see_the_same_moment(db: Database) -> None:
    async with db.transaction([STORE], snapshot=True) as reading:
        before = await reading.scalar("select sum(clicks) from daily")
        await deliver(db, clicked("k77", days=-200))
        assert await reading.scalar("select sum(clicks) from daily") == before
    async with db.transaction([STORE]) as later:
        assert await later.scalar("select sum(clicks) from daily") == before + 1
        await later.execute("update progress set events = events")


async def test_days_before_the_store_was_set_up_have_no_value(http: httpx.AsyncClient) -> None:
    answer = await get(http, "/v1/metrics/timeseries", **{"from": "2025-11-20", "to": "2025-11-24"})
    assert [point["value"] for point in answer["data"]] == [None, None, 0, 0, 0]
    assert {point["previous"] for point in answer["data"]} == {None}


async def test_a_programs_share_is_of_all_orders_of_the_store(fresh_database: FreshDatabase) -> None:
    database = Database(await fresh_database("analytics"), schema="analytics")
    await stand_at(database, at(13))
    second = program_published().model_copy(update={"program_id": "prg_2"})
    await deliver(database, store_configured(), program_published(), second, ambassador_saved())
    await deliver(
        database, decided("o1", kind="code"), decided("o2", kind="code", buyer="c2"), decided("o3", "unattributed"),
        decided("o4", kind="code", buyer="c4", program_id="prg_2", number=3, new=False),
        decided("o5", kind="code", buyer="c5", program_id="prg_2"), decided("o6", "pending", reason="unpaid"),
    )  # fmt: skip
    async with client(database) as http:
        whole = await get(http, "/v1/metrics/summary", **PERIOD)
        one = await get(http, "/v1/metrics/summary", program_id=PROGRAM, **PERIOD)
    await database.close()
    shares = [{v["metric"]: v["value"] for v in answer["data"]} for answer in (whole, one)]
    assert [s["referred_share"] for s in shares] == [0.8, 0.4], "4 and 2 of 5 decided orders"
    assert [s["referral_rate"] for s in shares] == [0.75, 0.5], "3 and 2 of 4 first orders"
    assert {(r["disposition"], r["reason"]): r["orders"] for r in one["orders_by_reason"]}["waiting", "unpaid"] == 1
    assert sum(r["orders"] for r in whole["orders_by_reason"]) == 6


async def test_a_leaderboard_as_csv_has_everybody_and_as_json_says_where_it_goes_on(
    fresh_database: FreshDatabase,
) -> None:
    database = Database(await fresh_database("analytics"), schema="analytics")
    await stand_at(database, at(13))
    await deliver(database, store_configured(), program_published(), code_saved("ANNA10", "amb_0007"))
    async with database.transaction([STORE]) as tx:
        await tx.execute(
            "insert into leaders (store_id, grain, start, currency, ambassador_id, program_id, orders, gross_minor)"
            " select :s, 'day', date '2026-03-03', 'EUR', 'amb_' || lpad(n::text, 4, '0'), :p, 1, n * 100"
            " from generate_series(1, 2345) n",
            s=STORE,
            p=PROGRAM,
        )
    period = {"from": "2026-03-03", "to": "2026-03-03"}
    async with client(database) as http:
        text = (await http.get("/v1/metrics/ambassadors", params={**period, "format": "csv", "limit": "5"})).text
        page = await get(http, "/v1/metrics/ambassadors", **period, limit=1000, offset=1000)
        last = await get(http, "/v1/metrics/ambassadors", **period, limit=1000, offset=2000)
        console = (await http.get("/console", params=period)).text
    await database.close()
    rows = rows_of(text)
    assert [row["ambassador_id"] for row in rows] == [f"amb_{n:04}" for n in range(2345, 0, -1)]
    assert (rows[0]["revenue"], rows[0]["currency"], rows[-7]["code"]) == ("2345.00", "EUR", "ANNA10")
    assert (page["next_offset"], last["next_offset"], len(last["data"])) == (2000, None, 345)
    assert "limit=1000" not in console
