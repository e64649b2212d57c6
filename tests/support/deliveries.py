"""Deliveries as each platform sends them, correctly signed, and one purchase as each platform tells of it.

The bodies are written from the platforms' own tables of fields; nothing in them is anybody's.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode


class Sent(NamedTuple):
    """One delivery: its headers and its body."""

    headers: dict[str, str]
    body: bytes


def generic(body: bytes, secret: str, *, name: str = "msg_1", at: int | None = None) -> Sent:
    """As Standard Webhooks has it."""
    moment = str(int(time.time()) if at is None else at)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b"%b.%b.%b" % (name.encode(), moment.encode(), body)
    mac = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    headers = {
        "webhook-id": name,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{mac}",
        "content-type": "application/json",
    }
    return Sent(headers, body)


def woocommerce(order: Mapping[str, Any], secret: str, topic: str = "order.updated") -> Sent:
    """As WooCommerce sends an order."""
    body = json.dumps(order).encode()
    mac = base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()
    headers = {
        "x-wc-webhook-source": "https://shop.example/",
        "x-wc-webhook-topic": topic,
        "x-wc-webhook-resource": "order",
        "x-wc-webhook-event": topic.partition(".")[2],
        "x-wc-webhook-signature": mac,
        "x-wc-webhook-id": "7",
        "x-wc-webhook-delivery-id": "d41d8cd98f00b204e9800998ecf8427e",
        "content-type": "application/json",
    }
    return Sent(headers, body)


def stripe(event: Mapping[str, Any], secret: str, *, at: int | None = None) -> Sent:
    """As Stripe sends an event."""
    body = json.dumps(event).encode()
    moment = str(int(time.time()) if at is None else at)
    mac = hmac.new(secret.encode(), b"%b.%b" % (moment.encode(), body), hashlib.sha256).hexdigest()
    return Sent({"stripe-signature": f"t={moment},v1={mac}", "content-type": "application/json"}, body)


def tilda(fields: Mapping[str, str]) -> Sent:
    """As Tilda sends a form."""
    return Sent({"content-type": "application/x-www-form-urlencoded"}, urlencode(fields).encode())


def gmt(at: datetime) -> str:
    """A moment as WooCommerce writes it: without a zone."""
    return at.replace(tzinfo=None).isoformat(timespec="seconds")


def woo_order(at: datetime, **fields: Any) -> dict[str, Any]:
    """An order of WooCommerce, paid and processing: goods for 46.00, shipping 4.00 with tax 0.90."""
    order: dict[str, Any] = {
        "id": 727,
        "number": "727",
        "status": "processing",
        "currency": "EUR",
        "date_created": gmt(at + timedelta(hours=2)),
        "date_created_gmt": gmt(at),
        "date_modified_gmt": gmt(at + timedelta(minutes=1)),
        "date_paid_gmt": gmt(at),
        "discount_total": "5.00",
        "discount_tax": "0.00",
        "shipping_total": "4.00",
        "shipping_tax": "0.90",
        "total": "50.90",
        "total_tax": "0.90",
        "prices_include_tax": False,
        "customer_id": 25,
        "billing": {"first_name": "Eva", "email": "Eva@Example.com", "phone": "+43 660 1234567"},
        "payment_method": "bacs",
        "meta_data": [],
        "line_items": [
            {"id": 315, "product_id": 93, "quantity": 2, "subtotal": "51.00", "total": "46.00", "sku": "YIRG"}
        ],
        "coupon_lines": [{"id": 2, "code": "ANNA10", "discount": "5.00"}],
        "fee_lines": [],
        "refunds": [],
    }
    return order | fields


def stripe_event(type_: str, found: Mapping[str, Any], at: datetime, **fields: Any) -> dict[str, Any]:
    """An event around an object."""
    event = {
        "id": f"evt_{type_}_{int(at.timestamp())}",
        "object": "event",
        "api_version": "2025-09-30.clover",
        "created": int(at.timestamp()),
        "livemode": True,
        "type": type_,
        "data": {"object": dict(found)},
    }
    return event | fields


def stripe_session(at: datetime, **fields: Any) -> dict[str, Any]:
    """A Checkout session, paid: goods 46.00, tax 0.90, shipping 4.00."""
    session = {
        "id": "cs_live_1",
        "object": "checkout.session",
        "amount_subtotal": 5100,
        "amount_total": 5090,
        "client_reference_id": None,
        "created": int(at.timestamp()),
        "currency": "eur",
        "customer": "cus_9",
        "customer_details": {"email": "eva@example.com", "phone": None},
        "invoice": None,
        "metadata": {"kith_codes": "ANNA10"},
        "mode": "payment",
        "payment_intent": "pi_1",
        "payment_status": "paid",
        "total_details": {"amount_discount": 500, "amount_shipping": 400, "amount_tax": 90},
        "discounts": [{"coupon": None, "promotion_code": "promo_1"}],
    }
    return session | fields


def stripe_intent(at: datetime, **fields: Any) -> dict[str, Any]:
    """A payment that succeeded."""
    intent = {
        "id": "pi_1",
        "object": "payment_intent",
        "amount": 5090,
        "amount_received": 5090,
        "created": int(at.timestamp()),
        "currency": "eur",
        "customer": "cus_9",
        "metadata": {},
        "receipt_email": None,
        "status": "succeeded",
    }
    return intent | fields


def stripe_invoice(at: datetime, **fields: Any) -> dict[str, Any]:
    """An invoice of a subscription, paid."""
    invoice = {
        "id": "in_1",
        "object": "invoice",
        "billing_reason": "subscription_cycle",
        "created": int(at.timestamp()),
        "currency": "eur",
        "customer": "cus_9",
        "status": "paid",
        "total": 1190,
    }
    return invoice | fields


def tilda_form(**fields: str) -> dict[str, str]:
    """An order of Tilda: goods 4 600, delivery 490, one product twice."""
    form = {
        "Name": "Ева",
        "Email": "eva@example.com",
        "Phone": "+7 (999) 123-45-67",
        "payment[sys]": "yookassa",
        "payment[orderid]": "1544278430",
        "payment[amount]": "5 090",
        "payment[promocode]": "ANNA10",
        "payment[discount]": "500",
        "payment[delivery_price]": "490",
        "payment[products][0][name]": "Иргачеффе",
        "payment[products][0][quantity]": "2",
        "payment[products][0][price]": "2 300",
        "payment[products][0][amount]": "4 600,00",
        "payment[products][0][sku]": "YIRG",
        "formid": "form1",
        "tranid": "99:1",
    }
    return form | fields


def insales_order(at: datetime, **fields: Any) -> dict[str, Any]:
    """An order as InSales answers it, paid."""
    order: dict[str, Any] = {
        "id": 4432,
        "number": 1007,
        "created_at": at.isoformat(),
        "updated_at": (at + timedelta(minutes=1)).isoformat(),
        "total_price": 5090.0,
        "items_price": 4600.0,
        "full_delivery_price": 490.0,
        "currency_code": "RUB",
        "financial_status": "paid",
        "fulfillment_status": "new",
        "coupon": {"code": "ANNA10"},
        "discounts": [{"amount": "500.0", "description": "coupon"}],
        "cookies": {},
        "first_current_location": "https://shop.example/",
        "client": {"id": 88, "email": "eva@example.com", "phone": "+79991234567"},
        "order_lines": [{"id": 5, "product_id": 3, "sku": "YIRG", "quantity": 2, "total_price": 4600.0}],
        "fields_values": [],
    }
    return order | fields
