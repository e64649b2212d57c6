"""Builders of attribution's facts, and a way through the real thing: facts in PostgreSQL, events, decisions."""

import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson

from contracts.events import EVENTS, Payload
from contracts.events.catalog import AmbassadorSaved, CodeSaved, ProgramPublished
from contracts.events.orders import (
    Figures,
    OrderAmended,
    OrderCancelled,
    OrderFact,
    OrderRefunded,
    OrderReported,
)
from contracts.events.tracking import (
    Customer,
    CustomerIdentified,
    Mark,
    TokenClaims,
    TrackingPayload,
    VisitRecorded,
    Voucher,
)
from contracts.gifts import Fixed
from contracts.program import Attribution, EvidenceKind, Program, RewardRule
from services.attribution.decisions.actions.take import take
from services.attribution.decisions.domain import AmbassadorRevision, CodeRevision, Facts
from services.attribution.decisions.sql.packed import unpack
from services.attribution.main import SERVICE, open_resources
from services.attribution.orders import sql as orders_sql
from services.attribution.orders.sql import FactKind, StoredFact
from services.attribution.tracking import sql as tracking_sql
from services.attribution.tracking.domain import bears, touch_id
from services.kernel.bus.port import Event
from services.kernel.db import Database, Tx
from services.kernel.http.app import Edge
from tests.support.edge import make_context

STORE = "str_1"
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
"""The moment around which stories happen."""


def browser(name: str | None) -> str | None:
    """A visitor's id in kith.js's form, from a short name such as `v1`; anything else is left as it is."""
    if name is None or not re.fullmatch(r"v\d+", name):
        return name
    return f"v_{int(name[1:]):032x}"


def at(*, days: float = 0, minutes: float = 0) -> datetime:
    """A moment before (negative) or after noon."""
    return NOON + timedelta(days=days, minutes=minutes)


def ahead(*, days: int) -> datetime:
    """Noon of a day that has yet to come, for what reads the machine's own clock."""
    return datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=days)


def program(
    program_id: str = "prg_1",
    *,
    version: int = 1,
    published_at: datetime | None = None,
    store: str = STORE,
    priority: Sequence[EvidenceKind] = ("code", "click", "customer"),
    model: str = "last",
    window_days: int = 30,
    code_window_days: int | None = None,
    customer_window_days: int | None = None,
    new_customers_only: bool = True,
    min_subtotal_minor: int = 0,
    rank: int = 1,
    status: str = "active",
    currency: str = "EUR",
    hold_days: int = 14,
) -> ProgramPublished:
    """A version of a program."""
    return ProgramPublished(
        store_id=store,
        program_id=program_id,
        version=version,
        published_at=published_at or at(days=-100),
        program=Program.model_validate(
            {
                "name": program_id,
                "status": status,
                "currency": currency,
                "rank": rank,
                "landing_url": "https://shop.example/",
                "attribution": Attribution.model_validate(
                    {
                        "priority": tuple(priority),
                        "model": model,
                        "click_window_days": window_days,
                        "code_window_days": code_window_days,
                        "customer_window_days": customer_window_days,
                        "new_customers_only": new_customers_only,
                        "min_subtotal_minor": min_subtotal_minor,
                    }
                ),
                "rewards": [
                    RewardRule(
                        name="ambassador",
                        to="ambassador",
                        give=Fixed(kind="fixed", amount_minor=500),
                        hold_days=hold_days,
                    )
                ],
            }
        ),
    )


def ambassador(
    ambassador_id: str = "amb_anna",
    *,
    program_id: str = "prg_1",
    revision: int = 1,
    status: str = "active",
    external_id: str | None = None,
    contacts: Sequence[str] = (),
    store: str = STORE,
) -> AmbassadorSaved:
    """An ambassador's state."""
    return AmbassadorSaved.model_validate(
        {
            "store_id": store,
            "ambassador_id": ambassador_id,
            "program_id": program_id,
            "status": status,
            "external_id": external_id,
            "contact_hashes": tuple(contacts),
            "created_at": at(days=-90),
            "revision": revision,
        }
    )


def code(
    text: str = "ANNA10",
    *,
    code_id: str | None = None,
    ambassador_id: str | None = "amb_anna",
    program_id: str = "prg_1",
    revision: int = 1,
    created_at: datetime | None = None,
    expires_at: datetime | None = None,
    retired: bool = False,
    max_uses: int | None = None,
    store: str = STORE,
) -> CodeSaved:
    """A promo code's state."""
    return CodeSaved(
        store_id=store,
        code_id=code_id or f"cod_{text.lower()}",
        code=text,
        program_id=program_id,
        ambassador_id=ambassador_id,
        max_uses=max_uses,
        expires_at=expires_at,
        retired=retired,
        created_at=created_at or at(days=-80),
        revision=revision,
    )


