"""What a code takes off at a checkout, and how shops' answers about it are read."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.gifts import Fixed
from contracts.program import Discount, Percent, Program
from services.common.benefit import promised
from services.connectors.store_codes.domain import insales, shopify, stripe, woocommerce
from services.connectors.store_codes.domain.port import Absent, Exists, Found, Put, Refused, Unreadable, Want
from services.connectors.store_codes.domain.terms import OwnLimits, Terms, least_goods, terms_of

ENDS = datetime(2026, 12, 24, 18, 0, tzinfo=UTC)
TEN = Percent(kind="percent", basis_points=1000)
FIVE = Fixed(kind="fixed", amount_minor=500)


def program(give: Fixed | Percent | None = TEN, **fields: Any) -> Program:
    served = {"friend_benefit": "discount", "discount": {"give": give.model_dump()}} if give else {}
    document = {"name": "P", "currency": "EUR", "landing_url": "https://shop.example/", **served, **fields}
    return Program.model_validate(document)


def terms(give: Fixed | Percent = TEN, **fields: Any) -> Terms:
    known = {"currency": "EUR", "once": True, "least_minor": 0, "max_uses": None, "expires_at": None}
    return Terms(give=give, **{**known, **fields})


def want(code: str = "ANNA10", *, wanted: Terms | None = None, remote_id: str | None = None) -> Want:
    return Want(code_id=f"cod_{code.lower()}", code=code, terms=wanted, remote_id=remote_id, unclear=False)


def test_what_no_database_keeps_is_left_out_of_a_shops_words() -> None:
    answer = b'{"create": [{"id": 0, "error": {"code": "no_\\u0000such"}}]}'
    assert woocommerce.done_in(answer, [want(wanted=terms())]) == [Refused("cod_anna10", "no_such")]


def test_an_id_that_is_no_number_is_none() -> None:
    with pytest.raises(Unreadable):
        woocommerce.done_in(b'{"create": [{"id": true}]}', [want(wanted=terms())])


@pytest.mark.parametrize(
    ("fields", "limits", "active"),
    [
        ({"give": None}, OwnLimits(retired=False), True),
        ({"status": "paused"}, OwnLimits(retired=False), True),
        ({"status": "archived"}, OwnLimits(retired=False), True),
        ({}, OwnLimits(retired=True), True),
        ({}, OwnLimits(retired=False), False),
    ],
)
def test_what_promises_nothing_takes_nothing_off(fields: dict[str, Any], limits: OwnLimits, active: bool) -> None:
    assert terms_of(program(**fields), limits, active=active) is None


def test_terms_are_the_programs_discount_within_the_codes_limits() -> None:
    found = terms_of(program(FIVE), OwnLimits(retired=False, max_uses=3, expires_at=ENDS), active=True)
    assert found == terms(FIVE, max_uses=3, expires_at=ENDS)
    assert found.digest == terms(FIVE, max_uses=3, expires_at=ENDS).digest
    others = [
        terms(FIVE),
        terms(FIVE, max_uses=3),
        terms(Percent(kind="percent", basis_points=500)),
        terms(FIVE, once=False),
        terms(FIVE, currency="USD"),
        terms(FIVE, least_minor=5),
    ]
    assert len({one.digest for one in [found, *others]}) == 7


@given(st.one_of(st.integers(0, 10_000).map(lambda n: Fixed(kind="fixed", amount_minor=n)),
                 st.integers(1, 9_999).map(lambda n: Percent(kind="percent", basis_points=n))),
       st.integers(0, 10_000_000))  # fmt: skip
def test_the_least_order_is_the_lowest_of_which_the_discount_leaves_enough(give: Fixed | Percent, least: int) -> None:
    discount = Discount(give=give)
    goods = least_goods(discount, least)

    def left(price: int) -> int:
        return price - promised(discount, goods_minor=price)

    assert left(goods) >= least
    assert goods == 0 or left(goods - 1) < least


def test_a_coupon_says_all_of_its_terms_and_takes_away_what_no_longer_holds() -> None:
    full = want(wanted=terms(FIVE, once=False, least_minor=1250, max_uses=4, expires_at=ENDS))
    bare = want("BORIS", wanted=terms(), remote_id="719")
    gone = want("CLARA", remote_id="720")
    body = json.loads(woocommerce.batch([full, bare, gone]).body or b"")
    [created], [changed, ended] = body["create"], body["update"]
    assert created == {
        "code": "anna10",
        "discount_type": "fixed_cart",
        "amount": "5.00",
        "individual_use": True,
        "usage_limit": 4,
        "usage_limit_per_user": 0,
        "minimum_amount": "12.50",
        "date_expires": "2026-12-24T18:00:00Z",
        "description": "Kith",
        "meta_data": [{"key": "kith_code", "value": "cod_anna10"}],
    }
    assert (changed["id"], changed["amount"], changed["usage_limit"], changed["date_expires"]) == (719, "10.00", 0, "")
    assert ended == {"id": 720, "date_expires": "2001-01-01T00:00:00Z"}


def test_a_batch_is_read_item_by_item_and_whole_or_not_at_all() -> None:
    wants = [want("A", wanted=terms()), want("B", wanted=terms()), want("C", wanted=terms(), remote_id="3")]
    exists, invalid = "woocommerce_rest_coupon_code_already_exists", "woocommerce_rest_shop_coupon_invalid_id"
    created = [{"id": 7}, {"id": 0, "error": {"code": exists, "message": "", "data": {"status": 400}}}]
    answer = {"create": created, "update": [{"id": 3, "error": {"code": invalid}}]}
    found = woocommerce.done_in(json.dumps(answer).encode(), wants)
    assert found == [Put("cod_a", "7"), Exists("cod_b"), Absent("cod_c")]
    for odd in (b"", b"<html>", b"[]", b"{}", b'{"create": [{"id": 7}]}', b'{"create": [1, 2], "update": [3]}'):
        with pytest.raises(Unreadable):
            woocommerce.done_in(odd, wants)


MINE = {"id": 7, "code": "anna10", "meta_data": [{"key": "kith_code", "value": "cod_anna10"}]}
THEIRS = {"id": 8, "code": "anna10", "date_created_gmt": "2025-03-21T18:23:00", "meta_data": []}


@pytest.mark.parametrize(
    ("coupons", "expected"),
    [
        ([], Absent("cod_anna10")),
        ([{**MINE, "code": "anna100"}], Absent("cod_anna10")),
        ([MINE], Found("cod_anna10", "7")),
        ([THEIRS], Refused("cod_anna10", "taken", "coupon 8, 2025-03-21")),
        ([{**MINE, "meta_data": [{"key": "kith_code", "value": "cod_other"}]}],
         Refused("cod_anna10", "taken", "coupon 7")),
    ],
)  # fmt: skip
def test_a_coupon_is_ours_by_its_mark_alone(coupons: list[Any], expected: Any) -> None:
    assert woocommerce.found_in(json.dumps(coupons).encode(), want()) == expected


def test_a_promotion_code_is_ours_by_its_mark_and_only_those_that_are_on_count() -> None:
    mine = {"id": "promo_1", "code": "Anna10", "active": True, "metadata": {"kith_code": "cod_anna10"}}
    theirs = {"id": "promo_2", "code": "ANNA10", "active": True, "metadata": {}}
    for listed, expected in (
        ([], Absent("cod_anna10")),
        ([{**mine, "active": False}], Absent("cod_anna10")),
        ([theirs, mine], Found("cod_anna10", "promo_1")),
        ([theirs], Refused("cod_anna10", "taken", "promo_2")),
    ):
        assert stripe.found_in(json.dumps({"data": listed}).encode(), want()) == expected
    wanted = terms(FIVE)
    for metadata, meaning in (
        ({"kith_terms": wanted.digest}, Put("cod_anna10", "promo_1")),
        ({"kith_terms": terms().digest}, Found("cod_anna10", "promo_1")),
    ):
        body = json.dumps({"data": [{**mine, "metadata": {"kith_code": "cod_anna10", **metadata}}]}).encode()
        assert stripe.found_in(body, want(wanted=wanted)) == meaning, "its terms never change"
    with pytest.raises(Unreadable):
        stripe.found_in(b'{"error": {}}', want())


@pytest.mark.parametrize(
    ("currency", "minor", "amount"),
    [("EUR", 750, "750"), ("JPY", 750, "750"), ("KWD", 1500, "1500"), ("UGX", 7, "700")],
)
def test_amounts_are_told_to_stripe_in_its_own_minor_units(currency: str, minor: int, amount: str) -> None:
    off = terms(Fixed(kind="fixed", amount_minor=minor), currency=currency)
    assert f"amount_off={amount}&" in (stripe.coupon(off).body or b"").decode() + "&"


def test_parts_of_a_request_to_shopify_are_answered_one_by_one() -> None:
    made, changed, ended = (
        want("A", wanted=terms(FIVE, max_uses=2)),
        want("B", wanted=terms(once=False), remote_id="gid://shopify/DiscountCodeNode/2"),
        want("C", remote_id="gid://shopify/DiscountCodeNode/3"),
    )
    asked = json.loads(shopify.put([made, changed, ended], ENDS).body or b"")
    assert "m0: discountCodeBasicCreate(basicCodeDiscount: $i0)" in asked["query"]
    assert "m1: discountCodeBasicUpdate(id: $d1, basicCodeDiscount: $i1)" in asked["query"]
    assert "m2: discountCodeDeactivate(id: $d2)" in asked["query"]
    assert asked["query"].startswith(
        "mutation ($i0: DiscountCodeBasicInput!, $d1: ID!, $i1: DiscountCodeBasicInput!, $d2: ID!) {"
    )
    created, updated = asked["variables"]["i0"], asked["variables"]["i1"]
    assert (created["startsAt"], created["usageLimit"]) == ("2026-12-24T18:00:00Z", 2)
    assert created["customerGets"]["value"] == {"discountAmount": {"amount": "5.00", "appliesOnEachItem": False}}
    assert "startsAt" not in updated, "when it began stays"
    assert (updated["endsAt"], updated["customerGets"]["value"]) == (None, {"percentage": 0.1})

    def part(remote_id: str | None, *errors: dict[str, Any]) -> dict[str, Any]:
        return {"codeDiscountNode": {"id": remote_id} if remote_id else None, "userErrors": list(errors)}

    taken = {"field": ["basicCodeDiscount", "code"], "code": "TAKEN", "message": ""}
    gone = {"field": ["id"], "code": "INVALID", "message": "Discount does not exist."}
    for answers, expected in (
        ((part("g1"), part("g2"), part("g3")), [Put("cod_a", "g1"), Put("cod_b", "g2"), Put("cod_c", "g3")]),
        ((part(None, taken), part(None, gone), None), [Exists("cod_a"), Absent("cod_b")]),
        ((part(None, {"code": "TOO_LONG"}), part("g2"), part("g3"))[:1], [Refused("cod_a", "too_long")]),
    ):
        body = json.dumps({"data": {f"m{n}": answer for n, answer in enumerate(answers)}}).encode()
        assert shopify.done_in(body, [made, changed, ended]) == expected


def test_points_that_are_used_up_say_how_long_to_wait() -> None:
    status = {"maximumAvailable": 1000.0, "currentlyAvailable": 50.0, "restoreRate": 50.0}
    cost = {"requestedQueryCost": 200, "actualQueryCost": None, "throttleStatus": status}
    error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
    with pytest.raises(shopify.Throttled) as slow:
        shopify.done_in(json.dumps({"errors": [error], "extensions": {"cost": cost}}).encode(), [])
    assert slow.value.wait_s == 3.0
    denied = {"errors": [{"message": "", "extensions": {"code": "ACCESS_DENIED"}}], "data": {"m0": None}}
    with pytest.raises(shopify.Denied):
        shopify.done_in(json.dumps(denied).encode(), [])


@given(st.binary(max_size=60))
def test_no_odd_answer_is_an_accident(body: bytes) -> None:
    for read in (
        lambda: woocommerce.done_in(body, [want(wanted=terms())]),
        lambda: woocommerce.found_in(body, want()),
        lambda: woocommerce.currency_in(body),
        lambda: stripe.found_in(body, want()),
        lambda: stripe.made_in(400, body, want()),
        lambda: shopify.done_in(body, [want(wanted=terms())]),
        lambda: shopify.found_in(body, [want()]),
        lambda: shopify.currency_in(body),
    ):
        try:
            read()
        except Unreadable:
            continue


@pytest.mark.parametrize(
    ("status", "body", "remote_id", "meaning"),
    [
        (201, {"id": 7}, None, Put("cod_anna10", "7")),
        (200, {"discount_code": {"id": 7}}, None, Put("cod_anna10", "7")),
        (200, None, "7", Put("cod_anna10", "7")),
        (404, None, "7", Absent("cod_anna10")),
        (422, {"errors": {"code": ["taken"]}}, None, Exists("cod_anna10")),
        (422, {"code": ["taken"]}, None, Exists("cod_anna10")),
        (422, {"errors": {"discount": ["too much"]}}, None, Refused("cod_anna10", "discount")),
        (422, {"errors": ["no"]}, None, Refused("cod_anna10", "refused")),
    ],
)
def test_insales_says_what_became_of_a_coupon(status: int, body: Any, remote_id: str | None, meaning: object) -> None:
    answer = json.dumps(body).encode() if body is not None else b""
    assert insales.done_in(status, answer, want(wanted=terms(), remote_id=remote_id)) == meaning


@pytest.mark.parametrize(("status", "body"), [(201, b""), (201, b"{}"), (404, b""), (422, b"<h1>"), (400, b"{}")])
def test_what_insales_does_not_say_is_not_guessed(status: int, body: bytes) -> None:
    with pytest.raises(Unreadable):
        insales.done_in(status, body, want(wanted=terms()))


def test_an_insales_coupon_is_ours_by_what_it_says_of_itself() -> None:
    ours = {"id": 7, "code": "anna10", "description": "Kith cod_anna10"}
    other = {"id": 8, "code": "ANNA10", "description": "Kith cod_anna101", "created_at": "2025-03-21T18:23:00+03:00"}
    assert insales.found_in([{"id": 1, "code": "X"}, ours], want()) == Found("cod_anna10", "7")
    assert insales.found_in([other], want()) == Refused("cod_anna10", "taken", "coupon 8, 2025-03-21")
    assert insales.found_in([{"id": 1, "code": "X"}], want()) is None
    for wrong in ([{"id": 0, "code": "ANNA10"}], [{"id": True, "code": "ANNA10"}]):
        with pytest.raises(Unreadable):
            insales.found_in(wrong, want())


@pytest.mark.parametrize(
    ("listed", "currency"),
    [
        ([{"code": "RUR", "is_default": True}], "RUB"),
        ([{"code": "EUR", "is_default": False}, {"code": "KZT", "is_default": True}], "KZT"),
        ([{"code": "EUR"}], "EUR"),
        ([], None),
        ([{"code": "EUR"}, {"code": "KZT"}], None),
        ([{"is_default": True}], None),
    ],
)
def test_insales_shops_have_a_default_currency(listed: list[Any], currency: str | None) -> None:
    body = json.dumps(listed).encode()
    if currency is not None:
        assert insales.currency_in(body) == currency
        return
    with pytest.raises(Unreadable):
        insales.currency_in(body)


@pytest.mark.parametrize(
    ("end", "day"),
    [
        (datetime(2026, 12, 24, 18, tzinfo=UTC), "2026-12-24"),
        (datetime(2026, 12, 25, tzinfo=UTC), "2026-12-24"),
        (datetime(2026, 12, 25, 0, 0, 1, tzinfo=UTC), "2026-12-25"),
    ],
)
def test_an_end_at_insales_is_the_last_day_that_has_some_of_it(end: datetime, day: str) -> None:
    body = json.loads(insales.put(want(wanted=terms(expires_at=end))).body or b"")
    assert body["discount_code"]["expired_at"] == day
