"""Keeps deliveries as they came, reads them, passes their facts on. What one says is its platform's matter.

A delivery is kept before it is looked at: no mistake in reading costs one. What reading finds is noted, and goes out,
in one transaction; of several who read one delivery only one finds it unread.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec
from prometheus_client import Counter

from contracts.events.orders import OrderFact
from services.common.order_facts import Clock, ReportedFact
from services.common.own_placeholders import placeholders_of
from services.connectors.inbox import sql
from services.connectors.inbox.domain import BODY, Ignored, Outcome
from services.connectors.inbox.sql import Delivery, Timers
from services.connectors.settings import DELIVERIES_KEPT, READ_WITHIN
from services.kernel.auth.ring import KeyRing
from services.kernel.auth.sealing import Sealing
from services.kernel.db import Tx
from services.kernel.errors import AppError
from services.kernel.outbox import Outgoing

READ: Final = "connectors.read-deliveries"
"""The due job that reads what nobody has read yet."""
FORGET: Final = "connectors.forget-deliveries"
"""The due job that drops old deliveries."""
FORGOTTEN_AT_ONCE: Final = 1_000
"""Deliveries that one transaction drops."""
READ_AT_ONCE: Final = 100
"""Deliveries that one transaction of the job reads: each holds a body."""
OUTCOMES: Final = ("taken", "duplicate", "ignored", "failed", "unsigned")
"""What becomes of a delivery. What was kept is counted once what it says is noted, by whoever notes it."""
DELIVERIES: Final = Counter("kith_deliveries_total", "Deliveries of store platforms.", ("platform", "outcome"))
_TOPIC: Final = str(OrderFact.TOPIC)


class Message(NamedTuple):
    """What a reader is given of a delivery. `nobody`: names that stand for nobody at the store by its own word."""

    store_id: str
    topic: str
    body: bytes
    clock: Clock
    nobody: Collection[str] = frozenset()


Reader = Callable[[KeyRing, Message], Sequence[ReportedFact]]
"""The facts that a delivery reports. Raises `Ignored`, or whatever its platform's words make it stumble over."""


@dataclass(frozen=True, slots=True)
class Readings:
    """How deliveries are read: each platform's reader, the key ring, and the keys that bodies are sealed with."""

    readers: Mapping[str, Reader]
    ring: KeyRing
    sealing: Sealing

    def open(self, kept: Delivery) -> bytes:
        """A delivery's body. Raises `ValueError` if its key has left."""
        return self.sealing.open(BODY, kept.body, owner=kept.delivery_id)

    def read(self, kept: Delivery, message: Message) -> "Reading":
        """Reads a delivery. Never raises on what it says: that is noted with it."""
        try:
            facts = tuple(self.readers[kept.platform](self.ring, message))
        except Ignored as ignored:
            return Reading(replace(kept, outcome="ignored", reason=str(ignored), order_id=None))
        except AppError as error:
            named = error.errors[0].field if error.errors else error.code
            return _failed(kept, f"unreadable: {named}")
        except (ValueError, OverflowError, msgspec.ValidationError) as error:
            # A field that no order of ours can hold: a negative figure, a time outside of all calendars.
            return _failed(kept, f"unreadable: {type(error).__name__}")
        except Exception as error:
            # The reader's mistake: the delivery lies safe until a version comes that can read it.
            return _failed(kept, f"unreadable: {type(error).__name__}")
        order_id = facts[0].order_id if facts else None
        return Reading(replace(kept, outcome="taken", reason=None, order_id=order_id), facts)


