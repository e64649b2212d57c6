"""Promo codes in an InSales shop: a coupon for each code, found again in the list of all."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from contracts.gifts import Fixed
from contracts.program import Discount, Percent
from services import connectors
from services.connectors.store_codes.domain import insales
from services.connectors.store_codes.words import reason_text
from services.kernel import failpoints
from services.ui.locales import load_speech
from tests.integration.attribution.world import SHOP
from tests.integration.connectors.test_connections import connect
from tests.support.attribution import ahead, ambassador, at, code
from tests.support.carrying import OWNER, Carrying, promising
from tests.support.connectors import Pair
from tests.support.shops.base import PASSWORD, USER
from tests.support.shops.insales import HOST, InSales
from tests.support.wait import until
from tests.support.woo_shop import Door

LOCALE = Path(connectors.__file__).parent / "locale"


@dataclass
class Carried(Carrying):
    """A connection with an InSales shop."""

    shop: InSales


@pytest.fixture
async def carrying(both: Pair) -> AsyncIterator[Carried]:
    shop = InSales()
    async with shop.served():
        connection = await connect(both.http, "insales", host=HOST, access={"user": USER, "password": PASSWORD})
        made = Carried(both, Door({HOST: shop.url}), connection["id"], shop)
        await made.arrive(promising(min_subtotal_minor=900), ambassador(store=SHOP))
        await made.patch(codes=True)
        yield made


async def test_each_code_is_a_coupon_with_its_limits(carrying: Carried) -> None:
    ends = ahead(days=90)
    await carrying.arrive(
        code(store=SHOP),
        code("BORIS", store=SHOP, max_uses=1, expires_at=ends),
        code("CLARA", store=SHOP, max_uses=5),
        code("OLD", store=SHOP, expires_at=at(days=-5000)),
    )
    async with carrying.working():
        await carrying.until(waiting=0, in_store=2, refused=2)
    anna, boris = carrying.shop.of("ANNA10")[0], carrying.shop.of("boris")[0]
    assert (anna["type_id"], anna["discount"], anna["min_price"]) == (1, "10.00", "10.00")
    assert (anna["act_once"], anna["act_once_for_client"], anna["expired_at"]) == (False, True, None)
    assert (boris["act_once"], boris["expired_at"]) == (True, ends.date().isoformat())
    assert anna["description"].startswith("Kith ")
    refused = {one["code"]: one["reason"] for one in await carrying.listed(state="refused")}
    assert refused == {"CLARA": "uses", "OLD": "expired"}
    assert carrying.shop.of("CLARA") == carrying.shop.of("OLD") == []


async def test_a_code_that_so_many_others_hide_is_refused_in_words_that_say_so(
    carrying: Carried, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insales, "MOST_PAGES", 0)
    await carrying.arrive(code(store=SHOP))
    failpoints.configure("work.before_note=raise")
    try:
        async with carrying.working():
            await until(lambda: bool(carrying.shop.of("ANNA10")), what="it was made, and nobody heard of it")
    finally:
        failpoints.configure("")
    await carrying.hasten()
    async with carrying.working():
        await carrying.until(waiting=0, refused=1)
    (one,) = await carrying.listed()
    assert one["reason"] == "too_many"
    for language in ("en", "ru", "uk", "ro"):
        text = reason_text(load_speech(language, (LOCALE,)), one["reason"], None)
        assert "Kith" in text and (language == "en" or "discounts" not in text)


async def test_changed_terms_and_ended_codes_follow_and_nothing_is_deleted(carrying: Carried) -> None:
    await carrying.arrive(code(store=SHOP), code("BORIS", store=SHOP))
    async with carrying.working():
        await carrying.until(waiting=0, in_store=2)
        again = promising(Discount(give=Fixed(kind="fixed", amount_minor=750), which="every"), version=2)
        await carrying.arrive(again, code("BORIS", revision=2, retired=True, store=SHOP))
        await carrying.until(waiting=0, in_store=1, disabled=1)
        anna, boris = carrying.shop.of("ANNA10")[0], carrying.shop.of("BORIS")[0]
        assert (anna["type_id"], anna["discount"], anna["min_price"]) == (2, "7.50", None)
        assert (anna["act_once_for_client"], boris["disabled"]) == (False, True)
        await carrying.arrive(code("BORIS", revision=3, store=SHOP))
        await carrying.until(waiting=0, in_store=2)
        assert carrying.shop.of("BORIS")[0]["disabled"] is False
        carrying.shop.currency = "RUR"
        await carrying.arrive(promising(Discount(give=Fixed(kind="fixed", amount_minor=500)), version=3))
        await carrying.until(waiting=0, refused=2)
        held = {(one["reason"], one["holder"]) for one in await carrying.listed(state="refused")}
        assert held == {("currency", "RUB")}
        assert carrying.shop.of("ANNA10")[0]["disabled"] is True
        carrying.shop.coupons.clear()  # somebody deleted them in the shop
        await carrying.arrive(promising(Discount(give=Percent(kind="percent", basis_points=550)), version=4))
        await carrying.until(waiting=0, in_store=2)
    assert [one["discount"] for one in carrying.shop.coupons.values()] == ["5.50", "5.50"]


@pytest.mark.parametrize("lost", ["note", "answer"])
async def test_what_nobody_heard_of_is_looked_up_and_made_once(carrying: Carried, lost: str) -> None:
    for number in range(150):  # the shop's own: the second page has ours
        carrying.shop.add(f"OWN{number}")
    await carrying.arrive(code(store=SHOP), code("BORIS", store=SHOP))
    if lost == "note":
        failpoints.configure("work.before_note=raise")
    else:
        carrying.shop.loses = 1
    try:
        async with carrying.working():
            await until(lambda: len(carrying.shop.of("ANNA10")) == 1, what="the shop has made one")
            if lost == "note":
                await until(lambda: len(carrying.shop.of("BORIS")) == 1, what="the shop has made them")
    finally:
        failpoints.configure("")
    await carrying.hasten()
    async with carrying.working():
        await carrying.until(waiting=0, in_store=2)
    assert [len(carrying.shop.of(text)) for text in ("ANNA10", "BORIS")] == [1, 1]
    assert carrying.shop.calls.count("GET list") >= 2


async def test_a_code_that_somebody_has_is_refused_with_what_holds_it_until_it_is_free(carrying: Carried) -> None:
    for number in range(120):
        carrying.shop.add(f"OWN{number}")
    held = carrying.shop.add("anna10", description="Summer sale")
    await carrying.arrive(code(store=SHOP), code("BORIS", store=SHOP))
    async with carrying.working():
        await carrying.until(waiting=0, in_store=1, refused=1)
        refused = await carrying.listed(state="refused")
        assert [(one["reason"], one["holder"]) for one in refused] == [("taken", f"coupon {held}, 2025-03-21")]
        assert carrying.shop.coupons[held]["description"] == "Summer sale"
        carrying.shop.coupons[held]["code"] = "SUMMER"
        answer = await carrying.both.http.post(f"/v1/connections/{carrying.id}/codes/retry", headers=OWNER)
        assert answer.json() == {"codes": 1}
        await carrying.until(waiting=0, in_store=2)


async def test_calls_that_are_nearly_used_up_are_left_to_others(carrying: Carried) -> None:
    carrying.shop.CALLS = 20
    await carrying.arrive(*(code(f"C{number}", store=SHOP) for number in range(40)))
    async with carrying.working():
        await carrying.until(problem="busy")
        assert carrying.shop.used <= 20, "none of its calls was refused"
        while (await carrying.codes())["waiting"]:
            carrying.shop.used = 0
            await carrying.hasten()
            before = (await carrying.codes())["waiting"]
            await until(partial(_fewer, carrying, before), within=60, what="some more are there")
        await carrying.until(in_store=40)
    made = [call for call in carrying.shop.calls if call.startswith("POST")]
    assert len(made) == len(set(made)) == 40, "none was asked for twice"
    assert "GET list" not in carrying.shop.calls, "nothing was left unheard"


async def _fewer(carrying: Carried, before: int) -> bool:
    return bool((await carrying.codes())["waiting"] < before)


async def test_a_key_that_opens_nothing_is_named(carrying: Carried) -> None:
    carrying.shop.forbidden = True
    await carrying.arrive(code(store=SHOP))
    async with carrying.working():
        await carrying.until(problem="http_403", waiting=1)
        carrying.shop.forbidden = False
        await carrying.hasten()
        await carrying.until(waiting=0, in_store=1, problem=None)
