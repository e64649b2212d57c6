"""Decides what was gathered, writes what changed and sends its events."""

import hashlib
from collections import Counter as Count
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from msgspec.structs import replace
from prometheus_client import Counter

from contracts.events.conversions import (
    Conversion,
    ConversionAttributed,
    ConversionDeferred,
    ConversionRejected,
    ConversionReversed,
    ConversionSettled,
    ConversionUnattributed,
    Named,
)
from services.attribution.decisions.actions.gather import Gathered
from services.attribution.decisions.actions.numbers import Numbers
from services.attribution.decisions.domain import ENGINE, Decision, decision_bytes
from services.attribution.decisions.domain.decide import deciding
from services.attribution.decisions.domain.history import History
from services.attribution.decisions.sql import orders as order_rows
from services.attribution.decisions.sql import people as people_sql
from services.attribution.decisions.sql.orders import OrderRow, Revision
from services.kernel import due
from services.kernel.db import Tx
from services.kernel.revisions import Ref
from services.kernel.threads import in_thread

_DECISIONS = Counter("kith_decisions_total", "Decisions that came out another than before.", ("status",))

SETTLE = "attribution.settle"
"""The due job that settles orders."""

REFUSED = "s:"
"""Before the key of a tie that outlives the settling: whom a settled order named in vain. Nothing is decided by it."""

Tie = tuple[str, str, str]

_BY_STATUS: dict[str, type[Conversion]] = {
    "attributed": ConversionAttributed,
    "rejected": ConversionRejected,
    "unattributed": ConversionUnattributed,
    "pending": ConversionDeferred,
}

_NAMED: dict[str, Literal["waiting", "refused"]] = {"pending": "waiting", "rejected": "refused"}

_OF_THIS_EVENT = {"revision", "as_of", "decided_at"}
"""Fields of an event that say nothing new about the order."""


@dataclass(slots=True)
class Written:
    """What came out of deciding."""

    decisions: dict[Ref, Decision] = field(default_factory=dict)
    after: dict[Ref, History] = field(default_factory=dict)
    """What those of a person's open orders that were decided and stand come to, by (store, person)."""
    revisions: list[Revision] = field(default_factory=list)
    rows: list[OrderRow] = field(default_factory=list)
    """Current states that are not as they were."""
    settle_at: dict[str, datetime] = field(default_factory=dict)


async def decide_and_write(tx: Tx, gathered: Gathered, numbers: Numbers) -> Written:
    """Decides every gathered order; keeps a revision of what is not as it was, and sends its event."""
    written = await in_thread(sum(len(f.reports) + len(f.tracks) for f in gathered.facts.values()), _decided, gathered)
    await write(tx, gathered.rows, gathered.people, written, numbers)
    gathered.rows |= {(row.store_id, row.order_id): row for row in written.rows}
    return written


async def write(
    tx: Tx, before: Mapping[Ref, OrderRow], people: Mapping[Ref, str], written: Written, numbers: Numbers
) -> None:
    """Writes the decisions, and sends their events, that are not as they were `before`."""
    await in_thread(len(written.decisions), _compared, tx, before, people, written, numbers)
    await order_rows.add_revisions(tx, written.revisions, engine=ENGINE)
    counts = Count(str(written.decisions[r.store_id, r.order_id].status) for r in written.revisions)
    tx.after_commit(lambda: _count(counts))
    await order_rows.put(tx, written.rows)
    await _retie(tx, before, written.rows)
    await due.schedule(tx, SETTLE, written.settle_at)


def _decided(gathered: Gathered) -> Written:
    written = Written()
    for store_id, facts in gathered.facts.items():
        after: dict[str, History] = {}
        for decision in deciding(facts, after):
            written.decisions[store_id, decision.order_id] = decision
        written.after |= {(store_id, person_id): history for person_id, history in after.items()}
    return written