def token(
    click_id: str = "clk_1",
    *,
    when: datetime | None = None,
    ambassador_id: str = "amb_anna",
    program_id: str = "prg_1",
    mark: Mark = "person",
) -> TokenClaims:
    """A verified click, two days before noon unless told."""
    return TokenClaims(
        click_id=click_id,
        link_id=f"lnk_{ambassador_id[4:]}",
        program_id=program_id,
        ambassador_id=ambassador_id,
        at=when or at(days=-2),
        quality="prefetch" if mark == "embedded" else mark,
        embedded=mark == "embedded",
    )


def figures(
    subtotal_minor: int = 4600, *, shipping_minor: int = 490, status: str = "paid", currency: str = "EUR"
) -> Figures:
    """An order's amounts."""
    return Figures.model_validate(
        {
            "status": status,
            "currency": currency,
            "total_minor": subtotal_minor + shipping_minor,
            "subtotal_minor": subtotal_minor,
            "shipping_minor": shipping_minor,
        }
    )


def order(
    order_id: str = "1001",
    *,
    placed_at: datetime | None = None,
    updated_at: datetime | None = None,
    undated: bool = False,
    customer: str | None = "c1",
    contacts: Sequence[str] = (),
    visitor: str | None = None,
    tokens: Sequence[TokenClaims] = (),
    problems: Sequence[str] = (),
    codes: Sequence[str] = (),
    is_new: bool | None = None,
    reported: Figures | None = None,
    received_at: datetime | None = None,
    store: str = STORE,
    fact_id: str | None = None,
    history: bool = False,
    country: str | None = None,
) -> OrderReported:
    """One report of an order, placed at noon unless told."""
    placed = placed_at or NOON
    report = OrderAmended.model_validate(
        {
            "store_id": store,
            "order_id": order_id,
            "fact_id": "-",
            "received_at": received_at or placed + timedelta(seconds=1),
            "placed_at": placed,
            "updated_at": updated_at or placed,
            "undated": undated,
            "figures": reported or figures(),
            "customer": Customer(id=customer, contact_hashes=tuple(contacts)),
            "is_new": is_new,
            "visitor_id": browser(visitor),
            "tokens": tuple(tokens),
            "token_problems": tuple(problems),
            "codes": tuple(codes),
            "history": history,
            "country": country,
        }
    )
    mark = fact_id or f"r{hash(report.model_dump_json()) & 0xFFFFFFFF:08x}"
    return report.model_copy(update={"fact_id": mark})


def refund(
    amount_minor: int,
    *,
    order_id: str = "1001",
    refund_id: str = "rf_1",
    when: datetime | None = None,
    store: str = STORE,
) -> OrderRefunded:
    """Money that went back."""
    moment = when or at(days=1)
    return OrderRefunded(
        store_id=store,
        order_id=order_id,
        fact_id=f"refund:{refund_id}:{amount_minor}",
        received_at=moment,
        refund_id=refund_id,
        amount_minor=amount_minor,
        at=moment,
    )


def cancel(order_id: str = "1001", *, when: datetime | None = None, store: str = STORE) -> OrderCancelled:
    """The end of an order."""
    moment = when or at(days=1)
    return OrderCancelled(store_id=store, order_id=order_id, fact_id="cancel", received_at=moment, at=moment)


def visit(
    track_id: str = "trk_1",
    *,
    visitor: str | None = "v1",
    click: TokenClaims | None = None,
    problem: str | None = None,
    seen: bool = True,
    when: datetime | None = None,
    store: str = STORE,
) -> VisitRecorded:
    """A page was opened, in front of its visitor unless told."""
    return VisitRecorded.model_validate(
        {
            "store_id": store,
            "track_id": track_id,
            "at": when or at(days=-2),
            "visitor_id": browser(visitor),
            "token": click,
            "token_problem": problem,
            "seen": seen,
        }
    )


def identify(
    track_id: str = "trk_9",
    *,
    visitor: str | None = "v1",
    customer: str | None = "c1",
    contacts: Sequence[str] = (),
    click: TokenClaims | None = None,
    when: datetime | None = None,
    store: str = STORE,
    vouched: Voucher | None = "server",
) -> CustomerIdentified:
    """Somebody named a visitor: the store's server, unless told otherwise."""
    return CustomerIdentified(
        store_id=store,
        track_id=track_id,
        at=when or at(days=-1),
        visitor_id=browser(visitor),
        token=click,
        customer=Customer(id=customer, contact_hashes=tuple(contacts)),
        vouched=vouched,
    )


