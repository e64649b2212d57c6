"""What Shopify says, in our words: amounts before refunds, paid or not, and the evidence that an order carries."""

from typing import Any

import pytest

from services.attribution.shopify.domain import read_order, read_refund, signature
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
    order = read_order(delivered())
    assert (order.figures.total_minor, order.figures.subtotal_minor) == (5090, 4600)
    assert (order.figures.discount_minor, order.figures.shipping_minor) == (1000, 490)
    assert order.figures.items[0].amount_minor == 4600
    assert order.placed_at.isoformat() == "2026-11-03T12:15:28+02:00"


def test_an_order_carries_its_evidence() -> None:
    order = read_order(delivered())
    assert (order.order_id, order.customer_id, order.is_new) == ("5512345678901", "77001", True)
    assert (order.codes, order.token, order.visitor_id) == (("ANNA10",), "k1.token", "v_9")


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
    assert read_order(delivered(financial_status=financial_status)).figures.status == status


def test_included_tax_is_no_part_of_the_subtotal() -> None:
    order = read_order(delivered(taxes_included=True, total_tax="8.00"))
    assert (order.figures.subtotal_minor, order.figures.total_minor) == (3800, 5090)


@pytest.mark.parametrize(("currency", "price", "minor"), [("JPY", "5090", 5090), ("KWD", "5.090", 5090)])
def test_amounts_follow_their_currencys_exponent(currency: str, price: str, minor: int) -> None:
    bare: dict[str, Any] = {
        "subtotal_price": None,
        "total_tax": None,
        "total_discounts": None,
        "line_items": [],
        "shipping_lines": [],
    }
    order = read_order(delivered(currency=currency, total_price=price, **bare))
    assert (order.figures.total_minor, order.figures.subtotal_minor) == (minor, minor)


def test_a_guest_without_anything_is_an_order_all_the_same() -> None:
    least = {name: delivered()[name] for name in ("id", "created_at", "currency", "total_price")}
    order = read_order(least)
    assert (order.customer_id, order.email, order.codes, order.token) == (None, None, (), None)
    assert order.figures.status == "pending"


@pytest.mark.parametrize("name", ["id", "created_at", "currency", "total_price"])
def test_what_cannot_be_missing_is_named(name: str) -> None:
    told = delivered()
    del told[name]
    with pytest.raises(Invalid) as refused:
        read_order(told)
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
