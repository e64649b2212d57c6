"""Orders with their decisions, by the API."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, StringConstraints

from contracts.events.orders import OrderReported
from services.attribution.decisions.actions import view
from services.attribution.decisions.actions.replay import replay
from services.attribution.decisions.actions.view import OrderView, StoreView
from services.attribution.decisions.schemas.explain import Words, candidate_text, check_text, explanation
from services.attribution.decisions.schemas.out import DecisionBody, DecisionOut, OrderOut, OrderRowOut, Status
from services.attribution.decisions.sql import lists
from services.attribution.decisions.sql.lists import Filter, Place
from services.attribution.decisions.sql.orders import OrderRow
from services.attribution.orders import sql as orders_sql
from services.attribution.pages import PAGES
from services.attribution.slices import sql as slices_sql
from services.common import money
from services.kernel.errors import Invalid
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.fields import Blank, When
from services.kernel.http.pages import Cursor, Limit, Page, csv_download, page_of
from services.ui import Format

router = APIRouter(tags=["orders"])

COLUMNS = (
    *("order_id", "placed_at", "status", "reason", "cancelled", "settled_at", "total", "refunded", "currency"),
    *("ambassador_id", "ambassador_code"),
)
_OrderId = Annotated[str, Path(max_length=200, description="The store's own order id.")]
_Sought = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")] | None
_Lang = Annotated[Literal["en", "ru", "uk", "ro"] | None, Query(description="Instead of Accept-Language.")]


class ReplayOut(BaseModel):
    """A stored decision, decided again from its facts."""

    order_id: str
    revision: int
    as_of: int
    engine: str
    decided_at: datetime
    equal: bool


@router.get("/v1/orders", response_model=Page[OrderRowOut])
async def get_orders(
    call: Annotated[Call, viewer("orders:read")],
    status: Annotated[list[Status] | None, Query()] = None,
    reason: Annotated[str | None, Query(max_length=64)] = None,
    since: Annotated[When | None, Query(alias="from", description="Placed at or after.")] = None,
    until: Annotated[When | None, Query(alias="to", description="Placed before.")] = None,
    q: Annotated[_Sought, Blank, Query(description="Part of the order id.")] = None,
    ambassador_id: Annotated[_Sought, Blank] = None,
    program_id: Annotated[_Sought, Blank] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    format: Literal["json", "csv"] = "json",
) -> Page[OrderRowOut] | Response:
    """Lists orders, the newest first. Of those with a part of the id (`q`), those that begin or end with it come first.
    The others are looked for among 100,000 orders for one answer: a page may hold fewer than it could, or none, and
    still have a `next_cursor`.
    """
    start = place(cursor, q)
    if since is not None and until is not None and until <= since:
        raise Invalid.field("to", "The period ends before it begins: `to` must be later than `from`.")
    wanted = Filter(
        statuses=status,
        reason=reason,
        since=since,
        until=until,
        ambassador_id=ambassador_id,
        program_id=program_id,
        number=q,
    )
    if format == "csv":
        return await _csv(call, wanted, start)
    async with call.transaction() as tx:
        found = await lists.page(tx, call.store_id, wanted, before=start, count=limit + 1)
    page = page_of(found.rows, limit, show=_row, after=lambda row: cursor_values(wanted.place_of(row), q))
    if found.stopped:
        page.next_cursor = cursors.encode(*found.stopped)
    return page


def cursor_values(place: Place, number: str | None) -> tuple[cursors.Value, ...]:
    """What a cursor to this place holds: a search by number has another than the plain list."""
    return place[:2] if number is None else place


def place(cursor: str | None, number: str | None) -> Place | None:
    """Where a page of the list begins, by its cursor."""
    if number is None:
        kept = cursors.decode(cursor, datetime, str)
        return Place(*kept) if kept else None
    searched = cursors.decode(cursor, datetime, str, int)
    return Place(*searched) if searched else None


async def _csv(call: Call, wanted: Filter, start: Place | None) -> Response:
    """All orders of a list as a file."""
    names: dict[str, str] = {}

    async def fetch(before: Place | None, count: int) -> Sequence[OrderRow]:
        rows: list[OrderRow] = []
        while True:
            async with call.transaction() as tx:
                found = await lists.page(tx, call.store_id, wanted, before=before, count=count - len(rows))
                people = {row.ambassador_id for row in found.rows if row.ambassador_id} - names.keys()
                names.update(await slices_sql.code_names(tx, call.store_id, people))
            rows += found.rows
            if found.stopped is None:
                return rows
            before = found.stopped

    return await csv_download(
        fetch,
        start=start,
        after=wanted.place_of,
        show=lambda row: _cells(_row(row), names),
        columns=COLUMNS,
        filename="orders",
    )


@router.get("/v1/orders/{order_id}")
async def get_order(
    order_id: _OrderId, call: Annotated[Call, viewer("orders:read")], request: Request, lang: _Lang = None
) -> OrderOut:
    """One order: every candidate and why it won or lost, also where nobody won."""
    async with call.transaction() as tx:
        found = await view.order(tx, call.store_id, order_id)
        if found is None:
            return _undecided((await orders_sql.reports(tx, call.store_id, order_id))[-1])
        store = await view.store_of(tx, call.store_id)
    return order_out(found, store, lang or PAGES.language(request))


@router.get("/v1/orders/{order_id}/replay")
async def get_replay(
    order_id: _OrderId,
    call: Annotated[Call, viewer("orders:read")],
    revision: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> ReplayOut:
    """Decides an order again from the facts that a stored decision read, and says whether the bytes are equal."""
    async with call.transaction() as tx:
        done = await replay(tx, call.store_id, order_id, revision)
    return ReplayOut(
        order_id=done.order_id,
        revision=done.revision,
        as_of=done.as_of,
        engine=done.engine,
        decided_at=done.decided_at,
        equal=done.equal,
    )


def order_out(found: OrderView, store: StoreView, language: str) -> OrderOut:
    """The order in the reader's language."""
    body = DecisionBody.model_validate(found.body)
    words = Words(PAGES.speech(language), Format(language, zone=store.zone, now=store.now), found.names, found.slugs)
    figures = body.figures
    return OrderOut(
        order_id=body.order_id,
        placed_at=body.placed_at,
        placed_at_others=tuple(found.other_times),
        status=figures.status,
        cancelled=body.cancelled,
        currency=figures.currency,
        total_minor=figures.total_minor,
        subtotal_minor=figures.subtotal_minor,
        discount_minor=figures.discount_minor,
        tax_minor=figures.tax_minor,
        shipping_minor=figures.shipping_minor,
        paid_with_credit_minor=figures.paid_with_credit_minor,
        refunded_minor=body.refunded_minor,
        over_refunded=body.over_refunded,
        returned=body.returned,
        foreign_refunds=body.foreign_refunds,
        items=figures.items,
        friend_id=body.friend_id,
        friend_orders=found.friend_orders or None,
        friend_looks_shared=found.looks_shared,
        decision=DecisionOut(
            status=body.status,
            reason=body.reason,
            explanation=explanation(body, words),
            language=language,
            settled=body.settled is not None,
            settled_at=body.settled.at if body.settled else None,
            settles_at=found.row.settle_at,
            revision=found.stored.revision,
            decided_at=found.stored.decided_at,
            engine=found.stored.engine,
            as_of=found.stored.as_of,
            pending=body.pending,
            ambassador_id=body.ambassador_id,
            program_id=body.program_id,
            program_version=body.program_version,
            order_number=body.order_number,
            new_customer=body.new_customer,
            winner=body.winner,
            candidates=tuple(c.model_copy(update={"text": candidate_text(c, body, words)}) for c in body.candidates),
            candidates_total=body.candidates_total,
            checks=tuple(c.model_copy(update={"text": check_text(c, body, words)}) for c in body.checks),
            late_facts=found.late_facts,
        ),
    )


def _undecided(reported: OrderReported) -> OrderOut:
    figures = reported.figures
    return OrderOut(
        order_id=reported.order_id,
        placed_at=reported.placed_at,
        status=figures.status,
        cancelled=False,
        currency=figures.currency,
        total_minor=figures.total_minor,
        subtotal_minor=figures.subtotal_minor,
        discount_minor=figures.discount_minor,
        tax_minor=figures.tax_minor,
        shipping_minor=figures.shipping_minor,
        paid_with_credit_minor=figures.paid_with_credit_minor,
        refunded_minor=0,
        over_refunded=False,
        items=figures.items,
    )


def _cells(row: OrderRowOut, names: Mapping[str, str]) -> dict[str, object]:
    """An order as a row of a spreadsheet: amounts in units, the ambassador with the code that names them here."""
    return {
        **row.model_dump(),
        "total": money.to_decimal(row.total_minor, row.currency),
        "refunded": money.to_decimal(row.refunded_minor, row.currency),
        "ambassador_code": names.get(row.ambassador_id or ""),
    }


def _row(row: OrderRow) -> OrderRowOut:
    return OrderRowOut.model_validate(row, from_attributes=True)
