"""Facts of orders as stores report them, by the API or through a platform: tokens read, contacts hashed, each fact
under its own name, with the event that passes it on. Who keeps it, and when, is its service's matter.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

import orjson

from contracts.events.orders import (
    OrderCancelled,
    OrderFact,
    OrderReceived,
    OrderRefunded,
    RefundLine,
)
from contracts.events.tracking import TokenClaims, TokenProblem
from services.common import click_token, codes
from services.common import order_names as naming
from services.common.contacts import contact_hashes, contact_in, names_nobody, without_nobodys
from services.common.order import Buyer, Order, Proved
from services.kernel import trace
from services.kernel.auth.ring import KeyRing
from services.kernel.errors import Invalid
from services.kernel.ids import new_id

LATEST_PLACED: Final = timedelta(hours=24)
"""How far ahead of us an order's `placed_at` may lie: clocks and zones are set wrong, but not by more."""

FactKind = Literal["report", "refund", "cancel"]


class ReportedFact(NamedTuple):
    """A fact that a store reported, and the event that passes it on."""

    store_id: str
    order_id: str
    fact_id: str
    kind: FactKind
    received_at: datetime
    event_id: str
    type: str
    """Of the event, if it is the first report of its order; `OrderAmended` is reported of a later one."""
    traceparent: str | None
    body: bytes

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it unique."""
        return self[:3]


class Clock(NamedTuple):
    """The moment of receipt, and the demo clock's distance, which the times that callers send are moved by."""

    now: datetime
    offset: timedelta = timedelta(0)

    def moved(self, reported: datetime) -> datetime:
        """A caller's moment in the moved world. One that lies more than a day ahead of the real time was read off the
        demo's own clock, and is meant as it stands.
        """
        if self.offset > timedelta(0) and reported > self.now - self.offset + LATEST_PLACED:
            return reported
        return reported + self.offset


class Refund(NamedTuple):
    """One report of a refund, in whatever currency its sender knows.

    Amounts are in `currency`, the order's own if None.
    """

    refund_id: str
    amount_minor: int
    at: datetime | None = None
    currency: str | None = None
    lines: Sequence[RefundLine] = ()
    shipping_minor: int | None = None
    updated_at: datetime | None = None
    status: Literal["succeeded", "failed"] = "succeeded"


def report(
    ring: KeyRing,
    store_id: str,
    order: Order,
    clock: Clock,
    nobody: Collection[str] = frozenset(),
    *,
    source: str = "api",
    history: bool = False,
) -> ReportedFact:
    """The fact that an order was reported. `nobody`: names that stand for nobody at this store by its own word.
    `history`: it is imported from before the store was connected.

    Raises `Invalid` if one of its moments lies more than a day ahead.
    """
    moments = _moments(order, clock)
    evidence = evidence_in(ring, store_id, order, nobody)
    figures = order.figures()
    content = [
        order.placed_at.astimezone(UTC),
        None if order.updated_at is None else order.updated_at.astimezone(UTC),
        figures,
        evidence.customer_id,
        evidence.hashes,
        order.customer.is_new,
        evidence.visitor_id,
        [claim.click_id for claim in evidence.claims],
        evidence.problems,
        evidence.codes,
    ]
    if order.cancelled_at is not None:
        content.append(order.cancelled_at.astimezone(UTC))
    if history:
        content.append("history")
    if order.country is not None:
        content.append(["country", order.country])
    mark = naming.report_id(content)
    known = {"store_id": store_id, "order_id": order.order_id, "fact_id": mark, "received_at": clock.now}
    origin = {"source": source, "history": True} if history else {"source": source}
    body = orjson.dumps(known | moments | _encodable(order, figures, evidence) | origin)
    return _reported(OrderReceived.TYPE, store_id, order.order_id, mark, "report", clock.now, body)


class Evidence(NamedTuple):
    """Who did it and what brought them, as it is kept."""

    customer_id: str | None
    hashes: tuple[str, ...]
    visitor_id: str | None
    claims: tuple[TokenClaims, ...]
    problems: tuple[TokenProblem, ...]
    codes: tuple[str, ...]


def evidence_in(ring: KeyRing, store_id: str, order: Proved, nobody: Collection[str]) -> Evidence:
    """What an order, or another event, says of who did it: tokens read, contacts hashed, codes folded."""
    visitor_id = order.visitor_id
    if visitor_id:
        visitor_id = contact_in(ring, visitor_id) or visitor_id
    tokens = order.all_tokens
    claims, problems = read_tokens(ring, store_id, tokens) if tokens else ((), ())
    texts = [codes.fold(code) or naming.readable(code) for code in order.codes]
    folded = tuple(dict.fromkeys(filter(None, texts)))
    return Evidence(*_buyer(ring, order.customer, nobody), visitor_id, claims, problems, folded)


