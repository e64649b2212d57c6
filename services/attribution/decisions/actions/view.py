"""Reads one order with its decision, and what a reader needs to understand both."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import orjson

from services.attribution.decisions.domain.friend import LOOKS_SHARED
from services.attribution.decisions.sql import friends as friend_rows
from services.attribution.decisions.sql import orders as order_rows
from services.attribution.decisions.sql import reading
from services.attribution.decisions.sql.orders import OrderRow
from services.attribution.decisions.sql.reading import Happened, StoredDecision
from services.attribution.orders import sql as orders_sql
from services.attribution.slices import sql as slices_sql
from services.kernel.db import Tx
from services.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order's newest decision, with the revision that holds its evidence."""

    row: OrderRow
    stored: StoredDecision
    body: Mapping[str, object]
    """The newest decision; of a settled one, with candidates and checks of the decision that was settled."""
    names: Mapping[str, str]
    """Codes by which ambassadors are called."""
    slugs: Mapping[str, str]
    happened: list[Happened]
    happened_of: int
    """How many there are; the oldest are in `happened`."""
    late_facts: int
    other_times: list[datetime]
    """Times of placing that reports gave and the decision does not take: the earliest one holds."""
    friend_orders: int
    """How many orders the friend has, as far as that is remembered."""

    @property
    def looks_shared(self) -> bool:
        """Whether the friend looks like many people who buy under one name."""
        return self.friend_orders >= LOOKS_SHARED


@dataclass(frozen=True, slots=True)
class StoreView:
    """How a store wants to be shown things."""

    name: str
    zone: ZoneInfo
    locale: str
    currency: str
    now: datetime


async def order(tx: Tx, store_id: str, order_id: str, *, revision: int | None = None) -> OrderView | None:
    """One order; None while it is acknowledged and not decided yet. Raises `NotFound` for an order never reported."""
    row = (await order_rows.by_id(tx, [(store_id, order_id)])).get((store_id, order_id))
    if row is None:
        if await orders_sql.reports(tx, store_id, order_id):
            return None
        raise NotFound("There is no such order.")
    stored = await reading.decision(tx, store_id, order_id, revision)
    if stored is None:
        raise NotFound("There is no such decision.")
    body: dict[str, object] = orjson.loads(stored.body)
    settled = body.get("settled")
    if isinstance(settled, dict):
        evidence = await reading.decision(tx, store_id, order_id, int(settled["revision"]))
        kept = orjson.loads(evidence.body) if evidence else {}
        body |= {name: kept.get(name, []) for name in ("candidates", "checks")}
        body["candidates_total"] = kept.get("candidates_total", 0)
    people, links = _named(body)
    happened, happened_of = await reading.happened(tx, store_id, order_id, row.person_id)
    reported = {report.placed_at for report in await orders_sql.reports(tx, store_id, order_id)}
    return OrderView(
        row=row,
        stored=stored,
        body=body,
        names=await slices_sql.code_names(tx, store_id, people),
        slugs=await slices_sql.slugs(tx, store_id, links),
        happened=happened,
        happened_of=happened_of,
        late_facts=await reading.late_reports(tx, store_id, order_id),
        other_times=sorted(reported - {row.placed_at}),
        friend_orders=await friend_rows.orders_of(tx, store_id, row.person_id),
    )


async def store_of(tx: Tx, store_id: str) -> StoreView:
    """The store's slice; plain values while it has not reached this service."""
    found = await reading.store_slice(tx, store_id)
    if found is None:
        return StoreView(store_id, ZoneInfo("UTC"), "en", "EUR", tx.now)
    return StoreView(found.name, ZoneInfo(found.timezone), found.locale, found.currency, tx.now)


def _named(body: Mapping[str, object]) -> tuple[set[str], set[str]]:
    """Ambassadors and links that a decision speaks of."""
    people, links = set(), set()
    candidates = body.get("candidates")
    spoken = [body, body.get("winner"), *(candidates if isinstance(candidates, list) else ())]
    for part in spoken:
        if isinstance(part, dict):
            people.add(part.get("ambassador_id"))
            links.add(part.get("link_id"))
    return {p for p in people if p}, {link for link in links if link}
