"""Payouts over the API, from available to paid: who is in a batch, who may approve, what comes back."""

import asyncio
import csv
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
import sepaxml  # type: ignore[import-untyped]
import xmlschema

from contracts.events import EVENTS
from contracts.events.catalog import AmbassadorSaved
from services.kernel.errors import Invalid
from services.rewards.destinations.actions import set_destination
from services.rewards.destinations.domain import checked
from services.rewards.ledger.domain import Holding
from services.rewards.payouts.actions.results import results_of
from services.rewards.payouts.sql import ready
from services.rewards.payouts.sql.ready import Wanted
from tests.integration.rewards.money import IBANS, PAYER, audit, details, earned, holding, release_all, send_to
from tests.integration.rewards.world import World
from tests.unit.rewards.build import AMBASSADOR_RULE, ANNA, BORIS, NOON, STORE, make_program, make_state, published

PAY = ("payouts:read", "payouts:write", "rewards:read")
XSD = Path(sepaxml.__file__).parent / "schemas" / "pain.001.001.09.xsd"


@pytest.fixture
async def shop(world: World) -> World:
    """Anna has 9.20, Boris 4.60; both have said where it goes."""
    await earned(world)
    await send_to(world, ANNA, details(0), cooled=False)
    await send_to(world, BORIS, details(1, "Борис Ковальчук"))
    return world


async def post(http: httpx.AsyncClient, path: str, body: Any = None, *, status: int = 200) -> Any:
    answer = await http.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def prepared(http: httpx.AsyncClient, provider: str = "manual") -> Any:
    return await post(http, "/v1/payout-batches", {"currency": "EUR", "provider": provider}, status=201)


async def test_money_goes_from_available_by_way_of_a_batch_to_paid(shop: World) -> None:
    async with shop.caller(STORE, *PAY) as http:
        preview = (await http.get("/v1/payout-batches/preview", params={"currency": "EUR"})).json()
        assert (preview["payouts"], preview["amount_minor"], preview["left_out"]) == (2, 1380, [])
        batch = await prepared(http)
        assert (batch["status"], batch["payouts"], batch["amount_minor"]) == ("draft", 2, 1380)
        assert await holding(shop, ANNA) == Holding(920, 0, 0, 0, 920, 0)
        await post(http, f"/v1/payout-batches/{batch['id']}/send", status=409)
        assert (await post(http, f"/v1/payout-batches/{batch['id']}/approve"))["status"] == "approved"
        assert (await post(http, f"/v1/payout-batches/{batch['id']}/send"))["status"] == "sent"
        assert (await post(http, f"/v1/payout-batches/{batch['id']}/send"))["status"] == "sent"
        paid, failed = (await http.get("/v1/payouts", params={"batch_id": batch["id"]})).json()["data"]
        done = await post(http, f"/v1/payouts/{paid['id']}/mark-paid", {"reference": "B-1"})
        assert (done["status"], done["reference"], done["revision"]) == ("paid", "B-1", 4)
        assert await post(http, f"/v1/payouts/{paid['id']}/mark-paid", {"reference": "B-1"}) == done
        await post(http, f"/v1/payouts/{failed['id']}/mark-failed", {"reason": "account_closed"})
        whole = (await http.get(f"/v1/payouts/{paid['id']}")).json()
        standing = (await http.get(f"/v1/payout-batches/{batch['id']}")).json()["standing"]
    assert {paid["ambassador_id"], failed["ambassador_id"]} == {ANNA, BORIS}
    assert [step["status"] for step in whole["life"]] == ["draft", "approved", "submitted", "paid"]
    assert sum(part["amount_minor"] for part in whole["parts"]) == paid["amount_minor"]
    assert {(row["status"], row["payouts"]) for row in standing} == {("paid", 1), ("failed", 1)}
    assert (await holding(shop, paid["ambassador_id"])).paid == paid["amount_minor"]
    assert (await holding(shop, failed["ambassador_id"])).available == failed["amount_minor"]
    assert (await audit(shop)).whole