def _present(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def _encodable(order: Order, figures: dict[str, Any], evidence: Evidence) -> dict[str, object]:
    """The payload's fields that follow from the order, the absent ones left out. Written without the payload's model,
    which would cost more than all the rest; a test reads it back through it.
    """
    if figures["items"]:
        figures = figures | {"items": [_present(line) for line in figures["items"]]}
    customer: dict[str, object] = {"contact_hashes": evidence.hashes}
    if evidence.customer_id is not None:
        customer["id"] = evidence.customer_id
    fields: dict[str, object] = {
        "figures": figures,
        "customer": customer,
        "tokens": [_present(claim.__dict__) for claim in evidence.claims],
        "token_problems": evidence.problems,
        "codes": evidence.codes,
    }
    if order.country is not None:
        fields["country"] = order.country
    if order.customer.is_new is not None:
        fields["is_new"] = order.customer.is_new
    if evidence.visitor_id is not None:
        fields["visitor_id"] = evidence.visitor_id
    return fields


def _buyer(ring: KeyRing, buyer: Buyer, nobody: Collection[str]) -> tuple[str | None, tuple[str, ...]]:
    """Customer id and hashes of contacts, as far as they name somebody."""
    hashes = contact_hashes(ring, email=buyer.email, phone=buyer.phone) if buyer.email or buyer.phone else ()
    customer_id = buyer.id
    if customer_id and names_nobody(customer_id):
        customer_id = None
    if customer_id and (contact := contact_in(ring, customer_id)) is not None:
        customer_id, hashes = None, tuple(dict.fromkeys((*hashes, contact)))
    return without_nobodys(ring, nobody, customer_id, hashes)


def _moments(order: Order, clock: Clock) -> dict[str, object]:
    """When it was placed, last changed and cancelled, as the payload has it."""
    undated = order.updated_at is None
    moments = {
        "placed_at": clock.moved(order.placed_at),
        "updated_at": clock.now if order.updated_at is None else clock.moved(order.updated_at),
    }
    if order.cancelled_at is not None:
        moments["cancelled_at"] = clock.moved(order.cancelled_at)
    for field, at in moments.items():
        check_time(field, at, clock)
    return {**moments, "undated": undated}


def refund(store_id: str, order_id: str, reported: Refund, clock: Clock) -> ReportedFact:
    """The fact that money went back, or did not after all. Raises `Invalid` if it lies more than a day ahead."""
    at = clock.now if reported.at is None else clock.moved(reported.at)
    updated_at = None if reported.updated_at is None else clock.moved(reported.updated_at)
    check_time("at", at, clock)
    if updated_at is not None:
        check_time("updated_at", updated_at, clock)
    content = (
        reported.currency,
        [line.model_dump() for line in reported.lines],
        reported.shipping_minor,
        None if reported.updated_at is None else reported.updated_at.astimezone(UTC),
        None if reported.status == "succeeded" else reported.status,
    )
    payload = OrderRefunded(
        store_id=store_id,
        order_id=order_id,
        fact_id=naming.refund_id(reported.refund_id, reported.amount_minor, content),
        received_at=clock.now,
        refund_id=reported.refund_id,
        amount_minor=reported.amount_minor,
        at=at,
        currency=reported.currency,
        lines=tuple(reported.lines),
        shipping_minor=reported.shipping_minor,
        updated_at=updated_at,
        status=reported.status,
    )
    return _encoded(payload, "refund", clock.now)


def of_order(fact: ReportedFact, order_id: str) -> ReportedFact:
    """The same fact of another order: its own name says nothing of an order."""
    body = orjson.dumps({**orjson.loads(fact.body), "order_id": order_id})
    return _reported(fact.type, fact.store_id, order_id, fact.fact_id, fact.kind, fact.received_at, body)


def cancel(store_id: str, order_id: str, reported_at: datetime | None, clock: Clock) -> ReportedFact:
    """The fact that an order is over. Raises `Invalid` if it lies more than a day ahead."""
    at = clock.now if reported_at is None else clock.moved(reported_at)
    check_time("at", at, clock)
    payload = OrderCancelled(
        store_id=store_id,
        order_id=order_id,
        fact_id=naming.cancel_id(reported_at or at),
        received_at=clock.now,
        at=at,
        undated=reported_at is None,
    )
    return _encoded(payload, "cancel", clock.now)


def check_time(field: str, at: datetime, clock: Clock) -> None:
    """Raises `Invalid` for a moment that lies more than a day ahead."""
    if at > clock.now + LATEST_PLACED:
        raise Invalid.field(field, "This is more than 24 hours ahead. Check the clock and the time zone.")


def _encoded(payload: OrderFact, kind: FactKind, now: datetime) -> ReportedFact:
    body = payload.__pydantic_serializer__.to_json(payload, exclude_none=True)
    return _reported(payload.TYPE, payload.store_id, payload.order_id, payload.fact_id, kind, now, body)


def _reported(
    event_type: str, store_id: str, order_id: str, fact_id: str, kind: FactKind, now: datetime, body: bytes
) -> ReportedFact:
    about = (store_id, order_id)
    return ReportedFact(store_id, order_id, fact_id, kind, now, new_id("evt"), event_type, trace.current(about), body)


def read_tokens(
    ring: KeyRing, store_id: str, tokens: Sequence[str]
) -> tuple[tuple[TokenClaims, ...], tuple[TokenProblem, ...]]:
    """What tokens prove at this store, and why others prove nothing. A blank one is none."""
    claims: dict[str, TokenClaims] = {}
    problems: dict[TokenProblem, None] = {}
    for text in dict.fromkeys(token for token in tokens if token and not token.isspace()):
        found = click_token.read(ring, text, store_id=store_id)
        if isinstance(found, TokenClaims):
            claims[found.click_id] = found
        else:
            problems[found.value] = None
    return tuple(claims.values()), tuple(problems)