@dataclass(frozen=True, slots=True)
class Reading:
    """A delivery with what was made of it, and the facts that it reports (none if it is ignored or unreadable)."""

    delivery: Delivery
    facts: tuple[ReportedFact, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """The equation of a store's deliveries: acked = taken + ignored + failed + waiting, all that ever came."""

    store_id: str
    acked: int
    outcomes: dict[str, int] = field(default_factory=dict)

    @property
    def difference(self) -> int:
        """0, always."""
        return self.acked - sum(self.outcomes.values())


def _failed(kept: Delivery, reason: str) -> Reading:
    return Reading(replace(kept, outcome="failed", reason=reason, order_id=None))


async def keep(tx: Tx, deliveries: Sequence[Delivery]) -> list[bool]:
    """Keeps deliveries as they came; says of each whether it is the first of its name."""
    distinct = {one.ref: one for one in reversed(deliveries)}
    timers = Timers(read=READ, read_at=tx.now + READ_WITHIN, forget=FORGET, kept_for=DELIVERIES_KEPT)
    new = await sql.keep(tx, list(distinct.values()), timers)
    answers = []
    for one in deliveries:
        answers.append(one.ref in new)
        new.discard(one.ref)
    return answers


async def note(tx: Tx, readings: Sequence[Reading], *, before: Outcome = "waiting") -> None:
    """Notes what was read and sends its facts' events, of those deliveries that are still as they were."""
    noted = await sql.note(tx, [(one.delivery, before) for one in readings])
    facts: dict[tuple[str, str, str], ReportedFact] = {}
    for one in readings:
        if one.delivery.ref in noted:
            for fact in one.facts:
                facts.setdefault(fact.key, fact)
    tx.emit_all(map(_outgoing, facts.values()))
    if before == "waiting":
        read = [one.delivery for one in readings if one.delivery.ref in noted]
        tx.after_commit(lambda: _count(read))


def _count(read: Iterable[Delivery]) -> None:
    for one in read:
        DELIVERIES.labels(one.platform, one.outcome).inc()


def _outgoing(fact: ReportedFact) -> Outgoing:
    return Outgoing(
        event_id=fact.event_id,
        topic=_TOPIC,
        key=fact.store_id,
        type=fact.type,
        store_id=fact.store_id,
        subject=fact.order_id,
        at=fact.received_at,
        traceparent=fact.traceparent,
        data=fact.body,
    )


async def read_waiting(tx: Tx, readings: Readings, stores: Sequence[str]) -> dict[str, datetime]:
    """Reads what was kept and not read, some at a time; returns when to look at each store again. A process that was
    killed between the two leaves such.
    """
    found = await sql.waiting(tx, stores, before=tx.now - READ_WITHIN, most=READ_AT_ONCE)
    nobody = {store_id: await placeholders_of(tx, store_id) for store_id in {one.store_id for one in found}}
    await note(tx, [_read_kept(readings, one, nobody[one.store_id], tx.offset) for one in found])
    if len(found) == READ_AT_ONCE:
        return dict.fromkeys(stores, tx.now)
    return {store_id: at + READ_WITHIN for store_id, at in (await sql.oldest_waiting(tx, stores)).items()}


def _read_kept(readings: Readings, kept: Delivery, nobody: Collection[str], offset: timedelta) -> Reading:
    """Read late, it was received all the same when it came."""
    try:
        body = readings.open(kept)
    except ValueError:
        return _failed(kept, "sealed with a key that is gone")
    message = Message(kept.store_id, kept.topic, body, Clock(kept.received_at, offset), nobody)
    return readings.read(kept, message)


async def read_again(tx: Tx, readings: Readings, kept: Delivery, clock: Clock) -> Delivery:
    """Reads a delivery that was kept once more, and sends the facts that it reports now: those known stay as they are.

    Raises `ValueError` if its key has left.
    """
    body = readings.open(kept)
    nobody = await placeholders_of(tx, kept.store_id)
    reading = readings.read(kept, Message(kept.store_id, kept.topic, body, clock, nobody))
    await note(tx, [reading], before=kept.outcome)
    return reading.delivery


async def forget(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Drops what is too old, some at a time; returns when to come again: at once, or a day later at the earliest."""
    oldest = await sql.forget(tx, stores, before=tx.now - DELIVERIES_KEPT, count=FORGOTTEN_AT_ONCE)
    if oldest is None:
        return dict.fromkeys(stores, tx.now)
    return {s: max(at + DELIVERIES_KEPT, tx.now + timedelta(days=1)) for s, at in oldest.items()}


async def reconcile(tx: Tx, store_id: str) -> Account:
    """Counts a store's deliveries: what was acknowledged, and what became of it."""
    totals, kept = await sql.totals(tx, store_id), await sql.by_outcome(tx, store_id)
    outcomes = {name: totals.get(name, 0) + kept.pop(name, 0) for name in ("taken", "ignored", "failed", "waiting")}
    return Account(store_id, totals["acked"], {**outcomes, **kept})
