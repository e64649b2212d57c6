"""What Shopify says, in our words: amounts before refunds, paid or not, and the evidence that an order carries."""

from typing import Any

import orjson
import pytest

from services.connectors.platforms.domain.bodies import without_odd_characters
from services.connectors.platforms.domain.shopify.naming import signature
from services.connectors.platforms.domain.shopify.order import read_order
from services.connectors.platforms.domain.shopify.refund import read_refund, refunds_in
from services.kernel.errors import Invalid


def delivered(**changes: Any) -> dict[str, Any]:
    """An order as `orders/paid` brings it, written from the field tables."""
    order: dict[str, Any] = {
        "id": 5512345678901,
        "name": "#1042",
        "created_at": "2026-11-03T12:15:30+02:00",
        "processed_at": "2026-11-03T12:15:28+02:00",
        "updated_at": "2026-11-03T12:16:00+02:00",
        "currency": "EUR",
        "financial_status": "paid",
        "subtotal_price": "46.00",
        "total_price": "50.90",
        "total_tax": "0.00",
        "total_discounts": "10.00",
        "current_subtotal_price": "23.00",
        "taxes_included": False,
        "email": "Friend@Example.com",
        "customer": {"id": 77001, "orders_count": 1},
        "discount_codes": [{"code": "ANNA10", "amount": "10.00", "type": "fixed_amount"}],
        "note_attributes": [{"name": "kith", "value": "k1.token"}, {"name": "kith_visitor", "value": "v_9"}],
        "line_items": [{"sku": "YIRG", "product_id": 5, "quantity": 2, "price": "28.00", "total_discount": "10.00"}],
        "shipping_lines": [{"price": "4.90"}],
        "test": False,
    }
    return order | changes


def test_an_order_keeps_its_figures_before_refunds() -> None:
    order = read_order(delivered()).order
    assert (order.total_minor, order.subtotal) == (5090, 4600)
    assert (order.discount_minor, order.shipping_minor) == (1000, 490)
    assert order.items[0].amount_minor == 4600
    assert order.placed_at.isoformat() == "2026-11-03T12:15:28+02:00"


def test_an_order_carries_its_evidence() -> None:
    order = read_order(delivered()).order
    assert (order.order_id, order.customer.id) == ("5512345678901", "77001")
    assert (order.codes, order.tokens, order.visitor_id) == (("ANNA10",), ("k1.token",), "v_9")


@pytest.mark.parametrize(
    ("financial_status", "status"),
    [
        ("paid", "paid"),
        ("partially_refunded", "paid"),
        ("refunded", "paid"),
        ("pending", "pending"),
        ("authorized", "pending"),
        ("partially_paid", "pending"),
        ("voided", "pending"),
        (None, "pending"),
    ],
)
def test_an_order_is_paid_once_its_money_came_in(financial_status: str | None, status: str) -> None:
    assert read_order(delivered(financial_status=financial_status)).order.status == status


def test_included_tax_is_no_part_of_the_subtotal() -> None:
    order = read_order(delivered(taxes_included=True, total_tax="8.00")).order
    assert (order.subtotal, order.total_minor) == (3800, 5090)


def line(line_id: int, price: str, *, tax: str | None = None, **more: Any) -> dict[str, Any]:
    taxes = {"tax_lines": [{"price": tax}]} if tax is not None else {}
    return {"id": line_id, "quantity": 1, "price": price, **taxes, **more}


def refund(
    *lines: tuple[int, str],
    amount: str | None,
    currency: str = "EUR",
    status: str = "success",
    refund_id: int = 9,
    **more: Any,
) -> dict[str, Any]:
    """A refund; without an amount it is an edit, which takes lines out of the order and moves no money."""
    money = {"kind": "refund", "status": status, "amount": amount, "currency": currency}
    return {
        "id": refund_id,
        "order_id": 5512345678901,
        "created_at": "2026-11-05T09:00:00Z",
        "refund_line_items": [
            {"line_item_id": line_id, "quantity": 1, "subtotal": subtotal, "total_tax": "0.00"}
            for line_id, subtotal in lines
        ],
        "transactions": [] if amount is None else [money],
    } | more


def both(shop: str, buyer: str) -> dict[str, Any]:
    return {
        "shop_money": {"amount": shop, "currency_code": "EUR"},
        "presentment_money": {"amount": buyer, "currency_code": "JPY"},
    }


def test_tax_on_the_shipping_is_no_tax_on_the_goods() -> None:
    order = read_order(
        delivered(
            taxes_included=True,
            subtotal_price="120.00",
            total_price="132.00",
            total_tax="22.00",
            line_items=[line(1, "120.00", tax="20.00")],
            shipping_lines=[{"price": "12.00", "tax_lines": [{"price": "2.00"}]}],
        )
    ).order
    assert (order.subtotal, order.shipping_minor, order.tax_minor) == (10_000, 1000, 2200)
    assert order.items[0].amount_minor == 10_000


