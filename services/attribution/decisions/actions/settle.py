"""Settling: when an order's time is over its winner is fixed; from then on only money that goes back still counts."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from services.attribution.decisions.actions.gather import Gathered, gather
from services.attribution.decisions.actions.numbers import Numbers
from services.attribution.decisions.actions.write import decide_and_write
from services.attribution.decisions.domain import Decision, Settlement
from services.attribution.decisions.store import orders as order_rows
from services.attribution.orders import store as orders_store
from services.attribution.orders.store import StoredFact
from services.kernel.db import Tx

Pair = tuple[str, str]

AT_ONCE = 200
"""Orders of one store that settle in one transaction."""
LOOK_AGAIN = timedelta(seconds=10)
"""When to come back to an order with facts that were acknowledged and not yet decided: they must not come too late."""


async def settle(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Settles what is due; returns each store's next moment."""
    numbers = await Numbers.lock(tx, stores)
    due = await order_rows.due(tx, stores, now=tx.now, count=AT_ONCE)
    waiting: set[str] = set()
    if due:
        gathered = await gather(tx, {(row.store_id, row.person_id) for row in due})
        unseen = await orders_store.with_unseen_facts(tx, gathered.people)
        busy = {(pair[0], gathered.people[pair]) for pair in unseen}
        waiting = {store_id for store_id, _ in busy}
        ready = [(r.store_id, r.order_id) for r in due if (r.store_id, r.person_id) not in busy]
        decisions = await decide_and_write(tx, gathered, numbers)
        if await _fix(tx, gathered, decisions, ready, numbers):
            await decide_and_write(tx, gathered, numbers)
        await numbers.keep(tx)
    moments = await order_rows.next_due(tx, stores)
    return {s: max(at, tx.now + LOOK_AGAIN) if s in waiting else at for s, at in moments.items()}


async def _fix(
    tx: Tx, gathered: Gathered, decisions: dict[Pair, Decision], ready: Iterable[Pair], numbers: Numbers
) -> bool:
    """Makes settlements, as facts, of the decisions whose moment has come; says whether there were any."""
    facts: list[StoredFact] = []
    for pair in ready:
        decision = decisions[pair]
        if decision.settle_at is None or decision.settle_at > tx.now:
            continue
        settlement = Settlement(
            order_id=decision.order_id,
            settled_at=tx.now,
            revision=gathered.rows[pair].revision,
            placed_at=decision.placed_at,
            status=decision.status,
            reason=decision.winner.kind if decision.winner else _reason(decision),
            figures=decision.figures,
            friend_id=decision.friend_id,
            order_number=decision.order_number,
            new_customer=decision.new_customer,
            program_id=decision.program_id,
            program_version=decision.program_version,
            ambassador_id=decision.ambassador_id,
            winner=decision.winner,
        )
        gathered.of(pair[0]).settlements.append(settlement)
        facts.append(
            StoredFact(
                store_id=pair[0],
                order_id=pair[1],
                fact_id="settled",
                kind="settled",
                seq=numbers.next(pair[0]),
                received_at=tx.now,
                body=settlement.__pydantic_serializer__.to_json(settlement, exclude_none=True),
            )
        )
    await orders_store.insert(tx, facts)
    return bool(facts)


def _reason(decision: Decision) -> str:
    """Why nobody won, also of a cancelled order, whose own reason is that it was cancelled."""
    if decision.reason != "cancelled":
        return decision.reason
    return decision.candidates[0].reason if decision.candidates else "no_evidence"
