"""Makes facts of what stores tell: reads tokens, hashes contacts, gives each fact its name; and keeps them once."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

import orjson

from contracts.events.orders import (
    OrderCancelled,
    OrderFact,
    OrderReceived,
    OrderRefunded,
    RefundLine,
)
from contracts.events.tracking import TokenClaims, TokenProblem
from services.attribution.orders import domain, store
from services.attribution.orders.schemas import CancelIn, OrderIn, RefundIn
from services.attribution.orders.store import FactKind, ToldFact
from services.attribution.settings import LATEST_PLACED
from services.common import click_token, codes
from services.common.contacts import contact_hashes, contact_in, names_nobody, somebodys
from services.kernel import trace
from services.kernel.auth.ring import KeyRing
from services.kernel.db import Tx
from services.kernel.errors import Invalid
from services.kernel.ids import new_id


class Clock(NamedTuple):
    """The moment of receipt, and the demo clock's distance, which the times that callers send are moved by."""

    now: datetime
    offset: timedelta = timedelta(0)

    def moved(self, told: datetime) -> datetime:
        """A caller's moment in the moved world. One that lies more than a day ahead of the real time was read off the
        demo's own clock, and is meant as it stands.
        """
        if self.offset > timedelta(0) and told > self.now - self.offset + LATEST_PLACED:
            return told
        return told + self.offset


class Report(NamedTuple):
    """An order's revision as any source tells it: the API, or a store platform."""

    order_id: str
    placed_at: datetime
    updated_at: datetime | None
    figures: dict[str, Any]
    """As the contract's `Figures` are dumped."""
    customer_id: str | None = None
    email: str | None = None
    phone: str | None = None
    is_new: bool | None = None
    visitor_id: str | None = None
    tokens: Sequence[str] = ()
    codes: Sequence[str] = ()
    source: str = "api"
    cancelled_at: datetime | None = None


