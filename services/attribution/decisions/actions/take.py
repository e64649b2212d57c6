"""Takes in a batch of events: stamps what is new, finds everybody whom it concerns, decides their open orders again."""

from collections import Counter as Count
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from contracts.events.catalog import AmbassadorSaved, CodeSaved, ProgramPublished
from contracts.events.orders import OrderAmended, OrderFact, OrderReported
from contracts.events.tracking import TrackingPayload
from services.attribution.decisions.actions import marks
from services.attribution.decisions.actions.again import decide_refused
from services.attribution.decisions.actions.ages import note_ages
from services.attribution.decisions.actions.ahead import MANY, ahead
from services.attribution.decisions.actions.claims import claim_codes
from services.attribution.decisions.actions.friends import Friends
from services.attribution.decisions.actions.gather import gather, gather_settled
from services.attribution.decisions.actions.later import open_orders, put_off
from services.attribution.decisions.actions.numbers import Numbers
from services.attribution.decisions.actions.people import Joined, Naming, join
from services.attribution.decisions.actions.sweep import AT_ONCE as SWEPT_AT_ONCE
from services.attribution.decisions.actions.sweep import begin
from services.attribution.decisions.actions.sweeping import awaiting
from services.attribution.decisions.actions.write import decide_and_write
from services.attribution.decisions.domain.decision import Decision
from services.attribution.decisions.domain.history import BEGINNING, END, Place
from services.attribution.decisions.domain.people import keys_of_customer, keys_of_track
from services.attribution.decisions.sql import orders as order_rows
from services.attribution.decisions.sql import people as people_sql
from services.attribution.decisions.sql.backlogs import Reported
from services.attribution.decisions.sql.orders import OrderRow
from services.attribution.decisions.sql.sweeps import Sweep
from services.attribution.orders import sql as orders_sql
from services.attribution.slices import sql as slices_sql
from services.attribution.slices.sql import Revision
from services.attribution.tracking import domain as tracking
from services.attribution.tracking import sql as tracking_sql
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.revisions import Ref
from services.kernel.service import TooMuch

_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when a program's first version is in force."""
MOST_OPEN = 1000
"""Open orders that a batch decides again, beside those of one person: what more events concern is taken in parts."""


@dataclass(slots=True)
class _Brought:
    """What a batch brought that may concern people."""

    namings: list[Naming] = field(default_factory=list)
    keys: set[Ref] = field(default_factory=set)
    limited: set[Ref] = field(default_factory=set)
    """Keys of codes whose uses are given out in the order of placing: nobody is left for later."""
    visitors: set[Ref] = field(default_factory=set)
    clicks: set[Ref] = field(default_factory=set)
    named_visitors: set[Ref] = field(default_factory=set)
    versions: list[tuple[str, str, datetime]] = field(default_factory=list)
    reports: dict[Ref, list[OrderReported]] = field(default_factory=dict)
    """New reports, by order."""
    rows: dict[Ref, OrderRow] = field(default_factory=dict)
    """Orders that new facts are about and that were decided before, as they were."""
    waiting: dict[Ref, str] = field(default_factory=dict)
    """Those that wait in a backlog to be decided as they were reported, each with its person."""
    reported: list[tuple[Ref, datetime]] = field(default_factory=list)
    """When each new report of an order was received."""


