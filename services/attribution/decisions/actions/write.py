"""Decides what was gathered, and writes and tells what changed."""

import hashlib
from collections import Counter as Count
from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec.structs import replace
from prometheus_client import Counter

from contracts.events.conversions import (
    Conversion,
    ConversionAttributed,
    ConversionRejected,
    ConversionReversed,
    ConversionSettled,
    ConversionUnattributed,
)
from services.attribution.decisions.actions.gather import Gathered
from services.attribution.decisions.actions.numbers import Numbers
from services.attribution.decisions.domain import ENGINE, Decision, decide, decision_bytes
from services.attribution.decisions.store import orders as order_rows
from services.attribution.decisions.store import people as people_store
from services.attribution.decisions.store.orders import OrderRow, Revision
from services.kernel import due
from services.kernel.db import Tx

_DECISIONS = Counter("kith_decisions_total", "Decisions that came out another than before.", ("status",))

SETTLE = "attribution.settle"
"""The due job that settles orders."""

Pair = tuple[str, str]
Tie = tuple[str, str, str]

_BY_STATUS: dict[str, type[Conversion]] = {
    "attributed": ConversionAttributed,
    "rejected": ConversionRejected,
    "unattributed": ConversionUnattributed,
    "pending": ConversionReversed,
}

_OF_THIS_TELLING = {"revision", "as_of", "decided_at"}
"""Fields of an event that tell nothing new about the order."""


async def decide_and_write(tx: Tx, gathered: Gathered, numbers: Numbers) -> dict[Pair, Decision]:
    """Decides every gathered order; keeps a revision of, and tells, what is not as it was. Returns all decisions."""
    decisions = {
        (store_id, order_id): decision
        for store_id, facts in gathered.facts.items()
        for order_id, decision in decide(facts).items()
    }
    revisions: list[Revision] = []
    rows: list[OrderRow] = []
    settle_at: dict[str, datetime] = {}
    for pair in sorted(decisions, key=lambda pair: (pair[0], decisions[pair].placed_at, pair[1])):
        decision, before = decisions[pair], gathered.rows.get(pair)
        body = decision_bytes(decision)
        row = _row(pair, gathered.people[pair], decision, before, _hash(body))
        changed = before is None or before.body_hash != row.body_hash
        if changed:
            revisions.append(Revision(*pair, row.revision, numbers.last[pair[0]], body))
            row = _told(tx, row, decision, before, numbers.last[pair[0]])
        if changed or row != before:
            rows.append(row)
        if row.settle_at is not None:
            settle_at[pair[0]] = min(row.settle_at, settle_at.get(pair[0], row.settle_at))
    await order_rows.add_revisions(tx, revisions, engine=ENGINE)
    counts = Count(str(decisions[r.store_id, r.order_id].status) for r in revisions)
    tx.after_commit(lambda: _count(counts))
    await order_rows.put(tx, rows)
    await _retie(tx, gathered, rows)
    await due.schedule(tx, SETTLE, settle_at)
    for row in rows:
        gathered.rows[row.store_id, row.order_id] = row
    return decisions


def _count(counts: Mapping[str, int]) -> None:
    for status, count in counts.items():
        _DECISIONS.labels(status).inc(count)


def _row(pair: Pair, person_id: str, decision: Decision, before: OrderRow | None, body_hash: bytes) -> OrderRow:
    changed = before is None or before.body_hash != body_hash
    programs = sorted(piece[2:] for piece in decision.pieces if piece[0] == "p")
    return OrderRow(
        store_id=pair[0],
        order_id=pair[1],
        person_id=person_id,
        placed_at=decision.placed_at,
        status=decision.status,
        reason=decision.reason,
        cancelled=decision.cancelled,
        revision=(before.revision if before else 0) + changed,
        body_hash=body_hash,
        told_hash=before.told_hash if before else None,
        settle_at=decision.settle_at,
        settled_at=decision.settled.at if decision.settled else None,
        programs=programs,
        pieces=sorted(piece for piece in decision.pieces if piece[0] != "p"),
        currency=decision.figures.currency,
        total_minor=decision.figures.total_minor,
        refunded_minor=decision.refunded_minor,
        ambassador_id=decision.ambassador_id,
    )


def _told(tx: Tx, row: OrderRow, decision: Decision, before: OrderRow | None, as_of: int) -> OrderRow:
    """Emits the conversion if what others see of it has changed. Before its first outcome an order is told nowhere."""
    told_before = before is not None and before.told_hash is not None
    if not told_before and decision.status == "pending" and not decision.cancelled:
        return row
    conversion = conversion_of(decision, row, tx.now, as_of, before)
    mark = _hash(conversion.__pydantic_serializer__.to_json(conversion, exclude=_OF_THIS_TELLING))
    if told_before and before is not None and before.told_hash == mark:
        return row
    tx.emit(conversion)
    return replace(row, told_hash=mark)


def conversion_of(
    decision: Decision, row: OrderRow, decided_at: datetime, as_of: int, before: OrderRow | None
) -> Conversion:
    """The event that tells a decision. Its type names the step; readers go by the state inside."""
    kind = _BY_STATUS[decision.status]
    if decision.cancelled:
        kind = ConversionReversed
    elif decision.settled is not None and (before is None or before.settled_at is None):
        kind = ConversionSettled
    return kind(
        store_id=row.store_id,
        order_id=decision.order_id,
        revision=row.revision,
        status=decision.status,
        reason=decision.reason,
        cancelled=decision.cancelled,
        settled_at=decision.settled.at if decision.settled else None,
        placed_at=decision.placed_at,
        decided_at=decided_at,
        figures=decision.figures,
        refunded_minor=decision.refunded_minor,
        over_refunded=decision.over_refunded,
        friend_id=decision.friend_id,
        visitor_id=decision.visitor_id,
        order_number=decision.order_number,
        new_customer=decision.new_customer,
        program_id=decision.program_id,
        program_version=decision.program_version,
        ambassador_id=decision.ambassador_id,
        winner=decision.winner,
        as_of=as_of,
        engine=ENGINE,
    )


async def _retie(tx: Tx, gathered: Gathered, rows: Iterable[OrderRow]) -> None:
    """Keeps the ties of changed orders to codes and ambassadors, while the orders are open."""
    wanted: set[Tie] = set()
    gone: set[Tie] = set()
    for row in rows:
        before = gathered.rows.get((row.store_id, row.order_id))
        old = set(before.pieces) if before else set()
        wanted |= {(row.store_id, piece, row.order_id) for piece in set(row.pieces) - old}
        gone |= {(row.store_id, piece, row.order_id) for piece in old - set(row.pieces)}
    await people_store.tie(tx, sorted(wanted))
    await people_store.untie(tx, sorted(gone))


def _hash(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()
