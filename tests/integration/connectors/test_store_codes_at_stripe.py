"""Promo codes in a Stripe account: a coupon for each discount, a promotion code for each code."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from contracts.gifts import Fixed
from contracts.program import Discount, Percent
from services.kernel import failpoints
from tests.integration.attribution.world import NOW, SHOP
from tests.integration.connectors.test_connections import connect
from tests.integration.connectors.test_platforms_in import found
from tests.support import deliveries
from tests.support.attribution import ahead, ambassador, at, code
from tests.support.carrying import OWNER, Carrying, promising
from tests.support.connectors import Pair
from tests.support.stripe_account import KEY, StripeAccount, stripe_account
from tests.support.wait import until
from tests.support.woo_shop import Door, Fault

SIGNED = "whsec_" + "a" * 32


@dataclass
class Stripe(Carrying):
    """A connection with a Stripe account."""

    account: StripeAccount


@pytest.fixture
async def carrying(both: Pair) -> AsyncIterator[Stripe]:
    async with stripe_account() as account:
        connection = await connect(both.http, "stripe", secret=SIGNED)
        made = Stripe(both, Door({"api.stripe.com": account.url}), connection["id"], account)
        await made.arrive(promising(min_subtotal_minor=900), ambassador(store=SHOP))
        await made.patch(access={"password": KEY}, codes=True)
        yield made


async def test_a_discount_is_a_coupon_and_each_code_a_promotion_code_of_it(carrying: Stripe) -> None:
    ends = ahead(days=90)
    limited = code("BORIS", store=SHOP, max_uses=5, expires_at=ends)
    await carrying.arrive(
        code(store=SHOP), limited, code("CLARA-K", store=SHOP), code("OLD", store=SHOP, expires_at=at(days=-5000))
    )
    async with carrying.working():
        await carrying.until(waiting=0, in_store=2, refused=2)
    assert list(carrying.account.coupons) == ["kith-1000bp-once"]
    assert carrying.account.coupons["kith-1000bp-once"]["percent_off"] == "10.00"
    anna, boris = carrying.account.of("anna10")[0], carrying.account.of("BORIS")[0]
    assert anna["form"]["restrictions[first_time_transaction]"] == "true"
    assert anna["form"]["restrictions[minimum_amount]"] == "1000"
    assert anna["form"]["restrictions[minimum_amount_currency]"] == "eur"
    assert "max_redemptions" not in anna["form"]
    assert boris["form"]["max_redemptions"] == "5"
    assert boris["form"]["expires_at"] == str(int(ends.timestamp()))
    refused = {one["code"]: one["reason"] for one in await carrying.listed(state="refused")}
    assert refused == {"CLARA-K": "letters_and_digits", "OLD": "expired"}


async def test_who_types_a_code_at_the_checkout_is_credited_also_by_the_promotion_code_of_before(
    carrying: Stripe,
) -> None:
    await carrying.arrive(code(store=SHOP))
    async with carrying.working():
        await carrying.until(waiting=0, in_store=1)
        await carrying.arrive(promising(Discount(give=Fixed(kind="fixed", amount_minor=750)), version=2))
        await until(lambda: _two(carrying.account), within=60, what="there is another promotion code")
        await carrying.until(waiting=0, in_store=1)
    for number, one in enumerate(carrying.account.of("ANNA10")):
        session = deliveries.stripe_session(
            NOW,
            payment_intent=f"pi_{number}",
            customer=f"cus_{number}",
            customer_details={"email": f"friend{number}@example.com"},
            metadata={},
            discounts=[{"coupon": None, "promotion_code": one["id"]}],
        )
        event = deliveries.stripe_event("checkout.session.completed", session, NOW, id=f"evt_{number}")
        sent = deliveries.stripe(event, SIGNED)
        answer = await carrying.both.http.post(f"/in/stripe/{carrying.id}", content=sent.body, headers=sent.headers)
        assert answer.json() == {"outcome": "taken"}
        order = await found(carrying.both, f"pi_{number}")
        assert (order["decision"]["status"], order["decision"]["winner"]["kind"]) == ("attributed", "code")


async def _two(account: StripeAccount) -> bool:
    return [one["active"] for one in account.of("ANNA10")] == [False, True]


async def test_other_terms_are_another_promotion_code_and_the_one_before_is_switched_off(carrying: Stripe) -> None:
    await carrying.arrive(code(store=SHOP), code("BORIS", store=SHOP))
    async with carrying.working():
        await carrying.until(waiting=0, in_store=2)
        again = promising(Discount(give=Fixed(kind="fixed", amount_minor=750), which="every"), version=2)
        await carrying.arrive(again, code("BORIS", revision=2, retired=True, store=SHOP))
        await carrying.until(waiting=0, in_store=1, disabled=1)
        assert carrying.account.coupons["kith-750eur-forever"]["amount_off"] == "750"
        assert [one["active"] for one in carrying.account.of("ANNA10")] == [False, True]
        assert [one["active"] for one in carrying.account.of("BORIS")] == [False]
        await carrying.arrive(code("BORIS", revision=3, store=SHOP))
        await carrying.until(waiting=0, in_store=2, disabled=0)
        assert [one["active"] for one in carrying.account.of("BORIS")] == [False, True]
    assert not any(call.startswith("DELETE") for call in carrying.account.calls)


async def test_terms_that_come_back_while_stripe_is_away_are_put_there_again(carrying: Stripe) -> None:
    await carrying.arrive(code(store=SHOP))
    async with carrying.working():
        await carrying.until(waiting=0, in_store=1)
        carrying.account.faults = [Fault(429)]
        five = Discount(give=Percent(kind="percent", basis_points=500))
        await carrying.arrive(promising(five, version=2))
        await carrying.until(problem="http_429")
        assert carrying.account.of("ANNA10", active=True) == [], "the one of before is off"
        await carrying.arrive(promising(min_subtotal_minor=900, version=3))
        await carrying.hasten()
        await carrying.until(waiting=0, in_store=1, problem=None)
    assert len(carrying.account.of("ANNA10", active=True)) == 1


async def test_a_key_may_be_another_accounts_so_what_should_be_there_is_looked_up(carrying: Stripe) -> None:
    await carrying.arrive(code(store=SHOP), code("BORIS", store=SHOP))
    async with stripe_account() as other, carrying.working():
        await carrying.until(waiting=0, in_store=2)
        await carrying.patch(access={"password": KEY})  # a key of the same account: all is as it was
        await carrying.rested()
        await carrying.until(waiting=0, in_store=2)
        assert [len(carrying.account.of(text)) for text in ("ANNA10", "BORIS")] == [1, 1]
        carrying.door.hosts = {"api.stripe.com": other.url}
        await carrying.patch(access={"password": KEY})
        await carrying.rested()
        await carrying.until(waiting=0, in_store=2)
        assert [len(other.of(text, active=True)) for text in ("ANNA10", "BORIS")] == [1, 1]


@pytest.mark.parametrize("lost", ["note", "answer"])
async def test_what_nobody_heard_of_is_looked_up_and_made_once(carrying: Stripe, lost: str) -> None:
    await carrying.arrive(code(store=SHOP), code("BORIS", store=SHOP))
    if lost == "note":
        failpoints.configure("work.before_note=raise")
    else:
        carrying.account.faults = [Fault(500, after=True)]
    try:
        async with carrying.working():
            await until(lambda: len(carrying.account.calls) >= 2 + (lost == "note"), what="Stripe was asked")
    finally:
        failpoints.configure("")
    await carrying.hasten()
    async with carrying.working():
        await carrying.until(waiting=0, in_store=2)
    assert [len(carrying.account.of(text)) for text in ("ANNA10", "BORIS")] == [1, 1]


async def test_a_limit_of_stripes_holds_the_connection_and_loses_nothing(carrying: Stripe) -> None:
    carrying.account.faults = [Fault(429)]
    await carrying.arrive(*(code(f"C{number}", store=SHOP) for number in range(30)))
    async with carrying.working():
        await carrying.until(problem="http_429")
        async with carrying.both.db.transaction([SHOP]) as tx:
            held = await tx.scalar("select held_until - now() from work_lanes where kind = 'store-codes'")
        assert timedelta(seconds=15) < held < timedelta(seconds=31)
        await carrying.hasten()
        await carrying.until(waiting=0, in_store=30, problem=None)
    assert len(carrying.account.codes) == 30


async def test_a_code_that_somebody_else_made_is_refused_until_it_is_off(carrying: Stripe) -> None:
    held = carrying.account.add("Anna10")
    await carrying.arrive(code(store=SHOP))
    async with carrying.working():
        await carrying.until(waiting=0, refused=1)
        assert [(one["reason"], one["holder"]) for one in await carrying.listed()] == [("taken", held)]
        carrying.account.codes[held]["active"] = False
        await carrying.both.http.post(f"/v1/connections/{carrying.id}/codes/retry", headers=OWNER)
        await carrying.until(waiting=0, in_store=1)


async def test_a_program_without_a_discount_puts_nothing_there(carrying: Stripe) -> None:
    await carrying.arrive(promising(None, version=2), code(store=SHOP))
    async with carrying.working():
        await carrying.rested()
        await carrying.arrive(promising(Discount(give=Percent(kind="percent", basis_points=550)), version=3))
        await carrying.until(waiting=0, in_store=1)
    assert list(carrying.account.coupons) == ["kith-550bp-once"]