async def test_each_change_is_told_with_the_whole_state(shop: World) -> None:
    async with shop.caller(STORE, *PAY) as http:
        batch = await prepared(http)
        for step in ("approve", "send"):
            await post(http, f"/v1/payout-batches/{batch['id']}/{step}")
        one, _ = (await http.get("/v1/payouts")).json()["data"]
        await post(http, f"/v1/payouts/{one['id']}/mark-paid")
        await post(http, f"/v1/payouts/{one['id']}/mark-returned", {"reason": "account_closed"})
    rows = await shop.look(STORE, "select type, data from outbox where store_id = :store and type like '%payout%'")
    emitted = [EVENTS[row.type].model_validate_json(bytes(row.data)) for row in rows]
    mine = [(event.TYPE.split(".")[2], event.status) for event in emitted if event.payout_id == one["id"]]  # type: ignore[attr-defined]
    assert mine == [
        ("prepared", "draft"),
        ("approved", "approved"),
        ("submitted", "submitted"),
        ("completed", "paid"),
        ("returned", "returned"),
    ]
    assert not any(text in repr(emitted) for text in (*IBANS, "Beispiel"))


async def test_who_is_left_out_and_why(shop: World) -> None:
    async with shop.caller(STORE, *PAY) as http:
        await http.put("/v1/payout-terms/EUR", json={"minimum_minor": 500})
        one = (await http.get("/v1/payout-batches/preview", params={"currency": "EUR"})).json()
        assert one["left_out"] == [{"reason": "below_minimum", "people": 1, "available_minor": 460}]
        await send_to(shop, ANNA, details(2), cooled=False)
        two = (await http.get("/v1/payout-batches/preview", params={"currency": "EUR"})).json()
        assert [left["reason"] for left in two["left_out"]] == ["below_minimum", "cooling_off"]
        nobody = await http.post("/v1/payout-batches", json={"currency": "EUR", "provider": "manual"})
        assert nobody.json()["code"] == "nobody_ready"
        other = (await http.get("/v1/payout-batches/preview", params={"currency": "USD"})).json()
        assert (other["payouts"], other["left_out"]) == (0, [])


async def test_who_has_store_credit_alone_or_has_not_asked_is_left_out_with_that_reason(shop: World) -> None:
    credit = published(make_program({**AMBASSADOR_RULE, "pay_as": "store_credit"}), version=2)
    carla = make_state("carla-1", revision=1, settled_at=NOON, ambassador_id="amb_carla", program_version=2)
    await shop.take(credit, carla)
    await release_all(shop)
    await send_to(shop, "amb_carla", details(2))
    asking = {"currency": "EUR", "requested_only": True}
    async with shop.caller(STORE, *PAY) as http:
        everybody = (await http.get("/v1/payout-batches/preview", params={"currency": "EUR"})).json()
        assert everybody["payouts"] == 2
        assert [(one["reason"], one["people"]) for one in everybody["left_out"]] == [("store_credit", 1)]
        asked = (await http.get("/v1/payout-batches/preview", params=asking)).json()  # type: ignore[arg-type]
    assert [(one["reason"], one["people"]) for one in asked["left_out"]] == [("not_requested", 2), ("store_credit", 1)]


async def test_who_cannot_be_paid_their_cents_takes_nobodys_place_in_a_batch(world: World) -> None:
    await earned(world, orders={ANNA: [4650], BORIS: [4600]})
    await send_to(world, ANNA, details(0), cooled=False)
    await send_to(world, BORIS, details(1))
    wanted = Wanted(currency="EUR", methods=["iban"], minimum_minor=1, step_minor=10, asked=False)
    async with world.db.transaction([STORE]) as tx:
        assert [one.ambassador_id for one in await ready.ready(tx, STORE, wanted, count=1)] == [BORIS]
        assert await ready.left_out(tx, STORE, wanted) == {"fraction": (1, 465)}


async def test_above_the_limit_somebody_else_approves(shop: World) -> None:
    async with shop.caller(STORE, *PAY, key_id="key_a") as first, shop.caller(STORE, *PAY, key_id="key_b") as second:
        await first.put("/v1/payout-terms/EUR", json={"approval_minor": 1000})
        batch = await prepared(first)
        refused = await post(first, f"/v1/payout-batches/{batch['id']}/approve", status=403)
        assert refused["code"] == "second_person_needed"
        assert (await post(second, f"/v1/payout-batches/{batch['id']}/approve"))["approved_by"] == "key_b"


