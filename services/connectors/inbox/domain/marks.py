"""What a report says, as marks: two reports that say the same have the same marks, whatever dates stand in them. Pure.

A shop changes an order's date also when somebody only looks at it, so a date says nothing of what changed. Marks hold
contacts, so they are keyed as contacts are.
"""

from datetime import datetime
from typing import NamedTuple

import orjson

from services.connectors.platforms.domain.port import Report, ReportedRefund
from services.kernel.auth.ring import KeyRing

ORDER = "o:"
"""Begins the mark of an order's figures and evidence."""
REFUND = "r:"
"""Begins the mark of one refund."""
PAYMENT = "p:"
"""Begins the mark of what a payment paid."""
_HEX = 20


class ReportMarks(NamedTuple):
    """The marks of a report, and as of when it was true by the platform's clock; None where it does not say."""

    marks: tuple[str, ...] = ()
    as_of: datetime | None = None


def marked(ring: KeyRing, report: Report) -> ReportMarks:
    """The marks of a report. Of its orders the time of change is no part, nor when it was placed or cancelled."""
    marks = []
    for order in report.orders:
        buyer = order.customer
        content = [
            order.order_id,
            order.figures(),
            order.cancelled_at is not None,
            [buyer.id, buyer.email, buyer.phone, buyer.is_new],
            order.visitor_id,
            order.all_tokens,
            order.codes,
        ]
        if order.country is not None:
            content.append(["country", order.country])
        marks.append(_mark(ring, ORDER, content))
    marks += [_mark(ring, REFUND, _refund(one)) for one in report.refunds]
    marks += [_mark(ring, PAYMENT, list(one)) for one in report.payments]
    moments = [order.updated_at for order in report.orders if order.updated_at is not None]
    return ReportMarks(tuple(marks), max(moments, default=None))


def _refund(reported: ReportedRefund) -> list[object]:
    """An order that carries its refunds may say less of them than they say themselves: their lines are no part."""
    refund = reported.refund
    return [reported.order_id, refund.refund_id, refund.amount_minor, refund.currency, refund.status]


def _mark(ring: KeyRing, kind: str, content: list[object]) -> str:
    return kind + ring.contact_tag(orjson.dumps([kind, content])).hex()[:_HEX]
