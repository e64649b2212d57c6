"""Decides custom events: of whom a batch concerns at once, and what is too much for one transaction a moment later."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from msgspec.structs import replace

from contracts.events.actions import (
    Action,
    ActionAttributed,
    ActionCancelled,
    ActionRejected,
    ActionReported,
    ActionReversed,
    ActionSettled,
    ActionUnattributed,
)
from contracts.events.catalog import AmbassadorSaved, CodeSaved, ProgramPublished
from contracts.events.conversions import Named
from contracts.events.orders import OrderFact, OrderReported
from contracts.events.tracking import TrackingPayload
from services.attribution.custom_events.actions.gather import gather
from services.attribution.custom_events.actions.joined import (
    DECIDE,
    begin_look_back,
    call_off_fallen,
    keep_joined,
)
from services.attribution.custom_events.domain import ENGINE, EventDecision, decide_events, decision_bytes
from services.attribution.custom_events.sql import events as sql
from services.attribution.custom_events.sql.events import EventRow
from services.attribution.decisions.domain.people import keys_of_customer, keys_of_track
from services.attribution.decisions.sql import nobody as nobody_sql
from services.attribution.decisions.sql import people as people_sql
from services.attribution.slices.sql import NEVER_ENDING
from services.attribution.tracking import sql as tracking_sql
from services.attribution.tracking.domain import lends
from services.kernel import due
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.revisions import Ref
from services.kernel.threads import in_thread

SETTLE: Final = "settle-events"
AT_ONCE: Final = 100
"""People whose events are decided in one transaction."""

_BY_STATUS: Final[Mapping[str, type[Action]]] = {
    "attributed": ActionAttributed,
    "rejected": ActionRejected,
    "unattributed": ActionUnattributed,
    "pending": ActionReversed,
}
_NAMED: Final = {"rejected": "refused", "unattributed": "refused", "pending": "waiting"}
_NOT_COMPARED: Final = {"revision", "decided_at", "cancelled_at"}
"""What says nothing new: the last one goes with `cancelled`, and was not told once."""


async def take(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Handles events of the catalog, of tracking, of orders, and reports of custom events: after orders have been
    decided. What was taken before changes nothing.
    """
    stores = {event.store_id for event in events}
    await tx.lock_stores(stores)
    data = [event.data for event in events]
    joined = await keep_joined(tx, data)
    await begin_look_back(tx, data)
    # Most stores report no such events: theirs cost one look. One that is being reported now comes by the bus, too.
    stores = await sql.having(tx, stores)
    if not stores:
        return
    data = [one for one in data if one.store_id in stores]
    names = _names(data)
    people = await assign(tx, names | joined) | await _concerned(tx, data, names)
    called_off = [one for one in data if isinstance(one, ActionCancelled)]
    people |= await sql.doers(tx, {(one.store_id, one.event_id) for one in called_off})
    fallen = await call_off_fallen(tx, data)
    people |= await sql.doers(tx, fallen)
    settled = {(one.store_id, one.event_id) for one in called_off} | fallen
    await sql.touch(tx, people, _pieces(data), settled=settled)
    await _decide(tx, stores)


