"""What is kept beside the books, changed by hand: redemptions, pools, credit at the checkout, reports of budgets."""

import pytest

from services.rewards.verification.actions import verify
from tests.integration.rewards.money import audit
from tests.integration.rewards.spent import CREDIT, POINTS, bought, opened
from tests.integration.rewards.test_catalogue import BAG, added, redeemed
from tests.integration.rewards.test_credit import reserve
from tests.integration.rewards.world import World
from tests.unit.rewards.build import STORE, make_program, published


@pytest.fixture
async def shop(world: World) -> World:
    """A store with everything: goods that wait, were sent, called off and came back, coupons, credit that was used,
    returned and let go, and a budget that is used up.
    """
    await opened(world, POINTS, CREDIT)
    await bought(world, "1", "2", "3", friend_id="8412")
    async with world.caller(STORE) as api:
        bag = await added(api, price=10, stock=20)
        for end in ("", "fulfil", "cancel"):
            one = (await redeemed(api, bag)).json()["id"]
            if end:
                assert (await api.post(f"/v1/redemptions/{one}/{end}")).status_code == 200
        sent = (await redeemed(api, bag)).json()["id"]
        for step in ("fulfil", "return"):
            assert (await api.post(f"/v1/redemptions/{sent}/{step}")).status_code == 200
        first = (await api.post("/v1/pools", json={"name": "Coffee"})).json()["id"]
        second = (await api.post("/v1/pools", json={"name": "Tea"})).json()["id"]
        await api.post(f"/v1/pools/{first}/codes", json={"csv": "ONE\nTWO"})
        await api.post(f"/v1/pools/{first}/codes", json={"csv": "THREE"})
        await api.post(f"/v1/pools/{second}/codes", json={"csv": "FOUR"})
        coupon = await added(api, kind="discount", stock=None, pool_id=first, name="Coupon", price=5)
        for _ in range(2):
            assert (await redeemed(api, coupon)).json()["status"] == "fulfilled"
        kept = (await reserve(api, 20, customer_id="8412", order_id=None, cart_id="c1")).json()
        await api.post(f"/v1/credit-reservations/{kept['id']}/capture", json={"order_id": "50"})
        assert (await reserve(api, 30, customer_id="8412", order_id="51")).status_code == 201
        gone = (await reserve(api, 10, customer_id="8412", order_id="52")).json()
        await api.post(f"/v1/credit-reservations/{gone['id']}/release")
    await bought(world, "50", friend_id="8412", total_minor=1000, subtotal_minor=1000, refunded_minor=500)
    await world.take(published(make_program(POINTS, CREDIT, budget_minor=400), version=2))
    report = await audit(world)
    assert report.whole, report.findings
    return world


HAND = "(select min(spend_id) from spends where purpose = 'redemption' and status = '{}')"


@pytest.mark.parametrize(
    ("flip", "kind", "words"),
    [
        ("update redemptions set price = price + 1 where status = 'requested'", "redemption", "is requested for 11"),
        (
            "update redemptions set status = 'fulfilled', fulfilled_at = now() where status = 'requested'",
            "redemption",
            "of its spend, spd_",
        ),
        (
            "update redemptions set status = 'requested', ended_at = null where status = 'cancelled'",
            "redemption",
            "is released",
        ),
        (
            "update redemptions set status = 'fulfilled', ended_at = null where status = 'returned'",
            "redemption",
            "is fulfilled for 10",
        ),
        ("update redemptions set ambassador_id = 'amb_eve' where status = 'requested'", "redemption", "or another's"),
        (f"update spends set purpose_id = 'rdm_x' where spend_id = {HAND.format('reserved')}", "redemption", "none"),
        ("delete from redemptions where status = 'returned'", "redemption", "which is not there"),
        ("update redemptions set code = 'THREE' where code = 'TWO'", "redemption", "another code"),
        ("delete from pool_handouts where place = 1", "pool", "1 handed out"),
        ("update pool_handouts set place = 900 where place = 1", "pool", "of row 1"),
        ("update pools set added = added + 1 where name = 'Coffee'", "pool", "counts 4 codes"),
        ("update pools set handed = handed - 1 where name = 'Coffee'", "pool", "1 handed out"),
        ("update pools set handed_place = 1000 where name = 'Coffee'", "pool", "place 1000"),
        ("update pool_slices set codes = array['ONE', 'ONE'] where 'TWO' = any(codes)", "pool", "one code 2 times"),
        ("update pool_slices set codes = array['FIVE'] where 'FOUR' = any(codes)", "pool", "does not have"),
        ("update pool_slices set codes = array['THREE'] where 'FOUR' = any(codes)", "pool", "as that pool's"),
        ("delete from pool_codes where code = 'TWO'", "pool", "place 2"),
        ("update spends set purpose_id = '77' where purpose_id = '50'", "spend", "for order 77"),
        ("update spends set owner = '1' where purpose_id = '51'", "spend", "is 1's for order 51"),
        ("update spends set purpose_id = '50', purpose = 'cart' where purpose_id = '51'", "spend", "for cart 50"),
        ("update budget_states set exhausted = false", "budget", "as not used up"),
        ("delete from budget_states", "budget", "as not used up"),
        ("update programs set budget_minor = null", None, ""),
    ],
)
async def test_what_was_changed_by_hand_is_named(shop: World, flip: str, kind: str | None, words: str) -> None:
    async with shop.owner.transaction([STORE]) as tx:
        assert await tx.execute(flip) > 0
    found = (await audit(shop)).findings
    assert any((one.kind, words in one.detail) == (kind, True) for one in found) is (kind is not None), found


async def test_credit_that_was_not_returned_with_its_order_is_named(shop: World) -> None:
    """As if the refund had come and the credit of the order had stayed used."""
    async with shop.owner.transaction([STORE]) as tx:
        await tx.execute("update spends set given_back = 0 where purpose_id = '50'")
    assert any("of its order went back what comes to 10" in one.detail for one in (await audit(shop)).findings)


async def test_in_slices_of_one_the_same_is_found(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_SLICE", "_REWARDS", "_PROGRAMS"):
        monkeypatch.setattr(f"services.rewards.verification.actions.{name}", 1)
    assert (await audit(shop)).findings == []
    async with shop.owner.transaction([STORE]) as tx:
        await tx.execute("update redemptions set price = price + 1")
        await tx.execute("update pools set added = added + 1")
        await tx.execute("delete from pool_codes")
        await tx.execute("update spends set purpose_id = purpose_id || 'x' where purpose <> 'redemption'")
    found = [one.kind for one in (await audit(shop)).findings]
    assert {kind: found.count(kind) for kind in ("redemption", "pool", "spend")} == {
        "redemption": 6,
        "pool": 2 + 4,
        "spend": 3,
    }


async def test_nobody_waits_for_it(shop: World) -> None:
    """It reads a snapshot and holds no lock that a writer would wait for."""
    async with shop.db.transaction([STORE], snapshot=True) as tx:
        await tx.scalar("select 1 from head")
        async with shop.caller(STORE) as api:
            bag = await added(api, **BAG | {"price": 1, "stock": 1})
            assert (await redeemed(api, bag)).status_code == 201
        assert (await verify(tx, STORE)).whole
        held = await tx.scalar(
            "select count(*) from pg_locks where pid = pg_backend_pid() and mode not in ('AccessShareLock')"
            " and locktype = 'relation'"
        )
    assert held == 0