@pytest.mark.parametrize("looser", [None, 10_000])
async def test_nobody_lifts_the_limit_and_approves_alone_within_a_day(shop: World, looser: int | None) -> None:
    async with shop.caller(STORE, *PAY, key_id="key_a") as alone:
        await alone.put("/v1/payout-terms/EUR", json={"approval_minor": 1000})
        batch = await prepared(alone)
        for _ in range(2):  # setting it again puts nothing off
            lifted = (await alone.put("/v1/payout-terms/EUR", json={"approval_minor": looser})).json()
            assert (lifted["approval_minor"], lifted["approval_holds_minor"]) == (looser, 1000)
            refused = await post(alone, f"/v1/payout-batches/{batch['id']}/approve", status=403)
            assert refused["code"] == "second_person_needed"
            await shop.move_clock(seconds=int(timedelta(hours=13).total_seconds()))
        (terms,) = (await alone.get("/v1/payout-terms")).json()["data"]
        assert terms["approval_holds_minor"] == looser
        tighter = (await alone.put("/v1/payout-terms/EUR", json={"approval_minor": 900})).json()
        assert (tighter["approval_holds_minor"], tighter["approval_from"]) == (900, None)
        await post(alone, f"/v1/payout-batches/{batch['id']}/approve", status=403)
        await alone.put("/v1/payout-terms/EUR", json={"approval_minor": looser})
        await shop.move_clock(seconds=int(timedelta(hours=25).total_seconds()))
        await post(alone, f"/v1/payout-batches/{batch['id']}/approve")


async def test_small_batches_pass_the_limit_no_more_than_one_large_one(shop: World) -> None:
    async with shop.caller(STORE, *PAY, key_id="key_a") as alone, shop.caller(STORE, *PAY, key_id="key_b") as other:
        await alone.put("/v1/payout-terms/EUR", json={"approval_minor": 1000, "minimum_minor": 500})
        called_off = await prepared(alone)
        for step in ("approve", "cancel"):
            await post(alone, f"/v1/payout-batches/{called_off['id']}/{step}")
        annas = await prepared(alone)
        await post(alone, f"/v1/payout-batches/{annas['id']}/approve")
        await alone.put("/v1/payout-terms/EUR", json={"approval_minor": 1000, "minimum_minor": 1})
        boris = await prepared(alone)
        assert (annas["amount_minor"], boris["amount_minor"]) == (920, 460)
        refused = await post(alone, f"/v1/payout-batches/{boris['id']}/approve", status=403)
        assert refused["code"] == "second_person_needed"
        await post(alone, f"/v1/payout-batches/{boris['id']}/cancel")
        of_other = await prepared(other)  # who has let nothing go alone
        await post(other, f"/v1/payout-batches/{of_other['id']}/approve")
        await post(other, f"/v1/payout-batches/{of_other['id']}/cancel")
        boris = await prepared(alone)
        await post(alone, f"/v1/payout-batches/{boris['id']}/approve", status=403)
        await shop.move_clock(seconds=int(timedelta(hours=24).total_seconds()))
        assert (await post(alone, f"/v1/payout-batches/{boris['id']}/approve"))["approved_by"] == "key_a"


async def test_no_key_may_pay_that_was_not_given_the_right(shop: World) -> None:
    async with shop.caller(STORE, "rewards:write", "rewards:read") as http:
        answer = await http.post("/v1/payout-batches", json={"currency": "EUR", "provider": "manual"})
    assert answer.status_code == 403


async def test_a_batch_that_is_called_off_gives_everything_back(shop: World) -> None:
    async with shop.caller(STORE, *PAY) as http:
        batch = await prepared(http)
        await post(http, f"/v1/payout-batches/{batch['id']}/approve")
        for _ in range(2):
            assert (await post(http, f"/v1/payout-batches/{batch['id']}/cancel"))["status"] == "cancelled"
        assert await holding(shop, ANNA) == Holding(920, 0, 0, 920, 0, 0)
        assert (await prepared(http))["amount_minor"] == 1380
    assert (await audit(shop)).whole


