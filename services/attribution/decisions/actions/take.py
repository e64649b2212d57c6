"""Takes in a batch of events: stamps what is new, finds everybody whom it reaches, decides their open orders again."""

import time
from collections import Counter as Count
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from prometheus_client import Histogram

from contracts.events.catalog import AmbassadorSaved, CodeSaved, ProgramPublished
from contracts.events.orders import OrderAmended, OrderFact, OrderReported
from contracts.events.tracking import TrackingPayload
from services.attribution.decisions.actions.again import decide_open
from services.attribution.decisions.actions.ahead import MANY, ahead
from services.attribution.decisions.actions.claims import claim_codes
from services.attribution.decisions.actions.friends import Friends
from services.attribution.decisions.actions.gather import gather, gather_settled
from services.attribution.decisions.actions.numbers import Numbers
from services.attribution.decisions.actions.people import Joined, Naming, join
from services.attribution.decisions.actions.sweep import AT_ONCE as SWEPT_AT_ONCE
from services.attribution.decisions.actions.sweep import awaiting, begin
from services.attribution.decisions.actions.write import decide_and_write
from services.attribution.decisions.domain.history import Place
from services.attribution.decisions.domain.people import keys_of_customer, keys_of_track
from services.attribution.decisions.sql import orders as order_rows
from services.attribution.decisions.sql import people as people_store
from services.attribution.decisions.sql.orders import OrderRow
from services.attribution.decisions.sql.sweeps import Sweep
from services.attribution.orders import sql as orders_sql
from services.attribution.slices import sql as slices_sql
from services.attribution.slices.sql import Revision
from services.attribution.tracking import domain as tracking
from services.attribution.tracking import sql as tracking_sql
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.service import TooMuch
from services.kernel.telemetry import AGES

Pair = tuple[str, str]

_AGE = Histogram(
    "kith_decision_age_seconds",
    "From the receipt of a report of an order to the commit of the decision that knows it.",
    buckets=AGES,
)

_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when a program's first version is in force."""
MOST_OPEN = 1000
"""Open orders that a batch decides again, beside those of one person: what more events reach is taken in parts."""


@dataclass(slots=True)
class _Reach:
    """What a batch brought that may concern people."""

    namings: list[Naming] = field(default_factory=list)
    keys: set[Pair] = field(default_factory=set)
    limited: set[Pair] = field(default_factory=set)
    """Keys of codes whose uses are given out in the order of placing: nobody is left for later."""
    visitors: set[Pair] = field(default_factory=set)
    clicks: set[Pair] = field(default_factory=set)
    named_visitors: set[Pair] = field(default_factory=set)
    versions: list[tuple[str, str, datetime]] = field(default_factory=list)
    reports: dict[Pair, list[OrderReported]] = field(default_factory=dict)
    """New reports, by order."""
    rows: dict[Pair, OrderRow] = field(default_factory=dict)
    """Orders that new facts are about and that were decided before, as they were."""
    reported: list[datetime] = field(default_factory=list)
    """When each new report of an order was received."""


