"""Reads Stripe's events. What they say of one order in one second is told apart by who knows more: a Checkout session
has the tax, the shipping and the discount of what it took, a bare payment intent has a sum.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from services.common.order import Order
from services.common.order_facts import Refund
from services.connectors.platforms.domain.bodies import json_object
from services.connectors.platforms.domain.port import Delivered, Ignored, Payment, Report, ReportedRefund
from services.connectors.platforms.domain.stripe.values import (
    code_ids_of,
    currency_of,
    evidence_of,
    id_in,
    minor,
    moment,
    part,
)
from services.connectors.platforms.domain.values import (
    LONGEST_EMAIL,
    LONGEST_PHONE,
    Reported,
    at_most,
    country_in,
    mappings,
    missing,
    text,
)
from services.kernel.errors import Invalid

_KNOWS_MORE: Final = timedelta(microseconds=1)
_REFUNDS_UNLISTED: Final = "2022-11-15"
"""From this version of the API on, a charge does not list its refunds: it has their sum."""
_EVERY_REFUND_REPORTED: Final = "2024-10-28"
"""From this one on, `refund.created` comes for every refund."""
_INVOICES_APART: Final = "2025-03-31"
"""From this one on, neither an invoice nor its charge names the other: `invoice_payment.paid` names both."""


def read(delivered: Delivered) -> Report:
    """What an event reports. Raises `Ignored` and `Invalid`."""
    event = json_object(delivered.body)
    type_ = text(event, "type") or missing("type")
    reader = _READERS.get(type_)
    if reader is None:
        raise Ignored("other_topic")
    if event.get("livemode") is not True:
        raise Ignored("test_mode")
    found = part(event, "data").get("object")
    if not isinstance(found, Mapping):
        raise Invalid.field("data.object", "The event has no object.")
    return reader(event, found, moment(event, "created") or missing("created"))


def _session(event: Reported, session: Reported, at: datetime) -> Report:
    mode = text(session, "mode")
    if mode == "setup":
        raise Ignored("no_order")
    named = "invoice" if mode == "subscription" else "payment_intent"
    # Nothing was to be paid: then there is no payment intent.
    order_id = id_in(session, named) or text(session, "id") or missing(named)
    currency = currency_of(session)
    totals, details = part(session, "total_details"), part(session, "customer_details")
    total, tax = minor(session, "amount_total", currency, needed=True), minor(totals, "amount_tax", currency)
    shipping = minor(totals, "amount_shipping", currency)
    paid = text(session, "payment_status") in {"paid", "no_payment_required"}
    order = {
        "order_id": order_id,
        "placed_at": moment(session, "created") or at,
        "updated_at": at + _KNOWS_MORE,
        "status": "paid" if paid else "pending",
        "currency": currency,
        "total_minor": total,
        "subtotal_minor": max(0, total - tax - shipping),
        "discount_minor": minor(totals, "amount_discount", currency),
        "tax_minor": tax,
        "shipping_minor": shipping,
        "country": country_in(
            part(session, "collected_information", "shipping_details", "address"),
            part(session, "shipping_details", "address"),
            part(details, "address"),
        ),
        "customer": _buyer(session, details, text(session, "customer_email")),
        **evidence_of(session),
    }
    return Report(orders=[msgspec.convert(order, Order)], code_ids=code_ids_of(session))


def _intent(event: Reported, intent: Reported, at: datetime) -> Report:
    if not any(name.startswith("kith") for name in part(intent, "metadata")):
        # It may be a session's or an invoice's, which tell more. A shop that makes its own intents says so.
        raise Ignored("no_kith_metadata")
    currency = currency_of(intent)
    created = moment(intent, "created") or at
    total = minor(intent, "amount_received", currency) or minor(intent, "amount", currency, needed=True)
    order = {
        "order_id": text(intent, "id") or missing("id"),
        "placed_at": created,
        # As of when it was made: whatever a session says of the same payment is newer.
        "updated_at": created,
        "status": "paid" if text(intent, "status") == "succeeded" else "pending",
        "currency": currency,
        "total_minor": total,
        "country": country_in(part(intent, "shipping", "address")),
        "customer": _buyer(intent, {}, text(intent, "receipt_email")),
        **evidence_of(intent),
    }
    return Report(orders=[msgspec.convert(order, Order)])


def _invoice(event: Reported, invoice: Reported, at: datetime) -> Report:
    parent = part(invoice, "parent", "subscription_details")
    if not (
        parent or invoice.get("subscription") or (text(invoice, "billing_reason") or "").startswith("subscription")
    ):
        raise Ignored("no_subscription")  # a session's own, or one that somebody wrote by hand
    currency = currency_of(invoice)
    total = minor(invoice, "total", currency, needed=True, signed=True)
    if total < 0:
        raise Ignored("credit")  # of a smaller plan, or less of it: it is taken off invoices to come
    shipping = minor(part(invoice, "shipping_cost"), "amount_subtotal", currency)
    tax = _sum(invoice, ("total_taxes", "total_tax_amounts"), currency)
    tax = tax or max(0, minor(invoice, "tax", currency, signed=True))
    order = {
        "order_id": text(invoice, "id") or missing("id"),
        "placed_at": moment(invoice, "created") or at,
        "updated_at": at,
        "status": "paid" if text(invoice, "status") == "paid" or invoice.get("paid") is True else "pending",
        "currency": currency,
        "total_minor": total,
        "subtotal_minor": max(0, total - tax - shipping),
        "discount_minor": _sum(invoice, ("total_discount_amounts",), currency),
        "tax_minor": tax,
        "shipping_minor": shipping,
        "country": country_in(part(invoice, "customer_shipping", "address"), part(invoice, "customer_address")),
        "customer": _buyer(
            invoice,
            {"email": invoice.get("customer_email"), "phone": invoice.get("customer_phone")},
            None,
        ),
        **evidence_of(invoice, part(parent, "metadata"), part(invoice, "subscription_details", "metadata")),
    }
    # Later versions of the API list its payments, and only where that is asked for.
    listed = [part(one, "payment") for one in mappings(part(invoice, "payments").get("data") or []) if _is_paid(one)]
    paid_by = [found for one in (invoice, *listed) if (found := _paying(one)) is not None]
    payments = [Payment(found, order["order_id"]) for found in dict.fromkeys(paid_by)]
    return Report(orders=[msgspec.convert(order, Order)], payments=payments, code_ids=code_ids_of(invoice))


def _invoice_payment(event: Reported, found: Reported, at: datetime) -> Report:
    payment_id = _paying(part(found, "payment"))
    if payment_id is None:
        raise Ignored("no_payment_intent")  # money that came by another way than theirs goes back by it
    return Report(payments=[Payment(payment_id, id_in(found, "invoice") or missing("invoice"))])


def _is_paid(invoice_payment: Reported) -> bool:
    return text(invoice_payment, "status") in {None, "paid"}


def _paying(reported: Reported) -> str | None:
    """The payment that something names: the intent, or the charge where there was no intent."""
    return id_in(reported, "payment_intent") or id_in(reported, "charge")


def _refund(event: Reported, refund: Reported, at: datetime) -> Report:
    alone = _version(event) >= _INVOICES_APART
    order_id = _paying(refund) if alone else id_in(refund, "payment_intent")
    if order_id is None:
        raise Ignored("no_payment_intent")
    if _REFUNDS_UNLISTED <= _version(event) < _EVERY_REFUND_REPORTED and id_in(refund, "charge") is not None:
        raise Ignored("told_by_charge")  # whose sum has it in it: under two names it would count twice
    # Of versions before, the charge reports it of the invoice.
    return Report(refunds=[_one_refund(refund, order_id, at)], by_payment=alone)


def _charge(event: Reported, charge: Reported, at: datetime) -> Report:
    """What a charge says of its refunds. Older versions list them; later ones report each by an event of its own; those
    between have the sum of all, which stands for them under the charge's id.
    """
    # A subscription's order is the invoice, any other the payment intent; of one that there is not nothing follows.
    order_ids = [found for name in ("payment_intent", "invoice") if (found := id_in(charge, name)) is not None]
    if not order_ids:
        raise Ignored("no_payment_intent")
    invoice, paid_by = id_in(charge, "invoice"), id_in(charge, "payment_intent") or text(charge, "id")
    payments = [Payment(paid_by, invoice)] if invoice is not None and paid_by is not None else []
    listed = mappings(part(charge, "refunds").get("data") or [])
    if listed:
        ended = [one for one in listed if text(one, "status") in _ENDED]
        refunds = [_one_refund(one, order_id, at) for order_id in order_ids for one in ended]
        if not refunds:
            raise Ignored("no_money_went_back")
        return Report(refunds=refunds, payments=payments)
    currency = currency_of(charge)
    amount = minor(charge, "amount_refunded", currency, needed=True)
    refund = Refund(
        refund_id=text(charge, "id") or missing("id"), amount_minor=amount, at=at, currency=currency, updated_at=at
    )
    # Where each has an event of its own, that names the payment alone: of its invoice, the charge has it until
    # 2025-03-31. Of a payment whose refunds an older version reported, or another one to the poll, the sum goes on.
    newer = _version(event) >= _EVERY_REFUND_REPORTED
    refunds = [
        ReportedRefund(order_id, refund, "more" if newer and order_id != invoice else "sum") for order_id in order_ids
    ]
    return Report(refunds=refunds, payments=payments, by_payment=_version(event) >= _INVOICES_APART)


def _dispute(event: Reported, dispute: Reported, at: datetime) -> Report:
    """A chargeback: a refund while the bank has the money, and none once the dispute is won. An inquiry moves none."""
    gone = _MONEY_GONE.get((text(event, "type") or "", text(dispute, "status") or ""))
    if gone is None:
        raise Ignored("no_money_went_back")
    order_id = _paying(dispute)
    if order_id is None:
        raise Ignored("no_payment_intent")
    currency = currency_of(dispute)
    chargeback = Refund(
        refund_id=text(dispute, "id") or missing("id"),
        amount_minor=minor(dispute, "amount", currency, needed=True),
        at=min(moment(dispute, "created") or at, at),
        currency=currency,
        updated_at=at,
        status="succeeded" if gone else "failed",
    )
    return Report(refunds=[ReportedRefund(order_id, chargeback)], by_payment=True)


_WITHDRAWN: Final = "charge.dispute.funds_withdrawn"
_REINSTATED: Final = "charge.dispute.funds_reinstated"
_CLOSED: Final = "charge.dispute.closed"
_MONEY_GONE: Final[Mapping[tuple[str, str], bool]] = {
    (_WITHDRAWN, "needs_response"): True,
    (_WITHDRAWN, "under_review"): True,
    (_WITHDRAWN, "lost"): True,
    (_CLOSED, "lost"): True,
    (_REINSTATED, "won"): False,
    (_CLOSED, "won"): False,
}
"""Whether the bank has the money, by event and status. What is left out moves none, or a part that it does not name."""
_ENDED: Final = frozenset({"succeeded", "failed", "canceled"})


def _one_refund(refund: Reported, order_id: str, at: datetime) -> ReportedRefund:
    status = text(refund, "status")
    if status not in _ENDED:
        raise Ignored("no_money_went_back")
    currency = currency_of(refund)
    reported = Refund(
        refund_id=text(refund, "id") or missing("id"),
        amount_minor=minor(refund, "amount", currency, needed=True),
        at=min(moment(refund, "created") or at, at),
        currency=currency,
        updated_at=at,
        status="succeeded" if status == "succeeded" else "failed",
    )
    return ReportedRefund(order_id, reported, "each")


def _buyer(reported: Reported, details: Reported, email: str | None) -> dict[str, str | None]:
    return {
        "id": id_in(reported, "customer"),
        "email": at_most(text(details, "email") or email, LONGEST_EMAIL),
        "phone": at_most(text(details, "phone"), LONGEST_PHONE),
    }


def _sum(reported: Reported, names: tuple[str, ...], currency: str) -> int:
    for name in names:
        found = mappings(reported.get(name) or [])
        if found:
            # What is billed anew and what is taken back stand beside each other: some are below zero.
            return max(0, sum(minor(one, "amount", currency, signed=True) for one in found))
    return 0


def _version(event: Reported) -> str:
    """The API's version that the event is written in: a date, and maybe a name behind it."""
    return text(event, "api_version") or ""


_READERS: Final[Mapping[str, Callable[[Reported, Reported, datetime], Report]]] = {
    "checkout.session.completed": _session,
    "checkout.session.async_payment_succeeded": _session,
    "checkout.session.async_payment_failed": _session,
    "payment_intent.succeeded": _intent,
    "invoice.paid": _invoice,
    "invoice_payment.paid": _invoice_payment,
    "charge.refunded": _charge,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.refund.updated": _refund,
    _WITHDRAWN: _dispute,
    _REINSTATED: _dispute,
    _CLOSED: _dispute,
}
TOPICS: Final = tuple(name for name in _READERS if name != "charge.refund.updated")
"""What a store subscribes its endpoint to."""