async def test_what_was_taken_back_before_it_was_sent_is_not_sent(shop: World) -> None:
    async with shop.caller(STORE, *PAY) as http:
        batch = await prepared(http)
        await post(http, f"/v1/payout-batches/{batch['id']}/approve")
        await shop.take(make_state(f"{ANNA}-0", revision=2, settled_at=NOON, ambassador_id=ANNA, cancelled=True))
        assert (await holding(shop, ANNA)).available == -460
        await post(http, f"/v1/payout-batches/{batch['id']}/send")
        rows = (await http.get("/v1/payouts")).json()["data"]
        assert {(r["ambassador_id"], r["status"], r["reason"]) for r in rows} == {
            (ANNA, "cancelled", "taken_back"),
            (BORIS, "submitted", None),
        }
        assert (await holding(shop, ANNA)).available == 460
        assert (await prepared(http))["amount_minor"] == 460


async def test_what_is_taken_back_after_it_was_paid_is_made_up_for_before_anything_is_paid_again(shop: World) -> None:
    async with shop.caller(STORE, *PAY) as http:
        batch = await prepared(http)
        for step in ("approve", "send"):
            await post(http, f"/v1/payout-batches/{batch['id']}/{step}")
        rows = (await http.get("/v1/payouts")).json()["data"]
        results = [{"payout_id": row["id"], "outcome": "paid"} for row in rows]
        await post(http, f"/v1/payout-batches/{batch['id']}/results", {"results": results})
        await shop.take(make_state(f"{ANNA}-0", revision=2, settled_at=NOON, ambassador_id=ANNA, cancelled=True))
        assert await holding(shop, ANNA) == Holding(920, 460, 0, -460, 0, 920)
        assert (
            await http.post("/v1/payout-batches", json={"currency": "EUR", "provider": "manual"})
        ).status_code == 409
        await shop.take(make_state("late", settled_at=NOON, ambassador_id=ANNA, subtotal_minor=6000, total_minor=6000))
        await release_all(shop)
        batch = await prepared(http)
        assert (batch["payouts"], batch["amount_minor"]) == (1, 140)
        one = (await http.get("/v1/payouts", params={"batch_id": batch["id"]})).json()["data"][0]
        parts = (await http.get(f"/v1/payouts/{one['id']}")).json()["parts"]
    assert sorted(part["amount_minor"] for part in parts) == [-460, 600]
    assert (await audit(shop)).whole


async def test_a_destination_that_changed_before_it_was_sent_gets_nothing(shop: World) -> None:
    async with shop.caller(STORE, *PAY) as http:
        batch = await prepared(http)
        await post(http, f"/v1/payout-batches/{batch['id']}/approve")
        await send_to(shop, ANNA, details(3))
        await post(http, f"/v1/payout-batches/{batch['id']}/send")
        rows = (await http.get("/v1/payouts", params={"ambassador_id": ANNA})).json()["data"]
    assert [(row["status"], row["reason"]) for row in rows] == [("cancelled", "destination_changed")]


async def test_store_credit_is_no_cash(world: World) -> None:
    from tests.unit.rewards.build import AMBASSADOR_RULE, configured, make_program, published

    credit = {**AMBASSADOR_RULE, "pay_as": "store_credit"}
    await world.take(configured(), published(make_program(credit)))
    await world.take(published(make_program(AMBASSADOR_RULE), program_id="prg_cash"))
    await world.move_clock(seconds=int((NOON - await world.now()).total_seconds()))
    await world.take(make_state("1", settled_at=NOON), make_state("2", settled_at=NOON, program_id="prg_cash"))
    await world.move_clock(seconds=20 * 86_400)
    await release_all(world)
    await send_to(world, ANNA, details())
    async with world.caller(STORE, *PAY) as http:
        assert (await prepared(http))["amount_minor"] == 460
    assert (await holding(world, ANNA)).available == 460