def facts_of(reported: Iterable[Payload], *, saved_at: datetime | None = None) -> Facts:
    """A set of facts as the domain takes it."""
    facts = Facts()
    for payload in reported:
        if isinstance(payload, OrderReported):
            facts.reports.append(payload)
        elif isinstance(payload, OrderRefunded):
            facts.refunds.append(payload)
        elif isinstance(payload, OrderCancelled):
            facts.cancels.append(payload)
        elif isinstance(payload, TrackingPayload):
            if bears(payload):
                facts.tracks.append(payload.model_copy(update={"track_id": touch_id(payload)}))
        elif isinstance(payload, ProgramPublished):
            facts.programs.append(payload)
        elif isinstance(payload, CodeSaved):
            facts.codes.append(CodeRevision(payload, _saved_at(payload, saved_at)))
        elif isinstance(payload, AmbassadorSaved):
            facts.ambassadors.append(AmbassadorRevision(payload, _saved_at(payload, saved_at)))
    return facts


def _saved_at(payload: CodeSaved | AmbassadorSaved, saved_at: datetime | None) -> datetime:
    return saved_at or payload.created_at + timedelta(days=payload.revision - 1)


def event_of(payload: Payload) -> Event[Any]:
    """The event that carries a fact."""
    moment = _saved_at(payload, None) if isinstance(payload, CodeSaved | AmbassadorSaved) else NOON
    return Event(id="evt", type=payload.TYPE, at=moment, store_id=payload.store_id, data=payload)


async def keep(tx: Tx, reported: Iterable[Payload]) -> None:
    """Inserts facts as the API does: unseen, under their own keys."""
    facts, tracks = [], []
    for payload in reported:
        body = payload.__pydantic_serializer__.to_json(payload, exclude_none=True)
        if isinstance(payload, OrderFact):
            kind: FactKind = (
                "refund"
                if isinstance(payload, OrderRefunded)
                else "cancel"
                if isinstance(payload, OrderCancelled)
                else "report"
            )
            facts.append(
                StoredFact(payload.store_id, payload.order_id, payload.fact_id, kind, None, payload.received_at, body)
            )
        elif isinstance(payload, TrackingPayload) and bears(payload):
            tracks.append(tracking_sql.stored(payload))
    await orders_sql.insert(tx, facts)
    await tracking_sql.insert(tx, tracks)


async def arrive(db: Database, *reported: Payload) -> None:
    """Facts are told and their events consumed, as one batch."""
    async with db.transaction(stores={payload.store_id for payload in reported}) as tx:
        await keep(tx, reported)
    async with db.transaction(stores={payload.store_id for payload in reported}) as tx:
        await take(tx, [event_of(payload) for payload in reported])


async def decision_of(db: Database, order_id: str = "1001", *, store: str = STORE) -> dict[str, Any]:
    """The newest decision of an order, as JSON."""
    async with db.transaction(stores=[store]) as tx:
        body = await tx.scalar(
            "select body from decisions where store_id = :s and order_id = :o order by revision desc limit 1",
            s=store,
            o=order_id,
        )
    decision: dict[str, Any] = orjson.loads(unpack(body))
    return decision


async def pump(db: Database, stores: Iterable[str] = (STORE,)) -> list[Payload]:
    """Takes the outbox's events to the service's own handlers, as relay, bus and consumer do; returns the rest."""
    async with db.transaction(stores=stores) as tx:
        rows = await tx.all("delete from outbox returning id, type, at, store_id, data")
        reported = [
            Event(
                id=str(row.id),
                type=row.type,
                at=row.at,
                store_id=row.store_id,
                data=EVENTS[row.type].model_validate_json(bytes(row.data)),
            )
            for row in sorted(rows, key=lambda row: row.id)
        ]
        for handler in SERVICE.handlers:
            mine = [event for event in reported if type(event.data) in handler.events]
            if mine:
                await handler.handle(tx, mine)
        read = {model for handler in SERVICE.handlers for model in handler.events}
        return [event.data for event in reported if type(event.data) not in read]


@asynccontextmanager
async def served(db: Database, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service on this database, with its spool and group commits open."""
    context = make_context(db, name="attribution", data_dir=tmp_path)
    async with open_resources(context) as resources:
        context.resources = resources
        transport = httpx.ASGITransport(app=Edge(SERVICE, context))
        async with httpx.AsyncClient(transport=transport, base_url="https://kith.example") as made:
            yield made