async def decide_more(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Goes on with what was too much for one transaction; returns the stores that may have more, at once."""
    await tx.lock_stores(stores)
    return await _decide(tx, stores)


async def assign(tx: Tx, names: set[Ref]) -> set[Ref]:
    """Finds out whose the events are that were nobody's, now that something names these people. An event may come
    before the naming that it was reported with: it waits for that.
    """
    waiting = await sql.unassigned(tx, names)
    known = await people_sql.of_keys(tx, {(ref[0], key) for ref, keys in waiting.items() for key in keys})
    nobody = await nobody_sql.known(tx, {store_id for store_id, _ in waiting}, as_of=NEVER_ENDING)
    people: dict[Ref, str] = {}
    for (store_id, event_id), keys in waiting.items():
        behind = {known[store_id, key] for key in keys if (store_id, key) in known}
        if behind:
            people[store_id, event_id] = min(behind)
        elif set(keys) <= nobody.get(store_id, frozenset()):
            people[store_id, event_id] = f"event/{event_id}"  # of names that stand for nobody: somebody of its own
    await sql.assign(tx, people)
    return {(ref[0], person) for ref, person in people.items()}


def _names(data: Iterable[object]) -> set[Ref]:
    """Everything that anybody is called by here."""
    names: set[Ref] = set()
    for one in data:
        if isinstance(one, TrackingPayload):
            names |= {(one.store_id, key) for key in keys_of_track(one)}
        elif isinstance(one, OrderReported | ActionReported):
            names |= {(one.store_id, key) for key in keys_of_customer(one.customer)}
    return names


async def _concerned(tx: Tx, data: Sequence[object], names: set[Ref]) -> set[Ref]:
    """Everybody whom orders and reports of pages concern."""
    found = {(ref[0], person) for ref, person in (await people_sql.of_keys(tx, names)).items()}
    if orders := {(one.store_id, one.order_id) for one in data if isinstance(one, OrderFact)}:
        found |= await sql.people_of_orders(tx, orders)
    visitors = {
        (one.store_id, one.visitor_id)
        for one in data
        if isinstance(one, TrackingPayload) and one.visitor_id is not None and lends(one.visitor_id)
    }
    if visitors:
        seen = await tracking_sql.by_visitor(tx, visitors, as_of=NEVER_ENDING)
        found |= {(t.store_id, t.person_id) for t in seen if t.person_id is not None}
        # Whose browser it is may be known by an order alone.
        found |= await people_sql.concerned(tx, {(store_id, f"v:{visitor}") for store_id, visitor in visitors})
    return found


def _pieces(data: Iterable[object]) -> set[Ref]:
    """Pieces that are new or other than they were, and bear on open events."""
    found: set[Ref] = set()
    for one in data:
        if isinstance(one, ProgramPublished):
            found.add((one.store_id, f"p:{one.program_id}"))
        elif isinstance(one, CodeSaved):
            found.add((one.store_id, f"d:{one.code}"))
        elif isinstance(one, AmbassadorSaved):
            found.add((one.store_id, f"a:{one.ambassador_id}"))
        elif isinstance(one, TrackingPayload) and one.visitor_id is not None:
            found.add((one.store_id, f"v:{one.visitor_id}"))
    return found


async def _decide(tx: Tx, stores: Iterable[str]) -> dict[str, datetime]:
    """Decides the events of some people; returns, and schedules, when there is more to do."""
    people = await sql.stale(tx, stores, count=AT_ONCE)
    if not people:
        return {}
    rows = await sql.at_hand(tx, people)
    gathered, doers = await gather(tx, people, rows)
    made: dict[Ref, EventDecision] = {}
    for store_id in {store_id for store_id, _ in people}:
        mine, facts = [row.happened() for row in rows if row.store_id == store_id], gathered.of(store_id)
        size = len(mine) + len(facts.reports)
        decided = await in_thread(size, decide_events, facts, mine, doers.get(store_id, {}))
        made |= {(store_id, event_id): decision for event_id, decision in decided.items()}
    await write(tx, rows, made)
    more = {store_id: tx.now for store_id, _ in await sql.stale(tx, stores, count=1)}
    await due.schedule(tx, DECIDE, more)
    return more


async def write(tx: Tx, rows: Sequence[EventRow], made: Mapping[Ref, EventDecision]) -> None:
    """Keeps what was decided of these events and publishes what is not as others know it. A settled one has no decision
    here: it keeps its own.
    """
    changed: list[EventRow] = []
    for before in rows:
        decision = made.get(before.ref)
        after = before
        if decision is not None:
            body = decision_bytes(decision)
            after = replace(
                before,
                decision=body,
                decided_at=before.decided_at if before.decision == body else tx.now,
                settle_at=decision.settle_at,
                number=decision.number,
            )
        if after.decision is not None:
            after = publish(tx, after, before)
        if after != before or before.stale:
            changed.append(after)
    await sql.put(tx, changed)
    await sql.tie(tx, {ref: decision.pieces for ref, decision in made.items()})
    await due.schedule(tx, SETTLE, _earliest(changed))


def publish(tx: Tx, after: EventRow, before: EventRow) -> EventRow:
    """Emits the state of a decided event if what others see of it has changed."""
    state = action_of(after, before, tx.now)
    if state.status == "pending" and before.told_hash is None:
        return after  # what waits for its first outcome is not published
    mark = hashlib.blake2b(state.__pydantic_serializer__.to_json(state, exclude=_NOT_COMPARED), digest_size=16).digest()
    if mark == before.told_hash:
        return after
    tx.emit(state)
    return replace(after, told_hash=mark, revision=state.revision)


def action_of(row: EventRow, before: EventRow, now: datetime) -> Action:
    """The event of a decision. Its type names the step; readers go by the state inside."""
    body = orjson.loads(row.decision or b"{}")
    kind = _BY_STATUS[body["status"]]
    if row.cancelled_at is not None:
        kind = ActionReversed
    elif row.settled_at is not None and before.settled_at is None:
        kind = ActionSettled
    return kind(
        store_id=row.store_id,
        event_id=row.event_id,
        name=row.name,
        revision=row.revision + 1,
        status=body["status"],
        reason="cancelled" if row.cancelled_at is not None else body["reason"],
        cancelled=row.cancelled_at is not None,
        cancel_reason=row.cancel_reason,
        cancelled_at=row.cancelled_at,
        settled_at=row.settled_at,
        happened_at=row.happened_at,
        decided_at=now,
        friend_id=body["friend_id"],
        friend_contacts=tuple(body["friend_contacts"]),
        event_number=row.number,
        new_customer=body["new_customer"],
        program_id=body.get("program_id"),
        program_version=body.get("program_version"),
        ambassador_id=body.get("ambassador_id"),
        winner=body.get("winner"),
        named=_named_in_vain(body),
        engine=ENGINE,
    )


def _named_in_vain(body: Mapping[str, Any]) -> tuple[Named, ...]:
    """Whom proofs named, each once by their best, where the event is nobody's or undecided."""
    verdict = _NAMED.get(body["status"])
    found: dict[str, Named] = {}
    for one in body["candidates"]:
        who = one.get("ambassador_id")
        if who is not None and one["verdict"] == verdict:
            named = {"ambassador_id": who, "program_id": one.get("program_id"), "verdict": verdict}
            found.setdefault(who, Named.model_validate(named | {"reason": one["reason"]}))
    return tuple(found.values())


def _earliest(rows: Iterable[EventRow]) -> dict[str, datetime]:
    moments: dict[str, datetime] = {}
    for row in rows:
        if row.settle_at is not None and row.settled_at is None:
            moments[row.store_id] = min(row.settle_at, moments.get(row.store_id, row.settle_at))
    return moments