async def test_results_come_as_csv_all_of_them_or_none(shop: World) -> None:
    async with shop.caller(STORE, *PAY) as http:
        batch = await prepared(http)
        for step in ("approve", "send"):
            await post(http, f"/v1/payout-batches/{batch['id']}/{step}")
        one, two = (row["id"] for row in (await http.get("/v1/payouts")).json()["data"])
        address = f"/v1/payout-batches/{batch['id']}/results"
        wrong = await post(http, address, {"csv": f"payout_id,status\n{one},paid\npay_none,paid\n"}, status=422)
        assert wrong["errors"][0]["field"] == "results.1.payout_id"
        assert (await holding(shop, ANNA)).paid == 0
        text = f"Payout_ID,Status,fee_minor,reason\n{one},paid,35,\n{two.replace('_', '-')},failed,,no such account\n"
        for _ in range(2):
            await post(http, address, {"csv": text})
        rows = {row["id"]: row for row in (await http.get("/v1/payouts")).json()["data"]}
        lines = (await http.get("/v1/payouts?format=csv")).text.removeprefix("\ufeff").splitlines()
        sheet = {row["id"]: row for row in csv.DictReader(lines)}
    assert (rows[one]["status"], rows[one]["fee_minor"]) == ("paid", 35)
    assert (rows[two]["status"], rows[two]["reason"]) == ("failed", "no such account")
    assert (sheet[one]["amount"], sheet[one]["fee"], sheet[two]["fee"]) == (
        f"{rows[one]['amount_minor'] / 100:.2f}",
        "0.35",
        "",
    )
    assert (await audit(shop)).whole


async def test_a_bank_file_is_what_the_standard_says_and_the_same_each_time(shop: World) -> None:
    async with shop.caller(STORE, *PAY) as http:
        without = await http.post("/v1/payout-batches", json={"currency": "EUR", "provider": "bank_file"})
        assert without.json()["errors"][0]["code"] == "payer"
        terms = (await http.put("/v1/payout-terms/EUR", json={"payer": PAYER})).json()
        assert terms["has_payer"] is True and PAYER["iban"] not in str(terms)
        batch = await prepared(http, "bank_file")
        address = f"/v1/payout-batches/{batch['id']}/file"
        assert (await http.get(address, params={"format": "bank_file"})).status_code == 409
        for step in ("approve", "send"):
            await post(http, f"/v1/payout-batches/{batch['id']}/{step}")
        first = (await http.get(address, params={"format": "bank_file"})).content
        one = (await http.get("/v1/payouts")).json()["data"][0]
        await post(http, f"/v1/payouts/{one['id']}/mark-paid")
        second = (await http.get(address, params={"format": "bank_file"})).content
    assert first == second
    xmlschema.XMLSchema(str(XSD)).validate(BytesIO(first))
    text = first.decode()
    assert "<CtrlSum>13.80</CtrlSum>" in text and text.count("<CdtTrfTxInf>") == 2
    assert '<InstdAmt Ccy="EUR">9.20</InstdAmt>' in text and IBANS[0] in text and PAYER["iban"] in text
    assert "<Nm>Boris Kovalchuk</Nm>" in text
    assert f"<EndToEndId>{one['id'].replace('_', '-')}</EndToEndId>" in text


async def test_the_operators_csv_has_the_operators_columns(shop: World) -> None:
    columns = [{"heading": "Empfänger", "field": "holder"}, {"heading": "Betrag", "field": "amount"}]
    async with shop.caller(STORE, *PAY) as http:
        await http.put("/v1/payout-terms/EUR", json={"columns": columns})
        batch = await prepared(http, "csv")
        for step in ("approve", "send"):
            await post(http, f"/v1/payout-batches/{batch['id']}/{step}")
        lines = (await http.get(f"/v1/payout-batches/{batch['id']}/file")).text.lstrip("\ufeff").splitlines()
    assert lines[0] == "Empfänger,Betrag"
    assert set(lines[1:]) == {"Anna Beispiel,9.20", "Борис Ковальчук,4.60"}


async def test_destinations_are_sealed_masked_and_erased_with_the_person(shop: World) -> None:
    async with shop.caller(STORE, *PAY) as http:
        shown = (await http.get(f"/v1/payout-destinations/{ANNA}")).json()
        assert shown["destination"] == "DE •••• 3000"
        rows = list(await shop.look(STORE, "select destinations::text as row from destinations"))
        assert len(rows) == 2 and not any(text in repr(rows) for text in (*IBANS, "Beispiel"))
        await shop.take(saved(ANNA, status="erased", revision=5))
        assert (await http.get(f"/v1/payout-destinations/{ANNA}")).status_code == 404
    (row,) = await shop.look(STORE, "select hint, sealed from destinations where ambassador_id = :who", who=ANNA)
    assert (row.hint, row.sealed) == ("", None)