async def take(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Handles events of the catalog, of tracking and of orders. What was taken before changes nothing."""
    numbers = await Numbers.lock(tx, {event.store_id for event in events})
    brought = _Brought()
    await _take_catalog(tx, events, numbers, brought)
    await _take_tracks(tx, events, numbers, brought)
    await _take_orders(tx, events, numbers, brought)
    joined = await join(tx, brought.namings)
    concerned = await _concerned(tx, brought, numbers)
    friends = await Friends.read(tx, joined.people | concerned, joined)
    await _tie_browsers(tx, brought, joined, friends)
    fallen = await _decide_settled(tx, brought, joined, friends, numbers)
    swept = await awaiting(tx, friends.now)
    orders, behind, since = await _to_decide(tx, brought, joined, friends, wide=concerned | fallen | swept)
    places = dict.fromkeys(friends.now.keys() - behind - since.keys(), BEGINNING) | since
    open_rows, late = await open_orders(tx, places, friends)
    _check_cost(events, open_rows.values())
    late |= behind & friends.backlogs.keys()
    await _put_off(tx, brought, joined, {person: places.get(person, END) for person in late})
    orders = {ref: person for ref, person in orders.items() if (ref[0], person) not in late}
    orders |= {ref: row.person_id for ref, row in open_rows.items()}
    since = {person: place for person, place in since.items() if person not in late}
    before = await ahead(tx, since)
    gathered = await gather(tx, orders, open_rows, friends.now, behind=behind, ahead=before)
    freed = await claim_codes(tx, gathered, numbers)
    written = await decide_and_write(tx, gathered, numbers)
    friends.decided(gathered, written, untouched=behind | late, before=before)
    await friends.keep(tx)
    await decide_refused(tx, freed, numbers)
    await numbers.keep(tx)
    note_ages(tx, [at for ref, at in brought.reported if (ref[0], joined.orders[ref]) not in late])


def _check_cost(events: Sequence[Event[Any]], rows: Iterable[OrderRow]) -> None:
    """Raises `TooMuch` where some of the events would decide much less."""
    counts = Count((row.store_id, row.person_id) for row in rows)
    if len(events) > 1 and counts and counts.total() - max(counts.values()) > MOST_OPEN:
        raise TooMuch


async def _put_off(tx: Tx, brought: _Brought, joined: Joined, places: Mapping[Ref, Place]) -> None:
    """Leaves what was reported of these people's orders to their backlogs. An order that is reported with another time
    of placing stands where it was placed first.
    """
    reported = []
    for ref, reports in brought.reports.items():
        row = brought.rows.get(ref)
        if (ref[0], joined.orders[ref]) in places and (row is None or row.settled_at is None):
            moments = [report.placed_at for report in reports] + ([row.placed_at] if row else [])
            reported.append(Reported(*ref, joined.orders[ref], min(moments)))
    places = dict(places)
    for one in reported:
        person = (one.store_id, one.person_id)
        places[person] = min(places[person], (one.placed_at, one.order_id))
    await put_off(tx, places, reported)


async def _take_catalog(tx: Tx, events: Sequence[Event[Any]], numbers: Numbers, brought: _Brought) -> None:
    reported: dict[type[object], list[Revision]] = {}
    for event in events:
        if isinstance(event.data, ProgramPublished | CodeSaved | AmbassadorSaved):
            revision = Revision(numbers.next(event.store_id), event.at, event.data)
            reported.setdefault(type(event.data), []).append(revision)
    if ProgramPublished in reported:
        for program in await slices_sql.keep_programs(tx, reported[ProgramPublished]):
            since = _ALWAYS if program.version == 1 else program.published_at
            brought.versions.append((program.store_id, program.program_id, since))
    if CodeSaved in reported:
        for code in await slices_sql.keep_codes(tx, reported[CodeSaved]):
            keys = brought.keys if code.max_uses is None else brought.limited
            keys.add((code.store_id, f"d:{code.code}"))
    if AmbassadorSaved in reported:
        saved = await slices_sql.keep_ambassadors(tx, reported[AmbassadorSaved])
        ambassadors = {(a.store_id, a.ambassador_id) for a in saved}
        brought.keys |= {(store_id, f"a:{ambassador_id}") for store_id, ambassador_id in ambassadors}
        brought.keys |= {(s, f"d:{text}") for s, text in await slices_sql.codes_of_ambassadors(tx, ambassadors)}


async def _take_tracks(tx: Tx, events: Sequence[Event[Any]], numbers: Numbers, brought: _Brought) -> None:
    reported = {
        (e.store_id, tracking.touch_id(e.data)): numbers.next(e.store_id)
        for e in events
        if isinstance(e.data, TrackingPayload) and tracking.bears(e.data)
    }
    for row in await tracking_sql.stamp(tx, sorted(reported.items())):
        if row.visitor_id is not None:
            brought.visitors.add((row.store_id, row.visitor_id))
            if row.names:
                brought.named_visitors.add((row.store_id, row.visitor_id))
        if row.click_id is not None:
            brought.clicks.add((row.store_id, row.click_id))
        if row.names:
            brought.namings.append(Naming(row.store_id, keys_of_track(row.read()), track=row.track_id))


async def _take_orders(tx: Tx, events: Sequence[Event[Any]], numbers: Numbers, brought: _Brought) -> None:
    reported = {(e.store_id, e.data.order_id, e.data.fact_id): e.data for e in events if isinstance(e.data, OrderFact)}
    numbered = sorted((key, numbers.next(key[0])) for key in reported)
    new = await orders_sql.stamp(tx, numbered, reported)
    brought.rows, brought.waiting = await order_rows.reported(tx, {(fact.store_id, fact.order_id) for fact in new})
    for fact in new:
        pair = (fact.store_id, fact.order_id)
        row = brought.rows.get(pair)
        known = row.person_id if row else brought.waiting.get(pair)
        if fact.kind == "report":
            brought.reported.append((pair, fact.received_at))
            report = OrderAmended.model_validate_json(fact.body, extra="ignore")
            brought.reports.setdefault(pair, []).append(report)
            keys = keys_of_customer(report.customer)
            brought.namings.append(Naming(fact.store_id, keys, order=fact.order_id, known_person=known))
        elif known is not None:
            brought.namings.append(Naming(fact.store_id, (), order=fact.order_id, known_person=known))


async def _tie_browsers(tx: Tx, brought: _Brought, joined: Joined, friends: Friends) -> None:
    """Notes which orders a browser named, for what is seen in it later: of one person's the first, as far as their
    browsers are remembered. Somebody with ten thousand orders from one browser is found by one of them.
    """
    ties = set()
    for (store_id, order_id), reports in brought.reports.items():
        person = (store_id, joined.orders[store_id, order_id])
        remembered = {visitor for _, visitor in friends.now[person].visitors if person not in friends.anew}
        named = {report.visitor_id for report in reports if tracking.lends(report.visitor_id)} - remembered
        ties |= {(store_id, f"v:{visitor}", order_id) for visitor in named}
    await people_sql.tie(tx, sorted(ties))


async def _decide_settled(tx: Tx, brought: _Brought, joined: Joined, friends: Friends, numbers: Numbers) -> set[Ref]:
    """Decides the settled orders that new facts are about, each from its own facts. Returns the people of those that
    stand no longer, or again: only these bear on others.
    """
    settled = {pair: row for pair, row in brought.rows.items() if row.settled_at is not None}
    if not settled:
        return set()
    people = {pair: joined.orders[pair] for pair in settled}
    # One that falls is summed up anew by the marks: they must be right before it does.
    await marks.settled_before(tx, {(pair[0], person): () for pair, person in people.items()}, friends.now)
    written = await decide_and_write(tx, await gather_settled(tx, people, settled), numbers)
    fallen: dict[Ref, list[Decision]] = {}
    for pair, row in settled.items():
        if written.decisions[pair].cancelled != row.cancelled:
            fallen.setdefault((pair[0], people[pair]), []).append(written.decisions[pair])
    refs = [(store_id, one.order_id) for (store_id, _), decisions in fallen.items() for one in decisions]
    await marks.note(tx, await marks.kept_as(tx, refs))
    await friends.settle_anew(tx, fallen)
    return set(fallen)


async def _to_decide(
    tx: Tx, brought: _Brought, joined: Joined, friends: Friends, *, wide: set[Ref]
) -> tuple[dict[Ref, str], set[Ref], dict[Ref, Place]]:
    """The orders that are new, each with its person; those people whose other open orders learn nothing: who bought
    once more, after everything else, or whom only a settled order's money concerns; and, of people with many orders,
    those whose orders learn something only from a place on.
    """
    since: dict[Ref, Place] = {}

    def learns(person: Ref, place: Place) -> None:
        since[person] = min(place, since.get(person, place))

    for pair, row in brought.rows.items():
        if row.settled_at is None:
            moments = [row.placed_at, *(report.placed_at for report in brought.reports.get(pair, ()))]
            learns((pair[0], joined.orders[pair]), (min(moments), pair[1]))
    reported: dict[Ref, list[OrderReported]] = {}
    new: dict[Ref, str] = {}
    for pair, reports in brought.reports.items():
        person = (pair[0], joined.orders[pair])
        reported.setdefault(person, []).extend(reports)
        if pair not in brought.rows and pair not in brought.waiting:
            new[pair] = person[1]
            place, latest = (min(report.placed_at for report in reports), pair[1]), friends.now[person].latest
            if latest is not None and place <= latest:
                learns(person, place)
    counts = Count((pair[0], person) for pair, person in new.items())
    for person, reports in reported.items():
        friends.learn(person, reports, new_orders=counts[person])
    touched = wide | joined.merged.keys() | await _others_learn(tx, joined, friends, reported.keys() - joined.made)
    touched |= {person for person in since if friends.now[person].orders <= MANY}
    since = {person: place for person, place in since.items() if person not in touched}
    return new, friends.now.keys() - touched - since.keys(), since


async def _others_learn(tx: Tx, joined: Joined, friends: Friends, reported: Collection[Ref]) -> set[Ref]:
    """People whose orders bear on each other by what is new of one of them: a name, a browser or a click.

    Who has many orders may come with another name and another browser each time. All others are decided as before,
    unless an ambassador has that name, or something was seen in that browser.
    """
    touched: set[Ref] = set()
    names: dict[Ref, Ref] = {}
    browsers: dict[Ref, Ref] = {}
    for person in (joined.keys.keys() | set(reported)) - joined.made:
        keys, others = joined.keys.get(person, set()), friends.other_browsers(person)
        if not friends.lends_as_before(person) or (friends.now[person].orders <= MANY and (keys or others)):
            touched.add(person)
        names |= {(person[0], key): person for key in keys}
        browsers |= {(person[0], visitor): person for visitor in others}
    names = {name: person for name, person in names.items() if person not in touched}
    browsers = {browser: person for browser, person in browsers.items() if person not in touched}
    touched |= {names[name] for name in await slices_sql.ambassadors_names(tx, names)}
    return touched | {browsers[browser] for browser in await tracking_sql.seen(tx, browsers)}


async def _concerned_by_catalog(tx: Tx, brought: _Brought) -> set[Ref]:
    """People with open orders whom changes of the catalog concern. Of too many, nobody: a sweep comes to them."""
    if not brought.keys and not brought.versions:
        return set()
    most = SWEPT_AT_ONCE + 1
    tied = await people_sql.concerned_open(tx, brought.keys, most=most)
    by_program = await people_sql.concerned_by_programs(tx, brought.versions, most=most)
    if sum(tied.values()) + sum(by_program.values()) <= SWEPT_AT_ONCE:
        return tied.keys() | by_program.keys()
    causes = [Sweep(store_id, key, _ALWAYS) for store_id, key in brought.keys]
    causes += [Sweep(store_id, f"p:{program_id}", since) for store_id, program_id, since in brought.versions]
    await begin(tx, causes)
    return set()


async def _concerned(tx: Tx, brought: _Brought, numbers: Numbers) -> set[Ref]:
    """Everybody with orders that the new facts concern, also those who may lose a shared click by them."""
    people = await people_sql.concerned(tx, brought.limited | {(s, f"v:{v}") for s, v in brought.visitors})
    people |= await _concerned_by_catalog(tx, brought)
    seen = await tracking_sql.by_visitor(tx, brought.visitors, as_of=slices_sql.NEVER_ENDING)
    people |= {(t.store_id, t.person_id) for t in seen if t.person_id is not None}
    clicks = brought.clicks | {
        (t.store_id, t.click_id)
        for t in seen
        if t.click_id is not None and (t.store_id, t.visitor_id) in brought.named_visitors
    }
    owners = await tracking_sql.owners(tx, {(s, c, numbers.before[s]) for s, c in clicks})
    people |= {(o.track.store_id, o.track.person_id) for o in owners if o.track.person_id is not None}
    return people
