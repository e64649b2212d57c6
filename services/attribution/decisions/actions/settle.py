"""Settling: when an order's time is over its winner is fixed; from then on only money that goes back still counts.

An order was decided when it last changed, so it is fixed as its newest decision says; nobody's other orders are read
for it. Only what an earlier engine decided, and what a sweep has not come to yet, is decided again before.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from services.attribution.decisions.actions.again import decide_open
from services.attribution.decisions.actions.friends import Friends
from services.attribution.decisions.actions.gather import gather_settled
from services.attribution.decisions.actions.marks import note
from services.attribution.decisions.actions.numbers import Numbers
from services.attribution.decisions.actions.sweeping import awaiting
from services.attribution.decisions.actions.write import decide_and_write
from services.attribution.decisions.domain import ENGINE, Settlement
from services.attribution.decisions.sql import orders as order_rows
from services.attribution.decisions.sql import reading
from services.attribution.decisions.sql.orders import OrderRow
from services.attribution.orders import sql as orders_sql
from services.attribution.orders.sql import StoredFact
from services.kernel.db import Tx
from services.kernel.revisions import Ref
from services.kernel.threads import in_thread

AT_ONCE = 200
"""Orders that settle in one transaction, of all its stores together: these are locked that long."""
LOOK_AGAIN = timedelta(seconds=10)
"""When to come back to an order with facts that were acknowledged and not yet decided: they must not come too late.
What connectors acknowledged and has not reported yet is not seen here."""


Then = Callable[[Tx, Iterable[Ref]], Awaitable[None]]
"""What follows for the (store, person) of orders that have settled, in the same transaction."""


async def _nothing(tx: Tx, people: Iterable[Ref]) -> None:
    """Nothing follows."""


async def settle(tx: Tx, stores: Sequence[str], *, then: Then = _nothing) -> dict[str, datetime]:
    """Settles some of what is due, of each store an equal share; returns each store's next moment, which may be now."""
    numbers = await Numbers.lock(tx, stores)
    due = await order_rows.due(tx, stores, now=tx.now, count=max(1, AT_ONCE // len(stores)))
    waiting: set[str] = set()
    if due:
        friends = await Friends.read(tx, {(row.store_id, row.person_id) for row in due})
        rows = await _of_this_engine(tx, {(row.store_id, row.order_id): row for row in due}, friends, numbers)
        busy = await order_rows.with_unseen_facts(tx, rows.values())
        waiting = {store_id for store_id, _ in busy}
        ready = {pair: row for pair, row in rows.items() if (pair[0], row.person_id) not in busy}
        leading = await _fix(tx, ready, friends, numbers)
        # Open orders placed before one that has settled as the first are no longer the first.
        overtaken = await order_rows.with_open_orders(tx, [ready[ref] for ref in leading])
        await decide_open(tx, overtaken, friends, numbers)
        await friends.keep(tx)
        await numbers.keep(tx)
        await then(
            tx, {(store_id, row.person_id) for (store_id, _), row in ready.items() if row.program_id is not None}
        )
    moments = await order_rows.next_due(tx, stores)
    return {s: max(at, tx.now + LOOK_AGAIN) if s in waiting else at for s, at in moments.items()}


async def _of_this_engine(tx: Tx, rows: dict[Ref, OrderRow], friends: Friends, numbers: Numbers) -> dict[Ref, OrderRow]:
    """Those orders that are due by decisions of this engine and of everything that has come."""
    stored = await reading.some(tx, [(*pair, row.revision) for pair, row in rows.items()])
    old = {(pair[0], row.person_id) for pair, row in rows.items() if stored[pair][0] != ENGINE}
    old |= await awaiting(tx, {(pair[0], row.person_id) for pair, row in rows.items()})
    if not old:
        return rows
    later = await decide_open(tx, old, friends, numbers)
    now = await order_rows.by_id(tx, rows)
    return {
        pair: row
        for pair, row in now.items()
        if row.settle_at is not None and row.settle_at <= tx.now and (pair[0], row.person_id) not in later
    }


async def _fix(tx: Tx, ready: Mapping[Ref, OrderRow], friends: Friends, numbers: Numbers) -> set[Ref]:
    """Makes settlements, as facts, of the newest decisions. Returns the orders that settled as a friend's first."""
    gathered = await gather_settled(tx, {pair: row.person_id for pair, row in ready.items()}, ready)
    stored = await reading.some(tx, [(*pair, row.revision) for pair, row in ready.items()])
    names = {ref: friends.now[ref[0], row.person_id].name_of(ref[1]) for ref, row in ready.items()}
    settlements = await in_thread(len(ready), _settlements, ready, stored, names, tx.now)
    facts: list[StoredFact] = []
    leading: set[Ref] = set()
    for pair, settlement, body in settlements:
        gathered.of(pair[0]).settlements.append(settlement)
        facts.append(StoredFact(*pair, "settled", "settled", numbers.next(pair[0]), tx.now, body))
        person = (pair[0], ready[pair].person_id)
        friends.name(person, settlement.person)
        if not ready[pair].cancelled and friends.settle(person, body):
            leading.add(pair)
    await orders_sql.insert(tx, facts)
    await decide_and_write(tx, gathered, numbers)
    await note(tx, [((pair[0], row.person_id), (row.placed_at, pair[1])) for pair, row in ready.items()])
    return leading


def _settlements(
    ready: Mapping[Ref, OrderRow],
    stored: Mapping[Ref, tuple[str, bytes]],
    names: Mapping[Ref, str],
    now: datetime,
) -> list[tuple[Ref, Settlement, bytes]]:
    made = []
    for pair, row in sorted(ready.items()):
        settlement = _settlement(orjson.loads(stored[pair][1]), row.revision, names[pair], now)
        made.append((pair, settlement, settlement.__pydantic_serializer__.to_json(settlement, exclude_none=True)))
    return made


def _settlement(decision: Mapping[str, Any], revision: int, person: str, now: datetime) -> Settlement:
    """The end of the deciding of an order, as its newest decision says."""
    winner = decision.get("winner")
    # A cancelled order's own reason is that it was cancelled; kept is why nobody had won.
    losers = decision["candidates"] if decision["reason"] == "cancelled" else ()
    reason = losers[0]["reason"] if losers else "no_evidence" if decision["reason"] == "cancelled" else None
    reported = {
        **decision,
        "settled_at": now,
        "revision": revision,
        "person": person,
        "reason": winner["kind"] if winner else reason or decision["reason"],
        "click_id": _came_by(winner, decision["candidates"]),
    }
    return Settlement.model_validate(reported)


def _came_by(winner: Mapping[str, Any] | None, candidates: Sequence[Mapping[str, Any]]) -> str | None:
    """The newest good click beside a winner of another kind, as `decide` finds it."""
    if winner is None or winner["kind"] == "click":
        return None
    clicks = [c for c in candidates if c["kind"] == "click" and c["verdict"] == "outranked"]
    newest = max(clicks, key=lambda c: (datetime.fromisoformat(c["at"]), c["click_id"]), default=None)
    return str(newest["click_id"]) if newest else None
