"""From what a platform reports to facts: under the store's own ids, by the code that serves the order call."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from services.common import order_facts
from services.common.order_facts import Clock, ReportedFact
from services.connectors.platforms.domain.port import (
    NO_OPTIONS,
    Farewell,
    Form,
    Options,
    Payment,
    Platform,
    Report,
)
from services.connectors.platforms.domain.values import LONGEST_ID, MOST
from services.kernel.auth.ring import KeyRing
from services.kernel.errors import Invalid


class Known(NamedTuple):
    """What is known beside a delivery's body. `nobody`: names that stand for nobody at the store by its own word."""

    clock: Clock
    nobody: Collection[str] = frozenset()
    order_prefix: str = ""
    options: Options = NO_OPTIONS


def facts_of(
    ring: KeyRing, platform: Platform, store_id: str, report: Report, known: Known
) -> tuple[ReportedFact, ...]:
    """The facts of a report. Raises `Invalid` for an id that cannot be kept and for moments that lie ahead."""
    prefix, clock = known.order_prefix, known.clock
    for order in report.orders:
        order.order_id = named(prefix, order.order_id)
    return (
        *(
            order_facts.report(ring, store_id, order, clock, known.nobody, source=platform.source)
            for order in report.orders
        ),
        *(order_facts.cancel(store_id, named(prefix, one.order_id), one.at, clock) for one in report.cancels),
        *(order_facts.refund(store_id, named(prefix, one.order_id), one.refund, clock) for one in report.refunds),
    )


def with_codes(
    ring: KeyRing, platform: Platform, store_id: str, report: Report, known: Known, codes: Sequence[str]
) -> tuple[ReportedFact, ...]:
    """Its orders once more, now that it is known which codes were meant. They have their names by then."""
    for order in report.orders:
        order.codes = tuple(dict.fromkeys([*order.codes, *codes]))[:MOST]
    return tuple(
        order_facts.report(ring, store_id, order, known.clock, known.nobody, source=platform.source)
        for order in report.orders
    )


def forms_of(facts: Sequence[ReportedFact], report: Report) -> dict[str, Form]:
    """In which form refunds are reported, by the ids of the facts of a report: these end with its refunds."""
    pairs = zip(reversed(facts), reversed(report.refunds), strict=False)
    return {fact.fact_id: one.form for fact, one in pairs if one.form is not None}


def payments_of(report: Report, known: Known) -> tuple[Payment, ...]:
    """Which orders of the store were paid by which payments, both under the store's ids. Raises `Invalid`."""
    prefix = known.order_prefix
    return tuple(Payment(named(prefix, one.payment_id), named(prefix, one.order_id)) for one in report.payments)


def farewell_of(report: Report, known: Known) -> Farewell | None:
    """What a platform asks for, its orders under the store's ids. Raises `Invalid`."""
    asked = report.farewell
    if asked is None or asked.orders is None:
        return asked
    return asked._replace(orders=[named(known.order_prefix, order_id) for order_id in asked.orders])


def named(prefix: str, order_id: str) -> str:
    """The id under which the store knows an order. Raises `Invalid`."""
    name = prefix + order_id
    if len(name) > LONGEST_ID or not name.isprintable():
        raise Invalid.field("id", "The order's id cannot be kept.")
    return name