async def take(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Handles events of the catalog, of tracking and of orders. What was taken before changes nothing."""
    began = time.perf_counter()
    numbers = await Numbers.lock(tx, {event.store_id for event in events})
    reach = _Reach()
    await _take_catalog(tx, events, numbers, reach)
    await _take_tracks(tx, events, numbers, reach)
    await _take_orders(tx, events, numbers, reach)
    joined = await join(tx, reach.namings)
    reached = await _reached(tx, reach, numbers)
    friends = await Friends.read(tx, joined.people | reached, joined)
    fallen = await _decide_settled(tx, reach, joined, friends, numbers)
    swept = await awaiting(tx, friends.now)
    orders, behind, since = _to_decide(reach, joined, friends, wide=reached | fallen | swept)
    open_rows = await order_rows.open_of(tx, friends.now.keys() - behind - since.keys())
    open_rows |= await order_rows.open_since(tx, since)
    _check_cost(events, open_rows.values())
    orders |= {pair: row.person_id for pair, row in open_rows.items()}
    gathered = await gather(tx, orders, open_rows, friends.now, behind=behind, ahead=await ahead(tx, since))
    freed = await claim_codes(tx, gathered, numbers)
    written = await decide_and_write(tx, gathered, numbers)
    friends.decided(gathered, written, untouched=behind)
    await friends.keep(tx)
    if freed:
        await _decide_refused(tx, freed, numbers)
    await numbers.keep(tx)
    if reach.reported:
        tx.after_commit(lambda: _age(tx.now, time.perf_counter() - began, reach.reported))


async def _decide_refused(tx: Tx, codes: set[Pair], numbers: Numbers) -> None:
    """Decides open orders again that name a code of which a use was given back: one of them may take it."""
    people = await people_store.reached(tx, {(store_id, f"d:{text}") for store_id, text in codes})
    friends = await Friends.read(tx, people)
    await decide_open(tx, people, friends, numbers)
    await friends.keep(tx)


def _check_cost(events: Sequence[Event[Any]], rows: Iterable[OrderRow]) -> None:
    """Raises `TooMuch` where some of the events would decide much less."""
    counts = Count((row.store_id, row.person_id) for row in rows)
    if len(events) > 1 and counts and counts.total() - max(counts.values()) > MOST_OPEN:
        raise TooMuch


def _age(now: datetime, since_s: float, reported: Sequence[datetime]) -> None:
    for received_at in reported:
        _AGE.observe(max(0.0, (now - received_at).total_seconds() + since_s))


async def _take_catalog(tx: Tx, events: Sequence[Event[Any]], numbers: Numbers, reach: _Reach) -> None:
    reported: dict[type[object], list[Revision]] = {}
    for event in events:
        if isinstance(event.data, ProgramPublished | CodeSaved | AmbassadorSaved):
            revision = Revision(numbers.next(event.store_id), event.at, event.data)
            reported.setdefault(type(event.data), []).append(revision)
    if ProgramPublished in reported:
        for program in await slices_sql.keep_programs(tx, reported[ProgramPublished]):
            since = _ALWAYS if program.version == 1 else program.published_at
            reach.versions.append((program.store_id, program.program_id, since))
    if CodeSaved in reported:
        for code in await slices_sql.keep_codes(tx, reported[CodeSaved]):
            keys = reach.keys if code.max_uses is None else reach.limited
            keys.add((code.store_id, f"d:{code.code}"))
    if AmbassadorSaved in reported:
        saved = await slices_sql.keep_ambassadors(tx, reported[AmbassadorSaved])
        ambassadors = {(a.store_id, a.ambassador_id) for a in saved}
        reach.keys |= {(store_id, f"a:{ambassador_id}") for store_id, ambassador_id in ambassadors}
        reach.keys |= {(s, f"d:{text}") for s, text in await slices_sql.codes_of_ambassadors(tx, ambassadors)}


async def _take_tracks(tx: Tx, events: Sequence[Event[Any]], numbers: Numbers, reach: _Reach) -> None:
    reported = {
        (e.store_id, tracking.touch_id(e.data)): numbers.next(e.store_id)
        for e in events
        if isinstance(e.data, TrackingPayload) and tracking.bears(e.data)
    }
    for row in await tracking_sql.stamp(tx, sorted(reported.items())):
        if row.visitor_id is not None:
            reach.visitors.add((row.store_id, row.visitor_id))
            if row.names:
                reach.named_visitors.add((row.store_id, row.visitor_id))
        if row.click_id is not None:
            reach.clicks.add((row.store_id, row.click_id))
        if row.names:
            reach.namings.append(Naming(row.store_id, keys_of_track(row.read()), track=row.track_id))


async def _take_orders(tx: Tx, events: Sequence[Event[Any]], numbers: Numbers, reach: _Reach) -> None:
    reported = {
        (e.store_id, e.data.order_id, e.data.fact_id): numbers.next(e.store_id)
        for e in events
        if isinstance(e.data, OrderFact)
    }
    new = await orders_sql.stamp(tx, sorted(reported.items()))
    reach.rows = await order_rows.by_id(tx, {(fact.store_id, fact.order_id) for fact in new})
    ties = set()
    for fact in new:
        pair = (fact.store_id, fact.order_id)
        row = reach.rows.get(pair)
        known = row.person_id if row else None
        if fact.kind == "report":
            reach.reported.append(fact.received_at)
            report = OrderAmended.model_validate_json(fact.body, extra="ignore")
            reach.reports.setdefault(pair, []).append(report)
            keys = keys_of_customer(report.customer)
            reach.namings.append(Naming(fact.store_id, keys, order=fact.order_id, known_person=known))
            if tracking.lends(report.visitor_id):
                ties.add((fact.store_id, f"v:{report.visitor_id}", fact.order_id))
        elif known is not None:
            reach.namings.append(Naming(fact.store_id, (), order=fact.order_id, known_person=known))
    await people_store.tie(tx, sorted(ties))


async def _decide_settled(tx: Tx, reach: _Reach, joined: Joined, friends: Friends, numbers: Numbers) -> set[Pair]:
    """Decides the settled orders that new facts are about, each from its own facts. Returns the people of those that
    stand no longer, or again: only these bear on others.
    """
    settled = {pair: row for pair, row in reach.rows.items() if row.settled_at is not None}
    if not settled:
        return set()
    people = {pair: joined.orders[pair] for pair in settled}
    written = await decide_and_write(tx, await gather_settled(tx, people, settled), numbers)
    fallen = {
        (pair[0], people[pair]) for pair, row in settled.items() if written.decisions[pair].cancelled != row.cancelled
    }
    await friends.settle_anew(tx, fallen)
    return fallen


def _to_decide(
    reach: _Reach, joined: Joined, friends: Friends, *, wide: set[Pair]
) -> tuple[dict[Pair, str], set[Pair], dict[Pair, Place]]:
    """The orders that are new, each with its person; those people whose other open orders learn nothing: who bought
    once more, after everything else, or whom only a settled order's money concerns; and, of people with many orders,
    those whose orders learn something only from a place on.
    """
    touched = wide | joined.merged.keys() | (joined.keys.keys() - joined.made)
    since: dict[Pair, Place] = {}

    def learns(person: Pair, place: Place) -> None:
        since[person] = min(place, since.get(person, place))

    for pair, row in reach.rows.items():
        if row.settled_at is None:
            moments = [row.placed_at, *(report.placed_at for report in reach.reports.get(pair, ()))]
            learns((pair[0], joined.orders[pair]), (min(moments), pair[1]))
    reported: dict[Pair, list[OrderReported]] = {}
    new: dict[Pair, str] = {}
    for pair, reports in reach.reports.items():
        person = (pair[0], joined.orders[pair])
        reported.setdefault(person, []).extend(reports)
        if pair not in reach.rows:
            new[pair] = person[1]
            place, latest = (min(report.placed_at for report in reports), pair[1]), friends.now[person].latest
            if latest is not None and place <= latest:
                learns(person, place)
    counts = Count((pair[0], person) for pair, person in new.items())
    for person, reports in reported.items():
        friends.learn(person, reports, new_orders=counts[person])
        if person not in joined.made and not friends.lends_as_before(person):
            touched.add(person)
    touched |= {person for person in since if friends.now[person].orders <= MANY}
    since = {person: place for person, place in since.items() if person not in touched}
    return new, friends.now.keys() - touched - since.keys(), since


async def _reached_by_catalog(tx: Tx, reach: _Reach) -> set[Pair]:
    """People with open orders whom news of the catalog concern. Of too many, nobody: a sweep comes to them."""
    if not reach.keys and not reach.versions:
        return set()
    most = SWEPT_AT_ONCE + 1
    tied = await people_store.reached_open(tx, reach.keys, most=most)
    by_program = await people_store.reached_by_programs(tx, reach.versions, most=most)
    if sum(tied.values()) + sum(by_program.values()) <= SWEPT_AT_ONCE:
        return tied.keys() | by_program.keys()
    causes = [Sweep(store_id, key, _ALWAYS) for store_id, key in reach.keys]
    causes += [Sweep(store_id, f"p:{program_id}", since) for store_id, program_id, since in reach.versions]
    await begin(tx, causes)
    return set()


async def _reached(tx: Tx, reach: _Reach, numbers: Numbers) -> set[Pair]:
    """Everybody with orders that the new facts reach, also those who may lose a shared click by them."""
    people = await people_store.reached(tx, reach.limited | {(s, f"v:{v}") for s, v in reach.visitors})
    people |= await _reached_by_catalog(tx, reach)
    seen = await tracking_sql.by_visitor(tx, reach.visitors, as_of=slices_sql.NEVER_ENDING)
    people |= {(t.store_id, t.person_id) for t in seen if t.person_id is not None}
    clicks = reach.clicks | {
        (t.store_id, t.click_id)
        for t in seen
        if t.click_id is not None and (t.store_id, t.visitor_id) in reach.named_visitors
    }
    owners = await tracking_sql.owners(tx, {(s, c, numbers.before[s]) for s, c in clicks})
    people |= {(o.track.store_id, o.track.person_id) for o in owners if o.track.person_id is not None}
    return people
