"""Finds out that friends became ambassadors, when that counts, and when it does no more."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from contracts.events.actions import ActionReported
from contracts.events.catalog import AmbassadorSaved, ProgramPublished
from contracts.events.conversions import Returned
from contracts.events.orders import Figures, OrderAmended, OrderCancelled, OrderFact, OrderRefunded
from contracts.events.tracking import Customer
from contracts.program import FRIEND_JOINED
from services.attribution.custom_events.actions.keep import cancel
from services.attribution.custom_events.domain import PREFIX, content_of, nothing_left
from services.attribution.custom_events.sql import events as sql
from services.attribution.custom_events.sql import sweeps
from services.attribution.decisions.domain.facts import Facts
from services.attribution.decisions.domain.people import keys_of_customer
from services.attribution.decisions.domain.set_up import SetUp
from services.attribution.decisions.sql import orders as order_rows
from services.attribution.decisions.sql import reading
from services.attribution.decisions.sql.orders import OrderRow
from services.attribution.slices import sql as slices_sql
from services.kernel import due
from services.kernel.db import Tx
from services.kernel.revisions import Ref

DECIDE: Final = "decide-events"
LOOK_BACK: Final = "joined-look-back"
"""The due job that finds who had joined before a version was known here."""


async def keep_joined(tx: Tx, data: Iterable[object]) -> set[Ref]:
    """Keeps of each new ambassador that they joined, once, where the program in force then rewards it. Returns their
    names.
    """
    saved: dict[Ref, AmbassadorSaved] = {}
    for one in data:
        if isinstance(one, AmbassadorSaved) and one.status == "active" and slices_sql.names_of(one):
            saved.setdefault((one.store_id, one.ambassador_id), one)
    if not saved:
        return set()
    versions = await slices_sql.programs(tx, {(one.store_id, one.program_id) for one in saved.values()})
    reports = [report_of(one) for one in saved.values() if _rewarded(one, versions)]
    kept = [(*one, hashlib.blake2b(content_of(one[0]), digest_size=16).digest(), _body(one[0])) for one in reports]
    new = await sql.add_joined(tx, kept) if kept else set()
    names = {
        (report.store_id, report.event_id): keys_of_customer(report.customer)
        for report, _ in reports
        if (report.store_id, report.event_id) in new
    }
    await sql.tie(tx, names)
    return {(ref[0], key) for ref, keys in names.items() for key in keys}


async def begin_look_back(tx: Tx, data: Iterable[object]) -> None:
    """Begins to look for who joined before these versions were known here, where they reward it. A version that comes
    again begins anew.
    """
    asking = {
        (one.store_id, one.program_id) for one in data if isinstance(one, ProgramPublished) and one.program.finds_joined
    }
    if asking:
        await sweeps.begin(tx, asking)
        await due.schedule(tx, LOOK_BACK, {store_id: tx.now for store_id, _ in asking})


def report_of(saved: AmbassadorSaved) -> tuple[ActionReported, str]:
    """That somebody joined, as an event, and what."""
    report = ActionReported(
        store_id=saved.store_id,
        event_id=f"{PREFIX}{saved.ambassador_id}",
        received_at=saved.created_at,
        name=FRIEND_JOINED,
        happened_at=saved.created_at,
        customer=Customer(id=saved.external_id, contact_hashes=saved.contact_hashes),
    )
    return report, saved.program_id


async def look_again(tx: Tx, people: Iterable[Ref]) -> None:
    """Has it decided anew of these people, of whom orders have settled, that they joined."""
    await due.schedule(tx, DECIDE, dict.fromkeys(await sql.touch_joined(tx, people), tx.now))


async def call_off_fallen(tx: Tx, data: Iterable[object]) -> set[Ref]:
    """Calls off, for good, what had settled by an order that is cancelled now, or of which nothing is left. Returns
    these events.
    """
    changed = {
        (one.store_id, one.order_id)
        for one in data
        if isinstance(one, OrderFact) and isinstance(one, OrderAmended | OrderCancelled | OrderRefunded)
    }
    if not changed:
        return set()
    events = await sql.settled_joined(tx, await sql.people_of_orders(tx, changed))
    by_order = {(row.store_id, orjson.loads(row.decision or b"{}").get("order_id")): row for row in events}
    rows = await order_rows.by_id(tx, by_order.keys() & changed)
    fallen = [by_order[ref] for ref in sorted(await _fallen(tx, rows))]
    for row in fallen:
        await cancel(tx, row.store_id, row.event_id, reason="undone")
    return {row.ref for row in fallen}


async def _fallen(tx: Tx, rows: Mapping[Ref, OrderRow]) -> set[Ref]:
    """Those of these settled orders of which nothing is left, by their newest decision and the one that was fixed."""
    newest = await _decisions(tx, {ref: row.revision for ref, row in rows.items()})
    fixed = await _decisions(
        tx, {ref: body["settled"]["revision"] for ref, body in newest.items() if "settled" in body}
    )
    fallen = {ref for ref, row in rows.items() if row.cancelled}
    for ref in fixed:
        body = newest[ref]
        figures, then = (Figures.model_validate(one["figures"]) for one in (body, fixed[ref]))
        returned = Returned.model_validate(body["returned"]) if "returned" in body else None
        if nothing_left(figures, body["refunded_minor"], returned, then=then):
            fallen.add(ref)
    return fallen


async def _decisions(tx: Tx, revisions: Mapping[Ref, int]) -> dict[Ref, dict[str, Any]]:
    stored = await reading.some(tx, [(*ref, revision) for ref, revision in sorted(revisions.items())])
    return {ref: orjson.loads(body) for ref, (_, body) in stored.items()}


def _rewarded(saved: AmbassadorSaved, versions: Iterable[ProgramPublished]) -> bool:
    mine = Facts(programs=[one for one in versions if one.store_id == saved.store_id])
    terms = SetUp(mine).terms(saved.program_id, saved.created_at)
    return terms is not None and terms.program.finds_joined


def _body(report: ActionReported) -> bytes:
    return report.__pydantic_serializer__.to_json(report, exclude_none=True)