def test_discounts_of_the_whole_order_are_taken_from_its_lines_and_from_the_shipping() -> None:
    reported = line(1, "40.00", total_discount="0.00", discount_allocations=[{"amount": "4.00"}, {"amount": "1.50"}])
    shipping = [{"price": "9.00", "discounted_price": "5.00"}, {"price": "3.00", "discount_allocations": []}]
    order = read_order(delivered(line_items=[reported], shipping_lines=shipping)).order
    assert (order.items[0].amount_minor, order.items[0].line_id, order.shipping_minor) == (3450, "1", 800)


def test_gift_cards_are_no_part_of_the_subtotal() -> None:
    lines = [line(1, "26.00"), line(2, "20.00", gift_card=True)]
    order = read_order(delivered(line_items=lines)).order
    assert (order.subtotal, [item.gift_card for item in order.items]) == (2600, [False, True])


LINES = [line(1, "60.00"), line(2, "40.00")]
CHECKOUT = {"subtotal_price": "100.00", "total_price": "100.00", "shipping_lines": [], "line_items": LINES}


def test_an_order_that_was_edited_down_is_what_was_sold() -> None:
    now = {"current_subtotal_price": "60.00", "current_total_price": "60.00"}
    order = read_order(delivered(**CHECKOUT, **now, refunds=[refund((2, "40.00"), amount=None)])).order
    assert (order.subtotal, order.total_minor, [i.line_id for i in order.items]) == (6000, 6000, ["1"])
    trimmed = read_order(delivered(**CHECKOUT, **now)).order
    assert (trimmed.subtotal_minor, trimmed.total_minor) == (6000, 6000), "paid, so nothing was refunded"


def test_what_was_refunded_was_sold() -> None:
    now = {"current_subtotal_price": "60.00", "current_total_price": "60.00", "financial_status": "partially_refunded"}
    order = read_order(delivered(**CHECKOUT, **now, refunds=[refund((2, "40.00"), amount="40.00")])).order
    assert (order.subtotal, order.total_minor, len(order.items)) == (10_000, 10_000, 2)
    assert read_order(delivered(**CHECKOUT, **now)).order.subtotal == 10_000, "trimmed: as at the checkout"


def test_money_for_lines_that_were_edited_out_is_not_taken_back_twice() -> None:
    edit, repaid = refund((2, "40.00"), amount=None, refund_id=8), refund(amount="40.00")
    [_, found] = refunds_in(delivered(**CHECKOUT, refunds=[edit, repaid]))
    assert (found.refund_id, found.amount_minor) == ("9", 0)


def test_a_refund_says_which_lines_and_how_much_shipping_went_back() -> None:
    shipping = [{"kind": "shipping_refund", "amount": "-4.90", "tax_amount": "0.00"}]
    found = read_refund(refund((1, "60.00"), amount="64.90", order_adjustments=shipping))
    assert [(one.line_id, one.quantity, one.amount_minor) for one in found.lines] == [("1", 1, 6000)]
    assert (found.amount_minor, found.currency, found.shipping_minor, found.status) == (6490, "EUR", 490, "succeeded")


def test_lines_of_a_refund_are_net_of_tax_also_where_it_does_not_say_whether_prices_hold_it() -> None:
    reported = refund(amount="60.00")
    reported["refund_line_items"] = [{"line_item_id": 1, "quantity": 1, "subtotal": "60.00", "total_tax": "10.00"}]
    assert read_refund(reported).lines[0].amount_minor == 5000
    reported["transactions"][0]["amount"] = "70.00"
    assert read_refund(reported).lines[0].amount_minor == 6000


def test_yen_that_went_back_are_counted_in_the_shops_own_money() -> None:
    reported = refund(amount="8000", currency="JPY")
    own = reported | {"refund_line_items": [{"line_item_id": 1, "quantity": 1, "subtotal_set": both("50.00", "8000")}]}
    by_lines = read_refund(own)
    assert (by_lines.amount_minor, by_lines.currency, by_lines.lines[0].amount_minor) == (5000, "EUR", 5000)
    set_beside = refund(amount="8000", currency="JPY")
    set_beside["transactions"][0]["amount_set"] = both("50.00", "8000")
    assert (read_refund(set_beside).amount_minor, read_refund(set_beside).currency) == (5000, "EUR")
    [by_order] = refunds_in(delivered(**CHECKOUT, refunds=[reported], total_price_set=both("100.00", "16000")))
    assert (by_order.amount_minor, by_order.currency) == (5000, "EUR")
    alone = read_refund(reported)
    assert (alone.amount_minor, alone.currency) == (8000, "JPY"), "told as it is, and marked by its currency"