async def test_a_destination_that_was_replaced_is_kept_no_longer_than_a_payout_is_on_its_way_there(shop: World) -> None:
    async with shop.caller(STORE, *PAY) as http:
        batch = await prepared(http)
        for step in ("approve", "send"):
            await post(http, f"/v1/payout-batches/{batch['id']}/{step}")
        await send_to(shop, ANNA, details(2))
        sealed = (
            "select sealed is not null as kept from destinations where ambassador_id = :who order by destination_id"
        )
        assert [row.kept for row in await shop.look(STORE, sealed, who=ANNA)] == [True, True]
        await send_to(shop, ANNA, details(3))
        assert [row.kept for row in await shop.look(STORE, sealed, who=ANNA)] == [True, False, True]
        mine = (await http.get("/v1/payouts", params={"ambassador_id": ANNA})).json()["data"][0]
        await post(http, f"/v1/payouts/{mine['id']}/mark-paid")
    assert [row.kept for row in await shop.look(STORE, sealed, who=ANNA)] == [False, False, True]


async def test_a_destination_that_is_set_while_its_ambassador_is_erased_goes_with_them(shop: World) -> None:
    async with shop.db.transaction([STORE]) as tx:
        await set_destination(tx, shop.ctx.require_sealing(), STORE, ANNA, details(2))
        erasing = asyncio.create_task(shop.take(saved(ANNA, status="erased", revision=5)))
        await until_blocked(shop, erasing)
    await erasing
    rows = await shop.look(STORE, "select hint, sealed from destinations where ambassador_id = :who", who=ANNA)
    assert {(row.hint, row.sealed) for row in rows} == {("", None)}


async def until_blocked(shop: World, task: asyncio.Task[Any]) -> None:
    waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    async with asyncio.timeout(30):
        while not task.done():
            async with shop.owner.transaction([STORE]) as tx:
                if await tx.scalar(waiting):
                    return


async def test_a_file_never_leaves_out_whose_destination_cannot_be_opened(shop: World) -> None:
    async with shop.caller(STORE, *PAY) as http:
        batch = await prepared(http, "csv")
        for step in ("approve", "send"):
            await post(http, f"/v1/payout-batches/{batch['id']}/{step}")
        async with shop.owner.transaction([STORE]) as tx:
            await tx.execute("update destinations set sealed = 'x' where ambassador_id = :who", who=ANNA)
        refused = await http.get(f"/v1/payout-batches/{batch['id']}/file")
        mine = (await http.get("/v1/payouts", params={"ambassador_id": ANNA})).json()["data"][0]
    assert refused.status_code == 409 and mine["id"] in refused.json()["detail"]


async def test_a_list_that_brought_a_paid_payout_back_is_taken_twice(shop: World) -> None:
    async with shop.caller(STORE, *PAY) as http:
        batch = await prepared(http)
        for step in ("approve", "send"):
            await post(http, f"/v1/payout-batches/{batch['id']}/{step}")
        one = (await http.get("/v1/payouts", params={"ambassador_id": ANNA})).json()["data"][0]["id"]
        await post(http, f"/v1/payouts/{one}/mark-paid")
        for _ in range(2):
            await post(http, f"/v1/payout-batches/{batch['id']}/results", {"csv": f"payout_id,status\n{one},failed\n"})
        assert (await http.get(f"/v1/payouts/{one}")).json()["status"] == "returned"
    assert (await holding(shop, ANNA)).available == 920
    assert (await audit(shop)).whole