class Refund(NamedTuple):
    """One telling of a refund as a platform gives it: as `RefundIn`, but in whatever currency the platform knows.

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


def report_of(told: OrderIn) -> Report:
    """What the API was told."""
    items = [item.model_dump() for item in told.items]
    figures = {
        "status": told.status,
        "currency": told.currency,
        "total_minor": told.total_minor,
        "subtotal_minor": domain.goods(told.total_minor if told.subtotal_minor is None else told.subtotal_minor, items),
        "discount_minor": told.discount_minor,
        "tax_minor": told.tax_minor,
        "shipping_minor": told.shipping_minor,
        "items": items,
    }
    return Report(
        order_id=told.order_id,
        placed_at=told.placed_at,
        updated_at=told.updated_at,
        figures=figures,
        customer_id=told.customer.id,
        email=told.customer.email,
        phone=told.customer.phone,
        is_new=told.customer.is_new,
        visitor_id=told.visitor_id,
        tokens=(told.token, *told.tokens) if told.token else told.tokens,
        codes=told.codes,
        cancelled_at=told.cancelled_at,
    )


def report(ring: KeyRing, store_id: str, told: Report, clock: Clock, nobody: Collection[str] = frozenset()) -> ToldFact:
    """The fact that an order was told. `nobody`: names that stand for nobody at this store by its own word.

    Raises `Invalid` if one of its moments lies more than a day ahead.
    """
    placed_at, updated_at, cancelled_at = _moments(told, clock)
    customer_id, hashes = _buyer(ring, told, nobody)
    visitor_id = told.visitor_id
    if visitor_id:
        visitor_id = contact_in(ring, visitor_id) or visitor_id
    claims, problems = read_tokens(ring, store_id, told.tokens) if told.tokens else ((), ())
    texts = [codes.fold(code) or domain.readable(code) for code in told.codes]
    folded = tuple(dict.fromkeys(filter(None, texts)))
    figures = told.figures
    said = [
        told.placed_at.astimezone(UTC),
        None if told.updated_at is None else told.updated_at.astimezone(UTC),
        figures,
        customer_id,
        hashes,
        told.is_new,
        visitor_id,
        [claim.click_id for claim in claims],
        problems,
        folded,
    ]
    if told.cancelled_at is not None:
        said.append(told.cancelled_at.astimezone(UTC))
    mark = domain.report_id(said)
    customer: dict[str, object] = {"contact_hashes": hashes}
    # Written without the payload's model, which would cost more than all the rest; a test reads it back through it.
    payload = {
        "store_id": store_id,
        "order_id": told.order_id,
        "fact_id": mark,
        "received_at": clock.now,
        "placed_at": placed_at,
        "updated_at": updated_at,
        "undated": told.updated_at is None,
        "figures": figures,
        "customer": customer,
        "tokens": [claim.__dict__ for claim in claims],
        "token_problems": problems,
        "codes": folded,
        "source": told.source,
    }
    if figures["items"]:
        items = [{name: value for name, value in item.items() if value is not None} for item in figures["items"]]
        payload["figures"] = figures | {"items": items}
    if customer_id is not None:
        customer["id"] = customer_id
    if told.is_new is not None:
        payload["is_new"] = told.is_new
    if cancelled_at is not None:
        payload["cancelled_at"] = cancelled_at
    if visitor_id is not None:
        payload["visitor_id"] = visitor_id
    return _told(OrderReceived.TYPE, store_id, told.order_id, mark, "report", clock.now, orjson.dumps(payload))


def _buyer(ring: KeyRing, told: Report, nobody: Collection[str]) -> tuple[str | None, tuple[str, ...]]:
    """Customer id and hashes of contacts, as far as they name somebody."""
    hashes = contact_hashes(ring, email=told.email, phone=told.phone) if told.email or told.phone else ()
    customer_id = told.customer_id
    if customer_id and names_nobody(customer_id):
        customer_id = None
    if customer_id and (contact := contact_in(ring, customer_id)) is not None:
        customer_id, hashes = None, tuple(dict.fromkeys((*hashes, contact)))
    return somebodys(nobody, customer_id, hashes)


def _moments(told: Report, clock: Clock) -> tuple[datetime, datetime, datetime | None]:
    """When it was placed, last changed and cancelled."""
    placed_at = clock.moved(told.placed_at)
    updated_at = clock.now if told.updated_at is None else clock.moved(told.updated_at)
    cancelled_at = None if told.cancelled_at is None else clock.moved(told.cancelled_at)
    _check_time("placed_at", placed_at, clock)
    _check_time("updated_at", updated_at, clock)
    if cancelled_at is not None:
        _check_time("cancelled_at", cancelled_at, clock)
    return placed_at, updated_at, cancelled_at


def refund(store_id: str, order_id: str, told: Refund | RefundIn, clock: Clock) -> ToldFact:
    """The fact that money went back, or did not after all. Raises `Invalid` if it lies more than a day ahead."""
    at = clock.now if told.at is None else clock.moved(told.at)
    updated_at = None if told.updated_at is None else clock.moved(told.updated_at)
    _check_time("at", at, clock)
    if updated_at is not None:
        _check_time("updated_at", updated_at, clock)
    said = (
        told.currency,
        [line.model_dump() for line in told.lines],
        told.shipping_minor,
        None if told.updated_at is None else told.updated_at.astimezone(UTC),
        None if told.status == "succeeded" else told.status,
    )
    payload = OrderRefunded(
        store_id=store_id,
        order_id=order_id,
        fact_id=domain.refund_id(told.refund_id, told.amount_minor, said),
        received_at=clock.now,
        refund_id=told.refund_id,
        amount_minor=told.amount_minor,
        at=at,
        currency=told.currency,
        lines=tuple(told.lines),
        shipping_minor=told.shipping_minor,
        updated_at=updated_at,
        status=told.status,
    )
    return _encoded(payload, "refund", clock.now)


def cancel(store_id: str, order_id: str, told: CancelIn, clock: Clock) -> ToldFact:
    """The fact that an order is over. Raises `Invalid` if it lies more than a day ahead."""
    at = clock.now if told.at is None else clock.moved(told.at)
    _check_time("at", at, clock)
    payload = OrderCancelled(
        store_id=store_id,
        order_id=order_id,
        fact_id=domain.cancel_id(told.at or at),
        received_at=clock.now,
        at=at,
        undated=told.at is None,
    )
    return _encoded(payload, "cancel", clock.now)


def _check_time(field: str, at: datetime, clock: Clock) -> None:
    if at > clock.now + LATEST_PLACED:
        raise Invalid.field(field, "This is more than 24 hours ahead. Check the clock and the time zone.")


async def keep(tx: Tx, facts: Sequence[ToldFact]) -> list[bool]:
    """Keeps facts and tells the new ones. Says of each whether it is new; the transaction may hold many stores'."""
    new = await store.take(tx, facts)
    answers: list[bool] = []
    for fact in facts:
        key = fact[:3]
        answers.append(key in new)
        new.discard(key)
    return answers


def _encoded(payload: OrderFact, kind: FactKind, now: datetime) -> ToldFact:
    body = payload.__pydantic_serializer__.to_json(payload, exclude_none=True)
    return _told(payload.TYPE, payload.store_id, payload.order_id, payload.fact_id, kind, now, body)


def _told(
    event_type: str, store_id: str, order_id: str, fact_id: str, kind: FactKind, now: datetime, body: bytes
) -> ToldFact:
    about = (store_id, order_id)
    return ToldFact(store_id, order_id, fact_id, kind, now, new_id("evt"), event_type, trace.current(about), body)


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