@pytest.mark.parametrize(
    ("currency", "amount"), [("XTS", "12.5"), ("KWD", "1.250"), ("CLF", "0.1250"), ("points", "1250")]
)
def test_no_currency_fails_a_delivery(currency: str, amount: str) -> None:
    assert read_refund(refund(amount=amount, currency=currency)).amount_minor > 0
    [found] = refunds_in(delivered(**CHECKOUT, refunds=[refund(amount=amount, currency=currency)]))
    assert found.amount_minor > 0
    bare: dict[str, Any] = {"subtotal_price": None, "total_tax": None, "total_discounts": None, "line_items": []}
    if currency != "points":
        assert read_order(delivered(currency=currency, total_price=amount, **bare)).order.currency == currency


@pytest.mark.parametrize(("status", "reported"), [("failure", "failed"), ("error", "failed"), ("pending", "none")])
def test_a_refund_may_fail_or_wait(status: str, reported: str) -> None:
    found = read_refund(refund((1, "60.00"), amount="60.00", status=status))
    assert (found.status, found.amount_minor) == (reported, 0)


def test_an_unreadable_refund_does_not_cost_us_its_order() -> None:
    bad = refund(amount="a lot")
    assert [one.refund_id for one in refunds_in(delivered(refunds=[bad, refund(amount="5.00"), 7]))] == ["9"]


@pytest.mark.parametrize(("currency", "price", "minor"), [("JPY", "5090", 5090), ("KWD", "5.090", 5090)])
def test_amounts_follow_their_currencys_exponent(currency: str, price: str, minor: int) -> None:
    bare: dict[str, Any] = {
        "subtotal_price": None,
        "total_tax": None,
        "total_discounts": None,
        "line_items": [],
        "shipping_lines": [],
    }
    order = read_order(delivered(currency=currency, total_price=price, **bare)).order
    assert (order.total_minor, order.subtotal) == (minor, minor)


def test_a_guest_without_anything_is_an_order_all_the_same() -> None:
    least = {name: delivered()[name] for name in ("id", "created_at", "currency", "total_price")}
    order = read_order(least).order
    assert (order.customer.id, order.customer.email, order.codes, order.tokens) == (None, None, (), ())
    assert order.status == "pending"


@pytest.mark.parametrize("name", ["id", "created_at", "currency", "total_price"])
def test_what_cannot_be_missing_is_named(name: str) -> None:
    reported = delivered()
    del reported[name]
    with pytest.raises(Invalid) as refused:
        read_order(reported)
    assert refused.value.errors[0].field == name


@pytest.mark.parametrize("price", ["12.345", "NaN", "-1.00", "", "1e999", "a lot", ["1.00"], 1.5, True])
def test_an_amount_that_is_none_is_refused_and_never_guessed(price: Any) -> None:
    with pytest.raises(Invalid):
        read_order(delivered(total_price=price))


def test_a_refund_counts_what_really_went_back() -> None:
    refund = read_refund(
        {
            "id": 9,
            "order_id": 5512345678901,
            "created_at": "2026-11-05T09:00:00Z",
            "transactions": [
                {"kind": "refund", "status": "success", "amount": "20.00", "currency": "EUR"},
                {"kind": "refund", "status": "failure", "amount": "3.00", "currency": "EUR"},
                {"kind": "void", "status": "success", "amount": "5.00", "currency": "EUR"},
            ],
        }
    )
    assert (refund.order_id, refund.refund_id, refund.amount_minor) == ("5512345678901", "9", 2000)


def test_the_signature_is_the_platforms_own() -> None:
    body = b'{"id":450789469,"test":true}'
    assert signature(b"test_secret", body) == b"fJoPLEeEn8PJAaMJCcWUEscpAyObBNN/CRo9Jo6ZoKU="


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b'{"note": "a\\u0000b"}', "ab"),
        (b'{"note": "a\0b"}', "ab"),
        (b'{"note": "a\\ud83db"}', "ab"),
        (b'{"note": "a\\uDE00\\ud83db"}', "ab"),
        (b'{"note": "\\ud83d\\ude00"}', "\U0001f600"),
        (b'{"note": "\\\\u0000"}', "\\u0000"),
        (b'{"note": "a\xed\xa0\x80b\xff"}', "ab"),
        (b'{"note": "\xc3\xa9\\u00e9"}', "\u00e9\u00e9"),
    ],
)
def test_a_character_that_cannot_be_kept_is_lost_and_not_the_order(body: bytes, kept: str) -> None:
    assert orjson.loads(without_odd_characters(body)) == {"note": kept}