def _compared(
    tx: Tx, before: Mapping[Ref, OrderRow], people: Mapping[Ref, str], written: Written, numbers: Numbers
) -> None:
    decisions = written.decisions
    for pair in sorted(decisions, key=lambda pair: (pair[0], decisions[pair].placed_at, pair[1])):
        decision, was = decisions[pair], before.get(pair)
        body = decision_bytes(decision)
        row = _row(pair, people[pair], decision, was, _hash(body))
        changed = was is None or was.body_hash != row.body_hash
        if changed:
            written.revisions.append(Revision(*pair, row.revision, numbers.last[pair[0]], body))
            row = _reported(tx, row, decision, was, numbers.last[pair[0]])
        if changed or row != was:
            written.rows.append(row)
        if row.settle_at is not None:
            moments = written.settle_at
            moments[pair[0]] = min(row.settle_at, moments.get(pair[0], row.settle_at))


def _count(counts: Mapping[str, int]) -> None:
    for status, count in counts.items():
        _DECISIONS.labels(status).inc(count)


def _row(pair: Ref, person_id: str, decision: Decision, before: OrderRow | None, body_hash: bytes) -> OrderRow:
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
        program_id=decision.program_id,
    )


def _reported(tx: Tx, row: OrderRow, decision: Decision, before: OrderRow | None, as_of: int) -> OrderRow:
    """Emits the conversion if what others see of it has changed. One that waits is reported too, as waiting; one from
    before the store was connected is nobody's business.
    """
    if decision.history:
        return row
    conversion = conversion_of(decision, row, tx.now, as_of, before)
    mark = _hash(conversion.__pydantic_serializer__.to_json(conversion, exclude=_OF_THIS_EVENT))
    if before is not None and before.told_hash == mark:
        return row
    tx.emit(conversion)
    return replace(row, told_hash=mark)


def conversion_of(
    decision: Decision, row: OrderRow, decided_at: datetime, as_of: int, before: OrderRow | None
) -> Conversion:
    """The event of a decision. Its type names the step; readers go by the state inside."""
    kind = _BY_STATUS[decision.status]
    if decision.cancelled or (decision.status == "pending" and before is not None and before.status != "pending"):
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
        returned=decision.returned,
        returned_at=decision.returned_at,
        at_settling=decision.at_settling,
        friend_id=decision.friend_id,
        person=decision.person,
        friend_contacts=decision.friend_contacts,
        visitor_id=decision.visitor_id,
        click_id=decision.click_id,
        order_number=decision.order_number,
        new_customer=decision.new_customer,
        program_id=decision.program_id,
        program_version=decision.program_version,
        ambassador_id=decision.ambassador_id,
        winner=decision.winner,
        named=_named(decision),
        circumstances=decision.circumstances,
        as_of=as_of,
        engine=ENGINE,
    )


def _named(decision: Decision) -> tuple[Named, ...]:
    """Whom proofs named, each once by their best, where the order is nobody's or undecided."""
    verdict = _NAMED.get(decision.status)
    found: dict[str, Named] = {}
    if verdict is not None and not decision.cancelled:
        for one in decision.candidates:
            if one.ambassador_id is not None and one.verdict == verdict:
                who, program = one.ambassador_id, one.program_id
                named = Named(ambassador_id=who, program_id=program, verdict=verdict, reason=one.reason)
                found.setdefault(who, named)
    return tuple(found.values())


async def _retie(tx: Tx, before: Mapping[Ref, OrderRow], rows: Iterable[OrderRow]) -> None:
    """Keeps the ties of changed orders to codes and ambassadors, while the orders are open; whom they name in vain for
    longer, since these ambassadors are notified why.
    """
    wanted: set[Tie] = set()
    gone: set[Tie] = set()
    for row in rows:
        was = before.get((row.store_id, row.order_id))
        old = set(was.pieces) if was else set()
        wanted |= {(row.store_id, piece, row.order_id) for piece in set(row.pieces) - old}
        gone |= {(row.store_id, piece, row.order_id) for piece in old - set(row.pieces)}
        wanted |= {(row.store_id, REFUSED + piece, row.order_id) for piece in _named_in_vain(row, old)}
    await people_sql.tie(tx, sorted(wanted))
    await people_sql.untie(tx, sorted(gone))


def _named_in_vain(row: OrderRow, pieces: Iterable[str]) -> set[str]:
    """What an order that settles without a winner was tied to. A code that nobody has names nobody."""
    if row.settled_at is None or row.status not in {"rejected", "unattributed"}:
        return set()
    return {piece for piece in pieces if piece[0] == "a" or row.status == "rejected"}


def _hash(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()
