"""What WooCommerce, Stripe, Tilda and InSales say, in our words; and what proves that it was they."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.order import Order
from services.common.order_facts import Clock
from services.connectors.platforms.domain.insales import reading as insales
from services.connectors.platforms.domain.port import READ_BACK, Asked, Delivered, Ignored, Options, Platform, Report
from services.connectors.platforms.domain.registry import PLATFORMS
from services.connectors.platforms.domain.rules import QUESTIONS
from services.connectors.platforms.domain.woocommerce.naming import ping
from services.kernel.errors import Invalid
from tests.support import deliveries

NOW = datetime(2026, 11, 3, 10, 15, 30, tzinfo=UTC)
TOKEN = "k1." + "A" * 116


def read(platform: str, body: bytes, topic: str = "", options: Options = Options()) -> Report:  # noqa: B008
    return PLATFORMS[platform].read(Delivered(topic, body, Clock(NOW + timedelta(hours=1)), NOW, options))


def woo(topic: str = "order.updated", **fields: Any) -> Report:
    return read("woocommerce", json.dumps(deliveries.woo_order(NOW, **fields)).encode(), topic)


def stripe(type_: str, found: Mapping[str, Any], at: datetime = NOW, **fields: Any) -> Report:
    return read("stripe", json.dumps(deliveries.stripe_event(type_, found, at, **fields)).encode())


def one(report: Report) -> Order:
    [order] = report.orders
    return order


def refunds(report: Report) -> list[tuple[str, str, int, str]]:
    return [(r.order_id, r.refund.refund_id, r.refund.amount_minor, r.refund.status) for r in report.refunds]


def test_woocommerces_order_is_read_with_its_times_in_utc() -> None:
    order = one(woo())
    assert (order.order_id, order.status, order.currency) == ("727", "paid", "EUR")
    assert (order.total_minor, order.subtotal, order.tax_minor, order.shipping_minor) == (5090, 4600, 90, 400)
    assert (order.discount_minor, order.codes) == (500, ("ANNA10",))
    assert (order.placed_at, order.updated_at) == (NOW, NOW + timedelta(minutes=1))
    assert (order.customer.id, order.customer.email) == ("25", "Eva@Example.com")
    assert [(i.sku, i.quantity, i.amount_minor, i.line_id) for i in order.items] == [("YIRG", 2, 4600, "315")]


@pytest.mark.parametrize(
    ("fields", "paid"),
    [
        ({"status": "pending", "date_paid_gmt": None}, False),
        ({"status": "on-hold"}, False),
        ({"status": "failed"}, False),
        ({"status": "processing", "date_paid_gmt": None}, True),
        ({"status": "completed"}, True),
        ({"status": "refunded"}, True),
        ({"status": "shipped"}, True),
        ({"status": "shipped", "date_paid_gmt": None}, False),
        ({"status": "cancelled"}, True),
    ],
)
def test_woocommerce_has_no_topic_for_paid(fields: dict[str, Any], paid: bool) -> None:
    for topic in ("order.created", "order.updated", "order.restored"):
        assert one(woo(topic, **fields)).status == ("paid" if paid else "pending")


def test_woocommerces_refunds_are_sums_below_zero_each_told_once() -> None:
    carried = [{"id": 741, "reason": "", "total": "-10.00"}, {"id": 742, "reason": "torn", "total": "-0.90"}]
    assert refunds(woo(refunds=carried)) == [("727", "741", 1000, "succeeded"), ("727", "742", 90, "succeeded")]
    assert woo(refunds=carried).refunds[0].refund.updated_at is None, "a later body tells the same fact"


def test_woocommerces_cancelled_and_deleted_orders_end_and_restored_ones_go_on() -> None:
    for status in ("cancelled", "trash"):
        report = woo(status=status)
        assert one(report).cancelled_at == NOW + timedelta(minutes=1)
        assert [c.at for c in report.cancels] == [NOW + timedelta(minutes=1)]
    [gone] = read("woocommerce", b'{"id": 727}', "order.deleted").cancels
    assert (gone.order_id, gone.at) == ("727", NOW)
    with pytest.raises(Invalid):
        woo("order.deleted")  # an order that was signed under another topic
    assert one(woo("order.restored")).cancelled_at is None


def test_woocommerces_evidence_stands_in_three_places() -> None:
    meta = [
        {"key": "_wc_order_attribution_session_entry", "value": f"https://shop.example/a?utm_x=1&kith={TOKEN}"},
        {"key": "kith", "value": f"{TOKEN}x {TOKEN}"},
        {"key": "_kith_visitor", "value": "v_1"},
        {"key": "odd", "value": {"a": 1}},
    ]
    order = one(woo(meta_data=meta))
    assert (order.tokens, order.visitor_id) == ((f"{TOKEN}x", TOKEN), "v_1")


def test_a_woocommerce_fee_below_zero_is_a_discount_and_one_above_no_goods() -> None:
    fees = [{"id": 1, "name": "packing", "total": "3.00"}, {"id": 2, "name": "loyal", "total": "-6.00"}]
    assert one(woo(fee_lines=fees)).subtotal == 4000


def test_a_woocommerce_amount_that_cannot_be_read_is_no_zero() -> None:
    line = {"id": 1, "quantity": 1, "total": 46.1}
    assert one(woo(line_items=[line], shipping_total=None)).subtotal == 4610, "a plugin may write numbers"
    for fields in (
        {"shipping_total": "free"},
        {"total": "50,90"},
        {"line_items": [line | {"total": {"raw": 46}}]},
        {"refunds": [{"id": 8, "total": None}]},
    ):
        with pytest.raises(Invalid):
            woo(**fields)


@pytest.mark.parametrize(("currency", "minor"), [("JPY", 4610), ("KWD", 4_610_000), ("EUR", 461_000)])
def test_woocommerces_amounts_count_in_the_currencys_own_minor_units(currency: str, minor: int) -> None:
    order = woo(currency=currency, total="4610.000", total_tax="0", refunds=[{"id": 8, "total": "-4610"}])
    assert (one(order).total_minor, order.refunds[0].refund.amount_minor) == (minor, minor)


def test_woocommerces_ping_is_a_form_that_names_the_webhook_and_nothing_else() -> None:
    assert ping(Asked({}, b"webhook_id=7"))
    for body in (b"", b"webhook_id=", b"webhook_id=7&a=1", b'{"id":1}', b"webhook_id=" + b"9" * 80):
        assert not ping(Asked({}, body))


def test_stripes_session_is_an_order_by_its_payment_intent() -> None:
    order = one(stripe("checkout.session.completed", deliveries.stripe_session(NOW)))
    assert (order.order_id, order.status, order.currency) == ("pi_1", "paid", "EUR")
    assert (order.total_minor, order.subtotal, order.discount_minor) == (5090, 4600, 500)
    assert (order.codes, order.customer.id, order.customer.email) == (("ANNA10",), "cus_9", "eva@example.com")


def test_a_session_that_is_paid_later_is_the_same_order() -> None:
    session = deliveries.stripe_session(NOW, payment_status="unpaid", metadata={"order_id": "1001"})
    before = one(stripe("checkout.session.completed", session))
    after = one(
        stripe(
            "checkout.session.async_payment_succeeded",
            session | {"payment_status": "paid"},
            NOW + timedelta(days=2),
        )
    )
    assert (before.order_id, before.status, after.order_id, after.status) == ("pi_1", "pending", "pi_1", "paid")
    assert before.updated_at is not None
    assert after.updated_at is not None
    assert before.updated_at < after.updated_at
    free = one(stripe("checkout.session.completed", session | {"payment_intent": None, "amount_total": 0}))
    assert free.order_id == "cs_live_1"


def test_stripes_test_mode_never_counts() -> None:
    for changes in ({"livemode": False}, {"livemode": None}):
        with pytest.raises(Ignored, match="test_mode"):
            stripe("checkout.session.completed", deliveries.stripe_session(NOW), **changes)


def test_each_invoice_of_a_subscription_is_an_order_and_its_session_tells_of_the_first() -> None:
    session = deliveries.stripe_session(NOW, mode="subscription", payment_intent=None, invoice="in_1")
    assert one(stripe("checkout.session.completed", session)).order_id == "in_1"
    invoice = {
        "id": "in_2",
        "status": "paid",
        "currency": "eur",
        "total": 1190,
        "total_taxes": [{"amount": 190}],
        "created": int(NOW.timestamp()),
        "customer": "cus_9",
        "customer_email": "eva@example.com",
        "billing_reason": "subscription_cycle",
        "parent": {"subscription_details": {"metadata": {"kith": TOKEN}}},
    }
    order = one(stripe("invoice.paid", invoice))
    assert (order.order_id, order.status, order.total_minor, order.subtotal) == ("in_2", "paid", 1190, 1000)
    assert order.tokens == (TOKEN,)
    with pytest.raises(Ignored, match="no_subscription"):
        stripe("invoice.paid", invoice | {"billing_reason": "manual", "parent": None})
    # In the middle of a month a larger plan is billed, and what is left of the smaller one taken back.
    changed = one(stripe("invoice.paid", invoice | {"total_taxes": [{"amount": 380}, {"amount": -190}]}))
    assert (changed.tax_minor, changed.subtotal) == (190, 1000)
    with pytest.raises(Ignored, match="credit"):
        stripe("invoice.paid", invoice | {"total": -1190, "total_taxes": [{"amount": -190}]})


def test_what_paid_an_invoice_is_read_from_whatever_says_so() -> None:
    invoice = {"id": "in_2", "status": "paid", "currency": "eur", "total": 1190, "created": int(NOW.timestamp())}
    invoice |= {"billing_reason": "subscription_cycle"}
    by_intent = {"type": "payment_intent", "payment_intent": "pi_2"}
    by_charge = {"type": "charge", "charge": {"id": "ch_2"}, "payment_intent": None}
    listed = [
        {"payment": by_intent, "status": "paid"},
        {"payment": by_charge},
        {"payment": by_intent, "status": "open"},
    ]
    charge = {"id": "ch_2", "payment_intent": "pi_2", "invoice": "in_2", "amount_refunded": 500, "currency": "eur"}
    for type_, found, version, paid_by in (
        ("invoice_payment.paid", {"invoice": "in_2", "payment": by_intent}, "2025-09-30.clover", ["pi_2"]),
        ("invoice_payment.paid", {"invoice": {"id": "in_2"}, "payment": by_charge}, "2025-09-30.clover", ["ch_2"]),
        ("invoice.paid", invoice | {"payments": {"data": listed}}, "2025-09-30.clover", ["pi_2", "ch_2"]),
        ("invoice.paid", invoice, "2025-09-30.clover", []),
        ("invoice.paid", invoice | {"payment_intent": "pi_2", "charge": "ch_2"}, "2024-12-18.acacia", ["pi_2"]),
        ("charge.refunded", charge, "2023-10-16", ["pi_2"]),
    ):
        report = stripe(type_, found, api_version=version)
        assert list(report.payments) == [(payment, "in_2") for payment in paid_by], type_
    with pytest.raises(Ignored, match="no_payment_intent"):
        stripe("invoice_payment.paid", {"invoice": "in_2", "payment": {"type": "payment_record"}})


def test_what_stripe_does_not_say_is_no_zero() -> None:
    for type_, found in (
        ("checkout.session.completed", deliveries.stripe_session(NOW, amount_total=None)),
        ("refund.created", {"id": "re_1", "payment_intent": "pi_1", "currency": "eur", "status": "succeeded"}),
    ):
        with pytest.raises(Invalid):
            stripe(type_, found)


def test_a_bare_payment_intent_counts_where_its_shop_says_so_and_says_less_than_a_session() -> None:
    intent = {"id": "pi_1", "status": "succeeded", "currency": "jpy", "amount_received": 5090}
    intent |= {"created": int(NOW.timestamp()), "metadata": {"kith_visitor": "v_1"}}
    order = one(stripe("payment_intent.succeeded", intent, NOW + timedelta(hours=1)))
    assert (order.total_minor, order.visitor_id, order.status) == (5090, "v_1", "paid")
    session = one(stripe("checkout.session.completed", deliveries.stripe_session(NOW)))
    assert order.updated_at is not None
    assert session.updated_at is not None
    assert order.updated_at < session.updated_at
    with pytest.raises(Ignored, match="no_kith_metadata"):
        stripe("payment_intent.succeeded", intent | {"metadata": {"order_id": "7"}})


def test_stripes_refunds_are_told_one_by_one_and_may_fail_later() -> None:
    refund = {"id": "re_1", "payment_intent": "pi_1", "amount": 1000, "currency": "eur", "created": 1, "charge": "ch_1"}
    later = NOW + timedelta(days=3)
    assert refunds(stripe("refund.created", refund | {"status": "succeeded"})) == [("pi_1", "re_1", 1000, "succeeded")]
    failed = stripe("refund.failed", refund | {"status": "failed"}, later)
    assert refunds(failed) == [("pi_1", "re_1", 1000, "failed")]
    assert failed.refunds[0].refund.updated_at == later
    with pytest.raises(Ignored, match="no_money_went_back"):
        stripe("refund.created", refund | {"status": "pending"})


def test_a_charge_tells_of_its_refunds_as_its_version_of_the_api_does() -> None:
    charge = {"id": "ch_1", "payment_intent": "pi_1", "invoice": "in_1", "amount_refunded": 1500, "currency": "eur"}
    listed = [{"id": "re_1", "amount": 1500, "currency": "eur", "status": "succeeded", "created": 1}]
    old = stripe("charge.refunded", charge | {"refunds": {"data": listed}}, api_version="2020-08-27")
    assert refunds(old) == [("pi_1", "re_1", 1500, "succeeded"), ("in_1", "re_1", 1500, "succeeded")]
    between = stripe("charge.refunded", charge, api_version="2023-10-16")
    assert refunds(between)[0] == ("pi_1", "ch_1", 1500, "succeeded")
    newest = stripe("charge.refunded", charge | {"invoice": None})
    assert [(one.order_id, one.form) for one in newest.refunds] == [("pi_1", "more")], "each is told by its own event"
    with_invoice = stripe("charge.refunded", charge, api_version="2024-12-18.acacia")
    forms = [(one.order_id, one.form) for one in with_invoice.refunds]
    assert forms == [("pi_1", "more"), ("in_1", "sum")], "refunds tell of the payment intent alone"


def test_no_version_of_stripes_api_tells_of_one_refund_under_two_names() -> None:
    refund = {"id": "re_1", "payment_intent": "pi_1", "amount": 1000, "currency": "eur", "created": 1, "charge": "ch_1"}
    refund |= {"status": "succeeded"}
    for version, reported in (
        ("2020-08-27", True),
        ("2023-10-16", False),
        ("2024-10-28.acacia", True),
        ("2025-03-31.basil", True),
    ):
        if reported:
            report = stripe("charge.refund.updated", refund, api_version=version)
            assert refunds(report) == [("pi_1", "re_1", 1000, "succeeded")]
        else:
            with pytest.raises(Ignored, match="told_by_charge"):
                stripe("charge.refund.updated", refund, api_version=version)
        assert not reported or report.by_payment is (version >= "2025-03-31"), "else its charge tells it of the invoice"
    # Without a charge no sum has it.
    assert stripe("refund.created", refund | {"charge": None}, api_version="2023-10-16").refunds


@pytest.mark.parametrize(
    ("event", "status", "reported"),
    [
        ("created", "needs_response", None),
        ("created", "warning_needs_response", None),
        ("funds_withdrawn", "needs_response", "succeeded"),
        ("funds_withdrawn", "under_review", "succeeded"),
        ("closed", "lost", "succeeded"),
        ("funds_reinstated", "won", "failed"),
        ("closed", "won", "failed"),
        ("closed", "warning_closed", None),
        ("funds_reinstated", "under_review", None),
    ],
)
def test_a_chargeback_is_a_refund_while_the_bank_has_the_money(event: str, status: str, reported: str | None) -> None:
    dispute = {
        "id": "du_1",
        "payment_intent": "pi_1",
        "charge": "ch_1",
        "amount": 5090,
        "currency": "eur",
        "created": 1,
    }
    if reported is None:
        with pytest.raises(Ignored):
            stripe(f"charge.dispute.{event}", dispute | {"status": status})
        return
    report = stripe(f"charge.dispute.{event}", dispute | {"status": status})
    assert refunds(report) == [("pi_1", "du_1", 5090, reported)]
    assert report.refunds[0].refund.updated_at == NOW
    assert report.by_payment
    charged = stripe(f"charge.dispute.{event}", dispute | {"status": status, "payment_intent": None})
    assert refunds(charged) == [("ch_1", "du_1", 5090, reported)], (
        "an invoice may be paid by a charge without an intent"
    )
    with pytest.raises(Ignored, match="no_payment_intent"):
        stripe(f"charge.dispute.{event}", dispute | {"status": status, "payment_intent": None, "charge": None})


@pytest.mark.parametrize(
    ("currency", "amount", "minor"),
    [("usd", 1050, 1050), ("jpy", 1050, 1050), ("kwd", 10500, 10500), ("isk", 105000, 1050), ("mga", 10, 1000)],
)
def test_stripes_minor_units_are_not_everybodys(currency: str, amount: int, minor: int) -> None:
    session = deliveries.stripe_session(NOW, currency=currency, amount_total=amount, total_details={})
    assert one(stripe("checkout.session.completed", session)).total_minor == minor


def test_a_client_reference_is_a_token_or_nothing() -> None:
    for reference, tokens in ((TOKEN, (TOKEN,)), ("1001", ()), ("order.1001", ())):
        session = deliveries.stripe_session(NOW, client_reference_id=reference)
        assert one(stripe("checkout.session.completed", session)).tokens == tokens


def test_tildas_form_is_an_order_paid_as_its_owner_says() -> None:
    form = deliveries.tilda(deliveries.tilda_form(COOKIES=f"a=1; kith_t={TOKEN}~{TOKEN}x; b", kith_visitor="v_1")).body
    for paid in (True, False):
        order = one(read("tilda", form, options=Options(currency="RUB", paid_on_arrival=paid)))
        assert order.status == ("paid" if paid else "pending")
    assert (order.order_id, order.total_minor, order.subtotal, order.discount_minor) == (
        "1544278430",
        509_000,
        460_000,
        50_000,
    )
    assert (order.placed_at, order.updated_at, order.shipping_minor) == (NOW, None, 49_000)
    assert (order.codes, order.tokens, order.visitor_id) == (("ANNA10",), (TOKEN, f"{TOKEN}x"), "v_1")
    assert [(i.sku, i.quantity, i.amount_minor) for i in order.items] == [("YIRG", 2, 460_000)]
    assert order.customer.phone == "+7 (999) 123-45-67"
    whole = {"payment": json.dumps({"orderid": 12, "amount": "10.5"})}
    assert one(read("tilda", deliveries.tilda(whole).body, options=Options(currency="RUB"))).total_minor == 1050


@pytest.mark.parametrize("amount", ["", "-5", "1e3", "5 090 ₽", "NaN", "٣"])
def test_tildas_odd_amounts_are_none(amount: str) -> None:
    with pytest.raises(Invalid):
        read(
            "tilda", deliveries.tilda(deliveries.tilda_form(**{"payment[amount]": amount})).body, options=Options("RUB")
        )


def test_tildas_test_and_forms_without_a_cart_report_nothing() -> None:
    for body, why in ((b"test=test", "test"), (b"Email=a%40b.example", "no_order")):
        with pytest.raises(Ignored, match=why):
            read("tilda", body, options=Options("RUB"))


XML = b"""<?xml version="1.0" encoding="UTF-8"?><order><accepted-at nil="true"/><client><id type="integer">88</id>
</client><fields-values type="array"/><id type="integer">4432</id><order-lines><order-line><id>5</id></order-line>
</order-lines></order>"""


def test_insales_only_names_the_order_to_ask_for_in_json_and_xml() -> None:
    for body in (b'{"id": 4432, "total_price": 1}', b'{"order": {"id": 4432}}', XML):
        assert read("insales", body) == Report(read_back="4432")
    for body in (b"<order><client><id>1</id></client></order>", b'{"id": "../orders"}', b"<" * 5000, b"{}"):
        with pytest.raises((Invalid, Ignored)):
            read("insales", body)
    question = insales.question("shop.myinsales.ru", "4432", "app", "password")
    assert question.url == "https://shop.myinsales.ru/admin/orders/4432.json"
    assert question.headers["authorization"] == "Basic YXBwOnBhc3N3b3Jk"


def test_what_insales_answers_is_the_order() -> None:
    answered = deliveries.insales_order(NOW, first_current_location=f"https://shop.example/?kith={TOKEN}")
    report = read("insales", json.dumps(answered).encode(), READ_BACK)
    order = one(report)
    assert (order.order_id, order.status, order.currency) == ("4432", "paid", "RUB")
    assert (order.total_minor, order.subtotal, order.shipping_minor) == (509_000, 460_000, 49_000)
    assert (order.discount_minor, order.codes, order.tokens) == (50_000, ("ANNA10",), (TOKEN,))
    over = read("insales", json.dumps(answered | {"fulfillment_status": "returned"}).encode(), READ_BACK)
    assert over.cancels[0].at == NOW + timedelta(minutes=1)


def country_of_insales(**address: Any) -> str | None:
    body = deliveries.insales_order(NOW) | {"shipping_address": address}
    return one(read("insales", json.dumps(body).encode(), READ_BACK)).country


def country_of_session(**fields: Any) -> str | None:
    return one(stripe("checkout.session.completed", deliveries.stripe_session(NOW, **fields))).country


def test_an_order_goes_where_its_goods_go_else_where_its_bill_goes() -> None:
    assert woo(shipping={"country": "MD"}, billing={"country": "RO"}).orders[0].country == "MD"
    assert woo(shipping={"country": ""}, billing={"country": "RO"}).orders[0].country == "RO"
    assert woo().orders[0].country is None
    assert country_of_insales(country="ru") == "RU"
    assert country_of_insales(country="Россия", location={"country": "RU"}) == "RU"
    assert country_of_insales(country="Россия") is None
    to, billed = {"address": {"country": "MD"}}, {"address": {"country": "RO"}, "email": None}
    assert country_of_session(collected_information={"shipping_details": to}, customer_details=billed) == "MD"
    assert country_of_session(shipping_details=to, customer_details=billed) == "MD"
    assert country_of_session(shipping_details=None, collected_information=None, customer_details=billed) == "RO"
    assert country_of_session(customer_details={"address": {"country": "XX"}}) is None
    intent = {"id": "pi_2", "status": "succeeded", "currency": "eur", "amount": 100, "metadata": {"kith_codes": "A"}}
    assert one(stripe("payment_intent.succeeded", intent | {"shipping": to})).country == "MD"
    assert one(stripe("payment_intent.succeeded", intent)).country is None
    invoice = {"id": "in_2", "status": "paid", "currency": "eur", "total": 100, "subscription": "sub_1"}
    assert one(stripe("invoice.paid", invoice | {"customer_address": {"country": "RO"}})).country == "RO"
    by_both = {"customer_shipping": to, "customer_address": {"country": "RO"}}
    assert one(stripe("invoice.paid", invoice | by_both)).country == "MD"


def test_the_published_vectors() -> None:
    body = b'{"id":450789469,"test":true}'
    headers = {"x-wc-webhook-signature": "fJoPLEeEn8PJAaMJCcWUEscpAyObBNN/CRo9Jo6ZoKU="}
    assert PLATFORMS["woocommerce"].authenticate(Asked(headers, body), [b"test_secret"], 0)
    header = "t=1614265330,v1=00,v0=11,v1=e135cdbed3dda004bf8a2fb350f2541d299393c770e0b9e6e319dc595e9072aa"
    asked, at = Asked({"stripe-signature": header}, b'{"id":"evt_1"}'), 1614265330
    secrets = [b"whsec_another", b"whsec_test_secret"]
    assert PLATFORMS["stripe"].authenticate(asked, secrets, at + 300)
    assert not PLATFORMS["stripe"].authenticate(asked, secrets, at + 301)
    assert not PLATFORMS["stripe"].authenticate(asked, secrets[:1], at)


@given(
    headers=st.dictionaries(
        st.sampled_from(
            [
                *("x-shopify-hmac-sha256", "shopify-hmac-sha256", "x-shopify-topic", "x-wc-webhook-signature"),
                *("x-wc-webhook-topic", "stripe-signature", "webhook-id", "webhook-timestamp", "webhook-signature"),
            ]
        ),
        st.one_of(
            st.text(st.characters(max_codepoint=255), max_size=80),
            st.from_regex(r"t=[0-9]{0,14}(,v[01]=[0-9a-f]{0,64}){0,3}", fullmatch=True),
            st.from_regex(r"(v1a?,[A-Za-z0-9+/=]{0,44} ?){0,3}", fullmatch=True),
            st.sampled_from(["", "0", str(int(NOW.timestamp())), "9" * 30, "²", "v1,", "t=,v1="]),
        ),
    ),
    body=st.binary(max_size=60),
    key=st.text(max_size=40),
)
def test_no_odd_header_proves_anything_or_is_an_accident(headers: dict[str, str], body: bytes, key: str) -> None:
    asked = Asked(headers, body, key)
    for platform in PLATFORMS.values():
        for secret in (b"whsec_" + b"QUJD" * 10, b"shpss_secret_of_the_shop", b"\0" * 32):
            assert platform.authenticate(asked, [secret, b"another"], int(NOW.timestamp())) is False
        platform.name_of(asked)


@given(body=st.one_of(st.binary(max_size=200), st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(
        st.sampled_from(["id", "type", "data", "object", "status", "currency", "total", "order", "created", "refunds",
                         "line_items", "metadata", "livemode", "payment_intent", "amount_total", "total_details"]),
        inner, max_size=6)), max_leaves=12).map(lambda found: json.dumps(found).encode())),
    platform=st.sampled_from(list(PLATFORMS.values())))  # fmt: skip
def test_whatever_a_body_holds_reading_it_ends(body: bytes, platform: Platform) -> None:
    """The inbox notes each of these as failed, whatever it is; nothing hangs, and nothing is made up."""
    for topic in (*platform.topics, READ_BACK, ""):
        try:
            report = platform.read(Delivered(topic, body, Clock(NOW), NOW, Options(currency="EUR")))
        except Exception:
            continue
        assert report.orders or report.refunds or report.cancels or report.payments or report.read_back


@pytest.mark.parametrize("platform", PLATFORMS.values(), ids=lambda platform: str(platform.name))
def test_every_platform_answers_every_question(platform: Platform) -> None:
    assert all(getattr(platform.rules, name) for name in QUESTIONS)