@pytest.mark.parametrize(
    "text", ['payout_id,"status\n', '"payout_id"x,status\npay_1,paid', "payout_id,status\npay_\0,paid"]
)
def test_a_list_that_is_no_csv_is_refused_by_name(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        results_of(text)
    assert refused.value.errors[0].field == "csv"


async def test_a_changed_mail_starts_the_cool_off_anew(shop: World) -> None:
    await shop.take(saved(ANNA, contact_hashes=("a",)), saved(BORIS, contact_hashes=("b",)))
    async with shop.caller(STORE, *PAY) as http:
        one = (await http.get("/v1/payout-batches/preview", params={"currency": "EUR"})).json()
        assert one["payouts"] == 2
        await shop.take(saved(ANNA, contact_hashes=("c",), revision=2), saved(BORIS, contact_hashes=("b",), revision=2))
        two = (await http.get("/v1/payout-batches/preview", params={"currency": "EUR"})).json()
        assert (two["payouts"], two["left_out"][0]["reason"]) == (1, "cooling_off")


async def test_who_is_blocked_is_paid_once_they_are_not(shop: World) -> None:
    preview = {"params": {"currency": "EUR"}}
    async with shop.caller(STORE, *PAY) as http:
        await shop.take(saved(ANNA, status="blocked"))
        one = (await http.get("/v1/payout-batches/preview", **preview)).json()  # type: ignore[arg-type]
        assert (one["payouts"], one["left_out"]) == (1, [{"reason": "blocked", "people": 1, "available_minor": 920}])
        await shop.take(saved(ANNA, revision=2), saved(BORIS, revision=2, status="blocked"))
        await shop.take(saved(BORIS, revision=1))  # late news changes nothing
        two = (await http.get("/v1/payout-batches/preview", **preview)).json()  # type: ignore[arg-type]
        assert (two["payouts"], two["left_out"][0]["reason"]) == (1, "blocked")
        await shop.take(saved(BORIS, revision=3))
        batch = (await http.post("/v1/payout-batches", json={"currency": "EUR", "provider": "manual"})).json()["id"]
        assert (await http.post(f"/v1/payout-batches/{batch}/approve")).status_code == 200
        # Who is blocked between the preparing and the sending is left out, and keeps the money.
        await shop.take(saved(ANNA, revision=3, status="blocked"))
        assert (await http.post(f"/v1/payout-batches/{batch}/send")).status_code == 200
        payouts = (await http.get("/v1/payouts", params={"batch_id": batch})).json()["data"]
        assert {one["ambassador_id"]: (one["status"], one["reason"]) for one in payouts} == {
            ANNA: ("cancelled", "blocked"),
            BORIS: ("submitted", None),
        }
        assert (await holding(shop, ANNA)).available == 920
        await shop.take(saved(ANNA, revision=4))
        three = (await http.get("/v1/payout-batches/preview", **preview)).json()  # type: ignore[arg-type]
        assert (three["payouts"], three["amount_minor"]) == (1, 920)


async def test_a_balance_is_in_one_payout_however_many_prepare_at_once(shop: World) -> None:
    async with shop.caller(STORE, *PAY) as http:
        body = {"currency": "EUR", "provider": "manual"}
        answers = await asyncio.gather(*(http.post("/v1/payout-batches", json=body) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
    assert await holding(shop, ANNA) == Holding(920, 0, 0, 0, 920, 0)


async def test_a_wallet_is_for_no_bank_file(shop: World) -> None:
    await send_to(shop, ANNA, checked("wallet", holder="Anna Beispiel", value="wallet-number-77"))
    async with shop.caller(STORE, *PAY) as http:
        params = {"currency": "EUR", "provider": "bank_file"}
        preview = (await http.get("/v1/payout-batches/preview", params=params)).json()
    assert (preview["payouts"], preview["left_out"][0]["reason"]) == (1, "other_method")


def saved(who: str, *, revision: int = 1, **changed: Any) -> AmbassadorSaved:
    return AmbassadorSaved(
        store_id=STORE, ambassador_id=who, program_id="prg_a", created_at=NOON, revision=revision, **changed
    )


@pytest.mark.parametrize(
    "flip",
    [
        "update payouts set amount_minor = amount_minor + 1",
        "update payouts set status = 'paid'",
        "delete from payouts",
        "update balances set in_payout = in_payout - 1, paid = paid + 1",
        "update posting_sets set payout_id = 'pay_other' where payout_id is not null",
    ],
)
async def test_an_audit_finds_money_that_is_in_no_payout(shop: World, flip: str) -> None:
    async with shop.caller(STORE, *PAY) as http:
        await prepared(http)
    assert (await audit(shop)).whole
    async with shop.owner.transaction([STORE]) as tx:
        await tx.execute(flip)
    assert not (await audit(shop)).whole
